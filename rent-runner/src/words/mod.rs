//! The program's sentences: events, verdicts, the site's clock, counts. They go to a terminal and into the store,
//! so they know neither.

pub(crate) mod duration;

use std::fmt::Write as _;
use std::time::Duration;

use namyangju_rent::clock::{ClockEstimate, ShotArrival};
use namyangju_rent::report::OpeningBracket;
use namyangju_rent::schedule::SlotState;
use namyangju_rent::{AnswerKind, Event, GiveUp, Report, Verdict};

/// How a sentence is meant, for its colour.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Tone {
    Plain,
    Quiet,
    Good,
    Bad,
}

/// What holds the bookings of an account whose login the site refused.
pub(crate) fn login_held(account: &str) -> String {
    format!(
        "the password of {account} is not sent again before a person gives another (`rent-runner account password {account}`) or sees it work (`rent-runner account check {account}`)"
    )
}

/// An event in words.
pub(crate) fn in_words(event: &Event) -> String {
    sentence(event).1
}

/// An event in words, and how they are meant.
pub(crate) fn sentence(event: &Event) -> (Tone, String) {
    match event {
        Event::Alarm { text } => (Tone::Bad, format!("ALARM, not ready yet: {text}")),
        Event::LoggedIn => (Tone::Plain, "logged in".to_owned()),
        Event::Learned { from, .. } => {
            (Tone::Plain, format!("the numbers of the slots are known: learned from {from}, which is open"))
        }
        Event::Remembered => {
            (Tone::Plain, "no open day shows the numbers of the slots: the stored ones are used".to_owned())
        }
        Event::Restored => (Tone::Plain, "the saved session still works, no login is needed".to_owned()),
        Event::ClockRead { estimate } => {
            (Tone::Plain, format!("{} ({})", clock_sentence(estimate), probes(estimate)))
        }
        Event::Waiting { until } => (Tone::Plain, format!("waiting for the opening at {until}")),
        Event::Armed { with, .. } => (Tone::Plain, format!("armed: the first request will be the {with}")),
        Event::Fired { late } => (
            Tone::Plain,
            format!("the first request was sent {} after its planned instant", fine_millis(*late)),
        ),
        Event::Attempt { number, .. } => (Tone::Plain, format!("attempt {number}")),
        Event::Visited { step, took, .. } => (Tone::Plain, format!("{step}: answered in {}", millis(*took))),
        Event::Submitting => (Tone::Plain, "submission: sending the application".to_owned()),
        Event::Answered { step, answer, text, .. } => {
            let step = step.to_string();
            let text = if text.starts_with(&step) { text.clone() } else { format!("{step}: {text}") };
            (if *answer == AnswerKind::Reserved { Tone::Good } else { Tone::Plain }, text)
        }
        Event::Resting { wait } => (Tone::Quiet, format!("resting {}", millis(*wait))),
        Event::ReadBack { state: Some(state) } => {
            (Tone::Plain, format!("read back: the day list shows the time as {}", state.word()))
        }
        Event::ReadBack { state: None } => {
            (Tone::Plain, "read back: the day list could not be read".to_owned())
        }
        Event::NextWish { wish } => (Tone::Plain, format!("that time is lost; trying choice {}", wish + 1)),
        other => (Tone::Quiet, serde_json::to_string(other).unwrap_or_default()),
    }
}

/// How the site's clock stands to this machine's.
pub(crate) fn clock_sentence(estimate: &ClockEstimate) -> String {
    let ahead = estimate.ahead_micros;
    let size = millis(Duration::from_micros(ahead.unsigned_abs()));
    if estimate.cached {
        // A cached date is too old, so it bounds on one side only.
        let bound =
            if ahead < 0 { format!("at most {size} behind") } else { format!("at least {size} ahead of") };
        return format!("the site's dates come from a cache: its clock is {bound} this machine's");
    }
    let side = if ahead < 0 { "behind" } else { "ahead of" };
    format!("the site's clock is {size} {side} this machine's, ± {}", error_bar(estimate))
}

/// Half of the interval that is left for the truth.
pub(crate) fn error_bar(estimate: &ClockEstimate) -> String {
    millis(Duration::from_micros(estimate.error_micros.unsigned_abs()))
}

/// What an estimate rests on.
pub(crate) fn probes(estimate: &ClockEstimate) -> String {
    let number = counted(many(estimate.probes), "probe");
    format!("{number}, {} there and back", millis(estimate.path))
}

/// When the day really opened, if the site turned a request away as too early.
pub(crate) fn opening_sentence(opening: &OpeningBracket) -> Option<String> {
    let after = opening.after?.time_text();
    Some(match opening.before {
        Some(before) => {
            format!("by the site's clock the day opened between {after} and {}", before.time_text())
        }
        None => format!("by the site's clock the day was not open at {after}"),
    })
}

/// How a booking ended, with what it took; `waited` if an opening was waited for.
pub(crate) fn report_sentence(report: &Report, waited: bool) -> String {
    let choice = if report.wish > 0 { format!("choice {}: ", report.wish + 1) } else { String::new() };
    let after = match report.requests_after_opening {
        Some(after) if waited => format!(", {after} of them after the opening"),
        _ => String::new(),
    };
    format!(
        "{choice}{} ({}, {}{after}, {})",
        verdict_sentence(&report.verdict),
        counted(many(report.attempts.len()), "attempt"),
        counted(report.requests, "request"),
        seconds(report.ended.since(report.began)),
    )
}

