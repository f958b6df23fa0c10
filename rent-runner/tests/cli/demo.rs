//! `demo`: each switch ends as its help says.

use super::support::{lines, run};

#[test]
fn it_ends_with_a_receipt_and_a_count_of_requests() {
    let done = run(&["demo", "--opens-in", "200ms"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    let receipt = done.out.lines().next().and_then(|line| line.strip_prefix("receipt")).unwrap().trim();
    assert!(receipt.parse::<u64>().is_ok(), "{done:?}");
    assert!(done.out.contains("requests   7 by the site's own log"), "{done:?}");
    assert!(done.out.contains(&format!("by tester1, receipt {receipt}")), "{done:?}");
    assert!(done.err.contains("waiting for the opening at"), "{done:?}");
    assert!(done.err.lines().any(|line| line.contains("  -0.")), "{done:?}");
    assert!(done.err.lines().any(|line| line.contains("  +0.")), "{done:?}");
}

#[test]
fn each_switch_ends_as_its_help_says() {
    let cases: [(&[&str], i32, &str); 11] = [
        (&[], 0, "; the day list shows it booked"),
        (&["--site", "cheonan"], 0, "the day list shows it booked"),
        (&["--taken"], 3, "lost: somebody else has the time"),
        (&["--expired-session"], 0, "all sessions are forgotten"),
        (&["--human-check"], 6, "a person is needed"),
        (&["--not-open", "--give-up-after", "100ms"], 9, "not open for reservation yet"),
        (&["--busy", "--give-up-after", "100ms"], 9, "the site is busy"),
        (&["--lose-answer"], 0, "the answer was lost, but the day list shows the time in our name"),
        (&["--blocked"], 5, "blocked: the site has shut this client out"),
        (&["--latency", "10ms"], 0, "the day list shows it booked"),
        (&["--site", "seongnam"], 6, "human check"),
    ];
    for (switches, code, said) in cases {
        let done = run(&[&["demo", "--opens-in", "0"], switches].concat());
        assert_eq!(done.code, Some(code), "{switches:?} {done:?}");
        assert!(done.err.contains(said), "{switches:?} {done:?}");
    }
}

#[test]
fn nothing_is_booked_unless_it_says_so() {
    for switch in ["--taken", "--human-check", "--blocked"] {
        let done = run(&["demo", "--opens-in", "0", switch]);
        assert!(done.out.contains("receipt    none"), "{done:?}");
        assert!(done.out.contains("booked     nothing"), "{done:?}");
    }
    let done = run(&["demo", "--opens-in", "0", "--lose-answer"]);
    assert!(done.out.contains("by tester1, receipt "), "{done:?}");
}

#[test]
fn rivals_take_the_rest_of_the_day() {
    let done = run(&["demo", "--opens-in", "100ms", "--rivals", "3"]);
    assert_eq!(done.out.matches("a rival's").count(), 2, "{done:?}");
    assert_eq!(done.out.matches("ours").count(), 1, "{done:?}");
}

#[test]
fn a_program_gets_events_and_the_report_last() {
    let done = run(&["demo", "--opens-in", "100ms", "--json"]);
    let lines = lines(&done);
    let named = |name: &str| lines.iter().filter(|line| line["event"] == name).count();
    assert_eq!((named("waiting"), named("logged-in"), named("submitting"), named("report")), (1, 1, 1, 1));
    let report = lines.last().unwrap();
    assert_eq!((&report["event"], &report["verdict"]), (&"report".into(), &"reserved".into()));
    assert_eq!(report["exit_code"], 0);
    assert_eq!(report["requests"], report["stand_in"]["requests"]);
    assert_eq!(report["receipt"]["number"], report["stand_in"]["bookings"][0]["receipt"]);
    let visited = lines.iter().find(|line| line["event"] == "visited").unwrap();
    assert!(visited["took_micros"].is_number(), "{visited}");
    assert_eq!(done.err, "");
}
