//! Leases, fences, the guard before an application leaves.

use std::collections::HashSet;
use std::time::Duration;

use namyangju_rent::{Event, SeoulTime, Standing};
use serde_json::json;
use sqlx::Row;

use super::support::{
    LONG, NONE, Place, account, at, booking, ending, fired, happened, logged_in, suite, with_booking,
};
use crate::store::claims::{Held, LIVING, NEXT_OPENING};
use crate::store::shares::RunnerPlaces;
use crate::store::sql::{TxEngine, values};
use crate::store::{
    BookingId, Denied, Lease, LinkKind, NewBooking, NewMessage, Owned, RunnerRow, State, Store, StoreError,
};

suite! {
    the_earliest_opening_is_claimed_first,
    a_held_booking_is_not_claimed_again,
    a_lease_that_ran_out_is_taken_over_and_the_old_holder_is_refused,
    a_lease_that_ran_out_is_not_lost_before_somebody_takes_over,
    a_permit_is_denied_after_the_lease_or_a_cancel,
    a_permit_keeps_the_events_and_the_intent,
    only_what_runs_is_renewed_and_what_was_dropped_is_claimed_again,
    one_unreadable_row_does_not_hold_up_the_others,
    events_keep_their_order_over_claims,
    the_events_of_a_claim_are_those_since_it,
    what_is_noted_does_not_undo_firing,
    what_is_handed_back_can_be_claimed_at_once,
    many_claimers_never_share_a_booking,
    people_share_the_places_of_a_runner,
    runners_are_seen,
    what_is_long_gone_is_forgotten_and_not_before,
    an_alarm_is_noted_of_what_waits_and_nobody_holds,
}

fn late() -> SeoulTime {
    at("2100-01-01 00:00")
}

/// A store with so many bookings, each of an opening a minute after the one before.
async fn with_bookings(place: &Place, many: u32) -> Store {
    let store = place.open().await;
    store.add_account(&account("tester1")).await.unwrap();
    let bookings: Vec<_> = (0..many)
        .map(|number| {
            let date = at("2026-12-01 00:00").date().plus_days(i32::try_from(number / 8).unwrap());
            NewBooking {
                opens_at: at("2026-11-26 10:00").plus(Duration::from_secs(60 * u64::from(number))),
                ..booking("tester1", &[&format!("NYJ06/07/{} {date} 06:00-08:00", 100 + number % 8)])
            }
        })
        .collect();
    store.add_bookings(&bookings).await.unwrap();
    store
}

async fn the_earliest_opening_is_claimed_first(place: &Place) {
    let store = with_bookings(place, 4).await;
    let opening = |minute: u32| at(&format!("2026-11-26 10:{minute:02}"));
    assert_eq!(store.next_opening().await.unwrap(), Some(opening(0)));
    let openings = async |before, most| {
        let claimed = store.claim("runner-1", before, most, LONG).await.unwrap();
        claimed.iter().map(|claimed| claimed.booking.opens_at).collect::<Vec<_>>()
    };
    assert_eq!(openings(opening(0), 10).await, []);
    assert_eq!(openings(opening(3), 2).await, [opening(0), opening(1)]);
    assert_eq!(store.next_opening().await.unwrap(), Some(opening(2)));
    assert_eq!(openings(opening(3), 2).await, [opening(2)]);
    assert_eq!(openings(late(), 2).await, [opening(3)]);
    assert_eq!(store.next_opening().await.unwrap(), None);
}

async fn a_held_booking_is_not_claimed_again(place: &Place) {
    let (store, id) = with_booking(place).await;
    let claimed = store.claim("runner-1", late(), 5, LONG).await.unwrap().remove(0);
    assert_eq!((claimed.booking.id, claimed.lease.booking, claimed.lease.fence), (id, id, 1));
    assert_eq!((claimed.booking.owner.as_deref(), claimed.booking.choices.len()), (Some("runner-1"), 1));
    assert!(claimed.events.is_empty());
    assert!(store.claim("runner-1", late(), 5, LONG).await.unwrap().is_empty());
    assert!(store.claim("runner-2", late(), 5, LONG).await.unwrap().is_empty());
    let held = store.renew("runner-1", LONG).await.unwrap();
    assert_eq!(held, [Held { lease: claimed.lease, cancel_asked: false }]);
    assert!(store.renew("runner-2", LONG).await.unwrap().is_empty());
    let found = store.booking(id).await.unwrap();
    let (now, _) = store.now().await.unwrap();
    assert!(found.lease_until.unwrap() > now.plus(LONG / 2), "{found:?}");
}

