//! `book --dry-run`: everything but the submission.

use namyangju_rent::harness::SiteStep;

use super::support::{CLUB, PLACE, TIME, book, date, finish, requests, run, runner, stand_in, start};

#[test]
fn the_form_is_shown_masked_and_never_sent() {
    let server = stand_in(|_| {});
    let done = run(&book(&server.base_url(), &["--dry-run", "--applicant-name", "이순신"]));
    assert_eq!(done.code, Some(0), "{done:?}");
    for field in ["receipt_time[]", "1833", "use_time_list", "playname", "테니스", "payment_total_amt"] {
        assert!(done.out.contains(field), "{field} {done:?}");
    }
    for private in [CLUB, "이순신", "홍길동", "02-000-0000", "010-0000"] {
        assert!(!done.out.contains(private) && !done.err.contains(private), "{private} {done:?}");
    }
    assert!(done.err.contains("no application was sent"), "{done:?}");
    assert!(done.err.contains(" won"), "{done:?}");
    assert_eq!((requests(&server, SiteStep::Form), requests(&server, SiteStep::Submit)), (1, 0));
    assert_eq!(server.with(|stand_in| stand_in.bookings().len()), 0);
}

#[test]
fn characters_that_the_site_lacks_are_warned_of() {
    let server = stand_in(|_| {});
    let done = run(&book(&server.base_url(), &["--dry-run", "--purpose", "운동 🎾"]));
    assert!(done.err.contains("`reason` has `🎾`") && done.err.contains("&#127934;"), "{done:?}");
}

#[test]
fn a_program_gets_one_line() {
    let server = stand_in(|_| {});
    let done = run(&book(&server.base_url(), &["--dry-run", "--json"]));
    let line: serde_json::Value = serde_json::from_str(done.out.trim()).unwrap();
    assert_eq!((&line["event"], &line["payment"].is_number()), (&"dry-run".into(), &true));
    assert!(!done.out.contains(CLUB), "{done:?}");
}

#[test]
fn it_ends_as_a_booking_would() {
    let server = stand_in(|_| {});
    let done = run(&book(&server.base_url(), &["--dry-run", "--discount", "77"]));
    assert_eq!(done.code, Some(4), "{done:?}");
    assert!(done.err.contains("the form has no discount `77`: it offers"), "{done:?}");
    let done = finish(start(runner(&book(&server.base_url(), &["--dry-run"])), "wrong\n"));
    assert_eq!(done.code, Some(4), "{done:?}");
    server.with(|s| s.take(&PLACE.parse().unwrap(), date(), TIME.parse().unwrap(), "다른클럽"));
    let done = run(&book(&server.base_url(), &["--dry-run"]));
    assert_eq!(done.code, Some(3), "{done:?}");
}
