//! The open store: its connections, its clock, and what it keeps of the vault.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use namyangju_rent::SeoulTime;
use namyangju_rent::clock::{Clock, SystemClock};
use sqlx::{PgPool, Sqlite, SqlitePool, Transaction};

use super::sql::{Arg, Row, Sql, Tx, TxEngine, query, values};
use super::{Result, SealPurpose, Sealed, StoreError};

/// An open store. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Store(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) engine: Engine,
    /// For people: without a password.
    pub(super) address: String,
    pub(super) is_new: bool,
}

/// The connections, each made when it is first needed.
pub(super) enum Engine {
    Sqlite {
        /// One: writers of SQLite wait for each other anyway, and here they do so in order.
        writer: SqlitePool,
        readers: SqlitePool,
    },
    Postgres(PgPool),
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Store").field(&self.0.address).finish()
    }
}

/// What the store keeps of the vault: a text sealed with its key, to tell a wrong key at once.
#[derive(Clone, Debug)]
pub(crate) struct VaultRow {
    pub(crate) check: Sealed,
}

impl Store {
    /// Whether this call made it.
    pub(crate) fn is_new(&self) -> bool {
        self.0.is_new
    }

    /// Its address for people: a path, or the server and database without the password.
    pub(crate) fn address(&self) -> &str {
        &self.0.address
    }

    /// Whether several machines may share it.
    pub(crate) fn is_shared(&self) -> bool {
        matches!(self.0.engine, Engine::Postgres(_))
    }

    /// The database's own clock, and how long asking took.
    pub(crate) async fn now(&self) -> Result<(SeoulTime, Duration)> {
        // The first statement may have to connect.
        self.rows("SELECT now FROM clock", &[]).await?;
        let asked = SystemClock.monotonic();
        let row = self.row("SELECT now FROM clock", &[]).await?;
        let took = SystemClock.monotonic().saturating_sub(asked);
        let row = row.ok_or_else(|| self.failed("its clock gave nothing"))?;
        Ok((row.time("now")?, took))
    }

    /// Writes what is there already, durably: whether bookings can be noted at all, which reading does not tell.
    pub(crate) async fn try_to_write(&self) -> Result<()> {
        self.run("UPDATE vault SET sealed_check = sealed_check WHERE id = 1", &[]).await.map(|_| ())
    }

    /// The version of the layout, for `doctor`.
    pub(crate) async fn version(&self) -> Result<i64> {
        let sql = "SELECT CAST(COALESCE(MAX(version), 0) AS BIGINT) AS version FROM _sqlx_migrations";
        self.row(sql, &[]).await?.map_or(Ok(0), |row| row.int("version"))
    }

    pub(crate) async fn vault(&self) -> Result<Option<VaultRow>> {
        let row = self.row("SELECT sealed_check FROM vault WHERE id = 1", &[]).await?;
        row.map(|row| Ok(VaultRow { check: row.sealed("sealed_check")? })).transpose()
    }

    /// Sets it where there is none; `false` if another process was faster.
    pub(crate) async fn set_vault(&self, row: &VaultRow) -> Result<bool> {
        let mut tx = self.write().await?;
        let sql = "INSERT INTO vault (id, sealed_check) VALUES (1, $1) ON CONFLICT (id) DO NOTHING";
        let set = tx.run(sql, values![&row.check]).await? == 1;
        tx.commit().await?;
        Ok(set)
    }

    /// Calls a function with what is kept of the vault while nobody can change it.
    pub(crate) async fn with_vault<T>(&self, look: impl FnOnce(Option<VaultRow>) -> T + Send) -> Result<T> {
        let mut tx = self.write().await?;
        tx.lock_tables("LOCK TABLE vault IN SHARE ROW EXCLUSIVE MODE").await?;
        let row = tx.row("SELECT sealed_check FROM vault WHERE id = 1", &[]).await?;
        let row = row.map(|row| row.sealed("sealed_check")).transpose()?;
        let looked = look(row.map(|check| VaultRow { check }));
        tx.commit().await?;
        Ok(looked)
    }

