//! A booking's story as a picture: what was asked for when, how long the network and the site took, what was answered, all
//! against the instant of the opening.
//!
//! Somebody who lost a race wants to know why: a wrong clock, a dead connection, a slow site, or somebody faster. The
//! numbers are in the events; a list of them does not show it. So the story becomes rows against one axis ([`Timeline`]),
//! once, and each way of showing it (SVG, a page with a table, a terminal, HAR for other programs) draws the same rows.
//! What the rows show is also said in sentences ([`signs`]), for a screen reader and for who is in a hurry.
//!
//! Everything here is pure: from stored events to text.

mod axis;
pub(crate) mod har;
pub(crate) mod html;
mod labels;
mod signs;
mod svg;
#[cfg(test)]
mod tests;
pub(crate) mod text;

use namyangju_rent::clock::{ClockEstimate, ShotArrival};
use namyangju_rent::report::{Exchange, OpeningBracket};
use namyangju_rent::{AnswerKind, Event, Receipt, SeoulTime, Step};
use serde::de::DeserializeOwned;

use self::labels::TimelineWords;
pub(crate) use self::svg::{Look, picture};
use crate::say::Language;
use crate::store::{BookingHistory, OpeningSource, State};

/// The requests that are drawn: the first of a long story and the last, which tell its end.
const FIRST_DRAWN: usize = 8;
const LAST_DRAWN: usize = 12;

/// What a timeline is made from: the last round of a booking.
#[derive(Clone, Debug)]
pub(crate) struct RunStory<'s> {
    /// What the booking is called.
    pub(crate) title: String,
    /// The announced opening, on the site's clock; `None` where the day was open already.
    pub(crate) opens_at: Option<SeoulTime>,
    /// The events in order, with the wall clock of the machine.
    pub(crate) events: Vec<(SeoulTime, &'s Event)>,
    pub(crate) clock: Option<ClockEstimate>,
    /// How far a person said that the site's clock is ahead, in microseconds.
    pub(crate) given_ahead_micros: Option<i64>,
    pub(crate) opening: OpeningBracket,
    pub(crate) state: State,
    pub(crate) receipt: Option<Receipt>,
    /// The address of the site, for the requests of a HAR.
    pub(crate) base_url: String,
}

/// One request and what came of it. Instants are microseconds from the opening, on the site's clock.
#[derive(Clone, Debug)]
struct Request {
    attempt: u32,
    step: Step,
    /// When it left this machine, by this machine's wall clock.
    local: SeoulTime,
    sent: i64,
    connect: i64,
    first_byte: Option<i64>,
    took: i64,
    /// What ended the attempt with it.
    answer: Option<AnswerKind>,
    is_last: bool,
}

impl Request {
    /// When the connection was asked for.
    fn begun(&self) -> i64 {
        self.sent.saturating_sub(self.connect)
    }

    fn ended(&self) -> i64 {
        self.sent.saturating_add(self.took)
    }
}

/// What a stretch of a row means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum BarKind {
    /// The truth is somewhere in it.
    Doubt,
    /// A new connection is made.
    Connect,
    /// The network carries the request or the answer.
    Network,
    /// The site works.
    Site,
    /// The rest of the answer comes.
    Body,
    /// No answer comes.
    Nothing,
}

impl BarKind {
    const ALL: [Self; 6] = [Self::Connect, Self::Network, Self::Site, Self::Body, Self::Nothing, Self::Doubt];
}

/// A stretch of a row, in microseconds from the opening.
#[derive(Clone, Debug)]
struct Bar {
    kind: BarKind,
    from: i64,
    to: i64,
}

/// A row: a line of words with its bars below.
#[derive(Clone, Debug)]
struct PictureRow {
    label: String,
    /// What came of it.
    note: String,
    is_good: bool,
    bars: Vec<Bar>,
}

/// A booking's story, ready to be drawn.
#[derive(Clone, Debug)]
pub(crate) struct Timeline {
    labels: &'static TimelineWords,
    title: String,
    verdict: String,
    /// The instant that all is measured from.
    zero: SeoulTime,
    waits_for_opening: bool,
    ahead_micros: i64,
    prepared: Vec<(SeoulTime, String)>,
    rows: Vec<PictureRow>,
    requests: Vec<Request>,
    signs: Vec<String>,
    base_url: String,
}

