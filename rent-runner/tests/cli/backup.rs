//! `backup` and `restore`: a club moves to another machine, and what a bad file does.

use std::fs;

use serde_json::Value;

use super::postgres;
use super::shop::{Shop, add, holds};
use super::support::{CLUB, Done, PASSWORD, stand_in};

const PASSPHRASE: &str = "invented words of a test";

/// A club with one court won, one booking that waits, and its account at this address.
fn club(base_url: &str) -> Shop {
    let shop = Shop::new().furnish(base_url);
    shop.add(&["--opens-at", "now"]);
    assert_eq!(shop.run(&["run-due"]).code, Some(0));
    let waiting = add(&["--time", "08:00-10:00", "--note", "for the league"]);
    assert_eq!(shop.done(&waiting).out, "2\n");
    shop
}

fn backup(shop: &Shop) -> String {
    let file = shop.folder.path().join("club.backup").to_str().unwrap().to_owned();
    let done =
        shop.run_with(&["backup", &file, "--with-key", "--passphrase-stdin"], &format!("{PASSPHRASE}\n"));
    assert_eq!((done.code, done.out.as_str()), (Some(0), ""), "{done:?}");
    assert!(done.err.contains("1 account, 1 applicant and 2 bookings"), "{done:?}");
    file
}

fn restore(shop: &Shop, file: &str, more: &[&str]) -> Done {
    shop.run_with(&[&["restore", file, "--passphrase-stdin"], more].concat(), &format!("{PASSPHRASE}\n"))
}

/// All that the commands show of a store.
fn shown(shop: &Shop) -> Vec<Value> {
    let mut shown = vec![shop.json(&["list", "--all"]), shop.json(&["applicant", "list"])];
    for id in ["1", "2"] {
        shown.push(shop.json(&["show", id, "--personal", "--events"]));
    }
    shown
}

#[test]
fn a_club_moves_in_two_commands_to_any_kind_of_store_and_back() {
    let server = stand_in(|_| {});
    let old = club(&server.base_url());
    let before = shown(&old);
    // What comes next stands first.
    assert_eq!(before[0]["bookings"][1]["state"], "succeeded", "{}", before[0]);
    let mut file = backup(&old);
    let mut shops = vec![Shop::new()];
    if let Some(database) = postgres::database() {
        shops.extend([Shop::on(database), Shop::new()]);
    }
    for shop in &shops {
        let done = restore(shop, &file, &[]);
        assert_eq!((done.code, done.out.as_str()), (Some(0), ""), "{done:?}");
        assert!(done.err.contains("1 account, 1 applicant and 2 bookings"), "{done:?}");
        assert_eq!(shown(shop), before);
        // The password came along, and the next number is a new one.
        assert_eq!(shop.run(&["account", "check", "me"]).code, Some(0));
        file = backup(shop);
        assert_eq!(shop.done(&add(&["--time", "10:00-12:00"])).out, "3\n");
    }
    // The court that was won is not applied for again, and the one that waits is still to come.
    assert_eq!(server.with(|site| site.bookings().len()), 1);
}

#[test]
fn nothing_that_is_sealed_stands_in_the_file_and_only_its_owner_reads_it() {
    let shop = club(&stand_in(|_| {}).base_url());
    let with_key = fs::read(backup(&shop)).unwrap();
    let plain = shop.folder.path().join("plain.backup");
    shop.done(&["backup", plain.to_str().unwrap()]);
    let key = fs::read_to_string(shop.key()).unwrap();
    for bytes in [with_key, fs::read(&plain).unwrap()] {
        for secret in [PASSWORD, PASSPHRASE, CLUB, "홍길동", "02-000-0000", key.trim()] {
            assert!(!holds(&bytes, secret), "{secret}");
        }
        assert!(holds(&bytes, "for the league"));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&plain).unwrap().permissions().mode() & 0o777, 0o600);
    }
    for passphrase in ["too short", ""] {
        let done = shop.run_with(&["backup", "x.backup", "--with-key", "--passphrase-stdin"], passphrase);
        assert_eq!(done.code, Some(2), "{done:?}");
    }
    let done = Shop::new().run(&["backup", "x.backup"]);
    assert!(done.code == Some(2) && done.err.contains("there is no store"), "{done:?}");
}

