//! Whether the machine slept, or its wall clock was set, between two looks.

use std::fs;
use std::time::Duration;

use namyangju_rent::SeoulTime;
use namyangju_rent::clock::{Clock, SystemClock};

/// Less than this is how clocks are disciplined, and how long a busy machine makes one wait.
const NOTEWORTHY: i64 = 2_000_000;

/// What happened to the clocks since the last look, in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Jump {
    /// The machine slept for so long: timers stood still.
    pub(crate) slept: i64,
    /// The wall clock was set, ahead or back.
    pub(crate) stepped: i64,
}

/// Compares three clocks: the monotonic one, which timers go by and which may stand still while the machine
/// sleeps; the one that counts from the boot and does not; and the wall clock, which a person may set.
#[derive(Debug)]
pub(crate) struct Jumps {
    last: ClockReading,
}

#[derive(Clone, Copy, Debug)]
struct ClockReading {
    monotonic: Duration,
    wall: SeoulTime,
    since_boot: Option<Duration>,
}

impl ClockReading {
    fn new() -> Self {
        Self { monotonic: SystemClock.monotonic(), wall: SystemClock.now(), since_boot: since_boot() }
    }
}

impl Jumps {
    pub(crate) fn new() -> Self {
        Self { last: ClockReading::new() }
    }

    /// Looks again; `None` if all clocks went on alike.
    pub(crate) fn check(&mut self) -> Option<Jump> {
        let reading = ClockReading::new();
        let jump = between(self.last, reading);
        self.last = reading;
        jump
    }
}

fn between(earlier: ClockReading, later: ClockReading) -> Option<Jump> {
    let micros = |duration: Duration| i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
    let went = micros(later.monotonic.saturating_sub(earlier.monotonic));
    let by_wall = later.wall.unix_micros().saturating_sub(earlier.wall.unix_micros()).saturating_sub(went);
    let slept = match (earlier.since_boot, later.since_boot) {
        (Some(earlier), Some(later)) => micros(later.saturating_sub(earlier)).saturating_sub(went),
        // Where nothing counts through sleep, a wall clock that is ahead all at once is believed to have.
        _ => by_wall.max(0),
    };
    let noteworthy = |micros: i64| if micros.abs() < NOTEWORTHY { 0 } else { micros };
    let jump = Jump { slept: noteworthy(slept), stepped: noteworthy(by_wall.saturating_sub(slept)) };
    (jump != Jump::default()).then_some(jump)
}

/// The time since the boot, sleep included.
fn since_boot() -> Option<Duration> {
    let text = fs::read_to_string("/proc/uptime").ok()?;
    let seconds: f64 = text.split(' ').next()?.parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(monotonic: u64, wall: u64, since_boot: Option<u64>) -> ClockReading {
        let start: SeoulTime = "2026-11-26 09:00:00".parse().unwrap();
        ClockReading {
            monotonic: Duration::from_secs(monotonic),
            wall: start.plus(Duration::from_secs(wall)),
            since_boot: since_boot.map(Duration::from_secs),
        }
    }

    #[test]
    fn sleep_and_a_clock_that_was_set_are_told_apart() {
        let start = reading(10, 100, Some(1_000));
        for (later, slept, stepped) in [
            (reading(15, 105, Some(1_005)), 0, 0),
            // A busy machine: all clocks went on.
            (reading(75, 165, Some(1_065)), 0, 0),
            (reading(15, 3_705, Some(4_605)), 3_600, 0),
            (reading(15, 165, Some(1_005)), 0, 60),
            (reading(15, 45, Some(1_005)), 0, -60),
            (reading(15, 3_765, Some(4_605)), 3_600, 60),
            (reading(15, 106, Some(1_006)), 0, 0),
        ] {
            let jump = between(start, later).unwrap_or_default();
            assert_eq!((jump.slept, jump.stepped), (slept * 1_000_000, stepped * 1_000_000), "{later:?}");
        }
        let start = reading(10, 100, None);
        assert_eq!(between(start, reading(15, 165, None)).unwrap().slept, 60_000_000);
        assert_eq!(between(start, reading(15, 45, None)).unwrap().stepped, -60_000_000);
    }

    #[test]
    fn the_clocks_of_this_machine_go_on_alike() {
        assert_eq!(Jumps::new().check(), None);
    }
}
