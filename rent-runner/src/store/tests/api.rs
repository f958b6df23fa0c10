//! Tokens, what was created under a key, lists in parts, and a change that needs to know what it changes.

use std::time::Duration;

use super::support::{Place, account, booking, sealed, suite, with_booking};
use crate::store::{
    Change, Creation, CreationKey, Filter, LinkKind, NewToken, Owned, Store, StoreError, TokenScope, WebUser,
};

suite! {
    a_token_lets_in_until_it_is_over_or_removed,
    the_same_key_creates_one_booking,
    a_list_is_read_in_parts_without_a_gap,
    a_change_is_made_only_to_what_was_seen,
    an_applicants_data_is_replaced_only_if_it_was_seen,
}

async fn user(store: &Store, name: &str, kind: LinkKind) -> WebUser {
    let token = [name.len() as u8; 32];
    store.put_link(&token, kind, Duration::from_secs(60)).await.unwrap();
    store.use_link(&token, name, "invented-hash").await.unwrap()
}

async fn a_token_lets_in_until_it_is_over_or_removed(place: &Place) {
    let store = place.open().await;
    let owner = user(&store, "owner", LinkKind::Owner).await;
    let member = user(&store, "member", LinkKind::Member).await;
    let new = NewToken {
        user: member.id,
        token: [1; 32],
        name: "phone",
        scopes: &[TokenScope::Read, TokenScope::Book],
        lasts: None,
    };
    let id = store.add_token(&new).await.unwrap();
    assert!(store.tokens(None).await.unwrap()[0].used_at.is_none());
    let (found, scopes) = store.token(&[1; 32]).await.unwrap().unwrap();
    assert_eq!((found, scopes), (member.clone(), vec![TokenScope::Read, TokenScope::Book]));
    let row = store.tokens(Some(member.id)).await.unwrap().remove(0);
    assert_eq!((row.id, row.user.as_str(), row.name.as_str(), row.ends_at), (id, "member", "phone", None));
    assert!(row.used_at.is_some_and(|at| at >= row.created_at));

    let again = store.add_token(&NewToken { token: [2; 32], ..new.clone() }).await.unwrap_err();
    assert!(matches!(again, StoreError::Conflict(_)), "{again}");
    let short = NewToken { token: [3; 32], name: "short", lasts: Some(Duration::ZERO), ..new.clone() };
    store.add_token(&short).await.unwrap();
    assert!(store.token(&[3; 32]).await.unwrap().is_none(), "it is over");
    assert!(!store.is_token(&[3; 32]).await.unwrap() && store.is_token(&[1; 32]).await.unwrap());
    assert!(store.token(&[9; 32]).await.unwrap().is_none());

    assert!(!store.remove_token(id, Some(owner.id)).await.unwrap(), "it is another user's");
    assert!(store.remove_token(id, Some(member.id)).await.unwrap());
    assert!(store.token(&[1; 32]).await.unwrap().is_none());
    store.add_token(&NewToken { user: owner.id, token: [4; 32], ..new.clone() }).await.unwrap();
    store.add_token(&NewToken { token: [5; 32], ..new.clone() }).await.unwrap();
    // A new link of the owner ends the owner's tokens, and no other's.
    user(&store, "another owner", LinkKind::Owner).await;
    assert!(!store.is_token(&[4; 32]).await.unwrap() && store.is_token(&[5; 32]).await.unwrap());
    assert!(store.remove_member(member.id).await.unwrap());
    assert!(!store.is_token(&[5; 32]).await.unwrap(), "tokens go with their user");
}

