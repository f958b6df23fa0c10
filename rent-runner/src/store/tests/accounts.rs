//! Accounts, applicants, the vault's row, messages, and what was learned of a site.

use std::time::Duration;

use namyangju_rent::Purpose;
use namyangju_rent::clock::ClockFacts;
use namyangju_rent::network::Routes;
use namyangju_rent::schedule::TimeNo;
use serde_json::json;

use super::support::{COURT, LONG, Place, account, at, booking, sealed, suite, with_booking};
use crate::store::{self, Learned, LinkKind, NewMessage, Sealed, StoreError, VaultRow};

suite! {
    a_session_belongs_to_the_password_it_was_begun_with,
    accounts_come_and_go,
    an_account_with_bookings_that_are_not_over_stays,
    applicants_are_added_and_replaced,
    the_vault_is_set_once,
    resealing_is_all_or_nothing,
    messages_are_taken_by_one_and_tried_again,
    time_numbers_of_the_same_time_are_replaced,
    routes_are_kept,
    what_shows_the_stamp_of_a_site_is_kept_until_it_is_too_old,
    the_clock_is_the_databases,
}

async fn accounts_come_and_go(place: &Place) {
    let store = place.open().await;
    let missing = store.account("tester1").await.unwrap_err().to_string();
    assert_eq!(missing, "there is no account `tester1`, and no other yet");
    let id = store.add_account(&account("tester1")).await.unwrap();
    let mut second = account("tester2");
    second.base_url = Some("http://127.0.0.1:8099/".to_owned());
    second.login = "tester1".to_owned();
    store.add_account(&second).await.unwrap();

    // The name, and the login at one site.
    let taken = store.add_account(&account("tester1")).await.unwrap_err();
    assert!(matches!(&taken, StoreError::Conflict(why) if why.contains("`tester1` already")), "{taken}");
    let mut same = account("tester3");
    same.login = "tester1".to_owned();
    let taken = store.add_account(&same).await.unwrap_err();
    assert!(matches!(&taken, StoreError::Conflict(why) if why.contains("`tester1` has the same")), "{taken}");

    let missing = store.account("tester9").await.unwrap_err().to_string();
    assert_eq!(missing, "there is no account `tester9`; there is tester1, tester2");

    store.set_session(id, Some(&sealed("a session")), true).await.unwrap();
    let found = store.account("tester1").await.unwrap();
    assert_eq!((found.id, found.session, found.open_bookings), (id, Some(sealed("a session")), 0));
    let checked = found.checked_at.unwrap();
    assert!(found.created_at <= checked);
    store.set_session(id, None, false).await.unwrap();
    let found = store.account("tester1").await.unwrap();
    assert_eq!((found.session, found.checked_at), (None, Some(checked)));
    assert!(matches!(store.set_session(999, None, true).await, Err(StoreError::NotFound(_))));

    // A refused login forgets the session; a login that works, or another password, forgets the refusal.
    let refused = async || store.account("tester1").await.unwrap().refused_at;
    assert_eq!(refused().await, None);
    store.set_session(id, Some(&sealed("a session")), false).await.unwrap();
    store.login_refused(id).await.unwrap();
    assert!(refused().await.unwrap() >= checked);
    assert_eq!(store.account("tester1").await.unwrap().session, None);
    store.set_session(id, None, false).await.unwrap();
    assert!(refused().await.is_some());
    store.set_session(id, None, true).await.unwrap();
    assert_eq!(refused().await, None);
    store.login_refused(id).await.unwrap();
    store.set_password("tester1", &sealed("another")).await.unwrap();
    assert_eq!(refused().await, None);
    assert_eq!(store.account("tester2").await.unwrap().refused_at, None);

    assert_eq!(store.account("tester1").await.unwrap().password, sealed("another"));
    assert!(matches!(store.set_password("tester9", &sealed("x")).await, Err(StoreError::NotFound(_))));

    store.remove_account("tester1").await.unwrap();
    assert!(matches!(store.remove_account("tester1").await, Err(StoreError::NotFound(_))));
    let left = store.accounts().await.unwrap();
    assert_eq!(left.iter().map(|account| account.name.as_str()).collect::<Vec<_>>(), ["tester2"]);
    assert_eq!(left[0].base_url.as_deref(), Some("http://127.0.0.1:8099/"));
}

