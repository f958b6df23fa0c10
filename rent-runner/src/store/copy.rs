//! A whole store as rows: out of one database, and into another of either kind.
//!
//! A backup has to hold what a newer layout keeps as well, so that the columns are read from the database's own catalogue
//! and not listed here; only the tables are, because of their order. Sealed values stay sealed: a copy needs no key.

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use futures_util::TryStreamExt as _;
use serde::{Deserialize, Serialize};
use sqlx::{AssertSqlSafe, Row as _};

use super::claims::LIVING;
use super::sql::{Arg, Row, Sql, Tx, TxEngine, query, values};
use super::{Result, Store, StoreError};

/// Every table that is copied: one that points to another comes after it.
pub(super) const TABLES: [&str; 26] = [
    "vault",
    "account",
    "applicant",
    "booking",
    "choice",
    "event",
    "attempt",
    "page",
    "report",
    "opening",
    "time_number",
    "menus",
    "rounds",
    "month_look",
    "routes",
    "site_clock",
    "message",
    "channel",
    "told",
    "web_user",
    "web_browser",
    "web_booking",
    "web_account",
    "web_applicant",
    "web_favourite",
    "web_audit",
];

/// What stays: how the layout was made, which processes of which machine run, who is signed in, and which forms were sent. A
/// token that was removed must not come back with an old backup.
#[cfg(test)]
pub(super) const LEFT_BEHIND: [&str; 7] =
    ["_sqlx_migrations", "runner", "web_session", "web_link", "web_sent", "web_token", "web_creation"];

/// The table of the vault's check: alone it seals nothing yet.
const VAULT: &str = "vault";

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ColumnKind {
    Int,
    Text,
    Bytes,
}

#[derive(Clone, Debug)]
struct Column {
    name: String,
    kind: ColumnKind,
    /// Its place in the primary key, from 1; 0 is none.
    key: i64,
}

/// A value of a row. Bytes are written as base64.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Cell {
    Null,
    Int(i64),
    Text(String),
    Bytes { base64: String },
}

impl Cell {
    /// The bytes of one that holds bytes.
    pub(crate) fn bytes(&self) -> Option<Vec<u8>> {
        match self {
            Self::Bytes { base64 } => BASE64.decode(base64).ok(),
            _ => None,
        }
    }
}

/// A part of a store, in the order in which the parts come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Copied {
    /// The rows that follow are of this table, and have these columns.
    Table {
        table: String,
        columns: Vec<String>,
    },
    Row(Vec<Cell>),
    /// The highest number that a table has ever given: a number is not given again, even if its row is gone.
    LastNumber {
        numbered: String,
        last: i64,
    },
}

impl Store {
    /// Every row of one state of the store, part by part. The outer error is the store's, the inner one that of `take`.
    pub(crate) async fn copy_out(
        &self,
        mut take: impl FnMut(Copied) -> io::Result<()>,
    ) -> Result<io::Result<()>> {
        let mut tx = self.read().await?;
        for table in TABLES {
            let columns = columns(&mut tx, table).await?;
            let names = columns.iter().map(|column| column.name.clone()).collect();
            if let Err(error) = take(Copied::Table { table: table.to_owned(), columns: names }) {
                return Ok(Err(error));
            }
            let sql = select(table, &columns);
            let store = tx.store;
            macro_rules! each {
                ($tx:expr, $row:path) => {{
                    let mut rows = sqlx::query(AssertSqlSafe(sql)).fetch(&mut **$tx);
                    while let Some(row) =
                        rows.try_next().await.map_err(|error| StoreError::of(store, error))?
                    {
                        let row =
                            cells(&$row(row), &columns).map_err(|error| StoreError::of(store, error))?;
                        if let Err(error) = take(Copied::Row(row)) {
                            return Ok(Err(error));
                        }
                    }
                }};
            }
            match &mut tx.engine {
                TxEngine::Sqlite(tx) => each!(tx, Row::Sqlite),
                TxEngine::Postgres(tx) => each!(tx, Row::Postgres),
            }
        }
        for (table, last) in last_numbers(&mut tx).await? {
            if let Err(error) = take(Copied::LastNumber { numbered: table, last }) {
                return Ok(Err(error));
            }
        }
        tx.commit().await?;
        Ok(Ok(()))
    }

