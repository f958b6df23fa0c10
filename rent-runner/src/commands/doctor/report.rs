//! `doctor --report`: one file about this installation that can be put into an issue.
//!
//! It is made of what we know to be harmless: of a setting, whether it is set; of an account, that there is one. What is free
//! text (a site's answers, a page that nobody has described yet) goes through the scrubber, which knows everything that
//! the store has sealed. If the key does not open, the scrubber knows too little, and such texts are left out.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use anyhow::Result;
use namyangju_rent::SeoulTime;
use namyangju_rent::clock::{Clock as _, SystemClock};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use super::Findings;
use crate::bad_input::BadInput;
use crate::commands::which_store;
use crate::config::{self, Config, Source};
use crate::scrub::known::of_the_store;
use crate::scrub::{Scrubber, text_of_page};
use crate::store::{BookingHistory, BookingId, EventRow, Filter, SealPurpose, State, Store};
use crate::terminal::booking;
use crate::vault::{KeySource, Vault};
use crate::words::{duration, in_words};

/// Settings whose values tell nothing of a person, a machine or a network.
const HARMLESS: [&str; 5] = ["tls", "on-block", "most-at-once", "language", "log-format"];

/// The most of a page that is shown, in characters, and the most pages.
const MAX_PAGE: usize = 100_000;
const MAX_PAGES: usize = 3;

/// What the report is about.
pub(super) struct Subject<'a> {
    pub(super) config: Option<&'a Config>,
    pub(super) findings: &'a Findings,
    pub(super) booking: Option<i64>,
}

/// Writes the report, whole or not at all. Only its owner can read it until it is handed on.
pub(super) async fn write(path: &Path, subject: &Subject<'_>) -> Result<()> {
    let text = text(subject).await?;
    let unwritable =
        |error: std::io::Error| BadInput(format!("{} cannot be written: {error}", path.display()));
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut draft = NamedTempFile::new_in(folder).map_err(unwritable)?;
    draft.write_all(text.as_bytes()).map_err(unwritable)?;
    draft.persist(path).map_err(|error| unwritable(error.error))?;
    Ok(())
}

async fn text(subject: &Subject<'_>) -> Result<String> {
    let mut scrubber = Scrubber::default();
    let mut text = String::from("# rent-runner report\n\n");
    text.push_str(
        "Read it before you hand it on: what no program can know to be private may still stand in it.\n",
    );
    section(&mut text, "Versions", versions());
    let store = match subject.config {
        Some(config) => {
            of_this_machine(&mut scrubber, config);
            open(config).await
        }
        None => None,
    };
    let mut is_known = false;
    if let (Some(config), Some(store)) = (subject.config, &store) {
        is_known = of_the_store(&mut scrubber, config, store, subject.booking).await.is_ok();
    }
    let checks = subject.findings.checks.iter().map(|check| {
        let to_do = check.to_do.as_ref().map(|to_do| format!(": {to_do}")).unwrap_or_default();
        scrubber.text(&format!("{:?} {}: {}{to_do}", check.level, check.what, check.text))
    });
    section(&mut text, "Checks", checks.collect());
    if let Some(config) = subject.config {
        section(&mut text, "Settings", settings(config));
    }
    if let Some(store) = &store {
        let lines = state(store, &scrubber, is_known).await;
        section(&mut text, "Store", lines.unwrap_or_else(|error| vec![scrubber.text(&error.to_string())]));
    }
    if let Some(id) = subject.booking {
        let (Some(config), Some(store)) = (subject.config, &store) else {
            return Err(BadInput(
                "the store does not open: a report without --booking can be made".to_owned(),
            )
            .into());
        };
        let story = store.story(BookingId(id)).await?;
        let title = format!("Booking {id}");
        if is_known {
            section(&mut text, &title, events(&story, &scrubber));
            let document = serde_json::to_string_pretty(&document(&story, &scrubber))?;
            fenced(&mut text, "json", &document);
            pages(&mut text, &scrubber, config, store, &story).await?;
        } else {
            let why = "left out: the key does not open, so that nobody can tell what is private in it";
            section(&mut text, &title, vec![why.to_owned()]);
        }
    }
    if let Some(store) = store {
        store.close().await;
    }
    Ok(text)
}

fn section(text: &mut String, title: &str, lines: Vec<String>) {
    let _ = write!(text, "\n## {title}\n\n");
    fenced(text, "text", &lines.join("\n"));
}

/// A block whose fence is longer than any in it: what a site wrote cannot end it.
fn fenced(text: &mut String, kind: &str, inside: &str) {
    let longest = inside.split(|sign| sign != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest.max(2) + 1);
    let _ = writeln!(text, "{fence}{kind}\n{}\n{fence}", inside.trim_end());
}

