//! Messages that wait to be sent, and what became of them.

use std::time::Duration;

use namyangju_rent::SeoulTime;
use serde_json::Value;

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
    pub(crate) tries: u32,
    pub(crate) last_error: Option<String>,
}

impl Store {
    pub(crate) async fn enqueue(&self, message: &NewMessage) -> Result<()> {
        todo!()
    }

    /// Takes messages that are due, so that no other runner sends them in the next `hold`.
    pub(crate) async fn take_messages(&self, most: u32, hold: Duration) -> Result<Vec<Message>> {
        todo!()
    }

    pub(crate) async fn message_sent(&self, id: i64) -> Result<()> {
        todo!()
    }

    /// Tries again after `wait`; `None` gives it up, with the error kept.
    pub(crate) async fn message_failed(&self, id: i64, error: &str, wait: Option<Duration>) -> Result<()> {
        todo!()
    }

    /// How many wait to be sent.
    pub(crate) async fn messages_waiting(&self) -> Result<u64> {
        todo!()
    }
}
