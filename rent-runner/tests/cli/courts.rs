//! Courts by their names, any court of a group, and what is foreseen of a booking.

use std::time::Duration;

use namyangju_rent::clock::{Clock as _, SystemClock};
use namyangju_rent::harness::{SiteStep, StandInServer};

use super::shop::{Shop, add};
use super::support::{PLACE, TIME, book, date, finish, lines, requests, run, runner, stand_in, start};

/// The courts of 체육공원2호 at the stand-in.
const COURTS: [&str; 3] = ["NYJ06/07/103", "NYJ06/07/104", "NYJ06/07/105"];

fn places(booking: &serde_json::Value) -> Vec<String> {
    let choices = booking["choices"].as_array().unwrap();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    choices.iter().map(|choice| format!("{} {}", text(&choice["place"]), text(&choice["range"]))).collect()
}

fn shop(server: &StandInServer) -> Shop {
    Shop::new().furnish(&server.base_url())
}

#[test]
fn a_court_is_taken_by_its_name_and_the_menus_are_read_once() {
    let server = stand_in(|_| {});
    let shop = shop(&server);
    let before = server.arrivals().len();
    let done = shop.done(&add(&["--place", "지금배수지"]));
    assert!(done.err.contains("the site's menus are read for the names of its courts, once"), "{done:?}");
    let read = server.arrivals().len();
    assert!(read > before && read - before <= 12, "{}", read - before);
    // A part is enough, a blank is none, and the site is not asked again.
    shop.add(&["--place", "체육공원2호 104"]);
    shop.add(&["--place", "체육공원2호105번 코트"]);
    assert_eq!(server.arrivals().len(), read);
    let found: Vec<_> = shop
        .bookings()
        .iter()
        .map(|booking| (booking["choices"][0]["place"].clone(), booking["choices"][0]["place_name"].clone()))
        .collect();
    assert!(found.contains(&("NYJ06/03/90".into(), "지금배수지 90번 코트".into())), "{found:?}");
    assert!(found.contains(&(COURTS[1].into(), "체육공원2호 104번 코트".into())), "{found:?}");
    assert!(found.contains(&(COURTS[2].into(), "체육공원2호 105번 코트".into())), "{found:?}");

    let error = shop.refused(&add(&["--place", "체육공원2호"]));
    assert!(error.contains("may be each of 3 courts:\n  NYJ06/07/103"), "{error}");
    let error = shop.refused(&add(&["--place", "채육공원2호"]));
    assert!(error.contains("the nearest names:\n  NYJ06/07/10"), "{error}");
    assert_eq!(server.arrivals().len(), read);

    let table = shop.done(&["list"]).out;
    assert!(table.contains("지금배수지 90번 코트") && !table.contains("NYJ06/03/90"), "{table}");
    let told = shop.done(&["show", "1"]).out;
    assert!(told.contains("지금배수지 90번 코트 (NYJ06/03/90) "), "{told}");
    assert_eq!(shop.json(&["show", "1"])["booking"]["choices"][0]["place"], "NYJ06/03/90");
}

#[test]
fn a_table_with_names_fits_eighty_columns() {
    let server = stand_in(|_| {});
    let shop = shop(&server);
    shop.add(&["--place", "지금배수지", "--note", "월례회 뒤풀이가 있는 날"]);
    for columns in [60, 80, 120] {
        let mut command = runner(&shop.arguments(&["list"]));
        command.env("COLUMNS", columns.to_string());
        let done = finish(start(command, ""));
        let wide = |line: &str| line.chars().map(|c| if ('가'..='힣').contains(&c) { 2 } else { 1 }).sum();
        let widest = done.out.lines().map(wide).max().unwrap_or(0);
        assert!(widest <= columns && widest > 0, "{columns}: {done:?}");
    }
}

