//! `slots`, `places` and `sites`.

use super::support::{PLACE, TIME, date, nobody, run, runner, stand_in};

fn document(out: &str) -> serde_json::Value {
    serde_json::from_str(out).expect(out)
}

#[test]
fn slots_are_a_table_for_people_and_json_for_programs() {
    let server = stand_in(|_| {});
    server.with(|s| s.take(&PLACE.parse().unwrap(), date(), TIME.parse().unwrap(), "다른클럽"));
    let (url, day) = (server.base_url(), date().to_string());
    let arguments = ["slots", "--base-url", &url, "--place", PLACE, "--date", &day];
    let done = run(&arguments);
    assert_eq!(done.code, Some(0), "{done:?}");
    let row = done.out.lines().find(|line| line.contains(TIME) && line.contains("sports")).unwrap();
    assert!(row.contains("booked") && row.contains("1회"), "{row}");
    assert!(!done.out.contains("다른클럽"), "{done:?}");
    assert!(done.err.contains("8 times, 7 free;"), "{done:?}");

    let all = document(&run(&[&arguments[..], &["--json"]].concat()).out);
    let free = document(&run(&[&arguments[..], &["--json", "--free"]].concat()).out);
    assert_eq!(all["slots"].as_array().unwrap().len(), 8);
    assert_eq!(all["slots"][0]["state"], "booked");
    assert!(free["slots"].as_array().unwrap().iter().all(|slot| slot["state"] == "free"));
    assert!(!all.to_string().contains("다른클럽"));
}

#[test]
fn a_month_holds_all_its_days() {
    let server = stand_in(|_| {});
    let (url, month) = (server.base_url(), date().to_string()[..7].to_owned());
    let done = run(&["slots", "--base-url", &url, "--place", PLACE, "--month", &month, "--json"]);
    let slots = document(&done.out)["slots"].as_array().unwrap().len();
    assert!((28 * 8..=31 * 8).contains(&slots), "{slots}");
}

#[test]
fn each_time_is_listed_once_unless_both_lists_are_asked_for() {
    let server = stand_in(|_| {});
    let (url, day) = (server.base_url(), date().to_string());
    let arguments = ["slots", "--base-url", &url, "--place", PLACE, "--date", &day, "--json"];
    let purposes = |more: &[&str]| -> Vec<String> {
        let slots = document(&run(&[&arguments[..], more].concat()).out)["slots"].clone();
        let words = slots.as_array().unwrap().iter().map(|slot| slot["purpose"].as_str().unwrap().to_owned());
        words.collect()
    };
    assert_eq!(purposes(&[]), ["sports"; 8]);
    assert_eq!(purposes(&["--events"]), ["events"; 8]);
    assert_eq!(purposes(&["--all"]).len(), 16);
    assert_eq!(run(&[&arguments[..], &["--all", "--events"]].concat()).code, Some(2));
}

#[test]
fn a_place_that_is_not_there_is_named() {
    let server = stand_in(|_| {});
    let done = run(&["slots", "--base-url", &server.base_url(), "--place", "NYJ06/07/999"]);
    assert_eq!(done.code, Some(9), "{done:?}");
    assert!(done.err.contains("is there a place NYJ06/07/999?"), "{done:?}");
}

#[test]
fn nobody_there_is_a_network_failure() {
    for command in [&["slots", "--place", PLACE][..], &["places"]] {
        let done = run(&[command, &["--base-url", &nobody()]].concat());
        assert_eq!((done.code, done.out.as_str()), (Some(8), ""), "{done:?}");
    }
}

#[test]
fn known_places_ask_nothing_of_the_site() {
    let url = nobody();
    let done = run(&["places", "--known", "--base-url", &url]);
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(done.out.contains(PLACE), "{done:?}");
    let places = document(&run(&["places", "--known", "--json", "--site", "seongnam"]).out);
    assert_eq!(places["places"][0]["human_check"], true);
}

#[test]
fn places_are_found_in_the_menus_with_their_names() {
    let server = stand_in(|_| {});
    let url = server.base_url();
    let done = run(&["places", "--base-url", &url, "--centre", "NYJ07", "--json"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    let found = document(&done.out);
    assert_eq!(found["complete"], true);
    let places: Vec<_> = found["places"].as_array().unwrap().iter().map(|p| p["place"].clone()).collect();
    assert_eq!(places, ["NYJ07/02/13", "NYJ07/02/29"]);
    assert_eq!(found["places"][0]["names"][1], "별내동 풋살장");
    assert_eq!(found["requests"], server.arrivals().len());
}

#[test]
fn a_centre_that_is_not_there_is_named_with_those_that_are() {
    let server = stand_in(|_| {});
    let url = server.base_url();
    for (more, there) in [(&["--base-url", &*url][..], "NYJ06, NYJ07"), (&["--known"], "has NYJ0")] {
        let done = run(&[&["places", "--centre", "ZZZ99"], more].concat());
        assert_eq!((done.code, done.out.as_str()), (Some(2), ""), "{done:?}");
        assert!(done.err.contains("there is no centre ZZZ99: "), "{done:?}");
        assert!(done.err.contains(there), "{done:?}");
    }
}

#[test]
fn sites_are_listed_and_shown() {
    let done = run(&["sites"]);
    for name in ["namyangju", "cheonan", "gimpo", "seongnam", "spoone"] {
        assert!(done.out.contains(name), "{done:?}");
    }
    let sites = document(&run(&["sites", "--json"]).out);
    assert_eq!(sites["sites"][1]["name"], "cheonan");
    assert!(run(&["sites", "--show", "cheonan"]).out.contains("name = \"cheonan\""));
}

#[test]
fn a_reader_that_went_away_ends_it_quietly() {
    let mut child = runner(&["sites", "--show", "namyangju"]).spawn().unwrap();
    drop(child.stdout.take());
    let done = super::support::finish(child);
    assert_eq!((done.code, done.err.as_str()), (Some(0), ""), "{done:?}");
}

#[test]
fn the_help_documents_exit_codes_and_examples() {
    for arguments in [&["--help"][..], &["book", "--help"]] {
        let help = run(arguments).out;
        for said in ["Examples:", "Exit codes:", "unconfirmed", "130"] {
            assert!(help.contains(said), "{arguments:?} {said}");
        }
    }
    let help = run(&["book", "--help"]).out;
    for said in ["Asia/Seoul", "RFC 3339", "--clock-offset", "--journal", "--resume", "--or", "At most one"] {
        assert!(help.contains(said), "{said} {help}");
    }
    assert_eq!(run(&["--version"]).out, format!("rent-runner {}\n", env!("CARGO_PKG_VERSION")));
}
