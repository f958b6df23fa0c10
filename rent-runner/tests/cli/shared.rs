//! The commands on the store, on PostgreSQL.

use super::postgres;
use super::shop::{Shop, add};
use super::support::{CLUB, PLACE, date};

#[test]
fn the_commands_do_the_same_on_a_server() {
    let Some(database) = postgres::database() else { return };
    let shop = Shop::on(database).furnish("http://127.0.0.1:9");
    let second = format!("{PLACE} {} 10:00-12:00", date());
    assert_eq!(shop.add(&["--or", &second, "--note", "for the club"]), "1");
    assert!(shop.refused(&add(&["--time", "07:00-09:00"])).contains("booking 1"));
    shop.done(&["edit", "1", "--time", "08:00-09:00", "--head-count", "9"]);
    let booking = shop.bookings().remove(0);
    assert_eq!(
        (&booking["choices"][0]["range"], &booking["note"]),
        (&"08:00-09:00".into(), &"for the club".into())
    );
    assert_eq!(shop.json(&["show", "1", "--personal"])["application"]["club_name"], CLUB);
    shop.done(&["cancel", "1"]);
    shop.done(&["retry", "1"]);
    let text = shop.done(&["export", "--with-applicant"]).out;
    let done = shop.run_with(&["import", "-", "--dry-run"], &text);
    assert!(done.err.contains("the stored booking 1 is for the same time"), "{done:?}");
    shop.done(&["cancel", "1"]);
    let done = shop.run_with(&["import", "-"], &text);
    assert_eq!((done.code, shop.bookings().len()), (Some(0), 2), "{done:?}");
    shop.done(&["account", "rekey"]);
    shop.done(&["applicant", "show", "club"]);
    assert!(shop.done(&["calendar"]).out.starts_with("BEGIN:VCALENDAR"));
}
