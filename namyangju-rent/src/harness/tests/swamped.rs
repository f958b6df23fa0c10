//! A swamped site by the pure machine: what is done, what is not, and that the seed decides.

use std::time::Duration;

use super::robot::{NOW, PLACE, Robot};
use crate::SeoulTime;
use crate::harness::*;

fn swamp(errors: f64, resets: f64, slow: f64) -> Swamp {
    let from: SeoulTime = NOW.parse().unwrap();
    let until = from.plus(Duration::from_secs(600));
    Swamp { from, until, errors, resets, slow, longest: Duration::from_secs(30) }
}

/// One application to a site of this seed that is swamped from it on.
fn applied(seed: u64, swamp: Swamp) -> (Robot, Answer) {
    let mut robot = Robot::logged_in(Settings { seed, ..Settings::default() });
    let form = robot.form(PLACE, &[1]);
    robot.stand_in.settings_mut().swamp = Some(swamp);
    let answer = robot.submit(&form);
    (robot, answer)
}

#[test]
fn only_a_gateway_that_lost_patience_had_the_work_done() {
    let mut seen = [0; 3];
    for seed in 1..40 {
        let (robot, answer) = applied(seed, swamp(1.0, 0.0, 0.0));
        let (index, booked, delay) = match answer.status {
            502 => (0, 0, 0),
            503 => (1, 0, 0),
            504 => (2, 1, 30),
            other => panic!("{other}"),
        };
        seen[index] += 1;
        assert_eq!(robot.stand_in.bookings().len(), booked, "{seed}");
        assert_eq!(answer.back_delay, Duration::from_secs(delay), "{seed}");
        assert!(answer.set_cookies().is_empty());
        let arrival = robot.stand_in.arrivals().last().unwrap();
        assert_eq!((arrival.began.is_some(), arrival.left.is_some()), (booked == 1, true));
    }
    assert!(seen.iter().all(|count| *count > 5), "{seen:?}");
}

#[test]
fn half_of_the_reset_connections_had_the_work_done() {
    let mut booked = 0;
    for seed in 1..40 {
        let (robot, answer) = applied(seed, swamp(0.0, 1.0, 0.0));
        assert_eq!(answer.fault, Some(WireFault::ResetUnanswered));
        assert_eq!(robot.stand_in.arrivals().last().unwrap().left, None);
        booked += robot.stand_in.bookings().len();
    }
    assert!((10..30).contains(&booked), "{booked}");
}

#[test]
fn slow_answers_are_good_answers() {
    let mut delays = Vec::new();
    for seed in 1..40 {
        let (robot, answer) = applied(seed, swamp(0.0, 0.0, 1.0));
        assert_eq!((answer.status, robot.stand_in.bookings().len()), (302, 1));
        delays.push(answer.back_delay);
    }
    delays.sort();
    assert!(delays[0] < Duration::from_secs(10) && delays[38] > Duration::from_secs(20), "{delays:?}");
    assert!(delays[38] <= Duration::from_secs(30));
}

#[test]
fn a_run_can_be_repeated_and_files_are_spared() {
    let statuses = |seed| {
        let mut robot = Robot::new(Settings { seed, ..Settings::default() });
        robot.stand_in.settings_mut().swamp = Some(swamp(0.3, 0.2, 0.2));
        let pages: Vec<_> = (0..60).map(|_| robot.get("/rent/")).map(|a| (a.status, a.back_delay)).collect();
        for _ in 0..60 {
            let file = robot.get("/rent/js/standin.js");
            assert_eq!((file.status, file.back_delay), (200, Duration::ZERO));
        }
        pages
    };
    assert_eq!(statuses(3), statuses(3));
    assert_ne!(statuses(3), statuses(4));
}

#[test]
fn before_and_after_it_all_is_well() {
    let mut robot = Robot::new(Settings { swamp: Some(swamp(1.0, 0.0, 0.0)), ..Settings::default() });
    assert!(robot.get("/rent/").status >= 502);
    robot.later(600);
    assert_eq!(robot.get("/rent/").status, 200);
    robot.now = SeoulTime::from_unix_micros(robot.now.unix_micros() - 600_000_001);
    assert_eq!(robot.get("/rent/").status, 200);
}
