//! A clock that jumps from one thing to the next, for several programs on one thread.
//!
//! The stand-in's hand-moved clock is moved by whoever sleeps. That is right for one client; with twenty, a long sleep of
//! one would carry the clock past the short sleeps of the others. Here every sleep is an entry of one list, and a driver
//! wakes the earliest once nothing else on the thread has anything left to do: the order of events is that of their times,
//! whatever the machine's load. The sockets stay real.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fmt;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use namyangju_rent::SeoulTime;
use namyangju_rent::clock::Clock;
use tokio::sync::oneshot;

/// Turns that everything else on the thread gets before the clock goes on. Each lets every task that is ready run and
/// asks the system for what has come over the sockets. A request and its answer on loopback take about ten.
const TURNS: u32 = 40;

/// The clock. All that sleep on it, and [`TurnClock::drive`], belong on one thread.
pub struct TurnClock {
    began: SeoulTime,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    monotonic: Duration,
    number: u64,
    sleepers: BinaryHeap<Reverse<Sleeper>>,
}

struct Sleeper {
    at: Duration,
    /// Of sleepers until the same instant the first comes first.
    number: u64,
    wake: oneshot::Sender<()>,
}

impl PartialEq for Sleeper {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for Sleeper {}

impl PartialOrd for Sleeper {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Sleeper {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

impl fmt::Debug for TurnClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TurnClock({:?})", self.state().monotonic)
    }
}

impl TurnClock {
    /// A clock that stands at this instant.
    pub fn new(at: SeoulTime) -> Self {
        Self { began: at, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves the clock on for as long as it is polled; it never ends.
    pub async fn drive(&self) {
        loop {
            for _ in 0..TURNS {
                tokio::task::yield_now().await;
            }
            let mut state = self.state();
            while let Some(Reverse(next)) = state.sleepers.pop() {
                // Whoever was not waited for any more does not move the clock.
                if !next.wake.is_closed() {
                    state.monotonic = state.monotonic.max(next.at);
                    let _ = next.wake.send(());
                    break;
                }
            }
        }
    }
}

impl Clock for TurnClock {
    fn now(&self) -> SeoulTime {
        self.began.plus(self.state().monotonic)
    }

    fn monotonic(&self) -> Duration {
        self.state().monotonic
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        let woken = {
            let mut state = self.state();
            let (wake, woken) = oneshot::channel();
            state.number += 1;
            let sleeper =
                Sleeper { at: state.monotonic.saturating_add(duration), number: state.number, wake };
            state.sleepers.push(Reverse(sleeper));
            woken
        };
        Box::pin(async move {
            let _ = woken.await;
        })
    }

    fn is_synchronised(&self) -> bool {
        true
    }

    /// Jumps over what others would have done until then: at most the few milliseconds that are spun.
    fn spin_until(&self, instant: Duration) {
        let mut state = self.state();
        state.monotonic = state.monotonic.max(instant);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[tokio::test]
    async fn sleeps_end_in_the_order_of_their_instants() {
        let clock = Arc::new(TurnClock::new("2026-11-26 09:00:00".parse().unwrap()));
        let seen: Arc<Mutex<Vec<(u64, u64)>>> = Arc::default();
        let mut tasks = tokio::task::JoinSet::new();
        for begins in [30, 10, 20] {
            let (clock, seen) = (Arc::clone(&clock), Arc::clone(&seen));
            tasks.spawn(async move {
                for step in 1..=3 {
                    clock.sleep(Duration::from_millis(begins)).await;
                    seen.lock().unwrap().push((begins, begins * step));
                }
            });
        }
        // Not waited for: it does not move the clock.
        drop(clock.sleep(Duration::from_secs(3600)));
        tokio::select! {
            () = clock.drive() => {}
            () = async { while tasks.join_next().await.is_some() {} } => {}
        }
        let ends: Vec<u64> = seen.lock().unwrap().iter().map(|(_, at)| *at).collect();
        assert_eq!(ends, [10, 20, 20, 30, 30, 40, 60, 60, 90]);
        assert_eq!(clock.monotonic(), Duration::from_millis(90));
    }
}
