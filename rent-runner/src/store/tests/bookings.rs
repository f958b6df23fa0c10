//! Storing, listing, changing, cancelling and retrying bookings.

use std::time::Duration;

use namyangju_rent::Event;
use namyangju_rent::clock::{Clock, SystemClock};
use namyangju_rent::limits::MAX_BOOKINGS_PER_DAY;

use super::support::{
    COURT, LONG, NONE, Place, account, at, booking, ending, fired, sealed, suite, wish, with_booking,
};
use crate::store::sql::values;
use crate::store::{
    BookingId, Change, Filter, NewBooking, OpeningSource, RetryPace, State, Store, StoreError,
};

suite! {
    a_booking_comes_back_as_it_was_stored,
    many_are_stored_or_none,
    duplicates_are_refused,
    a_booking_that_is_over_is_no_duplicate_unless_it_succeeded,
    a_day_takes_only_so_many,
    bookings_are_listed_by_state_account_and_opening,
    a_waiting_booking_can_be_changed,
    only_a_waiting_booking_can_be_changed,
    a_held_booking_is_asked_to_cancel,
    what_may_have_been_sent_is_not_cancelled_unseen,
    a_retry_begins_a_new_round_unless_it_was_unconfirmed,
    a_retry_does_not_double_another_booking,
    two_imports_at_once_do_not_double_a_booking,
    ten_thousand_bookings_are_listed,
}

fn conflict<T: std::fmt::Debug>(result: Result<T, StoreError>, part: &str) {
    match result {
        Err(StoreError::Conflict(why)) if why.contains(part) => {}
        other => panic!("{other:?} instead of a conflict with `{part}`"),
    }
}

async fn all(store: &Store) -> Vec<BookingId> {
    store.bookings(&Filter::default()).await.unwrap().iter().map(|booking| booking.id).collect()
}

/// Claims everything and ends it so.
async fn end(store: &Store, state: State) {
    for claimed in store.claim("runner-1", at("2100-01-01 00:00"), 1000, LONG).await.unwrap() {
        assert!(store.finish(claimed.lease, "runner-1", &[], &ending(state)).await.unwrap());
    }
}

async fn a_booking_comes_back_as_it_was_stored(place: &Place) {
    let store = place.open().await;
    let mut owner = account("tester1");
    owner.base_url = Some("http://127.0.0.1:8099/".to_owned());
    let account_id = store.add_account(&owner).await.unwrap();
    let mut events = wish("NYJ06/07/104 2026-12-06 20:00-24:00");
    events.purpose = namyangju_rent::Purpose::Events;
    let new = NewBooking {
        choices: vec![wish(COURT), events.clone()],
        opens: OpeningSource::Rule,
        opens_at: at("2026-11-26 10:00:00.123456"),
        give_up_after: Duration::from_micros(299_999_999),
        lead: Duration::from_millis(3),
        clock_offset_micros: Some(-1_500_000),
        pace: RetryPace::Original,
        most_requests: Some(40),
        note: Some("가나다클럽의 아침".to_owned()),
        ..booking("tester1", &[COURT])
    };
    let id = store.add_bookings(std::slice::from_ref(&new)).await.unwrap()[0];
    let found = store.booking(id).await.unwrap();
    assert_eq!((found.id, found.account_id, found.account.as_str()), (id, account_id, "tester1"));
    assert_eq!((found.site.as_str(), found.base_url), ("namyangju", owner.base_url));
    assert_eq!(found.choices, [wish(COURT), events]);
    assert_eq!((found.application, found.opens, found.opens_at), (new.application, new.opens, new.opens_at));
    assert_eq!((found.give_up_after, found.lead), (new.give_up_after, new.lead));
    assert_eq!((found.clock_offset_micros, found.pace), (new.clock_offset_micros, new.pace));
    assert_eq!((found.most_requests, found.note), (new.most_requests, new.note));
    assert_eq!((found.state, found.reason, found.wish, found.round), (State::Waiting, None, 0, 1));
    assert_eq!((found.receipt, found.shown, found.owner, found.lease_until), (None, None, None, None));
    assert!(!found.cancel_asked);
    let story = store.story(id).await.unwrap();
    assert!(story.events.is_empty() && story.attempts.is_empty() && story.report.is_none());
    let missing = store.story(BookingId(999)).await.unwrap_err();
    assert!(matches!(&missing, StoreError::NotFound(why) if why.contains("booking 999")), "{missing}");
}

