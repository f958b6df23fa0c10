//! One booking: where it stands, what a person must do, and all that happened.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect};

use super::bookings::{Card, court_name};
use crate::request::{self, courts};
use crate::runner::Identity;
use crate::say::day_and_time;
use crate::store::{BookingId, EventRow, State as Standing};
use crate::web::action::{Action, audit};
use crate::web::answer::{NoPage, Page, html};
use crate::web::doors::session::SignedIn;
use crate::web::frame::{Frame, Reader};
use crate::web::own;
use crate::web::state::Web;
use crate::words::in_words;

/// A line of the story.
struct EventLine {
    at: String,
    text: String,
}

#[derive(Template)]
#[template(path = "booking.html")]
struct BookingPage {
    frame: Frame,
    card: Card,
    choices: Vec<String>,
    opening: &'static str,
    runner: Option<String>,
    cancel_asked: bool,
    can_retry: bool,
    story: Vec<EventLine>,
}

/// Whether somebody may see a booking: the owner each, a member own ones. What is not there looks the same.
pub(in crate::web) async fn visible(web: &Web, signed_in: &SignedIn, id: BookingId) -> Result<(), NoPage> {
    if own::stamp(web, &signed_in.user, id).await?.is_some() {
        return Ok(());
    }
    Err(NoPage::new(StatusCode::NOT_FOUND, format!("there is no booking {id}")))
}

/// The booking.
pub(in crate::web) async fn show(
    State(web): State<Arc<Web>>,
    signed_in: SignedIn,
    reader: Reader,
    Path(id): Path<i64>,
) -> Page {
    let id = BookingId(id);
    visible(&web, &signed_in, id).await?;
    let mut history = web.store.story(id).await?;
    courts::give_names(&web.store, [&mut history.booking]).await;
    let booking = &history.booking;
    let words = reader.words;
    let mut frame = reader.frame(format!("{} {id}", words.booking), Some(&signed_in));
    frame.live = Some(format!("/live?booking={id}"));
    let choice = |wish: &namyangju_rent::Wish| {
        format!("{} · {}", court_name(booking, &wish.place), day_and_time(wish.date, wish.range))
    };
    Ok(html(&BookingPage {
        frame,
        card: Card::new(words, booking),
        choices: booking.choices.iter().map(choice).collect(),
        opening: words.of_opening(booking.opens),
        runner: booking.owner.as_deref().map(|owner| Identity::name_of(owner).to_owned()),
        cancel_asked: booking.cancel_asked,
        can_retry: booking.state.is_over() && booking.state != Standing::Succeeded,
        story: history.events.iter().map(line).collect(),
    }))
}

/// An event in the reader's language.
fn line(row: &EventRow) -> EventLine {
    EventLine { at: row.at.time_text(), text: in_words(&row.event) }
}

/// Cancels it, or asks its runner to.
pub(in crate::web) async fn cancel(
    State(web): State<Arc<Web>>,
    Path(id): Path<i64>,
    Action { signed_in, peer, .. }: Action,
) -> Page {
    let id = BookingId(id);
    visible(&web, &signed_in, id).await?;
    web.store.cancel_booking(id).await?;
    audit(&web, &signed_in, &peer, &format!("cancelled booking {id}")).await?;
    Ok(Redirect::to(&format!("/bookings/{id}")).into_response())
}

/// Puts it back to waiting.
pub(in crate::web) async fn retry(
    State(web): State<Arc<Web>>,
    Path(id): Path<i64>,
    Action { signed_in, peer, .. }: Action,
) -> Page {
    let id = BookingId(id);
    visible(&web, &signed_in, id).await?;
    request::again(&web.store, id, None).await?;
    audit(&web, &signed_in, &peer, &format!("retried booking {id}")).await?;
    Ok(Redirect::to(&format!("/bookings/{id}")).into_response())
}
