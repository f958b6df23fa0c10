//! How often to try, and when to give up. Pure: it yields instants and never sleeps.
//!
//! The site is a public service and the opening a race: the schedule is fast enough to win it and slow enough to be
//! fair, and every run ends.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The shortest time between the beginnings of two attempts of one booking. No setting goes below
/// it: the old system's two attempts a second are the most that is fair.
///
/// Once in a run the second attempt follows out of turn: when the first can have come before the opening, by the far end of
/// what is known of its arrival, or when it went by our own clock and the site's dates put the opening later. The third then waits for two gaps from the first, so that no second
/// ever has three.
pub const MIN_GAP: Duration = Duration::from_millis(500);

/// The most requests of all bookings of one account in one run, unless one of them goes on for more than five minutes
/// ([`Policy::request_ceiling`]).
pub const MAX_REQUESTS_PER_RUN: u32 = 200;

/// The longest time between two attempts that back-off leads to, unless the site asks for more.
const MAX_GAP: Duration = Duration::from_secs(15);

/// While the site says that it is not open yet, attempts are this far apart once the quick ones of the first second are
/// over: cities are late by seconds or minutes, and a gap that has grown is the slot.
///
/// Three attempts in the first second and then one each 2.108 s are thirty in the first minute, and no minute after it has
/// more (1 s + 28 x 2.108 s is just over a minute). A shorter gap would make it 31.
const MAX_WAITING_GAP: Duration = Duration::from_millis(2_108);

/// How long the site is asked every [`MIN_GAP`] while it says that it is not open yet.
const QUICK_FOR: Duration = Duration::from_secs(1);

/// From this long after the announced instant on, a gap of [`MAX_LATE_WAITING_GAP`] is enough.
const LATE_AFTER: Duration = Duration::from_secs(300);

/// The longest gap while the site says that it is not open yet, once it is later than [`LATE_AFTER`].
const MAX_LATE_WAITING_GAP: Duration = Duration::from_secs(5);

/// How much longer each gap is than the one before, once the first seconds are over: in per cent.
const GROWTH_PERCENT: u32 = 25;

/// How much longer than planned a grown gap may be, so that clients do not march in step: in per mille.
const JITTER_PER_MILLE: u64 = 200;

/// The same while the site says that it is not open yet, where a longer gap may cost the slot: in per mille.
const WAITING_JITTER_PER_MILLE: u64 = 3;

/// Requests that are kept for the booking itself: a login, the pages, the submission, and two reads of the day list.
const RESERVE: u32 = 12;

/// Requests that a preparation may send: logins, the pages that tell the slots' numbers, the clock.
const PREPARATION: u32 = 30;

/// When to try again and when to give up.
///
/// ```
/// use std::time::Duration;
/// use namyangju_rent::Policy;
///
/// let policy = Policy::new().with_give_up_after(Duration::from_secs(60));
/// assert_eq!(policy.gap(), Duration::from_millis(500));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    give_up_after: Duration,
    gap: Duration,
    steady_for: Duration,
    /// The same while the site says that it is not open yet.
    #[serde(default = "quick_for")]
    quick_for: Duration,
    most_requests: Option<u32>,
    most_unknown: u8,
}

/// For policies that were kept before there was a time of its own.
fn quick_for() -> Duration {
    QUICK_FOR
}

impl Default for Policy {
    fn default() -> Self {
        Self::new()
    }
}

impl Policy {
    /// Five minutes; an attempt every 500 ms, slower after the first two and a half seconds, at most every 15 s; as many
    /// requests as that takes. While the site says that it is not open yet: after the first second every 2.1 s, thirty
    /// attempts a minute at most (every 5 s once it is more than five minutes late).
    pub const fn new() -> Self {
        Self {
            give_up_after: Duration::from_secs(300),
            gap: MIN_GAP,
            steady_for: Duration::from_millis(2_500),
            quick_for: QUICK_FOR,
            most_requests: None,
            most_unknown: 3,
        }
    }

    /// The figures of the system this one replaces, inside the ceilings of this library: every 500 ms
    /// for five minutes without growing, and as many requests as that takes.
    pub const fn original() -> Self {
        let steady_for = Duration::from_secs(300);
        Self { steady_for, quick_for: steady_for, most_requests: Some(1_800), ..Self::new() }
    }