async fn many_are_stored_or_none(place: &Place) {
    let (store, first) = with_booking(place).await;
    let other = "NYJ06/07/103 2026-12-06 06:00-08:00";
    let twice = [booking("tester1", &[other]), booking("tester1", &[COURT])];
    conflict(store.add_bookings(&twice).await, "booking 2 of 2: NYJ06/07/103 2026-12-05 06:00-08:00");
    let unknown = [booking("tester1", &[other]), booking("tester9", &[other])];
    match store.add_bookings(&unknown).await {
        Err(StoreError::NotFound(why)) => {
            assert_eq!(why, "booking 2 of 2: there is no account `tester9`; there is tester1");
        }
        other => panic!("{other:?}"),
    }
    conflict(store.add_bookings(&[booking("tester1", &[])]).await, "needs a choice");
    assert_eq!(all(&store).await, [first]);
    assert_eq!(store.add_bookings(&[]).await.unwrap(), []);
    let more = [booking("tester1", &[other]), booking("tester1", &["NYJ06/07/104 2026-12-06 06:00-08:00"])];
    let ids = store.add_bookings(&more).await.unwrap();
    assert_eq!(all(&store).await, [vec![first], ids].concat());
}

async fn duplicates_are_refused(place: &Place) {
    let (store, id) = with_booking(place).await;
    let add = async |account: &str, choices: &[&str]| store.add_bookings(&[booking(account, choices)]).await;
    let why = format!("booking {id}, which is waiting");
    conflict(add("tester1", &[COURT]).await, &why);
    conflict(add("tester1", &["NYJ06/07/103 2026-12-05 07:00-09:00"]).await, &why);
    conflict(add("tester1", &["NYJ06/07/103 2026-12-05 00:00-24:00"]).await, &why);
    conflict(add("tester1", &["NYJ06/07/104 2026-12-05 06:00-08:00", COURT]).await, &why);
    // In one import too.
    let same = "NYJ06/07/103 2026-12-07 06:00-08:00";
    conflict(
        store.add_bookings(&[booking("tester1", &[same]), booking("tester1", &[same])]).await,
        "booking 2 of 2",
    );
    // Another time, court, day or account is another booking.
    add("tester1", &["NYJ06/07/103 2026-12-05 08:00-10:00"]).await.unwrap();
    add("tester1", &["NYJ06/07/104 2026-12-05 06:00-08:00"]).await.unwrap();
    add("tester1", &["NYJ06/07/103 2026-12-06 06:00-08:00"]).await.unwrap();
    store.add_account(&account("tester2")).await.unwrap();
    add("tester2", &[COURT]).await.unwrap();
}

async fn a_booking_that_is_over_is_no_duplicate_unless_it_succeeded(place: &Place) {
    let (store, first) = with_booking(place).await;
    end(&store, State::Failed).await;
    let second = store.add_bookings(&[booking("tester1", &[COURT])]).await.unwrap()[0];
    assert_ne!(first, second);
    end(&store, State::Succeeded).await;
    let why = format!("booking {second}, which has succeeded");
    conflict(store.add_bookings(&[booking("tester1", &[COURT])]).await, &why);
}

async fn a_day_takes_only_so_many(place: &Place) {
    let store = place.open().await;
    store.add_account(&account("tester1")).await.unwrap();
    store.add_account(&account("tester2")).await.unwrap();
    let at_court = |court: usize| booking("tester1", &[&format!("NYJ06/07/{court} 2026-12-05 06:00-08:00")]);
    let many: Vec<_> = (0..MAX_BOOKINGS_PER_DAY).map(|court| at_court(100 + court)).collect();
    store.add_bookings(&many).await.unwrap();
    conflict(store.add_bookings(&[at_court(200)]).await, "2026-12-05 has 8 bookings");
    // The first choice counts, and the account.
    let second = ["NYJ06/07/300 2026-12-06 06:00-08:00", "NYJ06/07/300 2026-12-05 06:00-08:00"];
    store.add_bookings(&[booking("tester1", &second)]).await.unwrap();
    store.add_bookings(&[NewBooking { account: "tester2".to_owned(), ..at_court(200) }]).await.unwrap();
    let first = all(&store).await[0];
    store.cancel_booking(first).await.unwrap();
    store.add_bookings(&[at_court(200)]).await.unwrap();
}

