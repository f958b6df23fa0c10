//! One way to talk to both databases: statements, their values, rows, transactions.
//!
//! Both take `$1` for a value and `RETURNING`; what differs is said with [`Sql::Each`]. Each database has
//! a view `clock` with one column `now`, its own time in UTC microseconds.

use std::time::Duration;

use namyangju_rent::SeoulTime;
use serde::Serialize;
use serde::de::{DeserializeOwned, IntoDeserializer};
use serde_json::Value;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{Postgres, Row as _, Sqlite, Transaction};

use super::{Result, Sealed, StoreError};

/// A statement.
#[derive(Clone, Copy, Debug)]
pub(super) enum Sql {
    /// The same text for both databases.
    Both(&'static str),
    Each {
        sqlite: &'static str,
        postgres: &'static str,
    },
}

impl From<&'static str> for Sql {
    fn from(text: &'static str) -> Self {
        Self::Both(text)
    }
}

impl Sql {
    pub(super) fn sqlite(self) -> &'static str {
        match self {
            Self::Both(text) | Self::Each { sqlite: text, .. } => text,
        }
    }

    pub(super) fn postgres(self) -> &'static str {
        match self {
            Self::Both(text) | Self::Each { postgres: text, .. } => text,
        }
    }
}

/// A value of a statement. The kind is known even where there is no value: PostgreSQL asks for it.
#[derive(Clone, Copy)]
pub(super) enum Arg<'a> {
    Int(Option<i64>),
    Text(Option<&'a str>),
    Bytes(Option<&'a [u8]>),
}

impl From<i64> for Arg<'_> {
    fn from(value: i64) -> Self {
        Self::Int(Some(value))
    }
}

impl From<Option<i64>> for Arg<'_> {
    fn from(value: Option<i64>) -> Self {
        Self::Int(value)
    }
}

impl From<u32> for Arg<'_> {
    fn from(value: u32) -> Self {
        Self::Int(Some(value.into()))
    }
}

impl From<Option<u32>> for Arg<'_> {
    fn from(value: Option<u32>) -> Self {
        Self::Int(value.map(i64::from))
    }
}

impl From<usize> for Arg<'_> {
    fn from(value: usize) -> Self {
        Self::Int(Some(i64::try_from(value).unwrap_or(i64::MAX)))
    }
}

impl From<SeoulTime> for Arg<'_> {
    fn from(value: SeoulTime) -> Self {
        Self::Int(Some(value.unix_micros()))
    }
}

impl From<Option<SeoulTime>> for Arg<'_> {
    fn from(value: Option<SeoulTime>) -> Self {
        Self::Int(value.map(SeoulTime::unix_micros))
    }
}

impl From<Duration> for Arg<'_> {
    fn from(value: Duration) -> Self {
        Self::Int(Some(micros(value)))
    }
}

impl<'a> From<&'a str> for Arg<'a> {
    fn from(value: &'a str) -> Self {
        Self::Text(Some(value))
    }
}

impl<'a> From<&'a String> for Arg<'a> {
    fn from(value: &'a String) -> Self {
        Self::Text(Some(value))
    }
}

impl<'a> From<Option<&'a str>> for Arg<'a> {
    fn from(value: Option<&'a str>) -> Self {
        Self::Text(value)
    }
}

impl<'a> From<&'a Option<String>> for Arg<'a> {
    fn from(value: &'a Option<String>) -> Self {
        Self::Text(value.as_deref())
    }
}

impl<'a> From<&'a [u8]> for Arg<'a> {
    fn from(value: &'a [u8]) -> Self {
        Self::Bytes(Some(value))
    }
}

impl<'a> From<&'a Sealed> for Arg<'a> {
    fn from(value: &'a Sealed) -> Self {
        Self::Bytes(Some(&value.0))
    }
}

impl<'a> From<Option<&'a Sealed>> for Arg<'a> {
    fn from(value: Option<&'a Sealed>) -> Self {
        Self::Bytes(value.map(|sealed| sealed.0.as_slice()))
    }
}

/// The values of a statement, in the order of their numbers.
macro_rules! values {
    ($($value:expr),* $(,)?) => { &[$($crate::store::sql::Arg::from($value)),*] };
}
pub(super) use values;

/// A duration in microseconds, as it is stored.
pub(super) fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

/// The word that serde has for a variant, as it is stored.
pub(super) fn word_of(value: impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        other => other.unwrap_or_default().to_string(),
    }
}

/// The variant that serde has a word for.
pub(super) fn of_word<T: DeserializeOwned>(word: &str) -> Option<T> {
    T::deserialize(word.into_deserializer()).map_err(|_: serde::de::value::Error| ()).ok()
}

/// A row does not know which store it is from.
const OURS: &str = "of this program";

/// A row that was read.
pub(super) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

macro_rules! column {
    ($($name:ident -> $kind:ty),* $(,)?) => {$(
        pub(super) fn $name(&self, column: &'static str) -> Result<$kind> {
            match self {
                Self::Sqlite(row) => row.try_get(column),
                Self::Postgres(row) => row.try_get(column),
            }
            .map_err(|error| StoreError::of(OURS, error))
        }
    )*};
}

impl Row {
    column! {
        int -> i64,
        maybe_int -> Option<i64>,
        text -> String,
        maybe_text -> Option<String>,
        bytes -> Vec<u8>,
        maybe_bytes -> Option<Vec<u8>>,
    }

