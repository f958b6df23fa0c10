//! `add`: a booking for later.

use anyhow::{Context as _, Result};
use namyangju_rent::clock::{Clock as _, SystemClock};

use super::{PREPARATION, living_runner};
use crate::cli::Add;
use crate::config::Config;
use crate::documents::AddDocument;
use crate::request::courts;
use crate::request::draft::{Draft, DraftChecker};
use crate::say::say;
use crate::store::{NewBooking, OpeningSource, Store};
use crate::terminal::booking;
use crate::{exit, terminal};

/// Checks everything, stores it, and says what has to be running by when.
pub(crate) async fn run(arguments: &Add, config: &Config) -> Result<u8> {
    let draft = Draft {
        account: arguments.account.clone(),
        applicant: arguments.applicant.clone(),
        application: arguments.application.clone(),
        choices: arguments.wishes.choices(),
        events: arguments.wishes.events,
        opens_at: arguments.opens_at,
        aim: arguments.aim.clone(),
        note: arguments.note.clone(),
    };
    let store = super::open(config).await?;
    let vault = super::open_vault(&store, config).await?;
    let mut checker = DraftChecker::open(&store, vault).await?;
    checker.learn_courts(&store, config, std::slice::from_ref(&draft)).await?;
    let mut checked = checker.check(&draft)?;
    checked.compare_to_earlier_looks(&store).await;
    checked.advice.iter().for_each(|line| terminal::note(line));
    let ids = store.add_bookings(std::slice::from_ref(&checked.booking)).await?;
    let id = *ids.first().context("the store gave no number")?;
    let what_runs = what_runs(&store, &checked.booking).await?;
    let mut booking = store.booking(id).await?;
    courts::give_names(&store, [&mut booking]).await;
    if checked.booking.choices.len() > draft.choices.len() {
        for (index, wish) in booking.choices.iter().enumerate() {
            terminal::note(&say!("add-choice", number = index + 1, wish = booking::wish(&booking, wish)));
        }
    }
    if arguments.json {
        terminal::json(&AddDocument { booking: booking::json(&booking), notes: &checked.advice })?;
    } else {
        terminal::result(&id.to_string())?;
    }
    terminal::note(&say!("add-stored", id = id, what_runs = what_runs));
    store.close().await;
    Ok(exit::DONE)
}

/// When it opens, and what will run it.
pub(super) async fn what_runs(store: &Store, booking: &NewBooking) -> Result<String> {
    let runner = match living_runner(store).await? {
        Some(name) => say!("add-runner", name = name),
        None => String::new(),
    };
    let needed = say!("add-needed");
    let begins = booking.opens_at.minus(PREPARATION);
    Ok(match booking.opens {
        OpeningSource::Now => {
            let until = booking.opens_at.plus(booking.give_up_after);
            say!("add-at-once", until = until, needed = needed, runner = runner)
        }
        _ if begins <= SystemClock.now() => {
            say!("add-soon", at = booking.opens_at, needed = needed, runner = runner)
        }
        _ => say!("add-later", at = booking.opens_at, needed = needed, begins = begins, runner = runner),
    })
}
