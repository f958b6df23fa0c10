//! A stored booking for people and for programs. Neither holds the applicant's data.

use namyangju_rent::schedule::SlotState;
use namyangju_rent::{Purpose, Receipt, SeoulTime, Wish};
use schemars::JsonSchema;
use serde::Serialize;

use crate::say::{self, Language, current, say};
use crate::store::{OpeningSource, RetryPace, State, StoredBooking};
use crate::terminal::TableCell;
use crate::words::duration;

/// Its state: in English the plain word, and the exact one where that says more.
pub(crate) fn state(state: State) -> String {
    match (state.plain(), state.as_str()) {
        (plain, word) if plain == word || current() == Language::Korean => state_word(state),
        (plain, word) => format!("{plain}: {word}"),
    }
}

/// Its exact state, in one or two words.
pub(crate) fn state_word(state: State) -> String {
    match state {
        State::Waiting => say!("state-waiting"),
        State::Armed => say!("state-armed"),
        State::Firing => say!("state-firing"),
        State::Succeeded => say!("state-succeeded"),
        State::Failed => say!("state-failed"),
        State::Unconfirmed => say!("state-unconfirmed"),
        State::Blocked => say!("state-blocked"),
        State::NeedsPerson => say!("state-needs-person"),
        State::Cancelled => say!("state-cancelled"),
    }
}

/// A day and a time in a line: as people write them in Korean, as `list` and `--date` have them in English.
pub(crate) fn day_and_time(wish: &Wish) -> String {
    match current() {
        Language::Korean => say::day_and_time(wish.date, wish.range),
        Language::English => format!("{} {}", wish.date, wish.range),
    }
}

/// Which list of the court it is from, if not the usual one.
fn events_mark(wish: &Wish) -> String {
    if wish.purpose == Purpose::Events { say!("wish-events") } else { String::new() }
}

/// A wish in one line, with the name of its court and its codes.
pub(crate) fn wish(booking: &StoredBooking, wish: &Wish) -> String {
    let court = match booking.names.get(&wish.place) {
        Some(name) => format!("{name} ({})", wish.place),
        None => wish.place.to_string(),
    };
    format!("{court} {}", when(wish))
}

fn when(wish: &Wish) -> String {
    format!("{}{}", day_and_time(wish), events_mark(wish))
}

/// A wish of a stored booking.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ChoiceEntry {
    #[serde(flatten)]
    wish: Wish,
    /// What the court is called, if that is known.
    place_name: Option<String>,
}

/// The choices, each with what its court is called.
fn choices(booking: &StoredBooking) -> Vec<ChoiceEntry> {
    let named = |wish: &Wish| ChoiceEntry {
        wish: wish.clone(),
        place_name: booking.names.get(&wish.place).map(str::to_owned),
    };
    booking.choices.iter().map(named).collect()
}

/// A wish in a table: the court, and its day and time; `more` is the number of further choices.
pub(crate) fn cells(booking: &StoredBooking, wish: &Wish, more: usize) -> (TableCell, TableCell) {
    let Wish { place, date, range, .. } = wish;
    let (further, shortly) =
        if more > 0 { (format!(" (+{more})"), format!(" +{more}")) } else { Default::default() };
    let day = format!("{}{}{further}", day_and_time(wish), events_mark(wish));
    let short = format!("{} {}{shortly}", month_and_day(&date.to_string()), range.start());
    // A name that is cut does not tell the courts of a group apart; the codes do.
    let court = match booking.names.get(place) {
        Some(name) => TableCell::or(name, place.to_string()),
        None => TableCell::from(place.to_string()),
    };
    (court, TableCell::or(day, short))
}

/// When it opens, in a table whose header says that it is in Asia/Seoul.
pub(crate) fn opening(booking: &StoredBooking) -> TableCell {
    let text = booking.opens_at.to_string();
    let long = text.trim_end_matches(" Asia/Seoul").trim_end_matches(".000");
    let (day, time) = long.split_once(' ').unwrap_or((long, ""));
    // The second of an announced opening counts; the one in which a booking was stored does not.
    let to_the_minute = booking.opens == OpeningSource::Now || time.ends_with(":00");
    let time = time.get(..5).filter(|_| to_the_minute).unwrap_or(time);
    TableCell::or(long, format!("{} {time}", month_and_day(day)))
}

