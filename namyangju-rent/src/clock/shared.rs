//! What the bookings of one client share of the site's clock: one of them measures at a time, and the others
//! take its measurement over instead of asking the site for the same again.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::MutexGuard;

use crate::clock::site_clock::SiteClock;

/// A measurement whose newest probe is older than this is repeated shortly before the opening.
const FRESH: Duration = Duration::from_secs(45);

/// Whether the newest probe of a measurement is recent enough.
pub(crate) fn is_fresh(clock: &SiteClock, now: Duration) -> bool {
    clock.probes().last().is_some_and(|last| last.sent.saturating_add(FRESH) >= now)
}

/// The last measurement, and whose turn it is.
#[derive(Debug, Default)]
pub(crate) struct SharedSiteClock {
    turn: tokio::sync::Mutex<()>,
    known: Mutex<Option<Known>>,
}

#[derive(Debug)]
struct Known {
    /// Another route has another path.
    route: String,
    clock: SiteClock,
}

impl SharedSiteClock {
    /// The turn to measure; `None` while another booking has it.
    pub(crate) fn turn(&self) -> Option<MutexGuard<'_, ()>> {
        self.turn.try_lock().ok()
    }

    /// Keeps what was measured over a route.
    pub(crate) fn keep(&self, route: String, clock: &SiteClock) {
        let known = Known { route, clock: clock.clone() };
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(known);
    }

    /// A recent measurement over the same route that has more probes than `own`.
    pub(crate) fn better_than(&self, own: &SiteClock, route: &str, now: Duration) -> Option<SiteClock> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let Known { clock, .. } = known.as_ref().filter(|known| known.route == route)?;
        (is_fresh(clock, now) && clock.probes().len() > own.probes().len()).then(|| clock.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::site_clock::Probe;

    #[test]
    fn only_a_fresh_measurement_of_more_probes_over_the_same_route_is_taken_over() {
        let second = Duration::from_secs;
        let mut clock = SiteClock::new();
        let (measured, nothing) = (SharedSiteClock::default(), SiteClock::new());
        assert_eq!(measured.better_than(&nothing, "direct", second(100)), None);
        clock.add(Probe { sent: second(100), answered: second(100), date: 1_795_658_400 });
        measured.keep("direct".to_owned(), &clock);
        assert_eq!(measured.better_than(&nothing, "direct", second(101)), Some(clock.clone()));
        assert_eq!(measured.better_than(&nothing, "direct", second(100) + FRESH), Some(clock.clone()));
        assert_eq!(measured.better_than(&nothing, "direct", second(101) + FRESH), None);
        assert_eq!(measured.better_than(&nothing, "other", second(101)), None);
        assert_eq!(measured.better_than(&clock, "direct", second(101)), None);
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
