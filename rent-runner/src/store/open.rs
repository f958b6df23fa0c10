//! Opening a store: its address, the file it may have to make, its layout.

use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use namyangju_rent::clock::{Clock, SystemClock};
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::pool::PoolOptions;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, Executor, PgConnection, Row, SqlSafeStr, SqlitePool};

use super::engine::{Engine, Inner, Store};
use super::{Result, StoreError};
use crate::system;

/// How many connections to PostgreSQL one process takes at most.
const MAX_CONNECTIONS: u32 = 8;

/// How many readers of one file there are at most.
const MAX_READERS: u32 = 4;

/// How many rows the thread of a SQLite connection may be ahead: each change of threads costs more than many.
const ROWS_AT_ONCE: usize = 1000;

/// How long a new connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a call waits for one of the connections.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);

/// How long to wait between two tries to make a file that another process makes too.
const MAKE_GAP: Duration = Duration::from_millis(20);

/// A file that has been empty for longer is not one that another process makes right now.
const LEFT_EMPTY: Duration = Duration::from_secs(10);

/// What tests need to be tighter.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// How long to wait for what another process has locked.
    pub(super) busy_timeout: Duration,
    /// The most pages of a SQLite file.
    pub(super) most_pages: Option<u32>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { busy_timeout: Duration::from_secs(5), most_pages: None }
    }
}

impl Store {
    /// Opens a store, makes it on first use and migrates it. `address` is a path, `sqlite:PATH`, or
    /// `postgres://…`; its password is never shown.
    pub(crate) async fn open(address: &str) -> Result<Self> {
        Self::open_within(address, Limits::default()).await
    }

    /// The same with other limits.
    pub(super) async fn open_within(address: &str, limits: Limits) -> Result<Self> {
        open(address, limits).await.map(|inner| Self(Arc::new(inner)))
    }
}

/// How the layout of a store stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layout {
    /// There is nothing in it.
    Empty,
    /// Made by an older version.
    Older,
    Current,
}

/// One migration as the database has it: its number and the checksum of its text.
type Applied = (i64, Vec<u8>);

pub(super) async fn open(address: &str, limits: Limits) -> Result<Inner> {
    let scheme = address.split_once(':').map(|(scheme, _)| scheme);
    match scheme {
        Some("postgres" | "postgresql") => open_postgres(address, limits).await,
        Some("sqlite") => {
            let path = address.strip_prefix("sqlite:").unwrap_or(address);
            open_sqlite(path.strip_prefix("//").unwrap_or(path), limits).await
        }
        // Whatever comes behind may be a password.
        Some(scheme) if address.contains("://") => {
            let why = "write a path, sqlite:PATH or postgres://USER@HOST/DATABASE".to_owned();
            Err(StoreError::Open { store: format!("{scheme}://…"), why, away: false })
        }
        _ => open_sqlite(address, limits).await,
    }
}

/// The layouts in the order in which they are made: number, name, and the text for SQLite and for PostgreSQL. A text
/// that was ever released does not change.
const LAYOUTS: [(i64, &str, &str, &str); 9] = [
    (
        1,
        "store",
        include_str!("../../migrations/sqlite/0001_store.sql"),
        include_str!("../../migrations/postgres/0001_store.sql"),
    ),
    (
        2,
        "login refused",
        include_str!("../../migrations/sqlite/0002_login_refused.sql"),
        include_str!("../../migrations/postgres/0002_login_refused.sql"),
    ),
    (
        3,
        "site clock",
        include_str!("../../migrations/sqlite/0003_site_clock.sql"),
        include_str!("../../migrations/postgres/0003_site_clock.sql"),
    ),
    (
        4,
        "menus",
        include_str!("../../migrations/sqlite/0004_menus.sql"),
        include_str!("../../migrations/postgres/0004_menus.sql"),
    ),
    (
        5,
        "web",
        include_str!("../../migrations/sqlite/0005_web.sql"),
        include_str!("../../migrations/postgres/0005_web.sql"),
    ),
    (
        6,
        "rounds",
        include_str!("../../migrations/sqlite/0006_rounds.sql"),
        include_str!("../../migrations/postgres/0006_rounds.sql"),
    ),
    (
        7,
        "api",
        include_str!("../../migrations/sqlite/0007_api.sql"),
        include_str!("../../migrations/postgres/0007_api.sql"),
    ),
    (
        9,
        "planning",
        include_str!("../../migrations/sqlite/0009_planning.sql"),
        include_str!("../../migrations/postgres/0009_planning.sql"),
    ),
    (
        11,
        "channels",
        include_str!("../../migrations/sqlite/0011_channels.sql"),
        include_str!("../../migrations/postgres/0011_channels.sql"),
    ),
];

