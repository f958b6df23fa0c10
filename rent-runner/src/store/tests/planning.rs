//! What bookings are planned with, and the list a page at a time.

use std::time::Duration;

use namyangju_rent::schedule::{Month, SlotState};
use namyangju_rent::{Place as Court, Purpose};

use super::support::{COURT, Place, account, at, booking, suite, with_booking};
use crate::store::sql::values;
use crate::store::{BookingId, Change, ListFilter, ListPart, SeenSlot, State, Store, StoreError};

suite! {
    a_form_stores_once_and_a_refused_one_may_come_again,
    two_copies_of_a_form_at_once_store_once,
    what_is_only_tried_is_not_stored,
    a_change_of_what_was_changed_meanwhile_is_refused,
    the_list_comes_in_parts_and_pages,
    a_look_is_kept_until_the_next,
    marks_and_last_courts_are_the_users_own,
    the_first_page_of_ten_thousand_reads_no_more_than_it_shows,
}

async fn user(store: &Store, name: &str) -> i64 {
    let sql = "INSERT INTO web_user (name, is_owner, password, created_at) VALUES ($1, 0, 'x', 0)";
    store.run(sql, values![name]).await.unwrap();
    store.web_user(name).await.unwrap().unwrap().0.id
}

async fn count(store: &Store) -> i64 {
    store.row("SELECT COUNT(*) AS many FROM booking", &[]).await.unwrap().unwrap().int("many").unwrap()
}

fn is_conflict<T: std::fmt::Debug>(result: Result<T, StoreError>, part: &str) {
    match result {
        Err(StoreError::Conflict(why)) if why.contains(part) => {}
        other => panic!("{other:?} instead of a conflict with `{part}`"),
    }
}

async fn a_form_stores_once_and_a_refused_one_may_come_again(place: &Place) {
    let (store, id) = with_booking(place).await;
    let (one, other) = (user(&store, "one").await, user(&store, "other").await);
    let wanted = [booking("tester1", &["NYJ06/07/104 2026-12-05 06:00-08:00"])];
    // It takes the time of another booking, until that is cancelled.
    let refused = [booking("tester1", &[COURT])];
    is_conflict(store.add_sent_bookings(&[1; 32], one, &refused).await, "overlaps");
    store.cancel_booking(id).await.unwrap();
    let ids = store.add_sent_bookings(&[1; 32], one, &refused).await.unwrap();
    assert_eq!(store.add_sent_bookings(&[1; 32], one, &refused).await.unwrap(), ids);
    is_conflict(store.add_sent_bookings(&[1; 32], other, &wanted).await, "another user's");
    assert_ne!(store.add_sent_bookings(&[2; 32], one, &wanted).await.unwrap(), ids);
    assert_eq!(count(&store).await, 3);
    let of_one = ListFilter { user: Some(one), most: 9, ..ListFilter::default() };
    let of_one = store.list_page(ListPart::Open, &of_one).await.unwrap();
    assert_eq!(of_one.len(), 2, "they are the user's own");
}

async fn two_copies_of_a_form_at_once_store_once(place: &Place) {
    let (store, _) = with_booking(place).await;
    let one = user(&store, "one").await;
    let wanted = [booking("tester1", &["NYJ06/07/104 2026-12-05 06:00-08:00"])];
    let send = || store.add_sent_bookings(&[1; 32], one, &wanted);
    let (first, second) = tokio::join!(send(), send());
    assert_eq!(first.unwrap(), second.unwrap());
    assert_eq!(count(&store).await, 2);
}

async fn what_is_only_tried_is_not_stored(place: &Place) {
    let (store, id) = with_booking(place).await;
    let other = "NYJ06/07/104 2026-12-05 06:00-08:00";
    let tried = [booking("tester1", &[COURT]), booking("tester1", &[other]), booking("tester1", &[other])];
    let found = store.try_bookings(&tried).await.unwrap();
    assert!(found[0].as_ref().unwrap().contains(&format!("booking {id}")), "{found:?}");
    assert_eq!(found[1], None);
    assert!(found[2].as_ref().unwrap().contains("overlaps"), "the one before it takes the time: {found:?}");
    let nobody = store.try_bookings(&[booking("nobody", &[other])]).await.unwrap();
    assert!(nobody[0].as_ref().unwrap().contains("no account"), "{nobody:?}");
    assert_eq!(count(&store).await, 1);
    store.add_bookings(&[booking("tester1", &[other])]).await.unwrap();
}

