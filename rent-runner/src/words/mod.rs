//! The program's sentences: events, verdicts, the site's clock, counts. They go to a terminal and into the store,
//! so they know neither.

pub(crate) mod duration;

use std::time::Duration;

use namyangju_rent::clock::{ClockEstimate, ShotArrival};
use namyangju_rent::report::OpeningBracket;
use namyangju_rent::schedule::SlotState;
use namyangju_rent::{AnswerKind, Event, GiveUp, Report, Step, Verdict};

use crate::say::{self, retold, say};

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
    say!("reason-login-held", account = account)
}

/// An event in words.
pub(crate) fn in_words(event: &Event) -> String {
    sentence(event).1
}

/// An event in words, and how they are meant.
pub(crate) fn sentence(event: &Event) -> (Tone, String) {
    match event {
        Event::Alarm { text, foreseen: Some(_) } => (Tone::Bad, say!("event-foreseen", text = retold(text))),
        Event::Alarm { text, .. } => (Tone::Bad, say!("event-alarm", text = retold(text))),
        Event::LoggedIn => (Tone::Plain, say!("event-logged-in")),
        Event::Learned { from, .. } => (Tone::Plain, say!("event-learned", from = from)),
        Event::Remembered => (Tone::Plain, say!("event-remembered")),
        Event::Restored => (Tone::Plain, say!("event-restored")),
        Event::ClockRead { estimate } => (
            Tone::Plain,
            say!("event-clock-read", clock = clock_sentence(estimate), probes = probes(estimate)),
        ),
        Event::Waiting { until } => (Tone::Plain, say!("event-waiting", until = until)),
        Event::Armed { with, .. } => (Tone::Plain, say!("event-armed", step = step(*with))),
        Event::Fired { late } => (Tone::Plain, say!("event-fired", late = fine_millis(*late))),
        Event::Attempt { number, .. } => (Tone::Plain, say!("event-attempt", number = number)),
        Event::Visited { step: at, took, .. } => {
            (Tone::Plain, say!("event-visited", step = step(*at), took = millis(*took)))
        }
        Event::Submitting => (Tone::Plain, say!("event-submitting")),
        Event::Answered { step: at, answer, text, .. } => {
            let text = if text.starts_with(&at.to_string()) {
                retold(text)
            } else {
                say!("event-answered", step = step(*at), text = retold(text))
            };
            (if *answer == AnswerKind::Reserved { Tone::Good } else { Tone::Plain }, text)
        }
        Event::Resting { wait } => (Tone::Quiet, say!("event-resting", wait = millis(*wait))),
        Event::ReadBack { state: Some(state) } => {
            (Tone::Plain, say!("event-read-back", state = retold(state.word())))
        }
        Event::ReadBack { state: None } => (Tone::Plain, say!("event-read-back-failed")),
        Event::NextWish { wish } => (Tone::Plain, say!("event-next-wish", number = wish + 1)),
        other => (Tone::Quiet, serde_json::to_string(other).unwrap_or_default()),
    }
}

/// A step of a booking.
fn step(step: Step) -> String {
    retold(&step.to_string())
}

/// How the site's clock stands to this machine's.
pub(crate) fn clock_sentence(estimate: &ClockEstimate) -> String {
    let ahead = estimate.ahead_micros;
    let size = millis(Duration::from_micros(ahead.unsigned_abs()));
    match (estimate.cached, ahead < 0) {
        // A cached date is too old, so it bounds on one side only.
        (true, true) => say!("clock-cached-behind", size = size),
        (true, false) => say!("clock-cached-ahead", size = size),
        (false, true) => say!("clock-behind", size = size, error = error_bar(estimate)),
        (false, false) => say!("clock-ahead", size = size, error = error_bar(estimate)),
    }
}

/// Half of the interval that is left for the truth.
pub(crate) fn error_bar(estimate: &ClockEstimate) -> String {
    millis(Duration::from_micros(estimate.error_micros.unsigned_abs()))
}

/// What an estimate rests on.
pub(crate) fn probes(estimate: &ClockEstimate) -> String {
    let number = counted(many(estimate.probes), "probe");
    say!("clock-probes", probes = number, path = millis(estimate.path))
}

/// When the day really opened, if the site turned a request away as too early.
pub(crate) fn opening_sentence(opening: &OpeningBracket) -> Option<String> {
    let after = opening.after?.time_text();
    Some(match opening.before {
        Some(before) => say!("opened-between", after = after, before = before.time_text()),
        None => say!("opened-later", after = after),
    })
}

