//! What the site's clock shows, from the `Date` headers of a few aimed requests, with an error bar.
//! Pure: it takes measurements and yields instants.
//!
//! The courts open by the site's clock, not by ours, and `Date` has whole seconds only. An arrival half a second early
//! is refused, half a second late loses the court: so the clock is measured to a few milliseconds, with a known error.
//!
//! A probe that is sent at `s` and answered at `r` with the date `d` was dated somewhere in between,
//! and `d` is that instant cut to a whole second. So the site is ahead of the local clock by at least
//! `d - r` and by less than `d + 1 - s`. Each probe gives such an interval; what all of them allow is
//! their intersection. A probe whose flight meets a whole second of the site halves it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::value::date::SeoulTime;

/// The most probes of one measurement.
pub const MAX_PROBES: usize = 12;

/// The shortest time between two probes of one measurement.
pub const PROBE_GAP: Duration = Duration::from_secs(1);

const SECOND: i64 = 1_000_000_000;

/// The interval cannot become much narrower than the fastest path. One that is wider by no more than
/// this and a twentieth of the path is not worth another probe: over simulated networks, what is left to
/// gain is far below half of the difference between the two directions, which no probe can see.
const GOOD_ENOUGH: i64 = 2_000_000;
const GOOD_ENOUGH_PART: i64 = 20;

/// One aimed request: when it left and came back by the local monotonic clock, and what it was dated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probe {
    /// When the request was handed to the connection.
    pub sent: Duration,
    /// When the head of the answer was there.
    pub answered: Duration,
    /// The answer's `Date`, in Unix seconds.
    pub date: i64,
}

/// An estimate of the site's clock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteClock {
    probes: Vec<Probe>,
    /// Bounds of `site - local`, in nanoseconds of Unix time over the local monotonic clock.
    lower: Option<i64>,
    upper: Option<i64>,
    /// The probes contradict each other: something between here and the site caches `Date`.
    cached: bool,
}

/// What a [`SiteClock`] knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ClockEstimate {
    /// How far the site's clock is ahead of the local wall clock, in microseconds; negative if behind.
    pub ahead_micros: i64,
    /// Half of the interval that the probes allow, in microseconds.
    pub error_micros: i64,
    /// The shortest time from a request to the head of its answer.
    #[serde(with = "crate::value::micros", rename = "path_micros")]
    #[cfg_attr(feature = "schema", schemars(with = "u64"))]
    pub path: Duration,
    /// The number of probes that it is made from.
    pub probes: usize,
    /// Whether the dates contradict each other, as they do behind a cache: the estimate is then the
    /// lower bound only.
    pub cached: bool,
}

impl SiteClock {
    /// Nothing measured yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a probe.
    pub fn add(&mut self, probe: Probe) {
        let (sent, answered) = (nanos(probe.sent), nanos(probe.answered));
        let date = probe.date.saturating_mul(SECOND);
        let lower = date.saturating_sub(answered);
        let upper = date.saturating_add(SECOND).saturating_sub(sent);
        self.probes.push(probe);
        self.lower = Some(self.lower.map_or(lower, |known| known.max(lower)));
        if self.cached {
            return;
        }
        let narrowed = self.upper.map_or(upper, |known| known.min(upper));
        self.upper = Some(narrowed);
        if self.lower.is_some_and(|lower| lower > narrowed) {
            // A cached `Date` is too old, never too new: what it says at least still holds.
            self.cached = true;
            self.upper = None;
        }
    }

    /// The probes so far.
    pub fn probes(&self) -> &[Probe] {
        &self.probes
    }

    /// Whether another probe would help and may be sent.
    pub fn wants_more(&self) -> bool {
        if self.probes.len() >= MAX_PROBES {
            return false;
        }
        match (self.lower, self.upper) {
            (Some(lower), Some(upper)) => {
                let path = nanos(self.path());
                let enough = path.saturating_add(path / GOOD_ENOUGH_PART).saturating_add(GOOD_ENOUGH);
                upper.saturating_sub(lower) > enough
            }
            _ => true,
        }
    }

    /// The local instant at which to send the next probe: the first after `now` and a gap after the
    /// last one at which the middle of its flight meets a whole second of the site.
    pub fn aim(&self, now: Duration) -> Duration {
        let earliest = self.probes.last().map_or(now, |last| now.max(last.sent.saturating_add(PROBE_GAP)));
        let Some(middle) = self.middle() else { return earliest };
        let flight = nanos(self.typical_path()) / 2;
        let arrival = nanos(earliest).saturating_add(flight).saturating_add(middle);
        let wait = (SECOND - arrival.rem_euclid(SECOND)) % SECOND;
        earliest.saturating_add(Duration::from_nanos(wait.unsigned_abs()))
    }

    /// The shortest path seen.
    fn path(&self) -> Duration {
        self.probes.iter().map(|p| p.answered.saturating_sub(p.sent)).min().unwrap_or_default()
    }

