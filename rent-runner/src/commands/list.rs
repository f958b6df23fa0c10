//! `list`: what is stored, and how it stands.

use anyhow::Result;

use crate::cli::List;
use crate::config::Config;
use crate::documents::readiness::{self, Readiness};
use crate::documents::{ListDocument, stored};
use crate::request::courts;
use crate::say::{retold, say};
use crate::store::{Filter, FoundBookings, State, Store, StoredBooking};
use crate::terminal;
use crate::terminal::{TableCell, TableColumn, booking};
use crate::words::{counted, many};

/// How many are listed unless all are wanted: of those that are not over the ones that open first, of the
/// others the last.
const FIRST_OPEN: u32 = 100;
const LAST_OVER: u32 = 20;

/// What gives way where a row does not fit: the numbers of the steps say in which order.
const COLUMNS: [TableColumn<'_>; 7] = [
    TableColumn::whole("number").short("no", 1),
    TableColumn::whole("opens (Asia/Seoul)").short("opens", 2),
    TableColumn::text("account").spare(4),
    TableColumn::whole("court").short("court", 6),
    TableColumn::whole("day and time").short("day, from", 5),
    TableColumn::whole("state").short("state", 3),
    TableColumn::text("receipt or reason").short("result", 3).spare(7),
];

/// Lists the bookings.
pub(crate) async fn run(arguments: &List, config: &Config) -> Result<u8> {
    let store = super::open(config).await?;
    if let Some(account) = &arguments.account {
        // One that is not there is an error, not an empty list.
        store.account(account).await?;
    }
    let (FoundBookings { mut bookings, unreadable }, left_out) = wanted(&store, arguments).await?;
    // What runs soon stands on top.
    bookings.sort_by_key(|booking| booking.state.is_over());
    courts::give_names(&store, &mut bookings).await;
    let held = readiness::of_held(&store).await?;
    let refused: Vec<String> =
        stored::refused_accounts(&store).await?.into_iter().map(|(name, _)| name).collect();
    store.close().await;
    if arguments.json {
        let bookings = bookings.iter().map(|booking| stored::listed(booking, &held)).collect();
        let strange = unreadable.iter().map(stored::unreadable).collect();
        terminal::json(&ListDocument { bookings, left_out, accounts_refused: refused, unreadable: strange })?;
        return Ok(super::name_unreadable(&unreadable));
    }
    if !bookings.is_empty() {
        let rows: Vec<Vec<TableCell>> = bookings
            .iter()
            .map(|booking| row(booking, &refused, readiness::of_booking(booking, &held)))
            .collect();
        terminal::result(&terminal::table_of(&COLUMNS, &rows))?;
    }
    let waiting = bookings.iter().filter(|booking| !booking.state.is_over()).count();
    let left_out = match left_out {
        0 => String::new(),
        more => say!("list-more", more = more),
    };
    let listed = counted(many(bookings.len()), "booking");
    terminal::note(&say!("list-summary", listed = listed, waiting = waiting, left_out = left_out));
    Ok(super::name_unreadable(&unreadable))
}

/// The bookings, and how many were left out.
async fn wanted(store: &Store, arguments: &List) -> Result<(FoundBookings, u64)> {
    let filter =
        |states: Vec<State>| Filter { states, account: arguments.account.clone(), ..Filter::default() };
    if !arguments.state.is_empty() || arguments.all {
        let states = arguments.state.iter().map(|word| word.0).collect();
        return Ok((store.listed(&filter(states)).await?, 0));
    }
    let (over, open): (Vec<State>, Vec<State>) = State::ALL.into_iter().partition(|state| state.is_over());
    let last = Filter { most: Some(LAST_OVER), last: true, ..filter(over) };
    let mut listed = store.listed(&last).await?;
    let first = store.listed(&Filter { most: Some(FIRST_OPEN), ..filter(open) }).await?;
    listed.bookings.extend(first.bookings);
    listed.unreadable.extend(first.unreadable);
    let count = |listed: &FoundBookings| u64::try_from(listed.bookings.len() + listed.unreadable.len());
    // Those of one account are not counted apart: a person has a handful.
    let all = match &arguments.account {
        Some(_) => count(&store.listed(&filter(Vec::new())).await?)?,
        None => store.counts().await?.iter().map(|(_, many)| many).sum(),
    };
    let left_out = all.saturating_sub(count(&listed)?);
    Ok((listed, left_out))
}

fn row(booking: &StoredBooking, refused: &[String], ready: Option<Readiness>) -> Vec<TableCell> {
    let more = booking.choices.len().saturating_sub(1);
    let (court, day) =
        booking::choice(booking).map(|wish| booking::cells(booking, wish, more)).unwrap_or_default();
    let mut end = match (&booking.receipt, &booking.reason) {
        (Some(receipt), _) => say!("list-receipt", receipt = receipt),
        (None, Some(reason)) => retold(reason),
        (None, None) => String::new(),
    };
    if let Some(ready) = ready {
        end.push_str(if end.is_empty() { "" } else { "; " });
        end.push_str(&ready.in_words());
    }
    if booking.cancel_asked && !booking.state.is_over() {
        end.push_str(if end.is_empty() { "" } else { "; " });
        end.push_str(&say!("list-cancelling"));
    }
    if refused.contains(&booking.account) && !booking.state.is_over() {
        end.push_str(if end.is_empty() { "" } else { "; " });
        end.push_str(&say!("list-held", account = booking.account));
    }
    if let Some(note) = &booking.note {
        end.push_str(if end.is_empty() { "" } else { " " });
        end.push_str(&format!("({note})"));
    }
    let short = booking.receipt.as_ref().and_then(|receipt| {
        let rest = end.strip_prefix(&say!("list-receipt", receipt = receipt))?;
        Some(format!("{receipt}{rest}"))
    });
    vec![
        TableCell::from(booking.id.to_string()),
        booking::opening(booking),
        TableCell::from(booking.account.clone()),
        court,
        day,
        TableCell::or(booking::state(booking.state), booking::state_word(booking.state)),
        // The number is what a person needs of it.
        TableCell::or(end.as_str(), short.unwrap_or_else(|| end.clone())),
    ]
}
