//! How a booking ends: everything of it in one transaction, and nothing secret in the file.

use std::time::Duration;

use namyangju_rent::report::{Attempt, OpeningBracket};
use namyangju_rent::schedule::SlotState;
use namyangju_rent::{Receipt, SeoulTime};
use serde_json::json;

use super::support::{LONG, Place, at, ending, fired, suite, with_booking};
use crate::store::{
    BookingEnd, KeptPage, Lease, NewMessage, OpeningSource, SealPurpose, Sealed, State, Store,
};
use crate::vault::{KeySource, Vault};

suite! {
    an_end_is_written_whole,
    a_lost_lease_writes_nothing,
    attempts_of_one_round_follow_each_other,
    an_opening_that_tells_nothing_is_not_kept,
    an_opening_with_one_bound_is_kept,
    an_end_that_fails_half_way_leaves_nothing,
}

fn late() -> SeoulTime {
    at("2100-01-01 00:00")
}

fn attempt(number: u32) -> Attempt {
    let value = json!({
        "number": number, "wish": 0, "began": "2026-11-26T10:00:00+09:00", "route": "direct",
        "visits": [{"step": "submit", "sent": "2026-11-26T10:00:00+09:00", "first_byte_micros": 5,
                    "done_micros": 9}],
        "step": "submit", "name": "unknown", "text": "a page nobody has described",
    });
    serde_json::from_value(value).unwrap()
}

fn page(attempt: u32, body: &[u8]) -> KeptPage {
    KeptPage { attempt, address: "http://127.0.0.1/page".to_owned(), body: Sealed([&[0; 41], body].concat()) }
}

fn bracket() -> OpeningBracket {
    let mut bracket = OpeningBracket::default();
    bracket.after = Some(at("2026-11-26 09:59:59.9"));
    bracket.before = Some(at("2026-11-26 10:00:00.2"));
    bracket
}

fn receipt() -> Receipt {
    serde_json::from_value(json!({"number": "20261126001"})).unwrap()
}

fn whole() -> BookingEnd {
    BookingEnd {
        reason: Some("reserved".to_owned()),
        receipt: Some(receipt()),
        shown: Some(SlotState::Booked),
        attempts: vec![attempt(1), attempt(2)],
        pages: vec![page(2, b"<html>\xb0\xa1</html>")],
        opening: bracket(),
        report: json!({"verdict": "reserved", "requests": 4}),
        messages: vec![NewMessage {
            booking: None,
            kind: "verdict",
            body: json!({"state": "succeeded"}),
            channels: vec!["phone".to_owned()],
        }],
        ..ending(State::Succeeded)
    }
}

async fn claim(store: &Store) -> Lease {
    store.claim("runner-1", late(), 1, LONG).await.unwrap()[0].lease
}

async fn an_end_is_written_whole(place: &Place) {
    let (store, id) = with_booking(place).await;
    let lease = claim(&store).await;
    assert!(store.finish(lease, "runner-1", &[fired()], &whole()).await.unwrap());
    let story = store.story(id).await.unwrap();
    let booking = story.booking;
    assert_eq!((booking.state, booking.reason.as_deref()), (State::Succeeded, Some("reserved")));
    assert_eq!((booking.receipt, booking.shown), (Some(receipt()), Some(SlotState::Booked)));
    assert_eq!((booking.owner, booking.lease_until), (None, None));
    assert_eq!(story.events.len(), 1);
    let attempts: Vec<_> =
        story.attempts.iter().map(|row| (row.round, row.attempt.clone(), row.page_bytes)).collect();
    assert_eq!(attempts, [(1, attempt(1), None), (1, attempt(2), Some(15))]);
    assert_eq!(story.report, Some(whole().report));
    let kept = store.page(id, 1, 2).await.unwrap();
    assert_eq!(kept, Some(("http://127.0.0.1/page".to_owned(), page(2, b"<html>\xb0\xa1</html>").body)));
    assert_eq!(store.page(id, 1, 1).await.unwrap(), None);
    let openings = store.openings("http://127.0.0.1/", 5).await.unwrap();
    assert_eq!(openings.len(), 1);
    assert_eq!((openings[0].expected, openings[0].bracket), (at("2026-11-26 10:00"), bracket()));
    assert_eq!(
        (openings[0].place.to_string(), openings[0].date.to_string()),
        ("NYJ06/07/103".to_owned(), "2026-12-05".to_owned())
    );
    assert!(store.openings("http://other/", 5).await.unwrap().is_empty());
    assert_eq!(store.messages_waiting().await.unwrap(), 1);
}

async fn a_lost_lease_writes_nothing(place: &Place) {
    let (store, id) = with_booking(place).await;
    let old = store.claim("runner-1", late(), 1, Duration::ZERO).await.unwrap()[0].lease;
    store.claim("runner-2", late(), 1, LONG).await.unwrap();
    assert!(!store.finish(old, "runner-1", &[fired()], &whole()).await.unwrap());
    let story = store.story(id).await.unwrap();
    assert!(story.events.is_empty() && story.attempts.is_empty() && story.report.is_none());
    assert_eq!((story.booking.state, story.booking.receipt), (State::Waiting, None));
    assert_eq!(store.messages_waiting().await.unwrap(), 0);
    assert!(store.openings("http://127.0.0.1/", 5).await.unwrap().is_empty());
}

