//! Opening a store: what is made, and every way in which it cannot be.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, SqliteConnection};

use super::support::{LONG, Place, account, at, booking, ending, suite, with_booking};
use crate::store::open::Limits;
use crate::store::{BookingEnd, Filter, KeptPage, Sealed, State, Store, StoreError};

suite! {
    a_store_is_made_once_and_found_again,
    many_openings_at_once_make_one_store,
    a_store_of_a_newer_version_is_left_alone,
    a_layout_that_was_changed_is_noticed,
    a_store_of_the_layout_before_is_brought_up_to_date,
}

async fn error(address: &str) -> StoreError {
    Store::open(address).await.err().unwrap_or_else(|| panic!("{address} was opened"))
}

/// Asserts the kind of an error and a part of its text.
macro_rules! assert_error {
    ($error:expr, $kind:ident, $part:expr) => {{
        let error: StoreError = $error;
        let (text, part): (String, &str) = (error.to_string(), $part);
        assert!(matches!(error, StoreError::$kind { .. }) && text.contains(part), "{error:?} {text}");
    }};
}

async fn raw(path: &Path) -> SqliteConnection {
    SqliteConnectOptions::new().filename(path).connect().await.unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

async fn a_store_is_made_once_and_found_again(place: &Place) {
    let (store, id) = with_booking(place).await;
    assert!(store.is_new());
    assert_eq!(store.version().await.unwrap(), 11);
    store.close().await;
    assert!(store.accounts().await.is_err(), "it is closed");
    let store = place.open().await;
    assert!(!store.is_new());
    assert_eq!(store.booking(id).await.unwrap().id, id);
    assert_eq!(store.is_shared(), place.address.starts_with("postgres"));
    assert_eq!(format!("{store:?}"), format!("Store({:?})", store.address()));
}

async fn many_openings_at_once_make_one_store(place: &Place) {
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let address = place.address.clone();
        tasks.spawn(async move { Store::open(&address).await.unwrap() });
    }
    let stores = tasks.join_all().await;
    stores[0].add_account(&account("tester1")).await.unwrap();
    for store in &stores {
        assert_eq!(store.accounts().await.unwrap().len(), 1);
    }
}

async fn a_store_of_a_newer_version_is_left_alone(place: &Place) {
    let (store, _) = with_booking(place).await;
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         SELECT 99, 'newer', success, checksum, 0 FROM _sqlx_migrations WHERE version = 1";
    store.run(newer, &[]).await.unwrap();
    store.close().await;
    let before = std::fs::read(&place.address).ok();
    match error(&place.address).await {
        error @ StoreError::Newer { found: 99, known: 11, .. } => {
            assert!(error.to_string().contains("install the newer version"), "{error}");
        }
        other => panic!("{other:?}"),
    }
    assert!(std::fs::read(&place.address).ok() == before);
}

async fn a_layout_that_was_changed_is_noticed(place: &Place) {
    let (store, _) = with_booking(place).await;
    store
        .run(
            "UPDATE _sqlx_migrations SET description = 'x', checksum = $1",
            &[crate::store::sql::Arg::Bytes(Some(b"x"))],
        )
        .await
        .unwrap();
    store.close().await;
    assert_error!(error(&place.address).await, Damaged, "another program");
}

async fn a_store_of_the_layout_before_is_brought_up_to_date(place: &Place) {
    let (store, id) = with_booking(place).await;
    let newer = [
        "DROP TABLE web_creation",
        "DROP TABLE web_token",
        "DROP INDEX booking_person",
        "DROP INDEX booking_over",
        "DROP TABLE web_sent",
        "DROP TABLE web_favourite",
        "DROP TABLE month_look",
        "DROP TABLE web_audit",
        "DROP TABLE web_applicant",
        "DROP TABLE web_account",
        "DROP TABLE web_booking",
        "DROP TABLE web_browser",
        "DROP TABLE web_link",
        "DROP TABLE web_session",
        "DROP TABLE web_user",
        "DROP TABLE rounds",
        "DROP TABLE menus",
        "DROP TABLE site_clock",
        "DELETE FROM _sqlx_migrations WHERE version > 2",
    ];
    for sql in newer {
        store.run(sql, &[]).await.unwrap();
    }
    store.close().await;
    let store = place.open().await;
    assert_eq!(store.version().await.unwrap(), 11);
    assert_eq!(store.booking(id).await.unwrap().id, id);
    assert!(store.site_clocks().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_new_file_and_its_folders_are_the_owners_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("made/here/rent.db");
    let store = Store::open(&format!("sqlite:{}", path.display())).await.unwrap();
    store.add_account(&account("tester1")).await.unwrap();
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(path.parent().unwrap()), mode(&folder.path().join("made"))), (0o700, 0o700));
    for file in std::fs::read_dir(path.parent().unwrap()).unwrap() {
        let file = file.unwrap().path();
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
    assert_eq!(store.address(), text(&path));
}