async fn bookings_are_listed_by_state_account_and_opening(place: &Place) {
    let store = place.open().await;
    store.add_account(&account("tester1")).await.unwrap();
    store.add_account(&account("tester2")).await.unwrap();
    let opening = |account: &str, day: u32, opens_at: &str| NewBooking {
        opens_at: at(opens_at),
        ..booking(account, &[&format!("NYJ06/07/103 2026-12-{day:02} 06:00-08:00")])
    };
    let ids = store
        .add_bookings(&[
            opening("tester1", 1, "2026-11-28 10:00"),
            opening("tester2", 2, "2026-11-27 10:00"),
            opening("tester1", 3, "2026-11-26 10:00"),
            opening("tester1", 4, "2026-11-26 10:00"),
        ])
        .await
        .unwrap();
    store.cancel_booking(ids[3]).await.unwrap();
    let list = async |states: &[State], account: Option<&str>, most| {
        let filter = Filter {
            states: states.to_vec(),
            account: account.map(str::to_owned),
            most,
            last: false,
            user: None,
            after: None,
        };
        let found = store.bookings(&filter).await.unwrap();
        assert!(found.iter().all(|booking| booking.choices.len() == 1));
        found.iter().map(|booking| booking.id).collect::<Vec<_>>()
    };
    assert_eq!(list(&[], None, None).await, [ids[2], ids[3], ids[1], ids[0]]);
    assert_eq!(list(&[], None, Some(2)).await, [ids[2], ids[3]]);
    assert_eq!(list(&[State::Waiting], None, Some(2)).await, [ids[2], ids[1]]);
    assert_eq!(list(&[State::Cancelled, State::Failed], None, None).await, [ids[3]]);
    assert_eq!(list(&[], Some("tester2"), None).await, [ids[1]]);
    assert_eq!(list(&[State::Waiting], Some("tester1"), None).await, [ids[2], ids[0]]);
    assert_eq!(list(&[], Some("tester9"), None).await, []);
    let counts = store.counts().await.unwrap();
    assert_eq!(counts.iter().map(|(state, _)| *state).collect::<Vec<_>>(), State::ALL);
    assert_eq!(counts.iter().map(|(_, many)| *many).collect::<Vec<_>>(), [3, 0, 0, 0, 0, 0, 0, 0, 1]);
}

async fn a_waiting_booking_can_be_changed(place: &Place) {
    let (store, id) = with_booking(place).await;
    let change = Change {
        application: Some(sealed("another")),
        opening: Some((OpeningSource::Rule, at("2026-11-27 09:00"))),
        give_up_after: Some(Duration::from_secs(60)),
        lead: Some(Duration::from_millis(5)),
        clock_offset_micros: Some(Some(-7)),
        pace: Some(RetryPace::Original),
        most_requests: Some(Some(20)),
        note: Some(Some("late".to_owned())),
        choices: None,
    };
    store.edit_booking(id, &change).await.unwrap();
    let found = store.booking(id).await.unwrap();
    assert_eq!((found.opens, found.opens_at), (OpeningSource::Rule, at("2026-11-27 09:00")));
    assert_eq!((found.application, found.pace), (sealed("another"), RetryPace::Original));
    assert_eq!((found.give_up_after.as_secs(), found.lead.as_millis()), (60, 5));
    assert_eq!((found.clock_offset_micros, found.most_requests), (Some(-7), Some(20)));
    assert_eq!((found.note.as_deref(), found.round), (Some("late"), 1));
    assert_eq!(found.choices, [wish(COURT)]);

    // Nothing given changes nothing; what is taken away is gone.
    store.edit_booking(id, &Change::default()).await.unwrap();
    assert_eq!(store.booking(id).await.unwrap().most_requests, Some(20));
    let away = Change {
        clock_offset_micros: Some(None),
        most_requests: Some(None),
        note: Some(None),
        ..Change::default()
    };
    store.edit_booking(id, &away).await.unwrap();
    let found = store.booking(id).await.unwrap();
    assert_eq!((found.clock_offset_micros, found.most_requests, found.note), (None, None, None));

    // Its own old time is no duplicate; another booking's is.
    let moved = ["NYJ06/07/103 2026-12-05 07:00-09:00", "NYJ06/07/104 2026-12-05 07:00-09:00"];
    let choices = |texts: &[&str]| Change {
        choices: Some(texts.iter().map(|text| wish(text)).collect()),
        ..Change::default()
    };
    store.edit_booking(id, &choices(&moved)).await.unwrap();
    let found = store.booking(id).await.unwrap();
    assert_eq!((found.choices, found.round), (moved.map(wish).to_vec(), 2));
    let other =
        store.add_bookings(&[booking("tester1", &["NYJ06/07/103 2026-12-05 10:00-12:00"])]).await.unwrap()[0];
    conflict(store.edit_booking(other, &choices(&moved)).await, &format!("booking {id}, which is waiting"));
    conflict(store.edit_booking(other, &choices(&[])).await, "needs a choice");
    assert_eq!(store.booking(other).await.unwrap().choices, [wish("NYJ06/07/103 2026-12-05 10:00-12:00")]);
}

