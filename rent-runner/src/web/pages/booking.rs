//! One booking: where it stands, what a person must do, and all that happened.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect};

use super::bookings::{Card, court_name};
use crate::request::{self, courts};
use crate::runner::{CLAIM_BEFORE, Identity};
use crate::say::Language;
use crate::say::day_and_time;
use crate::store::{
    AttemptRow, BookingHistory, BookingId, EventRow, OpeningSource, State as Standing, StoredBooking,
};
use crate::timeline::{self, Look, RunStory, Timeline};
use crate::web::action::{Action, audit};
use crate::web::answer::{NoPage, Page, html};
use crate::web::doors::session::SignedIn;
use crate::web::frame::{Frame, Reader};
use crate::web::own;
use crate::web::state::Web;
use crate::web::words::Words;
use crate::words::in_words;

/// A line of the story.
pub(super) struct EventLine {
    pub(super) at: String,
    pub(super) text: String,
}

/// What all happened to a booking, in a picture, a table and a list.
pub(super) struct StoryView {
    /// The picture for a telephone, and the one for a wide screen; none while there is nothing to see.
    pub(super) narrow: String,
    pub(super) wide: String,
    pub(super) signs: Vec<String>,
    pub(super) heads: [&'static str; 7],
    pub(super) requests: Vec<[String; 7]>,
    pub(super) events: Vec<EventLine>,
}

impl StoryView {
    pub(super) fn new(words: &Words, history: &BookingHistory, title: String) -> Self {
        let language = if words.tag == "ko" { Language::Korean } else { Language::English };
        // Only a file for other programs names the site.
        let timeline = Timeline::new(&RunStory::of(history, title, String::new()), language);
        let picture =
            |look| if timeline.is_empty() { String::new() } else { timeline::picture(&timeline, look) };
        Self {
            narrow: picture(Look::Narrow),
            wide: picture(Look::Wide),
            signs: timeline.signs().to_vec(),
            heads: timeline.heads(),
            requests: timeline.table(),
            events: history.events.iter().map(line).collect(),
        }
    }
}

/// A page that nobody understood.
struct PageLine {
    round: i64,
    attempt: u32,
    bytes: u64,
}

#[derive(Template)]
#[template(path = "booking.html")]
struct BookingPage {
    frame: Frame,
    card: Card,
    /// When the runner begins to prepare it.
    prepares: Option<String>,
    kept: Vec<PageLine>,
    choices: Vec<String>,
    opening: &'static str,
    runner: Option<String>,
    cancel_asked: bool,
    can_retry: bool,
    story: StoryView,
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
        prepares: prepares(booking),
        kept: history.attempts.iter().filter_map(kept).collect(),
        card: Card::new(words, booking),
        choices: booking.choices.iter().map(choice).collect(),
        opening: words.of_opening(booking.opens),
        runner: booking.owner.as_deref().map(|owner| Identity::name_of(owner).to_owned()),
        cancel_asked: booking.cancel_asked,
        can_retry: booking.state.is_over() && booking.state != Standing::Succeeded,
        story: StoryView::new(words, &history, format!("{} {id}", words.booking)),
    }))
}

/// When the preparation of a booking that waits begins.
fn prepares(booking: &StoredBooking) -> Option<String> {
    let waits = booking.state == Standing::Waiting && booking.opens != OpeningSource::Now;
    waits.then(|| booking.opens_at.minus(CLAIM_BEFORE).to_string())
}

fn kept(row: &AttemptRow) -> Option<PageLine> {
    Some(PageLine { round: row.round, attempt: row.attempt.number, bytes: row.page_bytes? })
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
