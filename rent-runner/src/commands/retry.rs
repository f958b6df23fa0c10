//! `retry`: a booking that ended without success waits again.

use anyhow::Result;

use super::{Told, tell};
use crate::cli::Retry;
use crate::config::Config;
use crate::store::BookingId;
use crate::{exit, request, terminal};

/// Puts a booking back to waiting.
pub(crate) async fn run(arguments: &Retry, config: &Config) -> Result<u8> {
    let store = super::open(config).await?;
    let id = BookingId(arguments.id);
    let said = request::again(&store, id, arguments.opens_at).await?;
    said.iter().for_each(|line| terminal::note(line));
    tell(&store, id, arguments.json, Told::Again).await?;
    store.close().await;
    Ok(exit::DONE)
}
