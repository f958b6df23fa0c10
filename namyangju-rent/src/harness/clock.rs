//! A clock that is moved by hand.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::clock::Clock;
use crate::value::date::SeoulTime;

/// A clock for tests: `sleep` ends at once and moves the time on; `alarm` waits until somebody has moved it.
///
/// ```
/// use namyangju_rent::clock::Clock;
/// use namyangju_rent::harness::ManualClock;
/// use std::time::Duration;
///
/// let clock = ManualClock::new("2026-11-26 09:59:50".parse()?);
/// clock.advance(Duration::from_secs(10));
/// assert_eq!(clock.now(), "2026-11-26 10:00:00".parse()?);
/// # Ok::<(), namyangju_rent::DateError>(())
/// ```
#[derive(Debug)]
pub struct ManualClock {
    times: Mutex<Times>,
    moved: Notify,
    synchronised: bool,
}

/// Turns that others get after each sleep: one for the server whose alarm is due, one for the system to carry
/// what it closed, one for the client's connection to see it, and one to spare.
const TURNS: u8 = 4;

#[derive(Debug)]
struct Times {
    wall: SeoulTime,
    monotonic: Duration,
}

impl ManualClock {
    /// A clock that stands at this instant.
    pub fn new(at: SeoulTime) -> Self {
        let times = Mutex::new(Times { wall: at, monotonic: Duration::ZERO });
        Self { times, moved: Notify::new(), synchronised: false }
    }

    /// The same, of a machine that says that a time server keeps its wall clock.
    #[must_use]
    pub fn synchronised(self) -> Self {
        Self { synchronised: true, ..self }
    }

    /// Moves both clocks forward.
    pub fn advance(&self, by: Duration) {
        let mut times = self.times();
        times.wall = times.wall.plus(by);
        times.monotonic = times.monotonic.saturating_add(by);
        drop(times);
        self.moved.notify_waiters();
    }

    /// Sets the wall clock, as a time service does; the monotonic clock goes on undisturbed.
    pub fn step_wall(&self, to: SeoulTime) {
        self.times().wall = to;
    }

    fn times(&self) -> MutexGuard<'_, Times> {
        self.times.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lets the other tasks of this thread, and what the system carries between them, take their turns.
async fn turns() {
    for _ in 0..TURNS {
        tokio::task::yield_now().await;
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
            let wakes = self.monotonic().saturating_add(duration);
            // What was begun before the sleep reaches the others before it, a connection the server that accepts it.
            turns().await;
            self.advance(wakes.saturating_sub(self.monotonic()));
            // So that a loop of sleeps does not starve a server on this thread.
            turns().await;
        })
    }

    fn alarm(&self, instant: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async move {
            loop {
                // Asked for before the look at the clock, so that no move between the two is missed.
                let moved = self.moved.notified();
                if self.monotonic() >= instant {
                    return;
                }
                moved.await;
            }
        })
    }

    fn is_synchronised(&self) -> bool {
        self.synchronised
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

    #[tokio::test]
    async fn an_alarm_waits_for_the_hand_and_does_not_move_it() {
        let clock = ManualClock::new("2026-11-26 09:00:00".parse().unwrap());
        let second = Duration::from_secs(1);
        let (mut rung, alarm) = (false, clock.alarm(2 * second));
        tokio::pin!(alarm);
        for _ in 0..2 {
            tokio::select! {
                biased;
                () = &mut alarm => rung = true,
                () = tokio::task::yield_now() => {}
            }
            assert!(!rung);
            clock.advance(second);
        }
        alarm.await;
        assert_eq!(clock.monotonic(), 2 * second);
    }
}