#[test]
fn places_keep_the_names_where_there_is_a_store() {
    let server = stand_in(|_| {});
    let shop = shop(&server);
    let done = shop.done(&["places", "--base-url", &server.base_url()]);
    assert!(done.err.contains("the names are kept in "), "{done:?}");
    let read = server.arrivals().len();
    shop.add(&["--place", "지금배수지"]);
    let slots =
        ["slots", "--base-url", &server.base_url(), "--place", "지금배수지", "--date", &date().to_string()];
    let slots = shop.json(&slots);
    assert_eq!(
        (&slots["place"], &slots["place_name"]),
        (&"NYJ06/03/90".into(), &"지금배수지 90번 코트".into())
    );
    assert_eq!(server.arrivals().len(), read + 1);
    let done = run(&["places", "--base-url", &server.base_url(), "--centre", "NYJ07"]);
    assert!(done.err.contains("not kept, for there is no store"), "{done:?}");
    let group = ["slots", "--base-url", &server.base_url(), "--place", "NYJ06/07/*"];
    assert!(shop.refused(&group).contains("is a group of courts"));
}

#[test]
fn any_court_of_a_group_is_a_choice_for_each_and_costs_one_request() {
    let server = stand_in(|_| {});
    let shop = shop(&server);
    let before = server.arrivals().len();
    let any = ["--place", "NYJ06/07/*", "--time", TIME, "--time", "08:00-10:00"];
    let done = shop.done(&add(&any));
    assert_eq!(server.arrivals().len(), before + 1);
    assert!(done.err.contains("choice 4: 체육공원2호 테니스장 (NYJ06/07/103) "), "{done:?}");
    let bookings = shop.bookings();
    let all = |times: &[&str]| -> Vec<String> {
        times.iter().flat_map(|time| COURTS.map(|court| format!("{court} {time}"))).collect()
    };
    assert_eq!(places(&bookings[0]), all(&[TIME, "08:00-10:00"]));

    // A given court goes before the others; the stored choices that the group has too are not doubled.
    shop.done(&["edit", "1", "--place", COURTS[1], "--place", "NYJ06/07/*"]);
    let found = places(&shop.bookings()[0]);
    assert_eq!(found[..3], [COURTS[1], COURTS[0], COURTS[2]].map(|court| format!("{court} {TIME}")));
    assert_eq!(found.len(), 6);

    let file = format!(
        "[[booking]]\nplace = [\"체육공원2호/*\"]\ndate = {}\ntime = [\"12:00-14:00\", \"14:00-16:00\"]\nopens-at = \"now\"\n",
        date()
    );
    let done = shop.run_with(&["import", "-"], &file);
    assert_eq!(done.code, Some(0), "{done:?}");
    let bookings = shop.bookings();
    let imported = bookings.iter().find(|booking| booking["id"] == 2).unwrap();
    assert_eq!(places(imported), all(&["12:00-14:00", "14:00-16:00"]));
    // What was exported is what was stored.
    assert!(shop.done(&["export", "2"]).out.contains("place = \"NYJ06/07/103\"\n"));

    assert!(shop.refused(&add(&["--place", "NYJ06/99/*"])).contains("NYJ06/99"));
    let mut many = vec!["--place", "NYJ06/07/*"];
    let times: Vec<String> = (0..9).map(|n| format!("{:02}:00-{:02}:00", 6 + n, 7 + n)).collect();
    many.extend(times.iter().flat_map(|time| ["--time", time.as_str()]));
    assert!(shop.refused(&add(&many)).contains("these are 27 choices, and 24 are the most"));
}

#[test]
fn of_any_court_the_first_that_is_free_is_booked_and_no_other() {
    let server = stand_in(|_| {});
    for court in &COURTS[..2] {
        server.with(|s| s.take(&court.parse().unwrap(), date(), TIME.parse().unwrap(), "라마바클럽"));
    }
    let done = run(&book(&server.base_url(), &["--place", "NYJ06/07/*", "--json"]));
    assert_eq!(done.code, Some(0), "{done:?}");
    let booked: Vec<String> =
        server.with(|s| s.bookings().iter().map(|booked| booked.place.to_string()).collect());
    assert_eq!(booked, [COURTS[2]]);
    assert_eq!(lines(&done).last().unwrap()["wish"], 2);
}