fn migrator(postgres: bool) -> Migrator {
    let one = |(number, name, sqlite, of_postgres): (i64, &'static str, &'static str, &'static str)| {
        let layout = if postgres { of_postgres } else { sqlite };
        Migration::new(number, name.into(), MigrationType::Simple, layout.into_sql_str(), false)
    };
    Migrator::with_migrations(LAYOUTS.into_iter().map(one).collect())
}

/// Compares what was applied to what is known.
fn layout(store: &str, migrator: &Migrator, applied: &[Applied]) -> Result<Layout> {
    let known = migrator.iter().map(|migration| migration.version).max().unwrap_or_default();
    let found = applied.iter().map(|(version, _)| *version).max().unwrap_or_default();
    if found > known {
        return Err(StoreError::Newer { store: store.to_owned(), found, known });
    }
    for (version, checksum) in applied {
        if !migrator.iter().any(|one| one.version == *version && one.checksum == checksum.as_slice()) {
            let why = "its layout was made by another program, or changed by hand".to_owned();
            return Err(StoreError::Damaged { store: store.to_owned(), why });
        }
    }
    Ok(match (applied.is_empty(), found == known) {
        (true, _) => Layout::Empty,
        (_, true) => Layout::Current,
        (_, false) => Layout::Older,
    })
}

fn of_migration(store: &str, error: MigrateError) -> StoreError {
    match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
            StoreError::of(store, error)
        }
        other => StoreError::Damaged { store: store.to_owned(), why: other.to_string() },
    }
}

/// Reads the list of applied migrations.
macro_rules! applied {
    ($connection:expr) => {
        sqlx::query("SELECT version, checksum FROM _sqlx_migrations ORDER BY version")
            .fetch_all($connection)
            .await
            .and_then(|rows| {
                rows.iter()
                    .map(|row| Ok((row.try_get("version")?, row.try_get("checksum")?)))
                    .collect::<std::result::Result<Vec<Applied>, sqlx::Error>>()
            })
    };
}

async fn open_sqlite(path: &str, limits: Limits) -> Result<Inner> {
    let cannot = |why: String| StoreError::Open { store: path.to_owned(), why, away: false };
    if path.is_empty() || path.starts_with(":memory:") {
        return Err(cannot("give the path of a file".to_owned()));
    }
    // SQLite would take it for an address of its own kind.
    let file = if path.starts_with("file:") { Path::new(".").join(path) } else { path.into() };
    let was_empty = file.metadata().is_ok_and(|found| is_left_empty(&found));
    make_file(&file).map_err(cannot)?;
    let options = SqliteConnectOptions::new()
        .filename(&file)
        .busy_timeout(limits.busy_timeout)
        .foreign_keys(true)
        .row_buffer_size(ROWS_AT_ONCE)
        .disable_statement_logging();
    let pool = |most| {
        PoolOptions::new()
            .max_connections(most)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .acquire_timeout(limits.busy_timeout + ACQUIRE_TIMEOUT)
    };
    let readers = pool(MAX_READERS).connect_lazy_with(options.clone().pragma("query_only", "ON"));
    let mut write = options.journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full);
    if let Some(most) = limits.most_pages {
        write = write.pragma("max_page_count", most.to_string());
    }
    let writer = pool(1).connect_lazy_with(write);

    let migrator = migrator(false);
    let is_new = match sqlite_layout(path, &readers, &migrator).await? {
        Layout::Current => false,
        Layout::Empty | Layout::Older => {
            let began = SystemClock.monotonic();
            loop {
                match migrate_sqlite(path, &writer, &migrator).await {
                    // Two processes that turn one new file to its journal mode cannot wait for each other.
                    Err(StoreError::Locked { .. })
                        if SystemClock.monotonic().saturating_sub(began) < limits.busy_timeout =>
                    {
                        tokio::time::sleep(MAKE_GAP).await;
                    }
                    done => break done?,
                }
            }
        }
    };
    if is_new && was_empty {
        tracing::error!(
            "the store {path} was an empty file: it is a new store now. If it held bookings, end this program and put \
             a backup in its place"
        );
    }
    Ok(Inner { engine: Engine::Sqlite { writer, readers }, address: path.to_owned(), is_new })
}

/// Whether a file is empty that no other process is about to fill.
fn is_left_empty(found: &std::fs::Metadata) -> bool {
    let age = found.modified().ok().and_then(|at| at.elapsed().ok());
    found.is_file() && found.len() == 0 && age.is_none_or(|age| age > LEFT_EMPTY)
}

/// Makes an empty file that only its owner can read, and the folders above it, where there is none. SQLite
/// gives its other files the same rights.
fn make_file(path: &Path) -> std::result::Result<(), String> {
    match path.metadata() {
        Ok(found) if found.is_dir() => return Err("it is a folder: give the path of a file".to_owned()),
        Ok(_) => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error.to_string()),
    }
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        system::owner_only_folder(&mut builder)
            .create(folder)
            .map_err(|error| format!("the folder {} cannot be made: {error}", folder.display()))?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    match system::owner_only(&mut options).open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(format!("the file cannot be made: {error}"))
        }
        _ => Ok(()),
    }
}

