//! `add`, `list`, `show`, `edit`, `cancel`, `retry`: bookings that are kept.

use namyangju_rent::clock::{Clock, SystemClock};
use serde_json::Value;

use super::shop::{Shop, add, holds, opening};
use super::support::{CLUB, PLACE, TIME, date, stand_in};

const NOWHERE: &str = "http://127.0.0.1:9";

fn shop() -> Shop {
    Shop::new().furnish(NOWHERE)
}

fn field(booking: &Value, name: &str) -> String {
    booking[name].as_str().unwrap_or_else(|| panic!("{name} in {booking}")).to_owned()
}

#[test]
fn a_booking_is_stored_with_the_only_account_and_applicant() {
    let shop = shop();
    let second = format!("{PLACE} {} 08:00-10:00", date());
    let done = shop.done(&add(&["--or", &second, "--note", "for the club", "--lead", "5ms"]));
    assert_eq!(done.out, "1\n");
    let opens = format!("it opens at {}.000 Asia/Seoul", opening());
    let before = format!("has to be running before {} 09:50:00", date().plus_days(-3));
    for said in [opens.as_str(), "`rent-runner serve`, or cron with `rent-runner run-due`", &before] {
        assert!(done.err.contains(said), "{said} {done:?}");
    }
    let booking = &shop.bookings()[0];
    assert_eq!((field(booking, "account"), field(booking, "state")), ("me".into(), "waiting".into()));
    assert_eq!((field(booking, "lead"), field(booking, "note")), ("5ms".into(), "for the club".into()));
    assert_eq!(booking["choices"][1]["range"], "08:00-10:00");
    assert_eq!((booking["opens"].clone(), field(booking, "give_up_after")), ("given".into(), "5m".into()));
    for private in [CLUB, "홍길동", "000-0000"] {
        assert!(!holds(&shop.bytes(), private), "{private}");
    }
}

