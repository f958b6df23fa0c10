//! How long a look at the day list that failed is repeated. Pure.
//!
//! A swamped site answers with its gateway's page or not at all, for minutes. The first looks follow quickly, for a
//! failure that was chance; then each gap is twice the one before, so that a site in trouble is not pressed, and the
//! requests that are left last until the end.

use std::time::Duration;

/// How many looks fail at least before they are given up, whatever is left.
const MIN_LOOKS: u32 = 3;

/// The longest gap, unless fewer requests are left than it needs until the end.
const MAX_GAP: Duration = Duration::from_secs(15);

/// The last looks are spread evenly over the time that is left.
const LAST_LOOKS: u32 = 4;

/// What is left of a booking for looks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Left {
    /// Time until the booking's own end.
    pub(super) time: Duration,
    /// Requests.
    pub(super) looks: u32,
}

/// The gaps between looks that fail.
#[derive(Debug)]
pub(super) struct Patience {
    shortest: Duration,
    gap: Duration,
    failed: u32,
    over: bool,
}

impl Patience {
    /// Begins with a gap of `gap`, which is also the shortest.
    pub(super) fn new(gap: Duration) -> Self {
        Self { shortest: gap, gap, failed: 0, over: false }
    }

    /// How long to wait before the next look, after one that failed and by which the site asked to be left alone for
    /// `asked`; `None` if no other may follow. The last one is at the booking's own end.
    pub(super) fn after_failure(&mut self, left: Left, asked: Duration) -> Option<Duration> {
        self.failed = self.failed.saturating_add(1);
        let share = left.time / left.looks.max(1);
        let wait = self.gap.max(asked).max(if left.looks <= LAST_LOOKS { share } else { Duration::ZERO });
        let longest = MAX_GAP.max(share).max(self.shortest);
        self.gap = self.gap.saturating_mul(2).min(longest);
        if self.failed < MIN_LOOKS && asked <= self.shortest.max(left.time) {
            return Some(wait.min(left.time.max(self.shortest)));
        }
        self.over = left.looks == 0 || left.time < self.shortest.max(asked);
        (!self.over).then(|| wait.min(left.time))
    }

    /// Whether looks were given up.
    pub(super) fn is_over(&self) -> bool {
        self.over
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// When the looks after the first one are, each of which takes `takes`.
    fn looks(time: Duration, mut budget: u32, takes: Duration, asked: Duration) -> Vec<Duration> {
        let (mut patience, mut now, mut at) = (Patience::new(SECOND / 2), Duration::ZERO, Vec::new());
        loop {
            now += takes;
            let left = Left { time: time.saturating_sub(now), looks: budget };
            let Some(wait) = patience.after_failure(left, asked) else {
                assert!(patience.is_over());
                return at;
            };
            now += wait;
            at.push(now);
            budget = budget.saturating_sub(1);
        }
    }

    #[test]
    fn gaps_double_up_to_a_quarter_of_a_minute_and_the_last_look_is_at_the_end() {
        let at = looks(SECOND * 120, 100, Duration::ZERO, Duration::ZERO);
        let seconds: Vec<f64> = at.iter().map(Duration::as_secs_f64).collect();
        assert_eq!(seconds, [0.5, 1.5, 3.5, 7.5, 15.5, 30.5, 45.5, 60.5, 75.5, 90.5, 105.5, 120.0]);
    }

    #[test]
    fn few_requests_last_until_the_end() {
        for budget in [5, 8, 12, 20, 40] {
            for takes in [Duration::ZERO, SECOND * 10, SECOND * 30] {
                let at = looks(SECOND * 300, budget, takes, Duration::ZERO);
                assert!(at.len() as u32 <= budget, "{budget} {at:?}");
                let last = *at.last().unwrap();
                assert!(last >= SECOND * 240 && last <= SECOND * 300 + takes, "{budget} {takes:?} {at:?}");
            }
        }
    }

    #[test]
    fn three_looks_are_made_whatever_is_left() {
        for (time, budget) in [(Duration::ZERO, 100), (SECOND * 100, 0), (Duration::ZERO, 0)] {
            assert_eq!(looks(time, budget, Duration::ZERO, Duration::ZERO).len(), 2, "{time:?} {budget}");
        }
    }

    #[test]
    fn a_site_that_asks_to_be_left_alone_is() {
        let at = looks(SECOND * 100, 100, Duration::ZERO, SECOND * 30);
        assert_eq!(at, [SECOND * 30, SECOND * 60, SECOND * 90]);
        assert!(looks(SECOND * 20, 100, Duration::ZERO, SECOND * 30).is_empty());
    }
}