async fn sqlite_layout(path: &str, readers: &SqlitePool, migrator: &Migrator) -> Result<Layout> {
    let of = |error| StoreError::of(path, error);
    // Twice: another process may make it between the two looks.
    for _ in 0..2 {
        match applied!(readers) {
            Ok(applied) if !applied.is_empty() => return layout(path, migrator, &applied),
            Err(error) if !is_missing_table(&error) => return Err(of(error)),
            _ => {}
        }
        let tables = "SELECT COUNT(*) FROM sqlite_master WHERE name <> '_sqlx_migrations'";
        let others: i64 = sqlx::query_scalar(tables).fetch_one(readers).await.map_err(of)?;
        if others == 0 {
            return Ok(Layout::Empty);
        }
    }
    let why = "it is a database of another program".to_owned();
    Err(StoreError::Damaged { store: path.to_owned(), why })
}

fn is_missing_table(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| {
        // PostgreSQL has a code for it, SQLite only words.
        error.code().as_deref() == Some("42P01") || error.message().starts_with("no such table")
    })
}

/// Brings the layout up to date, and says whether there was none.
async fn migrate_sqlite(path: &str, writer: &SqlitePool, migrator: &Migrator) -> Result<bool> {
    let of = |error| StoreError::of(path, error);
    // One transaction around all: a second process waits here, and then finds nothing to do.
    let mut tx = writer.begin_with("BEGIN IMMEDIATE").await.map_err(of)?;
    let is_new = match applied!(&mut *tx) {
        Ok(applied) => applied.is_empty(),
        Err(error) if is_missing_table(&error) => true,
        Err(error) => return Err(of(error)),
    };
    migrator.run_direct(None, &mut *tx, false).await.map_err(|error| of_migration(path, error))?;
    tx.commit().await.map_err(of)?;
    Ok(is_new)
}

async fn open_postgres(address: &str, limits: Limits) -> Result<Inner> {
    // Without the slashes a part of it would be taken for the name of a database, and shown.
    let parsed = address.contains("://").then(|| PgConnectOptions::from_str(address));
    let Some(Ok(options)) = parsed else {
        let why = "write postgres://USER:PASSWORD@HOST:PORT/DATABASE, with %XX for special characters";
        let store = "postgres://…".to_owned();
        return Err(StoreError::Open { store, why: why.to_owned(), away: false });
    };
    let options = options.application_name("rent-runner").disable_statement_logging();
    let shown = shown(&options);
    let of = |error| StoreError::of(&shown, error);

    // Not through the pool: it would wait for a server that is not there.
    let connecting = tokio::time::timeout(CONNECT_TIMEOUT, PgConnection::connect_with(&options));
    let no_answer = || StoreError::Open {
        store: shown.clone(),
        why: format!("it cannot be reached: no answer within {} s", CONNECT_TIMEOUT.as_secs()),
        away: true,
    };
    let mut connection = connecting.await.map_err(|_| no_answer())?.map_err(of)?;
    let migrator = migrator(true);
    let standing = match applied!(&mut connection) {
        Ok(applied) => layout(&shown, &migrator, &applied)?,
        Err(error) if is_missing_table(&error) => Layout::Empty,
        Err(error) => return Err(of(error)),
    };
    if standing != Layout::Current {
        migrator
            .run_direct(None, &mut connection, false)
            .await
            .map_err(|error| of_migration(&shown, error))?;
    }
    // The session ends by itself where this cannot be said.
    let _ = connection.close().await;

    let wait = i64::try_from(limits.busy_timeout.as_millis()).unwrap_or(i64::MAX);
    let pool = PgPoolOptions::new()
        .max_connections(MAX_CONNECTIONS)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .after_connect(move |connection, _| {
            Box::pin(async move {
                // A process that was stopped must not keep its locks for ever, and what is committed has
                // to be on the disk, whatever the server's own setting.
                let session = "SELECT set_config('lock_timeout', $1, false), \
                     set_config('idle_in_transaction_session_timeout', '60s', false), \
                     set_config('synchronous_commit', CASE current_setting('synchronous_commit') \
                         WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, false)";
                connection.execute(sqlx::query(session).bind(format!("{wait}ms"))).await.map(|_| ())
            })
        })
        .connect_lazy_with(options);
    let is_new = standing == Layout::Empty;
    Ok(Inner { engine: Engine::Postgres(pool), address: shown, is_new })
}

/// The address without a password.
fn shown(options: &PgConnectOptions) -> String {
    let database = options.get_database().unwrap_or(options.get_username());
    let (user, host, port) = (options.get_username(), options.get_host(), options.get_port());
    match options.get_socket() {
        Some(folder) => format!("postgres://{user}@localhost:{port}/{database}?host={}", folder.display()),
        None => format!("postgres://{user}@{host}:{port}/{database}"),
    }
}
