//! Channels of messages that a command added, and what is told once.
//!
//! Their tokens end, and the service gives new ones for old. Two runners that renew at once could each make the token of
//! the other worthless, so that one claims the channel before it asks, and writes only as long as its claim is the last.

use std::time::Duration;

use namyangju_rent::SeoulTime;

use super::messages::put_message;
use super::sql::{Row, values};
use super::{NewMessage, Result, Sealed, Store, StoreError};

/// How long what was told is remembered: longer than any of it could be told again.
const REMEMBERED: Duration = Duration::from_secs(100 * 24 * 3600);

/// A channel as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct StoredChannel {
    pub(crate) name: String,
    /// `kakao`.
    pub(crate) kind: String,
    /// The kinds of messages that it gets.
    pub(crate) gets: Vec<String>,
    /// Its keys and tokens.
    pub(crate) data: Sealed,
    pub(crate) access_until: SeoulTime,
    /// From then on a person is needed, unless it is renewed before.
    pub(crate) refresh_until: SeoulTime,
    /// Why it can send nothing until a person has done something; in English.
    pub(crate) problem: Option<String>,
    pub(crate) authorised_at: SeoulTime,
    /// The number of its last claim or change.
    pub(crate) fence: i64,
    /// Whether somebody has claimed it to renew it.
    pub(crate) renewing: bool,
}

/// What changes when a channel is renewed or authorised.
#[derive(Clone, Debug)]
pub(crate) struct ChannelTokens {
    pub(crate) data: Sealed,
    pub(crate) access_until: SeoulTime,
    pub(crate) refresh_until: SeoulTime,
}

macro_rules! select_channels {
    ($rest:literal) => {
        concat!(
            "SELECT name, kind, gets, data, access_until, refresh_until, problem, authorised_at, fence, \
             CAST(CASE WHEN claimed_until > (SELECT now FROM clock) THEN 1 ELSE 0 END AS BIGINT) AS renewing \
             FROM channel ",
            $rest
        )
    };
}

fn channel(row: &Row) -> Result<StoredChannel> {
    Ok(StoredChannel {
        name: row.text("name")?,
        kind: row.text("kind")?,
        gets: row.text("gets")?.split(',').map(str::to_owned).collect(),
        data: row.sealed("data")?,
        access_until: row.time("access_until")?,
        refresh_until: row.time("refresh_until")?,
        problem: row.maybe_text("problem")?,
        authorised_at: row.time("authorised_at")?,
        fence: row.int("fence")?,
        renewing: row.flag("renewing")?,
    })
}

impl Store {
    /// All, in order of their names.
    pub(crate) async fn stored_channels(&self) -> Result<Vec<StoredChannel>> {
        let sql = select_channels!("ORDER BY name");
        self.rows(sql, &[]).await?.iter().map(channel).collect()
    }

    /// `None` if it was removed.
    pub(crate) async fn stored_channel(&self, name: &str) -> Result<Option<StoredChannel>> {
        let sql = select_channels!("WHERE name = $1");
        self.row(sql, values![name]).await?.as_ref().map(channel).transpose()
    }

    /// Adds a channel that a person has just authorised, or takes the place of the one of its name.
    pub(crate) async fn put_channel(
        &self,
        (name, kind): (&str, &str),
        gets: &[&str],
        tokens: &ChannelTokens,
        at: SeoulTime,
    ) -> Result<()> {
        let sql = "INSERT INTO channel \
             (name, kind, gets, data, access_until, refresh_until, authorised_at, fence) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, 1) ON CONFLICT (name) DO UPDATE SET kind = excluded.kind, \
             gets = excluded.gets, data = excluded.data, access_until = excluded.access_until, \
             refresh_until = excluded.refresh_until, problem = NULL, authorised_at = excluded.authorised_at, \
             fence = channel.fence + 1, claimed_until = NULL";
        let ChannelTokens { data, access_until, refresh_until } = tokens;
        let gets = gets.join(",");
        self.run(sql, values![name, kind, &gets, data, *access_until, *refresh_until, at]).await.map(|_| ())
    }

    /// # Errors
    /// `NotFound`.
    pub(crate) async fn remove_channel(&self, name: &str) -> Result<()> {
        match self.run("DELETE FROM channel WHERE name = $1", values![name]).await? {
            0 => Err(StoreError::NotFound(format!("there is no channel `{name}` in the store"))),
            _ => Ok(()),
        }
    }

    /// Claims the right to renew a channel that was read with this fence, and gives the fence of the claim; `None` if
    /// somebody else renews it, or has changed it since.
    pub(crate) async fn claim_channel(&self, name: &str, fence: i64, hold: Duration) -> Result<Option<i64>> {
        let sql = "UPDATE channel SET fence = fence + 1, claimed_until = (SELECT now FROM clock) + $3 WHERE name = $1 \
             AND fence = $2 AND (claimed_until IS NULL OR claimed_until <= (SELECT now FROM clock))";
        let claimed = self.run(sql, values![name, fence, hold]).await? == 1;
        Ok(claimed.then(|| fence.saturating_add(1)))
    }

    /// Keeps what a claim has brought and ends it; `false` if another claim or change came after it.
    pub(crate) async fn renew_channel(&self, name: &str, fence: i64, tokens: &ChannelTokens) -> Result<bool> {
        let sql = "UPDATE channel SET data = $3, access_until = $4, refresh_until = $5, problem = NULL, \
             claimed_until = NULL WHERE name = $1 AND fence = $2";
        let ChannelTokens { data, access_until, refresh_until } = tokens;
        Ok(self.run(sql, values![name, fence, data, *access_until, *refresh_until]).await? == 1)
    }

    /// Ends a claim that has brought nothing.
    pub(crate) async fn release_channel(&self, name: &str, fence: i64) -> Result<()> {
        let sql = "UPDATE channel SET claimed_until = NULL WHERE name = $1 AND fence = $2";
        self.run(sql, values![name, fence]).await.map(|_| ())
    }

    /// Keeps why a channel can send nothing until a person has done something, and ends the claim on it; a channel that
    /// was changed since it had this fence is left alone.
    pub(crate) async fn channel_broken(&self, name: &str, fence: i64, problem: &str) -> Result<()> {
        let sql = "UPDATE channel SET problem = $3, claimed_until = NULL WHERE name = $1 AND fence = $2";
        self.run(sql, values![name, fence, problem]).await.map(|_| ())
    }

    /// Puts a message into the outbox unless `what` was told before; gives whether it did.
    pub(crate) async fn tell_once(&self, what: &str, message: &NewMessage) -> Result<bool> {
        let mut tx = self.write().await?;
        tx.run("DELETE FROM told WHERE at < (SELECT now FROM clock) - $1", values![REMEMBERED]).await?;
        let sql =
            "INSERT INTO told (what, at) VALUES ($1, (SELECT now FROM clock)) ON CONFLICT (what) DO NOTHING";
        let is_new = tx.run(sql, values![what]).await? == 1;
        if is_new {
            put_message(&mut tx, message).await?;
        }
        tx.commit().await?;
        Ok(is_new)
    }
}
