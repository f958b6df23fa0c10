//! Journals and stores of earlier versions go on working, and what a newer one wrote is never read as "nothing
//! was sent".
#![cfg(unix)]

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use namyangju_rent::clock::{Clock as _, SystemClock};
use namyangju_rent::harness::{SiteStep, StandInServer};
use sqlx::{Connection as _, SqliteConnection};

use super::shop::Shop;
use super::support::{Done, PLACE, book, date, requests, run, stand_in};

const WON: &str = include_str!("earlier/won-0.1.jsonl");
const KILLED: &str = include_str!("earlier/killed-0.1.jsonl");

/// Goes on with a journal that an earlier version wrote.
fn resume(server: &StandInServer, journal: &str) -> Done {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("court.jsonl");
    let base = format!("{}/", server.base_url().trim_end_matches('/'));
    let filled = journal.replace("{BASE}", &base).replace("{DATE}", &date().to_string());
    fs::write(&path, filled).unwrap();
    run(&book(&server.base_url(), &["--resume", path.to_str().unwrap()]))
}

fn answered(step: &str, name: &str) -> String {
    format!(
        r#"{{"at":"2026-11-25T18:57:24.116614+09:00","monotonic_micros":7,"event":"answered","step":"{step}","name":"{name}","text":"as it was"}}"#
    )
}

/// Whether the day list was read before anything else.
fn looked_first(server: &StandInServer) -> bool {
    // A probe of the clock, which may come before, asks for no page.
    let pages = server.arrivals();
    pages
        .iter()
        .find(|arrival| arrival.method != "HEAD")
        .is_some_and(|arrival| arrival.step == SiteStep::Schedule)
}

#[test]
fn a_journal_of_an_earlier_version_is_read_as_before() {
    let submit = |name| format!("{KILLED}{}\n", answered("submit", name));
    let form = |name| format!("{KILLED}{}\n", answered("form", name));
    for (journal, looks) in [
        (KILLED.to_owned(), true),
        (submit("unconfirmed"), true),
        (submit("unknown"), true),
        // Words that no version has written yet: nothing may be concluded from them.
        (submit("reserved-twice"), true),
        (form("reserved-twice"), true),
        (submit("slot-taken"), false),
        (submit("not-open-yet"), false),
        // An overloaded gateway answers for a script that may go on: since 0.2 that is looked at too.
        (submit("busy"), true),
        (submit("not-sent"), false),
        (form("not-open-yet"), false),
    ] {
        let server = stand_in(|_| {});
        let done = resume(&server, &journal);
        assert_eq!(looked_first(&server), looks, "{journal} {done:?}");
        assert_eq!(done.code, Some(0), "{journal} {done:?}");
        assert_eq!(server.with(|s| s.bookings().len()), 1, "{journal} {done:?}");
    }
}

#[test]
fn a_receipt_in_a_journal_is_final() {
    for more in ["", &answered("submit", "slot-taken")] {
        let server = stand_in(|_| {});
        let journal = WON.lines().filter(|line| !line.contains(r#""event":"report""#));
        let journal: String =
            journal.chain([more]).filter(|line| !line.is_empty()).flat_map(|l| [l, "\n"]).collect();
        let done = resume(&server, &journal);
        assert_eq!((done.code, done.out.trim()), (Some(0), "1268763"), "{done:?}");
        assert_eq!(
            (requests(&server, SiteStep::Login), requests(&server, SiteStep::Submit)),
            (0, 0),
            "{done:?}"
        );
    }
}

/// A copy of the store, its account at this address.
fn store(server: &StandInServer) -> Shop {
    store_of("0.1", server)
}

fn store_of(version: &str, server: &StandInServer) -> Shop {
    let shop = Shop::new();
    let earlier = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/cli/earlier");
    fs::copy(earlier.join(format!("store-{version}.db")), &shop.database).unwrap();
    fs::copy(earlier.join(format!("store-{version}.key")), shop.key()).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    fs::set_permissions(shop.key(), mode).unwrap();
    sql(&shop, &format!("UPDATE account SET base_url = '{}'", server.base_url()));
    shop
}

fn sql(shop: &Shop, text: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut connection = SqliteConnection::connect(&format!("sqlite://{}", shop.database)).await.unwrap();
        sqlx::raw_sql(sqlx::AssertSqlSafe(text.to_owned())).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    });
}

