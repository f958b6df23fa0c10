//! Silence after a burst as a sign of a block: some firewalls drop the packets of an address that
//! asked too much, and say nothing. Pure: it takes instants and gives a verdict.

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// No setting keeps more answers in mind than this: fifty seconds at the library's ceiling of 20 a second.
const MAX_ANSWERED: u32 = 1_000;

/// When timeouts count as a block: a number of them in a row, right after a number of answers within a short time.
///
/// Nothing is known of how the site's own firewall counts; the defaults are our own choice. They are
/// slow to judge, because a site that is overloaded at the opening falls silent too, and a wrong verdict
/// ends a booking that could have been won.
///
/// ```
/// use std::time::Duration;
/// use namyangju_rent::network::BurstSilence;
///
/// let rule = BurstSilence::new().with_timeouts(2).with_answers(10).with_window(Duration::from_secs(5));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BurstSilence {
    timeouts: u32,
    answered: u32,
    within: Duration,
}

impl Default for BurstSilence {
    fn default() -> Self {
        Self::new()
    }
}

impl BurstSilence {
    /// Four timeouts in a row after 20 answers within ten seconds: what one booking at its ceiling of
    /// two attempts a second can ask, and then, at ten seconds a timeout, more than half a minute of nothing.
    pub const fn new() -> Self {
        Self { timeouts: 4, answered: 20, within: Duration::from_secs(10) }
    }

    /// How many timeouts in a row make the silence; at least one.
    #[must_use]
    pub const fn with_timeouts(mut self, timeouts: u32) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// How many answers make the burst; at least one and at most 1,000.
    #[must_use]
    pub const fn with_answers(mut self, answered: u32) -> Self {
        self.answered = answered;
        self
    }

    /// The time before the first unanswered request in which all answers of the burst lie.
    #[must_use]
    pub const fn with_window(mut self, within: Duration) -> Self {
        self.within = within;
        self
    }

    /// A judge by these figures, for one route.
    pub(crate) fn judge(self) -> SilenceJudge {
        SilenceJudge { rule: self, answers: VecDeque::new(), timeouts: 0, after_burst: false }
    }
}

/// Watches the answers and timeouts of one route. All instants are of one monotonic clock.
#[derive(Clone, Debug)]
#[must_use = "a judge knows only what it is told"]
pub(crate) struct SilenceJudge {
    rule: BurstSilence,
    /// When the last answers came, oldest first; no more of them than make a burst.
    answers: VecDeque<Duration>,
    /// Timeouts since the last answer.
    timeouts: u32,
    /// Whether the first of those followed a burst.
    after_burst: bool,
}

impl SilenceJudge {
    /// An answer came, whatever it said.
    pub(crate) fn answered(&mut self, at: Duration) {
        self.timeouts = 0;
        while self.answers.len() >= self.burst() {
            self.answers.pop_front();
        }
        self.answers.push_back(at);
    }

    /// A request that was sent at this instant had no answer in time. Whether that is to be treated as
    /// a block. A request that was sent before the last answer came says nothing about the time since.
    pub(crate) fn timed_out(&mut self, sent: Duration) -> bool {
        if self.answers.back().is_some_and(|last| sent < *last) {
            return false;
        }
        if self.timeouts == 0 {
            let begin = sent.saturating_sub(self.rule.within);
            self.after_burst = self.answers.len() >= self.burst()
                && self.answers.front().is_some_and(|oldest| *oldest >= begin);
        }
        self.timeouts = self.timeouts.saturating_add(1);
        self.after_burst && self.timeouts >= self.rule.timeouts.max(1)
    }

    fn burst(&self) -> usize {
        usize::try_from(self.rule.answered.clamp(1, MAX_ANSWERED)).unwrap_or(1)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn after(answers: impl IntoIterator<Item = u64>) -> SilenceJudge {
        let mut judge = BurstSilence::new().with_timeouts(2).with_answers(3).with_window(s(5)).judge();
        answers.into_iter().for_each(|at| judge.answered(s(at)));
        judge
    }

    #[test]
    fn the_defaults_are_the_documented_ones() {
        let rule = BurstSilence::default();
        assert_eq!((rule.timeouts, rule.answered, rule.within), (4, 20, s(10)));
        assert_eq!(serde_json::from_str::<BurstSilence>("{}").unwrap(), rule);
        let json = serde_json::to_string(&rule.with_timeouts(9)).unwrap();
        assert_eq!(serde_json::from_str::<BurstSilence>(&json).unwrap(), rule.with_timeouts(9));
    }

    #[test]
    fn silence_counts_only_right_after_a_burst() {
        let verdicts = |mut judge: SilenceJudge| [11, 21, 31].map(|sent| judge.timed_out(s(sent)));
        assert_eq!(verdicts(after([6, 8, 10])), [false, true, true]);
        assert_eq!(verdicts(after([1, 2, 3, 6, 8, 10])), [false, true, true]);
        // Too few, too slow, too long ago, nothing at all.
        assert_eq!(verdicts(after([9, 10])), [false; 3]);
        assert_eq!(verdicts(after([2, 6, 10])), [false; 3]);
        assert_eq!(verdicts(after([1, 2, 3])), [false; 3]);
        assert_eq!(verdicts(after([])), [false; 3]);
    }

    #[test]
    fn an_answer_breaks_the_row() {
        let mut judge = after([6, 8, 10]);
        assert!(!judge.timed_out(s(11)));
        judge.answered(s(22));
        // The burst is over by now.
        assert!(![23, 33, 43].into_iter().any(|sent| judge.timed_out(s(sent))));
    }

    #[test]
    fn a_request_from_before_the_last_answer_does_not_count() {
        let mut judge = after([6, 8, 10]);
        assert!(![7, 8, 9].into_iter().any(|sent| judge.timed_out(s(sent))));
        assert_eq!([10, 10].map(|sent| judge.timed_out(s(sent))), [false, true]);
    }

    proptest! {
        #[test]
        fn no_verdict_without_burst_and_row(
            timeouts in 0_u32..5, answered in 0_u32..5, within in 0_u64..20,
            steps in prop::collection::vec((any::<bool>(), 0_u64..4), 0..60),
        ) {
            let mut judge = BurstSilence::new().with_timeouts(timeouts).with_answers(answered).with_window(s(within)).judge();
            let (mut now, mut row, mut before) = (0, 0, 0);
            for (answer, gap) in steps {
                now += gap;
                if answer {
                    judge.answered(s(now));
                    (row, before) = (0, before + 1);
                } else {
                    row += 1;
                    if judge.timed_out(s(now)) {
                        prop_assert!(row >= timeouts.max(1) && before >= answered.max(1));
                    }
                }
            }
        }
    }

    #[test]
    fn nonsense_settings_do_no_harm() {
        let mut judge =
            BurstSilence::new().with_timeouts(0).with_answers(u32::MAX).with_window(Duration::MAX).judge();
        (0..5_000).for_each(|at| judge.answered(s(at)));
        assert_eq!(judge.answers.len(), 1_000);
        assert!(judge.timed_out(Duration::MAX));
    }
}
