//! "Try it": one booking on the stand-in, from the countdown to the receipt, live.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect};

use super::booking::StoryView;
use super::bookings::Card;
use crate::web::action::Action;
use crate::web::answer::{Page, html};
use crate::web::doors::session::SignedIn;
use crate::web::frame::{Frame, Reader};
use crate::web::practice::Begun;
use crate::web::state::Web;

#[derive(Template)]
#[template(path = "practice.html")]
struct PracticePage {
    frame: Frame,
    card: Option<Card>,
    story: Option<StoryView>,
    can_start: bool,
    start_label: &'static str,
    wrong: Option<&'static str>,
}

async fn page(web: &Web, signed_in: &SignedIn, reader: &Reader, wrong: Option<&'static str>) -> Page {
    let words = reader.words;
    let history = match web.practices.of(signed_in.user.id) {
        Some(practice) => practice.history().await?,
        None => None,
    };
    let mut frame = reader.frame(words.practice, Some(signed_in));
    "/try".clone_into(&mut frame.path);
    let card = history.as_ref().map(|history| Card::new(words, &history.booking));
    let is_over = card.as_ref().is_none_or(|card| card.is_over);
    if card.is_some() {
        frame.live = Some("/live?practice=1".to_owned());
    }
    let status = if wrong.is_some() { StatusCode::TOO_MANY_REQUESTS } else { StatusCode::OK };
    let page = PracticePage {
        frame,
        story: history.as_ref().map(|history| StoryView::new(words, history, words.practice.to_owned())),
        can_start: is_over,
        start_label: if card.is_some() { words.practice_again } else { words.practice_start },
        card,
        wrong,
    };
    Ok((status, html(&page)).into_response())
}

/// How the practice stands.
pub(in crate::web) async fn show(State(web): State<Arc<Web>>, signed_in: SignedIn, reader: Reader) -> Page {
    page(&web, &signed_in, &reader, None).await
}

/// Begins one; one that is under way goes on.
pub(in crate::web) async fn start(
    State(web): State<Arc<Web>>,
    Action { signed_in, reader, .. }: Action,
) -> Page {
    match web.practices.begin(signed_in.user.id, &web.config, web.stopped.clone()).await? {
        Begun::Yes => Ok(Redirect::to("/try").into_response()),
        Begun::TooMany => page(&web, &signed_in, &reader, Some(reader.words.practice_full)).await,
    }
}

/// Removes it.
pub(in crate::web) async fn end(State(web): State<Arc<Web>>, Action { signed_in, .. }: Action) -> Page {
    web.practices.end(signed_in.user.id);
    Ok(Redirect::to("/try").into_response())
}