async fn a_change_of_what_was_changed_meanwhile_is_refused(place: &Place) {
    let (store, id) = with_booking(place).await;
    let seen = store.booking(id).await.unwrap().changed_at;
    let note = |text: &str| Change { note: Some(Some(text.to_owned())), ..Change::default() };
    // Its clock has milliseconds.
    tokio::time::sleep(Duration::from_millis(3)).await;
    store.edit_seen_booking(id, &note("first"), seen).await.unwrap();
    is_conflict(store.edit_seen_booking(id, &note("stale"), seen).await, "was changed meanwhile");
    let booking = store.booking(id).await.unwrap();
    assert_eq!(booking.note.as_deref(), Some("first"));
    store.edit_seen_booking(id, &note("second"), booking.changed_at).await.unwrap();
}

/// Numbers of a part of the list.
async fn listed(store: &Store, part: ListPart, filter: ListFilter) -> Vec<i64> {
    store.list_page(part, &filter).await.unwrap().iter().map(|booking| booking.id.0).collect()
}

async fn the_list_comes_in_parts_and_pages(place: &Place) {
    let store = place.open().await;
    store.add_account(&account("tester1")).await.unwrap();
    store.add_account(&account("tester2")).await.unwrap();
    let mut ids = Vec::new();
    for day in 1..=9 {
        let name = if day % 2 == 0 { "tester2" } else { "tester1" };
        let mut new = booking(name, &[&format!("NYJ06/07/10{day} 2026-12-0{day} 06:00-08:00")]);
        // Two of one opening, so that the number decides.
        new.opens_at = at(&format!("2026-11-2{} 10:00:00", day / 2));
        new.note = Some(format!("50%_{day} 아침 AB"));
        ids.push(store.add_bookings(&[new]).await.unwrap()[0].0);
    }
    for (index, state) in [(0, State::Failed), (2, State::NeedsPerson), (4, State::Unconfirmed)] {
        let sql = "UPDATE booking SET state = $2 WHERE id = $1";
        store.run(sql, values![ids[index], state.as_str()]).await.unwrap();
    }
    store.cancel_booking(BookingId(ids[6])).await.unwrap();
    let filter = || ListFilter { most: 100, ..ListFilter::default() };
    let of = |indices: &[usize]| indices.iter().map(|index| ids[*index]).collect::<Vec<_>>();
    assert_eq!(listed(&store, ListPart::Open, filter()).await, of(&[1, 3, 5, 7, 8]));
    assert_eq!(listed(&store, ListPart::Over, filter()).await, of(&[6, 4, 2, 0]));
    assert_eq!(listed(&store, ListPart::Person, filter()).await, of(&[2, 4]));
    let later = ListFilter { not_before: Some("2026-12-05".to_owned()), ..filter() };
    assert_eq!(listed(&store, ListPart::Person, later).await, of(&[4]));
    // Page by page, in both directions, nothing is left out and nothing comes twice.
    for (part, whole) in [(ListPart::Open, of(&[1, 3, 5, 7, 8])), (ListPart::Over, of(&[6, 4, 2, 0]))] {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let page = store.list_page(part, &ListFilter { most: 2, after, ..filter() }).await.unwrap();
            let Some(last) = page.last() else { break };
            after = Some((last.opens_at, last.id));
            all.extend(page.iter().map(|booking| booking.id.0));
        }
        assert_eq!(all, whole, "{part:?}");
    }
    let by = async |filter| listed(&store, ListPart::Open, filter).await;
    assert_eq!(by(ListFilter { account: Some("tester1".to_owned()), ..filter() }).await, of(&[8]));
    assert_eq!(by(ListFilter { court: Some("NYJ06/07/104".to_owned()), ..filter() }).await, of(&[3]));
    assert_eq!(by(ListFilter { state: Some(State::Armed), ..filter() }).await, of(&[]));
    for (text, found) in [
        ("2026-12-06", &[5][..]),
        ("%_4", &[3]),
        ("%", &[1, 3, 5, 7, 8]),
        ("%%", &[]),
        ("ab", &[1, 3, 5, 7, 8]),
        ("아침", &[1, 3, 5, 7, 8]),
        ("\\", &[]),
        ("nyj06/07/108", &[7]),
    ] {
        assert_eq!(by(ListFilter { text: Some(text.to_owned()), ..filter() }).await, of(found), "{text}");
    }
    let named = ListFilter {
        text: Some("공원".to_owned()),
        text_courts: vec!["NYJ06/07/106".to_owned()],
        ..filter()
    };
    assert_eq!(by(named).await, of(&[5]));
}