#[test]
fn a_limit_of_requests_that_may_not_last_is_said_when_it_is_stored() {
    let notes = |more: &[&str]| {
        let notes = shop().json(&add(more))["notes"].clone();
        notes.as_array().unwrap().iter().map(|note| note.as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert!(notes(&["--most-requests", "400"]).is_empty());
    let said = notes(&["--most-requests", "40", "--give-up-after", "10m"]);
    assert!(said[0].starts_with("40 requests may not last for 10m:"), "{said:?}");
    assert!(said[1].starts_with("The usual pace takes --most-requests 2"), "{said:?}");
}

#[test]
fn the_same_is_said_when_it_is_changed() {
    let shop = shop();
    shop.add(&["--most-requests", "200"]);
    let said = |more: &[&str]| {
        let done = shop.done(&[&["edit", "1"], more].concat());
        done.err.lines().filter(|line| line.contains("may not last")).map(str::to_owned).collect::<Vec<_>>()
    };
    assert!(said(&["--note", "nothing of the pace"]).is_empty());
    assert!(said(&["--give-up-after", "4m"]).is_empty());
    let longer = said(&["--give-up-after", "30m"]);
    assert!(longer.len() == 1 && longer[0].contains("200 requests may not last for 30m"), "{longer:?}");
    let fewer = said(&["--most-requests", "40", "--give-up-after", "5m"]);
    assert!(fewer.len() == 1 && fewer[0].contains("40 requests may not last for 5m"), "{fewer:?}");
    assert!(said(&["--clear", "most-requests"]).is_empty());
    shop.done(&["edit", "1", "--most-requests", "200"]);
    let faster = said(&["--policy", "original"]);
    assert!(faster.len() == 1 && faster[0].contains("200 requests may not last for 5m"), "{faster:?}");
}

#[test]
fn the_rule_of_the_dialect_is_the_default_and_what_is_open_is_booked_at_once() {
    let shop = shop();
    let far = SystemClock.now().date().plus_days(70).to_string();
    let done = shop.done(&["add", "--place", PLACE, "--date", &far, "--time", TIME]);
    assert!(done.err.contains("by the rule of the dialect (confidence I, weakly inferred)"), "{done:?}");
    let tomorrow = SystemClock.now().date().plus_days(1).to_string();
    let done = shop.done(&["add", "--place", PLACE, "--date", &tomorrow, "--time", TIME]);
    assert!(done.err.contains("By the rule of the dialect it opened at"), "{done:?}");
    assert!(done.err.contains("a runner begins it at once"), "{done:?}");
    let next = SystemClock.now().date().plus_days(2).to_string();
    shop.done(&["add", "--place", PLACE, "--date", &next, "--time", TIME, "--opens-at", "now"]);
    let opens: Vec<_> = shop.bookings().iter().map(|booking| field(booking, "opens")).collect();
    assert_eq!(opens, ["now", "now", "rule"]);
}

#[test]
fn impossible_wishes_are_refused_with_the_reason() {
    let shop = shop();
    let (day, again) = (date().to_string(), format!("{PLACE} {} {TIME}", date()));
    let overlaps = format!("{PLACE} {} 07:00-09:00", date());
    let today = format!("{PLACE} {} 00:00-00:01", SystemClock.now().date());
    let early = format!("{PLACE} {} 06:00-08:00", date().plus_days(-5));
    let cases: [(&[&str], &str); 17] = [
        (&["--date", "2020-01-01"], "2020-01-01 is past: today is 2"),
        (&["--or", &today], "is over: it is 2"),
        (&["--or", &again], "is given twice"),
        (&["--or", &overlaps], "overlaps choice 1, 06:00-08:00"),
        (&["--or", &early], "after the time of choice 2 begins"),
        (&["--opens-at", "2199-01-26 10:00:00"], "after the booked time begins"),
        (&["--opens-at", "2020-01-26 10:00:00"], "the time to try is over"),
        (&["--opens-at", "tomorrow"], "is not an instant"),
        (&["--give-up-after", "0"], "the time to try is 0: write more"),
        (&["--account", "you"], "no account is called `you`: there are me"),
        (&["--applicant", "team"], "no applicant's data is called `team`: there are club"),
        (&["--club-name", ""], "--club-name is empty"),
        (&["--mobile", "010-12"], "--mobile is not a phone number"),
        (&["--note", "a\nb"], "--note is one line"),
        (&["--time", "6-8"], "is not a time of day"),
        (&["--place", "tennis"], "centre/group/court"),
        (&["--most-requests", "0"], "--most-requests"),
    ];
    for (arguments, said) in cases {
        let error = shop.refused(&add(arguments));
        assert!(error.contains(said), "{arguments:?} {error}");
    }
    let cheonan = ["account", "add", "far", "--login", "tester1", "--password-stdin", "--site", "cheonan"];
    shop.done(&cheonan);
    let error = shop.refused(&["add", "--account", "far", "--place", PLACE, "--date", &day, "--time", TIME]);
    assert!(error.contains("has no opening rule for NYJ06/07/103"), "{error}");
    let error = shop.refused(&add(&[]));
    assert!(error.contains("which account? There are"), "{error}");
    assert_eq!(shop.bookings().len(), 0);
}

#[test]
fn a_court_the_dialect_does_not_know_is_only_a_warning() {
    let done = shop().done(&add(&["--place", "NYJ06/07/999"]));
    assert!(done.err.contains("does not know NYJ06/07/999"), "{done:?}");
}

#[test]
fn without_account_or_applicant_it_is_said_what_to_do() {
    let shop = Shop::new();
    assert!(shop.refused(&add(&[])).contains("add one with `rent-runner account add`"));
    shop.done(&["account", "add", "--login", "tester1", "--password-stdin", "--base-url", NOWHERE]);
    let error = shop.refused(&add(&[]));
    assert!(error.contains("--club-name, --head-count, --event-name, --purpose is missing"), "{error}");
    let given = ["--club-name", CLUB, "--head-count", "4", "--event-name", "테니스", "--purpose", "운동"];
    assert_eq!(shop.add(&given), "1");
}

#[test]
fn a_time_that_is_wished_already_is_refused() {
    let shop = shop();
    shop.add(&[]);
    let error = shop.refused(&add(&["--time", "07:00-09:00"]));
    assert!(error.contains("booking 1"), "{error}");
    assert_eq!(shop.bookings().len(), 1);
}

#[test]
fn bookings_are_listed_by_state_and_account() {
    let shop = shop();
    shop.add(&["--note", "first"]);
    shop.add(&["--time", "10:00-12:00"]);
    shop.done(&["cancel", "2"]);
    let table = shop.done(&["list"]);
    let court = "체육공원2호 테니스장";
    for said in ["waiting", "failed: cancelled", court, "(first)", "opens (Asia/Seoul)"] {
        assert!(table.out.contains(said), "{said} {table:?}");
    }
    assert!(table.err.contains("2 bookings, 1 not over"), "{table:?}");
    let cancelled = shop.json(&["list", "--state", "cancelled"]);
    assert_eq!(
        (cancelled["bookings"][0]["id"].clone(), cancelled["bookings"].as_array().unwrap().len()),
        (2.into(), 1)
    );
    assert_eq!(shop.json(&["list", "--account", "me"])["bookings"].as_array().unwrap().len(), 2);
    assert!(shop.refused(&["list", "--account", "you"]).contains("you"));
    assert!(shop.refused(&["list", "--state", "lost"]).contains("there are waiting, armed"));
}

#[test]
fn the_list_of_an_empty_store_is_empty() {
    let done = Shop::new().done(&["list"]);
    assert_eq!(done.out, "");
    assert!(done.err.contains("made the store of bookings") && done.err.contains("0 bookings"), "{done:?}");
}

#[test]
fn only_the_last_that_are_over_are_listed() {
    let shop = shop();
    for day in 0..23 {
        let day = date().plus_days(day).to_string();
        shop.add(&["--date", &day]);
    }
    let numbers: Vec<String> = (1..=22).map(|number: u32| number.to_string()).collect();
    shop.done(&[&["cancel".to_owned()], &numbers[..]].concat());
    let listed = shop.json(&["list"]);
    let ids: Vec<_> =
        listed["bookings"].as_array().unwrap().iter().map(|b| b["id"].as_i64().unwrap()).collect();
    // What is still to run stands on top.
    assert_eq!(ids, [23].into_iter().chain(3..=22).collect::<Vec<_>>());
    assert_eq!(listed["left_out"], 2);
    assert_eq!(shop.bookings().len(), 23);
}

#[test]
fn the_applicant_is_shown_only_when_asked_for() {
    let shop = shop();
    shop.add(&["--note", "for the club"]);
    for more in [&[][..], &["--json"], &["--events"], &["--events", "--json"]] {
        let done = shop.done(&[&["show", "1"], more].concat());
        assert!(done.out.contains(PLACE) && done.out.contains("for the club"), "{done:?}");
        for private in [CLUB, "홍길동", "000-0000"] {
            assert!(!done.out.contains(private) && !done.err.contains(private), "{private} {done:?}");
        }
    }
    let text = shop.done(&["show", "1", "--personal"]).out;
    assert!(text.contains(CLUB) && text.contains("홍길동") && text.contains("02-000-0000"), "{text}");
    assert_eq!(shop.json(&["show", "1", "--personal"])["application"]["club_name"], CLUB);
    assert!(shop.refused(&["show", "1", "--page", "1"]).contains("has no stored page of attempt 1"));
    assert!(shop.refused(&["show", "9"]).contains('9'));
}

#[test]
fn only_what_is_given_is_changed() {
    let shop = shop();
    let second = format!("{PLACE} {} 10:00-12:00", date());
    shop.add(&["--or", &second, "--note", "old", "--most-requests", "9", "--clock-offset", "+120ms"]);
    shop.done(&["edit", "1", "--time", "08:00-10:00", "--give-up-after", "2m", "--policy", "original"]);
    let booking = shop.bookings().remove(0);
    assert_eq!(booking["choices"][0]["range"], "08:00-10:00");
    assert_eq!(booking["choices"][1]["range"], "10:00-12:00");
    assert_eq!(
        (field(&booking, "give_up_after"), field(&booking, "policy")),
        ("2m".into(), "original".into())
    );
    assert_eq!((field(&booking, "note"), field(&booking, "clock_offset")), ("old".into(), "+120ms".into()));

    let clear = ["--clear", "or", "--clear", "note", "--clear", "most-requests", "--clear", "clock-offset"];
    let changed = shop.json(&[&["edit", "1", "--head-count", "8", "--events", "true"], &clear[..]].concat());
    let booking = &changed["booking"];
    assert_eq!(booking["choices"].as_array().unwrap().len(), 1);
    assert_eq!(booking["choices"][0]["purpose"], "events");
    for cleared in ["note", "most_requests", "clock_offset"] {
        assert!(booking[cleared].is_null(), "{booking}");
    }
    let application = shop.json(&["show", "1", "--personal"])["application"].clone();
    assert_eq!((&application["head_count"], &application["club_name"]), (&8.into(), &CLUB.into()));
}

#[test]
fn another_day_by_the_rule_opens_by_the_rule() {
    let shop = shop();
    let far = SystemClock.now().date().plus_days(70);
    shop.done(&["add", "--place", PLACE, "--date", &far.to_string(), "--time", TIME]);
    let before = field(&shop.bookings()[0], "opens_at");
    shop.done(&["edit", "1", "--date", &far.plus_days(40).to_string()]);
    let after = &shop.bookings()[0];
    assert_eq!(field(after, "opens"), "rule");
    assert!(field(after, "opens_at") > before, "{after}");
    let done = shop.done(&["edit", "1", "--opens-at", &opening(), "--date", &date().to_string()]);
    assert!(done.out.contains(&opening()), "{done:?}");
    let done = shop.done(&["edit", "1", "--date", &date().plus_days(1).to_string()]);
    assert!(done.err.contains("as you gave it"), "{done:?}");
}

#[test]
fn a_change_that_makes_no_sense_changes_nothing() {
    let shop = shop();
    shop.add(&["--note", "old"]);
    let before = shop.bookings();
    let overlaps = format!("{PLACE} {} 07:00-09:00", date());
    let cases: [(&[&str], &str); 8] = [
        (&[], "there is nothing to change"),
        (&["--date", "2020-01-01"], "is past"),
        (&["--or", &overlaps], "overlaps choice 1"),
        (&["--opens-at", "2020-01-26 10:00:00"], "the time to try is over"),
        (&["--note", "new", "--clear", "note"], "--note and --clear contradict each other"),
        (&["--give-up-after", "0"], "the time to try is 0: write more"),
        (&["--applicant", "team"], "team"),
        (&["--tel", "12345"], "--tel is not a phone number"),
    ];
    for (arguments, said) in cases {
        let error = shop.refused(&[&["edit", "1"], arguments].concat());
        assert!(error.contains(said), "{arguments:?} {error}");
    }
    assert_eq!(shop.bookings(), before);
    shop.done(&["cancel", "1"]);
    shop.refused(&["edit", "1", "--note", "new"]);
    shop.refused(&["edit", "9", "--note", "new"]);
}

#[test]
fn bookings_are_cancelled_and_put_back() {
    let shop = shop();
    shop.add(&[]);
    shop.add(&["--time", "10:00-12:00"]);
    let done = shop.run(&["cancel", "1", "9", "2"]);
    assert_eq!(done.code, Some(2), "{done:?}");
    assert_eq!(done.out, "booking 1 is cancelled\nbooking 2 is cancelled\n");
    assert!(done.err.contains('9'), "{done:?}");
    shop.refused(&["cancel", "1"]);

    let done = shop.done(&["retry", "1"]);
    assert!(done.out.contains(&format!("waits again: 체육공원2호 테니스장 ({PLACE}) ")), "{done:?}");
    assert!(done.out.contains(&opening()), "{done:?}");
    assert!(shop.refused(&["retry", "1"]).contains('1'));
    let now = shop.json(&["retry", "2", "--opens-at", "now"]);
    assert_eq!((&now["booking"]["opens"], &now["booking"]["state"]), (&"now".into(), &"waiting".into()));
}

#[test]
fn the_timeline_is_drawn_as_its_file_asks_for() {
    let server = stand_in(|_| {});
    let shop = Shop::new().furnish(&server.base_url());
    shop.done(&add(&["--opens-at", "now"]));
    shop.done(&["run-due"]);
    let text = shop.done(&["show", "1", "--timeline", "-"]).out;
    assert!(text.contains("submission") && text.contains("reserved,"), "{text}");
    let folder = shop.folder.path();
    let file = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    for (name, start) in [("race.svg", "<svg "), ("race.html", "<!doctype html>")] {
        shop.done(&["show", "1", "--timeline", &file(name), "--har", &file("race.har")]);
        let drawn = std::fs::read_to_string(folder.join(name)).unwrap();
        assert!(drawn.starts_with(start) && drawn.contains("reserved"), "{drawn}");
        // Nothing of the applicant is in it.
        assert!(!drawn.contains(CLUB) && !drawn.contains("홍길동"));
    }
    let har: Value = serde_json::from_slice(&std::fs::read(folder.join("race.har")).unwrap()).unwrap();
    assert_eq!(har["log"]["version"], "1.2");
    assert!(har["log"]["entries"].as_array().unwrap().len() >= 3, "{har}");
    let refused = shop.refused(&["show", "1", "--timeline", &file("race.png")]);
    assert!(refused.contains(".svg or .html"), "{refused}");
}