async fn a_lease_that_ran_out_is_taken_over_and_the_old_holder_is_refused(place: &Place) {
    let (store, id) = with_booking(place).await;
    let old = store.claim("runner-1", late(), 1, NONE).await.unwrap()[0].lease;
    let found = store.booking(id).await.unwrap();
    assert_eq!((found.owner, found.lease_until), (None, None), "a lease that is over has no owner");
    let new = store.claim("runner-2", late(), 1, LONG).await.unwrap()[0].lease;
    assert!(new.fence > old.fence);

    assert!(!store.record(old, "runner-1", &[fired()]).await.unwrap());
    assert_eq!(store.permit(old, "runner-1", 0, &[fired()], LONG).await.unwrap(), Err(Denied::LeaseLost));
    assert!(!store.note(old, State::Armed, Some("x")).await.unwrap());
    assert!(!store.finish(old, "runner-1", &[fired()], &ending(State::Succeeded)).await.unwrap());
    assert!(!store.hand_back(old).await.unwrap());
    let story = store.story(id).await.unwrap();
    assert!(story.events.is_empty() && story.report.is_none());
    assert_eq!((story.booking.state, story.booking.owner.as_deref()), (State::Waiting, Some("runner-2")));
    assert!(store.permit(new, "runner-2", 0, &[], LONG).await.unwrap().is_ok());
}

async fn a_lease_that_ran_out_is_not_lost_before_somebody_takes_over(place: &Place) {
    let (store, id) = with_booking(place).await;
    let lease = store.claim("runner-1", late(), 1, NONE).await.unwrap()[0].lease;
    // What has happened is kept, and a permit or a renewal is as good as a new claim.
    assert!(store.record(lease, "runner-1", &[fired()]).await.unwrap());
    assert!(store.permit(lease, "runner-1", 0, &[], LONG).await.unwrap().is_ok());
    assert!(store.claim("runner-2", late(), 1, LONG).await.unwrap().is_empty());
    store.renew_running("runner-1", &[lease], NONE).await.unwrap();
    assert_eq!(store.renew_running("runner-1", &[lease], LONG).await.unwrap().len(), 1);
    assert!(store.claim("runner-2", late(), 1, LONG).await.unwrap().is_empty());
    assert!(store.finish(lease, "runner-1", &[], &ending(State::Succeeded)).await.unwrap());
    assert_eq!(store.booking(id).await.unwrap().state, State::Succeeded);
    // An end ends the lease.
    assert!(!store.record(lease, "runner-1", &[fired()]).await.unwrap());
    assert!(!store.finish(lease, "runner-1", &[], &ending(State::Failed)).await.unwrap());
    assert!(!store.hand_back(lease).await.unwrap());
    assert_eq!(store.permit(lease, "runner-1", 0, &[], LONG).await.unwrap(), Err(Denied::LeaseLost));
    assert!(store.claim("runner-2", late(), 1, LONG).await.unwrap().is_empty());
}

async fn a_permit_is_denied_after_the_lease_or_a_cancel(place: &Place) {
    let (store, id) = with_booking(place).await;
    let lease = store.claim("runner-1", late(), 1, LONG).await.unwrap()[0].lease;
    store.cancel_booking(id).await.unwrap();
    assert_eq!(store.permit(lease, "runner-1", 0, &[fired()], LONG).await.unwrap(), Err(Denied::Cancelled));
    // A lease that is lost is worse than a cancel.
    store.end_runner("runner-1").await.unwrap();
    assert_eq!(store.permit(lease, "runner-1", 0, &[fired()], LONG).await.unwrap(), Err(Denied::LeaseLost));
    let story = store.story(id).await.unwrap();
    assert!(story.events.is_empty());
    assert_eq!(story.booking.state, State::Waiting);
}

