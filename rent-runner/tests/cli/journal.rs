//! `book --journal` and `--resume`: after a crash the next run looks before it applies.
#![cfg(unix)]

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use namyangju_rent::harness::{Fault, FaultKind, SiteStep, StandInServer};

use super::support::{
    CLUB, Done, PASSWORD, PLACE, TIME, book, date, requests, run, runner, stand_in, start, wait_for,
    wait_for_many,
};

fn path() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("court.jsonl");
    (folder, path)
}

fn run_with(server: &StandInServer, argument: &str, journal: &Path, more: &[&str]) -> Done {
    run(&book(&server.base_url(), &[&[argument, journal.to_str().unwrap()], more].concat()))
}

/// A run that is killed after its application has reached the site and before the answer.
fn killed(server: &StandInServer, journal: &Path, more: &[&str]) {
    let arguments = [&["--journal", journal.to_str().unwrap()], more].concat();
    let mut child = start(runner(&book(&server.base_url(), &arguments)), &format!("{PASSWORD}\n"));
    wait_for(server, SiteStep::Submit);
    child.kill().unwrap();
    child.wait().unwrap();
}

/// A site that accepts the first application and takes very long to say so.
fn slow() -> StandInServer {
    let kind = FaultKind::Late(Duration::from_secs(3600));
    let fault = Fault { step: SiteStep::Submit, nth: 1, kind };
    stand_in(|settings| settings.faults = vec![fault])
}

