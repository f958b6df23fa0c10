//! `book --opens-at`: getting ready, the shot, and the choices after the first.

use std::time::Duration;

use namyangju_rent::clock::{Clock, SystemClock};
use namyangju_rent::harness::{Settings, SiteStep, StandInServer};
use namyangju_rent::{RentDate, SeoulTime};

use super::support::{
    PASSWORD, PLACE, TIME, book, date, finish, interrupt, lines, requests, run, runner, stand_in, start,
    wait_for,
};

/// How long the tests let a program get ready.
const SOON: Duration = Duration::from_millis(400);

const HOUR: Duration = Duration::from_secs(3600);

/// A site on which the wished day alone is not open yet.
fn opens(at: SeoulTime, change: impl FnOnce(&mut Settings)) -> StandInServer {
    stand_in(|settings| {
        settings.openings.insert(date(), at);
        change(settings);
    })
}

fn text(at: SeoulTime) -> String {
    String::from(at)
}

#[test]
fn it_waits_and_fires() {
    let at = SystemClock.now().plus(SOON);
    let server = opens(at, |_| {});
    let done = run(&book(&server.base_url(), &["--opens-at", &text(at), "--json"]));
    assert_eq!(done.code, Some(0), "{done:?}");
    let lines = lines(&done);
    for name in ["waiting", "logged-in", "learned", "armed", "fired"] {
        assert_eq!(lines.iter().filter(|line| line["event"] == name).count(), 1, "{name} {done:?}");
    }
    let submitted = server.with(|stand_in| stand_in.bookings()[0].at);
    assert!(submitted >= at, "{done:?}");
    assert!(lines.last().unwrap()["requests_after_opening"].is_u64(), "{done:?}");
}

#[test]
fn a_plain_instant_is_in_seoul_and_a_story_counts_from_it() {
    let at = SystemClock.now().plus(SOON);
    let server = opens(at, |_| {});
    let plain = at.to_string().replace(" Asia/Seoul", "");
    let done = run(&book(&server.base_url(), &["--opens-at", &plain, "--lead", "1ms"]));
    assert_eq!(done.code, Some(0), "{done:?}");
    for said in ["waiting for the opening at ", "the numbers of the slots are known", "armed: ", "  +0."] {
        assert!(done.err.contains(said), "{said} {done:?}");
    }
    assert!(!done.err.contains('\r') && !done.err.contains('\u{1b}'), "{done:?}");
}

#[test]
fn a_given_offset_replaces_the_measurement() {
    // By this machine's clock the day opens in an hour.
    let at = SystemClock.now().plus(HOUR).plus(SOON);
    let server = opens(at, |settings| settings.clock_skew_millis = 3_600_000);
    let done = run(&book(&server.base_url(), &["--opens-at", &text(at), "--clock-offset", "+1h"]));
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(server.arrivals().iter().all(|arrival| arrival.method != "HEAD"));
}

#[test]
fn a_late_start_is_told_and_goes_on() {
    let at = SystemClock.now().minus(SOON);
    let server = opens(at, |_| {});
    let done = run(&book(&server.base_url(), &["--opens-at", &text(at)]));
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(done.err.contains("a late start"), "{done:?}");
}

#[test]
fn the_rule_of_the_dialect_is_shown_with_its_confidence() {
    let server = stand_in(|_| {});
    let far: RentDate = SystemClock.now().date().plus_days(70);
    let more = ["--date", &far.to_string(), "--opens-at", "auto", "--dry-run"];
    let done = run(&book(&server.base_url(), &more));
    assert_eq!(done.code, Some(0), "{done:?}");
    for said in [
        "-26 10:00:00.000 Asia/Seoul by the rule of the dialect (confidence I, weakly inferred)",
        "announcement",
    ] {
        assert!(done.err.contains(said), "{said} {done:?}");
    }
}

#[test]
fn an_interrupted_wait_has_reserved_nothing() {
    let at = SystemClock.now().plus(Duration::from_secs(300));
    let server = opens(at, |_| {});
    let child =
        start(runner(&book(&server.base_url(), &["--opens-at", &text(at)])), &format!("{PASSWORD}\n"));
    wait_for(&server, SiteStep::Day);
    interrupt(&child);
    let done = finish(child);
    assert_eq!(done.code, Some(130), "{done:?}");
    assert!(done.err.contains("interrupted: no application is under way, nothing was reserved"), "{done:?}");
    assert_eq!(requests(&server, SiteStep::Submit), 0);
}

#[test]
fn a_lost_time_leads_to_the_next_choice() {
    let server = stand_in(|_| {});
    server.with(|s| s.take(&PLACE.parse().unwrap(), date(), TIME.parse().unwrap(), "다른클럽"));
    let second = format!("{PLACE} {} 08:00-10:00", date());
    let third = format!("{PLACE} {} 10:00-12:00", date());
    let done = run(&book(&server.base_url(), &["--or", &second, "--or", &third]));
    assert_eq!(done.code, Some(0), "{done:?}");
    for said in ["choice 3: ", "that time is lost; trying choice 2", "choice 2: reserved, receipt "] {
        assert!(done.err.contains(said), "{said} {done:?}");
    }
    assert_eq!(server.with(|stand_in| stand_in.bookings().len()), 1);
}

#[test]
fn requests_and_pace_have_bounds() {
    let server = opens(SystemClock.now().plus(HOUR), |_| {});
    let done = run(&book(&server.base_url(), &["--policy", "original", "--most-requests", "1"]));
    assert_eq!(done.code, Some(9), "{done:?}");
    assert!(done.err.contains("given up: the requests are used up"), "{done:?}");
}
