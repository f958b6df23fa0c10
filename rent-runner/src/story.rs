//! Events to lines: for a person on stderr, or as JSON on stdout.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

use namyangju_rent::{
    AnswerKind, Clock, ClockEstimate, Event, GiveUp, Happened, OpeningBracket, Report, SeoulTime, SlotState,
    SystemClock, Verdict,
};
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
///
/// A thread of its own does the writing: whoever reads slowly, or a terminal that hangs, cannot hold a
/// booking up.
#[derive(Debug)]
pub(crate) struct Story {
    reader: Reader,
    /// An opening was waited for, so that requests can be told apart by it.
    waited: AtomicBool,
    lines: Option<Sender<Line>>,
    writer: Option<JoinHandle<()>>,
}

#[derive(Clone, Copy, Debug)]
enum Tone {
    Plain,
    Quiet,
    Good,
    Bad,
}

#[derive(Debug)]
enum Line {
    Happened(Happened),
    Person(Tone, SeoulTime, String),
    Program(Value),
    /// What stands below all lines of a terminal until the next one of its kind.
    Live(Option<String>),
}

impl Story {
    /// A story whose times are counted from `zero`, an instant of the site's clock.
    pub(crate) fn new(reader: Reader, zero: SeoulTime) -> Self {
        let (lines, heard) = mpsc::channel();
        let mut teller =
            Teller { reader, zero, ahead_micros: 0, colours: output::colours(), live: None, armed: false };
        let writer = std::thread::spawn(move || {
            heard.into_iter().for_each(|line| teller.tell(line));
            teller.tell(Line::Live(None));
        });
        Self { reader, waited: AtomicBool::new(false), lines: Some(lines), writer: Some(writer) }
    }

    /// Whether a person follows it.
    pub(crate) fn is_for_a_person(&self) -> bool {
        self.reader == Reader::Person
    }

    /// Whether a line that changes in place can be shown.
    pub(crate) fn is_live(&self) -> bool {
        self.reader == Reader::Person && output::is_live()
    }

    /// One event.
    pub(crate) fn event(&self, happened: &Happened) {
        if matches!(happened.event, Event::Waiting { .. }) {
            self.waited.store(true, Ordering::Relaxed);
        }
        if self.reader != Reader::Nobody {
            self.send(Line::Happened(happened.clone()));
        }
    }

    /// Something that happens around the booking.
    pub(crate) fn aside(&self, text: &str) {
        let now = SystemClock.now();
        match self.reader {
            Reader::Person => self.send(Line::Person(Tone::Quiet, now, text.to_owned())),
            Reader::Program => {
                self.send(Line::Program(json!({ "event": "aside", "at": now, "text": text })));
            }
            Reader::Nobody => {}
        }
    }

    /// What only a person is shown, and only until the next one.
    pub(crate) fn live(&self, text: Option<String>) {
        self.send(Line::Live(text));
    }

    /// The end of a booking that was not interrupted; `more` are further fields for a program.
    pub(crate) fn report(&self, report: &Report, code: u8, more: Value) {
        match self.reader {
            Reader::Person => {
                if let Some(text) = opening_sentence(&report.opening) {
                    self.send(Line::Person(Tone::Quiet, report.ended, text));
                }
                let won = matches!(report.verdict, Verdict::Reserved { .. });
                let tone = if won { Tone::Good } else { Tone::Bad };
                self.send(Line::Person(
                    tone,
                    report.ended,
                    report_sentence(report, self.waited.load(Ordering::Relaxed)),
                ));
            }
            Reader::Program => self.last_line(serde_json::to_value(report).unwrap_or_default(), code, more),
            Reader::Nobody => {}
        }
    }