    /// Seals everything anew in one transaction, the vault's check first, and gives how many secrets that
    /// were. `seal` is told what each one is; a session that it fails with is forgotten. Waiting bookings may be
    /// leased: their runners go on with what they hold in memory.
    ///
    /// # Errors
    /// `Failed` with the words of `seal` where it fails with anything else, and then all is as before.
    pub(crate) async fn reseal(
        &self,
        mut seal: impl FnMut(SealPurpose<'_>, &Sealed) -> std::result::Result<Sealed, String> + Send,
    ) -> Result<u64> {
        let mut tx = self.write().await?;
        tx.lock_tables(
            "LOCK TABLE vault, account, applicant, booking, page, channel IN SHARE ROW EXCLUSIVE MODE",
        )
        .await?;
        let mut anew =
            |purpose: SealPurpose<'_>, old: &Sealed| seal(purpose, old).map_err(|why| self.failed(&why));
        let row = tx.row("SELECT sealed_check FROM vault WHERE id = 1", &[]).await?;
        let row = row.ok_or_else(|| self.failed("it has no vault yet"))?;
        let check = anew(SealPurpose::Check, &row.sealed("sealed_check")?)?;
        tx.run("UPDATE vault SET sealed_check = $1 WHERE id = 1", values![&check]).await?;
        let mut sealed = 0;
        for row in tx.rows("SELECT id, name, password, session FROM account", &[]).await? {
            let (id, name) = (row.int("id")?, row.text("name")?);
            let password = anew(SealPurpose::Password(&name), &row.sealed("password")?)?;
            let session = row.maybe_bytes("session")?.map(Sealed);
            // A runner that went on with the old key may have kept one that nobody can read: it logs in again.
            let session = session.and_then(|old| anew(SealPurpose::Session(&name), &old).ok());
            sealed += 1 + u64::from(session.is_some());
            let sql = "UPDATE account SET password = $2, session = $3 WHERE id = $1";
            tx.run(sql, values![id, &password, session.as_ref()]).await?;
        }
        for row in tx.rows("SELECT name, data FROM applicant", &[]).await? {
            let data = anew(SealPurpose::Applicant, &row.sealed("data")?)?;
            tx.run("UPDATE applicant SET data = $2 WHERE name = $1", values![&row.text("name")?, &data])
                .await?;
            sealed += 1;
        }
        for row in tx.rows("SELECT name, data FROM channel", &[]).await? {
            let name = row.text("name")?;
            let data = anew(SealPurpose::Channel(&name), &row.sealed("data")?)?;
            // A renewal that is under way has sealed with the old key: its claim ends here.
            let sql = "UPDATE channel SET data = $2, fence = fence + 1, claimed_until = NULL WHERE name = $1";
            tx.run(sql, values![&name, &data]).await?;
            sealed += 1;
        }
        for row in tx.rows("SELECT id, application FROM booking", &[]).await? {
            let application = anew(SealPurpose::Applicant, &row.sealed("application")?)?;
            let sql = "UPDATE booking SET application = $2 WHERE id = $1";
            tx.run(sql, values![row.int("id")?, &application]).await?;
            sealed += 1;
        }
        // One at a time: each may have megabytes.
        for row in tx.rows("SELECT booking_id, round, attempt FROM page", &[]).await? {
            let key = values![row.int("booking_id")?, row.int("round")?, row.int("attempt")?];
            let sql = "SELECT body FROM page WHERE booking_id = $1 AND round = $2 AND attempt = $3";
            let Some(page) = tx.row(sql, key).await? else { continue };
            let body = anew(SealPurpose::Page, &page.sealed("body")?)?;
            let sql = "UPDATE page SET body = $4 WHERE booking_id = $1 AND round = $2 AND attempt = $3";
            let [booking, round, attempt] = *key;
            tx.run(sql, &[booking, round, attempt, Arg::from(&body)]).await?;
            sealed += 1;
        }
        tx.commit().await?;
        Ok(sealed)
    }

    /// Waits for what is written and closes.
    pub(crate) async fn close(&self) {
        match &self.0.engine {
            Engine::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Engine::Postgres(pool) => pool.close().await,
        }
    }

    pub(super) fn failed(&self, why: &str) -> StoreError {
        StoreError::Failed { store: self.0.address.clone(), why: why.to_owned() }
    }

    /// Begins a transaction that writes.
    pub(super) async fn write(&self) -> Result<Tx<'_>> {
        let engine = match &self.0.engine {
            Engine::Sqlite { writer, .. } => begin_immediate(writer).await.map(TxEngine::Sqlite),
            Engine::Postgres(pool) => pool.begin().await.map(TxEngine::Postgres),
        };
        self.began(engine)
    }

    /// Begins a transaction that reads one state of the store with several statements.
    pub(super) async fn read(&self) -> Result<Tx<'_>> {
        let engine = match &self.0.engine {
            Engine::Sqlite { readers, .. } => readers.begin().await.map(TxEngine::Sqlite),
            Engine::Postgres(pool) => {
                let sql = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
                pool.begin_with(sql).await.map(TxEngine::Postgres)
            }
        };
        self.began(engine)
    }

    fn began(&self, engine: std::result::Result<TxEngine, sqlx::Error>) -> Result<Tx<'_>> {
        let engine = engine.map_err(|error| StoreError::of(&self.0.address, error))?;
        Ok(Tx { store: &self.0.address, engine })
    }

    /// Reads with one statement.
    pub(super) async fn rows(&self, sql: impl Into<Sql>, values: &[Arg<'_>]) -> Result<Vec<Row>> {
        let sql = sql.into();
        match &self.0.engine {
            Engine::Sqlite { readers, .. } => query!(sql.sqlite(), values, fetch_all, readers)
                .map(|rows| rows.into_iter().map(Row::Sqlite).collect()),
            Engine::Postgres(pool) => query!(sql.postgres(), values, fetch_all, pool)
                .map(|rows| rows.into_iter().map(Row::Postgres).collect()),
        }
        .map_err(|error| StoreError::of(&self.0.address, error))
    }

    /// The first row of one statement.
    pub(super) async fn row(&self, sql: impl Into<Sql>, values: &[Arg<'_>]) -> Result<Option<Row>> {
        Ok(self.rows(sql, values).await?.into_iter().next())
    }

    /// Writes with one statement.
    pub(super) async fn run(&self, sql: impl Into<Sql>, values: &[Arg<'_>]) -> Result<u64> {
        let mut tx = self.write().await?;
        let touched = tx.run(sql, values).await?;
        tx.commit().await?;
        Ok(touched)
    }
}

/// Begins a transaction of SQLite that writes at once, and not with its first statement that does: that could
/// not wait for another writer.
async fn begin_immediate(
    writer: &SqlitePool,
) -> std::result::Result<Transaction<'static, Sqlite>, sqlx::Error> {
    const BEGIN: &str = "BEGIN IMMEDIATE";
    match writer.begin_with(BEGIN).await {
        // A full disk makes SQLite end a transaction by itself, and the driver does not hear of that: its
        // connection is of no use any more.
        Err(sqlx::Error::InvalidSavePointStatement | sqlx::Error::BeginFailed) => {
            writer.acquire().await?.close().await?;
            writer.begin_with(BEGIN).await
        }
        began => began,
    }
}
