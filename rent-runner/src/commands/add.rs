//! `add`: a booking for later.

use anyhow::{Context as _, Result};
use namyangju_rent::clock::{Clock as _, SystemClock};

use super::{PREPARATION, living_runner};
use crate::cli::Add;
use crate::config::Config;
use crate::documents::AddDocument;
use crate::request::courts;
use crate::request::draft::{Draft, DraftChecker};
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
            terminal::note(&format!("choice {}: {}", index + 1, booking::wish(&booking, wish)));
        }
    }
    if arguments.json {
        terminal::json(&AddDocument { booking: booking::json(&booking), notes: &checked.advice })?;
    } else {
        terminal::result(&id.to_string())?;
    }
    terminal::note(&format!("booking {id}: {what_runs}"));
    store.close().await;
    Ok(exit::DONE)
}

/// When it opens, and what will run it.
pub(super) async fn what_runs(store: &Store, booking: &NewBooking) -> Result<String> {
    let runner = match living_runner(store).await? {
        Some(name) => format!("; the runner {name} is running"),
        None => String::new(),
    };
    let needed = "`rent-runner serve`, or cron with `rent-runner run-due`, has to be running";
    let begins = booking.opens_at.minus(PREPARATION);
    Ok(match booking.opens {
        OpeningSource::Now => {
            let until = booking.opens_at.plus(booking.give_up_after);
            format!("a runner begins it at once, and tries until {until}: {needed}{runner}")
        }
        _ if begins <= SystemClock.now() => {
            format!("it opens at {}, which is soon: {needed} at once{runner}", booking.opens_at)
        }
        _ => format!("it opens at {}: {needed} before {begins}{runner}", booking.opens_at),
    })
}
