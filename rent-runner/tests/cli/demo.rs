//! `demo`: each switch ends as its help says.

use super::support::{lines, run};

#[test]
fn it_ends_with_a_receipt_and_a_count_of_requests() {
    let done = run(&["demo", "--opens-in", "200ms"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    let receipt = done.out.lines().next().and_then(|line| line.strip_prefix("receipt")).unwrap().trim();
    assert!(receipt.parse::<u64>().is_ok(), "{done:?}");
    for said in ["requests   ", "  before   ", "  after    ", "arrival    the first request (", "speed      "]
    {
        assert!(done.out.contains(said), "{said} {done:?}");
    }
    assert!(done.err.contains("the first request was sent "), "{done:?}");
    assert!(done.out.contains(&format!("by tester1, receipt {receipt}")), "{done:?}");
    assert!(done.err.contains("waiting for the opening at"), "{done:?}");
    assert!(done.err.lines().any(|line| line.contains("  -0.")), "{done:?}");
    assert!(done.err.lines().any(|line| line.contains("  +0.")), "{done:?}");
}

#[test]
fn each_switch_ends_as_its_help_says() {
    let cases: [(&[&str], i32, &str); 15] = [
        (&[], 0, "; the day list shows it booked"),
        (&["--site", "cheonan"], 0, "the day list shows it booked"),
        (&["--taken"], 3, "lost: somebody else has the time"),
        (&["--expired-session"], 0, "all sessions end"),
        (&["--human-check"], 6, "a person is needed"),
        (&["--waiting-room"], 6, "waiting room"),
        (&["--not-open", "--give-up-after", "100ms"], 9, "not open for reservation yet"),
        (&["--busy", "--give-up-after", "100ms"], 9, "the site is busy"),
        (&["--lose-answer"], 0, "the answer was lost, but the day list shows the time in our name"),
        (&["--blocked"], 5, "blocked: the site has shut this client out"),
        (&["--latency", "10ms"], 0, "the day list shows it booked"),
        (&["--server", "nginx", "--script-time", "5ms"], 0, "the day list shows it booked"),
        (&["--server", "apache", "--keep-alive", "off"], 0, "the day list shows it booked"),
        (&["--keep-alive", "5s"], 0, "the day list shows it booked"),
        (&["--site", "seongnam"], 6, "human check"),
    ];
    for (switches, code, said) in cases {
        let done = run(&[&["demo", "--opens-in", "0"], switches].concat());
        assert_eq!(done.code, Some(code), "{switches:?} {done:?}");
        assert!(done.err.contains(said), "{switches:?} {done:?}");
    }
}

#[test]
fn a_run_that_ends_before_the_opening_counts_no_request_after_it() {
    for switch in ["--human-check", "--blocked"] {
        let done = run(&["demo", "--opens-in", "3s", switch]);
        assert!(done.err.contains(" requests, ") || done.err.contains(" request, "), "{switch} {done:?}");
        assert!(!done.err.contains("of them after the opening"), "{switch} {done:?}");
        let done = run(&["demo", "--opens-in", "3s", switch, "--json"]);
        let report = lines(&done).into_iter().find(|line| line["event"] == "report").unwrap();
        assert_eq!(report["requests_after_opening"], serde_json::Value::Null, "{switch} {report}");
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
fn a_race_is_won_or_lost_and_told() {
    let done = run(&["demo", "--opens-in", "100ms", "--rivals", "3", "--give-up-after", "2s"]);
    assert!(done.err.contains("a race: 3 rivals that want the same time"), "{done:?}");
    assert!(done.out.contains("race       the fastest rival's application reached it "), "{done:?}");
    match done.code {
        Some(0) => assert!(done.out.contains("by tester1"), "{done:?}"),
        code => assert!(code == Some(3) && done.out.contains("booked     nothing"), "{done:?}"),
    }
}

#[test]
fn the_opening_is_prepared_and_met() {
    let cases: [(&[&str], i32, &str); 7] = [
        (&[], 0, "the numbers of the slots are known: learned from "),
        (&["--expired-session"], 0, "all sessions end"),
        (&["--human-check"], 6, "a person is needed"),
        (&["--blocked"], 5, "ALARM, not ready yet: "),
        (
            &["--not-open", "--give-up-after", "100ms"],
            9,
            "the last answer was: applicant form: not open for reservation yet",
        ),
        (&["--cached-date"], 0, "armed: the first request will be the applicant form"),
        (&["--skew", "-1.5s"], 0, "the site's clock is 1500.0 ms behind; the booking has to find out"),
    ];
    for (switches, code, said) in cases {
        let done = run(&[&["demo", "--opens-in", "300ms"], switches].concat());
        assert_eq!(done.code, Some(code), "{switches:?} {done:?}");
        assert!(done.err.contains(said), "{switches:?} {done:?}");
    }
}

#[test]
fn a_program_gets_events_and_the_report_last() {
    let done = run(&["demo", "--opens-in", "100ms", "--json"]);
    let lines = lines(&done);
    let named = |name: &str| lines.iter().filter(|line| line["event"] == name).count();
    for name in ["waiting", "logged-in", "learned", "armed", "fired", "submitting", "report"] {
        assert_eq!(named(name), 1, "{name} {done:?}");
    }
    assert!(lines.iter().all(|line| line["at"].is_string()), "{done:?}");
    let report = lines.last().unwrap();
    assert_eq!((&report["event"], &report["verdict"]), (&"report".into(), &"reserved".into()));
    assert_eq!(report["exit_code"], 0);
    assert_eq!(report["requests"], report["stand_in"]["requests"]);
    assert!(report["stand_in"]["first_arrival_micros"].is_i64(), "{report}");
    assert_eq!(report["receipt"]["number"], report["stand_in"]["bookings"][0]["receipt"]);
    let visited = lines.iter().find(|line| line["event"] == "visited").unwrap();
    assert!(visited["took_micros"].is_number(), "{visited}");
    assert_eq!(done.err, "");
}