/// How a booking ended, with what it took; `waited` if an opening was waited for.
pub(crate) fn report_sentence(report: &Report, waited: bool) -> String {
    let verdict = verdict_sentence(&report.verdict);
    let attempts = counted(many(report.attempts.len()), "attempt");
    let requests = counted(report.requests, "request");
    let took = seconds(report.ended.since(report.began));
    let text = match report.requests_after_opening.filter(|_| waited) {
        Some(after) => say!(
            "report-after-opening",
            verdict = verdict,
            attempts = attempts,
            requests = requests,
            after = after,
            took = took
        ),
        None => say!("report", verdict = verdict, attempts = attempts, requests = requests, took = took),
    };
    if report.wish > 0 { say!("report-choice", number = report.wish + 1, report = text) } else { text }
}

/// What a verdict means, for a person.
pub(crate) fn verdict_sentence(verdict: &Verdict) -> String {
    let told = |text: &str| retold(text);
    match verdict {
        Verdict::Reserved { receipt: Some(receipt), shown } => match shown {
            Some(SlotState::Booked) => say!("reason-reserved-shown", receipt = receipt),
            Some(state) => {
                say!("reason-reserved-but-shown", receipt = receipt, state = told(state.word()))
            }
            None => say!("reason-reserved-not-listed", receipt = receipt),
        },
        Verdict::Reserved { receipt: None, shown } => match shown {
            Some(SlotState::Booked) => say!("reason-reserved-no-receipt"),
            Some(state) => say!("reason-reserved-no-receipt-but-shown", state = told(state.word())),
            None => say!("reason-reserved-no-receipt-not-listed"),
        },
        Verdict::AlreadyBooked => say!("reason-already-booked"),
        Verdict::Lost => say!("reason-lost"),
        Verdict::Refused { reason } => say!("reason-refused", reason = told(reason)),
        Verdict::Blocked => say!("reason-blocked"),
        Verdict::NeedsPerson { reason } => say!("reason-needs-person", reason = told(reason)),
        Verdict::Withdrawn { reason } => say!("reason-withdrawn", reason = told(reason)),
        Verdict::Unconfirmed => say!("reason-unconfirmed"),
        Verdict::GaveUp { why, last } => match why {
            GiveUp::Deadline => say!("reason-gave-up-deadline", last = told(last)),
            GiveUp::Budget => say!("reason-gave-up-budget", last = told(last)),
            GiveUp::Unknown => say!("reason-gave-up-unknown", last = told(last)),
            _ => say!("reason-gave-up", last = told(last)),
        },
        Verdict::Unreachable { last } => say!("reason-unreachable", last = told(last)),
        other => format!("{other:?}"),
    }
}

/// A length as the number of something to be counted.
pub(crate) fn many(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// `1 request`, `2 requests`: the messages `count-…` have the nouns.
pub(crate) fn counted(number: u32, noun: &str) -> String {
    say::sentence(&format!("count-{noun}"), &[("number", number.to_string())])
}

/// A time in seconds, to the millisecond.
pub(crate) fn seconds(duration: Duration) -> String {
    say!("seconds", number = format_args!("{}.{:03}", duration.as_secs(), duration.subsec_millis()))
}

/// A short time in milliseconds.
pub(crate) fn millis(duration: Duration) -> String {
    say!("millis", number = format_args!("{:.1}", duration.as_micros() as f64 / 1_000.0))
}

/// When the first request of the opening will arrive, for the line after [`Event::Armed`].
pub(crate) fn arrival_sentence(arrives: &ShotArrival) -> String {
    let ms = |micros: i64| micros as f64 / 1_000.0;
    let ShotArrival { earliest_micros, likely_micros, latest_micros } = *arrives;
    let side = if likely_micros < 0 { say!("side-before") } else { say!("side-after") };
    say!(
        "event-arrival",
        distance = format_args!("{:.0}", ms(likely_micros).abs()),
        side = side,
        earliest = format_args!("{:.0}", ms(earliest_micros)),
        latest = format_args!("{:.0}", ms(latest_micros))
    )
}

/// A very short time in milliseconds.
fn fine_millis(duration: Duration) -> String {
    say!("millis", number = format_args!("{:.3}", duration.as_micros() as f64 / 1_000.0))
}

#[cfg(test)]
mod tests {
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
            (Event::alarm("login: no"), "ALARM, not ready yet: login: no"),
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