#[test]
fn a_store_of_an_earlier_version_is_read_as_before() {
    let server = stand_in(|_| {});
    let shop = store(&server);
    let states: Vec<_> = shop.bookings().iter().map(|b| b["state"].as_str().unwrap().to_owned()).collect();
    let mut sorted = states.clone();
    sorted.sort();
    assert_eq!(sorted, ["cancelled", "cancelled", "firing", "succeeded", "waiting"]);
    let story = shop.json(&["show", "1", "--events"]);
    assert_eq!(story["booking"]["receipt"]["number"], "1268766", "{story}");
    assert_eq!(story["attempts"][0]["attempt"]["name"], "reserved", "{story}");
    let answered = story["events"].as_array().unwrap().iter().find(|row| row["event"] == "answered");
    assert_eq!(answered.unwrap()["name"], "reserved", "{story}");
}

#[test]
fn an_intent_in_an_earlier_store_is_looked_at_first() {
    let newer = "INSERT INTO event (booking_id, number, round, fence, runner, at, data) SELECT booking_id, number + 1, \
         round, fence, runner, at, '{\"event\":\"answered\",\"step\":\"submit\",\"name\":\"reserved-twice\",\"text\":\"\"}' \
         FROM event WHERE booking_id = 4 AND number = 2; UPDATE booking SET last_event = 3 WHERE id = 4";
    for more in ["", newer] {
        let server = stand_in(|_| {});
        let shop = store(&server);
        if !more.is_empty() {
            sql(&shop, more);
        }
        let done = shop.run(&["run-due"]);
        assert!(looked_first(&server), "{more} {done:?} {:?}", server.arrivals());
    }
}

/// A store that knows an opening of 300 ms before its announced instant: the next one is met there, and what is learnt of
/// the site's clock is kept.
#[test]
fn what_a_store_knows_of_openings_aims_the_next_shot_and_the_clock_is_kept() {
    let early = Duration::from_millis(300);
    let announced = SystemClock.now().plus(Duration::from_secs(6)).unix_micros() / 1_000_000 * 1_000_000;
    let announced = namyangju_rent::SeoulTime::from_unix_micros(announced);
    let server = stand_in(|settings| {
        settings.openings.insert(date(), announced.minus(early));
    });
    let shop = store_of("0.2", &server);
    let base = format!("{}/", server.base_url().trim_end_matches('/'));
    let seen = shop.json(&["status"]);
    assert_eq!(seen["openings_seen"], serde_json::json!([]), "another address has its own");
    assert_eq!(seen["site_clocks"], serde_json::json!([]), "{seen}");
    sql(
        &shop,
        &format!("UPDATE opening SET site = '{base}', after_at = NULL, before_at = expected - 300000"),
    );

    let at = String::from(announced);
    let day = date().to_string();
    shop.done(&["add", "--place", PLACE, "--date", &day, "--time", "08:00-10:00", "--opens-at", &at]);
    let done = shop.run(&["run-due"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    let shot = server.with(|stand_in| stand_in.bookings()[0].at);
    assert!(shot >= announced.minus(early) && shot < announced, "{shot} {announced} {done:?}");

    let seen = shop.json(&["status"]);
    assert_eq!(seen["openings_seen"].as_array().unwrap().len(), 2, "{seen}");
    let learnt = &seen["site_clocks"][0];
    assert_eq!(learnt["site"], base, "{seen}");
    assert!(learnt["learnt"]["learned_at"].is_string(), "{seen}");
    let told = shop.done(&["status"]).out;
    assert!(told.contains(&format!("clock      {base}\n           learnt today\n")), "{told}");
    let story = shop.json(&["show", "3"]);
    assert_eq!(story["report"]["learnt"], learnt["learnt"], "{story}");
}