    /// Gives up when `duration` has passed since the start, which is the opening instant where one is known.
    /// Default: 5 minutes.
    #[must_use]
    pub const fn with_give_up_after(mut self, duration: Duration) -> Self {
        self.give_up_after = duration;
        self
    }

    /// The time between the beginnings of two attempts; a shorter one than [`MIN_GAP`] counts as that. Default: 500 ms.
    #[must_use]
    pub const fn with_gap(mut self, gap: Duration) -> Self {
        self.gap = if gap.as_nanos() < MIN_GAP.as_nanos() { MIN_GAP } else { gap };
        self
    }

    /// The most requests of one booking after its start, instead of as many as the pace needs. With fewer than
    /// [`requests_needed`](Self::requests_needed) the attempts are further apart, so that they last until the end.
    #[must_use]
    pub const fn with_max_requests(mut self, requests: u32) -> Self {
        self.most_requests = Some(requests);
        self
    }

    /// How many requests the pace needs until it gives up, if the site says "not open yet" all the time.
    pub fn requests_needed(&self) -> u32 {
        self.attempts_between(Duration::ZERO, self.give_up_after).saturating_add(RESERVE + 1)
    }

    /// How many requests it may send after its start.
    pub fn max_requests(&self) -> u32 {
        self.most_requests.unwrap_or_else(|| self.requests_needed())
    }

    /// The most requests that a run may send in all, whatever its own limit and pace: what the default pace needs until
    /// it gives up, and the preparation before; at least [`MAX_REQUESTS_PER_RUN`].
    pub fn request_ceiling(&self) -> u32 {
        let needed = Self::new().with_give_up_after(self.give_up_after).requests_needed();
        needed.saturating_add(PREPARATION).max(MAX_REQUESTS_PER_RUN)
    }

    /// How many attempts its pace makes between two times after its start while the site is not open, rounded up.
    fn attempts_between(&self, from: Duration, until: Duration) -> u32 {
        let quick = self.quick_for;
        let late = LATE_AFTER.max(quick);
        let phases = [
            (Duration::ZERO, quick, self.gap),
            (quick, late, self.gap.max(MAX_WAITING_GAP)),
            (late, Duration::MAX, self.gap.max(MAX_LATE_WAITING_GAP)),
        ];
        let attempts = phases.into_iter().map(|(begins, ends, gap)| {
            let within = until.min(ends).saturating_sub(from.max(begins));
            within.as_micros().div_ceil(gap.as_micros().max(1))
        });
        u32::try_from(attempts.sum::<u128>()).unwrap_or(u32::MAX)
    }

    /// How long after the start it gives up.
    pub const fn give_up_after(&self) -> Duration {
        self.give_up_after
    }

    /// The time between the beginnings of two attempts in the first seconds.
    pub const fn gap(&self) -> Duration {
        self.gap
    }

    /// When it tries, counted from the start, where every answer is "not open yet" and comes at once.
    #[cfg(feature = "harness")]
    pub fn attempts(self, seed: u64) -> impl Iterator<Item = Duration> {
        let mut schedule = self.schedule(Duration::ZERO, seed);
        let mut requests = 0;
        std::iter::successors(Some(Duration::ZERO), move |began| {
            requests += 1;
            schedule.next(*began, *began, (requests, u32::MAX), Last::NotOpen).ok()
        })
    }

    /// The schedule of one run that starts at a monotonic instant.
    pub(crate) fn schedule(self, start: Duration, seed: u64) -> Schedule {
        let deadline = start.saturating_add(self.give_up_after);
        let (gap, unknown, first, not_before) = (self.gap, 0, true, Duration::ZERO);
        Schedule { policy: self, start, deadline, gap, unknown, first, not_before, seed: seed | 1 }
    }
}

/// Why a run gives up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum GiveUp {
    /// The next attempt would be after the deadline.
    Deadline,
    /// The requests are used up.
    Budget,
    /// Too many pages that no dialect describes.
    Unknown,
}

