//! `book --journal` and `--resume`: after a crash the next run looks before it applies.
#![cfg(unix)]

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use namyangju_rent::harness::{Fault, FaultKind, SiteStep, StandInServer};

use super::support::{
    CLUB, Done, PASSWORD, PLACE, TIME, book, date, finish, interrupt, requests, run, runner, stand_in, start,
    wait_for, wait_for_many,
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

/// A run whose journal has room for its first line and no more, as on a full disk.
fn without_room(server: &StandInServer, journal: &Path) -> (Child, Arc<Mutex<String>>) {
    let (_other_folder, other) = path();
    let reached = stand_in(|_| {});
    assert_eq!(run_with(&reached, "--journal", &other, &[]).code, Some(0));
    let first = std::fs::read_to_string(&other).unwrap().lines().next().unwrap().len();
    let mut shell = Command::new("sh");
    let limited = "trap '' XFSZ; exec prlimit --fsize=\"$0\":unlimited \"$@\"";
    shell.args(["-c", limited, &(first + 20).to_string(), env!("CARGO_BIN_EXE_rent-runner")]);
    let arguments = ["--journal", journal.to_str().unwrap(), "--give-up-after", "1s"];
    shell.args(book(&server.base_url(), &arguments)).env("HOME", "/nowhere").env("LC_ALL", "en_US.UTF-8");
    shell.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = start(shell, &format!("{PASSWORD}\n"));
    let err = child.stderr.take().unwrap();
    let said = Arc::<Mutex<String>>::default();
    std::thread::spawn({
        let said = Arc::clone(&said);
        move || {
            for line in BufReader::new(err).lines() {
                *said.lock().unwrap() += &format!("{}\n", line.unwrap());
            }
        }
    });
    (child, said)
}

fn wait_until_said(said: &Mutex<String>, what: &str) {
    let begin = std::time::Instant::now();
    while !said.lock().unwrap().contains(what) {
        assert!(begin.elapsed() < Duration::from_secs(20), "{what}: {}", said.lock().unwrap());
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
#[cfg(target_os = "linux")]
fn no_application_leaves_before_the_journal_has_its_intent() {
    let (server, (_folder, journal)) = (stand_in(|_| {}), path());
    let (child, told) = without_room(&server, &journal);
    wait_until_said(&told, "cannot be written: File too large");
    wait_until_said(&told, "no application is sent before it can be");
    wait_until_said(&told, "withdrawn, nothing was sent: the journal");
    assert_eq!(finish(child).code, Some(1), "{told:?}");
    assert_eq!(requests(&server, SiteStep::Submit), 0, "{told:?}");
    // What there was no room for left no part of a line behind.
    let text = std::fs::read_to_string(&journal).unwrap();
    assert_eq!((text.lines().count(), text.ends_with('\n')), (1, true), "{text}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_journal_that_can_be_written_again_lets_the_application_leave() {
    let (server, (_folder, journal)) = (stand_in(|_| {}), path());
    let (child, told) = without_room(&server, &journal);
    wait_until_said(&told, "no application is sent before it can be");
    let unlimited = Command::new("prlimit")
        .args(["--pid", &child.id().to_string(), "--fsize=unlimited:unlimited"])
        .status();
    assert!(unlimited.unwrap().success());
    assert_eq!(finish(child).code, Some(0), "{told:?}");
    let done = run_with(&server, "--resume", &journal, &[]);
    assert_eq!(done.code, Some(0), "{done:?}");
    assert_eq!((requests(&server, SiteStep::Submit), server.with(|s| s.bookings().len())), (1, 1));
}

#[test]
fn an_interruption_before_an_application_takes_its_intent_back() {
    let fault = Fault { step: SiteStep::Form, nth: 1, kind: FaultKind::Silence };
    let (server, (_folder, journal)) = (stand_in(|settings| settings.faults = vec![fault]), path());
    let arguments = ["--journal", journal.to_str().unwrap()];
    let child = start(runner(&book(&server.base_url(), &arguments)), &format!("{PASSWORD}\n"));
    wait_for(&server, SiteStep::Form);
    assert!(std::fs::read_to_string(&journal).unwrap().contains("submitting"), "the intent comes first");
    interrupt(&child);
    assert_eq!(finish(child).code, Some(130));
    let done = run_with(&server, "--journal", &journal, &[]);
    assert_eq!(done.code, Some(0), "{done:?}");
    assert_eq!((requests(&server, SiteStep::Submit), server.with(|s| s.bookings().len())), (1, 1));
}

#[test]
fn a_device_is_no_journal() {
    let server = stand_in(|_| {});
    let done = run_with(&server, "--journal", Path::new("/dev/full"), &[]);
    assert_eq!(done.code, Some(2), "{done:?}");
    assert!(done.err.contains("the journal /dev/full is not a file"), "{done:?}");
    assert_eq!(server.arrivals().len(), 0);
}
