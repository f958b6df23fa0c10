//! `cancel`.

use anyhow::Result;
use serde_json::{Value, json};

use crate::cli::Cancel;
use crate::config::Config;
use crate::store::{BookingId, State};
use crate::{exit, terminal};

/// Cancels each, and ends with the first failure if there was one.
pub(crate) async fn run(arguments: &Cancel, config: &Config) -> Result<u8> {
    let store = super::open(config).await?;
    let mut failed = None;
    let mut done: Vec<Value> = Vec::new();
    for id in arguments.ids.iter().copied().map(BookingId) {
        match store.cancel_booking(id).await {
            Ok(state) => {
                done.push(
                    json!({ "id": id, "state": state.as_str(), "cancel_asked": state != State::Cancelled }),
                );
                if !arguments.json {
                    terminal::result(&match state {
                        State::Cancelled => format!("booking {id} is cancelled"),
                        _ => format!(
                            "booking {id}: its runner was asked to cancel it; see `rent-runner show {id}`"
                        ),
                    })?;
                }
            }
            Err(error) if failed.is_none() => failed = Some(error),
            Err(error) => terminal::error(&error.to_string()),
        }
    }
    if arguments.json {
        terminal::json(&json!({ "bookings": done }))?;
    }
    store.close().await;
    match failed {
        Some(error) => Err(error.into()),
        None => Ok(exit::DONE),
    }
}
