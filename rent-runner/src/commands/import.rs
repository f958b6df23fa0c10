//! `import`: many bookings from a file, all or none.

use std::io::{self, Read as _};
use std::path::Path;

use anyhow::Result;
use namyangju_rent::Wish;
use namyangju_rent::limits::MAX_BOOKINGS_PER_DAY;

use crate::bad_input::BadInput;
use crate::cli::{Format, Import};
use crate::config::Config;
use crate::documents::ImportDocument;
use crate::request::courts;
use crate::request::draft::{Checked, Draft, DraftChecker, Wrong};
use crate::request::file::{self, Mistake};
use crate::request::overlap;
use crate::say::say;
use crate::store::{Filter, NewBooking, State, Store};
use crate::terminal::booking;
use crate::words::{counted, many};
use crate::{exit, terminal};

/// The most bytes that are read.
const MAX_FILE_BYTES: u64 = 16 * 1024 * 1024;

/// The most mistakes, or notes, that are told at once.
const MAX_REPORTED: usize = 20;

/// Reads the file, checks every booking, and stores all of them or none.
pub(crate) async fn run(arguments: &Import, config: &Config) -> Result<u8> {
    let name = arguments.file.display().to_string();
    let text = read(&arguments.file)?;
    let extension = arguments.file.extension().and_then(|extension| extension.to_str());
    let format = match extension.map(str::to_ascii_lowercase).as_deref() {
        Some("toml") => Format::Toml,
        Some("json") => Format::Json,
        _ => file::format_of(&text),
    };
    let drafts = file::read(&text, format).map_err(|mistakes| told(&name, &mistakes))?;
    if drafts.is_empty() {
        return Err(BadInput(say!("import-empty", name = name)).into());
    }
    let store = super::open(config).await?;
    let checked = check(&store, config, &drafts).await?.map_err(|mistakes| told(&name, &mistakes))?;
    let mut advice: Vec<&String> = Vec::new();
    for line in checked.iter().flat_map(|checked| &checked.advice) {
        if !advice.contains(&line) {
            advice.push(line);
        }
    }
    advice.iter().take(MAX_REPORTED).for_each(|line| terminal::note(line));
    if advice.len() > MAX_REPORTED {
        terminal::note(&say!(
            "import-more-notes",
            notes = counted(many(advice.len() - MAX_REPORTED), "note")
        ));
    }
    let bookings: Vec<NewBooking> = checked.iter().map(|checked| checked.booking.clone()).collect();
    let number = counted(many(bookings.len()), "booking");
    if arguments.dry_run {
        contradictions(&store, &bookings).await?.map_err(|mistakes| told(&name, &mistakes))?;
        if arguments.json {
            let (bookings, checked) = (Vec::new(), Some(bookings.len()));
            terminal::json(&ImportDocument { bookings, checked, notes: advice })?;
        }
        terminal::note(&say!("import-dry-run", number = number));
        store.close().await;
        return Ok(exit::DONE);
    }
    let ids = store.add_bookings(&bookings).await?;
    if arguments.json {
        let waiting = Filter { states: vec![State::Waiting], ..Filter::default() };
        let mut stored = store.bookings(&waiting).await?;
        stored.retain(|booking| ids.contains(&booking.id));
        courts::give_names(&store, &mut stored).await;
        let bookings = stored.iter().map(booking::json).collect();
        terminal::json(&ImportDocument { bookings, checked: None, notes: advice })?;
    } else {
        let lines: Vec<String> = ids.iter().map(ToString::to_string).collect();
        terminal::result(&lines.join("\n"))?;
    }
    let first = bookings.iter().min_by_key(|booking| booking.opens_at);
    if let Some(first) = first {
        terminal::note(&say!(
            "import-stored",
            number = number,
            first = super::add::what_runs(&store, first).await?
        ));
    }
    store.close().await;
    Ok(exit::DONE)
}

fn read(path: &Path) -> Result<String> {
    let unreadable =
        |error: io::Error| BadInput(say!("import-unreadable", name = path.display(), error = error));
    let mut text = String::new();
    let length = if path == Path::new("-") {
        io::stdin().lock().take(MAX_FILE_BYTES + 1).read_to_string(&mut text)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(MAX_FILE_BYTES + 1).read_to_string(&mut text))
    }
    .map_err(unreadable)?;
    if u64::try_from(length).is_ok_and(|length| length > MAX_FILE_BYTES) {
        return Err(BadInput(say!("import-too-long", name = path.display())).into());
    }
    Ok(text)
}

