//! Events to lines: for a person on stderr, or as JSON on stdout.

use std::fmt::Write as _;
use std::time::Duration;

use namyangju_rent::{Clock, Event, GiveUp, Happened, Report, SeoulTime, SlotState, SystemClock, Verdict};
use serde_json::{Map, Value, json};

use crate::output;

/// Who reads the story.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reader {
    /// A person, on stderr.
    Person,
    /// A program, on stdout.
    Program,
    /// Nobody.
    Nobody,
}

impl Reader {
    /// The reader of the usual two switches.
    pub(crate) fn new(json: bool, quiet: bool) -> Self {
        match (json, quiet) {
            (true, _) => Self::Program,
            (false, true) => Self::Nobody,
            (false, false) => Self::Person,
        }
    }
}

/// Tells what happens as it happens, with the time of day and the time from an instant that counts.
#[derive(Debug)]
pub(crate) struct Story {
    reader: Reader,
    zero: SeoulTime,
    colours: bool,
}

#[derive(Clone, Copy)]
enum Tone {
    Plain,
    Quiet,
    Good,
    Bad,
}

impl Story {
    /// A story whose times are counted from `zero`.
    pub(crate) fn new(reader: Reader, zero: SeoulTime) -> Self {
        Self { reader, zero, colours: output::colours() }
    }

    /// One event.
    pub(crate) fn event(&self, happened: &Happened) {
        match self.reader {
            Reader::Person => {
                let (tone, text) = sentence(&happened.event);
                self.line(tone, &text);
            }
            Reader::Program => {
                // A booking goes on although nobody reads it any more.
                let _ = output::result(&serde_json::to_string(happened).unwrap_or_default());
            }
            Reader::Nobody => {}
        }
    }

    /// Something that happens around the booking.
    pub(crate) fn aside(&self, text: &str) {
        match self.reader {
            Reader::Person => self.line(Tone::Quiet, text),
            Reader::Program => self.json_line(json!({ "event": "aside", "text": text })),
            Reader::Nobody => {}
        }
    }

    /// The end of a booking that was not interrupted; `more` are further fields for a program.
    pub(crate) fn report(&self, report: &Report, code: u8, more: Value) {
        match self.reader {
            Reader::Person => {
                let took = seconds(report.ended.since(report.began));
                let text = format!(
                    "{} ({}, {}, {took})",
                    verdict_sentence(&report.verdict),
                    counted(many(report.attempts.len()), "attempt"),
                    counted(report.requests, "request"),
                );
                let won = matches!(report.verdict, Verdict::Reserved { .. });
                self.line(if won { Tone::Good } else { Tone::Bad }, &text);
            }
            Reader::Program => self.last_line(serde_json::to_value(report).unwrap_or_default(), code, more),
            Reader::Nobody => {}
        }
    }

    /// The end of a booking that was interrupted.
    pub(crate) fn interrupted(&self, unanswered: bool, requests: u32, code: u8, more: Value) {
        match self.reader {
            Reader::Person => {
                let text = if unanswered {
                    format!("interrupted, {}", verdict_sentence(&Verdict::Unconfirmed))
                } else {
                    "interrupted: no application is under way, nothing was reserved".to_owned()
                };
                self.line(Tone::Bad, &format!("{text} ({})", counted(requests, "request")));
            }
            Reader::Program => {
                let verdict = if unanswered { "unconfirmed" } else { "interrupted" };
                let report = json!({ "verdict": verdict, "interrupted": true, "requests": requests });
                self.last_line(report, code, more);
            }
            Reader::Nobody => {}
        }
    }

    fn line(&self, tone: Tone, text: &str) {
        let now = SystemClock.now();
        let (before, colour, after) = match (self.colours, tone) {
            (false, _) | (true, Tone::Plain) => ("", "", ""),
            (true, Tone::Quiet) => ("", "\u{1b}[2m", "\u{1b}[0m"),
            (true, Tone::Good) => ("", "\u{1b}[1;32m", "\u{1b}[0m"),
            (true, Tone::Bad) => ("", "\u{1b}[1;31m", "\u{1b}[0m"),
        };
        output::note(&format!("{before}{}  {}  {colour}{text}{after}", now.time_text(), self.relative(now)));
    }