impl<'s> RunStory<'s> {
    /// The last round of a stored booking.
    pub(crate) fn of(history: &'s BookingHistory, title: String, base_url: String) -> Self {
        let booking = &history.booking;
        let events = history.events.iter().filter(|row| row.round == booking.round);
        let report = history.report.as_ref();
        let part =
            |name: &str| report.and_then(|report| report.get(name)).filter(|_| booking.state.is_over());
        Self {
            title,
            opens_at: (booking.opens != OpeningSource::Now).then_some(booking.opens_at),
            events: events.map(|row| (row.at, &row.event)).collect(),
            clock: part("clock").and_then(read),
            given_ahead_micros: booking.clock_offset_micros,
            opening: part("opening").and_then(read).unwrap_or_default(),
            state: booking.state,
            receipt: booking.receipt.clone(),
            base_url,
        }
    }

    /// The last measurement of the site's clock.
    fn estimate(&self) -> Option<ClockEstimate> {
        let read = self.events.iter().rev().find_map(|(_, event)| match event {
            Event::ClockRead { estimate } => Some(*estimate),
            _ => None,
        });
        self.clock.or(read)
    }

    /// How far the site's clock is ahead if the first request arrived when the aim took it to be most likely.
    fn ahead_by_aim(&self, estimate: ClockEstimate) -> Option<i64> {
        let likely = self.events.iter().rev().find_map(|(_, event)| match event {
            Event::Armed { arrives: Some(arrives), .. } => Some(arrives.likely_micros),
            _ => None,
        })?;
        let mut sent = self.events.iter().filter_map(|(at, event)| match event {
            Event::Visited { took, .. } => Some(at.minus(*took)),
            Event::Answered { exchange: Some(exchange), .. } => Some(exchange.sent),
            _ => None,
        });
        let arrived = sent.next()?.unix_micros().saturating_add(of_duration(estimate.path) / 2);
        Some(self.opens_at?.unix_micros().saturating_add(likely).saturating_sub(arrived))
    }
}

fn read<T: DeserializeOwned>(part: &serde_json::Value) -> Option<T> {
    serde_json::from_value(part.clone()).ok()
}

fn micros(micros: u64) -> i64 {
    i64::try_from(micros).unwrap_or(i64::MAX)
}

fn of_duration(duration: std::time::Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

/// The site's clock against this machine's, and the instant that all is measured from.
#[derive(Clone, Copy, Debug)]
struct FromOpening {
    zero: SeoulTime,
    ahead: i64,
}

impl FromOpening {
    /// A local instant in microseconds from the opening.
    fn of(self, local: SeoulTime) -> i64 {
        local.unix_micros().saturating_add(self.ahead).saturating_sub(self.zero.unix_micros())
    }

    /// The same of an instant of the site's clock.
    fn of_site(self, instant: SeoulTime) -> i64 {
        instant.unix_micros().saturating_sub(self.zero.unix_micros())
    }
}

impl Timeline {
    /// Draws up the rows.
    pub(crate) fn new(story: &RunStory<'_>, language: Language) -> Self {
        let labels = labels::of(language);
        let estimate = story.estimate();
        let measured = estimate.map(|estimate| match estimate.cached {
            // That estimate is a bound only, and the aim has found a likelier value.
            true => story.ahead_by_aim(estimate).unwrap_or(estimate.ahead_micros),
            false => estimate.ahead_micros,
        });
        let ahead = measured.or(story.given_ahead_micros).unwrap_or(0);
        let first =
            story.events.iter().find_map(|(at, event)| matches!(event, Event::Attempt { .. }).then_some(*at));
        let first = first.or(story.events.first().map(|(at, _)| *at));
        let by_first = first.map(|at| SeoulTime::from_unix_micros(at.unix_micros().saturating_add(ahead)));
        let zero = story.opens_at.or(by_first).unwrap_or_else(|| SeoulTime::from_unix_micros(0));
        let time = FromOpening { zero, ahead };
        let path = estimate.map_or(0, |estimate| of_duration(estimate.path));
        let told = StoryReader::read(story, time, labels);
        let mut rows = Vec::new();
        if story.opens_at.is_some() {
            rows.push(clock_row(story, estimate, labels));
            if let Some(plan) = told.plan {
                rows.push(plan_row(plan, labels));
            }
        }
        let many = told.requests.len();
        let left_out = many.saturating_sub(FIRST_DRAWN + LAST_DRAWN);
        for (at, request) in told.requests.iter().enumerate() {
            if left_out > 0 && (FIRST_DRAWN..FIRST_DRAWN + left_out).contains(&at) {
                if at == FIRST_DRAWN {
                    rows.push(PictureRow {
                        label: labels.left_out.to_owned(),
                        note: format!("{left_out}"),
                        is_good: true,
                        bars: Vec::new(),
                    });
                }
                continue;
            }
            rows.push(request_row(request, path, labels));
        }
        rows.extend(told.looks);
        rows.extend(bracket_row(&story.opening, time, labels));
        let signs = signs::of(story, estimate, &told.requests, path, time, labels);
        Self {
            labels,
            title: story.title.clone(),
            verdict: labels.verdict(story.state, story.receipt.as_ref()),
            zero,
            waits_for_opening: story.opens_at.is_some(),
            ahead_micros: ahead,
            prepared: told.prepared,
            rows,
            requests: told.requests,
            signs,
            base_url: story.base_url.clone(),
        }
    }

    /// Whether anything was sent that can be drawn.
    pub(crate) fn has_requests(&self) -> bool {
        !self.requests.is_empty()
    }

    /// Whether there is nothing to be seen yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.requests.is_empty() && self.prepared.is_empty()
    }

    /// What the picture shows, in sentences, for a page that says them beside it.
    pub(crate) fn signs(&self) -> &[String] {
        &self.signs
    }

    /// The requests as a table: attempt, step, when it left, from the opening, connection, first byte, whole, answer.
    pub(crate) fn table(&self) -> Vec<[String; 7]> {
        let cells = |request: &Request| {
            let part = |micros: i64| labels::millis(micros);
            [
                request.attempt.to_string(),
                self.labels.step(request.step).to_owned(),
                request.local.time_text(),
                labels::signed(request.sent),
                if request.connect > 0 { part(request.connect) } else { "-".to_owned() },
                format!("{} / {}", request.first_byte.map_or("-".to_owned(), part), part(request.took)),
                request.answer.map_or("", |answer| self.labels.answer(answer)).to_owned(),
            ]
        };
        self.requests.iter().map(cells).collect()
    }

    /// The heads of [`Timeline::table`].
    pub(crate) fn heads(&self) -> [&'static str; 7] {
        self.labels.heads()
    }
}