    pub(super) fn time(&self, column: &'static str) -> Result<SeoulTime> {
        self.int(column).map(SeoulTime::from_unix_micros)
    }

    pub(super) fn maybe_time(&self, column: &'static str) -> Result<Option<SeoulTime>> {
        Ok(self.maybe_int(column)?.map(SeoulTime::from_unix_micros))
    }

    /// A whole number that fits into another kind.
    pub(super) fn number<T: TryFrom<i64>>(&self, column: &'static str) -> Result<T> {
        T::try_from(self.int(column)?).map_err(|_| damaged(column))
    }

    pub(super) fn flag(&self, column: &'static str) -> Result<bool> {
        Ok(self.int(column)? != 0)
    }

    pub(super) fn sealed(&self, column: &'static str) -> Result<Sealed> {
        self.bytes(column).map(Sealed)
    }

    /// A text that its type parses.
    pub(super) fn parsed<T: std::str::FromStr>(&self, column: &'static str) -> Result<T> {
        self.text(column)?.parse().map_err(|_| damaged(column))
    }

    /// The word of a variant.
    pub(super) fn word<T: DeserializeOwned>(&self, column: &'static str) -> Result<T> {
        of_word(&self.text(column)?).ok_or_else(|| damaged(column))
    }

    /// JSON.
    pub(super) fn json<T: DeserializeOwned>(&self, column: &'static str) -> Result<T> {
        serde_json::from_str(&self.text(column)?).map_err(|_| damaged(column))
    }
}

/// A stored value that cannot be understood.
pub(super) fn damaged(column: &str) -> StoreError {
    let why = format!("the column {column} cannot be understood");
    StoreError::Damaged { store: OURS.to_owned(), why }
}

/// Binds the values to a statement and runs it with one of the functions of a query.
macro_rules! query {
    ($sql:expr, $values:expr, $run:ident, $executor:expr) => {{
        let mut query = sqlx::query($sql);
        for value in $values {
            query = match *value {
                Arg::Int(value) => query.bind(value),
                Arg::Text(value) => query.bind(value),
                Arg::Bytes(value) => query.bind(value),
            };
        }
        query.$run($executor).await
    }};
}
pub(super) use query;

/// A transaction; nothing is kept of one that is dropped.
pub(super) struct Tx<'s> {
    /// The store's address for people.
    pub(super) store: &'s str,
    pub(super) engine: TxEngine,
}

pub(super) enum TxEngine {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

impl Tx<'_> {
    /// Runs a statement and gives how many rows it touched.
    pub(super) async fn run(&mut self, sql: impl Into<Sql>, values: &[Arg<'_>]) -> Result<u64> {
        let sql = sql.into();
        match &mut self.engine {
            TxEngine::Sqlite(tx) => {
                query!(sql.sqlite(), values, execute, &mut **tx).map(|done| done.rows_affected())
            }
            TxEngine::Postgres(tx) => {
                query!(sql.postgres(), values, execute, &mut **tx).map(|done| done.rows_affected())
            }
        }
        .map_err(|error| StoreError::of(self.store, error))
    }

    pub(super) async fn rows(&mut self, sql: impl Into<Sql>, values: &[Arg<'_>]) -> Result<Vec<Row>> {
        let sql = sql.into();
        match &mut self.engine {
            TxEngine::Sqlite(tx) => query!(sql.sqlite(), values, fetch_all, &mut **tx)
                .map(|rows| rows.into_iter().map(Row::Sqlite).collect()),
            TxEngine::Postgres(tx) => query!(sql.postgres(), values, fetch_all, &mut **tx)
                .map(|rows| rows.into_iter().map(Row::Postgres).collect()),
        }
        .map_err(|error| StoreError::of(self.store, error))
    }

    /// The first row.
    pub(super) async fn row(&mut self, sql: impl Into<Sql>, values: &[Arg<'_>]) -> Result<Option<Row>> {
        Ok(self.rows(sql, values).await?.into_iter().next())
    }

    /// Lets nobody else change a booking until the end of the transaction, so that the clock is read with
    /// the lock held. A writer of SQLite has the whole file.
    pub(super) async fn lock_booking(&mut self, id: super::BookingId) -> Result<()> {
        if matches!(self.engine, TxEngine::Postgres(_)) {
            self.rows("SELECT id FROM booking WHERE id = $1 FOR UPDATE", values![id.0]).await?;
        }
        Ok(())
    }

    /// Lets nobody else write to these tables until the end of the transaction.
    pub(super) async fn lock_tables(&mut self, postgres: &'static str) -> Result<()> {
        if matches!(self.engine, TxEngine::Postgres(_)) {
            self.run(postgres, &[]).await?;
        }
        Ok(())
    }

    /// Ends it without a change, and gives the reason back. A transaction that is only dropped keeps its locks
    /// until its connection is used again, and a claim passes by what is locked.
    pub(super) async fn refuse(self, why: StoreError) -> StoreError {
        // The reason for the end is what the caller needs to hear.
        let _ = match self.engine {
            TxEngine::Sqlite(tx) => tx.rollback().await,
            TxEngine::Postgres(tx) => tx.rollback().await,
        };
        why
    }

    /// Makes it durable.
    pub(super) async fn commit(self) -> Result<()> {
        match self.engine {
            TxEngine::Sqlite(tx) => tx.commit().await,
            TxEngine::Postgres(tx) => tx.commit().await,
        }
        .map_err(|error| StoreError::of(self.store, error))
    }
}
