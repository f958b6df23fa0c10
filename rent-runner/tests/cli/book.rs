//! `book`: one exit code for each kind of end.

use namyangju_rent::clock::{Clock, SystemClock};
use namyangju_rent::harness::{Fault, FaultKind, HumanCheck, SiteStep};

use super::support::{
    PASSWORD, PLACE, TIME, book, date, finish, lines, nobody, requests, run, runner, stand_in, start,
};

#[test]
fn the_receipt_number_is_all_of_stdout() {
    let server = stand_in(|_| {});
    let done = run(&book(&server.base_url(), &[]));
    assert_eq!(done.code, Some(0), "{done:?}");
    let receipt = server.with(|stand_in| stand_in.bookings()[0].receipt.clone());
    assert_eq!(done.out, format!("{receipt}\n"));
    assert!(
        done.err.contains(&format!("reserved, receipt {receipt}; the day list shows it booked")),
        "{done:?}"
    );
    assert!(!done.err.contains("terms of use"), "a stand-in has none: {done:?}");
}

#[test]
fn several_adjacent_rounds_are_one_application() {
    let server = stand_in(|_| {});
    let done = run(&book(&server.base_url(), &["--time", "14:00-18:00", "--quiet"]));
    assert_eq!((done.code, done.err.as_str()), (Some(0), ""), "{done:?}");
    let slots: Vec<String> =
        server.with(|s| s.bookings()[0].slots.iter().map(|(_, r)| r.to_string()).collect());
    assert_eq!(slots, ["14:00-16:00", "16:00-18:00"]);
}

#[test]
fn a_time_that_somebody_has_is_lost() {
    let server = stand_in(|_| {});
    server.with(|s| s.take(&PLACE.parse().unwrap(), date(), TIME.parse().unwrap(), "다른클럽"));
    let done = run(&book(&server.base_url(), &[]));
    assert_eq!((done.code, done.out.as_str()), (Some(3), ""), "{done:?}");
    assert!(done.err.contains("lost: somebody else has the time"), "{done:?}");
    assert!(!done.err.contains("다른클럽"), "{done:?}");
    assert_eq!(requests(&server, SiteStep::Submit), 0);
}

#[test]
fn quiet_tells_why_a_booking_was_not_made() {
    let server = stand_in(|_| {});
    server.with(|s| s.take(&PLACE.parse().unwrap(), date(), TIME.parse().unwrap(), "다른클럽"));
    let quiet = |more: &[&str]| run(&book(&server.base_url(), &[more, &["--quiet"]].concat()));
    let lost = quiet(&[]);
    assert_eq!((lost.code, lost.out.as_str(), lost.err.lines().count()), (Some(3), "", 1), "{lost:?}");
    assert!(lost.err.starts_with("error: lost: somebody else has the time"), "{lost:?}");
    assert_eq!(quiet(&["--time", "14:00-16:00"]).code, Some(0));
    let ours = quiet(&["--time", "14:00-16:00"]);
    assert_eq!((ours.code, ours.err.lines().count()), (Some(11), 1), "{ours:?}");
    assert!(ours.err.starts_with("warning: already booked: the day list shows"), "{ours:?}");
}

#[test]
fn quiet_still_tells_what_is_not_ready_before_the_opening() {
    let done = run(&["demo", "--human-check", "--quiet"]);
    let told: Vec<&str> = done.err.lines().filter(|line| !line.starts_with(' ')).collect();
    assert_eq!((done.code, told.len()), (Some(6), 2), "{done:?}");
    assert!(told[0].starts_with("warning: ALARM, not ready yet: day page: the site asks for"), "{done:?}");
    assert!(told[1].starts_with("error: a person is needed: day page: the site asks for"), "{done:?}");
}

#[test]
fn the_same_command_again_says_that_the_court_is_ours_and_books_no_other() {
    let server = stand_in(|_| {});
    let second = format!("{PLACE} {} 08:00-10:00", date());
    let arguments = book(&server.base_url(), &["--or", &second]);
    assert_eq!(run(&arguments).code, Some(0));
    let again = run(&arguments);
    assert_eq!((again.code, again.out.as_str()), (Some(11), ""), "{again:?}");
    assert!(again.err.contains("already booked: the day list shows the time in our name"), "{again:?}");
    // Without a second choice, as JSON, with an empty journal, and as far as the form.
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("journal").to_str().unwrap().to_owned();
    let json = run(&book(&server.base_url(), &["--json", "--journal", &journal]));
    let report = lines(&json).pop().unwrap();
    assert_eq!(
        (json.code, &report["verdict"], &report["exit_code"]),
        (Some(11), &"already-booked".into(), &11.into()),
        "{json:?}"
    );
    let dry = run(&book(&server.base_url(), &["--dry-run"]));
    assert_eq!(dry.code, Some(11), "{dry:?}");
    assert!(dry.err.contains("already booked"), "{dry:?}");
    assert_eq!((requests(&server, SiteStep::Submit), server.with(|s| s.bookings().len())), (1, 1));
}