async fn a_look_is_kept_until_the_next(place: &Place) {
    let store = place.open().await;
    let (site, court): (_, Court) = ("https://rent.example/", "NYJ06/07/103".parse().unwrap());
    let month: Month = "2026-12".parse().unwrap();
    assert_eq!(store.month(site, &court, month).await.unwrap(), None);
    let slot = |range: &str, state| SeenSlot {
        date: "2026-12-05".parse().unwrap(),
        range: range.parse().unwrap(),
        purpose: Purpose::Sports,
        state,
    };
    for state in [SlotState::Free, SlotState::Booked] {
        let slots = vec![slot("06:00-08:00", state), slot("08:00-10:00", SlotState::Free)];
        store.keep_slots(site, &court, month, &slots).await.unwrap();
        assert_eq!(store.month(site, &court, month).await.unwrap().unwrap().slots, slots);
    }
    assert_eq!(store.month(site, &court, month.next()).await.unwrap(), None);
    assert_eq!(store.month("https://other.example/", &court, month).await.unwrap(), None);
    store.run("UPDATE month_look SET data = 'x'", &[]).await.unwrap();
    assert_eq!(store.month(site, &court, month).await.unwrap(), None);
}

async fn marks_and_last_courts_are_the_users_own(place: &Place) {
    let (store, id) = with_booking(place).await;
    let (one, other) = (user(&store, "one").await, user(&store, "other").await);
    let (site, court): (_, Court) = ("https://rent.example/", "NYJ06/07/103".parse().unwrap());
    store.toggle_favourite(one, site, &court).await.unwrap();
    assert_eq!(store.favourites(one, site).await.unwrap(), std::slice::from_ref(&court));
    assert!(store.favourites(other, site).await.unwrap().is_empty());
    assert!(store.favourites(one, "https://other.example/").await.unwrap().is_empty());
    store.toggle_favourite(one, site, &court).await.unwrap();
    assert!(store.favourites(one, site).await.unwrap().is_empty());
    let booked = store.booking(id).await.unwrap();
    assert_eq!(store.last_courts(booked.account_id).await.unwrap(), std::slice::from_ref(&court));
    assert_eq!(store.booked_courts(None, "2026-12-05").await.unwrap(), [court]);
    assert!(store.booked_courts(None, "2026-12-06").await.unwrap().is_empty());
    assert!(store.booked_courts(Some(one), "2026-12-05").await.unwrap().is_empty());
    let date = "2026-12-05".parse().unwrap();
    let (account, opens) = (booked.account_id, booked.opens_at);
    let counts = async |without| {
        let day = store.booked_on(account, date, without).await.unwrap();
        (day, store.booked_at(account, opens, without).await.unwrap())
    };
    assert_eq!((counts(None).await, counts(Some(id)).await), ((1, 1), (0, 0)));
    let month = "2026-12".parse().unwrap();
    assert_eq!(store.booked_days(account, month).await.unwrap(), [date]);
    assert!(store.booked_days(account, month.next()).await.unwrap().is_empty());
}

/// The indexes that SQLite reads a part from, found in its plan.
async fn the_first_page_of_ten_thousand_reads_no_more_than_it_shows(place: &Place) {
    let store = place.open().await;
    store.add_account(&account("tester1")).await.unwrap();
    let many: Vec<_> = (0..100)
        .map(|n| {
            let day = format!("NYJ06/07/103 2027-{:02}-{:02} 06:00-08:00", 1 + n / 28, 1 + n % 28);
            booking("tester1", &[&day])
        })
        .collect();
    store.add_bookings(&many).await.unwrap();
    let page = ListFilter { most: 30, ..ListFilter::default() };
    assert_eq!(listed(&store, ListPart::Open, page).await.len(), 30);
    if !place.address.starts_with("postgres") {
        for (states, index) in [
            ("'waiting', 'armed', 'firing'", "booking_open"),
            ("'succeeded', 'failed', 'unconfirmed', 'blocked', 'needs-person', 'cancelled'", "booking_over"),
            ("'unconfirmed', 'blocked', 'needs-person'", "booking_person"),
        ] {
            let sql: &'static str = Box::leak(
                format!(
                    "EXPLAIN QUERY PLAN SELECT b.id FROM booking b WHERE b.state IN ({states}) \
                     AND (b.opens_at, b.id) > (0, 0) ORDER BY b.opens_at, b.id LIMIT 30"
                )
                .into_boxed_str(),
            );
            let plan = store.rows(sql, &[]).await.unwrap();
            let plan: Vec<String> = plan.iter().map(|row| row.text("detail").unwrap()).collect();
            let plan = plan.join("; ");
            assert!(plan.contains(index) && !plan.contains("TEMP B-TREE"), "{plan}");
        }
    }
}
