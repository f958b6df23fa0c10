//! What is told of a booking that was run: its attempts, its page, its receipt, its event in a calendar.
//!
//! The story is a real one, of a booking on the stand-in; it is put into the store here, as a runner does.

use namyangju_rent::{Application, Booking, Client, Credentials, Happened, Report, Wish};
use serde_json::{Value, json};
use sqlx::{Connection, SqliteConnection};

use super::shop::Shop;
use super::support::{PLACE, TIME, date, stand_in};

const PAGE: &[u8] = b"\xb0\xa1 <html>a page of 31 bytes</html>";

/// Books on a stand-in, and keeps what happened as the story of booking 1 of a store.
fn told() -> (Shop, Report) {
    let server = stand_in(|_| {});
    let shop = Shop::new().furnish(&server.base_url());
    shop.add(&["--or", &format!("{PLACE} {} 08:00-10:00", date())]);
    let wish = Wish {
        place: PLACE.parse().unwrap(),
        date: date(),
        range: TIME.parse().unwrap(),
        purpose: Default::default(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let report = runtime.block_on(async {
        let client = Client::builder(server.site().unwrap()).build().unwrap();
        let application = Application::new("가나다클럽", "4".parse().unwrap(), "테니스", "운동");
        let credentials = Credentials::new("tester1", "invented-1");
        let mut events: Vec<Happened> = Vec::new();
        let booking = Booking::new(client, credentials, wish, application);
        let report = booking.run(|happened| events.push(happened.clone())).await;
        keep(&shop.database, &events, &report).await;
        report
    });
    (shop, report)
}

async fn keep(database: &str, events: &[Happened], report: &Report) {
    let mut store = SqliteConnection::connect(database).await.unwrap();
    for (number, happened) in events.iter().enumerate() {
        let sql = "INSERT INTO event (booking_id, number, round, fence, runner, at, data) \
                   VALUES (1, $1, 1, 1, 'home-1', $2, $3)";
        let event = serde_json::to_string(&happened.event).unwrap();
        let number = i64::try_from(number).unwrap();
        sqlx::query(sql)
            .bind(number)
            .bind(happened.at.unix_micros())
            .bind(event)
            .execute(&mut store)
            .await
            .unwrap();
    }
    for attempt in &report.attempts {
        let sql = "INSERT INTO attempt (booking_id, round, number, data) VALUES (1, 1, $1, $2)";
        let data = serde_json::to_string(attempt).unwrap();
        sqlx::query(sql).bind(i64::from(attempt.number)).bind(data).execute(&mut store).await.unwrap();
    }
    let sql =
        "INSERT INTO page (booking_id, round, attempt, address, body) VALUES (1, 1, 1, 'http://x/y', $1)";
    sqlx::query(sql).bind(PAGE).execute(&mut store).await.unwrap();
    let mut data = serde_json::to_value(report).unwrap();
    let receipt = data["receipt"].to_string();
    data.as_object_mut().unwrap().remove("attempts");
    let sql = "INSERT INTO report (booking_id, data) VALUES (1, $1)";
    sqlx::query(sql).bind(data.to_string()).execute(&mut store).await.unwrap();
    let sql = "UPDATE booking SET state = 'succeeded', receipt = $1, shown = 'booked' WHERE id = 1";
    sqlx::query(sql).bind(receipt).execute(&mut store).await.unwrap();
    store.close().await.unwrap();
}

#[test]
fn the_story_tells_every_attempt_and_what_came() {
    let (shop, report) = told();
    let receipt = serde_json::to_value(&report).unwrap()["receipt"]["number"].as_str().unwrap().to_owned();
    let text = shop.done(&["show", "1"]).out;
    let page = format!("its page was kept, {} bytes: rent-runner show 1 --page 1", PAGE.len());
    let requests = format!("requests   {}", report.requests);
    for said in [
        "booking    1, succeeded",
        &format!("receipt    {receipt}"),
        "day list   shows choice 1 as booked",
        "attempt 1, choice 1, ",
        " by home-1 over direct",
        "day page        answered after ",
        "submission      answered after ",
        "  reserved: ",
        &page,
        &requests,
    ] {
        assert!(text.contains(said), "{said}\n{text}");
    }
    assert!(!text.contains("the application leaves"), "{text}");
    assert!(shop.done(&["show", "1", "--events"]).out.contains("submission: the application leaves"));

    let document = shop.json(&["show", "1", "--events"]);
    assert_eq!(document["attempts"][0]["runner"], "home-1");
    assert_eq!(document["attempts"][0]["attempt"]["name"], "reserved");
    assert_eq!(document["report"]["requests"], report.requests);
    let events = document["events"].as_array().unwrap();
    assert!(events.iter().any(|event| event["event"] == "submitting"), "{events:?}");

    let list = shop.done(&["list"]);
    assert!(list.out.contains(&format!("receipt {receipt}")) && list.out.contains("(+1)"), "{list:?}");
}

#[test]
fn a_page_that_was_kept_comes_out_byte_for_byte() {
    let (shop, _) = told();
    let child =
        super::support::start(super::support::runner(&shop.arguments(&["show", "1", "--page", "1"])), "");
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(0), PAGE));
    assert!(String::from_utf8_lossy(&output.stderr).contains("bytes of http://x/y"));
    shop.refused(&["show", "1", "--page", "2"]);
    shop.refused(&["show", "1", "--page", "1", "--round", "2"]);
}

#[test]
fn a_won_time_stands_in_the_calendar() {
    let (shop, report) = told();
    let receipt: Value = json!(report)["receipt"]["number"].clone();
    let text = shop.done(&["calendar"]).out;
    let start = format!("DTSTART:{}T210000Z\r\n", date().plus_days(-1).compact());
    assert!(text.contains(&start), "{text}");
    assert!(text.replace("\r\n ", "").contains(&format!("receipt {}", receipt.as_str().unwrap())), "{text}");
    assert_eq!(text, shop.done(&["calendar", "--account", "me"]).out);
    assert_eq!(shop.run(&["calendar", "--account", "you"]).code, Some(2));
}

#[test]
fn what_was_won_is_neither_edited_nor_retried_nor_cancelled() {
    let (shop, _) = told();
    for command in [&["edit", "1", "--note", "x"][..], &["retry", "1"], &["cancel", "1"]] {
        shop.refused(command);
    }
    assert_eq!(shop.bookings()[0]["state"], "succeeded");
}