    /// Puts a copy into this store, all of it or nothing. What was claimed on the other machine can be claimed at once.
    /// `next` gives the parts; what it fails with is the inner error.
    ///
    /// # Errors
    /// `Conflict` if the store is not empty and `replace` is not given, or if a runner is at work on it; `Damaged` for
    /// a table or a column that this version does not know.
    pub(crate) async fn copy_in(
        &self,
        replace: bool,
        mut next: impl FnMut() -> io::Result<Option<Copied>>,
    ) -> Result<io::Result<()>> {
        let mut tx = self.write().await?;
        tx.lock_tables(
            "LOCK TABLE vault, account, applicant, booking, message, runner IN SHARE ROW EXCLUSIVE MODE",
        )
        .await?;
        if let Err(why) = may_be_filled(&mut tx, replace).await {
            return Err(tx.refuse(why).await);
        }
        for table in TABLES.iter().rev() {
            tx.run_text(format!("DELETE FROM {table}"), &[]).await?;
        }
        let mut into: Option<(String, Vec<ColumnKind>)> = None;
        loop {
            let part = match next() {
                Ok(Some(part)) => part,
                Ok(None) => break,
                // The transaction is dropped: nothing is kept.
                Err(error) => {
                    let why = StoreError::Conflict("the copy ended".to_owned());
                    let _ = tx.refuse(why).await;
                    return Ok(Err(error));
                }
            };
            let done = match part {
                Copied::Table { table, columns: named } => {
                    insert(&mut tx, &table, &named).await.map(|found| into = Some(found))
                }
                Copied::Row(row) => match &into {
                    Some((sql, kinds)) => put(&mut tx, sql, kinds, &row).await,
                    None => Err(damaged("a row stands before its table")),
                },
                Copied::LastNumber { numbered, last } => go_on_after(&mut tx, &numbered, last).await,
            };
            if let Err(why) = done {
                return Err(tx.refuse(why).await);
            }
        }
        tx.run("UPDATE booking SET owner = NULL, lease_until = NULL", &[]).await?;
        tx.run("UPDATE channel SET claimed_until = NULL", &[]).await?;
        tx.commit().await?;
        Ok(Ok(()))
    }

    /// The program that keeps the store and its version, for a report.
    pub(crate) async fn server(&self) -> Result<String> {
        let sql = Sql::Each {
            sqlite: "SELECT 'SQLite ' || sqlite_version() AS server",
            postgres: "SELECT 'PostgreSQL ' || current_setting('server_version') AS server",
        };
        self.row(sql, &[]).await?.map_or_else(|| Ok(String::new()), |row| row.text("server"))
    }
}

/// What a copy says that this version does not know, or that contradicts itself.
fn damaged(why: &str) -> StoreError {
    StoreError::Damaged { store: "of the backup".to_owned(), why: why.to_owned() }
}

/// Whether a copy may be put into the store.
async fn may_be_filled(tx: &mut Tx<'_>, replace: bool) -> Result<()> {
    let seen = "SELECT COUNT(*) AS many FROM runner \
         WHERE stopped_at IS NULL AND seen_at > (SELECT now FROM clock) - $1";
    let living = tx.row(seen, values![LIVING]).await?.map_or(Ok(0), |row| row.int("many"))?;
    if living > 0 {
        return Err(StoreError::Conflict(format!(
            "a runner is at work on the store {}: stop it first (one that was killed counts for 90 s)",
            tx.store
        )));
    }
    for table in TABLES {
        if replace || table == VAULT {
            continue;
        }
        let found = tx.rows_text(format!("SELECT 1 AS one FROM {table} LIMIT 1"), &[]).await?;
        if !found.is_empty() {
            return Err(StoreError::Conflict(format!(
                "the store {} is not empty: give another with --database, or --replace to lose what is in it",
                tx.store
            )));
        }
    }
    Ok(())
}