/// What a verdict means, for a person.
pub(crate) fn verdict_sentence(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Reserved { receipt, shown } => {
            let mut text = match receipt {
                Some(receipt) => format!("reserved, receipt {receipt}"),
                None => "reserved: the answer was lost, but the day list shows the time in our name; \
                         the receipt number is on the site, under your reservations"
                    .to_owned(),
            };
            match shown {
                Some(SlotState::Booked) if receipt.is_some() => {
                    text.push_str("; the day list shows it booked")
                }
                Some(SlotState::Booked) => {}
                Some(state) => {
                    let _ =
                        write!(text, "; but the day list shows it as {}: check it on the site", state.word());
                }
                None => text.push_str("; the day list could not be read afterwards"),
            }
            text
        }
        Verdict::AlreadyBooked => "already booked: the day list shows the time in our name, under the same club and \
                                   event, booked by an earlier run or by a person; no other choice was tried, and the \
                                   receipt number is on the site, under your reservations"
            .to_owned(),
        Verdict::Lost => "lost: somebody else has the time".to_owned(),
        Verdict::Refused { reason } => format!("refused: {reason}"),
        Verdict::Blocked => "blocked: the site has shut this client out; leave it alone for today".to_owned(),
        Verdict::NeedsPerson { reason } => format!("a person is needed: {reason}; continue in a browser"),
        Verdict::Withdrawn { reason } => format!("withdrawn, nothing was sent: {reason}"),
        Verdict::Unconfirmed => "unconfirmed: an application was sent and what became of it is not known; \
                                 look at your reservations on the site before you apply again"
            .to_owned(),
        Verdict::GaveUp { why, last } => {
            let why = match why {
                GiveUp::Deadline => "the time is up",
                GiveUp::Budget => "the requests are used up",
                GiveUp::Unknown => "too many answers that are not known",
                _ => "no more tries",
            };
            format!("given up: {why}; the last answer was: {last}")
        }
        Verdict::Unreachable { last } => format!("the site could not be reached: {last}"),
        other => format!("{other:?}"),
    }
}

/// A length as the number of something to be counted.
pub(crate) fn many(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// `1 request`, `2 requests`.
pub(crate) fn counted(number: u32, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// A time in seconds, to the millisecond.
pub(crate) fn seconds(duration: Duration) -> String {
    format!("{}.{:03}s", duration.as_secs(), duration.subsec_millis())
}

/// A short time in milliseconds.
pub(crate) fn millis(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_micros() as f64 / 1_000.0)
}

/// When the first request of the opening will arrive, for the line after [`Event::Armed`].
pub(crate) fn arrival_sentence(arrives: &ShotArrival) -> String {
    let ms = |micros: i64| micros as f64 / 1_000.0;
    let ShotArrival { earliest_micros, likely_micros, latest_micros } = *arrives;
    let (distance, side) = (ms(likely_micros).abs(), if likely_micros < 0 { "before" } else { "after" });
    format!(
        "it arrives {distance:.0} ms {side} the opening ({:.0} to {:.0} ms)",
        ms(earliest_micros),
        ms(latest_micros)
    )
}

/// A very short time in milliseconds.
fn fine_millis(duration: Duration) -> String {
    format!("{:.3} ms", duration.as_micros() as f64 / 1_000.0)
}

#[cfg(test)]
mod tests {
    use namyangju_rent::Step;
    use serde_json::json;

    use super::*;

    fn estimate(ahead: i64, cached: bool) -> ClockEstimate {
        let value = json!({
            "ahead_micros": ahead, "error_micros": 2_100, "path_micros": 40_000, "probes": 1, "cached": cached
        });
        serde_json::from_value(value).unwrap_or_else(|error| unreachable!("{error}"))
    }

    #[test]
    fn the_clock_is_told_with_its_error_bar() {
        let ahead = estimate(1_500_250, false);
        assert_eq!(clock_sentence(&ahead), "the site's clock is 1500.2 ms ahead of this machine's, ± 2.1 ms");
        assert_eq!(probes(&ahead), "1 probe, 40.0 ms there and back");
        assert!(clock_sentence(&estimate(-120_000, false)).contains("120.0 ms behind this machine's"));
        assert!(clock_sentence(&estimate(-120_000, true)).contains("at most 120.0 ms behind"));
        assert!(clock_sentence(&estimate(120_000, true)).contains("at least 120.0 ms ahead of this"));
    }

    #[test]
    fn the_arrival_of_the_shot_is_told_with_its_ends() {
        let arrives = |earliest_micros, likely_micros, latest_micros| {
            arrival_sentence(&ShotArrival { earliest_micros, likely_micros, latest_micros })
        };
        assert_eq!(arrives(-9_100, 7_400, 31_000), "it arrives 7 ms after the opening (-9 to 31 ms)");
        assert_eq!(arrives(-509_100, -250_400, 10), "it arrives 250 ms before the opening (-509 to 0 ms)");
        // The time and the distance before it take 26 of the 80 columns.
        assert!(arrives(-1_000_000, -1_000_000, 1_000_000).len() <= 54 + 4);
    }

    #[test]
    fn every_step_before_the_shot_is_a_sentence() {
        let events = [
            (Event::Alarm { text: "login: no".into() }, "ALARM, not ready yet: login: no"),
            (
                Event::Armed { with: Step::Form, arrives: None },
                "armed: the first request will be the applicant form",
            ),
            (
                Event::Fired { late: Duration::from_micros(12) },
                "the first request was sent 0.012 ms after its planned instant",
            ),
            (Event::NextWish { wish: 1 }, "that time is lost; trying choice 2"),
        ];
        for (event, text) in events {
            assert_eq!(sentence(&event).1, text);
        }
    }
}
