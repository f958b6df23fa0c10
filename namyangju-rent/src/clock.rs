//! The only file that reads a clock.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::LazyLock;
use std::time::{Duration, Instant, SystemTime};

use crate::date::SeoulTime;

/// Where the time comes from: the system's clocks, or a rehearsal's.
///
/// The library never asks the system by itself, so that a test can run five minutes of retries in
/// no time. The harness has a clock that is moved by hand.
pub trait Clock: fmt::Debug + Send + Sync {
    /// The wall clock: what day and hour it is. It may step.
    fn now(&self) -> SeoulTime;

    /// The monotonic clock: time since an arbitrary start. It never steps.
    fn monotonic(&self) -> Duration;

    /// Ends when so much monotonic time has passed.
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
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

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(tokio::time::sleep(duration))
    }
}