async fn an_account_with_bookings_that_are_not_over_stays(place: &Place) {
    let (store, id) = with_booking(place).await;
    assert_eq!(store.account("tester1").await.unwrap().open_bookings, 1);
    let kept = store.remove_account("tester1").await.unwrap_err();
    assert!(matches!(&kept, StoreError::Conflict(why) if why.contains(&format!("({id})"))), "{kept}");
    assert_eq!(store.booking(id).await.unwrap().account, "tester1");
    store.cancel_booking(id).await.unwrap();
    store.remove_account("tester1").await.unwrap();
    assert!(matches!(store.booking(id).await, Err(StoreError::NotFound(_))));
}

async fn applicants_are_added_and_replaced(place: &Place) {
    let store = place.open().await;
    store.put_applicant("club", &sealed("first")).await.unwrap();
    store.put_applicant("club", &sealed("second")).await.unwrap();
    store.put_applicant("alone", &sealed("third")).await.unwrap();
    let names: Vec<_> = store.applicants().await.unwrap().into_iter().map(|one| one.name).collect();
    assert_eq!(names, ["alone", "club"]);
    assert_eq!(store.applicant("club").await.unwrap().data, sealed("second"));
    store.remove_applicant("club").await.unwrap();
    let missing = store.applicant("club").await.unwrap_err().to_string();
    assert_eq!(missing, "there is no applicant `club`; there is alone");
    assert!(matches!(store.remove_applicant("club").await, Err(StoreError::NotFound(_))));
}

async fn the_vault_is_set_once(place: &Place) {
    let store = place.open().await;
    assert!(store.vault().await.unwrap().is_none());
    assert!(store.set_vault(&VaultRow { check: sealed("one") }).await.unwrap());
    assert!(!store.set_vault(&VaultRow { check: sealed("two") }).await.unwrap());
    assert_eq!(store.vault().await.unwrap().unwrap().check, sealed("one"));
}

async fn resealing_is_all_or_nothing(place: &Place) {
    let (store, id) = with_booking(place).await;
    store.set_vault(&VaultRow { check: sealed("check") }).await.unwrap();
    store.put_applicant("club", &sealed("club")).await.unwrap();
    let account = store.account("tester1").await.unwrap();
    store.set_session(account.id, Some(&sealed("session")), false).await.unwrap();

    let mut left = 4;
    let failed = store.reseal(|_, _| {
        left -= 1;
        if left == 0 { Err("no more".to_owned()) } else { Ok(sealed("new")) }
    });
    let failed = failed.await.unwrap_err().to_string();
    assert!(failed.contains("no more"), "{failed}");
    assert_eq!(store.vault().await.unwrap().unwrap().check, sealed("check"));
    assert_eq!(store.account("tester1").await.unwrap().password, sealed("sealed password"));

    let mut purposes = Vec::new();
    let many = store.reseal(|purpose, old| {
        purposes.push(format!("{purpose:?}"));
        Ok(Sealed([b"new ", &old.0[..]].concat()))
    });
    assert_eq!(many.await.unwrap(), 4);
    let named = |purpose: store::SealPurpose<'_>| format!("{purpose:?}");
    let expected = [
        named(store::SealPurpose::Check),
        named(store::SealPurpose::Password("tester1")),
        named(store::SealPurpose::Session("tester1")),
        named(store::SealPurpose::Applicant),
        named(store::SealPurpose::Applicant),
    ];
    assert_eq!(purposes, expected);
    let account = store.account("tester1").await.unwrap();
    assert_eq!(account.password, sealed("new sealed password"));
    assert_eq!(account.session, Some(sealed("new session")));
    assert_eq!(store.applicant("club").await.unwrap().data, sealed("new club"));
    assert_eq!(store.booking(id).await.unwrap().application, sealed("new sealed application"));
    assert_eq!(store.vault().await.unwrap().unwrap().check, sealed("new check"));

    // A session that cannot be read is forgotten, and a password that cannot be is not.
    let unreadable = |kind: &'static str| {
        move |purpose: store::SealPurpose<'_>, old: &Sealed| {
            if format!("{purpose:?}").starts_with(kind) { Err("broken".to_owned()) } else { Ok(old.clone()) }
        }
    };
    assert!(store.reseal(unreadable("Password")).await.is_err());
    assert_eq!(store.reseal(unreadable("Session")).await.unwrap(), 3);
    assert_eq!(store.account("tester1").await.unwrap().session, None);
}