#[tokio::test]
async fn what_is_written_is_on_the_disk() {
    let place = Place::sqlite();
    let store = place.open().await;
    let one = async |sql: &'static str| {
        let mut tx = store.write().await.unwrap();
        let row = tx.row(sql, &[]).await.unwrap().unwrap();
        row.int("value").unwrap()
    };
    assert_eq!(one("SELECT synchronous AS value FROM pragma_synchronous").await, 2, "FULL");
    assert_eq!(one("SELECT foreign_keys AS value FROM pragma_foreign_keys").await, 1);
    assert_eq!(one("SELECT journal_mode = 'wal' AS value FROM pragma_journal_mode").await, 1);
    if let Some(place) = Place::postgres() {
        let store = place.open().await;
        // The server's own setting is `off`.
        let sql = "SELECT current_setting('synchronous_commit') AS value";
        assert_eq!(store.row(sql, &[]).await.unwrap().unwrap().text("value").unwrap(), "on");
    }
}

#[tokio::test]
async fn a_path_that_cannot_be_a_store_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    assert_error!(error(text(folder.path())).await, Open, "it is a folder");
    assert_error!(error("").await, Open, "path of a file");
    assert_error!(error("sqlite::memory:").await, Open, "path of a file");
    let file = folder.path().join("a file");
    std::fs::write(&file, "").unwrap();
    assert_error!(error(text(&file.join("rent.db"))).await, Open, text(&file));
    assert_error!(error("mysql://tester1:invented-1@127.0.0.1/rent").await, Open, "postgres://USER@HOST");
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let closed = folder.path().join("closed");
    std::fs::create_dir(&closed).unwrap();
    std::fs::set_permissions(&closed, PermissionsExt::from_mode(0o500)).unwrap();
    // Root may write everywhere but where the system makes the files itself.
    let is_root = std::fs::write(closed.join("probe"), "").is_ok();
    let path = if is_root { Path::new("/proc/self/rent.db").to_owned() } else { closed.join("rent.db") };
    assert_error!(error(text(&path)).await, Open, "the file cannot be made");
}

#[tokio::test]
async fn a_file_of_something_else_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    let notes = "no database, but something a person wrote\n".repeat(50);
    std::fs::write(&path, &notes).unwrap();
    assert_error!(error(text(&path)).await, Damaged, "not a database");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), notes);

    let path = folder.path().join("other.db");
    let mut connection =
        SqliteConnectOptions::new().filename(&path).create_if_missing(true).connect().await.unwrap();
    sqlx::query("CREATE TABLE theirs (a)").execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let before = std::fs::read(&path).unwrap();
    assert_error!(error(text(&path)).await, Damaged, "another program");
    assert!(std::fs::read(&path).unwrap() == before);
}

#[tokio::test]
async fn a_damaged_file_is_told() {
    let place = Place::sqlite();
    let (store, _) = with_booking(&place).await;
    store.close().await;
    let mut bytes = std::fs::read(&place.address).unwrap();
    bytes[100..].fill(0x5a);
    std::fs::write(&place.address, &bytes).unwrap();
    assert_error!(error(&place.address).await, Damaged, "malformed");
}