    fn relative(&self, now: SeoulTime) -> String {
        let (sign, distance) =
            if now < self.zero { ('-', self.zero.since(now)) } else { ('+', now.since(self.zero)) };
        format!("{:>10}", format!("{sign}{}", seconds(distance)))
    }

    fn last_line(&self, report: Value, code: u8, more: Value) {
        let mut fields = Map::new();
        fields.insert("event".into(), "report".into());
        for part in [report, json!({ "exit_code": code }), more] {
            if let Value::Object(part) = part {
                fields.extend(part);
            }
        }
        self.json_line(Value::Object(fields));
    }

    fn json_line(&self, mut value: Value) {
        if let Value::Object(fields) = &mut value {
            fields.insert("at".into(), serde_json::to_value(SystemClock.now()).unwrap_or_default());
        }
        // A booking goes on although nobody reads it any more.
        let _ = output::result(&value.to_string());
    }
}

fn sentence(event: &Event) -> (Tone, String) {
    match event {
        Event::LoggedIn => (Tone::Plain, "logged in".to_owned()),
        Event::Waiting { until } => {
            (Tone::Plain, format!("waiting for the opening at {}", until.time_text()))
        }
        Event::Attempt { number, .. } => (Tone::Plain, format!("attempt {number}")),
        Event::Visited { step, took, .. } => (Tone::Plain, format!("{step}: answered in {}", millis(*took))),
        Event::Submitting => (Tone::Plain, "submission: the application leaves".to_owned()),
        Event::Answered { step, name, text } => {
            let step = step.to_string();
            let text = if text.starts_with(&step) { text.clone() } else { format!("{step}: {text}") };
            (if name == "reserved" { Tone::Good } else { Tone::Plain }, text)
        }
        Event::Resting { wait } => (Tone::Quiet, format!("resting {}", millis(*wait))),
        Event::ReadBack { state: Some(state) } => {
            (Tone::Plain, format!("read back: the day list shows the time as {}", state.word()))
        }
        Event::ReadBack { state: None } => {
            (Tone::Plain, "read back: the day list could not be read".to_owned())
        }
        other => (Tone::Quiet, serde_json::to_string(other).unwrap_or_default()),
    }
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
                    let _ = write!(
                        text,
                        "; yet the day list shows it as {}: look at it on the site",
                        state.word()
                    );
                }
                None => text.push_str("; the day list could not be read afterwards"),
            }
            text
        }
        Verdict::Lost => "lost: somebody else has the time".to_owned(),
        Verdict::Refused { reason } => format!("refused: {reason}"),
        Verdict::Blocked => "blocked: the site has shut this client out; leave it alone for today".to_owned(),
        Verdict::NeedsPerson { reason } => format!("a person is needed: {reason}; go on in a browser"),
        Verdict::Unconfirmed => "unconfirmed: an application was sent and what became of it is not known; \
                                 look at your reservations on the site before you apply again"
            .to_owned(),
        Verdict::GaveUp { why, last } => {
            let why = match why {
                GiveUp::Deadline => "the time is up",
                GiveUp::Budget => "the requests are used up",
                GiveUp::Unknown => "too many answers that nobody has described",
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

fn seconds(duration: Duration) -> String {
    format!("{}.{:03}s", duration.as_secs(), duration.subsec_millis())
}

/// A short time in milliseconds.
pub(crate) fn millis(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_micros() as f64 / 1_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_from_the_instant_that_counts() {
        let zero: SeoulTime = "2026-11-26 10:00:00".parse().unwrap_or_else(|_| SystemClock.now());
        let story = Story::new(Reader::Nobody, zero);
        assert_eq!(story.relative(zero).trim(), "+0.000s");
        assert_eq!(story.relative(zero.minus(Duration::from_millis(4_987))).trim(), "-4.987s");
        assert_eq!(story.relative(zero.plus(Duration::from_millis(61_002))).trim(), "+61.002s");
    }
}
