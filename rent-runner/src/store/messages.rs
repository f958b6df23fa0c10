//! Messages that wait to be sent, and what became of them.

use std::time::Duration;

use namyangju_rent::SeoulTime;
use serde_json::Value;

use super::sql::{Row, Sql, Tx, values};
use super::{BookingId, Result, Store};

/// A message to be sent; it holds no secret.
#[derive(Clone, Debug)]
pub(crate) struct NewMessage {
    pub(crate) booking: Option<BookingId>,
    /// `alarm`, `verdict`, `block`.
    pub(crate) kind: &'static str,
    /// What the texts are made from.
    pub(crate) body: Value,
    /// The names of the channels it goes to: one row each.
    pub(crate) channels: Vec<String>,
}

/// A message of one channel.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) id: i64,
    pub(crate) booking: Option<BookingId>,
    pub(crate) kind: String,
    pub(crate) body: Value,
    pub(crate) channel: String,
    pub(crate) created_at: SeoulTime,
    /// How often sending it has failed.
    pub(crate) tries: u32,
    pub(crate) last_error: Option<String>,
}

/// Stores one row for each channel.
pub(super) async fn put_message(tx: &mut Tx<'_>, message: &NewMessage) -> Result<()> {
    let body = message.body.to_string();
    for channel in &message.channels {
        let sql = "INSERT INTO message (booking_id, kind, body, channel, created_at, due_at) \
             VALUES ($1, $2, $3, $4, (SELECT now FROM clock), (SELECT now FROM clock))";
        tx.run(sql, values![message.booking.map(|id| id.0), message.kind, &body, channel]).await?;
    }
    Ok(())
}

fn message(row: &Row) -> Result<Message> {
    Ok(Message {
        id: row.int("id")?,
        booking: row.maybe_int("booking_id")?.map(BookingId),
        kind: row.text("kind")?,
        // One body that cannot be read must not keep back the messages taken with it: it is sent without its facts.
        body: row.json("body").unwrap_or_default(),
        channel: row.text("channel")?,
        created_at: row.time("created_at")?,
        tries: row.number("tries")?,
        last_error: row.maybe_text("last_error")?,
    })
}

impl Store {
    pub(crate) async fn enqueue(&self, message: &NewMessage) -> Result<()> {
        let mut tx = self.write().await?;
        put_message(&mut tx, message).await?;
        tx.commit().await
    }

    /// Takes messages that are due, so that no other runner sends them in the next `hold`; the oldest first.
    pub(crate) async fn take_messages(&self, most: u32, hold: Duration) -> Result<Vec<Message>> {
        let sql = Sql::Each {
            sqlite: "UPDATE message SET due_at = (SELECT now FROM clock) + $2 WHERE id IN ( \
                 SELECT id FROM message WHERE state = 'waiting' AND due_at <= (SELECT now FROM clock) \
                 ORDER BY due_at, id LIMIT $1) \
                 RETURNING id, booking_id, kind, body, channel, created_at, tries, last_error",
            postgres: "WITH due AS MATERIALIZED (SELECT id FROM message WHERE state = 'waiting' \
                 AND due_at <= (SELECT now FROM clock) ORDER BY due_at, id LIMIT $1 FOR UPDATE SKIP LOCKED) \
                 UPDATE message SET due_at = (SELECT now FROM clock) + $2 FROM due WHERE message.id = due.id \
                 RETURNING message.id, booking_id, kind, body, channel, created_at, tries, last_error",
        };
        let mut tx = self.write().await?;
        let rows = tx.rows(sql, values![most, hold]).await?;
        tx.commit().await?;
        let mut messages = rows.iter().map(message).collect::<Result<Vec<_>>>()?;
        messages.sort_by_key(|message| message.id);
        Ok(messages)
    }

    pub(crate) async fn message_sent(&self, id: i64) -> Result<()> {
        let sql = "UPDATE message SET state = 'sent', due_at = (SELECT now FROM clock), last_error = NULL \
             WHERE id = $1";
        self.run(sql, values![id]).await.map(|_| ())
    }

    /// Tries again after `wait`; `None` gives it up, with the error kept.
    pub(crate) async fn message_failed(&self, id: i64, error: &str, wait: Option<Duration>) -> Result<()> {
        let sql = "UPDATE message SET tries = tries + 1, last_error = $2, state = $3, \
             due_at = (SELECT now FROM clock) + $4 WHERE id = $1";
        let state = if wait.is_some() { "waiting" } else { "given-up" };
        self.run(sql, values![id, error, state, wait.unwrap_or_default()]).await.map(|_| ())
    }

    /// Puts a message off that was not tried: its tries stay as they are.
    pub(crate) async fn message_postponed(&self, id: i64, wait: Duration) -> Result<()> {
        let sql =
            "UPDATE message SET due_at = (SELECT now FROM clock) + $2 WHERE id = $1 AND state = 'waiting'";
        self.run(sql, values![id, wait]).await.map(|_| ())
    }

    /// Those that could not be sent yet, or were given up, the newest first.
    pub(crate) async fn messages_failing(&self, most: u32) -> Result<Vec<Message>> {
        let sql = "SELECT id, booking_id, kind, body, channel, created_at, tries, last_error FROM message \
             WHERE tries > 0 AND state <> 'sent' ORDER BY id DESC LIMIT $1";
        self.rows(sql, values![most]).await?.iter().map(message).collect()
    }

    /// How many wait to be sent.
    pub(crate) async fn messages_waiting(&self) -> Result<u64> {
        let sql = "SELECT COUNT(*) AS many FROM message WHERE state = 'waiting'";
        self.row(sql, &[]).await?.map_or(Ok(0), |row| row.number("many"))
    }
}
