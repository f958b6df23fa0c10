//! `list`: what is stored, and how it stands.

use anyhow::Result;
use serde_json::{Value, json};

use super::view;
use crate::cli::List;
use crate::config::Config;
use crate::store::{Booking, Filter, State, Store};
use crate::story::{counted, many};
use crate::{exit, output};

/// How many bookings that are over are listed unless all are wanted.
const LAST_OVER: usize = 20;

/// Lists the bookings.
pub(crate) async fn run(arguments: &List, config: &Config) -> Result<u8> {
    let store = super::open(config).await?;
    if let Some(account) = &arguments.account {
        // One that is not there is an error, not an empty list.
        store.account(account).await?;
    }
    let (bookings, left_out) = wanted(&store, arguments).await?;
    if arguments.json {
        let bookings: Vec<Value> = bookings.iter().map(view::json).collect();
        output::json(&json!({ "bookings": bookings, "left_out": left_out }))?;
        return Ok(exit::DONE);
    }
    if !bookings.is_empty() {
        let header = ["number", "opens (Asia/Seoul)", "account", "choice", "state", "receipt or reason"];
        output::result(&output::table(&header, bookings.iter().map(row).collect()))?;
    }
    let waiting = bookings.iter().filter(|booking| !booking.state.is_over()).count();
    let left_out = match left_out {
        0 => String::new(),
        more => format!("; {} over long ago (--all)", counted(many(more), "more booking")),
    };
    let listed = counted(many(bookings.len()), "booking");
    output::note(&format!("{listed}, {waiting} not over{left_out}"));
    store.close().await;
    Ok(exit::DONE)
}

/// The bookings, and how many that are over were left out.
async fn wanted(store: &Store, arguments: &List) -> Result<(Vec<Booking>, usize)> {
    let filter = |states: Vec<State>| Filter { states, account: arguments.account.clone(), most: None };
    if !arguments.state.is_empty() || arguments.all {
        let states = arguments.state.iter().map(|word| word.0).collect();
        return Ok((store.bookings(&filter(states)).await?, 0));
    }
    let (over, open): (Vec<State>, Vec<State>) = State::ALL.into_iter().partition(|state| state.is_over());
    let mut bookings = store.bookings(&filter(over)).await?;
    let left_out = bookings.len().saturating_sub(LAST_OVER);
    bookings.drain(..left_out);
    bookings.extend(store.bookings(&filter(open)).await?);
    Ok((bookings, left_out))
}

fn row(booking: &Booking) -> Vec<String> {
    let more = booking.choices.len().saturating_sub(1);
    let mut choice = view::choice(booking).map(view::wish).unwrap_or_default();
    if more > 0 {
        choice.push_str(&format!(" (+{more})"));
    }
    let mut end = match (&booking.receipt, &booking.reason) {
        (Some(receipt), _) => format!("receipt {receipt}"),
        (None, Some(reason)) => reason.clone(),
        (None, None) => String::new(),
    };
    if booking.cancel_asked && !booking.state.is_over() {
        end.push_str(if end.is_empty() { "to be cancelled" } else { "; to be cancelled" });
    }
    if let Some(note) = &booking.note {
        end.push_str(if end.is_empty() { "" } else { "\n" });
        end.push_str(&format!("({note})"));
    }
    vec![
        booking.id.to_string(),
        booking.opens_at.to_string().trim_end_matches(" Asia/Seoul").trim_end_matches(".000").to_owned(),
        booking.account.clone(),
        choice,
        view::state(booking.state),
        end,
    ]
}