async fn only_what_runs_is_renewed_and_what_was_dropped_is_claimed_again(place: &Place) {
    let store = with_bookings(place, 2).await;
    let claimed = store.claim("runner-1", late(), 2, LONG).await.unwrap();
    let [runs, dropped] = [claimed[0].lease, claimed[1].lease];
    let held = store.renew_running("runner-1", &[runs], LONG).await.unwrap();
    assert_eq!(held, [Held { lease: runs, cancel_asked: false }]);
    assert!(store.claim("runner-2", late(), 2, LONG).await.unwrap().is_empty());
    let again = store
        .claim_beside("runner-1", &[runs.booking], late(), RunnerPlaces { all: 2, at_once: 2 }, LONG)
        .await
        .unwrap()
        .claimed;
    assert_eq!(again.len(), 1);
    assert_eq!(again[0].lease, Lease { booking: dropped.booking, fence: dropped.fence + 1 });
    // The old one is void.
    assert!(!store.record(dropped, "runner-1", &[fired()]).await.unwrap());
    assert!(store.renew_running("runner-1", &[dropped], LONG).await.unwrap().is_empty());
}

async fn one_unreadable_row_does_not_hold_up_the_others(place: &Place) {
    let store = with_bookings(place, 3).await;
    let lease = store.claim("runner-1", late(), 1, LONG).await.unwrap()[0].lease;
    assert!(store.record(lease, "runner-1", &[fired(), logged_in()]).await.unwrap());
    let strange = "UPDATE event SET data = '{\"event\": \"of a newer version\"}' WHERE number = 1";
    store.run(strange, &[]).await.unwrap();
    let broken = "UPDATE booking SET receipt = 'of a newer version' WHERE id = 2";
    store.run(broken, &[]).await.unwrap();
    store.end_runner("runner-1").await.unwrap();
    let claimed = store.claim("runner-2", late(), 3, LONG).await.unwrap();
    let found: Vec<_> = claimed.iter().map(|claimed| (claimed.booking.id.0, claimed.events.len())).collect();
    assert_eq!(found, [(1, 2), (3, 0)]);
    // It may have been an application: the day list is read before anything is sent.
    assert!(Standing::of(claimed[0].events.iter().map(|row| &row.event)).is_open());
    assert!(store.claim("runner-2", late(), 3, LONG).await.unwrap().is_empty());
    let counts = store.counts().await.unwrap();
    assert!(counts.contains(&(State::NeedsPerson, 1)), "{counts:?}");
}

async fn a_permit_keeps_the_events_and_the_intent(place: &Place) {
    let (store, id) = with_booking(place).await;
    let lease = store.claim("runner-1", late(), 1, Duration::from_secs(60)).await.unwrap()[0].lease;
    let attempt = happened(json!({"event": "attempt", "number": 1, "wish": 0}));
    let left = store.permit(lease, "runner-1", 1, &[fired(), attempt.clone()], LONG).await.unwrap().unwrap();
    assert!(left <= LONG && left > LONG / 2, "{left:?}");
    // Another process sees it, and takes it along.
    let other = place.open().await;
    let story = other.story(id).await.unwrap();
    let events: Vec<_> = story.events.iter().map(|row| row.event.clone()).collect();
    assert_eq!(events, [fired().event, attempt.event, Event::Submitting]);
    assert!(story.events.iter().all(|row| (row.fence, row.runner.as_str(), row.round) == (1, "runner-1", 1)));
    assert_eq!(story.events[0].at, fired().at);
    let booking = story.booking;
    assert_eq!((booking.state, booking.wish), (State::Firing, 1));
    let (now, _) = store.now().await.unwrap();
    assert!(booking.lease_until.unwrap() > now.plus(LONG / 2), "the lease was renewed");

    store.renew("runner-1", NONE).await.unwrap();
    let claimed = other.claim("runner-2", late(), 1, LONG).await.unwrap().remove(0);
    assert_eq!(claimed.events.last().map(|row| &row.event), Some(&Event::Submitting));
    assert_eq!((claimed.events.len(), claimed.booking.state), (3, State::Firing));
}

