//! The commands, one verb a file, and what several of them need: the settings, the store, the vault.

pub(crate) mod accounts;
pub(crate) mod add;
pub(crate) mod applicants;
pub(crate) mod backup;
mod backup_file;
pub(crate) mod book;
pub(crate) mod calendar;
pub(crate) mod cancel;
pub(crate) mod capture;
pub(crate) mod clock;
pub(crate) mod complete;
pub(crate) mod completions;
pub(crate) mod demo;
pub(crate) mod doctor;
mod dry_run;
pub(crate) mod edit;
pub(crate) mod export;
pub(crate) mod import;
pub(crate) mod list;
pub(crate) mod man;
pub(crate) mod notify;
pub(crate) mod places;
pub(crate) mod restore;
pub(crate) mod retry;
pub(crate) mod run_due;
pub(crate) mod schema;
pub(crate) mod serve;
pub(crate) mod settings;
pub(crate) mod show;
pub(crate) mod site;
pub(crate) mod sites;
pub(crate) mod slots;
pub(crate) mod status;
pub(crate) mod web;
mod which_store;

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use namyangju_rent::clock::{Clock as _, SystemClock};

use crate::bad_input::BadInput;
use crate::cli::At;
use crate::config::{Config, Flags, Source};
use crate::documents;
use crate::exit;
use crate::request;
use crate::runner::Identity;
use crate::say;
use crate::say::say;
use crate::store::{BookingId, Store, UnreadableBooking};
use crate::telemetry::logs;
use crate::terminal::{self, booking};
use crate::vault::{KeySource, Vault};

/// How long before the opening a runner prepares a booking.
const PREPARATION: Duration = Duration::from_secs(10 * 60);

/// How long a command waits for a store that it can do without: an opening may be seconds away.
const IN_PASSING: Duration = Duration::from_secs(1);

/// The settings. Their warnings go to stderr.
pub(crate) fn settings(flags: &Flags) -> Result<Config> {
    let config = Config::load(flags)?;
    logs::set_format(config.log_format);
    if let Source::File { .. } = config.sources.of("language") {
        say::from_settings(config.language);
    }
    config.warnings.iter().for_each(|warning| terminal::warning(&say::retold(warning)));
    Ok(config)
}

/// The settings with the site of a command.
pub(crate) fn settings_at(flags: Flags, at: &At) -> Result<Config> {
    settings_of(flags, |flags| at.apply_to(flags))
}

/// The settings with further flags of a command.
pub(crate) fn settings_of(mut flags: Flags, add: impl FnOnce(&mut Flags)) -> Result<Config> {
    add(&mut flags);
    settings(&flags)
}

/// Names the bookings that cannot be read, each with what to do, and gives the exit code: that of a store that cannot be
/// used, if there is one.
pub(crate) fn name_unreadable(unreadable: &[UnreadableBooking]) -> u8 {
    for booking in unreadable {
        terminal::error(&say::retold(&format!("{booking}\n{}", booking.to_do())));
    }
    if unreadable.is_empty() { exit::DONE } else { exit::NO_STORE }
}

/// Opens the store of the settings. Says so if it was made, and if a person may think of another one.
pub(crate) async fn open(config: &Config) -> Result<Store> {
    if config.database.is_empty() {
        let why = say!("no-home-for-store");
        return Err(BadInput(why).into());
    }
    let store = Store::open(&config.database).await?;
    if store.is_new() {
        terminal::note(&say!("store-made", store = store.address()));
    }
    which_store::warn_of_others(config, &store).await?;
    Ok(store)
}

/// Whether there is a store of the settings, as far as can be told without opening it.
fn is_there(config: &Config) -> bool {
    let path = config.database.strip_prefix("sqlite:").unwrap_or(&config.database);
    let is_file = !config.database.contains("://");
    !path.is_empty() && (!is_file || Path::new(path).metadata().is_ok_and(|found| found.len() > 0))
}

/// Opens the store of the settings for what is good to know and not needed: it is not made, and one that cannot be opened
/// at once is left alone.
async fn open_in_passing(config: &Config) -> Option<Store> {
    if !is_there(config) {
        return None;
    }
    tokio::time::timeout(IN_PASSING, Store::open(&config.database)).await.ok()?.ok()
}

/// Opens the store of the settings for a command that can do without it: it is not made, and a store that cannot be
/// opened is only told of.
async fn open_if_there(config: &Config) -> Option<Store> {
    if !is_there(config) {
        return None;
    }
    match Store::open(&config.database).await {
        Ok(store) => Some(store),
        Err(error) => {
            terminal::note(&say!("names-unusable", error = error));
            None
        }
    }
}

/// Opens the vault of a store, and says so if a key was made.
pub(crate) async fn open_vault(store: &Store, config: &Config) -> Result<Vault> {
    if config.key == KeySource::File(Path::new("").to_owned()) {
        let why = say!("no-home-for-key");
        return Err(BadInput(why).into());
    }
    let vault = Vault::open(store, &config.key).await?;
    if vault.is_new() {
        let place = match &config.key {
            KeySource::File(path) => path.display().to_string(),
            _ => say!("the-key"),
        };
        terminal::note(&say!("key-made", place = place));
    }
    Ok(vault)
}

/// The runner that was seen last, if it is there.
async fn living_runner(store: &Store) -> Result<Option<String>> {
    let now = SystemClock.now();
    let runners = store.runners().await?;
    let living =
        runners.into_iter().filter(|runner| runner.is_living(now)).max_by_key(|runner| runner.seen_at);
    Ok(living.map(|runner| Identity::name_of(&runner.name).to_owned()))
}

/// What was done to a booking.
#[derive(Clone, Copy, Debug)]
enum Told {
    Changed,
    Again,
}

/// Says how a booking stands after it was changed.
async fn tell(store: &Store, id: BookingId, as_json: bool, what: Told) -> Result<()> {
    let mut booking = store.booking(id).await?;
    request::courts::give_names(store, [&mut booking]).await;
    if as_json {
        terminal::json(&documents::ChangedDocument { booking: booking::json(&booking) })?;
    } else {
        let wish = booking.choices.first().map(|wish| booking::wish(&booking, wish)).unwrap_or_default();
        let opens = booking.opens_at;
        terminal::result(&match what {
            Told::Changed => say!("booking-changed", id = id, wish = wish, opens = opens),
            Told::Again => say!("booking-again", id = id, wish = wish, opens = opens),
        })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
