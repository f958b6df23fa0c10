//! Keys and stores that cannot be used: exit code 10, a reason, and nothing lost.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::shop::{Shop, add};
use super::support::run;

fn shop() -> Shop {
    let shop = Shop::new().furnish("http://127.0.0.1:9");
    shop.add(&[]);
    shop
}

/// Ends with 10 and says this.
fn unusable(shop: &Shop, arguments: &[&str], said: &str) {
    let done = shop.run(arguments);
    assert_eq!((done.code, done.out.as_str()), (Some(10), ""), "{done:?}");
    assert!(done.err.contains(said), "{said} {done:?}");
}

#[test]
fn a_key_that_is_gone_is_named_and_the_rest_goes_on() {
    let shop = shop();
    let before = shop.bookings();
    let key = fs::read(shop.key()).unwrap();
    fs::remove_file(shop.key()).unwrap();
    for arguments in [&["account", "check", "me"][..], &["applicant", "list"], &["show", "1", "--personal"]] {
        unusable(&shop, arguments, shop.key().to_str().unwrap());
    }
    assert_eq!(shop.run(&add(&["--time", "10:00-12:00"])).code, Some(10));
    assert!(!shop.key().exists(), "no new key is made where secrets are");
    // What needs no secret works.
    assert_eq!(shop.bookings(), before);
    shop.done(&["show", "1"]);
    fs::write(shop.key(), key).unwrap();
    fs::set_permissions(shop.key(), fs::Permissions::from_mode(0o600)).unwrap();
    shop.done(&["show", "1", "--personal"]);
}

#[test]
fn a_key_of_another_store_is_told() {
    let (shop, other) = (shop(), shop());
    fs::copy(other.key(), shop.key()).unwrap();
    unusable(&shop, &["show", "1", "--personal"], "key");
    assert_eq!(shop.bookings().len(), 1);
}

#[test]
fn a_key_that_others_can_read_is_not_used() {
    let shop = shop();
    fs::set_permissions(shop.key(), fs::Permissions::from_mode(0o644)).unwrap();
    unusable(&shop, &["show", "1", "--personal"], "chmod 600");
}

#[test]
fn a_place_where_no_store_can_be_is_told() {
    let shop = shop();
    let file = format!("{}/rent.db", shop.database);
    let folder = shop.folder.path().to_str().unwrap();
    let text = shop.folder.path().join("text.db");
    fs::write(
        &text,
        "this is no database, and it is long enough not to be taken for an empty one".repeat(10),
    )
    .unwrap();
    for (database, said) in
        [(file.as_str(), "rent.db"), (folder, folder), (text.to_str().unwrap(), "text.db")]
    {
        let done = run(&["--database", database, "list"]);
        assert_eq!((done.code, done.out.as_str()), (Some(10), ""), "{done:?}");
        assert!(done.err.contains(said), "{done:?}");
    }
    assert!(fs::read_to_string(&text).unwrap().starts_with("this is no database"));
    assert_eq!(shop.bookings().len(), 1);
}

#[test]
fn an_empty_file_is_taken_for_a_new_store_only_with_a_word() {
    let shop = Shop::new();
    let file = fs::File::create(&shop.database).unwrap();
    // Not one that another process makes right now.
    file.set_modified(std::time::SystemTime::now() - std::time::Duration::from_secs(3600)).unwrap();
    let done = shop.run(&["list"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(done.err.contains("was an empty file") && done.err.contains("backup"), "{done:?}");
    let done = shop.run(&["list"]);
    assert!(!done.err.contains("empty file"), "{done:?}");
}

#[test]
fn a_server_that_is_not_there_is_told_without_its_password() {
    for address in
        ["postgres://rent:hunter22@127.0.0.1:1/rent", "postgres://rent:hunter22@127.0.0.1:port/rent"]
    {
        let done = run(&["--database", address, "list"]);
        assert_eq!(done.code, Some(10), "{done:?}");
        assert!(!done.err.contains("hunter22"), "{done:?}");
    }
}

#[test]
fn without_a_home_it_is_said_which_flag_to_give() {
    let mut command = super::support::runner(&["list"]);
    command.env_remove("HOME");
    let done = super::support::finish(super::support::start(command, ""));
    assert_eq!(done.code, Some(2), "{done:?}");
    assert!(done.err.contains("give --database or RENT_DATABASE"), "{done:?}");
}