/// What was read from the events.
struct StoryReader {
    prepared: Vec<(SeoulTime, String)>,
    plan: Option<ShotArrival>,
    requests: Vec<Request>,
    looks: Vec<PictureRow>,
}

impl StoryReader {
    fn read(story: &RunStory<'_>, time: FromOpening, labels: &TimelineWords) -> Self {
        let mut told = Self { prepared: Vec::new(), plan: None, requests: Vec::new(), looks: Vec::new() };
        let mut attempt = 0;
        for (at, event) in &story.events {
            match event {
                Event::Attempt { number, .. } => attempt = *number,
                Event::Armed { arrives, .. } => {
                    told.plan = *arrives;
                    told.prepare(*at, event, labels);
                }
                Event::Visited { step, first_byte, took, connect_micros } => {
                    let local = at.minus(*took);
                    told.requests.push(Request {
                        attempt,
                        step: *step,
                        local,
                        sent: time.of(local),
                        connect: micros(connect_micros.unwrap_or(0)),
                        first_byte: Some(of_duration(*first_byte)),
                        took: of_duration(*took),
                        answer: None,
                        is_last: false,
                    });
                }
                Event::Answered { step, answer, exchange, .. } => {
                    if let Some(exchange) = exchange {
                        let Exchange { sent: local, connect_micros, first_byte_micros, took_micros, .. } =
                            **exchange;
                        told.requests.push(Request {
                            attempt,
                            step: *step,
                            local,
                            sent: time.of(local),
                            connect: micros(connect_micros),
                            first_byte: first_byte_micros.map(micros),
                            took: micros(took_micros),
                            answer: None,
                            is_last: false,
                        });
                    }
                    told.answered(*at, attempt, *step, *answer, time);
                }
                Event::ReadBack { state } => {
                    let from = time.of(*at);
                    told.looks.push(PictureRow {
                        label: labels.look.to_owned(),
                        note: format!("{} · {}", labels::signed(from), labels.slot(*state)),
                        is_good: true,
                        bars: vec![Bar { kind: BarKind::Doubt, from, to: from }],
                    });
                }
                _ if attempt == 0 => told.prepare(*at, event, labels),
                _ => {}
            }
        }
        told
    }

    /// Notes what came before the first attempt; of measurements the last only.
    fn prepare(&mut self, at: SeoulTime, event: &Event, labels: &TimelineWords) {
        if let Some(text) = labels.prepared(event) {
            if matches!(event, Event::ClockRead { .. }) {
                self.prepared.retain(|(_, known)| !known.starts_with(labels.clock));
            }
            if self.prepared.last().is_none_or(|(_, last)| *last != text) {
                self.prepared.push((at, text));
            }
        }
    }