    /// The median path: what the next request will most likely take. Aiming by the shortest one lets
    /// most probes arrive late and tighten the same bound again.
    pub(crate) fn typical_path(&self) -> Duration {
        let mut paths: Vec<Duration> =
            self.probes.iter().map(|p| p.answered.saturating_sub(p.sent)).collect();
        paths.sort_unstable();
        paths.get(paths.len() / 2).copied().unwrap_or_default()
    }

    fn middle(&self) -> Option<i64> {
        let lower = self.lower?;
        Some(self.upper.map_or(lower, |upper| lower.saturating_add(upper.saturating_sub(lower) / 2)))
    }

    /// The local monotonic instant at which the site's clock shows `instant`.
    pub fn local(&self, instant: SeoulTime) -> Option<Duration> {
        let local = instant.unix_micros().saturating_mul(1_000).saturating_sub(self.middle()?);
        Some(Duration::from_nanos(u64::try_from(local).unwrap_or_default()))
    }

    /// The estimate, against a local wall clock that shows `wall` at the monotonic instant `at`.
    pub fn estimate(&self, wall: SeoulTime, at: Duration) -> Option<ClockEstimate> {
        let (middle, lower) = (self.middle()?, self.lower?);
        let wall_offset = wall.unix_micros().saturating_mul(1_000).saturating_sub(nanos(at));
        let width = self.upper.map_or(SECOND, |upper| upper.saturating_sub(lower));
        Some(ClockEstimate {
            ahead_micros: middle.saturating_sub(wall_offset) / 1_000,
            error_micros: width / 2_000,
            path: self.path(),
            probes: self.probes.len(),
            cached: self.cached,
        })
    }
}