async fn events_keep_their_order_over_claims(place: &Place) {
    let (store, id) = with_booking(place).await;
    let number = |number: u32| happened(json!({"event": "attempt", "number": number, "wish": 0}));
    let mut expected = Vec::new();
    for claim in 0..3 {
        let lease = store.claim("runner-1", late(), 1, LONG).await.unwrap()[0].lease;
        let first = claim * 100;
        assert!(store.record(lease, "runner-1", &[number(first), number(first + 1)]).await.unwrap());
        assert!(store.record(lease, "runner-1", &[]).await.unwrap());
        store.permit(lease, "runner-1", 0, &[number(first + 2)], LONG).await.unwrap().unwrap();
        let many: Vec<_> = (3..40).map(|more| number(first + more)).collect();
        assert!(store.record(lease, "runner-1", &many).await.unwrap());
        expected.extend([first, first + 1, first + 2]);
        expected.push(u32::MAX);
        expected.extend(first + 3..first + 40);
        store.renew("runner-1", NONE).await.unwrap();
    }
    let found = |rows: &[crate::store::EventRow]| {
        let number = |row: &crate::store::EventRow| match row.event {
            Event::Attempt { number, .. } => number,
            _ => u32::MAX,
        };
        rows.iter().map(number).collect::<Vec<_>>()
    };
    assert_eq!(found(&store.story(id).await.unwrap().events), expected);
    let claimed = store.claim("runner-2", late(), 1, LONG).await.unwrap().remove(0);
    assert_eq!(found(&claimed.events), expected);
}

async fn the_events_of_a_claim_are_those_since_it(place: &Place) {
    let (store, id) = with_booking(place).await;
    assert_eq!(store.events_of_held().await.unwrap(), []);
    let old = store.claim("runner-1", late(), 1, NONE).await.unwrap()[0].lease;
    assert!(store.record(old, "runner-1", &[fired()]).await.unwrap());
    // Another runner begins anew: what the first had ready is not ready.
    let lease = store.claim("runner-2", late(), 1, LONG).await.unwrap()[0].lease;
    assert_eq!(store.events_of_held().await.unwrap(), []);
    assert!(store.record(lease, "runner-2", &[logged_in()]).await.unwrap());
    assert_eq!(store.events_of_held().await.unwrap(), [(id, Event::LoggedIn)]);
    assert!(store.hand_back(lease).await.unwrap());
    assert_eq!(store.events_of_held().await.unwrap(), []);
}

async fn what_is_noted_does_not_undo_firing(place: &Place) {
    let (store, id) = with_booking(place).await;
    let lease = store.claim("runner-1", late(), 1, LONG).await.unwrap()[0].lease;
    assert!(store.note(lease, State::Waiting, Some("no login yet")).await.unwrap());
    assert_eq!(store.booking(id).await.unwrap().reason.as_deref(), Some("no login yet"));
    assert!(store.note(lease, State::Armed, None).await.unwrap());
    let found = store.booking(id).await.unwrap();
    assert_eq!((found.state, found.reason), (State::Armed, None));
    store.permit(lease, "runner-1", 0, &[], LONG).await.unwrap().unwrap();
    assert!(store.note(lease, State::Armed, Some("busy")).await.unwrap());
    let found = store.booking(id).await.unwrap();
    assert_eq!((found.state, found.reason.as_deref()), (State::Firing, Some("busy")));
    assert!(matches!(store.note(lease, State::Failed, None).await, Err(StoreError::Conflict(_))));
}

async fn what_is_handed_back_can_be_claimed_at_once(place: &Place) {
    let (store, id) = with_booking(place).await;
    let lease = store.claim("runner-1", late(), 1, LONG).await.unwrap()[0].lease;
    store.note(lease, State::Armed, None).await.unwrap();
    assert!(store.hand_back(lease).await.unwrap());
    assert!(!store.hand_back(lease).await.unwrap());
    let found = store.booking(id).await.unwrap();
    assert_eq!((found.state, found.owner), (State::Waiting, None));
    let lease = store.claim("runner-2", late(), 1, LONG).await.unwrap()[0].lease;
    assert_eq!(lease.fence, 2);
    store.permit(lease, "runner-2", 0, &[], LONG).await.unwrap().unwrap();
    assert!(store.hand_back(lease).await.unwrap());
    assert_eq!(store.booking(id).await.unwrap().state, State::Firing);
    assert_eq!(store.claim("runner-1", late(), 1, LONG).await.unwrap()[0].lease.fence, 3);
}

