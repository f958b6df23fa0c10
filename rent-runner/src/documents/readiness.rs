//! What a booking that a runner holds has ready, by its stored events.

use std::collections::HashMap;

use anyhow::Result;
use namyangju_rent::Event;
use namyangju_rent::clock::ClockEstimate;
use schemars::JsonSchema;
use serde::Serialize;

use crate::say::say;
use crate::store::{BookingId, Store, StoredBooking};
use crate::words::error_bar;

/// How far the preparation of a booking is.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub(crate) struct Readiness {
    /// Whether it is logged in.
    logged_in: bool,
    /// Whether the numbers of its slots are known.
    numbers_known: bool,
    /// What is known of the site's clock.
    clock: Option<ClockEstimate>,
    /// Whether everything is ready for the opening.
    armed: bool,
    /// Whether an attempt has begun.
    trying: bool,
}

impl Readiness {
    /// By the events of one claim, in their order.
    pub(crate) fn of<'e>(events: impl IntoIterator<Item = &'e Event>) -> Self {
        let mut ready = Self::default();
        for event in events {
            match event {
                Event::LoggedIn | Event::Restored => ready.logged_in = true,
                Event::Learned { .. } | Event::Remembered => ready.numbers_known = true,
                Event::ClockRead { estimate } => ready.clock = Some(*estimate),
                Event::Armed { .. } => ready.armed = true,
                // The first attempt waits for the instant like what is armed.
                Event::Fired { .. } | Event::Resting { .. } | Event::Answered { .. } => ready.trying = true,
                _ => {}
            }
        }
        ready
    }

    /// In a few words.
    pub(crate) fn in_words(&self) -> String {
        let clock = self.clock.as_ref().map(|clock| match clock.cached {
            true => say!("ready-clock-cached"),
            false => say!("ready-clock", error = error_bar(clock)),
        });
        let parts = [
            self.logged_in.then(|| say!("ready-logged-in")),
            self.numbers_known.then(|| say!("ready-numbers")),
            clock,
            self.armed.then(|| say!("state-armed")),
            self.trying.then(|| say!("ready-trying")),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        if parts.is_empty() { say!("ready-nothing") } else { parts.join(", ") }
    }
}

/// That of all bookings that a runner holds.
pub(crate) async fn of_held(store: &Store) -> Result<HashMap<BookingId, Readiness>> {
    let mut events: HashMap<BookingId, Vec<Event>> = HashMap::new();
    for (id, event) in store.events_of_held().await? {
        events.entry(id).or_default().push(event);
    }
    Ok(events.into_iter().map(|(id, events)| (id, Readiness::of(&events))).collect())
}

/// That of one booking; `None` if no runner holds it.
pub(crate) fn of_booking(booking: &StoredBooking, held: &HashMap<BookingId, Readiness>) -> Option<Readiness> {
    let is_held = booking.owner.is_some() && !booking.state.is_over();
    is_held.then(|| held.get(&booking.id).cloned().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use namyangju_rent::{SeoulTime, Step};
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_ready_is_said_in_the_order_of_its_making() {
        let estimate = json!({
            "ahead_micros": 5, "error_micros": 1_200, "path_micros": 40_000, "probes": 3, "cached": false
        });
        let estimate: ClockEstimate = serde_json::from_value(estimate).unwrap();
        let events = [
            Event::Waiting { until: SeoulTime::from_unix_micros(0) },
            Event::LoggedIn,
            Event::ClockRead { estimate },
            Event::Armed { with: Step::Form, arrives: None },
        ];
        let words = |many: usize| Readiness::of(&events[..many]).in_words();
        assert_eq!(words(1), "held by a runner, nothing ready yet");
        assert_eq!(words(2), "logged in");
        assert_eq!(words(4), "logged in, clock ±1.2 ms, armed");
    }
}
