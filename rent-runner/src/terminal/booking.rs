//! A stored booking for people and for programs. Neither holds the applicant's data.

use namyangju_rent::schedule::SlotState;
use namyangju_rent::{Purpose, Wish};
use serde_json::{Value, json};

use crate::store::{OpeningSource, RetryPace, State, StoredBooking};
use crate::words::duration;

/// Its state: the plain word, and the exact one where that says more.
pub(crate) fn state(state: State) -> String {
    match (state.plain(), state.as_str()) {
        (plain, word) if plain == word => plain.to_owned(),
        (plain, word) => format!("{plain}: {word}"),
    }
}

/// A wish in one line, with the name of its court and its codes.
pub(crate) fn wish(booking: &StoredBooking, wish: &Wish) -> String {
    let court = match booking.names.get(&wish.place) {
        Some(name) => format!("{name} ({})", wish.place),
        None => wish.place.to_string(),
    };
    format!("{court} {}", when(wish))
}

/// A wish in one short line, with the name of its court, or its codes where it has none.
pub(crate) fn wish_by_name(booking: &StoredBooking, wish: &Wish) -> String {
    let court = booking.names.get(&wish.place).map_or_else(|| wish.place.to_string(), str::to_owned);
    format!("{court} {}", when(wish))
}

fn when(wish: &Wish) -> String {
    let events = if wish.purpose == Purpose::Events { ", events" } else { "" };
    format!("{} {}{events}", wish.date, wish.range)
}

/// The choices, each with what its court is called.
fn choices(booking: &StoredBooking) -> Vec<Value> {
    let named = |wish: &Wish| {
        let mut value = json!(wish);
        if let Value::Object(fields) = &mut value {
            fields.insert("place_name".to_owned(), json!(booking.names.get(&wish.place)));
        }
        value
    };
    booking.choices.iter().map(named).collect()
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

/// All of it for a program.
pub(crate) fn json(booking: &StoredBooking) -> Value {
    json!({
        "id": booking.id,
        "account": booking.account,
        "site": booking.site,
        "base_url": booking.base_url,
        "choices": choices(booking),
        "state": booking.state.as_str(),
        "plain_state": booking.state.plain(),
        "reason": booking.reason,
        "wish": booking.wish,
        "receipt": booking.receipt,
        "shown": booking.shown.map(SlotState::word),
        "opens": opens(booking.opens),
        "opens_at": booking.opens_at,
        "give_up_after": duration::text(booking.give_up_after),
        "lead": duration::text(booking.lead),
        "clock_offset": booking.clock_offset_micros.map(duration::offset_text),
        "policy": pace(booking.pace),
        "most_requests": booking.most_requests,
        "note": booking.note,
        "created_at": booking.created_at,
        "changed_at": booking.changed_at,
        "runner": booking.owner,
        "lease_until": booking.lease_until,
        "cancel_asked": booking.cancel_asked,
        "round": booking.round,
    })
}
