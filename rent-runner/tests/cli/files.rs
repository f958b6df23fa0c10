//! `import`, `export` and `calendar`.

use std::fs;

use super::shop::{Shop, opening};
use super::support::{CLUB, PLACE, TIME, date};

fn shop() -> Shop {
    Shop::new().furnish("http://127.0.0.1:9")
}

/// A booking in TOML, and further lines.
fn entry(time: &str, more: &str) -> String {
    format!(
        "[[booking]]\nplace = \"{PLACE}\"\ndate = {}\ntime = \"{time}\"\nopens-at = \"{}\"\n{more}\n",
        date(),
        opening()
    )
}

fn import(shop: &Shop, text: &str, more: &[&str]) -> super::support::Done {
    shop.run_with(&[&["import", "-"], more].concat(), text)
}

#[test]
fn many_bookings_are_stored_at_once() {
    let shop = shop();
    let text =
        entry("06:00-08:00", "note = \"first\"") + &entry("08:00-10:00", "account = \"me\"\nhead-count = 7");
    let path = shop.folder.path().join("december.toml");
    fs::write(&path, &text).unwrap();
    let path = path.to_str().unwrap();
    let dry = shop.done(&["import", path, "--dry-run"]);
    assert_eq!((dry.out.as_str(), shop.bookings().len()), ("", 0), "{dry:?}");
    assert!(dry.err.contains("2 bookings could be stored; this was a dry run"), "{dry:?}");
    let done = shop.done(&["import", path]);
    assert_eq!(done.out, "1\n2\n");
    assert!(done.err.contains("stored 2 bookings; the first: it opens at"), "{done:?}");
    assert_eq!(shop.bookings()[0]["note"], "first");
    assert_eq!(shop.json(&["show", "2", "--personal"])["application"]["head_count"], 7);
}

#[test]
fn a_file_with_a_mistake_stores_nothing_and_names_all_of_them() {
    let shop = shop();
    let good = entry("06:00-08:00", "");
    let today = format!("[[booking]]\nplace = \"{PLACE}\"\ndate = 2020-01-01\ntime = \"{TIME}\"\n");
    let cases: Vec<(String, Vec<&str>)> = vec![
        (
            format!("{good}[[booking]]\nplace = \"{PLACE}\"\n"),
            vec!["booking 2: `date`: it is missing", "booking 2: `time`"],
        ),
        (format!("{good}{}", entry("8-9", "")), vec!["booking 2: `time`: `8` is not a time of day"]),
        (
            format!("{good}{}", entry("10:00-12:00", "colour = 1")),
            vec!["booking 2: `colour`: there is no such key"],
        ),
        (format!("{good}{today}"), vec!["booking 2: `place, date, time, or`: 2020-01-01 is past"]),
        (
            format!("{good}{}", entry("10:00-12:00", "account = \"you\"")),
            vec!["booking 2: `account`: no account is called `you`"],
        ),
        (
            format!("{good}{}", entry("10:00-12:00", "applicant = \"x\"")),
            vec!["booking 2: `applicant`: no applicant's data"],
        ),
        (
            format!("{good}{}", entry("10:00-12:00", "tel = \"12345\"")),
            vec!["booking 2: `tel` is not a phone number"],
        ),
        (
            format!("{good}{}", entry("10:00-12:00", "give-up-after = \"0\"")),
            vec!["booking 2: `give-up-after`: the time to try is 0"],
        ),
        (good.replace(&opening(), "2199-01-01 10:00:00"), vec!["booking 1: `opens-at`: it would open at"]),
        (format!("{good}club-name = \"홍길동"), vec!["line 7: "]),
        ("{\"booking\": 홍길동}".to_owned(), vec!["line 1, column 13: this is not JSON"]),
        (String::new(), vec!["it has no booking"]),
        (format!("{good}{good}"), vec!["booking 2 of 2"]),
    ];
    for (text, said) in cases {
        let done = import(&shop, &text, &[]);
        assert_eq!((done.code, done.out.as_str()), (Some(2), ""), "{text} {done:?}");
        for said in said {
            assert!(done.err.contains(said), "{text}: {said}: {done:?}");
        }
        assert!(!done.err.contains("홍길동") && !done.err.contains("12345"), "{done:?}");
    }
    assert_eq!(shop.bookings().len(), 0);
    assert!(shop.refused(&["import", "/nowhere/x.toml"]).contains("/nowhere/x.toml cannot be read"));
}