/// The store, if it is there; none is made.
async fn open(config: &Config) -> Option<Store> {
    if which_store::file_of(&config.database).is_some_and(|path| !path.exists()) {
        return None;
    }
    Store::open(&config.database).await.ok()
}

fn versions() -> Vec<String> {
    let system = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    let system = system.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="));
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let container = ["/.dockerenv", "/run/.containerenv"].iter().any(|path| Path::new(path).exists());
    let by_systemd = std::env::var_os("INVOCATION_ID").is_some();
    vec![
        format!(
            "rent-runner {} ({})",
            env!("CARGO_PKG_VERSION"),
            if cfg!(debug_assertions) { "debug" } else { "release" }
        ),
        format!("TLS: rustls{}", if cfg!(feature = "native-tls") { ", native" } else { "" }),
        format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        format!("system {}, kernel {}", system.unwrap_or("unknown").trim_matches('"'), kernel.trim()),
        format!("in a container: {}; by systemd: {}", yes(container), yes(by_systemd)),
        format!("written {}", SystemClock.now()),
    ]
}

/// Whether a site is one of the program's own, and no path.
fn is_builtin(site: &str) -> bool {
    namyangju_rent::Site::builtin_toml(site).is_some()
}

fn yes(is_so: bool) -> &'static str {
    if is_so { "yes" } else { "no" }
}

/// What leads to this machine or to its user.
fn of_this_machine(scrubber: &mut Scrubber, config: &Config) {
    for name in ["HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "CREDENTIALS_DIRECTORY"] {
        if let Ok(place) = std::env::var(name) {
            scrubber.add_place(&place, &format!("${name}"));
        }
    }
    // With `sudo`, or as a service, they are in nobody's home that the environment names.
    let key = match &config.key {
        KeySource::File(path) => Some(path.clone()),
        _ => None,
    };
    let files = [which_store::file_of(&config.database), key, config.file.clone(), config.extra_ca.clone()];
    for folder in files.iter().flatten().filter_map(|file| file.parent()) {
        scrubber.add_place(&folder.to_string_lossy(), "[folder]");
    }
    for name in ["USER", "LOGNAME", "SUDO_USER"] {
        if let Ok(user) = std::env::var(name).as_deref()
            && user != "root"
        {
            scrubber.add(user, "user");
        }
    }
    for name in ["RENT_PASSWORD", "RENT_PASSPHRASE", "RENT_KEY", "RENT_NEW_KEY"] {
        if let Ok(secret) = std::env::var(name) {
            scrubber.add(&secret, "secret");
        }
    }
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    for name in [host.trim(), config.runner.as_str()] {
        if name != "localhost" {
            scrubber.add(name, "machine");
        }
    }
    for channel in &config.channels {
        scrubber.add(&channel.name, "channel");
    }
    if let Some(agent) = &config.user_agent {
        scrubber.add(agent, "user agent");
    }
    // `scheme://user:password@host:port/name`, and a proxy's in the same way.
    let routes = config.routes.iter().map(ToString::to_string);
    for address in routes.chain([config.database.clone()]) {
        let Some((_, rest)) = address.split_once("://") else { continue };
        for part in rest.split(['@', ':', '/', '?', '&', '=']).filter(|part| !COMMON.contains(part)) {
            scrubber.add(part, "address");
        }
    }
}

/// Parts of addresses that tell nothing, and that stand in our own sentences.
const COMMON: [&str; 9] =
    ["localhost", "127.0.0.1", "rent", "postgres", "host", "user", "password", "sslmode", "5432"];

fn settings(config: &Config) -> Vec<String> {
    let rows = config::rows(config).into_iter().map(|(key, value, source)| {
        let shown = match &value {
            Value::Null => "not set".to_owned(),
            Value::Array(list) => format!("{} set", list.len()),
            value if HARMLESS.contains(&key) => value.to_string(),
            Value::String(site) if key == "site" && is_builtin(site) => site.clone(),
            _ => "set".to_owned(),
        };
        let from = match source {
            Source::Default => "default".to_owned(),
            Source::File { line, .. } => format!("settings file, line {line}"),
            Source::Environment(name) => name.to_owned(),
            Source::Flag(name) => name.to_owned(),
        };
        format!("{key:<13} {shown} ({from})")
    });
    rows.collect()
}