async fn only_a_waiting_booking_can_be_changed(place: &Place) {
    let (store, id) = with_booking(place).await;
    let note = Change { note: Some(Some("x".to_owned())), ..Change::default() };
    let late = at("2100-01-01 00:00");
    let lease = store.claim("runner-1", late, 1, LONG).await.unwrap()[0].lease;
    conflict(store.edit_booking(id, &note).await, "held by the runner runner-1");
    store.hand_back(lease).await.unwrap();
    // What a dead runner left armed has sent nothing; its holder finds out that it was changed.
    let lease = store.claim("runner-1", late, 1, LONG).await.unwrap()[0].lease;
    assert!(store.note(lease, State::Armed, None).await.unwrap());
    store.renew("runner-1", NONE).await.unwrap();
    store.edit_booking(id, &note).await.unwrap();
    assert_eq!(store.booking(id).await.unwrap().state, State::Waiting);
    assert!(!store.record(lease, "runner-1", &[fired()]).await.unwrap());
    assert!(!store.finish(lease, "runner-1", &[], &ending(State::Failed)).await.unwrap());
    store.cancel_booking(id).await.unwrap();
    conflict(store.edit_booking(id, &note).await, "is cancelled");
    assert!(matches!(store.edit_booking(BookingId(999), &note).await, Err(StoreError::NotFound(_))));
}

async fn a_held_booking_is_asked_to_cancel(place: &Place) {
    let (store, id) = with_booking(place).await;
    let lease = store.claim("runner-1", at("2100-01-01 00:00"), 1, LONG).await.unwrap()[0].lease;
    assert_eq!(store.cancel_booking(id).await.unwrap(), State::Waiting);
    assert!(store.booking(id).await.unwrap().cancel_asked);
    assert!(store.renew("runner-1", LONG).await.unwrap()[0].cancel_asked);
    assert!(store.finish(lease, "runner-1", &[], &ending(State::Cancelled)).await.unwrap());
    let found = store.booking(id).await.unwrap();
    assert_eq!((found.state, found.cancel_asked), (State::Cancelled, false));
    conflict(store.cancel_booking(id).await, "is cancelled already");
    assert!(matches!(store.cancel_booking(BookingId(999)).await, Err(StoreError::NotFound(_))));

    // Handed back, or its runner dead: it ends without one.
    for dies in [false, true] {
        store.retry_booking(id, (OpeningSource::Given, at("2026-11-26 10:00"))).await.unwrap();
        let lease = store.claim("runner-1", at("2100-01-01 00:00"), 1, LONG).await.unwrap()[0].lease;
        store.cancel_booking(id).await.unwrap();
        if dies {
            store.renew("runner-1", NONE).await.unwrap();
            assert!(store.claim("runner-2", at("2100-01-01 00:00"), 1, LONG).await.unwrap().is_empty());
        } else {
            assert!(store.hand_back(lease).await.unwrap());
        }
        assert_eq!(store.booking(id).await.unwrap().state, State::Cancelled, "{dies}");
    }
}

async fn what_may_have_been_sent_is_not_cancelled_unseen(place: &Place) {
    let (store, id) = with_booking(place).await;
    let late = at("2100-01-01 00:00");
    let lease = store.claim("runner-1", late, 1, LONG).await.unwrap()[0].lease;
    store.permit(lease, "runner-1", 0, &[], LONG).await.unwrap().unwrap();
    store.renew("runner-1", NONE).await.unwrap();
    assert_eq!(store.cancel_booking(id).await.unwrap(), State::Firing);
    // The next runner looks what became of it, and sends nothing.
    let claimed = store.claim("runner-2", late, 1, LONG).await.unwrap().remove(0);
    assert!(claimed.booking.cancel_asked);
    assert_eq!(claimed.events.last().unwrap().event, Event::Submitting);
    assert!(store.permit(claimed.lease, "runner-2", 0, &[], LONG).await.unwrap().is_err());
}

