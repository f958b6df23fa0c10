//! Completion of values that only the store or a dialect knows: numbers of bookings, accounts, applicants, courts.
//!
//! The script of `completions --dynamic` calls the program with [`VARIABLE`] set, each time that Tab is pressed. It then
//! answers and ends. It makes no store, writes no sentence and asks no site: a Tab has no consequences.

use std::path::Path;
use std::time::Duration;

use clap::{Arg, Command, CommandFactory as _};
use clap_complete::CompleteEnv;
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};
use namyangju_rent::Place;
use tokio::runtime::Builder;

use crate::cli::Cli;
use crate::config::{Config, Flags};
use crate::request;
use crate::store::{Filter, State, Store};
use crate::terminal::booking;

/// What the shell's script sets.
pub(super) const VARIABLE: &str = "RENT_COMPLETE";

/// A person waits: a store that does not answer by then is left alone.
const PATIENCE: Duration = Duration::from_secs(1);

/// Answers the shell and ends the program, if the shell asks.
pub(crate) fn answer() {
    CompleteEnv::with_factory(|| program(Cli::command(), "")).var(VARIABLE).complete();
}

/// The arguments with what can be completed in them; `parent` is the command that this one belongs to.
fn program(command: Command, parent: &str) -> Command {
    let name = command.get_name().to_owned();
    let command = command.mut_args(|argument| {
        let id = argument.get_id().as_str().to_owned();
        let stands_for = |name: &str| has_value_name(&argument, name);
        let values: Option<fn() -> Vec<CompletionCandidate>> = match (parent, name.as_str(), id.as_str()) {
            _ if stands_for("NUMBER") && matches!(id.as_str(), "id" | "ids") => Some(bookings),
            _ if stands_for("PLACE") => Some(courts),
            ("account", "check" | "remove" | "password", "name") => Some(accounts),
            ("applicant", "set" | "show" | "remove", "name") => Some(applicants),
            (_, "book", "account") => None,
            (_, _, "account") if stands_for("NAME") => Some(accounts),
            (_, _, "applicant") if stands_for("NAME") => Some(applicants),
            _ => None,
        };
        match values {
            Some(values) => argument.add(ArgValueCompleter::new(move |typed: &std::ffi::OsStr| {
                let typed = typed.to_str().unwrap_or_default();
                let begins = |value: &CompletionCandidate| {
                    value.get_value().to_str().is_some_and(|value| value.starts_with(typed))
                };
                values().into_iter().filter(begins).collect()
            })),
            None => argument,
        }
    });
    command.mut_subcommands(|subcommand| program(subcommand, &name))
}

fn has_value_name(argument: &Arg, name: &str) -> bool {
    argument.get_value_names().is_some_and(|names| names.iter().any(|value| value.as_str() == name))
}

/// The numbers of the bookings that are not over, then of the last that are; each with its court and time.
fn bookings() -> Vec<CompletionCandidate> {
    const MOST: u32 = 100;
    let found = asked(async |store| {
        let (over, open): (Vec<State>, Vec<State>) =
            State::ALL.into_iter().partition(|state| state.is_over());
        let open = Filter { states: open, most: Some(MOST), ..Filter::default() };
        let over = Filter { states: over, most: Some(MOST), last: true, ..Filter::default() };
        let mut bookings = store.bookings(&open).await.ok()?;
        bookings.extend(store.bookings(&over).await.ok()?);
        Some(bookings)
    });
    let candidate = |booking: crate::store::StoredBooking| {
        let wish = booking::choice(&booking).map(|wish| booking::wish(&booking, wish)).unwrap_or_default();
        let help = format!("{}, {wish}", booking.state.as_str());
        CompletionCandidate::new(booking.id.to_string()).help(Some(help.into()))
    };
    found.into_iter().flatten().map(candidate).collect()
}

fn accounts() -> Vec<CompletionCandidate> {
    let found = asked(async |store| store.accounts().await.ok());
    let candidate = |account: crate::store::Account| {
        CompletionCandidate::new(account.name).help(Some(account.site.into()))
    };
    found.into_iter().flatten().map(candidate).collect()
}

fn applicants() -> Vec<CompletionCandidate> {
    let found = asked(async |store| store.applicants().await.ok());
    found.into_iter().flatten().map(|kept| CompletionCandidate::new(kept.name)).collect()
}

/// The courts that the dialect names, then those that were read from the site's menus.
fn courts() -> Vec<CompletionCandidate> {
    let Some(site) = config().and_then(|config| request::site_of(&config).ok()) else { return Vec::new() };
    let candidate =
        |place: &Place, name: String| CompletionCandidate::new(place.to_string()).help(Some(name.into()));
    let named = site.known_places();
    let mut all: Vec<_> = named.iter().map(|known| candidate(&known.place, known.name.clone())).collect();
    let menus = asked(async |store| store.courts(site.base_url().as_str()).await.ok().flatten());
    for court in menus.into_iter().flat_map(|menus| menus.courts) {
        if named.iter().all(|known| known.place != court.place) {
            all.push(candidate(&court.place, court.short_name()));
        }
    }
    all
}

/// What the store answers, if there is one and it answers soon.
fn asked<T>(question: impl AsyncFnOnce(&Store) -> Option<T>) -> Option<T> {
    let config = config()?;
    let path = config.database.strip_prefix("sqlite:").map(|path| path.strip_prefix("//").unwrap_or(path));
    let is_file = path.is_some() || !config.database.contains("://");
    if is_file && !Path::new(path.unwrap_or(&config.database)).exists() {
        return None;
    }
    let runtime = Builder::new_current_thread().enable_all().build().ok()?;
    runtime.block_on(async {
        let answer = async {
            let store = Store::open(&config.database).await.ok()?;
            let answer = question(&store).await;
            store.close().await;
            answer
        };
        tokio::time::timeout(PATIENCE, answer).await.ok().flatten()
    })
}

/// The settings, with the flags on the line so far that say where things are.
fn config() -> Option<Config> {
    let words: Vec<String> = std::env::args().collect();
    let given = |flag: &str| {
        let next = words.windows(2).rev().find_map(|pair| match pair {
            [name, value] if name == flag => Some(value.clone()),
            _ => None,
        });
        next.or_else(|| {
            words.iter().rev().find_map(|word| Some(word.strip_prefix(flag)?.strip_prefix('=')?.to_owned()))
        })
    };
    let flags = Flags {
        config: given("--config").map(Into::into),
        database: given("--database"),
        site: given("--site"),
        base_url: given("--base-url"),
        ..Flags::default()
    };
    Config::load(&flags).ok()
}