/// How many of what, and which runners were seen: no name of any.
async fn state(store: &Store, scrubber: &Scrubber, is_known: bool) -> crate::store::Result<Vec<String>> {
    let (now, _) = store.now().await?;
    let kind = if store.is_shared() { "a server" } else { "a file" };
    let mut lines = vec![
        format!("{}, {kind}, layout {}", store.server().await?, store.version().await?),
        format!("accounts {}, of which refused by the site {}", store.accounts().await?.len(), {
            store.accounts().await?.iter().filter(|account| account.refused_at.is_some()).count()
        }),
        format!("applicants {}", store.applicants().await?.len()),
    ];
    for (number, account) in store.accounts().await?.iter().enumerate() {
        let site = if is_builtin(&account.site) { account.site.as_str() } else { "a dialect of its own" };
        let other = if account.base_url.is_some() { ", at another address" } else { "" };
        lines.push(format!("account {}: {site}{other}", number + 1));
    }
    for (state, many) in store.counts().await?.into_iter().filter(|(_, many)| *many > 0) {
        lines.push(format!("bookings {}: {many}", state.as_str()));
    }
    let open = State::ALL.into_iter().filter(|state| !state.is_over()).collect();
    let next = store.bookings(&Filter { states: open, most: Some(1), ..Filter::default() }).await?;
    lines.extend(next.first().map(|booking| format!("the next opens at {}", booking.opens_at)));
    for (number, runner) in store.runners().await?.iter().enumerate() {
        let stopped =
            runner.stopped_at.map(|at| format!(", stopped {} ago", ago(now, at))).unwrap_or_default();
        lines.push(format!(
            "runner {}: started {} ago, seen {} ago, holds {}{stopped}",
            number + 1,
            ago(now, runner.started_at),
            ago(now, runner.seen_at),
            runner.holds
        ));
    }
    lines.push(format!("messages that wait: {}", store.messages_waiting().await?));
    for message in store.messages_failing(10).await? {
        let why = message.last_error.filter(|_| is_known).map(|why| scrubber.text(&why)).unwrap_or_default();
        lines.push(format!("a message of the kind {} failed {} times: {why}", message.kind, message.tries));
    }
    Ok(lines)
}

fn ago(now: SeoulTime, at: SeoulTime) -> String {
    duration::text(std::time::Duration::from_secs(now.since(at).as_secs().max(1)))
}

/// What happened, line by line.
fn events(story: &BookingHistory, scrubber: &Scrubber) -> Vec<String> {
    let line =
        |row: &EventRow| scrubber.text(&format!("{} round {} {}", row.at, row.round, in_words(&row.event)));
    story.events.iter().map(line).collect()
}

/// The booking, its attempts and its last report, as `show --json` has them, without what names people. Each text goes
/// through the scrubber alone: in a text that was laid out for a terminal, a name may go on in the next line.
fn document(story: &BookingHistory, scrubber: &Scrubber) -> Value {
    let attempts: Vec<Value> = story
        .attempts
        .iter()
        .map(|row| json!({ "round": row.round, "page_bytes": row.page_bytes, "attempt": row.attempt }))
        .collect();
    let mut document =
        json!({ "booking": booking::json(&story.booking), "attempts": attempts, "report": story.report });
    scrub(&mut document, scrubber);
    document
}

/// Fields of a document that name people, or what leads to them.
const PERSONAL: [&str; 8] =
    ["account", "note", "receipt", "receipt_number", "owner", "runner", "base_url", "application"];

fn scrub(value: &mut Value, scrubber: &Scrubber) {
    match value {
        Value::String(text) => *text = scrubber.text(text),
        Value::Array(values) => values.iter_mut().for_each(|value| scrub(value, scrubber)),
        Value::Object(fields) => {
            for (name, value) in fields {
                // A dialect of one's own is named by its path.
                let is_path = name == "site" && value.as_str().is_some_and(|site| !is_builtin(site));
                if is_path || PERSONAL.contains(&name.as_str()) && !value.is_null() {
                    *value = "[left out]".into();
                } else {
                    scrub(value, scrubber);
                }
            }
        }
        _ => {}
    }
}

/// The pages that were kept of a booking, because nobody has described them yet.
async fn pages(
    text: &mut String,
    scrubber: &Scrubber,
    config: &Config,
    store: &Store,
    story: &BookingHistory,
) -> Result<()> {
    let kept = story.attempts.iter().filter(|row| row.page_bytes.is_some());
    for row in kept.rev().take(MAX_PAGES) {
        let page = store.page(story.booking.id, row.round, row.attempt.number).await?;
        let Some((address, body)) = page else { continue };
        let vault = Vault::open(store, &config.key).await?;
        let body = vault.unseal(SealPurpose::Page, &body)?;
        let body = body.expose_secret();
        let Some(page) = text_of_page(body) else { continue };
        let shown: String = scrubber.page(&page).chars().take(MAX_PAGE).collect();
        let address = scrubber.text(&address);
        let _ = write!(
            text,
            "\n### The page of attempt {}, {} bytes of {address}\n\n",
            row.attempt.number,
            body.len()
        );
        fenced(text, "html", &shown);
    }
    Ok(())
}
