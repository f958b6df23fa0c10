//! The event stream that tells an open page that it is out of date.
//!
//! It carries no content: only a stamp that grows with what the page shows. The page fetches itself again, so what
//! it shows is always made in one place. A browser that comes back says the last stamp it knows (`Last-Event-ID`), and hears
//! at once if it missed something. Browsers open six connections to a host, so a page closes its stream while its tab is
//! hidden, and a user has a few at most: a page beyond them asks now and then.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{RawQuery, State};
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};

use super::doors::session::SignedIn;
use super::doors::token;
use super::pages;
use super::practice::Practice;
use super::state::Web;
use super::streams::OpenStream;
use crate::store::{self, BookingId};

/// How often the store is looked at for a stream.
pub(super) const LOOK_GAP: Duration = Duration::from_millis(1_000);

/// A sign of life, so that proxies keep the stream.
pub(super) const HEARTBEAT: Duration = Duration::from_secs(15);

/// What a stream is about, and what its reader knows.
struct WatchedPage {
    web: Arc<Web>,
    booking: Option<BookingId>,
    /// Whether it is about the user's practice, and that practice.
    is_practice: bool,
    practice: Option<Practice>,
    known: Option<String>,
    session: store::TokenHash,
    /// Whose bookings; `None` is everybody's.
    user: Option<i64>,
    _open: OpenStream,
}

/// Tells each change of a booking, or of all.
pub(super) async fn stream(
    State(web): State<Arc<Web>>,
    signed_in: SignedIn,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let query = query.unwrap_or_default();
    let booking = form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name == "booking")
        .and_then(|(_, number)| number.parse().ok())
        .map(BookingId);
    if let Some(id) = booking
        && let Err(failure) = pages::booking::visible(&web, &signed_in, id).await
    {
        return failure.into_response();
    }
    let is_practice = form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == "practice");
    let practice = if is_practice { web.practices.of(signed_in.user.id) } else { None };
    let Some(open) = web.streams.open(signed_in.user.id) else {
        return (StatusCode::TOO_MANY_REQUESTS, [(RETRY_AFTER, "10")], "too many open pages\n")
            .into_response();
    };
    let asked = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "known");
    let asked = asked.map(|(_, known)| known.into_owned()).filter(|known| !known.is_empty());
    let known =
        headers.get("last-event-id").and_then(|known| known.to_str().ok()).map(str::to_owned).or(asked);
    let user = (!signed_in.user.is_owner).then_some(signed_in.user.id);
    let watched = WatchedPage {
        web,
        booking,
        is_practice,
        practice,
        known,
        session: signed_in.session(),
        user,
        _open: open,
    };
    let events = futures_util::stream::unfold(watched, next);
    Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT)).into_response()
}

/// Waits until something changed; the end of the server or of the session ends the stream.
async fn next(mut watched: WatchedPage) -> Option<(Result<Event, Infallible>, WatchedPage)> {
    let mut stopped = watched.web.stopped.clone();
    loop {
        if *stopped.borrow() || !matches!(watched.web.store.is_session(&watched.session).await, Ok(true)) {
            return None;
        }
        let stamp = match watched.booking {
            _ if watched.is_practice => match &watched.practice {
                // One that was removed ends the stream: the page looks again, and says so.
                Some(practice) => practice.stamp().await,
                None => Ok(None),
            },
            Some(id) => watched.web.store.booking_stamp(id).await,
            None => watched.web.store.bookings_stamp(watched.user).await.map(Some),
        };
        // A store that is away is asked again: the page says nothing false meanwhile.
        if let Ok(stamp) = stamp {
            // Only that it changed is told.
            let stamp = token::hex(&token::hash(&stamp?)).get(..16).unwrap_or_default().to_owned();
            if watched.known.as_deref() != Some(&stamp) {
                let event = Event::default().id(stamp.clone()).event("changed").data("look again");
                watched.known = Some(stamp);
                return Some((Ok(event), watched));
            }
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_GAP) => {}
            _ = stopped.wait_for(|stop| *stop) => return None,
        }
    }
}