#[test]
fn a_wrong_password_is_refused_once() {
    let server = stand_in(|_| {});
    let done = finish(start(runner(&book(&server.base_url(), &[])), "wrong-password\n"));
    assert_eq!(done.code, Some(4), "{done:?}");
    assert!(
        done.err.contains("refused: login: the site did not accept the account or its password"),
        "{done:?}"
    );
    assert!(!done.err.contains("wrong-password"), "{done:?}");
    assert_eq!(requests(&server, SiteStep::Login), 1);
}

#[test]
fn a_time_that_is_no_round_is_refused_with_the_rounds_there_are() {
    let server = stand_in(|_| {});
    let done = run(&book(&server.base_url(), &["--time", "07:00-09:00"]));
    assert_eq!(done.code, Some(4), "{done:?}");
    assert!(done.err.contains("its rounds are 06:00-08:00, 08:00-10:00"), "{done:?}");
}

#[test]
fn a_block_ends_it() {
    let fault = Fault { step: SiteStep::Day, nth: 1, kind: FaultKind::Status(403) };
    let server = stand_in(|settings| settings.faults = vec![fault]);
    let done = run(&book(&server.base_url(), &[]));
    assert_eq!(done.code, Some(5), "{done:?}");
    assert_eq!(requests(&server, SiteStep::Day), 1);
}

#[test]
fn a_human_check_is_for_a_person() {
    let server = stand_in(|settings| settings.human_check = HumanCheck::Everywhere);
    let done = run(&book(&server.base_url(), &[]));
    assert_eq!(done.code, Some(6), "{done:?}");
    assert!(done.err.contains("continue in a browser"), "{done:?}");
}

#[test]
fn a_known_human_check_is_told_before_anything_is_sent() {
    let place = ["--site", "seongnam", "--place", "SIMC01/07/26", "--give-up-after", "100ms"];
    let done = run(&book(&nobody(), &place));
    assert!(
        done.err.starts_with("A human check is known to stand before the form of SIMC01/07/26"),
        "{done:?}"
    );
}

#[test]
fn nobody_there_is_a_network_failure() {
    let done = run(&book(&nobody(), &["--give-up-after", "100ms"]));
    assert_eq!((done.code, done.out.as_str()), (Some(8), ""), "{done:?}");
    assert!(done.err.contains("Connection refused"), "{done:?}");
}

#[test]
fn a_day_that_does_not_open_is_given_up() {
    let later = SystemClock.now().plus(std::time::Duration::from_secs(3600));
    let server = stand_in(|settings| settings.opening = Some(later));
    let done = run(&book(&server.base_url(), &["--give-up-after", "100ms"]));
    assert_eq!(done.code, Some(9), "{done:?}");
    assert!(done.err.contains("given up: the time is up; the last answer was:"), "{done:?}");
}

#[test]
fn a_lost_answer_is_read_back_and_sent_once() {
    let fault = Fault { step: SiteStep::Submit, nth: 1, kind: FaultKind::LoseAnswer };
    let server = stand_in(|settings| settings.faults = vec![fault]);
    let done = run(&book(&server.base_url(), &[]));
    assert_eq!((done.code, done.out.as_str()), (Some(0), ""), "{done:?}");
    assert_eq!(requests(&server, SiteStep::Submit), 1);
}

#[test]
fn the_environment_can_name_site_account_and_password() {
    let server = stand_in(|_| {});
    let mut arguments = book(&server.base_url(), &[]);
    arguments.drain(1..6);
    assert_eq!(arguments[1], "--place");
    let mut command = runner(&arguments);
    command.env("RENT_SITE", "namyangju").env("RENT_BASE_URL", server.base_url());
    command.env("RENT_ACCOUNT", "tester1").env("RENT_PASSWORD", PASSWORD);
    let done = finish(start(command, ""));
    assert_eq!(done.code, Some(0), "{done:?}");
}

#[test]
fn a_reader_that_went_away_does_not_stop_a_booking() {
    let server = stand_in(|_| {});
    let mut child = start(runner(&book(&server.base_url(), &["--json"])), &format!("{PASSWORD}\n"));
    drop((child.stdout.take(), child.stderr.take()));
    assert_eq!(finish(child).code, Some(0));
    assert_eq!(server.with(|stand_in| stand_in.bookings().len()), 1);
}

#[test]
fn the_report_is_the_last_line_of_json() {
    let server = stand_in(|_| {});
    let done = run(&book(&server.base_url(), &["--json"]));
    let lines = lines(&done);
    let report = lines.last().unwrap();
    assert_eq!((&report["event"], &report["verdict"]), (&"report".into(), &"reserved".into()));
    assert_eq!(
        report["receipt"]["number"].as_str(),
        server.with(|s| s.bookings().first().map(|b| b.receipt.clone())).as_deref()
    );
    assert!(lines.iter().all(|line| line["at"].as_str().is_some_and(|at| at.ends_with("+09:00"))));
}