/// The instants of one run.
#[derive(Clone, Debug)]
pub(crate) struct Schedule {
    policy: Policy,
    start: Duration,
    deadline: Duration,
    gap: Duration,
    unknown: u8,
    /// No attempt has been followed yet.
    first: bool,
    /// When the attempt after a hurried one may begin.
    not_before: Duration,
    seed: u64,
}

/// What the last attempt was like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Last {
    /// An answer that a later attempt may change.
    Plain,
    /// The site says that it is not open yet, although the announced instant is over.
    NotOpen,
    /// It came before the opening instant by the site's own clock; the next one would meet it if it began then.
    Early(Duration),
    /// The same of the first of two shots: it went by our own clock, and the other follows by the site's dates, also when a
    /// turn would be before.
    ByOwnClock(Duration),
    /// The site was busy, and perhaps said for how long.
    Busy(Option<Duration>),
    /// A page that no dialect describes.
    Unknown,
}

impl Schedule {
    /// The instant of the next attempt.
    ///
    /// `began` is when the last one began, `now` when it ended; of requests, `used` were sent since the start and
    /// `left` are left in the budgets that the booking takes from.
    pub(crate) fn next(
        &mut self,
        began: Duration,
        now: Duration,
        (used, left): (u32, u32),
        last: Last,
    ) -> Result<Duration, GiveUp> {
        let left = self.policy.max_requests().saturating_sub(used).min(left);
        if left == 0 {
            return Err(GiveUp::Budget);
        }
        if last == Last::Unknown {
            self.unknown = self.unknown.saturating_add(1);
            if self.unknown >= self.policy.most_unknown {
                return Err(GiveUp::Unknown);
            }
        }
        let (mut rest, mut jitter) = (Duration::ZERO, Duration::ZERO);
        let since = now.saturating_sub(self.start);
        let grown = self.gap * (100 + GROWTH_PERCENT) / 100;
        match last {
            Last::Busy(asked) => {
                self.gap = (self.gap * 2).min(MAX_GAP.max(self.policy.gap));
                rest = asked.unwrap_or_default();
            }
            Last::NotOpen | Last::Early(_) | Last::ByOwnClock(_) if since < self.policy.quick_for => {}
            Last::NotOpen if since < LATE_AFTER => {
                self.gap = MAX_WAITING_GAP.max(self.policy.gap);
                jitter = self.jitter(WAITING_JITTER_PER_MILLE);
            }
            Last::NotOpen => {
                self.gap = grown.min(MAX_LATE_WAITING_GAP.max(self.policy.gap));
                jitter = self.jitter(WAITING_JITTER_PER_MILLE);
            }
            _ if since < self.policy.steady_for => {}
            _ => {
                self.gap = grown.min(MAX_GAP.max(self.policy.gap));
                jitter = self.jitter(JITTER_PER_MILLE);
            }
        }
        let waits = matches!(last, Last::NotOpen | Last::Early(_) | Last::ByOwnClock(_));
        let gap = if waits { self.stretched(self.gap, now, left) } else { self.gap };
        let in_turn = began.saturating_add(gap).max(self.not_before);
        let spaced = match last {
            Last::Early(at) if self.first => {
                self.not_before = began.saturating_add(self.gap * 2);
                at.min(in_turn)
            }
            Last::ByOwnClock(at) if self.first => {
                self.not_before = began.saturating_add(self.gap * 2);
                at
            }
            _ => in_turn,
        };
        self.first = false;
        let at = spaced.max(now.saturating_add(rest)).saturating_add(jitter);
        if at > self.deadline { Err(GiveUp::Deadline) } else { Ok(at) }
    }

    /// The gap, longer where fewer requests are left than the pace needs until the end.
    fn stretched(&self, gap: Duration, now: Duration, left: u32) -> Duration {
        let spare = if left > RESERVE { left - RESERVE } else { left.max(1) };
        let (since, until) = (now.saturating_sub(self.start), self.deadline.saturating_sub(self.start));
        let needed = self.policy.attempts_between(since, until);
        if needed <= spare { gap } else { gap.saturating_mul(needed) / spare }
    }

