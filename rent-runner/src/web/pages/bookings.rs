//! The bookings: what comes next stands first.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;

use super::first_steps::FirstSteps;
use crate::request::courts;
use crate::store::{Filter, State as Standing, StoredBooking};
use crate::web::answer::{Page, html};
use crate::web::doors::session::SignedIn;
use crate::web::frame::{Frame, Reader};
use crate::web::state::Web;
use crate::web::words::Words;

/// How many bookings to come, and how many that are over, are shown.
const MAX_SHOWN: u32 = 100;

/// A booking on its card.
pub(super) struct Card {
    pub(super) id: i64,
    pub(super) court: String,
    pub(super) when: String,
    pub(super) state: &'static str,
    /// The part of its style's name.
    pub(super) style: &'static str,
    pub(super) next: &'static str,
    pub(super) opens: String,
    pub(super) opens_millis: i64,
    pub(super) is_over: bool,
    pub(super) account: String,
    pub(super) receipt: Option<String>,
    pub(super) reason: Option<String>,
    pub(super) note: Option<String>,
    pub(super) choices: usize,
}

impl Card {
    pub(super) fn new(words: &Words, booking: &StoredBooking) -> Self {
        let wish = booking.choices.get(booking.wish).or(booking.choices.first());
        Self {
            id: booking.id.0,
            court: wish.map(|wish| court_name(booking, &wish.place)).unwrap_or_default(),
            when: wish.map(|wish| format!("{} {}", words.day(wish.date), wish.range)).unwrap_or_default(),
            state: words.of_state(booking.state),
            style: booking.state.as_str(),
            next: words.next_of(booking.state),
            opens: booking.opens_at.to_string(),
            opens_millis: booking.opens_at.unix_micros() / 1_000,
            is_over: booking.state.is_over(),
            account: booking.account.clone(),
            receipt: booking.receipt.as_ref().map(|receipt| receipt.number.clone()),
            // The receipt says it in any language.
            reason: booking.reason.clone().filter(|_| booking.state != Standing::Succeeded),
            note: booking.note.clone(),
            choices: booking.choices.len(),
        }
    }
}

/// What a court is called, and its code.
pub(super) fn court_name(booking: &StoredBooking, place: &namyangju_rent::Place) -> String {
    booking.names.get(place).map_or_else(|| place.to_string(), |name| format!("{name} ({place})"))
}

#[derive(Template)]
#[template(path = "bookings.html")]
struct BookingsPage {
    frame: Frame,
    first_steps: Option<FirstSteps>,
    open: Vec<Card>,
    over: Vec<Card>,
}

/// The list.
pub(in crate::web) async fn show(
    State(web): State<Arc<Web>>,
    signed_in: SignedIn,
    reader: Reader,
    headers: HeaderMap,
) -> Page {
    let user = (!signed_in.user.is_owner).then_some(signed_in.user.id);
    let (open, over): (Vec<_>, Vec<_>) = Standing::ALL.into_iter().partition(|state| !state.is_over());
    let cards = |bookings: Vec<StoredBooking>| {
        bookings.iter().map(|booking| Card::new(reader.words, booking)).collect()
    };
    let next = Filter { states: open, most: Some(MAX_SHOWN), user, ..Filter::default() };
    let last = Filter { states: over, most: Some(MAX_SHOWN), last: true, user, ..Filter::default() };
    let mut over = web.store.bookings(&last).await?;
    let mut open = web.store.bookings(&next).await?;
    courts::give_names(&web.store, &mut open).await;
    courts::give_names(&web.store, &mut over).await;
    let mut over: Vec<Card> = cards(over);
    over.reverse();
    let mut frame = reader.frame(reader.words.bookings, Some(&signed_in));
    frame.live = Some("/live".to_owned());
    let first_steps = match open.is_empty() && over.is_empty() {
        true => FirstSteps::of(&web, &signed_in, &headers).await?,
        false => None,
    };
    Ok(html(&BookingsPage { frame, first_steps, open: cards(open), over }))
}
