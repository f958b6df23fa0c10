//! The time of a site, as far as the machine's wall clock is wrong: plans are made by it.
//!
//! The opening is an instant of the site's clock. A machine whose clock is minutes or a day off would call a booking
//! missed that has not opened, or still wait when it has. So the machine is compared with the `Date` of the site of
//! the next booking, at the start and each hour, and before a booking is called missed. Seconds are no matter here:
//! each run measures the site's clock by itself.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Result;
use namyangju_rent::clock::{Clock, SiteClock, SystemClock};
use namyangju_rent::{Client, SeoulTime};

/// A difference up to this is left to the measurement of each run, in microseconds.
pub(super) const MINUTE: i64 = 60_000_000;

/// How long a comparison is believed, and how long after one that failed the next is made.
const BELIEVED: Duration = Duration::from_secs(3600);
const TRY_AGAIN: Duration = Duration::from_secs(300);

/// A comparison that is as fresh as this is not made again.
const FRESH: Duration = Duration::from_secs(60);

/// Which site: the dialect and the address that replaces its own.
pub(super) type SiteKey = (String, Option<String>);

/// The wall clock of one site.
#[derive(Debug, Default)]
pub(super) struct SiteTime {
    known: Mutex<Known>,
    /// One asks at a time.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Known {
    /// How far the site is ahead of the machine, in microseconds; negative if behind.
    ahead: Option<i64>,
    /// When that was found, by the monotonic clock.
    at: Option<Duration>,
    /// When to compare again, by the monotonic clock; at once if there is none.
    due: Option<Duration>,
}

impl SiteTime {
    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The difference that plans take in: none below a minute.
    pub(super) fn ahead(&self) -> i64 {
        self.known().ahead.filter(|ahead| ahead.abs() > MINUTE).unwrap_or_default()
    }

    pub(super) fn is_due(&self) -> bool {
        self.known().due.is_none_or(|due| due <= SystemClock.monotonic())
    }

    /// Asks the site for its time, once, unless somebody just did. Gives the difference that plans took in before, and
    /// how far the site is ahead, in microseconds; `None` if it does not say.
    ///
    /// # Errors
    /// If the site cannot be asked.
    pub(super) async fn compare(&self, client: &Client) -> Result<Option<(i64, i64)>> {
        let _turn = self.turn.lock().await;
        let (before, known) = (self.ahead(), *self.known());
        if let (Some(ahead), Some(at)) = (known.ahead, known.at)
            && SystemClock.monotonic().saturating_sub(at) < FRESH
        {
            return Ok(Some((before, ahead)));
        }
        self.known().due = Some(SystemClock.monotonic() + TRY_AGAIN);
        let Some(probe) = client.guest()?.probe_clock().await? else { return Ok(None) };
        let mut clock = SiteClock::new();
        clock.add(probe);
        let now = SystemClock.monotonic();
        let Some(estimate) = clock.estimate(SystemClock.now(), now) else { return Ok(None) };
        let ahead = estimate.ahead_micros;
        *self.known() = Known { ahead: Some(ahead), at: Some(now), due: Some(now + BELIEVED) };
        Ok(Some((before, ahead)))
    }

    /// The machine's wall clock was set by so many microseconds.
    fn was_stepped(&self, by: i64) {
        let mut known = self.known();
        known.ahead = known.ahead.map(|ahead| ahead.saturating_sub(by));
        (known.at, known.due) = (None, None);
    }
}

impl Clock for SiteTime {
    fn now(&self) -> SeoulTime {
        SeoulTime::from_unix_micros(SystemClock.now().unix_micros().saturating_add(self.ahead()))
    }

    fn monotonic(&self) -> Duration {
        SystemClock.monotonic()
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(tokio::time::sleep(duration))
    }

    fn is_synchronised(&self) -> bool {
        self.ahead() == 0 && SystemClock.is_synchronised()
    }
}

/// The times of all sites of a runner.
#[derive(Debug, Default)]
pub(super) struct SiteTimes(Mutex<HashMap<SiteKey, Arc<SiteTime>>>);

impl SiteTimes {
    pub(super) fn of(&self, key: &SiteKey) -> Arc<SiteTime> {
        let mut times = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(times.entry(key.clone()).or_default())
    }

    /// What the site that is furthest ahead is ahead of the machine: nothing is claimed too late for it.
    pub(super) fn furthest_ahead(&self) -> i64 {
        let times = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        times.values().map(|time| time.ahead()).max().unwrap_or_default()
    }

    pub(super) fn were_stepped(&self, by: i64) {
        let times = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        times.values().for_each(|time| time.was_stepped(by));
    }
}

/// A difference in words, the same for the same minute.
pub(super) fn in_words(ahead: i64) -> String {
    let minutes = ahead.unsigned_abs().saturating_add(30_000_000) / 60_000_000;
    let (hours, rest) = (minutes / 60, minutes % 60);
    let long = match (hours, rest) {
        (0, _) => format!("{minutes} min"),
        (_, 0) => format!("{hours} h"),
        _ => format!("{hours} h {rest} min"),
    };
    let side = if ahead < 0 { "ahead of" } else { "behind" };
    format!(
        "the clock of this machine is about {long} {side} that of the site: bookings are planned by the site's time; \
         set the clock of this machine"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_difference_of_more_than_a_minute_is_taken_in() {
        let time = SiteTime::default();
        assert!(time.is_due() && time.ahead() == 0);
        for (ahead, taken) in
            [(MINUTE, 0), (-MINUTE, 0), (MINUTE + 1, MINUTE + 1), (-8 * MINUTE, -8 * MINUTE)]
        {
            time.known().ahead = Some(ahead);
            assert_eq!(time.ahead(), taken);
            let shown = time.now().unix_micros() - SystemClock.now().unix_micros();
            assert!((shown - taken).abs() < 1_000_000, "{shown}");
        }
        // The machine was put right, or wrong: the site's time goes on.
        time.was_stepped(-8 * MINUTE);
        assert_eq!(time.ahead(), 0);
        time.was_stepped(60 * MINUTE);
        assert_eq!(time.ahead(), -60 * MINUTE);
    }

    #[test]
    fn differences_in_words() {
        for (ahead, words) in [
            (-8 * MINUTE, "about 8 min ahead of"),
            (90 * MINUTE, "about 1 h 30 min behind"),
            (-24 * 60 * MINUTE, "about 24 h ahead of"),
        ] {
            assert!(in_words(ahead).contains(words), "{}", in_words(ahead));
        }
    }
}
