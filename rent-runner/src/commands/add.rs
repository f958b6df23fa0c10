//! `add`: a booking for later.

use anyhow::{Context as _, Result};
use namyangju_rent::clock::{Clock as _, SystemClock};

use super::documents::AddDocument;
use super::{PREPARATION, living_runner};
use crate::cli::Add;
use crate::config::Config;
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
    let checked = DraftChecker::open(&store, vault).await?.check(&draft)?;
    checked.advice.iter().for_each(|line| terminal::note(line));
    let ids = store.add_bookings(std::slice::from_ref(&checked.booking)).await?;
    let id = *ids.first().context("the store gave no number")?;
    let what_runs = what_runs(&store, &checked.booking).await?;
    if arguments.json {
        let booking = store.booking(id).await?;
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
