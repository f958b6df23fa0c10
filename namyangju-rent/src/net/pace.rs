//! How many requests may be sent: the ceiling that no setting lifts, and budgets that end.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::clock::Clock;

/// The most requests that all sessions of one client send in any second; see also
/// [`Client::for_account`](crate::Client::for_account).
///
/// The old system sent up to six a second for a single slot and was blocked; a booking of ours
/// needs a handful in all.
pub const MAX_REQUESTS_PER_SECOND: usize = 20;

const WINDOW: Duration = Duration::from_secs(1);

/// Gives out turns so that no second holds more than [`MAX_REQUESTS_PER_SECOND`] requests.
#[derive(Clone, Debug)]
pub(crate) struct Pace {
    clock: Arc<dyn Clock>,
    turns: Arc<Mutex<VecDeque<Duration>>>,
}

impl Pace {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, turns: Arc::default() }
    }

    /// Ends when the next request may leave.
    pub(crate) async fn turn(&self) {
        let wait = self.reserve(self.clock.monotonic());
        if !wait.is_zero() {
            self.clock.sleep(wait).await;
        }
    }

    /// Takes the next turn and tells how long it is until then.
    fn reserve(&self, now: Duration) -> Duration {
        let Ok(mut turns) = self.turns.lock() else { return WINDOW };
        let free = match turns.front() {
            Some(first) if turns.len() >= MAX_REQUESTS_PER_SECOND => *first + WINDOW,
            _ => now,
        };
        let at = free.max(now).max(turns.back().copied().unwrap_or_default());
        if turns.len() >= MAX_REQUESTS_PER_SECOND {
            turns.pop_front();
        }
        turns.push_back(at);
        at.saturating_sub(now)
    }
}

/// A number of requests that may be sent, shared by all who hold a clone of it.
///
/// A part of it ([`Budget::part`]) takes from both: several bookings have one each, and all of them
/// together cannot send more than the whole.
#[derive(Clone, Debug)]
pub struct Budget(Arc<Purse>);

#[derive(Debug)]
struct Purse {
    most: u32,
    used: AtomicU32,
    whole: Option<Budget>,
}

impl Budget {
    /// A budget of `most` requests.
    pub fn new(most: u32) -> Self {
        Self(Arc::new(Purse { most, used: AtomicU32::new(0), whole: None }))
    }

    /// A budget of its own inside this one.
    #[must_use]
    pub fn part(&self, most: u32) -> Self {
        Self(Arc::new(Purse { most, used: AtomicU32::new(0), whole: Some(self.clone()) }))
    }

    /// How many were sent.
    pub fn used(&self) -> u32 {
        self.0.used.load(Ordering::Relaxed)
    }

    /// How many may still be sent.
    pub fn left(&self) -> u32 {
        let own = self.0.most.saturating_sub(self.used());
        self.0.whole.as_ref().map_or(own, |whole| own.min(whole.left()))
    }

    /// Takes one; `false` if none is left.
    pub(crate) fn take(&self) -> bool {
        let most = self.0.most;
        let taken = self
            .0
            .used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| (used < most).then(|| used + 1));
        if taken.is_err() {
            return false;
        }
        if self.0.whole.as_ref().is_none_or(Budget::take) {
            return true;
        }
        self.0.used.fetch_sub(1, Ordering::Relaxed);
        false
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
                prop_assert!(within <= MAX_REQUESTS_PER_SECOND);
            }
        }
    }

    #[test]
    fn a_budget_ends_for_all_who_share_it() {
        let whole = Budget::new(5);
        let (one, other) = (whole.part(4), whole.part(4));
        assert_eq!((0..9).filter(|_| one.take()).count(), 4);
        assert_eq!((0..9).filter(|_| other.take()).count(), 1);
        assert_eq!((whole.used(), one.used(), other.used(), other.left()), (5, 4, 1, 0));
    }

    #[test]
    fn what_is_left_is_known_of_the_part_and_of_the_whole() {
        let whole = Budget::new(3);
        let part = whole.part(5);
        assert_eq!((whole.left(), part.left()), (3, 3));
        assert!(part.take());
        assert_eq!((whole.left(), part.left(), whole.part(1).left()), (2, 2, 1));
        assert_eq!(Budget::new(0).left(), 0);
    }

    #[test]
    fn a_quiet_client_never_waits() {
        let pace = Pace::new(Arc::new(SystemClock));
        for second in 0..100 {
            for _ in 0..2 {
                assert_eq!(pace.reserve(Duration::from_secs(second)), Duration::ZERO);
            }
        }
    }

    #[cfg(feature = "harness")]
    #[tokio::test]
    async fn the_request_beyond_the_ceiling_waits_for_the_second_to_end() {
        let clock = Arc::new(crate::harness::ManualClock::new("2026-11-26 10:00:00".parse().unwrap()));
        let pace = Pace::new(clock.clone());
        for _ in 0..MAX_REQUESTS_PER_SECOND {
            pace.turn().await;
        }
        assert_eq!(clock.monotonic(), Duration::ZERO);
        pace.turn().await;
        assert_eq!(clock.monotonic(), Duration::from_secs(1));
    }
}
