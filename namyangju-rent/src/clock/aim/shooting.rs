//! The shot, and what follows one that was refused as too early.

use std::time::Duration;

use super::measuring::{JITTER_PART, JITTER_PART_OF_FEW, MANY_CONNECTS, SLACK, Span, Used};
use super::{
    Aim, EarlierOpening, LATE_BY, MILLI, SECOND, Shot, ShotArrival, Source, Stamp, StampFrom, duration, nanos,
};
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

/// How far this machine's clock and the site's may be apart where a time server keeps each within 5 ms.
pub(super) const KEPT_WITHIN: i64 = 10 * MILLI;

/// The way there may be shorter than half of the round trip by this part of it, in per cent: 35 of 100 are there, 65 back.
pub(super) const SHORTER_WAY_PERCENT: i64 = 15;

/// An opening this far from where the dates put it, in microseconds, tells something of them.
pub(super) const DATES_ARE_OFF: i64 = 20_000;

/// What earlier openings tell of the dates of a site that seems to be behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum DatesBefore {
    /// It opened before its dates said so: they are late.
    Late,
    /// It was asked before its dates said so, and was still closed: its clock is behind.
    Right,
    Untold,
}

impl Aim {
    /// The shot for an opening at `instant` of the site's clock; `None` without a sample.
    ///
    /// It is not early by the likely value, and by the safe end it is early by no more than jitter explains, unless
    /// both stamp models fit and waiting for the later one would cost more than a refusal.
    pub fn shot(&self, instant: SeoulTime) -> Option<Shot> {
        self.shot_earlier(instant, self.opens_earlier())
    }

    /// The shot for an opening that comes this much earlier than announced, in nanoseconds.
    fn shot_earlier(&self, instant: SeoulTime, earlier: i64) -> Option<Shot> {
        let (reading, open) = self.read()?;
        let network = self.network()?;
        let opens = opens_at(instant);
        let late_by = LATE_BY.max(network.whole / LATE_BY_PART);
        let meets = |ahead: i64| opens.saturating_sub(ahead).saturating_add(late_by);
        let safe_at = meets(reading.safe);
        let few = !reading.files && reading.stamp != Stamp::Arrival && self.connects.len() < MANY_CONNECTS;
        let least = if few { network.whole / JITTER_PART_OF_FEW } else { 0 };
        let at = meets(reading.likely)
            .saturating_add(network.jitter.max(least).max(open.min(LATE_BY_AT_MOST)))
            .saturating_sub(earlier)
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
        let opens = opens_at(instant);
        let arrives = |ahead: i64| nanos(at).saturating_add(ahead).saturating_sub(opens) / 1_000;
        Some(ShotArrival {
            earliest_micros: arrives(reading.earliest),
            likely_micros: arrives(reading.likely),
            latest_micros: arrives(reading.latest),
        })
    }

    /// When the first of two shots leaves, which goes by this machine's clock: a time server keeps it, and it shows `instant`
    /// at the local monotonic instant `shows`. `None` where the dates decide alone.
    ///
    /// A site that seems to be behind by less than a second has two explanations. Its clock is behind; or a timer renews the
    /// text of its `Date` each second, and the clock that its rules ask is right. So one shot goes by this clock and, if it is
    /// refused, one by the dates ([`after_own_clock`](Self::after_own_clock)). The first goes only if its answer is here before
    /// the second has to leave: then it costs a request and no time. Neither goes where a stamp of the application, a proven
    /// stamp of the arrival (no timer makes one) or an earlier opening tells which explanation is true.
    pub fn by_own_clock(&self, instant: SeoulTime, shows: Duration) -> Option<Duration> {
        // Where pages come with stamps of the application, the shot by them is all that is needed.
        if self.own_is_live() || self.has_many_own() || self.opened_late_before() {
            return None;
        }
        let (dates, network) = (self.by_dates().reading()?, self.network()?);
        let is_proven = matches!(dates.stamp_from, StampFrom::Told | StampFrom::Learnt | StampFrom::Earlier);
        if dates.cached || dates.stamp == Stamp::Arrival && is_proven {
            return None;
        }
        let way = network.typical / 2;
        let at = nanos(shows)
            .saturating_sub(way)
            .saturating_add(KEPT_WITHIN)
            .saturating_add(network.whole / 100 * SHORTER_WAY_PERCENT);
        let behind = nanos(self.by_dates_for_sure(instant)?).saturating_sub(at);
        if behind <= 0 || behind > SECOND.saturating_add(network.high) {
            return None;
        }
        // A few stamps of the application may tell as well which clock it has.
        let agrees = opens_at(instant).saturating_sub(nanos(shows)).saturating_add(way);
        let own = self.fit(&network, Stamp::Unknown, Used { files: false, pages: false, own: true });
        let own = own.map_or(Span::ALL, |own| own.bounds.wider(KEPT_WITHIN));
        let pages = self.paths(Source::Page)?;
        let varies = pages.spread().max(network.jitter).saturating_mul(2).saturating_add(MILLI);
        let is_worth_it = match self.dates_before() {
            _ if own.high < agrees => false,
            _ if own.low > dates.latest => true,
            DatesBefore::Late => true,
            DatesBefore::Right => false,
            DatesBefore::Untold => behind >= pages.typical.saturating_add(varies),
        };
        is_worth_it.then(|| duration(at))
    }

    /// When the second shot leaves, after one by this machine's clock was answered "not open yet" at `now`.
    ///
    /// It goes by the dates, later than a first shot would: what is refused here has to wait until a second has passed since the
    /// first. Halfway to the safe instant 2 of 6,787 simulated ones were early.
    pub fn after_own_clock(&self, instant: SeoulTime, now: Duration) -> Option<Duration> {
        Some(now.max(self.by_dates_for_sure(instant)?))
    }

    fn by_dates_for_sure(&self, instant: SeoulTime) -> Option<Duration> {
        let Shot { at, safe_at, .. } = self.shot_earlier(instant, 0)?;
        Some(at.saturating_add(safe_at.saturating_sub(at) / 2))
    }

    /// What earlier openings tell of the dates.
    fn dates_before(&self) -> DatesBefore {
        let sensible = || self.earlier.iter().filter(|opening| opening.is_sensible());
        let opened = |opening: &EarlierOpening| opening.open_micros.is_some_and(|at| at < -DATES_ARE_OFF);
        let closed = |opening: &EarlierOpening| opening.closed_micros.is_some_and(|at| at < -DATES_ARE_OFF);
        if sensible().any(opened) {
            DatesBefore::Late
        } else if sensible().any(closed) {
            DatesBefore::Right
        } else {
            DatesBefore::Untold
        }
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
        let opens = opens_at(instant);
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

fn opens_at(instant: SeoulTime) -> i64 {
    instant.unix_micros().saturating_mul(1_000)
}

/// The earliest instant of a third attempt, when the first was sent at `first`: no second has three.
pub fn third_not_before(first: Duration) -> Duration {
    first.saturating_add(TWO_IN)
}