    /// The end of a stored booking, as the store has it.
    pub(crate) fn stored(&self, report: &Value, code: u8, more: Value) {
        if self.reader == Reader::Program {
            self.last_line(report.clone(), code, more);
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
                let text = format!("{text} ({})", counted(requests, "request"));
                self.send(Line::Person(Tone::Bad, SystemClock.now(), text));
            }
            Reader::Program => {
                let verdict = if unanswered { "unconfirmed" } else { "interrupted" };
                let report = json!({ "verdict": verdict, "interrupted": true, "requests": requests });
                self.last_line(report, code, more);
            }
            Reader::Nobody => {}
        }
    }

    fn last_line(&self, report: Value, code: u8, more: Value) {
        let mut fields = Map::new();
        fields.insert("event".into(), "report".into());
        fields.insert("at".into(), serde_json::to_value(SystemClock.now()).unwrap_or_default());
        for part in [report, json!({ "exit_code": code }), more] {
            if let Value::Object(part) = part {
                fields.extend(part);
            }
        }
        self.send(Line::Program(Value::Object(fields)));
    }

    fn send(&self, line: Line) {
        if let Some(lines) = &self.lines {
            // The writer ends after the last sender.
            let _ = lines.send(line);
        }
    }
}

impl Drop for Story {
    /// Waits until all is told.
    fn drop(&mut self) {
        self.lines = None;
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

/// The writing side of a story.
struct Teller {
    reader: Reader,
    zero: SeoulTime,
    /// How far the site's clock is ahead, as far as it is known.
    ahead_micros: i64,
    colours: bool,
    live: Option<String>,
    /// What is told now is ready and waits for the instant.
    armed: bool,
}

impl Teller {
    fn tell(&mut self, line: Line) {
        match line {
            Line::Happened(happened) if self.reader == Reader::Person => {
                if let Event::ClockRead { estimate } = &happened.event {
                    self.ahead_micros = estimate.ahead_micros;
                }
                let (tone, mut text) = sentence(&happened.event);
                match &happened.event {
                    Event::Armed { .. } => self.armed = true,
                    Event::Attempt { .. } | Event::Submitting if self.armed => {
                        text.push_str(" at the instant");
                    }
                    _ => self.armed = false,
                }
                self.person(tone, happened.at, &text);
                if matches!(happened.event, Event::Alarm { .. }) && output::is_live() {
                    output::bell();
                }
            }
            // A booking goes on although nobody reads it any more.
            Line::Happened(happened) => {
                let _ = output::result(&serde_json::to_string(&happened).unwrap_or_default());
            }
            Line::Program(value) => {
                let _ = output::result(&value.to_string());
            }
            Line::Person(tone, at, text) => self.person(tone, at, &text),
            Line::Live(text) if text != self.live => {
                output::live(text.as_deref().unwrap_or_default());
                self.live = text;
            }
            Line::Live(_) => {}
        }
    }

    fn person(&self, tone: Tone, at: SeoulTime, text: &str) {
        let (colour, after) = match (self.colours, tone) {
            (false, _) | (true, Tone::Plain) => ("", ""),
            (true, Tone::Quiet) => ("\u{1b}[2m", "\u{1b}[0m"),
            (true, Tone::Good) => ("\u{1b}[1;32m", "\u{1b}[0m"),
            (true, Tone::Bad) => ("\u{1b}[1;31m", "\u{1b}[0m"),
        };
        if self.live.is_some() {
            output::live("");
        }
        output::note(&format!("{}  {}  {colour}{text}{after}", at.time_text(), self.relative(at)));
        if let Some(live) = &self.live {
            output::live(live);
        }
    }

    fn relative(&self, local: SeoulTime) -> String {
        let at = SeoulTime::from_unix_micros(local.unix_micros().saturating_add(self.ahead_micros));
        let (sign, distance) =
            if at < self.zero { ('-', self.zero.since(at)) } else { ('+', at.since(self.zero)) };
        format!("{:>10}", format!("{sign}{}", seconds(distance)))
    }
}

/// An event in words.
pub(crate) fn in_words(event: &Event) -> String {
    sentence(event).1
}

fn sentence(event: &Event) -> (Tone, String) {
    match event {
        Event::Alarm { text } => (Tone::Bad, format!("ALARM, not ready yet: {text}")),
        Event::LoggedIn => (Tone::Plain, "logged in".to_owned()),
        Event::Learned { from, .. } => {
            (Tone::Plain, format!("the numbers of the slots are known, from {from}, which is open"))
        }
        Event::Remembered => (
            Tone::Plain,
            "no open day tells the numbers of the slots: those from earlier are taken".to_owned(),
        ),
        Event::Restored => (Tone::Plain, "the saved session is alive, no login needed".to_owned()),
        Event::ClockRead { estimate } => {
            (Tone::Plain, format!("{} ({})", clock_sentence(estimate), probes(estimate)))
        }
        Event::Waiting { until } => (Tone::Plain, format!("waiting for the opening at {until}")),
        Event::Armed { with } => (Tone::Plain, format!("armed: the first request will be the {with}")),
        Event::Fired { late } => (
            Tone::Plain,
            format!("the first request had left {} after its planned instant", fine_millis(*late)),
        ),
        Event::Attempt { number, .. } => (Tone::Plain, format!("attempt {number}")),
        Event::Visited { step, took, .. } => (Tone::Plain, format!("{step}: answered in {}", millis(*took))),
        Event::Submitting => (Tone::Plain, "submission: the application leaves".to_owned()),
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
        Event::NextWish { wish } => (Tone::Plain, format!("that time is lost; on to choice {}", wish + 1)),
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
fn opening_sentence(opening: &OpeningBracket) -> Option<String> {
    let after = opening.after?.time_text();
    Some(match opening.before {
        Some(before) => {
            format!("by the site's clock the day opened between {after} and {}", before.time_text())
        }
        None => format!("by the site's clock the day was not open at {after}"),
    })
}

fn report_sentence(report: &Report, waited: bool) -> String {
    let choice = if report.wish > 0 { format!("choice {}: ", report.wish + 1) } else { String::new() };
    let after = match report.requests_after_opening {
        after if waited => format!(", {after} of them after the opening"),
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
        Verdict::Withdrawn { reason } => format!("withdrawn, nothing was sent: {reason}"),
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

/// A very short time in milliseconds.
fn fine_millis(duration: Duration) -> String {
    format!("{:.3} ms", duration.as_micros() as f64 / 1_000.0)
}

#[cfg(test)]
mod tests {
    use namyangju_rent::Step;

    use super::*;

    #[test]
    fn times_are_told_from_the_instant_that_counts() {
        let zero: SeoulTime = "2026-11-26 10:00:00".parse().unwrap_or_else(|_| SystemClock.now());
        let mut teller = Teller {
            reader: Reader::Nobody,
            zero,
            ahead_micros: 0,
            colours: false,
            live: None,
            armed: false,
        };
        assert_eq!(teller.relative(zero).trim(), "+0.000s");
        assert_eq!(teller.relative(zero.minus(Duration::from_millis(4_987))).trim(), "-4.987s");
        assert_eq!(teller.relative(zero.plus(Duration::from_millis(61_002))).trim(), "+61.002s");
        teller.ahead_micros = -1_500_000;
        assert_eq!(teller.relative(zero.plus(Duration::from_millis(1_500))).trim(), "+0.000s");
    }

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
    fn every_step_before_the_shot_is_a_sentence() {
        let events = [
            (Event::Alarm { text: "login: no".into() }, "ALARM, not ready yet: login: no"),
            (Event::Armed { with: Step::Form }, "armed: the first request will be the applicant form"),
            (
                Event::Fired { late: Duration::from_micros(12) },
                "the first request had left 0.012 ms after its planned instant",
            ),
            (Event::NextWish { wish: 1 }, "that time is lost; on to choice 2"),
        ];
        for (event, text) in events {
            assert_eq!(sentence(&event).1, text);
        }
    }
}