fn nanos(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A site whose clock is ahead, at the end of two paths.
    struct Net {
        ahead: i64,
        there: i64,
        back: i64,
        cache: i64,
    }

    const START: i64 = 1_795_658_400 * SECOND;

    impl Net {
        fn probe(&self, sent: Duration) -> Probe {
            let at_site = START + nanos(sent) + self.there + self.ahead;
            let at_site = if self.cache > 0 { at_site - at_site.rem_euclid(self.cache) } else { at_site };
            let answered = sent + Duration::from_nanos((self.there + self.back) as u64);
            Probe { sent, answered, date: at_site.div_euclid(SECOND) }
        }

        fn measured(&self) -> SiteClock {
            let mut clock = SiteClock::new();
            let mut now = Duration::from_millis(123);
            while clock.wants_more() {
                let sent = clock.aim(now);
                assert!(clock.probes().last().is_none_or(|last| sent >= last.sent + PROBE_GAP));
                let probe = self.probe(sent);
                now = probe.answered;
                clock.add(probe);
            }
            clock
        }
    }

    #[test]
    fn the_bounds_hold_the_truth_and_close_in_on_it() {
        for (ahead, there, back) in
            [(0, 20, 20), (1_999, 20, 20), (-1_500, 5, 5), (333, 26, 14), (-777, 42, 78), (0, 0, 0)]
        {
            let ms = 1_000_000;
            let net = Net { ahead: ahead * ms, there: there * ms, back: back * ms, cache: 0 };
            let clock = net.measured();
            let truth = START + net.ahead;
            assert!(clock.lower.unwrap() <= truth && truth <= clock.upper.unwrap());
            assert!(clock.probes().len() <= MAX_PROBES);
            let error = (clock.middle().unwrap() - truth).abs();
            // Half of the difference between the two paths, and what is left of the halving.
            assert!(error <= (there - back).abs() * ms / 2 + 2 * ms, "{ahead} {there} {back}: {error}");
        }
    }

    #[test]
    fn a_cached_date_is_noticed_and_the_lower_bound_kept() {
        let ms = 1_000_000;
        let net = Net { ahead: 500 * ms, there: 10 * ms, back: 10 * ms, cache: 7 * SECOND };
        let clock = net.measured();
        let estimate = clock.estimate(SeoulTime::from_unix_micros(START / 1_000), Duration::ZERO).unwrap();
        assert!(estimate.cached, "{clock:?}");
        assert!(clock.lower.unwrap() <= START + net.ahead);
    }

    #[test]
    fn an_instant_of_the_site_is_found_on_the_local_clock() {
        let net = Net { ahead: 250_000_000, there: 0, back: 0, cache: 0 };
        let clock = net.measured();
        let instant = SeoulTime::from_unix_micros(START / 1_000 + 10_250_000);
        let local = clock.local(instant).unwrap();
        assert!(local.abs_diff(Duration::from_secs(10)) <= Duration::from_millis(2), "{local:?}");
        let estimate = clock.estimate(SeoulTime::from_unix_micros(START / 1_000), Duration::ZERO).unwrap();
        assert!((estimate.ahead_micros - 250_000).abs() <= 2_000, "{estimate:?}");
        assert_eq!(SiteClock::new().local(instant), None);
    }

    fn probe(sent: u64, answered: u64, date: i64) -> Probe {
        let ms = Duration::from_millis;
        Probe { sent: ms(sent), answered: ms(answered), date }
    }

    #[test]
    fn each_probe_narrows_the_interval_by_its_own_bounds() {
        let mut clock = SiteClock::new();
        assert!(clock.wants_more() && clock.estimate(SeoulTime::from_unix_micros(0), NOON).is_none());
        // Ahead by at least 10 s - 300 ms and less than 11 s - 200 ms.
        clock.add(probe(200, 300, 10));
        assert_eq!((clock.lower, clock.upper), (Some(9_700_000_000), Some(10_800_000_000)));
        // At least 12 s - 1,900 ms and less than 13 s - 1,860 ms.
        clock.add(probe(1_860, 1_900, 12));
        assert_eq!((clock.lower, clock.upper), (Some(10_100_000_000), Some(10_800_000_000)));
        assert_eq!(clock.probes(), [probe(200, 300, 10), probe(1_860, 1_900, 12)]);
        // Against a wall clock that is at 1,000 s when the monotonic one is at 990 s: offset 10 s, middle 10.45 s.
        let wall = SeoulTime::from_unix_micros(1_000_000_000);
        let estimate = clock.estimate(wall, Duration::from_secs(990)).unwrap();
        assert_eq!((estimate.ahead_micros, estimate.error_micros), (450_000, 350_000));
        assert_eq!((estimate.path, estimate.probes, estimate.cached), (Duration::from_millis(40), 2, false));
        // The path that is aimed by is the usual one, not the quickest.
        clock.add(probe(3_000, 3_060, 13));
        assert_eq!(clock.typical_path(), Duration::from_millis(60));
        assert_eq!(clock.local(SeoulTime::from_unix_micros(20_000_000)), Some(Duration::from_millis(9_550)));
    }

    const NOON: Duration = Duration::from_secs(43_200);

    #[test]
    fn bounds_that_touch_are_no_contradiction_and_bounds_that_cross_are() {
        let mut clock = SiteClock::new();
        clock.add(probe(0, 0, 10));
        clock.add(probe(1_000, 1_000, 12));
        assert_eq!((clock.lower, clock.upper, clock.cached), (Some(11 * SECOND), Some(11 * SECOND), false));
        let wall = SeoulTime::from_unix_micros(0);
        assert_eq!(clock.estimate(wall, Duration::ZERO).unwrap().error_micros, 0);
        clock.add(Probe { sent: NOON, answered: NOON, date: 43_200 + 12 });
        assert_eq!((clock.lower, clock.upper, clock.cached), (Some(12 * SECOND), None, true));
        // Whole seconds of doubt, and only the lower bound.
        let estimate = clock.estimate(wall, Duration::ZERO).unwrap();
        assert_eq!(
            (estimate.ahead_micros, estimate.error_micros, estimate.cached),
            (12_000_000, 500_000, true)
        );
    }

    #[test]
    fn an_interval_near_the_quickest_path_is_narrow_enough() {
        // A path of 40 ms: 40 ms and a twentieth and 2 ms more are good enough.
        let mut clock = SiteClock::new();
        clock.add(probe(0, 40, 10));
        let lower = clock.lower.unwrap();
        clock.upper = Some(lower + 44_000_000);
        assert!(!clock.wants_more());
        clock.upper = Some(lower + 44_000_001);
        assert!(clock.wants_more());
        clock.probes = vec![probe(0, 40, 10); MAX_PROBES - 1];
        assert!(clock.wants_more());
        clock.probes.push(probe(0, 40, 10));
        assert!(!clock.wants_more());
    }

    #[test]
    fn the_next_probe_is_aimed_at_a_whole_second_of_the_site() {
        let ms = Duration::from_millis;
        assert_eq!(SiteClock::new().aim(ms(77)), ms(77));
        // The middle of 9.7 s and 10.8 s is 10.25 s, the way there 50 ms: at 1,700 ms the site shows a whole second.
        let mut clock = SiteClock::new();
        clock.add(probe(200, 300, 10));
        assert_eq!(clock.aim(Duration::ZERO), ms(1_700));
        assert_eq!(clock.aim(ms(1_700)), ms(1_700));
        assert_eq!(clock.aim(ms(1_701)), ms(2_700));
    }

    #[test]
    fn nonsense_dates_do_no_harm() {
        let mut clock = SiteClock::new();
        for date in [i64::MIN, i64::MAX, 0, -1] {
            clock.add(Probe { sent: Duration::MAX, answered: Duration::MAX, date });
            clock.add(Probe { sent: Duration::ZERO, answered: Duration::ZERO, date });
            for at in [Duration::ZERO, Duration::MAX] {
                clock.aim(at);
                clock.wants_more();
                for wall in [i64::MIN, 0, i64::MAX].map(SeoulTime::from_unix_micros) {
                    clock.local(wall);
                    clock.estimate(wall, at);
                }
            }
        }
        assert!(!clock.wants_more() || clock.probes().len() < MAX_PROBES);
    }
}