async fn a_retry_begins_a_new_round_unless_it_was_unconfirmed(place: &Place) {
    let (store, id) = with_booking(place).await;
    let opening = (OpeningSource::Now, at("2026-11-26 11:00"));
    let late = at("2100-01-01 00:00");
    conflict(store.retry_booking(id, opening).await, "is waiting");
    let mut round = 1;
    for state in [State::Failed, State::Blocked, State::NeedsPerson, State::Cancelled, State::Unconfirmed] {
        let lease = store.claim("runner-1", late, 1, LONG).await.unwrap()[0].lease;
        let mut ending = ending(state);
        ending.wish = 1;
        store.finish(lease, "runner-1", &[fired()], &ending).await.unwrap();
        store.retry_booking(id, opening).await.unwrap();
        round += i64::from(state != State::Unconfirmed);
        let found = store.booking(id).await.unwrap();
        assert_eq!((found.state, found.reason, found.round), (State::Waiting, None, round), "{state:?}");
        assert_eq!((found.opens, found.opens_at), opening);
        assert_eq!((found.wish, found.shown), (usize::from(state == State::Unconfirmed), None), "{state:?}");
        let claimed = store.claim("runner-2", late, 1, LONG).await.unwrap().remove(0);
        // The story so far goes along only where it is not over.
        assert_eq!(claimed.events.len(), usize::from(state == State::Unconfirmed), "{state:?}");
        store.hand_back(claimed.lease).await.unwrap();
    }
    let lease = store.claim("runner-1", late, 1, LONG).await.unwrap()[0].lease;
    store.finish(lease, "runner-1", &[], &ending(State::Succeeded)).await.unwrap();
    conflict(store.retry_booking(id, opening).await, "has succeeded");
}

async fn a_retry_does_not_double_another_booking(place: &Place) {
    let (store, id) = with_booking(place).await;
    end(&store, State::Failed).await;
    let other = store.add_bookings(&[booking("tester1", &[COURT])]).await.unwrap()[0];
    let opening = (OpeningSource::Now, at("2026-11-26 11:00"));
    conflict(store.retry_booking(id, opening).await, &format!("booking {other}, which is waiting"));
    store.cancel_booking(other).await.unwrap();
    store.retry_booking(id, opening).await.unwrap();
}

async fn two_imports_at_once_do_not_double_a_booking(place: &Place) {
    let (store, id) = with_booking(place).await;
    store.cancel_booking(id).await.unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let store = place.open().await;
        tasks.spawn(async move { store.add_bookings(&[booking("tester1", &[COURT])]).await.is_ok() });
    }
    let added = tasks.join_all().await;
    assert_eq!(added.iter().filter(|added| **added).count(), 1, "{added:?}");
}

async fn ten_thousand_bookings_are_listed(place: &Place) {
    const MANY: usize = 10_000;
    let (store, _) = with_booking(place).await;
    // Copies of the one, faster than they could be added.
    let copy = "INSERT INTO booking (account_id, application, opens, opens_at, give_up_after, lead, pace, \
         state, created_at, changed_at) \
         WITH RECURSIVE copy (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM copy WHERE number < $1) \
         SELECT account_id, $2, opens, opens_at + number, give_up_after, lead, pace, state, created_at, \
         changed_at FROM booking CROSS JOIN copy ORDER BY number";
    let application = vec![7; 300];
    store.run(copy, values![MANY - 1, application.as_slice()]).await.unwrap();
    let copy = "INSERT INTO choice (booking_id, position, place, date, start_minute, end_minute, purpose) \
         SELECT b.id, c.position, c.place, c.date, c.start_minute, c.end_minute, c.purpose \
         FROM booking b JOIN choice c ON c.booking_id < b.id";
    store.run(copy, &[]).await.unwrap();

    let began = SystemClock.monotonic();
    let listed = store.bookings(&Filter::default()).await.unwrap();
    let list = SystemClock.monotonic().saturating_sub(began);
    assert_eq!(listed.len(), MANY);
    assert!(listed.iter().all(|booking| booking.choices == [wish(COURT)]));
    assert!(listed.is_sorted_by_key(|booking| (booking.opens_at, booking.id)));
    let began = SystemClock.monotonic();
    assert_eq!(store.claim("runner-1", at("2100-01-01 00:00"), 8, LONG).await.unwrap().len(), 8);
    let claim = SystemClock.monotonic().saturating_sub(began);
    let began = SystemClock.monotonic();
    assert_eq!(store.next_opening().await.unwrap(), Some(listed[8].opens_at));
    let next = SystemClock.monotonic().saturating_sub(began);
    eprintln!("{}: list {list:?}, claim {claim:?}, next opening {next:?}", store.address());
}