#[test]
fn each_event_is_a_line_that_only_the_owner_reads() {
    let (server, (_folder, journal)) = (stand_in(|_| {}), path());
    let done = run_with(&server, "--journal", &journal, &["--mobile", "010-9876-5432"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    let text = std::fs::read_to_string(&journal).unwrap();
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    assert_eq!((&lines[0]["event"], &lines[0]["wishes"][0]["range"]), (&"begin".into(), &TIME.into()));
    assert!(lines.iter().any(|line| line["event"] == "submitting"), "{text}");
    assert_eq!(lines.last().unwrap()["verdict"], "reserved");
    assert_eq!(std::fs::metadata(&journal).unwrap().permissions().mode() & 0o777, 0o600);
    for private in [PASSWORD, CLUB, "9876-5432", "홍길동"] {
        assert!(!text.contains(private), "{private} {text}");
    }
}

#[test]
fn after_a_kill_the_next_run_looks_first() {
    let (server, (_folder, journal)) = (slow(), path());
    killed(&server, &journal, &[]);
    // Without a look nothing is begun.
    let done = run_with(&server, "--journal", &journal, &[]);
    assert_eq!(done.code, Some(2), "{done:?}");
    assert!(done.err.contains("go on with --resume"), "{done:?}");
    let done = run_with(&server, "--resume", &journal, &[]);
    assert_eq!((done.code, done.out.as_str()), (Some(0), ""), "{done:?}");
    assert!(done.err.contains("the day list is read before anything is sent"), "{done:?}");
    assert!(done.err.contains("the day list shows the time in our name"), "{done:?}");
    assert_eq!((requests(&server, SiteStep::Submit), server.with(|s| s.bookings().len())), (1, 1));
}

#[test]
fn after_a_kill_in_a_later_choice_that_choice_is_looked_at() {
    let (server, (_folder, journal)) = (slow(), path());
    server.with(|s| s.take(&PLACE.parse().unwrap(), date(), TIME.parse().unwrap(), "다른클럽"));
    let choices = ["08:00-10:00", "10:00-12:00"].map(|time| format!("{PLACE} {} {time}", date()));
    let more = ["--or", &choices[0], "--or", &choices[1]];
    killed(&server, &journal, &more);
    let done = run_with(&server, "--resume", &journal, &more);
    assert_eq!(done.code, Some(0), "{done:?}");
    assert_eq!(
        (requests(&server, SiteStep::Submit), server.with(|s| s.bookings().len())),
        (1, 1),
        "{done:?}"
    );
}

#[test]
fn one_command_can_be_started_again_and_again() {
    let (server, (_folder, journal)) = (stand_in(|_| {}), path());
    let both = ["--resume", journal.to_str().unwrap()];
    assert_eq!(run_with(&server, "--journal", &journal, &both).code, Some(0));
    let done = run_with(&server, "--journal", &journal, &both);
    assert_eq!(done.code, Some(0), "{done:?}");
    assert_eq!((requests(&server, SiteStep::Submit), server.with(|s| s.bookings().len())), (1, 1));
}

#[test]
fn a_journal_is_for_one_booking() {
    let (server, (folder, journal)) = (stand_in(|_| {}), path());
    assert_eq!(run_with(&server, "--journal", &journal, &[]).code, Some(0));
    let asked = server.arrivals().len();
    let other = folder.path().join("other.txt");
    std::fs::write(&other, "dear diary\n").unwrap();
    for (argument, path, more, said) in [
        ("--resume", &journal, &["--time", "08:00-10:00"][..], "is of another booking"),
        ("--resume", &other, &[], "it is not a journal of a booking"),
        ("--journal", &other, &[], "it is not a journal of a booking"),
        ("--journal", &other, &["--resume", journal.to_str().unwrap()], "give both one path"),
    ] {
        let done = run_with(&server, argument, path, more);
        assert_eq!(done.code, Some(2), "{argument} {more:?} {done:?}");
        assert!(done.err.contains(said), "{said} {done:?}");
    }
    assert_eq!(server.arrivals().len(), asked);
    assert_eq!(std::fs::read_to_string(&other).unwrap(), "dear diary\n");
}

#[test]
fn what_never_arrived_is_applied_for_again() {
    let fault = Fault { step: SiteStep::Submit, nth: 1, kind: FaultKind::Silence };
    let (server, (_folder, journal)) = (stand_in(|settings| settings.faults = vec![fault]), path());
    killed(&server, &journal, &[]);
    let done = run_with(&server, "--resume", &journal, &[]);
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(done.err.contains("read back: the day list shows the time as free"), "{done:?}");
    assert_eq!((requests(&server, SiteStep::Submit), server.with(|s| s.bookings().len())), (2, 1));
}

#[test]
fn a_second_process_with_the_same_journal_ends_before_it_asks_the_site() {
    let (server, (folder, journal)) = (slow(), path());
    let path = journal.to_str().unwrap();
    let first = book(&server.base_url(), &["--journal", path]);
    let mut child = start(runner(&first), &format!("{PASSWORD}\n"));
    wait_for(&server, SiteStep::Submit);
    let asked = server.arrivals().len();
    let link = folder.path().join("link.jsonl");
    std::os::unix::fs::symlink(&journal, &link).unwrap();
    for (argument, path, more) in [
        ("--journal", &journal, &[][..]),
        ("--resume", &journal, &[]),
        ("--journal", &journal, &["--resume", path]),
        ("--journal", &link, &[]),
    ] {
        let done = run_with(&server, argument, path, more);
        assert_eq!(done.code, Some(2), "{argument} {more:?} {done:?}");
        let who = format!("is in use by another run of this program, process {}", child.id());
        assert!(done.err.contains(&who), "{done:?}");
    }
    assert_eq!(server.arrivals().len(), asked);
    // The lock goes with the process that dies, and the next run takes it.
    child.kill().unwrap();
    child.wait().unwrap();
    let done = run_with(&server, "--resume", &journal, &[]);
    assert_eq!(done.code, Some(0), "{done:?}");
    assert_eq!((requests(&server, SiteStep::Submit), server.with(|s| s.bookings().len())), (1, 1));
}

#[test]
fn a_resumed_run_keeps_a_second_one_away() {
    let late = |nth| Fault { step: SiteStep::Submit, nth, kind: FaultKind::Late(Duration::from_secs(3600)) };
    let silent = Fault { step: SiteStep::Submit, nth: 1, kind: FaultKind::Silence };
    let (server, (_folder, journal)) = (stand_in(|settings| settings.faults = vec![silent, late(2)]), path());
    killed(&server, &journal, &[]);
    let resumed = book(&server.base_url(), &["--resume", journal.to_str().unwrap()]);
    let mut child = start(runner(&resumed), &format!("{PASSWORD}\n"));
    wait_for_many(&server, SiteStep::Submit, 2);
    let done = run_with(&server, "--resume", &journal, &[]);
    assert_eq!(done.code, Some(2), "{done:?}");
    assert!(done.err.contains(&format!("process {}", child.id())), "{done:?}");
    assert_eq!((requests(&server, SiteStep::Submit), server.with(|s| s.bookings().len())), (2, 1));
    child.kill().unwrap();
    child.wait().unwrap();
}