async fn many_claimers_never_share_a_booking(place: &Place) {
    const CLAIMERS: usize = 12;
    const BOOKINGS: u32 = 60;
    let store = with_bookings(place, BOOKINGS).await;
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..CLAIMERS {
        // Each has connections of its own, as another process would.
        let store = place.open().await;
        tasks.spawn(async move {
            let name = format!("runner-{number}");
            let mut leases = Vec::new();
            for _ in 0..BOOKINGS {
                let claimed = store.claim(&name, late(), 3, LONG).await.unwrap();
                leases.extend(claimed.iter().map(|claimed| claimed.lease));
                if claimed.is_empty() {
                    break;
                }
                let permit = store.permit(claimed[0].lease, &name, 0, &[logged_in()], LONG).await.unwrap();
                assert!(permit.is_ok());
            }
            leases
        });
    }
    let leases = tasks.join_all().await.concat();
    let bookings: HashSet<_> = leases.iter().map(|lease| lease.booking).collect();
    assert_eq!((leases.len(), bookings.len()), (60, 60));
    assert!(leases.iter().all(|lease| lease.fence == 1));
    assert!(store.claim("runner-x", late(), 3, LONG).await.unwrap().is_empty());
}

async fn runners_are_seen(place: &Place) {
    let (store, _) = with_booking(place).await;
    store.begin_runner("runner-1").await.unwrap();
    store.begin_runner("runner-2").await.unwrap();
    store.claim("runner-1", late(), 1, LONG).await.unwrap();
    store.end_runner("runner-2").await.unwrap();
    store.renew("runner-1", LONG).await.unwrap();
    let runners = store.runners().await.unwrap();
    let seen: Vec<_> =
        runners.iter().map(|one| (one.name.as_str(), one.holds, one.stopped_at.is_some())).collect();
    assert_eq!(seen.len(), 2);
    assert!(seen.contains(&("runner-1", 1, false)) && seen.contains(&("runner-2", 0, true)), "{seen:?}");
    assert!(runners.iter().all(|one| one.seen_at >= one.started_at));
    store.begin_runner("runner-2").await.unwrap();
    let again = store.runners().await.unwrap();
    assert!(again.iter().all(|one| one.stopped_at.is_none()), "{again:?}");
    // One that never said that it began is seen by its renewals.
    store.renew("runner-3", LONG).await.unwrap();
    assert_eq!(store.runners().await.unwrap().len(), 3);
}

#[tokio::test]
async fn the_next_opening_is_found_without_a_look_at_every_booking() {
    let place = Place::sqlite();
    let (store, _) = with_booking(&place).await;
    let mut tx = store.read().await.unwrap();
    let TxEngine::Sqlite(connection) = &mut tx.engine else { panic!("SQLite") };
    let plan = format!("EXPLAIN QUERY PLAN {NEXT_OPENING}");
    let rows = sqlx::query(sqlx::AssertSqlSafe(plan)).fetch_all(&mut **connection).await.unwrap();
    let steps: Vec<String> = rows.iter().map(|row| row.get("detail")).collect();
    assert!(steps[0].contains("booking_open") && !steps.concat().contains("B-TREE"), "{steps:?}");
}

async fn people_share_the_places_of_a_runner(place: &Place) {
    let store = with_bookings(place, 12).await;
    // The owner of the page has the first ten openings, a member the last two.
    let mut users = Vec::new();
    for (kind, name) in [(LinkKind::Owner, "owner"), (LinkKind::Member, "member")] {
        let token = [u8::try_from(users.len()).unwrap(); 32];
        store.put_link(&token, kind, LONG).await.unwrap();
        users.push(store.use_link(&token, name, "no hash").await.unwrap().id);
    }
    let claim = async |running: &[i64]| {
        let running: Vec<_> = running.iter().copied().map(BookingId).collect();
        let places =
            RunnerPlaces { all: 4, at_once: 4_u32.saturating_sub(u32::try_from(running.len()).unwrap()) };
        let claims = store.claim_beside("runner-1", &running, late(), places, LONG).await.unwrap();
        let claimed: Vec<_> = claims.claimed.iter().map(|claimed| claimed.booking.id.0).collect();
        (claimed, claims.give_way.iter().map(|id| id.0).collect::<Vec<_>>())
    };
    // As long as all is one person's, the first openings have the places.
    assert_eq!(claim(&[]).await, (vec![1, 2, 3, 4], vec![]));
    for id in [11, 12] {
        store.give(Owned::Booking(BookingId(id)), users[1]).await.unwrap();
    }
    // Not before somebody gives way: then the member's are taken, and not those of who has given way.
    assert_eq!(claim(&[1, 2, 3, 4]).await, (vec![], vec![4, 3]));
    for id in [3_i64, 4] {
        let sql = "UPDATE booking SET owner = NULL, lease_until = NULL WHERE id = $1";
        store.run(sql, crate::store::sql::values![id]).await.unwrap();
    }
    assert_eq!(claim(&[1, 2]).await, (vec![11, 12], vec![]));
    assert_eq!(claim(&[1, 2, 11, 12]).await, (vec![], vec![]));
    // What the member does not need is the owner's again.
    assert_eq!(claim(&[1, 2, 11]).await.1, Vec::<i64>::new());
    let sql = "UPDATE booking SET owner = NULL, lease_until = NULL, state = 'failed' WHERE id IN (11, 12)";
    store.run(sql, &[]).await.unwrap();
    assert_eq!(claim(&[1, 2]).await, (vec![3, 4], vec![]));
}