async fn attempts_of_one_round_follow_each_other(place: &Place) {
    let (store, id) = with_booking(place).await;
    for state in [State::Unconfirmed, State::Failed, State::Failed] {
        let lease = claim(&store).await;
        let ending = BookingEnd { state, receipt: None, messages: Vec::new(), ..whole() };
        assert!(store.finish(lease, "runner-1", &[], &ending).await.unwrap());
        store.retry_booking(id, (OpeningSource::Now, at("2026-11-26 11:00"))).await.unwrap();
    }
    let story = store.story(id).await.unwrap();
    let numbers: Vec<_> =
        story.attempts.iter().map(|row| (row.round, row.attempt.number, row.page_bytes.is_some())).collect();
    let second = [(1, 1, false), (1, 2, true), (1, 3, false), (1, 4, true), (2, 1, false), (2, 2, true)];
    assert_eq!(numbers, second);
    assert!(store.page(id, 1, 4).await.unwrap().is_some());
}

async fn an_opening_that_tells_nothing_is_not_kept(place: &Place) {
    let (store, _) = with_booking(place).await;
    let lease = claim(&store).await;
    assert!(store.finish(lease, "runner-1", &[], &ending(State::Failed)).await.unwrap());
    assert!(store.openings("http://127.0.0.1/", 5).await.unwrap().is_empty());
}

async fn an_end_that_fails_half_way_leaves_nothing(place: &Place) {
    let (store, id) = with_booking(place).await;
    let lease = claim(&store).await;
    // A message of a booking that is not there fails, and it comes last.
    let mut ending = whole();
    ending.messages[0].booking = Some(crate::store::BookingId(999));
    assert!(store.finish(lease, "runner-1", &[fired()], &ending).await.is_err());
    let story = store.story(id).await.unwrap();
    assert!(story.events.is_empty() && story.attempts.is_empty() && story.report.is_none());
    assert_eq!((story.booking.state, story.booking.owner.as_deref()), (State::Waiting, Some("runner-1")));
    assert!(store.openings("http://127.0.0.1/", 5).await.unwrap().is_empty());
    // The lease is still good, and so is a second try.
    assert!(store.finish(lease, "runner-1", &[fired()], &whole()).await.unwrap());
}

/// What a person trusts it with is in no file of the store.
#[tokio::test]
async fn no_secret_lies_in_the_files() {
    const PASSWORD: &str = "invented-password-1";
    const PHONE: &str = "010-0000-0000";
    const COOKIE: &str = "PHPSESSID=invented-cookie";
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rent.db");
    let store = Store::open(path.to_str().unwrap()).await.unwrap();
    let source = KeySource::File(folder.path().join("key"));
    let vault = Vault::open(&store, &source).await.unwrap();
    let seal = |purpose, text: &str| vault.seal(purpose, text.as_bytes()).unwrap();
    let mut account = super::support::account("tester1");
    account.password = seal(SealPurpose::Password("tester1"), PASSWORD);
    let number = store.add_account(&account).await.unwrap();
    let session = seal(SealPurpose::Session("tester1"), COOKIE);
    store.set_session(number, Some(&session), true).await.unwrap();
    store.put_applicant("club", &seal(SealPurpose::Applicant, PHONE)).await.unwrap();
    let mut booking = super::support::booking("tester1", &[super::support::COURT]);
    booking.application = seal(SealPurpose::Applicant, PHONE);
    store.add_bookings(&[booking]).await.unwrap();

    let holds = |text: &str| {
        let mut files = 0;
        let found = std::fs::read_dir(folder.path()).unwrap().any(|file| {
            files += 1;
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            bytes.windows(text.len()).any(|window| window == text.as_bytes())
        });
        assert!(found || files >= 3, "the file, its log and the key are looked through");
        found
    };
    for closed in [false, true] {
        if closed {
            Vault::rekey(&store, &source).await.unwrap();
        }
        // What may be read is found, so the search works.
        assert!(holds("namyangju"));
        for secret in [PASSWORD, PHONE, COOKIE] {
            assert!(!holds(secret), "{secret}");
        }
    }
    store.close().await;
    let bytes = std::fs::read(&path).unwrap();
    for secret in [PASSWORD, PHONE, COOKIE] {
        assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "{secret}");
    }
}

async fn an_opening_with_one_bound_is_kept(place: &Place) {
    let (store, _) = with_booking(place).await;
    let (mut after, mut before) = (bracket(), bracket());
    (after.before, before.after) = (None, None);
    for opening in [after, before] {
        let lease = claim(&store).await;
        let ending = BookingEnd { opening, ..ending(State::Failed) };
        assert!(store.finish(lease, "runner-1", &[], &ending).await.unwrap());
        let kept = store.openings("http://127.0.0.1/", 1).await.unwrap();
        assert_eq!(kept[0].bracket, opening);
        store.retry_booking(lease.booking, (OpeningSource::Given, at("2026-11-26 10:00:00"))).await.unwrap();
    }
}
