//! Ctrl-C ends a booking with a verdict.
#![cfg(unix)]

use std::time::Duration;

use namyangju_rent::clock::{Clock, SystemClock};
use namyangju_rent::harness::{Fault, FaultKind, SiteStep};

use super::support::{PASSWORD, book, finish, interrupt, lines, runner, stand_in, start, wait_for};

#[test]
fn before_an_application_nothing_is_reserved() {
    let later = SystemClock.now().plus(Duration::from_secs(3600));
    let server = stand_in(|settings| settings.opening = Some(later));
    let child = start(runner(&book(&server.base_url(), &[])), &format!("{PASSWORD}\n"));
    wait_for(&server, SiteStep::Day);
    interrupt(&child);
    let done = finish(child);
    assert_eq!(done.code, Some(130), "{done:?}");
    assert!(done.err.contains("interrupted: no application is under way, nothing was reserved"), "{done:?}");
}

#[test]
fn an_application_without_an_answer_is_unconfirmed() {
    let fault = Fault { step: SiteStep::Submit, nth: 1, kind: FaultKind::Silence };
    let server = stand_in(|settings| settings.faults = vec![fault]);
    let child = start(runner(&book(&server.base_url(), &["--json"])), &format!("{PASSWORD}\n"));
    wait_for(&server, SiteStep::Submit);
    interrupt(&child);
    let done = finish(child);
    assert_eq!(done.code, Some(7), "{done:?}");
    let report = lines(&done).pop().unwrap();
    assert_eq!((&report["verdict"], &report["interrupted"]), (&"unconfirmed".into(), &true.into()));
}