/// The columns of a table, in their order.
async fn columns(tx: &mut Tx<'_>, table: &str) -> Result<Vec<Column>> {
    let sql = Sql::Each {
        sqlite: "SELECT name AS column_name, type AS kind, pk AS key_place FROM pragma_table_info($1) ORDER BY cid",
        postgres: "SELECT c.column_name::text AS column_name, c.data_type::text AS kind, \
             COALESCE((SELECT k.ordinal_position::bigint FROM information_schema.table_constraints t \
             JOIN information_schema.key_column_usage k ON k.constraint_schema = t.constraint_schema \
             AND k.constraint_name = t.constraint_name AND k.table_name = t.table_name \
             WHERE t.constraint_type = 'PRIMARY KEY' AND t.table_schema = c.table_schema \
             AND t.table_name = c.table_name AND k.column_name = c.column_name), 0) AS key_place \
             FROM information_schema.columns c WHERE c.table_schema = current_schema() AND c.table_name = $1 \
             ORDER BY c.ordinal_position",
    };
    let rows = tx.rows(sql, values![table]).await?;
    let column = |row: &Row| {
        let kind = match row.text("kind")?.to_ascii_lowercase().as_str() {
            "integer" | "bigint" => ColumnKind::Int,
            "text" => ColumnKind::Text,
            "blob" | "bytea" => ColumnKind::Bytes,
            other => return Err(damaged(&format!("a column of the table {table} holds {other}"))),
        };
        Ok(Column { name: row.text("column_name")?, kind, key: row.int("key_place")? })
    };
    rows.iter().map(column).collect()
}

/// Reads a whole table, in the order of its key.
fn select(table: &str, columns: &[Column]) -> String {
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    let mut key: Vec<&Column> = columns.iter().filter(|column| column.key > 0).collect();
    key.sort_by_key(|column| column.key);
    let key: Vec<&str> = key.into_iter().map(|column| column.name.as_str()).collect();
    format!("SELECT {} FROM {table} ORDER BY {}", names.join(", "), key.join(", "))
}

fn cells(row: &Row, columns: &[Column]) -> std::result::Result<Vec<Cell>, sqlx::Error> {
    macro_rules! get {
        ($row:expr, $index:expr, $kind:expr) => {
            match $kind {
                ColumnKind::Int => $row.try_get::<Option<i64>, _>($index)?.map(Cell::Int),
                ColumnKind::Text => $row.try_get::<Option<String>, _>($index)?.map(Cell::Text),
                ColumnKind::Bytes => $row
                    .try_get::<Option<Vec<u8>>, _>($index)?
                    .map(|bytes| Cell::Bytes { base64: BASE64.encode(bytes) }),
            }
        };
    }
    let cell = |(index, column): (usize, &Column)| {
        let cell = match row {
            Row::Sqlite(row) => get!(row, index, column.kind),
            Row::Postgres(row) => get!(row, index, column.kind),
        };
        Ok(cell.unwrap_or(Cell::Null))
    };
    columns.iter().enumerate().map(cell).collect()
}

/// The statement that puts a row into a table of ours, and what its columns hold.
async fn insert(tx: &mut Tx<'_>, table: &str, named: &[String]) -> Result<(String, Vec<ColumnKind>)> {
    let table = TABLES.into_iter().find(|known| *known == table);
    let table = table.ok_or_else(|| damaged("it has a table that this version does not know"))?;
    let known = columns(tx, table).await?;
    let kind = |name: &String| {
        let column = known.iter().find(|column| column.name == *name);
        column.map(|column| column.kind).ok_or_else(|| {
            damaged(&format!("the table {table} has a column that this version does not know"))
        })
    };
    let kinds = named.iter().map(kind).collect::<Result<Vec<_>>>()?;
    let places: Vec<String> = (1..=named.len()).map(|number| format!("${number}")).collect();
    // Each name was found in the catalogue.
    let sql = format!("INSERT INTO {table} ({}) VALUES ({})", named.join(", "), places.join(", "));
    Ok((sql, kinds))
}

