//! What the site saw of a demo, by its own log and books.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use namyangju_rent::SeoulTime;
use namyangju_rent::harness::{Arrival, Booked, SiteStep};
use serde_json::json;

use crate::words::millis;

/// A word for a step of the stand-in's log.
fn word(step: SiteStep) -> &'static str {
    match step {
        SiteStep::Home => "home page",
        SiteStep::LoginPage => "login page",
        SiteStep::Login => "login",
        SiteStep::Schedule => "day list",
        SiteStep::Day => "day page",
        SiteStep::Form => "form",
        SiteStep::Submit => "submission",
        _ => "other pages",
    }
}

/// How many requests of each step there are, in the order of a booking.
fn counts<'a>(arrivals: impl IntoIterator<Item = &'a Arrival>) -> Counts {
    let mut counts = Counts::default();
    for arrival in arrivals {
        match arrival.method.as_str() {
            "HEAD" => counts.probes += 1,
            _ => *counts.steps.entry(arrival.step).or_insert(0) += 1,
        }
    }
    counts
}

#[derive(Debug, Default)]
struct Counts {
    probes: u32,
    steps: BTreeMap<SiteStep, u32>,
}

impl Counts {
    fn words(&self) -> impl Iterator<Item = (&'static str, u32)> {
        let probes = (self.probes > 0).then_some(("clock probe", self.probes));
        self.steps.iter().map(|(step, number)| (word(*step), *number)).chain(probes)
    }

    fn text(&self) -> String {
        let words: Vec<_> = self.words().map(|(word, number)| format!("{word} {number}")).collect();
        if words.is_empty() { "none".to_owned() } else { words.join(", ") }
    }
}

/// What the site saw, by its own log and books.
pub(super) struct SiteRecord {
    pub(super) arrivals: Vec<Arrival>,
    pub(super) booked: Vec<Booked>,
    pub(super) opening: SeoulTime,
    /// When the first attempt began; `None` if no opening was waited for.
    pub(super) shot: Option<SeoulTime>,
    pub(super) first_rival: Option<SeoulTime>,
}

impl SiteRecord {
    /// The request that was meant to meet the opening.
    fn first_shot(&self) -> Option<&Arrival> {
        // The last probe of the clock comes after the attempt has begun.
        let mut sent = self.arrivals.iter().filter(|arrival| arrival.method != "HEAD");
        sent.find(|arrival| self.shot.is_some_and(|shot| arrival.at >= shot))
    }

    /// Microseconds from the opening to an instant, both on the site's clock.
    fn after_opening(&self, at: SeoulTime) -> i64 {
        at.unix_micros().saturating_sub(self.opening.unix_micros())
    }

    pub(super) fn for_a_program(&self) -> serde_json::Value {
        let by_step: BTreeMap<_, _> =
            counts(&self.arrivals).words().map(|(word, n)| (word.replace(' ', "-"), n)).collect();
        let bookings: Vec<_> = self
            .booked
            .iter()
            .map(|b| {
                let times: Vec<_> = b.slots.iter().map(|(_, range)| range).collect();
                json!({ "receipt": b.receipt, "at": b.at, "place": b.place, "date": b.date, "times": times })
            })
            .collect();
        let after = self.arrivals.iter().filter(|arrival| arrival.site_time >= self.opening).count();
        json!({
            "opening": self.opening,
            "requests": self.arrivals.len(),
            "requests_after_opening": after,
            "first_arrival_micros": self.first_shot().map(|shot| self.after_opening(shot.site_time)),
            "first_rival_micros": self.first_rival.map(|at| self.after_opening(at)),
            "by_step": by_step,
            "bookings": bookings,
        })
    }

    /// The receipt, the count of requests and what is booked.
    pub(super) fn for_a_person(&self, receipt: Option<&str>) -> String {
        let mut text = format!("receipt    {}\n", receipt.unwrap_or("none"));
        let all = self.arrivals.len();
        if self.shot.is_some() {
            let (after, before): (Vec<_>, Vec<_>) =
                self.arrivals.iter().partition(|arrival| arrival.site_time >= self.opening);
            let _ = writeln!(text, "requests   {all} by the site's own log");
            let _ = writeln!(text, "  before   {}: {}", before.len(), counts(before).text());
            let _ = writeln!(text, "  after    {}: {}", after.len(), counts(after).text());
        } else {
            let _ =
                writeln!(text, "requests   {all} by the site's own log: {}", counts(&self.arrivals).text());
        }
        if let Some(shot) = self.first_shot() {
            let _ = writeln!(
                text,
                "arrival    the first request ({}) reached the site {} the opening",
                word(shot.step),
                distance(self.after_opening(shot.site_time))
            );
        }
        if let Some(sent) = self.arrivals.iter().rfind(|arrival| arrival.step == SiteStep::Submit) {
            let after = distance(self.after_opening(sent.site_time));
            let _ = writeln!(text, "speed      the application reached it {after} the opening");
        }
        if let Some(rival) = self.first_rival {
            let after = distance(self.after_opening(rival));
            let _ =
                writeln!(text, "race       the fastest rival's application reached it {after} the opening");
        }
        if self.booked.is_empty() {
            text.push_str("booked     nothing, by the site's own records\n");
        }
        for b in &self.booked {
            let times: Vec<_> = b.slots.iter().map(|(_, range)| range.to_string()).collect();
            let (place, date, times) = (&b.place, b.date, times.join(" "));
            let _ =
                writeln!(text, "booked     {place} {date} {times} by {}, receipt {}", b.account, b.receipt);
        }
        text
    }
}

fn distance(micros: i64) -> String {
    let side = if micros < 0 { "before" } else { "after" };
    format!("{} {side}", millis(Duration::from_micros(micros.unsigned_abs())))
}
