//! Clocks: the one that a client goes by, and what is known of the site's.
//!
//! This is the only file that reads a clock or sleeps; everything else takes instants from a [`Clock`], so that a test
//! can move the time by hand. A [`SiteClock`] is made from [`Probe`]s and gives a [`ClockEstimate`].

pub(crate) mod aim;
pub(crate) mod facts;
pub(crate) mod shared;
pub(crate) mod site_clock;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::LazyLock;
use std::time::{Duration, Instant, SystemTime};

pub use crate::clock::aim::{EarlierOpening, ShotArrival};
pub use crate::clock::facts::{ClockFacts, MAX_FACTS_AGE, OwnStampFrom};
pub use crate::clock::site_clock::{ClockEstimate, Probe, SiteClock};
use crate::value::date::SeoulTime;
pub use crate::value::date::TIME_ZONE;

/// Where the time comes from: the system's clocks, or a rehearsal's.
///
/// The library never asks the system by itself, so that a test can run five minutes of retries in
/// no time. The harness has a clock that is moved by hand.
pub trait Clock: fmt::Debug + Send + Sync {
    /// The wall clock: what day and hour it is. It may step.
    fn now(&self) -> SeoulTime;

    /// The monotonic clock: time since an arbitrary start. It never steps.
    fn monotonic(&self) -> Duration;

    /// Ends when `duration` has passed on the monotonic clock.
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;

    /// Ends once the monotonic clock has come to `instant`. Unlike [`Clock::sleep`] it does not move a clock
    /// that is moved by hand: it is for time-outs that run beside the work.
    fn alarm(&self, instant: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        self.sleep(instant.saturating_sub(self.monotonic()))
    }

    /// Whether the system says that its wall clock is kept by a time server.
    fn is_synchronised(&self) -> bool {
        false
    }

    /// Returns at a monotonic instant, as exactly as it can: it spins. For the last milliseconds only.
    fn spin_until(&self, instant: Duration) {
        while self.monotonic() < instant {
            std::hint::spin_loop();
        }
    }
}

/// A timer of the runtime wakes up to two milliseconds late (its wheel turns once a millisecond); the
/// rest is spun.
const SPIN: Duration = Duration::from_micros(2_500);

/// Ends at a monotonic instant: sleeps until shortly before, then spins.
pub(crate) async fn wait_until(clock: &dyn Clock, instant: Duration) {
    let left = instant.saturating_sub(clock.monotonic());
    if let Some(asleep) = left.checked_sub(SPIN).filter(|asleep| !asleep.is_zero()) {
        clock.sleep(asleep).await;
    }
    clock.spin_until(instant);
}

/// The system's own clocks.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

static START: LazyLock<Instant> = LazyLock::new(Instant::now);

impl Clock for SystemClock {
    fn now(&self) -> SeoulTime {
        SystemTime::now().into()
    }

    fn monotonic(&self) -> Duration {
        START.elapsed()
    }

    fn is_synchronised(&self) -> bool {
        // systemd-timesyncd leaves this file once a server has answered.
        std::path::Path::new("/run/systemd/timesync/synchronized").exists()
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(tokio::time::sleep(duration))
    }
}
