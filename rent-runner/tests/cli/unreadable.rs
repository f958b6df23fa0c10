//! A row of the store that this version cannot read: it is named with what to do, and all others are shown.

use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, SqliteConnection};

use super::shop::{Shop, add};
use super::support::{PLACE, date};
use super::{postgres, shop};

const NOWHERE: &str = "http://127.0.0.1:9";

/// Three bookings, and what damages them.
fn shops() -> Vec<Shop> {
    let shops = [Some(Shop::new()), postgres::database().map(Shop::on)];
    let furnished = shops.into_iter().flatten().map(|shop| shop.furnish(NOWHERE));
    let stored = furnished.inspect(|shop| {
        for time in ["06:00-08:00", "08:00-10:00", "10:00-12:00"] {
            let day = date().to_string();
            let arguments = ["add", "--place", PLACE, "--date", &day, "--time", time, "--opens-at"];
            shop.done(&[&arguments[..], &[&shop::opening()]].concat());
        }
    });
    stored.collect()
}

fn change(shop: &Shop, sql: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let sql = AssertSqlSafe(sql.to_owned());
        if shop.database.starts_with("postgres") {
            let mut connection = PgConnection::connect(&shop.database).await.unwrap();
            sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
        } else {
            let mut connection = SqliteConnection::connect(&shop.database).await.unwrap();
            sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
        }
    });
}

fn ids(list: &Value, of: &str) -> Vec<i64> {
    list[of].as_array().unwrap().iter().map(|booking| booking["id"].as_i64().unwrap()).collect()
}

#[test]
fn a_damaged_booking_is_named_and_the_others_are_listed() {
    for shop in shops() {
        for damage in [
            "UPDATE booking SET receipt = 'of a newer version' WHERE id = 2",
            "UPDATE choice SET place = 'of a newer version' WHERE booking_id = 2",
        ] {
            change(&shop, damage);
            for arguments in [&["list"][..], &["list", "--all"], &["list", "--account", "me"]] {
                let done = shop.run(arguments);
                assert_eq!(done.code, Some(10), "{damage} {done:?}");
                for shown in ["06:00-08:00", "10:00-12:00"] {
                    assert!(done.out.contains(shown), "{damage} {done:?}");
                }
                assert!(!done.out.contains("08:00-10:00"), "{damage} {done:?}");
                for said in ["booking 2 cannot be read", "`rent-runner cancel 2` ends it", "2 bookings"] {
                    assert!(done.err.contains(said), "{damage} {said} {done:?}");
                }
                assert!(done.err.lines().all(|line| line.chars().count() <= 80), "{done:?}");
            }
            let done = shop.run(&["list", "--json"]);
            let list: Value = serde_json::from_str(&done.out).unwrap();
            assert_eq!((ids(&list, "bookings"), ids(&list, "unreadable")), (vec![1, 3], vec![2]), "{list}");
            let strange = &list["unreadable"][0];
            assert_eq!((&strange["account"], &strange["state"]), (&"me".into(), &"waiting".into()));
            assert_eq!((&list["left_out"], done.code), (&0.into(), Some(10)));
        }
        for arguments in [&["show", "2"][..], &["show", "2", "--json"], &["retry", "2"]] {
            let done = shop.run(arguments);
            assert_eq!(done.code, Some(10), "{arguments:?} {done:?}");
            assert!(done.err.contains("booking 2 cannot be read"), "{arguments:?} {done:?}");
        }
        shop.done(&["show", "1"]);
        let done = shop.run(&["export"]);
        assert!(done.code == Some(10) && done.err.contains("booking 2 cannot be read"), "{done:?}");
        assert_eq!(done.out.matches("[[booking]]").count(), 2, "{done:?}");
        let done = shop.run(&["doctor", "--json"]);
        assert!(format!("{done:?}").contains("booking 2 cannot be read"), "{done:?}");
        // What was said to be done can be done.
        shop.done(&["cancel", "2"]);
        shop.done(&add(&["--time", "12:00-14:00"]));
    }
}

#[test]
fn a_damaged_part_of_a_story_is_named_and_the_rest_is_shown() {
    for shop in shops() {
        for (damage, part) in [
            (
                "INSERT INTO attempt (booking_id, round, number, data) VALUES (1, 1, 1, '{}')",
                "attempt 1 of round 1",
            ),
            ("INSERT INTO report (booking_id, data) VALUES (1, 'of a newer version')", "the report"),
        ] {
            change(&shop, damage);
            let done = shop.run(&["show", "1"]);
            assert_eq!(done.code, Some(10), "{done:?}");
            assert!(done.out.contains("06:00-08:00"), "{done:?}");
            assert!(done.err.contains(&format!("{part} of booking 1 cannot be read")), "{done:?}");
            let story: Value = serde_json::from_str(&shop.run(&["show", "1", "--json"]).out).unwrap();
            assert!(story["unreadable"].as_array().unwrap().contains(&part.into()), "{story}");
        }
    }
}
