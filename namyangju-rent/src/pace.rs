//! The ceiling on requests that no setting lifts.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::clock::Clock;

/// The most requests that all sessions of one client send in any second.
///
/// The old system sent up to six a second for a single slot and was blocked; a booking of ours
/// needs a handful in all.
pub const MOST_REQUESTS_A_SECOND: usize = 20;

const WINDOW: Duration = Duration::from_secs(1);

/// Gives out turns so that no second holds more than [`MOST_REQUESTS_A_SECOND`] requests.
#[derive(Clone, Debug)]
pub(crate) struct Pace {
    clock: Arc<dyn Clock>,
    turns: Arc<Mutex<VecDeque<Duration>>>,
    given: Arc<AtomicU32>,
}

impl Pace {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, turns: Arc::default(), given: Arc::default() }
    }

    /// Ends when the next request may leave.
    pub(crate) async fn turn(&self) {
        let wait = self.reserve(self.clock.monotonic());
        if !wait.is_zero() {
            self.clock.sleep(wait).await;
        }
        self.given.fetch_add(1, Ordering::Relaxed);
    }

    /// How many turns were given so far.
    pub(crate) fn given(&self) -> u32 {
        self.given.load(Ordering::Relaxed)
    }

    /// Takes the next turn and tells how long it is until then.
    fn reserve(&self, now: Duration) -> Duration {
        let Ok(mut turns) = self.turns.lock() else { return WINDOW };
        let free = match turns.front() {
            Some(first) if turns.len() >= MOST_REQUESTS_A_SECOND => *first + WINDOW,
            _ => now,
        };
        let at = free.max(now).max(turns.back().copied().unwrap_or_default());
        if turns.len() >= MOST_REQUESTS_A_SECOND {
            turns.pop_front();
        }
        turns.push_back(at);
        at.saturating_sub(now)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::clock::SystemClock;

    proptest! {
        #[test]
        fn no_second_holds_more_than_the_ceiling(gaps in prop::collection::vec(0_u64..120, 1..200)) {
            let pace = Pace::new(Arc::new(SystemClock));
            let mut now = Duration::ZERO;
            let mut sent = Vec::new();
            for gap in gaps {
                now += Duration::from_millis(gap);
                sent.push(now + pace.reserve(now));
            }
            for (index, start) in sent.iter().enumerate() {
                let within = sent.iter().skip(index).filter(|t| **t < *start + WINDOW).count();
                prop_assert!(within <= MOST_REQUESTS_A_SECOND);
            }
        }
    }

    #[test]
    fn a_quiet_client_never_waits() {
        let pace = Pace::new(Arc::new(SystemClock));
        for second in 0..100 {
            assert_eq!(pace.reserve(Duration::from_secs(second)), Duration::ZERO);
        }
    }
}
