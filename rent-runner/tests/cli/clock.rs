//! `clock`: a few requests for heads, and what they tell.

use namyangju_rent::harness::{Fault, FaultKind, SiteStep};

use super::support::{lines, nobody, run, stand_in};

#[test]
fn a_person_sees_the_interval_and_what_it_is_worth() {
    let server = stand_in(|_| {});
    let done = run(&["clock", "--base-url", &server.base_url(), "--probes", "1"]);
    assert_eq!((done.code, done.err.as_str()), (Some(0), ""), "{done:?}");
    for said in
        ["site ahead, ms", "━●━", "estimate     the site's clock is ", "(1 probe, ", "no sign of a cache"]
    {
        assert!(done.out.contains(said), "{said} {done:?}");
    }
    let methods: Vec<_> = server.arrivals().into_iter().map(|arrival| arrival.method).collect();
    assert_eq!(methods, ["HEAD"]);
}

#[test]
fn a_program_gets_each_probe_and_the_estimate_last() {
    let server = stand_in(|settings| settings.clock_skew_millis = 100_000);
    let done = run(&["clock", "--base-url", &server.base_url(), "--probes", "1", "--json"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    let lines = lines(&done);
    let events: Vec<_> = lines.iter().map(|line| line["event"].clone()).collect();
    assert_eq!(events, ["probe", "clock"]);
    let (lower, upper) = (lines[0]["lower_micros"].as_i64(), lines[0]["upper_micros"].as_i64());
    // The truth lies between the bounds, give or take what the two local clocks differ.
    assert!(lower.unwrap() <= 100_001_000 && upper.unwrap() >= 99_999_000, "{done:?}");
    assert!(lines[1]["local_clock_synchronised"].is_boolean() && lines[1]["cached"] == false, "{done:?}");
}

#[test]
fn nothing_to_measure_is_told_by_the_code() {
    assert_eq!(run(&["clock", "--base-url", &nobody()]).code, Some(8));
    // A HEAD that is refused tells nothing; the GET after it does.
    let fault = |nth| Fault { step: SiteStep::Home, nth, kind: FaultKind::Status(403) };
    let server = stand_in(|settings| settings.faults = vec![fault(1), fault(2)]);
    let done = run(&["clock", "--base-url", &server.base_url()]);
    assert_eq!(done.code, Some(5), "{done:?}");
    assert_eq!(server.arrivals().len(), 2);
}
