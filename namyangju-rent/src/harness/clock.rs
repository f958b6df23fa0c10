//! A clock that is moved by hand.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::Clock;
use crate::value::date::SeoulTime;

/// A clock for tests: `sleep` ends at once and moves the time on.
///
/// ```
/// use namyangju_rent::Clock;
/// use namyangju_rent::harness::ManualClock;
/// use std::time::Duration;
///
/// let clock = ManualClock::new("2026-11-26 09:59:50".parse()?);
/// clock.advance(Duration::from_secs(10));
/// assert_eq!(clock.now(), "2026-11-26 10:00:00".parse()?);
/// # Ok::<(), namyangju_rent::DateError>(())
/// ```
#[derive(Debug)]
pub struct ManualClock(Mutex<Times>);

#[derive(Debug)]
struct Times {
    wall: SeoulTime,
    monotonic: Duration,
}

impl ManualClock {
    /// A clock that stands at this instant.
    pub fn new(at: SeoulTime) -> Self {
        Self(Mutex::new(Times { wall: at, monotonic: Duration::ZERO }))
    }

    /// Moves both clocks forward.
    pub fn advance(&self, by: Duration) {
        let mut times = self.times();
        times.wall = times.wall.plus(by);
        times.monotonic = times.monotonic.saturating_add(by);
    }

    /// Sets the wall clock, as a time service does; the monotonic clock goes on undisturbed.
    pub fn step_wall(&self, to: SeoulTime) {
        self.times().wall = to;
    }

    fn times(&self) -> MutexGuard<'_, Times> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for ManualClock {
    fn now(&self) -> SeoulTime {
        self.times().wall
    }

    fn monotonic(&self) -> Duration {
        self.times().monotonic
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async move {
            self.advance(duration);
            // Others get a turn, so that a loop of sleeps does not starve a server on this thread.
            tokio::task::yield_now().await;
        })
    }

    fn spin_until(&self, instant: Duration) {
        self.advance(instant.saturating_sub(self.monotonic()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn sleeping_moves_both_clocks_and_stepping_only_one() {
        let start: SeoulTime = "2026-11-26 09:00:00".parse().unwrap();
        let clock = ManualClock::new(start);
        clock.sleep(Duration::from_secs(3600)).await;
        assert_eq!(clock.now().since(start), Duration::from_secs(3600));
        clock.step_wall(start);
        assert_eq!((clock.now(), clock.monotonic()), (start, Duration::from_secs(3600)));
    }
}
