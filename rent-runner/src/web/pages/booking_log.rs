//! The log of one booking: every event of every round, with the runner that wrote it, as plain text.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse as _;

use super::booking::visible;
use crate::runner::Identity;
use crate::store::BookingId;
use crate::web::answer::Page;
use crate::web::doors::session::SignedIn;
use crate::web::state::Web;
use crate::words::in_words;

/// The lines, in the order in which they were written.
pub(in crate::web) async fn show(
    State(web): State<Arc<Web>>,
    signed_in: SignedIn,
    Path(id): Path<i64>,
) -> Page {
    let id = BookingId(id);
    visible(&web, &signed_in, id).await?;
    let history = web.store.story(id).await?;
    let mut text = String::new();
    for row in &history.events {
        let (round, runner) = (row.round, Identity::name_of(&row.runner));
        let _ = writeln!(text, "{}  round {round}  {runner}  {}", row.at, in_words(&row.event));
    }
    Ok(([(CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response())
}
