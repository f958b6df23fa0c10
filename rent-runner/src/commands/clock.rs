//! `clock`: what a site's clock shows, and how the interval that is left for it closes in.

use std::time::Duration;

use anyhow::Result;
use namyangju_rent::clock::{ClockEstimate, Probe, SiteClock};
use namyangju_rent::{Client, SeoulTime};

use crate::cli::ClockCheck;
use crate::config::Config;
use crate::documents::ClockLine;
use crate::say::{heading, say};
use crate::terminal::layout;
use crate::words::{clock_sentence, millis, probes};
use crate::{exit, request, system, terminal};

/// The width of the picture: a second in steps of 20 ms, and the path.
const COLUMNS: usize = 51;

/// The columns of the headings below the table.
const LABEL: usize = 13;

/// Measures, and shows each probe as it comes.
pub(crate) async fn run(arguments: &ClockCheck, config: &Config) -> Result<u8> {
    let client = request::client(request::site_of(config)?, config)?;
    let mut clock = SiteClock::new();
    let mut watch = Watch { client: &client, as_json: arguments.json, frame: None };
    if !arguments.json {
        let title = say!("clock-title", site = client.site().base_url(), most = arguments.probes);
        terminal::result(&format!(
            "{title}
{}",
            say!("clock-header")
        ))?;
    }
    let guest = client.guest()?;
    let failed = tokio::select! {
        measured = request::measure(&client, &guest, &mut clock, arguments.probes, |clock, probe| watch.show(clock, probe)) => {
            Some(measured?)
        }
        () = system::interruption() => None,
    };
    watch.conclude(&clock)?;
    let Some(failed) = failed else { return Ok(exit::INTERRUPTED) };
    match failed {
        Some(error) => Err(error.into()),
        None if clock.probes().is_empty() => {
            let why = say!("clock-no-date");
            Err(exit::CodedFailure::new(exit::NO_CLEAR_ANSWER, why).into())
        }
        None => Ok(exit::DONE),
    }
}

struct Watch<'c> {
    client: &'c Client,
    as_json: bool,
    /// The bounds after the first probe: the edges of the picture, in microseconds.
    frame: Option<(i64, i64)>,
}

impl Watch<'_> {
    fn now(&self) -> Duration {
        self.client.clock().monotonic()
    }

    fn estimate(&self, site: &SiteClock) -> Option<ClockEstimate> {
        site.estimate(self.client.clock().now(), self.now())
    }

    fn show(&mut self, site: &SiteClock, probe: &Probe) -> Result<()> {
        let Some(estimate) = self.estimate(site) else { return Ok(()) };
        let sent = self.client.clock().now().minus(self.now().saturating_sub(probe.sent));
        let took = probe.answered.saturating_sub(probe.sent);
        let date = SeoulTime::from_unix_micros(probe.date.saturating_mul(1_000_000));
        let (lower, upper) = bounds(&estimate);
        if self.as_json {
            let line = ClockLine::Probe {
                sent,
                answered_micros: micros(took),
                date,
                lower_micros: lower,
                upper_micros: upper,
                cached: estimate.cached,
            };
            return Ok(terminal::result(&serde_json::to_string(&line)?)?);
        }
        let frame = *self.frame.get_or_insert((lower, upper.unwrap_or(lower + 1_000_000)));
        let dated = date.time_text();
        Ok(terminal::result(&format!(
            "{:>2}  {}  {:>11}  {}  {}  {}",
            site.probes().len(),
            sent.time_text(),
            millis(took),
            dated.split('.').next().unwrap_or_default(),
            span(lower, upper),
            picture(frame, lower, upper),
        ))?)
    }

    /// The estimate, and what it is worth.
    fn conclude(&self, site: &SiteClock) -> Result<()> {
        let Some(estimate) = self.estimate(site) else { return Ok(()) };
        let synchronised = self.client.clock().is_synchronised();
        if self.as_json {
            let (at, local_clock_synchronised) = (self.client.clock().now(), synchronised);
            let line = ClockLine::Clock { at, local_clock_synchronised, estimate };
            return Ok(terminal::result(&serde_json::to_string(&line)?)?);
        }
        let told = say!("event-clock-read", clock = clock_sentence(&estimate), probes = probes(&estimate));
        let cached = if estimate.cached { say!("clock-cached") } else { say!("clock-not-cached") };
        let judged = if synchronised { say!("clock-synchronised") } else { say!("clock-not-synchronised") };
        let lines = [("estimate", told), ("date header", cached), ("this clock", judged)];
        let line =
            |(name, text): &(&str, String)| format!("\n{}{text}", layout::padded(&heading(name), LABEL));
        Ok(terminal::result(&lines.iter().map(line).collect::<String>())?)
    }
}

/// Between which differences the truth lies, in microseconds; a cached date has no upper bound.
fn bounds(estimate: &ClockEstimate) -> (i64, Option<i64>) {
    let ClockEstimate { ahead_micros: ahead, error_micros: error, .. } = *estimate;
    if estimate.cached { (ahead, None) } else { (ahead - error, Some(ahead + error)) }
}

fn span(lower: i64, upper: Option<i64>) -> String {
    let ms = |micros: i64| format!("{:+.1}", micros as f64 / 1_000.0);
    match upper {
        Some(upper) => {
            let left = (upper - lower) as f64 / 1_000.0;
            say!(
                "clock-span",
                lower = format_args!("{:>9}", ms(lower)),
                upper = format_args!("{:>9}", ms(upper)),
                left = format_args!("{:>9.1}", left)
            )
        }
        None => say!(
            "clock-span-open",
            lower = format_args!("{:>9}", ms(lower)),
            cached = format_args!("{:>9}", say!("clock-word-cached"))
        ),
    }
}

/// The interval that is left, within the first one.
fn picture((first, last): (i64, i64), lower: i64, upper: Option<i64>) -> String {
    let width = (last - first).max(1);
    let columns = i64::try_from(COLUMNS).unwrap_or(i64::MAX);
    let column = |at: i64| usize::try_from((at - first) * (columns - 1) / width).unwrap_or_default();
    let (from, to) = (column(lower), upper.map_or(COLUMNS - 1, column).min(COLUMNS - 1));
    let middle = usize::midpoint(from, to);
    let mark = |at: usize| match at {
        at if at == middle && upper.is_some() => '●',
        at if at >= from && at <= to => '━',
        _ => '·',
    };
    (0..COLUMNS).map(mark).collect()
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_closes_in() {
        let frame = (-40_000, 1_000_000);
        let dots = |text: String| {
            (text.chars().count(), text.chars().filter(|c| *c == '·').count(), text.find('●').is_some())
        };
        assert_eq!(dots(picture(frame, -40_000, Some(1_000_000))), (51, 0, true));
        assert_eq!(dots(picture(frame, 480_000, Some(1_000_000))), (51, 25, true));
        assert_eq!(dots(picture(frame, 740_000, Some(750_000))), (51, 50, true));
        // Behind a cache the lower bound alone is left, and may pass the frame.
        assert_eq!(dots(picture(frame, 480_000, None)), (51, 25, false));
        assert_eq!(dots(picture(frame, 9_000_000, None)), (51, 51, false));
        assert_eq!(dots(picture((0, 0), 0, Some(0))), (51, 50, true));
    }

    #[test]
    fn bounds_are_told_in_milliseconds() {
        assert_eq!(span(-40_250, Some(1_000_000)), "    -40.2 to   +1000.0     1040.2");
        assert_eq!(span(500_000, None), "   +500.0 or more       cached");
    }
}
