//! The database, the key, the accounts, and whether a runner is there for what opens soon.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use namyangju_rent::clock::{Clock, SystemClock};

use super::{Findings, machine};
use crate::commands::which_store;
use crate::config::Config;
use crate::say::{retold, say};
use crate::store::{Filter, FoundBookings, State, Store, StoreError};
use crate::vault::{KeySource, Vault};
use crate::words::millis;

/// `serve` renews every few seconds, and cron starts `run-due` every five minutes.
const SEEN_LATELY: Duration = Duration::from_secs(6 * 60);

/// What opens within a day should have a runner.
const SOON: Duration = Duration::from_secs(24 * 3600);

/// What opens within half an hour must have one: preparation begins ten minutes before.
const VERY_SOON: Duration = Duration::from_secs(30 * 60);

/// Clocks of one machine agree to within this, in microseconds; those of two should.
const CLOCKS_AGREE: i64 = 500_000;

/// Opens the database, if it is there; a new one is not made.
pub(super) async fn open(findings: &mut Findings, config: &Config) -> Result<Option<Store>> {
    const WHAT: &str = "database";
    let path = which_store::file_of(&config.database);
    if let Some(path) = &path {
        if !path.exists() {
            findings.warning(
                WHAT,
                say!("doctor-no-database", path = path.display()),
                say!("doctor-makes-it"),
            )?;
            return Ok(None);
        }
        if machine::is_open_to_others(path) {
            let shown = path.display();
            findings.warning(
                WHAT,
                say!("doctor-others-read", shown = shown),
                format!("chmod 600 {shown}"),
            )?;
        }
    }
    let store = match Store::open(&config.database).await {
        Ok(store) => store,
        Err(error) => {
            findings.failed(WHAT, retold(&error.to_string()), say!("doctor-must-open"))?;
            return Ok(None);
        }
    };
    match examine(&store).await {
        Ok((version, ahead, took)) => {
            let text = say!("doctor-opens", store = store.address(), version = version, took = millis(took));
            findings.ok(WHAT, text)?;
            let apart = ahead.abs() / 1000;
            let text = match ahead < 0 {
                true => say!("doctor-database-behind", apart = apart),
                false => say!("doctor-database-ahead", apart = apart),
            };
            if ahead.abs() > CLOCKS_AGREE {
                let to_do = say!("doctor-set-both");
                findings.warning("clock", text, to_do)?;
            } else if store.is_shared() {
                findings.ok("clock", text)?;
            }
        }
        Err(error) => findings.failed(WHAT, retold(&error.to_string()), say!("doctor-must-answer"))?,
    }
    // It touches no row: no message has this number.
    match store.message_sent(0).await {
        Ok(()) | Err(StoreError::NotFound(_)) => findings.ok(WHAT, say!("doctor-writable"))?,
        Err(error) => findings.failed(WHAT, retold(&error.to_string()), say!("doctor-make-writable"))?,
    }
    if let Some(folder) = path.as_deref().map(folder) {
        machine::room(findings, folder)?;
    }
    match store.messages_waiting().await {
        Ok(0) | Err(_) => {}
        Ok(many) => findings.warning(
            "messages",
            say!("doctor-messages-wait", many = many),
            say!("doctor-sends-them"),
        )?,
    }
    Ok(Some(store))
}

/// The version of its layout, how far its clock is ahead in microseconds, and how long it took to answer.
async fn examine(store: &Store) -> crate::store::Result<(i64, i64, Duration)> {
    let version = store.version().await?;
    let (theirs, took) = store.now().await?;
    let ours = SystemClock.now().minus(took / 2);
    Ok((version, theirs.unix_micros().saturating_sub(ours.unix_micros()), took))
}

