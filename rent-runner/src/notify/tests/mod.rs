//! Channels against servers on loopback, and the outbox against a real store.

mod channels;
mod http;
mod kakao;
mod mail;
mod outbox;
mod server;
mod texts;
mod tls;

use std::time::Duration;

use serde_json::json;

use super::message::{Facts, Kind, Note};
use super::notifier::Notifier;
use super::outbox::Patience;
use super::{Channel, NotifySettings};
use crate::say::Language;
use crate::store::{BookingId, State};
use crate::testing::channel;

/// Settings of which only the channels matter.
fn config(channels: Vec<Channel>) -> NotifySettings {
    NotifySettings { channels, language: Language::Korean, extra_ca: None }
}

/// Nobody waits; a dead server is noticed at once.
fn impatient() -> Patience {
    Patience {
        poll_every: Duration::from_millis(5),
        each: Duration::from_secs(5),
        hold: Duration::from_secs(60),
        back_off: [Duration::ZERO; 5],
    }
}

fn notifier(channels: &[&str]) -> Notifier {
    let channels = channels.iter().map(|table| channel(table).unwrap()).collect();
    Notifier::with(&config(channels), impatient(), None).unwrap()
}

/// A verdict with everything in it.
fn note() -> Note {
    let facts = json!({
        "site": "namyangju", "place": "NYJ06/07/103", "date": "2026-12-05", "time": "06:00-08:00",
        "choice": 2, "choices": 3, "state": "succeeded", "verdict": "reserved",
        "reason": "reserved <at once> & read back", "receipt": "20260001",
        "opens_at": "2026-11-26T10:00:00+09:00", "attempts": 1, "requests": 4,
    });
    Note {
        id: Some(17),
        booking: Some(BookingId(3)),
        kind: Kind::Verdict,
        at: "2026-11-26 10:00:01".parse().unwrap(),
        facts: serde_json::from_value(facts).unwrap(),
    }
}

fn note_of(kind: Kind, state: State) -> Note {
    Note { kind, facts: Facts { state: Some(state), receipt: None, ..note().facts }, ..note() }
}
