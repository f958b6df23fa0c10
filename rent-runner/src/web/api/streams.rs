//! Streams of events, for programs that want to hear at once.
//!
//! The stream of a booking has its stored events, each with its number for `id`, so that a reader that comes back goes on where
//! it was; and `changed` when its state is another. The stream of all says only that something changed: what it is, the list
//! tells. Both end with the token or the session, and a user has a few of them, together with the open pages.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;

use aide::OperationOutput;
use aide::generate::GenContext;
use aide::openapi::{MediaType, Operation, Response as Described, StatusCode as Code};
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};

use super::bookings::{BookingPath, NumberedEvent, stamp};
use super::caller::{Caller, Credential, MayRead};
use super::problem::{Problem, ProblemKind};
use crate::documents::stored;
use crate::store::BookingId;
use crate::web::doors::token;
use crate::web::live::{HEARTBEAT, LOOK_GAP};
use crate::web::state::Web;
use crate::web::streams::OpenStream;

/// How many events are read at a time.
const AT_ONCE: u32 = 100;

/// An answer that does not end.
pub(super) struct EventStream(Response);

impl IntoResponse for EventStream {
    fn into_response(self) -> Response {
        self.0
    }
}

impl OperationOutput for EventStream {
    type Inner = String;

    fn operation_response(_: &mut GenContext, _: &mut Operation) -> Option<Described> {
        let content = [("text/event-stream".to_owned(), MediaType::default())].into_iter().collect();
        let description = "Events as they come; a comment each 15 s tells that it lives.".to_owned();
        Some(Described { description, content, ..Described::default() })
    }

    fn inferred_responses(ctx: &mut GenContext, operation: &mut Operation) -> Vec<(Option<Code>, Described)> {
        let described = Self::operation_response(ctx, operation);
        described.map(|described| (Some(Code::Code(200)), described)).into_iter().collect()
    }
}

/// What a stream is about, and what its reader knows.
struct WatchedStore {
    web: Arc<Web>,
    credential: Credential,
    /// Of one booking: its number, and that of the last event that was sent.
    booking: Option<(BookingId, i64)>,
    /// Whose bookings; `None` is everybody's.
    only: Option<i64>,
    known: Option<String>,
    waiting: VecDeque<Event>,
    _open: OpenStream,
}

fn last_id(headers: &HeaderMap) -> Option<&str> {
    headers.get("last-event-id").and_then(|id| id.to_str().ok())
}

fn begin(
    web: Arc<Web>,
    caller: &Caller,
    booking: Option<(BookingId, i64)>,
    known: Option<String>,
) -> Result<EventStream, Problem> {
    let Some(open) = web.streams.open(caller.user.id) else {
        return Err(Problem::new(ProblemKind::TooMany, "this user has too many open streams and pages"));
    };
    let watched = WatchedStore {
        web,
        credential: caller.credential,
        booking,
        only: caller.only(),
        known,
        waiting: VecDeque::new(),
        _open: open,
    };
    let events = futures_util::stream::unfold(watched, next);
    Ok(EventStream(Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT)).into_response()))
}

/// Tells each event of one booking.
pub(super) async fn one(
    State(web): State<Arc<Web>>,
    MayRead(caller): MayRead,
    Path(BookingPath { id }): Path<BookingPath>,
    headers: HeaderMap,
) -> Result<EventStream, Problem> {
    let id = BookingId(id);
    stamp(&web, &caller, id).await?;
    let last = last_id(&headers).and_then(|id| id.parse().ok()).unwrap_or_default();
    begin(web, &caller, Some((id, last)), None)
}

/// Tells that something changed.
pub(super) async fn all(
    State(web): State<Arc<Web>>,
    MayRead(caller): MayRead,
    headers: HeaderMap,
) -> Result<EventStream, Problem> {
    let known = last_id(&headers).map(str::to_owned);
    begin(web, &caller, None, known)
}

/// Waits until there is something to tell; the end of the server, of the sign-in or of the booking ends the stream.
async fn next(mut watched: WatchedStore) -> Option<(Result<Event, Infallible>, WatchedStore)> {
    let mut stopped = watched.web.stopped.clone();
    loop {
        if let Some(event) = watched.waiting.pop_front() {
            return Some((Ok(event), watched));
        }
        if *stopped.borrow() || !watched.credential.is_alive(&watched.web).await {
            return None;
        }
        // A store that is away is asked again.
        if let Ok(found) = watched.look().await {
            found?;
        }
        if !watched.waiting.is_empty() {
            continue;
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_GAP) => {}
            _ = stopped.wait_for(|stop| *stop) => return None,
        }
    }
}

impl WatchedStore {
    /// Gathers what is new; `None` if the booking is gone.
    async fn look(&mut self) -> crate::store::Result<Option<()>> {
        let store = &self.web.store;
        let Some((id, last)) = self.booking else {
            let stamp = store.bookings_stamp(self.only).await?;
            // Only that it changed is told.
            let stamp = token::hex(&token::hash(&stamp)).get(..16).unwrap_or_default().to_owned();
            if self.known.as_deref() != Some(&stamp) {
                self.waiting.push_back(Event::default().id(stamp.clone()).event("changed").data("{}"));
                self.known = Some(stamp);
            }
            return Ok(Some(()));
        };
        for (number, row) in store.events_after(id, last, AT_ONCE).await? {
            let event = NumberedEvent { number, event: stored::event(&row) };
            let data = serde_json::to_string(&event).unwrap_or_default();
            self.waiting.push_back(Event::default().id(number.to_string()).event("event").data(data));
            self.booking = Some((id, number));
        }
        let Some(stamp) = store.booking_stamp(id).await? else { return Ok(None) };
        if self.known.as_ref() != Some(&stamp) {
            let state = store.booking(id).await?.state.as_str();
            let data = format!("{{\"state\":\"{state}\"}}");
            self.waiting.push_back(Event::default().event("changed").data(data));
            self.known = Some(stamp);
        }
        Ok(Some(()))
    }
}
