//! A page that nobody has described yet: shown as text, or saved without what is personal. It is never rendered: it came from
//! somebody else, and our own sign-in is open beside it.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::IntoResponse as _;
use secrecy::ExposeSecret as _;

use super::booking::visible;
use crate::scrub::known::of_the_store;
use crate::scrub::{Scrubber, text_of_page};
use crate::store::{BookingId, SealPurpose};
use crate::web::answer::{NoPage, Page, html};
use crate::web::doors::session::SignedIn;
use crate::web::frame::{Frame, Reader};
use crate::web::state::Web;

/// The most of a page that is shown, in characters.
const MAX_SHOWN: usize = 100_000;

#[derive(Template)]
#[template(path = "kept_page.html")]
struct KeptPageView {
    frame: Frame,
    id: BookingId,
    round: i64,
    attempt: u32,
    bytes: usize,
    text: String,
    is_cut: bool,
}

/// The page of an attempt, as text, and how many bytes it has.
async fn text(
    web: &Web,
    signed_in: &SignedIn,
    reader: &Reader,
    (id, round, attempt): (i64, i64, u32),
) -> Result<(String, usize), NoPage> {
    let id = BookingId(id);
    visible(web, signed_in, id).await?;
    let missing = || NoPage::new(StatusCode::NOT_FOUND, reader.words.missing);
    let (_, sealed) = web.store.page(id, round, attempt).await?.ok_or_else(missing)?;
    let no_key = |_| NoPage::new(StatusCode::SERVICE_UNAVAILABLE, reader.words.no_key);
    let body = web.vault.unseal(SealPurpose::Page, &sealed).map_err(no_key)?;
    let body = body.expose_secret();
    let text = text_of_page(body).unwrap_or_else(|| String::from_utf8_lossy(body).into_owned());
    Ok((text, body.len()))
}

/// The page as text.
pub(in crate::web) async fn show(
    State(web): State<Arc<Web>>,
    signed_in: SignedIn,
    reader: Reader,
    Path(asked): Path<(i64, i64, u32)>,
) -> Page {
    let (text, bytes) = text(&web, &signed_in, &reader, asked).await?;
    let (id, round, attempt) = (BookingId(asked.0), asked.1, asked.2);
    let shown: String = text.chars().take(MAX_SHOWN).collect();
    let is_cut = shown.len() < text.len();
    let frame = reader.frame(reader.words.kept_pages, Some(&signed_in));
    Ok(html(&KeptPageView { frame, id, round, attempt, bytes, text: shown, is_cut }))
}

/// A copy without what is personal, to be saved.
pub(in crate::web) async fn copy(
    State(web): State<Arc<Web>>,
    signed_in: SignedIn,
    reader: Reader,
    Path(asked): Path<(i64, i64, u32)>,
) -> Page {
    let (text, _) = text(&web, &signed_in, &reader, asked).await?;
    let mut scrubber = Scrubber::default();
    // A scrubber that knows too little hands nothing out.
    of_the_store(&mut scrubber, &web.config, &web.store, Some(asked.0)).await?;
    let name = format!("attachment; filename=\"booking-{}-attempt-{}.html.txt\"", asked.0, asked.2);
    let kind = "text/plain; charset=utf-8".to_owned();
    Ok(([(CONTENT_TYPE, kind), (CONTENT_DISPOSITION, name)], scrubber.page(&text)).into_response())
}