    /// What ended an attempt belongs to its last request of that step; one whose times are not known is a moment.
    fn answered(&mut self, at: SeoulTime, attempt: u32, step: Step, answer: AnswerKind, time: FromOpening) {
        let last = self
            .requests
            .last_mut()
            .filter(|last| last.attempt == attempt && last.step == step && last.answer.is_none());
        if let Some(last) = last {
            (last.answer, last.is_last) = (Some(answer), true);
            return;
        }
        self.requests.push(Request {
            attempt,
            step,
            local: at,
            sent: time.of(at),
            connect: 0,
            first_byte: None,
            took: 0,
            answer: Some(answer),
            is_last: true,
        });
    }
}

fn clock_row(story: &RunStory<'_>, estimate: Option<ClockEstimate>, labels: &TimelineWords) -> PictureRow {
    let (note, bars) = match estimate {
        Some(estimate) => {
            let error = estimate.error_micros.saturating_abs();
            let note = labels.clock_note(&estimate);
            let bars = if estimate.cached {
                Vec::new()
            } else {
                vec![Bar { kind: BarKind::Doubt, from: -error, to: error }]
            };
            (note, bars)
        }
        None if story.given_ahead_micros.is_some() => (labels.clock_given.to_owned(), Vec::new()),
        None => (labels.clock_unknown.to_owned(), Vec::new()),
    };
    PictureRow { label: labels.clock.to_owned(), note, is_good: true, bars }
}

fn plan_row(plan: ShotArrival, labels: &TimelineWords) -> PictureRow {
    let note = format!(
        "{} ({} … {})",
        labels::signed(plan.likely_micros),
        labels::signed(plan.earliest_micros),
        labels::signed(plan.latest_micros)
    );
    let bar = Bar { kind: BarKind::Doubt, from: plan.earliest_micros, to: plan.latest_micros };
    PictureRow { label: labels.plan.to_owned(), note, is_good: true, bars: vec![bar] }
}

fn request_row(request: &Request, path: i64, labels: &TimelineWords) -> PictureRow {
    let mut bars = Vec::new();
    let mut bar = |kind, from: i64, to: i64| {
        if to > from {
            bars.push(Bar { kind, from, to });
        }
    };
    bar(BarKind::Connect, request.begun(), request.sent);
    match request.first_byte {
        Some(first_byte) => {
            let head = request.sent.saturating_add(first_byte);
            let half = path.min(first_byte).max(0) / 2;
            let (arrived, left) = (request.sent.saturating_add(half), head.saturating_sub(half));
            bar(BarKind::Network, request.sent, arrived);
            bar(BarKind::Site, arrived, left);
            bar(BarKind::Network, left, head);
            bar(BarKind::Body, head, request.ended());
        }
        None => bar(BarKind::Nothing, request.sent, request.ended()),
    }
    if bars.is_empty() {
        bars.push(Bar { kind: BarKind::Nothing, from: request.sent, to: request.sent });
    }
    let mut note = labels::signed(request.sent);
    if request.took > 0 {
        note.push_str(&format!(" · {}", labels.took(request.took)));
    }
    if request.connect > 0 {
        note.push_str(&format!(" · {} {}", labels.bar(BarKind::Connect), labels::millis(request.connect)));
    }
    if let Some(answer) = request.answer {
        note.push_str(&format!(" → {}", labels.answer(answer)));
    }
    PictureRow {
        label: labels.request(request.attempt, request.step),
        note,
        is_good: request.answer.is_none_or(|answer| answer == AnswerKind::Reserved),
        bars,
    }
}

fn bracket_row(opening: &OpeningBracket, time: FromOpening, labels: &TimelineWords) -> Option<PictureRow> {
    let after = opening.after.map(|instant| time.of_site(instant));
    let before = opening.before.map(|instant| time.of_site(instant));
    // What was accepted at once says only that it was open: that is no bracket.
    let from = after?;
    let note = match before {
        Some(before) => format!("{} … {}", labels::signed(from), labels::signed(before)),
        None => format!("{} {}", labels.closed_at, labels::signed(from)),
    };
    let bar = Bar { kind: BarKind::Doubt, from, to: before.unwrap_or(from) };
    Some(PictureRow { label: labels.opened.to_owned(), note, is_good: true, bars: vec![bar] })
}