#[test]
fn a_dry_run_finds_what_the_store_would_refuse() {
    let shop = shop();
    shop.add(&[]);
    let done = import(&shop, &entry("07:00-09:00", ""), &["--dry-run"]);
    assert!(
        done.code == Some(2) && done.err.contains("the stored booking 1 is for the same time"),
        "{done:?}"
    );
    let twice = entry("10:00-12:00", "") + &entry("11:00-13:00", "");
    let done = import(&shop, &twice, &["--dry-run"]);
    assert!(done.err.contains("booking 2: booking 1 of the file is for the same time"), "{done:?}");
    let many: String = (8..16).map(|hour| entry(&format!("{hour}:00-{}:00", hour + 1), "")).collect();
    let done = import(&shop, &many, &["--dry-run"]);
    assert!(done.err.contains("booking 8: the account has 8 bookings on that day"), "{done:?}");
    assert_eq!(import(&shop, &many, &[]).code, Some(2));
    assert_eq!(shop.bookings().len(), 1);
}

#[test]
fn what_is_exported_is_imported_elsewhere() {
    let shop = shop();
    let second = format!("{PLACE} {} 10:00-12:00", date());
    shop.add(&[
        "--or",
        &second,
        "--lead",
        "5ms",
        "--policy",
        "original",
        "--most-requests",
        "9",
        "--note",
        "a \"b\"",
    ]);
    shop.add(&["--time", "14:00-16:00", "--clock-offset", "-1.5s", "--give-up-after", "2m", "--events"]);
    let shown = shop.done(&["show", "2"]).out;
    assert!(shown.contains("the site's clock 1500ms behind ours as given"), "{shown}");
    for format in ["toml", "json"] {
        let text = shop.done(&["export", "--format", format]).out;
        assert!(text.contains("club") && !text.contains(CLUB) && !text.contains("000-0000"), "{text}");
        let other = self::shop();
        let done = import(&other, &text, &[]);
        assert_eq!((done.code, done.out.as_str()), (Some(0), "1\n2\n"), "{text} {done:?}");
        assert_eq!(other.done(&["export", "--format", format]).out, text);
    }
    let one = shop.done(&["export", "2"]).out;
    assert_eq!(one.matches("[[booking]]").count(), 1);
    assert!(shop.refused(&["export", "9"]).contains('9'));
}

#[test]
fn the_applicants_data_is_exported_only_when_asked_for() {
    let shop = shop();
    shop.add(&["--head-count", "9"]);
    let without = shop.done(&["export"]);
    assert!(!without.out.contains(CLUB) && !without.out.contains("applicant"), "{without:?}");
    assert!(without.err.contains("1 booking is not saved under a name"), "{without:?}");
    let with = shop.done(&["export", "--with-applicant"]).out;
    let other = self::shop();
    other.done(&["applicant", "remove", "club"]);
    assert_eq!(import(&other, &with, &[]).code, Some(0));
    let application = |shop: &Shop| shop.json(&["show", "1", "--personal"])["application"].clone();
    assert_eq!(application(&other), application(&shop));
    assert_eq!(application(&other)["head_count"], 9);
}

#[test]
fn a_store_without_won_times_gives_a_calendar_without_events() {
    let shop = shop();
    shop.add(&[]);
    let done = shop.done(&["calendar"]);
    assert!(done.out.starts_with("BEGIN:VCALENDAR\r\n") && !done.out.contains("VEVENT"), "{done:?}");
    let path = shop.folder.path().join("courts.ics");
    shop.done(&["calendar", "--output", path.to_str().unwrap()]);
    assert_eq!(fs::read_to_string(path).unwrap(), done.out);
    assert!(shop.refused(&["calendar", "--output", "/nowhere/courts.ics"]).contains("cannot be written"));
}
