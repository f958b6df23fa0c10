//! Events to lines: for a person on stderr, or as JSON on stdout.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Sender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use namyangju_rent::clock::{Clock, SystemClock};
use namyangju_rent::{Event, Report, SeoulTime, TimedEvent, Verdict};
use serde_json::{Map, Value, json};

use super::layout;
use crate::say::say;
use crate::terminal;
use crate::words::{
    Tone, arrival_sentence, counted, opening_sentence, report_sentence, seconds, sentence, verdict_sentence,
};

/// A program hears of a new window size within this time. Until then it does not know how many lines its own line takes,
/// and would rather leave a part of it than wipe the line above.
const RESIZED_BY: Duration = Duration::from_millis(500);

/// Who reads the story.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Audience {
    /// A person, on stderr.
    Person,
    /// A program, on stdout.
    Program,
    /// Somebody who wants to hear only of what went wrong or may do so, on stderr: `--quiet`.
    Quiet,
}

impl Audience {
    /// The reader of the usual two switches.
    pub(crate) fn new(json: bool, quiet: bool) -> Self {
        match (json, quiet) {
            (true, _) => Self::Program,
            (false, true) => Self::Quiet,
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
    reader: Audience,
    /// An opening was waited for, so that requests can be told apart by it.
    waited: AtomicBool,
    lines: Option<Sender<Line>>,
    writer: Option<JoinHandle<()>>,
}

#[derive(Debug)]
enum Line {
    TimedEvent(TimedEvent),
    Person(Tone, SeoulTime, String),
    /// A line without a time, for who wants to hear of nothing else.
    Warning(String),
    Error(String),
    Program(Value),
    /// What stands below all lines of a terminal until the next one of its kind.
    Live(Option<String>),
}

impl Story {
    /// A story whose times are counted from `zero`, an instant of the site's clock.
    pub(crate) fn new(reader: Audience, zero: SeoulTime) -> Self {
        let (lines, heard) = mpsc::channel();
        let mut teller = Teller::new(reader, zero);
        let writer = std::thread::spawn(move || {
            heard.into_iter().for_each(|line| teller.tell(line));
            teller.tell(Line::Live(None));
        });
        Self { reader, waited: AtomicBool::new(false), lines: Some(lines), writer: Some(writer) }
    }

    /// Whether a person follows it.
    pub(crate) fn is_for_a_person(&self) -> bool {
        self.reader == Audience::Person
    }

    /// Whether a line that changes in place can be shown.
    pub(crate) fn is_live(&self) -> bool {
        self.reader == Audience::Person && terminal::is_live()
    }

    /// One event.
    pub(crate) fn event(&self, happened: &TimedEvent) {
        if matches!(happened.event, Event::Waiting { .. }) {
            self.waited.store(true, Ordering::Relaxed);
        }
        match (self.reader, &happened.event) {
            (Audience::Quiet, Event::Alarm { .. }) => self.send(Line::Warning(sentence(&happened.event).1)),
            (Audience::Quiet, _) => {}
            _ => self.send(Line::TimedEvent(happened.clone())),
        }
    }

    /// Something that happens around the booking.
    pub(crate) fn aside(&self, text: &str) {
        let now = SystemClock.now();
        match self.reader {
            Audience::Person => self.send(Line::Person(Tone::Quiet, now, text.to_owned())),
            Audience::Program => {
                self.send(Line::Program(json!({ "event": "aside", "at": now, "text": text })));
            }
            Audience::Quiet => {}
        }
    }

    /// What only a person is shown, and only until the next one.
    pub(crate) fn live(&self, text: Option<String>) {
        self.send(Line::Live(text));
    }

    /// The end of a booking that was not interrupted; `more` are further fields for a program.
    pub(crate) fn report(&self, report: &Report, code: u8, more: Value) {
        let ended = || report_sentence(report, self.waited.load(Ordering::Relaxed));
        let won = matches!(report.verdict, Verdict::Reserved { .. } | Verdict::AlreadyBooked);
        match self.reader {
            Audience::Person => {
                if let Some(text) = opening_sentence(&report.opening) {
                    self.send(Line::Person(Tone::Quiet, report.ended, text));
                }
                let tone = if won { Tone::Good } else { Tone::Bad };
                self.send(Line::Person(tone, report.ended, ended()));
            }
            Audience::Program => self.last_line(serde_json::to_value(report).unwrap_or_default(), code, more),
            // The receipt goes to stdout. Every other end would be an exit code without a reason.
            Audience::Quiet if matches!(report.verdict, Verdict::Reserved { .. }) => {}
            Audience::Quiet if won => self.send(Line::Warning(ended())),
            Audience::Quiet => self.send(Line::Error(ended())),
        }
    }

    /// The end of a stored booking, as the store has it.
    pub(crate) fn stored(&self, report: &Value, code: u8, more: Value) {
        if self.reader == Audience::Program {
            self.last_line(report.clone(), code, more);
        }
    }

    /// The end of a booking that was interrupted.
    pub(crate) fn interrupted(&self, unanswered: bool, requests: u32, code: u8, more: Value) {
        let ended = || {
            let requests = counted(requests, "request");
            if unanswered {
                let verdict = verdict_sentence(&Verdict::Unconfirmed);
                say!("interrupted-unanswered", verdict = verdict, requests = requests)
            } else {
                say!("interrupted", requests = requests)
            }
        };
        match self.reader {
            Audience::Person => self.send(Line::Person(Tone::Bad, SystemClock.now(), ended())),
            Audience::Program => {
                let verdict = if unanswered { "unconfirmed" } else { "interrupted" };
                let report = json!({ "verdict": verdict, "interrupted": true, "requests": requests });
                self.last_line(report, code, more);
            }
            Audience::Quiet => self.send(Line::Error(ended())),
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
    reader: Audience,
    zero: SeoulTime,
    /// How far the site's clock is ahead, as far as it is known.
    ahead_micros: i64,
    colours: bool,
    live: Option<String>,
    /// The columns that the live line takes.
    live_width: usize,
    drawn: Option<Instant>,
    /// What is told now is ready and waits for the instant.
    armed: bool,
}

impl Teller {
    fn new(reader: Audience, zero: SeoulTime) -> Self {
        let colours = terminal::colours();
        Self { reader, zero, ahead_micros: 0, colours, live: None, live_width: 0, drawn: None, armed: false }
    }

    fn tell(&mut self, line: Line) {
        match line {
            Line::TimedEvent(happened) if self.reader == Audience::Person => {
                if let Event::ClockRead { estimate } = &happened.event {
                    self.ahead_micros = estimate.ahead_micros;
                }
                let (tone, mut text) = sentence(&happened.event);
                match &happened.event {
                    Event::Armed { .. } => self.armed = true,
                    Event::Attempt { .. } | Event::Submitting if self.armed => {
                        text = say!("event-at-the-instant", event = text);
                    }
                    _ => self.armed = false,
                }
                self.person(tone, happened.at, &text);
                if let Event::Armed { arrives: Some(arrives), .. } = &happened.event {
                    self.person(Tone::Quiet, happened.at, &arrival_sentence(arrives));
                }
                if matches!(happened.event, Event::Alarm { .. }) && terminal::is_live() {
                    terminal::bell();
                }
            }
            // A booking goes on although nobody reads it any more.
            Line::TimedEvent(happened) => {
                let _ = terminal::result(&serde_json::to_string(&happened).unwrap_or_default());
            }
            Line::Program(value) => {
                let _ = terminal::result(&value.to_string());
            }
            Line::Person(tone, at, text) => self.person(tone, at, &text),
            Line::Warning(text) => terminal::warning(&text),
            Line::Error(text) => terminal::error(&text),
            Line::Live(text) if text != self.live => self.draw(text),
            Line::Live(_) => {}
        }
    }

    fn person(&mut self, tone: Tone, at: SeoulTime, text: &str) {
        let (colour, after) = match (self.colours, tone) {
            (false, _) | (true, Tone::Plain) => ("", ""),
            (true, Tone::Quiet) => ("\u{1b}[2m", "\u{1b}[0m"),
            (true, Tone::Good) => ("\u{1b}[1;32m", "\u{1b}[0m"),
            (true, Tone::Bad) => ("\u{1b}[1;31m", "\u{1b}[0m"),
        };
        let live = self.live.take();
        if live.is_some() {
            self.draw(None);
        }
        let head = format!("{}  {}  ", at.time_text(), self.relative(at));
        terminal::headed_note(&head, text, (colour, after));
        if live.is_some() {
            self.draw(live);
        }
    }

    /// Puts this in place of the live line.
    fn draw(&mut self, live: Option<String>) {
        let text = live.as_deref().unwrap_or_default();
        // A line that was drawn a moment ago may have met a window that had its new size already.
        let settled = self.drawn.is_none_or(|drawn| drawn.elapsed() > RESIZED_BY);
        terminal::live(text, if settled { self.live_width } else { 0 });
        self.drawn = Some(Instant::now());
        self.live_width = layout::width(text);
        self.live = live;
    }

    fn relative(&self, local: SeoulTime) -> String {
        let at = SeoulTime::from_unix_micros(local.unix_micros().saturating_add(self.ahead_micros));
        let (sign, distance) =
            if at < self.zero { ('-', self.zero.since(at)) } else { ('+', at.since(self.zero)) };
        format!("{:>10}", format!("{sign}{}", seconds(distance)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_from_the_instant_that_counts() {
        let zero: SeoulTime = "2026-11-26 10:00:00".parse().unwrap_or_else(|_| SystemClock.now());
        let mut teller = Teller::new(Audience::Quiet, zero);
        assert_eq!(teller.relative(zero).trim(), "+0.000s");
        assert_eq!(teller.relative(zero.minus(Duration::from_millis(4_987))).trim(), "-4.987s");
        assert_eq!(teller.relative(zero.plus(Duration::from_millis(61_002))).trim(), "+61.002s");
        teller.ahead_micros = -1_500_000;
        assert_eq!(teller.relative(zero.plus(Duration::from_millis(1_500))).trim(), "+0.000s");
    }
}