async fn put(tx: &mut Tx<'_>, sql: &str, kinds: &[ColumnKind], row: &[Cell]) -> Result<()> {
    let wrong = || damaged("a row does not fit its table");
    if row.len() != kinds.len() {
        return Err(wrong());
    }
    let decoded: Vec<Option<Vec<u8>>> = row.iter().map(Cell::bytes).collect();
    let mut args = Vec::with_capacity(row.len());
    for ((cell, kind), bytes) in row.iter().zip(kinds).zip(&decoded) {
        args.push(match (kind, cell) {
            (ColumnKind::Int, Cell::Int(value)) => Arg::Int(Some(*value)),
            (ColumnKind::Int, Cell::Null) => Arg::Int(None),
            (ColumnKind::Text, Cell::Text(value)) => Arg::Text(Some(value)),
            (ColumnKind::Text, Cell::Null) => Arg::Text(None),
            (ColumnKind::Bytes, Cell::Bytes { .. }) => Arg::Bytes(Some(bytes.as_deref().ok_or_else(wrong)?)),
            (ColumnKind::Bytes, Cell::Null) => Arg::Bytes(None),
            _ => return Err(wrong()),
        });
    }
    tx.run_text(sql.to_owned(), &args).await.map(|_| ())
}

/// The tables that number their rows themselves, each with the highest number that it gave.
async fn last_numbers(tx: &mut Tx<'_>) -> Result<Vec<(String, i64)>> {
    let sql = Sql::Each {
        sqlite: "SELECT name AS numbered, seq AS last FROM sqlite_sequence ORDER BY name",
        postgres: "SELECT c.table_name::text AS numbered, pg_sequence_last_value(pg_get_serial_sequence( \
             c.table_name::text, c.column_name::text)::regclass)::bigint AS last FROM information_schema.columns c \
             WHERE c.table_schema = current_schema() AND c.is_identity = 'YES' ORDER BY c.table_name",
    };
    let mut numbers = Vec::new();
    for row in tx.rows(sql, &[]).await? {
        let table = row.text("numbered")?;
        if let (Some(last), true) = (row.maybe_int("last")?, TABLES.contains(&table.as_str())) {
            numbers.push((table, last));
        }
    }
    Ok(numbers)
}

/// Makes a table go on with its numbers after this one.
async fn go_on_after(tx: &mut Tx<'_>, table: &str, last: i64) -> Result<()> {
    if !TABLES.contains(&table) || last < 1 {
        return Err(damaged("it numbers what this version does not number"));
    }
    if matches!(tx.engine, TxEngine::Postgres(_)) {
        let sql = "SELECT setval(pg_get_serial_sequence($1, 'id')::regclass, $2)::bigint AS last";
        return tx.rows(sql, values![table, last]).await.map(|_| ());
    }
    // SQLite has a row for a table from the first row of that table on.
    tx.run("DELETE FROM sqlite_sequence WHERE name = $1", values![table]).await?;
    tx.run("INSERT INTO sqlite_sequence (name, seq) VALUES ($1, $2)", values![table, last]).await.map(|_| ())
}

/// Statements that are put together here, of names that are the layout's own.
impl Tx<'_> {
    async fn run_text(&mut self, sql: String, values: &[Arg<'_>]) -> Result<u64> {
        match &mut self.engine {
            TxEngine::Sqlite(tx) => {
                query!(AssertSqlSafe(sql), values, execute, &mut **tx).map(|done| done.rows_affected())
            }
            TxEngine::Postgres(tx) => {
                query!(AssertSqlSafe(sql), values, execute, &mut **tx).map(|done| done.rows_affected())
            }
        }
        .map_err(|error| StoreError::of(self.store, error))
    }

    async fn rows_text(&mut self, sql: String, values: &[Arg<'_>]) -> Result<Vec<Row>> {
        match &mut self.engine {
            TxEngine::Sqlite(tx) => query!(AssertSqlSafe(sql), values, fetch_all, &mut **tx)
                .map(|rows| rows.into_iter().map(Row::Sqlite).collect()),
            TxEngine::Postgres(tx) => query!(AssertSqlSafe(sql), values, fetch_all, &mut **tx)
                .map(|rows| rows.into_iter().map(Row::Postgres).collect()),
        }
        .map_err(|error| StoreError::of(self.store, error))
    }
}