#[tokio::test]
async fn a_locked_store_is_told_and_works_again() {
    let place = Place::sqlite();
    let (store, id) = with_booking(&place).await;
    let limits = Limits { busy_timeout: Duration::from_millis(30), ..Limits::default() };
    let hasty = Store::open_within(&place.address, limits).await.unwrap();
    let mut other = raw(Path::new(&place.address)).await;
    let held = other.begin_with("BEGIN IMMEDIATE").await.unwrap();
    assert_error!(
        hasty.add_account(&account("tester2")).await.unwrap_err(),
        Locked,
        "locked by another process"
    );
    assert_error!(hasty.cancel_booking(id).await.unwrap_err(), Locked, "try again");
    // Readers do not wait.
    assert_eq!(hasty.bookings(&Filter::default()).await.unwrap().len(), 1);
    drop(held);
    other.close().await.unwrap();
    hasty.add_account(&account("tester2")).await.unwrap();
    assert_eq!(store.accounts().await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_lock_of_postgres_is_not_waited_for_without_end() {
    let Some(place) = Place::postgres() else { return };
    let (store, id) = with_booking(&place).await;
    let limits = Limits { busy_timeout: Duration::from_millis(30), ..Limits::default() };
    let hasty = Store::open_within(&place.address, limits).await.unwrap();
    let mut tx = store.write().await.unwrap();
    tx.lock_booking(id).await.unwrap();
    assert_error!(hasty.cancel_booking(id).await.unwrap_err(), Locked, "try again");
    drop(tx);
    assert_eq!(hasty.booking(id).await.unwrap().state, State::Waiting);
    assert_eq!(store.cancel_booking(id).await.unwrap(), State::Cancelled);
}

#[tokio::test]
async fn a_full_disk_loses_nothing_that_was_stored() {
    let place = Place::sqlite();
    let (store, id) = with_booking(&place).await;
    store.close().await;
    let limits = Limits { most_pages: Some(1), ..Limits::default() };
    let full = Store::open_within(&place.address, limits).await.unwrap();
    let lease = full.claim("runner-1", at("2100-01-01 00:00"), 1, LONG).await.unwrap()[0].lease;
    let page = KeptPage { attempt: 1, address: "x".to_owned(), body: Sealed(vec![b'x'; 1024 * 1024]) };
    let ending = BookingEnd { pages: vec![page], ..ending(State::Succeeded) };
    assert_error!(full.finish(lease, "runner-1", &[], &ending).await.unwrap_err(), Full, "no room left");
    let many: Vec<_> = (100..500)
        .map(|court| {
            booking("tester1", &[&format!("NYJ06/07/{court} 2026-12-{:02} 06:00-08:00", court % 28 + 1)])
        })
        .collect();
    for one in many.chunks(2) {
        match full.add_bookings(one).await {
            Err(StoreError::Full { .. } | StoreError::Conflict(_)) => break,
            other => drop(other.unwrap()),
        }
    }
    // What was there is there, also for others, and the lease is good for what fits.
    for store in [&full, &place.open().await] {
        let found = store.booking(id).await.unwrap();
        assert_eq!((found.state, found.choices.len()), (State::Waiting, 1));
        assert!(store.story(id).await.unwrap().report.is_none());
    }
    full.close().await;
    let room = place.open().await;
    assert!(room.finish(lease, "runner-1", &[], &ending).await.unwrap());
    assert_eq!(room.booking(id).await.unwrap().state, State::Succeeded);
}

#[tokio::test]
async fn no_password_of_an_address_is_shown() {
    const PASSWORD: &str = "invented-1";
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let addresses = [
        format!("postgres://tester1:{PASSWORD}@{nobody}/rent"),
        format!("postgresql://tester1:{PASSWORD}@{nobody}/rent?sslmode=nonsense"),
        format!("postgres://tester1:{PASSWORD}@[127.0.0.1/rent"),
        format!("postgres://tester1:{PASSWORD}@127.0.0.1:port/rent"),
        format!("postgres://{nobody}/rent?user=tester1&password={PASSWORD}"),
        format!("postgres:{PASSWORD}"),
        format!("other://tester1:{PASSWORD}@127.0.0.1/rent"),
    ];
    for address in addresses {
        let error = error(&address).await;
        assert!(matches!(error, StoreError::Open { .. }), "{error:?}");
        assert!(!format!("{error} {error:?}").contains(PASSWORD), "{error} {error:?}");
    }
}

#[tokio::test]
async fn a_server_that_lets_nobody_in_is_told() {
    let Some(place) = Place::postgres() else { return };
    assert_error!(error(&place.address.replace("/test_", "/absent_")).await, Open, "does not exist");
    assert_error!(error(&place.address.replace("postgres@", "tester9:invented-1@")).await, Open, "tester9");
    let socketless = place.address.split("host=").next().unwrap().to_owned() + "host=/nonexistent";
    assert_error!(error(&socketless).await, Open, "cannot be reached");
    // The password is of no use to this server, and it is not shown.
    let address = place.address.replace("postgres@", "postgres:invented-1@");
    let store = Store::open(&address).await.unwrap();
    assert!(!format!("{store:?} {}", store.address()).contains("invented-1"));
    assert!(store.address().starts_with("postgres://postgres@localhost:5432/test_"), "{}", store.address());
}
