//! What the bookings of one client share of the site's clock: one of them measures at a time, and the others
//! take its measurement over instead of asking the site for the same again.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::MutexGuard;

use crate::clock::aim::{Aim, Sample, Stamp};
use crate::clock::site_clock::{Probe, SiteClock};

/// A measurement whose newest probe is older than this is repeated shortly before the opening.
const FRESH: Duration = Duration::from_secs(45);

/// Everything that was measured over one route: what the site's clock shows, for people and reports, and when a
/// request of the opening arrives, for the shot.
#[derive(Clone, Debug, Default)]
pub(crate) struct Measurement {
    pub(crate) clock: SiteClock,
    pub(crate) aim: Aim,
}

impl Measurement {
    /// Nothing measured yet; `told` is when the dialect says that pages are dated.
    pub(crate) fn new(told: Stamp) -> Self {
        Self { aim: Aim::new(told), ..Self::default() }
    }

    /// Takes an aimed probe in. Its sample comes with those of all other answers ([`add`](Self::add)).
    pub(crate) fn probed(&mut self, probe: Probe) {
        self.clock.add(probe);
    }

    /// Takes the dated answers of a line in, and the last `Server` header.
    pub(crate) fn add(&mut self, (samples, server): (Vec<Sample>, Option<String>)) {
        samples.into_iter().for_each(|sample| self.aim.add(sample));
        if let Some(server) = server {
            self.aim.served_by(&server);
        }
    }

    /// Whether the newest probe is recent enough.
    pub(crate) fn is_fresh(&self, now: Duration) -> bool {
        self.last_probe().is_some_and(|last| last.saturating_add(FRESH) >= now)
    }

    /// When the newest probe was sent.
    pub(crate) fn last_probe(&self) -> Option<Duration> {
        self.clock.probes().last().map(|last| last.sent)
    }
}

/// The last measurement, and whose turn it is.
#[derive(Debug, Default)]
pub(crate) struct SharedSiteClock {
    turn: tokio::sync::Mutex<()>,
    known: Mutex<Option<RouteMeasurement>>,
}

#[derive(Debug)]
struct RouteMeasurement {
    /// Another route has another path.
    route: String,
    measurement: Measurement,
}

impl SharedSiteClock {
    /// The turn to measure; `None` while another booking has it.
    pub(crate) fn turn(&self) -> Option<MutexGuard<'_, ()>> {
        self.turn.try_lock().ok()
    }

    /// Keeps what was measured over a route.
    pub(crate) fn keep(&self, route: String, measurement: &Measurement) {
        let known = RouteMeasurement { route, measurement: measurement.clone() };
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(known);
    }

    /// What was measured lately over the same route and rests on more probes than `own`.
    pub(crate) fn better_than(&self, own: &Measurement, route: &str, now: Duration) -> Option<Measurement> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let RouteMeasurement { measurement, .. } = known.as_ref().filter(|known| known.route == route)?;
        let more = measurement.clock.probes().len() > own.clock.probes().len();
        (measurement.is_fresh(now) && more).then(|| measurement.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_fresh_measurement_of_more_probes_over_the_same_route_is_taken_over() {
        let second = Duration::from_secs;
        let probes = |found: Option<Measurement>| found.map(|found| found.clock.probes().len());
        let mut clock = Measurement::default();
        let (measured, nothing) = (SharedSiteClock::default(), Measurement::default());
        assert_eq!(probes(measured.better_than(&nothing, "direct", second(100))), None);
        clock.probed(Probe { sent: second(100), answered: second(100), date: 1_795_658_400 });
        measured.keep("direct".to_owned(), &clock);
        assert_eq!(probes(measured.better_than(&nothing, "direct", second(101))), Some(1));
        assert_eq!(probes(measured.better_than(&nothing, "direct", second(100) + FRESH)), Some(1));
        assert_eq!(probes(measured.better_than(&nothing, "direct", second(101) + FRESH)), None);
        assert_eq!(probes(measured.better_than(&nothing, "other", second(101))), None);
        assert_eq!(probes(measured.better_than(&clock, "direct", second(101))), None);
    }

    #[test]
    fn one_measures_at_a_time() {
        let measured = SharedSiteClock::default();
        let turn = measured.turn();
        assert!(turn.is_some() && measured.turn().is_none());
        drop(turn);
        assert!(measured.turn().is_some());
    }
}
