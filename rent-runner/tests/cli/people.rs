//! `account` and `applicant`.

use std::fs;

use namyangju_rent::harness::SiteStep;

use super::shop::{Shop, holds};
use super::support::{CLUB, PASSWORD, nobody, requests, stand_in};

#[test]
fn an_account_is_added_checked_and_removed() {
    let server = stand_in(|_| {});
    let shop = Shop::new();
    let login =
        ["account", "add", "me", "--login", "tester1", "--password-stdin", "--base-url", &server.base_url()];
    let added = shop.done(&login);
    assert!(
        added.err.contains("made the store of bookings") && added.err.contains("made the key"),
        "{added:?}"
    );
    assert_eq!(server.arrivals().len(), 0);
    let checked = shop.done(&["account", "check", "me", "-vv"]);
    assert!(checked.err.contains("DEBUG"), "{checked:?}");
    assert!(checked.out.starts_with("the login of me works at http://127.0.0.1"), "{checked:?}");
    assert_eq!(requests(&server, SiteStep::Login), 1);
    let account = &shop.json(&["account", "list"])["accounts"][0];
    assert_eq!((&account["name"], &account["login"]), (&"me".into(), &"tester1".into()));
    assert_eq!(account["has_session"], true);
    assert!(account["checked_at"].is_string() && !account.to_string().contains(PASSWORD), "{account}");
    let session = server.arrivals().iter().find_map(|arrival| arrival.session.clone()).unwrap();
    for secret in [PASSWORD, &session] {
        assert!(!holds(&shop.bytes(), secret), "{secret}");
        assert!(!checked.out.contains(secret) && !checked.err.contains(secret), "{checked:?}");
    }
    shop.done(&["account", "remove", "me"]);
    assert_eq!(shop.json(&["account", "list"])["accounts"].as_array().unwrap().len(), 0);
}

#[test]
fn a_password_is_replaced_and_a_wrong_one_is_refused_by_the_site() {
    let server = stand_in(|_| {});
    let shop = Shop::new().furnish(&server.base_url());
    let replace = ["account", "password", "me", "--password-stdin"];
    assert_eq!(shop.run_with(&replace, "hunter22\n").code, Some(0));
    let done = shop.run(&["account", "check", "me"]);
    assert_eq!((done.code, done.out.as_str()), (Some(4), ""), "{done:?}");
    assert!(done.err.contains("did not accept the account") && !done.err.contains("hunter22"), "{done:?}");
    // Whoever looks is told what holds the bookings.
    let refused = shop.json(&["account", "list"])["accounts"][0]["refused_at"].clone();
    assert!(refused.is_string(), "{refused}");
    assert!(shop.run(&["account", "list"]).out.contains("refused at"));
    let done = shop.run(&["status"]);
    assert!(done.out.contains("me: the site refused its login at"), "{done:?}");
    assert!(done.out.contains("`rent-runner account password me`"), "{done:?}");
    assert_eq!(shop.json(&["status"])["accounts_refused"][0]["name"], "me");
    assert_eq!(shop.json(&["list"])["accounts_refused"][0], "me");
    shop.done(&replace);
    shop.done(&["account", "check", "me"]);
    assert_eq!(shop.json(&["status"])["accounts_refused"].as_array().unwrap().len(), 0);
}

#[test]
fn nobody_at_the_site_is_a_network_failure_and_keeps_the_account() {
    let shop = Shop::new().furnish(&nobody());
    assert_eq!(shop.run(&["account", "check", "me"]).code, Some(8));
    assert!(shop.json(&["account", "list"])["accounts"][0]["checked_at"].is_null());
}

#[test]
fn what_cannot_be_an_account_is_refused() {
    let shop = Shop::new().furnish("http://127.0.0.1:9");
    let cases: [(&[&str], &str); 7] = [
        (&["add", "me", "--login", "other"], "there is an account me already"),
        (
            &["add", "two", "--login", "tester1", "--base-url", "http://127.0.0.1:9"],
            "the account `me` has the same login",
        ),
        (&["add", "two", "--login", " "], "--login is empty"),
        (&["add", "", "--login", "x"], "a name has 1 to 64 characters"),
        (&["add", "two", "--login", "x", "--site", "atlantis"], "no site is called `atlantis`"),
        (&["check", "nobody"], "nobody"),
        (&["remove", "nobody"], "me"),
    ];
    for (arguments, said) in cases {
        let more: &[&str] = if arguments[0] == "add" { &["--password-stdin"] } else { &[] };
        let error = shop.refused(&[&["account"], arguments, more].concat());
        assert!(error.contains(said), "{arguments:?} {error}");
    }
    assert_eq!(shop.json(&["account", "list"])["accounts"].as_array().unwrap().len(), 1);
}

#[test]
fn an_account_with_bookings_stays() {
    let shop = Shop::new().furnish("http://127.0.0.1:9");
    shop.add(&[]);
    shop.refused(&["account", "remove", "me"]);
    assert_eq!(shop.json(&["account", "list"])["accounts"][0]["open_bookings"], 1);
}

#[test]
fn applicants_data_is_masked_in_the_list_and_shown_to_its_owner() {
    let shop = Shop::new().furnish("http://127.0.0.1:9");
    for done in [shop.done(&["applicant", "list"]), shop.done(&["applicant", "list", "--json"])] {
        assert!(done.out.contains("테니스") && done.out.contains("***"), "{done:?}");
        for private in [CLUB, "홍길동", "000-0000"] {
            assert!(!done.out.contains(private), "{private} {done:?}");
        }
    }
    let shown = shop.json(&["applicant", "show", "club"]);
    assert_eq!(shown["application"]["applicant_name"], "홍길동");
    let table = shop.done(&["applicant", "show", "club"]);
    assert!(table.out.contains(CLUB) && table.out.contains("02-000-0000"), "{table:?}");
    for private in [CLUB, "홍길동", "000-0000"] {
        assert!(!holds(&shop.bytes(), private), "{private}");
    }

    shop.done(&["applicant", "set", "club", "--head-count", "6", "--mobile", "010-0000-0000"]);
    let changed = shop.json(&["applicant", "show", "club"])["application"].clone();
    assert_eq!((&changed["head_count"], &changed["club_name"]), (&6.into(), &CLUB.into()));
    shop.done(&["applicant", "remove", "club"]);
    shop.refused(&["applicant", "show", "club"]);
}

#[test]
fn applicants_data_that_lacks_something_makes_neither_data_nor_key() {
    let shop = Shop::new();
    let error = shop.refused(&["applicant", "set", "club", "--club-name", CLUB, "--purpose", "운동"]);
    assert!(error.contains("--head-count, --event-name is missing") && !error.contains(CLUB), "{error}");
    assert!(!shop.key().exists());
    let error = shop.refused(&["applicant", "set", "club", "--mobile", "010-12"]);
    assert!(!error.contains("010-12"), "{error}");
}

#[test]
fn a_new_key_opens_what_the_old_one_sealed() {
    let shop = Shop::new().furnish("http://127.0.0.1:9");
    let before = fs::read(shop.key()).unwrap();
    let done = shop.done(&["account", "rekey"]);
    assert!(done.err.contains("with a new key"), "{done:?}");
    assert_ne!(fs::read(shop.key()).unwrap(), before);
    shop.done(&["applicant", "show", "club"]);
    // The old key is of no use any more.
    fs::write(shop.key(), before).unwrap();
    assert_eq!(shop.run(&["applicant", "show", "club"]).code, Some(10));
}