#[test]
fn a_store_that_is_not_empty_is_left_alone_unless_told() {
    let server = stand_in(|_| {});
    let club = club(&server.base_url());
    let file = backup(&club);
    let other = Shop::new().furnish("http://127.0.0.1:9");
    // Its own key stands where the backup's should go.
    let done = restore(&other, &file, &["--replace"]);
    assert!(done.code == Some(10) && done.err.contains("another key is there"), "{done:?}");
    let key = other.key();
    fs::rename(&key, key.with_extension("old")).unwrap();
    let done = restore(&other, &file, &[]);
    assert!(done.code == Some(2) && done.err.contains("is not empty"), "{done:?}");
    assert!(!key.exists(), "a key that opens nothing here is not left behind");
    assert_eq!(other.json(&["account", "list"])["accounts"].as_array().unwrap().len(), 1);
    let done = restore(&other, &file, &["--replace"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    assert_eq!(other.bookings().len(), 2);
    // The same key again, and the same store again.
    assert_eq!(restore(&other, &file, &["--replace"]).code, Some(0));
}

#[test]
fn the_key_is_brought_by_hand_or_told_of() {
    let shop = club(&stand_in(|_| {}).base_url());
    let file = shop.folder.path().join("plain.backup").to_str().unwrap().to_owned();
    shop.done(&["backup", &file]);
    let other = Shop::new();
    let done = other.done(&["restore", &file]);
    assert!(done.err.contains(" Asia/Seoul are in the store "), "{done:?}");
    assert!(done.err.contains("bring the key of the old store"), "{done:?}");
    fs::copy(shop.key(), other.key()).unwrap();
    assert_eq!(shown(&other), shown(&shop));
    let strange = Shop::new().furnish("http://127.0.0.1:9");
    let third = Shop::new();
    fs::copy(strange.key(), third.key()).unwrap();
    let done = third.run(&["restore", &file]);
    assert!(done.code == Some(2) && done.err.contains("is not the key of the backup"), "{done:?}");
    assert!(!third.folder.path().join("rent.db").exists());
}

#[test]
fn a_file_that_is_cut_or_damaged_changes_nothing() {
    let shop = club(&stand_in(|_| {}).base_url());
    let good = fs::read(backup(&shop)).unwrap();
    let target = Shop::new();
    let path = target.folder.path().join("bad.backup");
    let mut bad: Vec<Vec<u8>> = [0, 1, 40, good.len() / 3, good.len() / 2, good.len() - 40, good.len() - 1]
        .map(|length| good[..length].to_vec())
        .to_vec();
    let lines: Vec<&[u8]> = good.split_inclusive(|byte| *byte == b'\n').collect();
    bad.push(lines[..lines.len() - 1].concat());
    bad.push([lines[..3].concat(), lines[4..].concat()].concat());
    bad.push([good.as_slice(), b"{}\n"].concat());
    // One letter of a note, of a sealed password, of the digest.
    for word in ["for the league", "base64\":\"", "sha256\":\""] {
        let at = good.windows(word.len()).rposition(|window| window == word.as_bytes()).unwrap();
        let mut changed = good.clone();
        let byte = &mut changed[at + word.len() - 1 + usize::from(word.ends_with('"'))];
        *byte = if *byte == b'A' { b'B' } else { b'A' };
        bad.push(changed);
    }
    bad.push(String::from_utf8_lossy(&good).replacen("backup\":1", "backup\":2", 1).into_bytes());
    bad.push(b"SQLite format 3\0".to_vec());
    for bytes in bad {
        fs::write(&path, &bytes).unwrap();
        let done = restore(&target, path.to_str().unwrap(), &["--replace"]);
        assert_eq!(done.code, Some(2), "{} bytes of {}: {done:?}", bytes.len(), good.len());
        assert!(done.err.contains("bad.backup: "), "{done:?}");
        assert!(!target.folder.path().join("rent.db").exists() && !target.key().exists());
    }
    let wrong = target.run_with(
        &["restore", shop.folder.path().join("club.backup").to_str().unwrap(), "--passphrase-stdin"],
        "other words\n",
    );
    assert!(wrong.code == Some(2) && wrong.err.contains("does not open"), "{wrong:?}");
    assert!(!target.folder.path().join("rent.db").exists());
}
