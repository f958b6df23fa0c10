//! The schedule to the microsecond: what the looser tests beside it would not notice.

use std::time::Duration;

use crate::booking::policy::{GiveUp, Last, Policy, Schedule};

const START: Duration = Duration::from_secs(100);

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// How much later than the beginning of the last attempt the next one begins, if the answer came at once.
fn gap(schedule: &mut Schedule, at: Duration, last: Last) -> Duration {
    schedule.next(at, at, (1, 9_999), last).unwrap() - at
}

#[test]
fn the_figures_of_the_old_system_stay_steady_to_their_end() {
    let mut schedule = Policy::original().with_give_up_after(seconds(400)).schedule(START, 1);
    assert_eq!(gap(&mut schedule, START + ms(299_999), Last::Plain), ms(500));
    assert!(gap(&mut schedule, START + ms(300_000), Last::Plain) >= ms(625));
}

#[test]
fn a_run_may_send_what_its_pace_needs_and_its_preparation() {
    // 5 attempts in 2.5 s, 6 in 7 s, 146 until 300 s, and 12 requests in reserve with the first of all.
    assert_eq!(Policy::new().requests_needed(), 5 + 6 + 146 + 13);
    assert_eq!(Policy::new().request_ceiling(), 200);
    // 300 more in 25 minutes of every five seconds; 30 for the preparation.
    let long = Policy::new().with_give_up_after(seconds(1_800));
    assert_eq!((long.requests_needed(), long.request_ceiling()), (470, 500));
    // Its own limit and its own pace do not lower it, nor lift it.
    assert_eq!(long.with_max_requests(1).with_gap(seconds(9)).request_ceiling(), 500);
    assert_eq!(Policy::new().with_give_up_after(Duration::ZERO).request_ceiling(), 200);
}

#[test]
fn the_attempts_of_a_seed_can_be_listed() {
    let attempts: Vec<_> = Policy::new().attempts(7).collect();
    assert_eq!(attempts.get(..6).unwrap(), [0, 500, 1_000, 1_500, 2_000, 2_500].map(ms));
    let mut schedule = Policy::new().schedule(Duration::ZERO, 7);
    for (index, two) in attempts.windows(2).enumerate() {
        let used = u32::try_from(index).unwrap() + 1;
        assert_eq!(schedule.next(two[0], two[0], (used, u32::MAX), Last::NotOpen), Ok(two[1]));
    }
    // Few requests last until the end, further apart.
    let few: Vec<_> = Policy::new().with_max_requests(40).attempts(7).collect();
    assert!((20..=40).contains(&few.len()), "{few:?}");
    assert!(few.last().unwrap() >= &seconds(250), "{few:?}");
}

#[test]
fn the_jitter_is_a_part_of_the_gap_and_the_same_for_the_same_seed() {
    // In microseconds beyond the planned gap, three in turn; at most a fifth of the gap.
    let drawn = |seed| {
        let mut schedule = Policy::new().with_gap(ms(2_000)).schedule(START, seed);
        [(); 3].map(|()| {
            let mut fresh = schedule.clone();
            let next = gap(&mut schedule, START + seconds(3), Last::Plain);
            // The same again from the same state.
            assert_eq!(gap(&mut fresh, START + seconds(3), Last::Plain), next);
            next.as_micros()
        })
    };
    let planned = [2_500_000, 3_125_000, 3_906_250];
    let beyond = |seed| {
        let drawn = drawn(seed);
        [0, 1, 2].map(|n: usize| drawn[n] - planned[n])
    };
    // xorshift64 with the shifts 13, 7 and 17; a seed is made odd.
    assert_eq!(beyond(1), [269_761, 103_505, 73_217]);
    assert_eq!(beyond(2), [309_283, 130_618, 537_403]);
    assert_eq!(beyond(3), beyond(2));
    for seed in 0..200 {
        let beyond = beyond(seed);
        assert!((0..3).all(|n| beyond[n] < planned[n] / 5), "{seed} {beyond:?}");
    }
    let widest = (0..200).map(|seed| beyond(seed)[0]).max().unwrap();
    assert!(widest > 480_000, "{widest}");
}

#[test]
fn while_it_is_not_open_the_gap_is_two_seconds_until_five_minutes_are_over() {
    let mut schedule = Policy::new().with_give_up_after(seconds(3_600)).schedule(START, 1);
    let mut last = Duration::ZERO;
    for _ in 0..20 {
        last = gap(&mut schedule, START + seconds(100), Last::NotOpen);
    }
    assert!((2_000..2_040).contains(&last.as_millis()), "{last:?}");
    let before = gap(&mut schedule, START + ms(299_999), Last::NotOpen);
    assert!((2_000..2_040).contains(&before.as_millis()), "{before:?}");
    let late = gap(&mut schedule, START + seconds(300), Last::NotOpen);
    assert!((2_500..2_550).contains(&late.as_millis()), "{late:?}");
}

#[test]
fn the_last_attempt_may_begin_at_the_very_end() {
    let mut schedule = Policy::new().with_give_up_after(ms(500)).schedule(START, 1);
    assert_eq!(schedule.next(START, START, (1, 999), Last::Plain), Ok(START + ms(500)));
    let mut schedule = Policy::new().with_give_up_after(ms(499)).schedule(START, 1);
    assert_eq!(schedule.next(START, START, (1, 999), Last::Plain), Err(GiveUp::Deadline));
}

#[test]
fn with_fewer_requests_than_the_pace_needs_the_gaps_are_longer() {
    // 157 attempts are needed from the start, and 12 requests are kept for the booking itself.
    for (left, gap) in [
        (157 + 12, ms(500)),
        (156 + 12, ms(500) * 157 / 156),
        (100, ms(500) * 157 / 88),
        (13, ms(500) * 157),
        // Nothing to spare: what is left is spread all the same.
        (12, ms(500) * 157 / 12),
        (1, ms(500) * 157),
    ] {
        let mut schedule = Policy::new().schedule(START, 1);
        assert_eq!(schedule.next(START, START, (1, left), Last::NotOpen), Ok(START + gap), "{left}");
        // Other answers do not wait.
        let mut schedule = Policy::new().schedule(START, 1);
        assert_eq!(schedule.next(START, START, (1, left), Last::Plain), Ok(START + ms(500)), "{left}");
    }
}
