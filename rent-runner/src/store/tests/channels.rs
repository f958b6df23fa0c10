//! Channels with tokens, and what is told once.

use std::time::Duration;

use serde_json::json;

use super::support::{LONG, Place, at, suite};
use crate::store::{ChannelTokens, NewMessage, SealPurpose, Sealed, Store, VaultRow};

suite! {
    a_channel_is_renewed_by_one,
    a_channel_that_was_changed_is_left_alone,
    what_is_told_once_is_told_once,
}

fn tokens(data: &str) -> ChannelTokens {
    let (access_until, refresh_until) = (at("2026-11-25 15:00:00"), at("2027-01-24 09:00:00"));
    ChannelTokens { data: Sealed(data.into()), access_until, refresh_until }
}

async fn with_channel(place: &Place) -> Store {
    let store = place.open().await;
    let now = at("2026-11-25 09:00:00");
    store.put_channel(("phone", "kakao"), &["alarm", "block"], &tokens("first"), now).await.unwrap();
    store
}

async fn a_channel_is_renewed_by_one(place: &Place) {
    let store = with_channel(place).await;
    let read = store.stored_channel("phone").await.unwrap().unwrap();
    assert_eq!((read.kind.as_str(), read.gets.join(" ").as_str(), read.fence), ("kakao", "alarm block", 1));
    let fence = store.claim_channel("phone", 1, LONG).await.unwrap().unwrap();
    assert_eq!(fence, 2);
    for other in [1, 2] {
        assert_eq!(store.claim_channel("phone", other, LONG).await.unwrap(), None, "it is claimed");
    }
    assert!(store.stored_channel("phone").await.unwrap().unwrap().renewing);
    assert!(store.renew_channel("phone", fence, &tokens("second")).await.unwrap());
    let read = store.stored_channel("phone").await.unwrap().unwrap();
    assert!(!read.renewing && read.data == Sealed("second".into()));
    // A claim of a runner that died ends by itself, and what the dead one would still write is not taken.
    let dead = store.claim_channel("phone", 2, Duration::ZERO).await.unwrap().unwrap();
    let next = store.claim_channel("phone", dead, LONG).await.unwrap().unwrap();
    assert!(!store.renew_channel("phone", dead, &tokens("late")).await.unwrap());
    store.release_channel("phone", next).await.unwrap();
    assert!(!store.stored_channel("phone").await.unwrap().unwrap().renewing);
    store.remove_channel("phone").await.unwrap();
    let gone = store.remove_channel("phone").await.unwrap_err().to_string();
    assert_eq!(gone, "there is no channel `phone` in the store");
    assert!(store.stored_channels().await.unwrap().is_empty());
}

async fn a_channel_that_was_changed_is_left_alone(place: &Place) {
    let store = with_channel(place).await;
    let fence = store.claim_channel("phone", 1, LONG).await.unwrap().unwrap();
    store.channel_broken("phone", fence, "the permission has ended").await.unwrap();
    let now = at("2026-11-26 09:00:00");
    store.put_channel(("phone", "kakao"), &["alarm"], &tokens("third"), now).await.unwrap();
    store.channel_broken("phone", fence, "too late").await.unwrap();
    assert!(!store.renew_channel("phone", fence, &tokens("too late")).await.unwrap());
    let read = store.stored_channel("phone").await.unwrap().unwrap();
    assert_eq!((read.problem, read.data, read.authorised_at), (None, Sealed("third".into()), now));

    store.set_vault(&VaultRow { check: Sealed("check".into()) }).await.unwrap();
    let claimed = store.claim_channel("phone", read.fence, LONG).await.unwrap().unwrap();
    let mut named = Vec::new();
    let resealed = store.reseal(|purpose, old| {
        named.push(purpose == SealPurpose::Channel("phone"));
        Ok(Sealed([b"new ", &old.0[..]].concat()))
    });
    assert_eq!(resealed.await.unwrap(), 1);
    assert_eq!(named, [false, true]);
    assert!(!store.renew_channel("phone", claimed, &tokens("with the old key")).await.unwrap());
    assert_eq!(store.stored_channel("phone").await.unwrap().unwrap().data, Sealed("new third".into()));
}

async fn what_is_told_once_is_told_once(place: &Place) {
    let store = place.open().await;
    let message =
        NewMessage { booking: None, kind: "alarm", body: json!({}), channels: vec!["mail".to_owned()] };
    let (one, two) = tokio::join!(store.tell_once("this", &message), store.tell_once("this", &message));
    assert_eq!(u8::from(one.unwrap()) + u8::from(two.unwrap()), 1);
    assert!(store.tell_once("that", &message).await.unwrap());
    assert_eq!(store.messages_waiting().await.unwrap(), 2);
}
