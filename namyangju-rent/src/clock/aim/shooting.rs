//! The shot, and what follows one that was refused as too early.

use std::time::Duration;

use super::measuring::{JITTER_PART, JITTER_PART_OF_FEW, MANY_CONNECTS, SLACK};
use super::{Aim, LATE_BY, MILLI, Shot, ShotArrival, Stamp, duration, nanos};
use crate::value::date::SeoulTime;

/// The same as a part of the round trip, where that is more: on a long way the jitter that a few probes show is off by more.
pub(super) const LATE_BY_PART: i64 = 20;

/// The most that is added for an interval that jitter does not explain, where few probes fitted in.
pub(super) const LATE_BY_AT_MOST: i64 = 250 * MILLI;

/// No second holds more than two attempts.
pub(super) const TWO_IN: Duration = Duration::from_secs(1);

/// An opening before which a request was refused this much after the announced instant, in microseconds, was late: no
/// request that is aimed is early by so much.
pub(super) const LATE_OPENING: i64 = 50_000;

impl Aim {
    /// The shot for an opening at `instant` of the site's clock; `None` without a sample.
    ///
    /// It is not early by the likely value, and by the safe end it is early by no more than jitter explains, unless
    /// both stamp models fit and waiting for the later one would cost more than a refusal.
    pub fn shot(&self, instant: SeoulTime) -> Option<Shot> {
        let (reading, open) = self.read()?;
        let network = self.network()?;
        let opens = instant.unix_micros().saturating_mul(1_000);
        let late_by = LATE_BY.max(network.whole / LATE_BY_PART);
        let meets = |ahead: i64| opens.saturating_sub(ahead).saturating_add(late_by);
        let safe_at = meets(reading.safe);
        let few = !reading.files && reading.stamp != Stamp::Arrival && self.connects.len() < MANY_CONNECTS;
        let least = if few { network.whole / JITTER_PART_OF_FEW } else { 0 };
        let at = meets(reading.likely)
            .saturating_add(network.jitter.max(least).max(open.min(LATE_BY_AT_MOST)))
            .saturating_sub(self.opens_earlier())
            .min(safe_at);
        let arrives = |ahead: i64| at.saturating_add(ahead).saturating_sub(opens) / 1_000;
        Some(Shot {
            at: duration(at),
            safe_at: duration(safe_at),
            earliest_micros: arrives(reading.earliest),
            likely_micros: arrives(reading.likely),
            latest_micros: arrives(reading.latest),
        })
    }

    /// When what is sent at `at` arrives, for an opening at `instant` of the site's clock; `None` without a sample.
    pub fn arrival(&self, instant: SeoulTime, at: Duration) -> Option<ShotArrival> {
        let reading = self.reading()?;
        let opens = instant.unix_micros().saturating_mul(1_000);
        let arrives = |ahead: i64| nanos(at).saturating_add(ahead).saturating_sub(opens) / 1_000;
        Some(ShotArrival {
            earliest_micros: arrives(reading.earliest),
            likely_micros: arrives(reading.likely),
            latest_micros: arrives(reading.latest),
        })
    }

    /// How much earlier than announced all openings came before, by a clock measured like this one, in nanoseconds.
    /// An opening that came late is no reason to wait.
    pub(super) fn opens_earlier(&self) -> i64 {
        let earlier = self.earlier.iter().filter_map(|opening| opening.earlier_by());
        earlier.min().unwrap_or_default()
    }

    /// Whether an opening before this one was late, so that a first refusal is no sign of an early request.
    pub(super) fn opened_late_before(&self) -> bool {
        self.earlier.iter().any(|opening| opening.is_sensible() && opening.closed_micros > Some(LATE_OPENING))
    }

    /// When to try a second time after the first attempt, sent at `first`, was answered "not open yet"; `None` if it
    /// cannot have been early, so that the opening is late. `now` is when the answer was there, whose date the
    /// caller has already taken in. The third attempt has to wait for [`third_not_before`].
    pub fn second(&self, instant: SeoulTime, first: Duration, now: Duration) -> Option<Duration> {
        let reading = self.reading()?;
        let network = self.network()?;
        if self.opened_late_before() {
            return None;
        }
        let opens = instant.unix_micros().saturating_mul(1_000);
        let arrived = nanos(first).saturating_add(reading.earliest);
        // A line that was quicker than the quickest seen is a reason too: the second attempt costs little.
        let margin = SLACK.saturating_add(network.high / JITTER_PART);
        if arrived > opens.saturating_add(margin) {
            return None;
        }
        let safe_at = duration(opens.saturating_sub(reading.safe).saturating_add(LATE_BY));
        Some(now.max(safe_at.min(first.saturating_add(TWO_IN / 2))))
    }
}

/// The earliest instant of a third attempt, when the first was sent at `first`: no second has three.
pub fn third_not_before(first: Duration) -> Duration {
    first.saturating_add(TWO_IN)
}