async fn what_is_long_gone_is_forgotten_and_not_before(place: &Place) {
    let store = place.open().await;
    let hours = |hours: u64| Duration::from_secs(hours * 3600);
    let message =
        NewMessage { booking: None, kind: "alarm", body: json!({}), channels: vec!["phone".to_owned()] };
    store.enqueue(&message).await.unwrap();
    store.begin_runner("old").await.unwrap();
    // As if that had been so long ago; a new runner forgets what is too old.
    let after = async |age: Duration| {
        let seen = "UPDATE runner SET seen_at = (SELECT now FROM clock) - $1 WHERE name = 'old'";
        store.run(seen, values![age]).await.unwrap();
        let due = "UPDATE message SET state = 'sent', due_at = (SELECT now FROM clock) - $1";
        store.run(due, values![age]).await.unwrap();
        store.begin_runner("new").await.unwrap();
        let listed = store.runners().await.unwrap().iter().any(|runner| runner.name == "old");
        let left =
            "SELECT (SELECT COUNT(*) FROM runner) AS runners, (SELECT COUNT(*) FROM message) AS messages";
        let left = store.rows(left, &[]).await.unwrap();
        (listed, left[0].int("runners").unwrap() - 1, left[0].int("messages").unwrap())
    };
    assert_eq!(after(hours(23)).await, (true, 1, 1));
    assert_eq!(after(hours(25)).await, (false, 1, 1));
    assert_eq!(after(hours(29 * 24)).await, (false, 1, 1));
    assert_eq!(after(hours(31 * 24)).await, (false, 0, 0));
}

#[test]
fn a_runner_is_there_until_it_was_not_seen_for_a_while_or_stopped() {
    let seen_at = at("2026-11-26 10:00:00");
    let living = RunnerRow { name: String::new(), started_at: seen_at, seen_at, stopped_at: None, holds: 0 };
    let micro = Duration::from_micros(1);
    assert!(living.is_living(seen_at) && living.is_living(seen_at.plus(LIVING - micro)));
    assert!(!living.is_living(seen_at.plus(LIVING)));
    let stopped = RunnerRow { stopped_at: Some(seen_at), ..living };
    assert!(!stopped.is_living(seen_at));
}

async fn an_alarm_is_noted_of_what_waits_and_nobody_holds(place: &Place) {
    let (store, id) = with_booking(place).await;
    let reason = async || store.booking(id).await.unwrap().reason;
    store.warn_of(id, "the clock is wrong").await.unwrap();
    assert_eq!(reason().await.as_deref(), Some("the clock is wrong"));
    let lease = store.claim("runner-1", late(), 1, LONG).await.unwrap()[0].lease;
    store.note(lease, State::Waiting, Some("its own")).await.unwrap();
    store.warn_of(id, "the clock is wrong").await.unwrap();
    assert_eq!(reason().await.as_deref(), Some("its own"));
    store.finish(lease, "runner-1", &[], &ending(State::Failed)).await.unwrap();
    store.warn_of(id, "the clock is wrong").await.unwrap();
    assert_eq!(reason().await.as_deref(), Some("because"));
}
