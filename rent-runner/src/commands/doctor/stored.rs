//! The database, the key, the accounts, and whether a runner is there for what opens soon.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use namyangju_rent::clock::{Clock, SystemClock};

use super::{Findings, machine};
use crate::commands::which_store;
use crate::config::Config;
use crate::store::{Filter, FoundBookings, State, Store, StoreError};
use crate::vault::{KeySource, Vault};
use crate::words::{duration, millis};

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
                format!("{} is not there yet", path.display()),
                "the first `rent-runner account add` makes it",
            )?;
            return Ok(None);
        }
        if machine::is_open_to_others(path) {
            let shown = path.display();
            findings.warning(WHAT, format!("others can read {shown}"), format!("chmod 600 {shown}"))?;
        }
    }
    let store = match Store::open(&config.database).await {
        Ok(store) => store,
        Err(error) => {
            findings.failed(WHAT, error.to_string(), "nothing can be stored or booked until it opens")?;
            return Ok(None);
        }
    };
    match examine(&store).await {
        Ok((version, ahead, took)) => {
            let text = format!("{} opens, layout {version}, answers in {}", store.address(), millis(took));
            findings.ok(WHAT, text)?;
            let (apart, side) = (ahead.abs() / 1000, duration::side_of(ahead));
            let text = format!("the database's clock is {apart} ms {side} this machine's");
            if ahead.abs() > CLOCKS_AGREE {
                let to_do = "set both: leases go by the database's clock";
                findings.warning("clock", text, to_do)?;
            } else if store.is_shared() {
                findings.ok("clock", text)?;
            }
        }
        Err(error) => findings.failed(WHAT, error.to_string(), "nothing can be booked until it answers")?,
    }
    // It touches no row: no message has this number.
    match store.message_sent(0).await {
        Ok(()) | Err(StoreError::NotFound(_)) => findings.ok(WHAT, "it can be written to")?,
        Err(error) => findings.failed(WHAT, error.to_string(), "make it writable for this user")?,
    }
    if let Some(folder) = path.as_deref().map(folder) {
        machine::room(findings, folder)?;
    }
    match store.messages_waiting().await {
        Ok(0) | Err(_) => {}
        Ok(many) => findings.warning(
            "messages",
            format!("{many} wait to be sent"),
            "a runner sends them (`rent-runner serve`); `notify test` shows which channel fails",
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
        Err(error) => return findings.failed(WHAT, error.to_string(), "make the database answer first"),
        Ok(None) => {
            return match &config.key {
                KeySource::File(path) if !path.exists() => {
                    findings.ok(WHAT, "nothing is sealed yet; the key is made with the first account")
                }
                _ => findings.ok(WHAT, "nothing is sealed with it yet"),
            };
        }
        Ok(Some(_)) => {}
    }
    match Vault::open(store, &config.key).await {
        Ok(_) => findings.ok(WHAT, "it opens the stored secrets, and other users cannot read it"),
        Err(error) => findings.failed(WHAT, format!("{error:#}"), "no account can log in until it does"),
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
            findings.failed(WHAT, error.to_string(), "make the database answer first")?;
            return Ok(Vec::new());
        }
    };
    // No names: what this prints is pasted into questions to others.
    let unchecked = accounts.iter().filter(|account| account.checked_at.is_none()).count();
    match (accounts.len(), unchecked) {
        (0, _) => findings.warning(WHAT, "none is stored", "add one with `rent-runner account add`")?,
        (all, 0) => findings.ok(WHAT, format!("{all} stored, each has logged in before"))?,
        (all, some) => findings.warning(
            WHAT,
            format!("{all} stored, of which {some} never logged in"),
            "try them with `rent-runner account check`",
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
        Err(error) => return findings.failed(WHAT, error.to_string(), "make the database answer first"),
    };
    for booking in &unreadable {
        findings.failed("bookings", booking.to_string(), booking.to_do().replace('\n', " "))?;
    }
    let alive = runners.iter().filter(|runner| now.since(runner.seen_at) < SEEN_LATELY);
    let alive: Vec<_> = alive.filter(|runner| runner.stopped_at.is_none()).collect();
    let soon =
        |within: Duration| bookings.iter().filter(|booking| booking.opens_at < now.plus(within)).count();
    let (day, minutes) = (soon(SOON), soon(VERY_SOON));
    // One that was started by cron has ended by now, and comes again.
    let lately = runners.iter().any(|runner| now.since(runner.seen_at) < SEEN_LATELY);
    let to_do = "start `rent-runner serve`, or start `rent-runner run-due` every five minutes by cron";
    if lately {
        let text = match alive.len() {
            0 => "one ran in the last minutes, as cron starts them".to_owned(),
            many => format!("{many} at work"),
        };
        return findings.ok(WHAT, format!("{text}; bookings that open within a day: {day}"));
    }
    let text = format!(
        "none was seen lately; bookings that open within a day: {day}, within half an hour: {minutes}"
    );
    match (minutes, bookings.len()) {
        (0, 0) => findings.ok(WHAT, "none was seen lately, and no booking needs one"),
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
