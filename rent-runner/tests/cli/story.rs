//! What is told of a booking that a runner ran: its attempts, its page, its receipt, its event in a calendar.

use namyangju_rent::harness::{Fault, FaultKind, Settings, SiteStep, StandInServer};

use super::shop::Shop;
use super::support::{PLACE, book, date, requests, run, stand_in};

const PAGE: &[u8] = b"\xb0\xa1 <html>a page that nobody has described</html>";

/// Booking 1 of a store, run against a stand-in.
fn told(change: impl FnOnce(&mut Settings)) -> (Shop, StandInServer) {
    let server = stand_in(change);
    let shop = Shop::new().furnish(&server.base_url());
    shop.add(&["--or", &format!("{PLACE} {} 08:00-10:00", date()), "--opens-at", "now"]);
    let ran = shop.done(&["run-due"]);
    assert!(ran.out.starts_with("#1  succeeded: reserved"), "{ran:?}");
    (shop, server)
}

#[test]
fn a_stored_booking_of_what_is_ours_already_ends_as_that() {
    // By a command at a terminal, of which this store knows nothing.
    let server = stand_in(|_| {});
    assert_eq!(run(&book(&server.base_url(), &[])).code, Some(0));
    let shop = Shop::new().furnish(&server.base_url());
    shop.add(&["--or", &format!("{PLACE} {} 10:00-12:00", date()), "--opens-at", "now"]);
    let ran = shop.run(&["run-due"]);
    assert_eq!(ran.code, Some(11), "{ran:?}");
    let stored = shop.json(&["show", "1"]);
    let booking = &stored["booking"];
    assert_eq!((&booking["state"], &booking["shown"]), (&"succeeded".into(), &"booked".into()), "{stored}");
    assert!(booking["reason"].as_str().unwrap().starts_with("already booked: "), "{stored}");
    assert_eq!(stored["report"]["verdict"], "already-booked", "{stored}");
    let told = shop.done(&["show", "1"]).out;
    assert!(told.contains("already booked"), "{told}");
    let listed = shop.done(&["list", "--all"]).out;
    assert!(listed.contains("already booked"), "{listed}");
    assert_eq!(server.with(|s| s.bookings().len()), 1);
}

fn receipt(server: &StandInServer) -> String {
    server.with(|stand_in| stand_in.bookings()[0].receipt.clone())
}

#[test]
fn the_story_tells_every_attempt_and_what_came() {
    let (shop, server) = told(|_| {});
    let receipt = receipt(&server);
    let text = shop.done(&["show", "1"]).out;
    let requests = format!("requests   {}", server.arrivals().len());
    for said in [
        "booking    1, succeeded",
        &format!("receipt    {receipt}"),
        "day list   shows choice 1 as booked",
        "attempt 1, choice 1, ",
        " over direct",
        "day page        answered after ",
        "submission      answered after ",
        "  reserved: ",
        &requests,
    ] {
        assert!(text.contains(said), "{said}\n{text}");
    }
    assert!(!text.contains("the application leaves"), "{text}");
    assert!(shop.done(&["show", "1", "--events"]).out.contains("submission: sending the application"));

    let document = shop.json(&["show", "1", "--events"]);
    assert_eq!(document["attempts"][0]["attempt"]["name"], "reserved");
    assert_eq!(document["report"]["requests"], server.arrivals().len());
    let events = document["events"].as_array().unwrap();
    assert!(events.iter().any(|event| event["event"] == "submitting"), "{events:?}");

    let list = shop.done(&["list"]);
    assert!(list.out.contains(&format!("receipt {receipt}")) && list.out.contains("(+1)"), "{list:?}");
}

#[test]
fn a_page_that_was_kept_comes_out_byte_for_byte() {
    let fault = Fault { step: SiteStep::Submit, nth: 1, kind: FaultKind::Body(PAGE.to_vec()) };
    let (shop, server) = told(|settings| settings.faults = vec![fault]);
    assert_eq!(requests(&server, SiteStep::Submit), 1, "it was read back");
    let text = shop.done(&["show", "1"]).out;
    let kept = format!("its page was kept, {} bytes: rent-runner show 1 --page 1", PAGE.len());
    assert!(text.contains(&kept), "{text}");
    let child =
        super::support::start(super::support::runner(&shop.arguments(&["show", "1", "--page", "1"])), "");
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(0), PAGE));
    assert!(String::from_utf8_lossy(&output.stderr).contains(&format!("bytes of {}", server.base_url())));
    // It may repeat what was applied with.
    let stored = std::fs::read(&shop.database).unwrap();
    assert!(!stored.windows(PAGE.len()).any(|part| part == PAGE));
    shop.refused(&["show", "1", "--page", "2"]);
    shop.refused(&["show", "1", "--page", "1", "--round", "2"]);
}

#[test]
fn a_won_time_stands_in_the_calendar() {
    let (shop, server) = told(|_| {});
    let receipt = receipt(&server);
    let text = shop.done(&["calendar"]).out;
    let start = format!("DTSTART:{}T210000Z\r\n", date().plus_days(-1).compact());
    assert!(text.contains(&start), "{text}");
    assert!(text.replace("\r\n ", "").contains(&format!("receipt {receipt}")), "{text}");
    assert_eq!(text, shop.done(&["calendar", "--account", "me"]).out);
    assert_eq!(shop.run(&["calendar", "--account", "you"]).code, Some(2));
}

#[test]
fn what_was_won_is_neither_edited_nor_retried_nor_cancelled() {
    let (shop, _server) = told(|_| {});
    for command in [&["edit", "1", "--note", "x"][..], &["retry", "1"], &["cancel", "1"]] {
        shop.refused(command);
    }
    assert_eq!(shop.bookings()[0]["state"], "succeeded");
}
