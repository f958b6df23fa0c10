//! `edit`: a waiting booking is changed, and checked as if it were new.

use anyhow::Result;

use super::{Told, tell};
use crate::bad_input::BadInput;
use crate::cli::Edit;
use crate::config::Config;
use crate::say::say;
use crate::store::BookingId;
use crate::{exit, request, terminal};

/// Changes what is given, and checks the whole as if it were new.
pub(crate) async fn run(arguments: &Edit, config: &Config) -> Result<u8> {
    let store = super::open(config).await?;
    let id = BookingId(arguments.id);
    let edited = request::edited(&store, config, id, arguments, || super::open_vault(&store, config)).await?;
    if edited.is_nothing() {
        return Err(BadInput(say!("edit-nothing")).into());
    }
    store.edit_booking(id, &edited.change).await?;
    edited.notes.iter().for_each(|line| terminal::note(line));
    tell(&store, id, arguments.json, Told::Changed).await?;
    store.close().await;
    Ok(exit::DONE)
}
