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
    // Also while the site says that it is not open yet.
    let mut schedule = Policy::original().with_give_up_after(seconds(400)).schedule(START, 1);
    assert_eq!(gap(&mut schedule, START + ms(299_999), Last::NotOpen), ms(500));
}

#[test]
fn a_policy_that_was_kept_by_an_earlier_version_has_the_pace_of_today() {
    let mut kept = serde_json::to_value(Policy::new()).unwrap();
    assert!(kept.as_object_mut().unwrap().remove("quick_for").is_some());
    assert_eq!(serde_json::from_value::<Policy>(kept).unwrap(), Policy::new());
}

#[test]
fn a_run_may_send_what_its_pace_needs_and_its_preparation() {
    // 2 attempts in the first second, 142 until 300 s, and 12 requests in reserve with the first of all.
    assert_eq!(Policy::new().requests_needed(), 2 + 142 + 13);
    assert_eq!(Policy::new().request_ceiling(), 200);
    // 300 more in 25 minutes of every five seconds; 30 for the preparation.
    let long = Policy::new().with_give_up_after(seconds(1_800));
    assert_eq!((long.requests_needed(), long.request_ceiling()), (457, 487));
    // Its own limit and its own pace do not lower it, nor lift it.
    assert_eq!(long.with_max_requests(1).with_gap(seconds(9)).request_ceiling(), 487);
    assert_eq!(Policy::new().with_give_up_after(Duration::ZERO).request_ceiling(), 200);
}

#[test]
fn the_attempts_of_a_seed_can_be_listed() {
    let attempts: Vec<_> = Policy::new().attempts(7).collect();
    assert_eq!(attempts.get(..3).unwrap(), [0, 500, 1_000].map(ms));
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
        let mut schedule = Policy::new().with_gap(ms(1_600)).schedule(START, seed);
        [(); 3].map(|()| {
            let mut fresh = schedule.clone();
            let next = gap(&mut schedule, START + seconds(3), Last::Plain);
            // The same again from the same state.
            assert_eq!(gap(&mut fresh, START + seconds(3), Last::Plain), next);
            next.as_micros()
        })
    };
    let planned = [2_000_000, 2_500_000, 3_125_000];
    let beyond = |seed| {
        let drawn = drawn(seed);
        [0, 1, 2].map(|n: usize| drawn[n] - planned[n])
    };
    // xorshift64 with the shifts 13, 7 and 17; a seed is made odd.
    assert_eq!(beyond(1), [269_761, 353_505, 264_457]);
    assert_eq!(beyond(2), [9_283, 255_618, 12_923]);
    assert_eq!(beyond(3), beyond(2));
    for seed in 0..200 {
        let beyond = beyond(seed);
        assert!((0..3).all(|n| beyond[n] < planned[n] / 5), "{seed} {beyond:?}");
    }
    let widest = (0..200).map(|seed| beyond(seed)[0]).max().unwrap();
    assert!(widest > 380_000, "{widest}");
}

#[test]
fn while_it_is_not_open_the_gap_is_two_seconds_until_five_minutes_are_over() {
    let mut schedule = Policy::new().with_give_up_after(seconds(3_600)).schedule(START, 1);
    let mut after = |at: Duration| gap(&mut schedule, START + at, Last::NotOpen).as_micros();
    // 2,108 ms and three thousandths of it at most, from the end of the first second on.
    assert_eq!(after(ms(999)), 500_000);
    for at in [ms(1_000), seconds(100), ms(299_999)] {
        let gap = after(at);
        assert!((2_108_000..2_108_000 + 6_324).contains(&gap), "{at:?} {gap}");
    }
    // A quarter longer each time, to five seconds.
    let late = after(seconds(300));
    assert!((2_635_000..2_635_000 + 7_905).contains(&late), "{late}");
    let latest = [(); 9].map(|()| after(seconds(300))).into_iter().max().unwrap();
    assert!((5_000_000..5_015_000).contains(&latest), "{latest}");
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
    // 144 attempts are needed from the start, and 12 requests are kept for the booking itself.
    for (left, gap) in [
        (144 + 12, ms(500)),
        (143 + 12, ms(500) * 144 / 143),
        (100, ms(500) * 144 / 88),
        (13, ms(500) * 144),
        // Nothing to spare: what is left is spread all the same.
        (12, ms(500) * 144 / 12),
        (1, ms(500) * 144),
    ] {
        let mut schedule = Policy::new().schedule(START, 1);
        assert_eq!(schedule.next(START, START, (1, left), Last::NotOpen), Ok(START + gap), "{left}");
        // Other answers do not wait.
        let mut schedule = Policy::new().schedule(START, 1);
        assert_eq!(schedule.next(START, START, (1, left), Last::Plain), Ok(START + ms(500)), "{left}");
    }
}