#[test]
fn a_time_that_is_no_round_ends_a_booking_before_its_opening() {
    let at = SystemClock.now().plus(Duration::from_secs(300));
    let server = stand_in(|s| {
        s.openings.insert(date(), at);
    });
    let at = at.to_string().replace(" Asia/Seoul", "");
    let done = run(&book(&server.base_url(), &["--time", "07:00-09:00", "--opens-at", &at]));
    assert_eq!(done.code, Some(4), "{done:?}");
    assert!(done.err.contains("ALARM, foreseen: 07:00-09:00 is no round of that day"), "{done:?}");
    assert!(done.err.contains("its rounds are 06:00-08:00, 08:00-10:00, "), "{done:?}");
    let shots = requests(&server, SiteStep::Form) + requests(&server, SiteStep::Submit);
    assert_eq!((shots, server.with(|s| s.bookings().len())), (0, 0));

    // What the first choice cannot have does not cost the second its opening: it is armed, and stopped here.
    let or = format!("{PLACE} {} 10:00-12:00", date());
    let more = ["--time", "07:00-09:00", "--or", &or, "--opens-at", &at, "--json"];
    let child = start(runner(&book(&server.base_url(), &more)), "invented-1\n");
    super::support::wait_for(&server, SiteStep::Form);
    super::support::interrupt(&child);
    let told = lines(&finish(child));
    let alarm = told.iter().find(|line| line["event"] == "alarm").unwrap();
    assert_eq!((&alarm["foreseen"]["obstacle"], &alarm["foreseen"]["wish"]), (&"rounds".into(), &0.into()));
    assert_eq!(alarm["foreseen"]["choices"][0], "06:00-08:00");
}

/// What `add` and `book` say of a time on the usual day.
fn said(shop: &Shop, server: &StandInServer, time: &str) -> [String; 2] {
    let added = shop.done(&add(&["--time", time]));
    // A stored time that overlaps the next is refused.
    shop.done(&["cancel", added.out.trim()]);
    let booked = shop.run(&book(&server.base_url(), &["--time", time, "--dry-run"])).err;
    [added.err, booked]
}

#[test]
fn a_time_that_an_earlier_list_shows_as_no_round_is_told_weeks_before() {
    let server = stand_in(|_| {});
    let shop = shop(&server);
    let doubt = "by its day list of ";
    for said in said(&shop, &server, "07:00-09:00") {
        assert!(!said.contains(doubt), "{said}");
    }
    let slots = ["slots", "--base-url", &server.base_url(), "--place", PLACE, "--date", &date().to_string()];
    shop.done(&slots);
    let read = server.arrivals().len();
    let [added, booked] = said(&shop, &server, "07:00-09:00");
    for said in [&added, &booked] {
        let one_line = said.split_whitespace().collect::<Vec<_>>().join(" ");
        let whole = ", read just now: 07:00-09:00 is no round of that day, nor several adjacent ones: its rounds are \
             06:00-08:00, 08:00-10:00, ";
        assert!(one_line.contains(doubt) && one_line.contains(whole), "{said}");
    }
    // It is known before anything is asked: `add` asks for nothing, and `book` for its own pages only.
    assert_eq!(requests(&server, SiteStep::Schedule), 1, "{read}");
    for said in said(&shop, &server, "10:00-14:00") {
        assert!(!said.contains(doubt), "{said}");
    }
    // It goes with the store to another machine, and a program finds it where the notes are.
    let backup = shop.folder.path().join("backup");
    shop.done(&["backup", backup.to_str().unwrap()]);
    let other = Shop::new();
    std::fs::copy(shop.key(), other.key()).unwrap();
    other.done(&["restore", backup.to_str().unwrap()]);
    let notes = other.json(&add(&["--time", "07:00-09:00"]))["notes"].to_string();
    assert!(notes.contains(doubt), "{notes}");
}

#[test]
fn a_booking_at_the_terminal_keeps_the_rounds_where_there_is_a_store() {
    let server = stand_in(|_| {});
    let shop = shop(&server);
    let done = shop.run(&book(&server.base_url(), &[]));
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(shop.done(&add(&["--time", "07:00-09:00"])).err.contains("is no round of that day"));

    // Without a store none is made.
    let empty = Shop::new();
    empty.run(&book(&server.base_url(), &["--time", "08:00-10:00"]));
    empty.done(&["slots", "--base-url", &server.base_url(), "--place", PLACE]);
    assert_eq!(std::fs::read_dir(empty.folder.path()).unwrap().count(), 0);
}