/// `12-05` of `2026-12-05`.
fn month_and_day(date: &str) -> &str {
    date.split_once('-').map_or(date, |(_, day)| day)
}

/// The choice at hand, or the one it ended with.
pub(crate) fn choice(booking: &StoredBooking) -> Option<&Wish> {
    booking.choices.get(booking.wish)
}

/// How the opening is known.
pub(crate) fn opens(opens: OpeningSource) -> &'static str {
    match opens {
        OpeningSource::Given => "given",
        OpeningSource::Rule => "rule",
        OpeningSource::Now => "now",
    }
}

pub(crate) fn pace(pace: RetryPace) -> &'static str {
    match pace {
        RetryPace::Default => "default",
        RetryPace::Original => "original",
    }
}

/// A stored booking. The applicant's data is not in it.
#[derive(Serialize, JsonSchema)]
pub(crate) struct BookingDocument {
    /// Its number.
    id: i64,
    /// The name of the account.
    account: String,
    /// A built-in city, or the path of a dialect.
    site: String,
    /// The site's address, where it is not the dialect's.
    base_url: Option<String>,
    /// The courts and times that are wished for, the best first.
    choices: Vec<ChoiceEntry>,
    /// The exact word of its state: waiting, armed, firing, succeeded, failed, unconfirmed, blocked, needs-person,
    /// cancelled.
    state: &'static str,
    /// The state in one of three words: waiting, succeeded, failed.
    plain_state: &'static str,
    /// Why it ended as it did; while it waits, the last alarm.
    #[schemars(extend("x-stability" = "wording"))]
    reason: Option<String>,
    /// The choice at hand, or the one it ended with, counted from 0.
    wish: usize,
    /// The receipt, if it was won and the answer came.
    receipt: Option<Receipt>,
    /// What the day list showed of it at the end, as a word for people.
    shown: Option<&'static str>,
    /// How the opening is known: given, rule or now.
    opens: &'static str,
    /// When it opens, by the site's clock.
    opens_at: SeoulTime,
    /// How long it is tried, counted from the opening: numbers with units, as in 5m.
    #[schemars(extend("format" = "time-with-units"))]
    give_up_after: String,
    /// How much earlier than planned the first request is sent, as in 5ms.
    #[schemars(extend("format" = "time-with-units"))]
    lead: String,
    /// How far the site's clock is ahead, as a person gave it, as in +120ms; null if it is measured.
    #[schemars(extend("format" = "time-with-units"))]
    clock_offset: Option<String>,
    /// How the attempts follow each other: default or original.
    policy: &'static str,
    /// The most requests after the opening, as a person gave it.
    most_requests: Option<u32>,
    /// A person's own words.
    note: Option<String>,
    /// When it was stored.
    created_at: SeoulTime,
    /// When it was last changed.
    changed_at: SeoulTime,
    /// The runner that holds it.
    runner: Option<String>,
    /// Until when that runner holds it, unless it renews the lease.
    lease_until: Option<SeoulTime>,
    /// Whether a person asked to cancel it while a runner held it.
    cancel_asked: bool,
    /// 1, and one more after each `retry`.
    round: i64,
}

/// All of it for a program.
pub(crate) fn json(booking: &StoredBooking) -> BookingDocument {
    BookingDocument {
        id: booking.id.0,
        account: booking.account.clone(),
        site: booking.site.clone(),
        base_url: booking.base_url.clone(),
        choices: choices(booking),
        state: booking.state.as_str(),
        plain_state: booking.state.plain(),
        reason: booking.reason.clone(),
        wish: booking.wish,
        receipt: booking.receipt.clone(),
        shown: booking.shown.map(SlotState::word),
        opens: opens(booking.opens),
        opens_at: booking.opens_at,
        give_up_after: duration::text(booking.give_up_after),
        lead: duration::text(booking.lead),
        clock_offset: booking.clock_offset_micros.map(duration::offset_text),
        policy: pace(booking.pace),
        most_requests: booking.most_requests,
        note: booking.note.clone(),
        created_at: booking.created_at,
        changed_at: booking.changed_at,
        runner: booking.owner.clone(),
        lease_until: booking.lease_until,
        cancel_asked: booking.cancel_asked,
        round: booking.round,
    }
}
