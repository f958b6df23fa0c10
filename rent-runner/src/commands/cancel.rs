//! `cancel`.

use anyhow::Result;

use crate::cli::Cancel;
use crate::config::Config;
use crate::documents::{CancelDocument, CancelFailure, CancelledBooking};
use crate::say::{retold, say};
use crate::store::{BookingId, State};
use crate::{exit, terminal};

/// Cancels each, and ends with the code of the first failure if there was one.
pub(crate) async fn run(arguments: &Cancel, config: &Config) -> Result<u8> {
    let store = super::open(config).await?;
    let mut failed = Vec::new();
    let mut done = Vec::new();
    for id in arguments.ids.iter().copied().map(BookingId) {
        match store.cancel_booking(id).await {
            Ok(state) => {
                let cancel_asked = state != State::Cancelled;
                done.push(CancelledBooking { id: id.0, state: state.as_str(), cancel_asked });
                if !arguments.json {
                    terminal::result(&match state {
                        State::Cancelled => say!("cancelled", id = id),
                        _ => say!("cancel-asked", id = id),
                    })?;
                }
            }
            Err(error) => {
                let error = anyhow::Error::from(error);
                let (id, code, message) = (id.0, exit::failure_code(&error), error.to_string());
                terminal::error(&retold(&message));
                failed.push(CancelFailure { id, code, message });
            }
        }
    }
    let code = failed.first().map_or(exit::DONE, |failure| failure.code);
    if arguments.json {
        terminal::json(&CancelDocument { bookings: done, failed })?;
    }
    store.close().await;
    Ok(code)
}