async fn messages_are_taken_by_one_and_tried_again(place: &Place) {
    let (store, id) = with_booking(place).await;
    let message = NewMessage {
        booking: Some(id),
        kind: "alarm",
        body: json!({"text": "가나다"}),
        channels: vec!["phone".to_owned(), "mail".to_owned()],
    };
    store.enqueue(&message).await.unwrap();
    assert_eq!(store.messages_waiting().await.unwrap(), 2);
    let hold = Duration::from_secs(600);
    let taken = store.take_messages(1, hold).await.unwrap();
    let [phone] = &taken[..] else { panic!("{taken:?}") };
    assert_eq!((phone.channel.as_str(), phone.kind.as_str(), phone.tries), ("phone", "alarm", 0));
    assert_eq!((phone.booking, &phone.body), (Some(id), &message.body));
    let taken = store.take_messages(10, hold).await.unwrap();
    let [mail] = &taken[..] else { panic!("{taken:?}") };
    assert_eq!(mail.channel, "mail");
    assert!(store.take_messages(10, hold).await.unwrap().is_empty());

    store.message_failed(phone.id, "no answer", Some(Duration::ZERO)).await.unwrap();
    store.message_failed(mail.id, "no such user", None).await.unwrap();
    assert_eq!(store.messages_waiting().await.unwrap(), 1);
    let taken = store.take_messages(10, hold).await.unwrap();
    let [again] = &taken[..] else { panic!("{taken:?}") };
    assert_eq!((again.id, again.tries, again.last_error.as_deref()), (phone.id, 1, Some("no answer")));
    store.message_sent(phone.id).await.unwrap();
    assert_eq!(store.messages_waiting().await.unwrap(), 0);
    assert!(store.take_messages(10, hold).await.unwrap().is_empty());
}

async fn time_numbers_of_the_same_time_are_replaced(place: &Place) {
    let store = place.open().await;
    let court = "NYJ06/07/103".parse().unwrap();
    let learned = |range: &str, number| Learned {
        range: range.parse().unwrap(),
        time_no: TimeNo(number),
        from: "2026-11-20".parse().unwrap(),
        at: at("2026-11-19 09:00:00"),
    };
    let site = "http://127.0.0.1/";
    let first = [learned("08:00-10:00", 7), learned("06:00-08:00", 1833)];
    store.learn(site, &court, Purpose::Sports, &first).await.unwrap();
    store.learn(site, &court, Purpose::Sports, &[learned("08:00-10:00", 8)]).await.unwrap();
    store.learn(site, &court, Purpose::Events, &[learned("08:00-10:00", 9)]).await.unwrap();
    let found = store.learned(site, &court, Purpose::Sports).await.unwrap();
    assert_eq!(found, [learned("06:00-08:00", 1833), learned("08:00-10:00", 8)]);
    assert!(store.learned("http://other/", &court, Purpose::Sports).await.unwrap().is_empty());
}

