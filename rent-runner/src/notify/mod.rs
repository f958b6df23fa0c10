//! Messages to people: what they say, over which channels, and that they arrive.

use std::time::Duration;

use namyangju_rent::Report;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::watch;

use crate::config::Config;
use crate::store::{Booking, NewMessage, State, Store};

/// The language of the texts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Language {
    #[default]
    Korean,
    English,
}

/// Where messages go: one `[[notify]]` table of the settings file. `Debug` shows no address or token.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Channel {
    pub(crate) name: String,
}

/// Sends what waits in the store's outbox.
#[derive(Clone, Debug)]
pub(crate) struct Notifier {}

impl Notifier {
    pub(crate) fn new(config: &Config) -> anyhow::Result<Self> {
        todo!()
    }

    /// The message of an alarm while a booking is prepared; `None` if no channel wants it.
    pub(crate) fn alarm(&self, booking: &Booking, text: &str) -> Option<NewMessage> {
        todo!()
    }

    /// The messages of a booking's end: a verdict, and a block if it was one.
    pub(crate) fn ended(
        &self,
        booking: &Booking,
        state: State,
        reason: Option<&str>,
        report: Option<&Report>,
    ) -> Vec<NewMessage> {
        todo!()
    }

    /// Sends what is due, again and again, until told to stop.
    pub(crate) async fn run(&self, store: Store, stop: watch::Receiver<bool>) {
        todo!()
    }

    /// Sends what waits, for so long at most; gives how many still wait.
    pub(crate) async fn flush(&self, store: &Store, most: Duration) -> u64 {
        todo!()
    }
}