fn folder(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// The key, if something is sealed with it; a new one is not made.
pub(super) async fn key(findings: &mut Findings, config: &Config, store: &Store) -> Result<()> {
    const WHAT: &str = "key";
    match store.vault().await {
        Err(error) => return findings.failed(WHAT, retold(&error.to_string()), say!("doctor-answer-first")),
        Ok(None) => {
            return match &config.key {
                KeySource::File(path) if !path.exists() => findings.ok(WHAT, say!("doctor-no-key-yet")),
                _ => findings.ok(WHAT, say!("doctor-nothing-sealed")),
            };
        }
        Ok(Some(_)) => {}
    }
    match Vault::open(store, &config.key).await {
        Ok(_) => findings.ok(WHAT, say!("doctor-key-opens")),
        Err(error) => findings.failed(WHAT, retold(&format!("{error:#}")), say!("doctor-key-must-open")),
    }
}

/// The accounts, and their sites: a dialect's name or path, and another address than its own.
pub(super) async fn accounts(
    findings: &mut Findings,
    store: &Store,
) -> Result<Vec<(String, Option<String>)>> {
    const WHAT: &str = "accounts";
    let accounts = match store.accounts().await {
        Ok(accounts) => accounts,
        Err(error) => {
            findings.failed(WHAT, retold(&error.to_string()), say!("doctor-answer-first"))?;
            return Ok(Vec::new());
        }
    };
    // No names: what this prints is pasted into questions to others.
    let unchecked = accounts.iter().filter(|account| account.checked_at.is_none()).count();
    match (accounts.len(), unchecked) {
        (0, _) => findings.warning(WHAT, say!("doctor-no-accounts"), say!("doctor-add-account"))?,
        (all, 0) => findings.ok(WHAT, say!("doctor-accounts", all = all))?,
        (all, some) => findings.warning(
            WHAT,
            say!("doctor-accounts-never", all = all, some = some),
            say!("doctor-check-accounts"),
        )?,
    }
    Ok(accounts.into_iter().map(|account| (account.site, account.base_url)).collect())
}

/// Whether somebody is there for what opens soon.
pub(super) async fn runners(findings: &mut Findings, store: &Store) -> Result<()> {
    const WHAT: &str = "runner";
    let states = vec![State::Waiting, State::Armed, State::Firing];
    let filter = Filter { states, ..Filter::default() };
    let read = async {
        Ok::<_, StoreError>((store.now().await?.0, store.runners().await?, store.listed(&filter).await?))
    };
    let (now, runners, FoundBookings { bookings, unreadable }) = match read.await {
        Ok(read) => read,
        Err(error) => return findings.failed(WHAT, retold(&error.to_string()), say!("doctor-answer-first")),
    };
    for booking in &unreadable {
        findings.failed(
            "bookings",
            retold(&booking.to_string()),
            retold(&booking.to_do()).replace('\n', " "),
        )?;
    }
    let alive = runners.iter().filter(|runner| now.since(runner.seen_at) < SEEN_LATELY);
    let alive: Vec<_> = alive.filter(|runner| runner.stopped_at.is_none()).collect();
    let soon =
        |within: Duration| bookings.iter().filter(|booking| booking.opens_at < now.plus(within)).count();
    let (day, minutes) = (soon(SOON), soon(VERY_SOON));
    // One that was started by cron has ended by now, and comes again.
    let lately = runners.iter().any(|runner| now.since(runner.seen_at) < SEEN_LATELY);
    let to_do = say!("doctor-start-runner");
    if lately {
        let text = match alive.len() {
            0 => say!("doctor-ran-lately"),
            many => say!("doctor-at-work", many = many),
        };
        return findings.ok(WHAT, say!("doctor-runners", text = text, day = day));
    }
    let text = say!("doctor-no-runner", day = day, minutes = minutes);
    match (minutes, bookings.len()) {
        (0, 0) => findings.ok(WHAT, say!("doctor-no-runner-needed")),
        (0, _) => findings.warning(WHAT, text, to_do),
        _ => findings.failed(WHAT, text, to_do),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_folder_lies_in_the_current_one() {
        assert_eq!(folder(Path::new("rent.db")), Path::new("."));
    }
}