/// Checks all; gives what can be stored or all mistakes.
async fn check(
    store: &Store,
    config: &Config,
    drafts: &[Draft],
) -> Result<std::result::Result<Vec<Checked>, Vec<Mistake>>> {
    let mut checker = DraftChecker::open(store, super::open_vault(store, config).await?).await?;
    checker.learn_courts(store, config, drafts).await?;
    let mut checked = Vec::new();
    let mut mistakes = Vec::new();
    for (index, draft) in drafts.iter().enumerate() {
        match checker.check(draft) {
            Ok(mut booking) => {
                booking.compare_to_earlier_looks(store).await;
                checked.push(booking);
            }
            // A key that does not open is no mistake of the file.
            Err(Wrong { error, .. }) if exit::failure_code(&error) != exit::BAD_INPUT => return Err(error),
            Err(Wrong { key, error }) => mistakes.push(Mistake {
                entry: Some(index + 1),
                key: key.to_owned(),
                why: with_keys(&format!("{error:#}")),
            }),
        }
    }
    Ok(if mistakes.is_empty() { Ok(checked) } else { Err(mistakes) })
}

/// A message about options as one about keys.
pub(super) fn with_keys(message: &str) -> String {
    let words = message.split(' ').map(|word| match word.strip_prefix("--") {
        Some(option) => {
            let end = option.find(|c: char| !c.is_ascii_lowercase() && c != '-').unwrap_or(option.len());
            let (key, rest) = option.split_at_checked(end).unwrap_or((option, ""));
            format!("`{key}`{rest}")
        }
        None => word.to_owned(),
    });
    words.collect::<Vec<_>>().join(" ")
}

/// What the store would refuse, for a dry run: times that are wished for twice, and too many of one day.
async fn contradictions(
    store: &Store,
    bookings: &[NewBooking],
) -> Result<std::result::Result<(), Vec<Mistake>>> {
    let states = State::ALL.into_iter().filter(|state| !state.is_over() || *state == State::Succeeded);
    let stored = store.bookings(&Filter { states: states.collect(), ..Filter::default() }).await?;
    let mut mistakes = Vec::new();
    for (index, booking) in bookings.iter().enumerate() {
        let mut say = |why: String| {
            mistakes.push(Mistake { entry: Some(index + 1), key: String::new(), why });
        };
        let clashes = |account: &str, choices: &[Wish]| {
            let overlaps = |wish| booking.choices.iter().any(|other| overlap(wish, other));
            account == booking.account && choices.iter().any(overlaps)
        };
        if let Some(other) = stored.iter().find(|other| clashes(&other.account, &other.choices)) {
            say(say!("import-same-stored", id = other.id));
        }
        let earlier = bookings.iter().take(index).position(|other| clashes(&other.account, &other.choices));
        if let Some(earlier) = earlier {
            say(say!("import-same-entry", number = earlier + 1));
        }
        let day = |choices: &[Wish]| choices.first().map(|wish| wish.date);
        let same_day = |account: &str, choices: &[Wish]| {
            account == booking.account && day(choices) == day(&booking.choices)
        };
        let others = stored.iter().filter(|other| same_day(&other.account, &other.choices)).count()
            + bookings.iter().take(index).filter(|other| same_day(&other.account, &other.choices)).count();
        if others >= MAX_BOOKINGS_PER_DAY {
            say(say!("import-too-many", others = others, most = MAX_BOOKINGS_PER_DAY));
        }
    }
    Ok(if mistakes.is_empty() { Ok(()) } else { Err(mistakes) })
}

/// All mistakes as one error.
fn told(name: &str, mistakes: &[Mistake]) -> anyhow::Error {
    let mut lines: Vec<String> =
        mistakes.iter().take(MAX_REPORTED).map(|mistake| format!("{name}: {mistake}")).collect();
    if mistakes.len() > MAX_REPORTED {
        lines.push(say!("import-more", more = mistakes.len() - MAX_REPORTED));
    }
    lines.push(say!("import-nothing"));
    BadInput(lines.join("\n")).into()
}