    /// A pseudo-random part of the gap, at most `per_mille` of it.
    fn jitter(&mut self, per_mille: u64) -> Duration {
        // xorshift64: enough to keep clients from marching in step, and the same for the same seed.
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        let most = u64::try_from(self.gap.as_micros()).unwrap_or(u64::MAX) / 1_000 * per_mille;
        Duration::from_micros(self.seed % most.max(1))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const START: Duration = Duration::from_secs(100);

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn the_defaults_are_the_documented_ones() {
        let policy = Policy::new();
        assert_eq!((policy.give_up_after, policy.gap), (Duration::from_secs(300), ms(500)));
        assert_eq!((policy.steady_for, policy.most_requests), (ms(2_500), None));
        assert_eq!(policy.with_gap(Duration::ZERO).gap(), MIN_GAP);
        let original = Policy::original();
        assert_eq!(
            (original.give_up_after, original.gap, original.most_requests),
            (policy.give_up_after, ms(500), Some(1_800))
        );
    }

    #[test]
    fn attempts_begin_half_a_second_apart_and_never_overlap() {
        let mut schedule = Policy::new().schedule(START, 1);
        assert_eq!(schedule.next(START, START + ms(20), (1, 999), Last::Plain), Ok(START + ms(500)));
        // An attempt that took longer than the gap is followed at once, not overlapped.
        assert_eq!(
            schedule.next(START + ms(500), START + ms(1700), (2, 999), Last::Plain),
            Ok(START + ms(1700))
        );
    }

    #[test]
    fn gaps_grow_with_jitter_after_the_first_seconds() {
        let mut schedule = Policy::new().with_give_up_after(Duration::from_secs(3600)).schedule(START, 7);
        let (mut at, mut gaps) = (START + ms(5_001), Vec::new());
        for _ in 0..40 {
            let next = schedule.next(at, at, (1, 9_999), Last::Plain).unwrap();
            gaps.push(next - at);
            at = next;
        }
        assert!(gaps[0] >= ms(600) && gaps[0] <= ms(750), "{gaps:?}");
        assert!(gaps.iter().all(|gap| *gap <= MAX_GAP * 12 / 10), "{gaps:?}");
        assert!(gaps[39] >= MAX_GAP, "{gaps:?}");
    }

    #[test]
    fn a_busy_site_is_left_alone_as_long_as_it_asks() {
        let mut schedule = Policy::new().schedule(START, 1);
        assert_eq!(schedule.next(START, START, (1, 999), Last::Busy(None)), Ok(START + ms(1000)));
        // A rest shorter than the doubled gap changes nothing, a longer one is kept to the second.
        assert_eq!(schedule.next(START, START, (1, 999), Last::Busy(Some(ms(1000)))), Ok(START + ms(2000)));
        let rest = Some(Duration::from_secs(20));
        assert_eq!(schedule.next(START, START, (1, 999), Last::Busy(rest)), Ok(START + ms(20_000)));
        assert_eq!(
            schedule.next(START, START, (1, 999), Last::Busy(Some(Duration::from_secs(400)))),
            Err(GiveUp::Deadline)
        );
    }

    /// When a site that is not open is asked, at a round trip of 40 ms.
    fn waiting(policy: Policy, seed: u64) -> (Vec<Duration>, GiveUp) {
        let (mut schedule, mut attempts) = (policy.schedule(START, seed), vec![START]);
        loop {
            let (began, used) = (attempts[attempts.len() - 1], attempts.len() as u32);
            match schedule.next(began, began + ms(40), (used, 9_999 - used), Last::NotOpen) {
                Ok(next) => attempts.push(next),
                Err(why) => return (attempts, why),
            }
        }
    }

    #[test]
    fn an_opening_that_is_late_is_met_within_two_seconds_and_asked_for_politely() {
        for seed in 1..20 {
            let (attempts, why) = waiting(Policy::new(), seed);
            assert_eq!(why, GiveUp::Deadline);
            let longest = attempts.windows(2).map(|two| two[1] - two[0]).max().unwrap();
            assert!(longest <= ms(2_115), "{longest:?}");
            let within = |from: u64, until: u64| {
                let range = START + Duration::from_secs(from)..START + Duration::from_secs(until);
                attempts.iter().filter(|at| range.contains(*at)).count()
            };
            assert!(within(0, 1) <= 2 && within(0, 60) <= 30, "{attempts:?}");
            assert!((60..240).step_by(10).all(|from| within(from, from + 60) <= 30), "{attempts:?}");
        }
    }

    #[test]
    fn no_minute_has_more_than_thirty_attempts_and_no_second_more_than_two() {
        // A first answer that came early, and is followed at once; the round trip of each attempt.
        for (early, round_trip) in [None, Some(1), Some(50), Some(130), Some(400)]
            .into_iter()
            .flat_map(|e| [1, 40, 120, 900].map(|r| (e, r)))
        {
            for seed in 1..50 {
                let (mut schedule, mut attempts) = (Policy::new().schedule(START, seed), vec![START]);
                loop {
                    let (began, used) = (attempts[attempts.len() - 1], attempts.len() as u32);
                    let now = began + ms(round_trip);
                    let last = match early {
                        Some(after) if used == 1 => Last::Early(now + ms(after)),
                        _ => Last::NotOpen,
                    };
                    match schedule.next(began, now, (used, 9_999 - used), last) {
                        Ok(next) => attempts.push(next),
                        Err(_) => break,
                    }
                }
                for (first, from) in attempts.iter().enumerate() {
                    let within =
                        |time: Duration| attempts.iter().skip(first).filter(|at| **at < *from + time).count();
                    let (second, minute) = (within(Duration::from_secs(1)), within(Duration::from_secs(60)));
                    assert!(second <= 2 && minute <= 30, "{early:?} {round_trip} {seed}: {second} {minute}");
                }
                let longest = attempts.windows(2).map(|two| two[1] - two[0]).max().unwrap();
                assert!(longest <= ms(2_115), "{early:?} {round_trip} {seed}: {longest:?}");
            }
        }
    }

    #[test]
    fn an_opening_that_is_very_late_is_asked_for_every_five_seconds() {
        let (attempts, _) = waiting(Policy::new().with_give_up_after(Duration::from_secs(1_800)), 3);
        let late = attempts.windows(2).filter(|two| two[0] > START + Duration::from_secs(320));
        assert!(late.map(|two| two[1] - two[0]).all(|gap| gap >= ms(4_900) && gap <= ms(5_200)));
    }

    #[test]
    fn no_run_ends_by_its_budget_before_its_time() {
        for (minutes, most) in [(1, None), (5, None), (60, None), (600, None), (5, Some(40)), (60, Some(60))]
        {
            let policy = Policy::new().with_give_up_after(Duration::from_secs(minutes * 60));
            let policy = most.map_or(policy, |most| policy.with_max_requests(most));
            let (attempts, why) = waiting(policy, 5);
            assert_eq!(why, GiveUp::Deadline, "{minutes} {most:?}");
            let (used, limit) = (attempts.len() as u32, policy.max_requests());
            assert!(used <= limit && most.is_some() || used + RESERVE <= limit, "{minutes} {used} {limit}");
            let end = START + Duration::from_secs(minutes * 60);
            let last = *attempts.last().unwrap();
            assert!(
                end - last <= Duration::from_secs(minutes * 60) / 8 + ms(6_000),
                "{minutes} {most:?} {last:?}"
            );
        }
    }

    #[test]
    fn it_gives_up_at_once_when_the_next_attempt_would_be_too_late() {
        let mut schedule = Policy::new().with_give_up_after(ms(400)).schedule(START, 1);
        assert_eq!(schedule.next(START, START + ms(1), (1, 999), Last::Plain), Err(GiveUp::Deadline));
        let mut schedule = Policy::new().with_max_requests(5).schedule(START, 1);
        assert_eq!(schedule.next(START, START, (5, 999), Last::Plain), Err(GiveUp::Budget));
        let mut schedule = Policy::new().schedule(START, 1);
        assert!(schedule.next(START, START, (1, 999), Last::Unknown).is_ok());
        assert!(schedule.next(START, START, (2, 999), Last::Unknown).is_ok());
        assert_eq!(schedule.next(START, START, (3, 999), Last::Unknown), Err(GiveUp::Unknown));
    }

    #[test]
    fn an_attempt_that_came_early_is_followed_at_once_but_once() {
        let mut schedule = Policy::new().schedule(START, 1);
        // At the instant that would meet the opening, never later than in turn.
        assert_eq!(
            schedule.next(START, START + ms(40), (1, 999), Last::Early(START + ms(60))),
            Ok(START + ms(60))
        );
        let third = START + ms(1000);
        assert_eq!(schedule.next(START + ms(60), START + ms(100), (2, 999), Last::Early(START)), Ok(third));
        assert_eq!(schedule.next(third, third + ms(40), (3, 999), Last::Early(START)), Ok(third + ms(500)));
        let mut schedule = Policy::new().schedule(START, 1);
        assert_eq!(schedule.next(START, START, (1, 999), Last::Early(START + ms(9000))), Ok(START + ms(500)));
        // After an attempt in turn there is no hurry.
        let mut schedule = Policy::new().schedule(START, 1);
        let second = schedule.next(START, START + ms(40), (1, 999), Last::Plain).unwrap();
        assert_eq!(schedule.next(second, second, (2, 999), Last::Early(second)), Ok(second + ms(500)));
    }

    #[test]
    fn after_a_shot_by_our_own_clock_the_second_goes_by_the_dates_and_no_second_has_three() {
        // The second goes when the dates say so, before its turn or after it; the third a second after the first.
        for (dated, third) in [(60, 1_000), (300, 1_000), (500, 1_000), (800, 1_300), (1_010, 1_510)] {
            let mut schedule = Policy::new().schedule(START, 1);
            let second = START + ms(dated);
            assert_eq!(schedule.next(START, START + ms(40), (1, 999), Last::ByOwnClock(second)), Ok(second));
            let next = schedule.next(second, second + ms(40), (2, 999), Last::NotOpen);
            let next = next.unwrap();
            assert!(next >= START + ms(third) && next <= second + ms(2_115), "{dated} {next:?}");
            let quick = dated + 40 < 1_000;
            assert!(!quick || next == START + ms(third), "{dated} {next:?}");
        }
        // An answer that took longer is followed at once.
        let mut schedule = Policy::new().schedule(START, 1);
        let late = START + ms(700);
        assert_eq!(schedule.next(START, late, (1, 999), Last::ByOwnClock(START + ms(300))), Ok(late));
        // No minute has more than thirty.
        for dated in [60, 300, 800, 1_010] {
            for seed in 1..30 {
                let (mut schedule, mut attempts) = (Policy::new().schedule(START, seed), vec![START]);
                loop {
                    let (began, used) = (attempts[attempts.len() - 1], attempts.len() as u32);
                    let last = if used == 1 { Last::ByOwnClock(START + ms(dated)) } else { Last::NotOpen };
                    match schedule.next(began, began + ms(40), (used, 9_999 - used), last) {
                        Ok(next) => attempts.push(next),
                        Err(_) => break,
                    }
                }
                for (first, from) in attempts.iter().enumerate() {
                    let within =
                        |time: Duration| attempts.iter().skip(first).filter(|at| **at < *from + time).count();
                    let (second, minute) = (within(Duration::from_secs(1)), within(Duration::from_secs(60)));
                    assert!(second <= 2 && minute <= 30, "{dated} {seed}: {second} {minute}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn no_run_passes_its_bounds(gap in 0_u64..5_000, seed in any::<u64>(), took in prop::collection::vec((0_u64..3_000, any::<bool>()), 1..700)) {
            let policy = Policy::new().with_gap(ms(gap)).with_max_requests(1_000);
            let mut schedule = policy.schedule(START, seed);
            let (mut began, mut attempts) = (START, vec![START]);
            for (took, early) in took {
                let last = if early { Last::Early(began) } else { Last::Plain };
                let Ok(next) = schedule.next(began, began + ms(took), (1, 9_999), last) else { break };
                prop_assert!(next >= began + ms(took));
                prop_assert!(next <= START + Duration::from_secs(300));
                // No second has three.
                if let [.., before, _] = attempts[..] {
                    prop_assert!(next >= before + MIN_GAP * 2);
                }
                attempts.push(next);
                began = next;
            }
            prop_assert!(attempts.len() <= 601);
        }
    }
}