async fn the_same_key_creates_one_booking(place: &Place) {
    let store = place.open().await;
    let member = user(&store, "member", LinkKind::Member).await;
    let key = CreationKey { key: [1; 32], body: [2; 32] };
    let creation = Creation { user: member.id, key: Some(key) };
    store.add_account_of(&account("tester1"), Some(&Creation { user: member.id, key: None })).await.unwrap();
    let first = booking("tester1", &["NYJ06/07/103 2026-12-05 06:00-08:00"]);
    let id = store.add_bookings_of(&[first], Some(&creation)).await.unwrap()[0];
    assert_eq!(store.user_of(Owned::Booking(id)).await.unwrap(), Some(member.id));
    let kept = store.creation(member.id, &key.key).await.unwrap().unwrap();
    assert_eq!((kept.body, kept.made, kept.answer), (key.body, Some(id.0), None));
    store.keep_answer(&creation, "{}").await.unwrap();
    assert_eq!(store.creation(member.id, &key.key).await.unwrap().unwrap().answer.as_deref(), Some("{}"));
    assert!(store.creation(member.id, &[9; 32]).await.unwrap().is_none());

    let second = booking("tester1", &["NYJ06/07/103 2026-12-06 06:00-08:00"]);
    let again = store.add_bookings_of(&[second], Some(&creation)).await.unwrap_err();
    assert!(matches!(again, StoreError::Conflict(_)), "{again}");
    assert_eq!(store.bookings(&Filter::default()).await.unwrap().len(), 1);
    let yesterday = "UPDATE web_creation SET at = at - 90000000000";
    store.run(yesterday, &[]).await.unwrap();
    assert!(store.creation(member.id, &key.key).await.unwrap().is_none(), "a key is kept for a day");
}

async fn a_list_is_read_in_parts_without_a_gap(place: &Place) {
    let store = place.open().await;
    store.add_account(&account("tester1")).await.unwrap();
    for day in 1..=5 {
        let wish = format!("NYJ06/07/103 2026-12-{day:02} 06:00-08:00");
        store.add_bookings(&[booking("tester1", &[&wish])]).await.unwrap();
    }
    let whole: Vec<_> =
        store.bookings(&Filter::default()).await.unwrap().iter().map(|booking| booking.id).collect();
    let (mut after, mut found) = (None, Vec::new());
    loop {
        let filter = Filter { most: Some(2), after, ..Filter::default() };
        let left = store.count(&filter).await.unwrap();
        assert_eq!(left, 5 - found.len() as u64);
        let part = store.bookings(&filter).await.unwrap();
        let Some(last) = part.last() else { break };
        after = Some((last.opens_at, last.id));
        found.extend(part.iter().map(|booking| booking.id));
    }
    assert_eq!(found, whole);
}

async fn a_change_is_made_only_to_what_was_seen(place: &Place) {
    let (store, id) = with_booking(place).await;
    let seen = store.booking_stamp(id).await.unwrap().unwrap();
    let note = |text: &str| Change { note: Some(Some(text.to_owned())), ..Change::default() };
    assert!(store.edit_booking_if(id, &note("first"), &seen).await.unwrap());
    assert!(!store.edit_booking_if(id, &note("second"), &seen).await.unwrap());
    assert_eq!(store.booking(id).await.unwrap().note.as_deref(), Some("first"));
    assert!(store.events_after(id, 0, 10).await.unwrap().is_empty());
}

async fn an_applicants_data_is_replaced_only_if_it_was_seen(place: &Place) {
    let store = place.open().await;
    let member = user(&store, "member", LinkKind::Member).await;
    let creation = Creation { user: member.id, key: None };
    assert!(store.add_applicant("club", &sealed("one"), &creation).await.unwrap());
    assert!(!store.add_applicant("club", &sealed("two"), &creation).await.unwrap());
    let seen = store.applicant("club").await.unwrap();
    assert!(store.replace_applicant(&seen, &sealed("three")).await.unwrap());
    assert!(!store.replace_applicant(&seen, &sealed("four")).await.unwrap());
    assert_eq!(store.applicant("club").await.unwrap().data, sealed("three"));
    assert!(store.bookings_of(member.id).await.unwrap().is_empty());
}