async fn routes_are_kept(place: &Place) {
    let store = place.open().await;
    assert_eq!(store.routes("http://127.0.0.1/").await.unwrap(), None);
    let mut routes = Routes::new(["direct".parse().unwrap()]);
    let route = "direct".parse().unwrap();
    store.save_routes("http://127.0.0.1/", &routes.save()).await.unwrap();
    routes.failed(&route, at("2026-11-26 10:00:00"));
    store.save_routes("http://127.0.0.1/", &routes.save()).await.unwrap();
    assert_eq!(store.routes("http://127.0.0.1/").await.unwrap(), Some(routes.save()));
}

async fn what_shows_the_stamp_of_a_site_is_kept_until_it_is_too_old(place: &Place) {
    let store = place.open().await;
    let site = "http://127.0.0.1/";
    let facts = |stamp: &str, network: u64, at: &str| -> ClockFacts {
        let json = serde_json::json!({ "stamp": stamp, "network_micros": network, "learned_at": at.to_owned() + "T10:00:03+09:00" });
        serde_json::from_value(json).unwrap()
    };
    assert_eq!(store.site_clock(site).await.unwrap(), None);
    let [first, second, third, fourth, fifth] = [
        facts("unknown", 30_000, "2026-08-26"),
        facts("departure", 40_000, "2026-09-26"),
        facts("unknown", 50_000, "2026-10-26"),
        facts("arrival", 60_000, "2026-11-26"),
        facts("unknown", 70_000, "2027-06-26"),
    ];
    for (learnt, kept) in
        [(first, first), (second, second), (third, second), (fourth, fourth), (fifth, fifth)]
    {
        store.learn_clock(site, learnt).await.unwrap();
        assert_eq!(store.site_clock(site).await.unwrap(), Some(kept));
    }
    assert_eq!(store.site_clocks().await.unwrap(), [(site.to_owned(), fifth)]);
    assert_eq!(store.site_clock("http://other/").await.unwrap(), None);
    // What an instant is missing from, or cannot be read, is no obstacle.
    store.learn_clock(site, ClockFacts::default()).await.unwrap();
    store.run("UPDATE site_clock SET facts = '{'", &[]).await.unwrap();
    assert!(store.site_clock(site).await.is_err());
    store.learn_clock(site, first).await.unwrap();
    assert_eq!(store.site_clock(site).await.unwrap(), Some(first));
}

async fn the_clock_is_the_databases(place: &Place) {
    let store = place.open().await;
    let (now, _) = store.now().await.unwrap();
    let local: namyangju_rent::SeoulTime = std::time::SystemTime::now().into();
    let apart = now.since(local).max(local.since(now));
    assert!(apart < Duration::from_secs(60), "{now} {local}");
    let id = store.add_account(&account("tester1")).await.unwrap();
    assert!(store.account("tester1").await.unwrap().created_at >= now, "{id}");
    store.add_bookings(&[booking("tester1", &[COURT])]).await.unwrap();
}

async fn a_session_belongs_to_the_password_it_was_begun_with(place: &Place) {
    let store = place.open().await;
    store.put_link(&[1; 32], LinkKind::Owner, LONG).await.unwrap();
    let owner = store.use_link(&[1; 32], "owner", "first hash").await.unwrap();
    let begin = |token, hash| store.begin_session(token, owner.id, hash, "127.0.0.1", "browser");
    assert!(begin(&[2; 32], "first hash").await.unwrap());
    store.set_web_password(owner.id, "second hash").await.unwrap();
    assert_eq!(store.session(&[2; 32]).await.unwrap(), None, "it ended with the password");
    // A sign-in that was under way: its password was right when it was checked.
    assert!(!begin(&[3; 32], "first hash").await.unwrap());
    assert_eq!(store.session(&[3; 32]).await.unwrap(), None);
    assert!(begin(&[4; 32], "second hash").await.unwrap());
    assert_eq!(store.session(&[4; 32]).await.unwrap(), Some(owner));
}
