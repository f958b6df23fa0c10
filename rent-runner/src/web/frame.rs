//! What all pages share: the language, who is signed in, the names of the assets.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::header::{ACCEPT_LANGUAGE, COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::Response;
use namyangju_rent::clock::{Clock as _, SystemClock};

use super::assets;
use super::doors::session::SignedIn;
use super::state::Web;
use super::words::{self, Words};
use crate::say::{Language, in_language_async};

/// The cookie of the language.
pub(super) const LANGUAGE: &str = "rent_language";

/// The words of the request's language, and its address.
#[derive(Clone, Debug)]
pub(super) struct Reader {
    pub(super) words: &'static Words,
    pub(super) path: String,
    /// The address with its query, where the request has one.
    pub(super) here: String,
}

/// What the outer page shows.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    pub(super) words: &'static Words,
    pub(super) title: String,
    /// The name of who is signed in.
    pub(super) user: Option<String>,
    pub(super) is_owner: bool,
    pub(super) csrf: String,
    pub(super) path: String,
    /// Where the reader comes back to after a change of the language.
    pub(super) here: String,
    /// The instant of the page, in milliseconds: countdowns go by this clock, and not by the browser's.
    pub(super) now_millis: i64,
    /// What the page says of what was done just now.
    pub(super) said: Option<String>,
    /// What the page shows changes by itself: the address of its stream.
    pub(super) live: Option<String>,
    pub(super) style: &'static str,
    pub(super) script: &'static str,
    /// The script of the steps of a booking.
    pub(super) plan_script: &'static str,
}

impl Reader {
    /// The frame of a page.
    pub(super) fn frame(&self, title: impl Into<String>, signed_in: Option<&SignedIn>) -> Frame {
        Frame {
            words: self.words,
            title: title.into(),
            user: signed_in.map(|signed_in| signed_in.user.name.clone()),
            is_owner: signed_in.is_some_and(|signed_in| signed_in.user.is_owner),
            csrf: signed_in.map(|signed_in| signed_in.csrf.clone()).unwrap_or_default(),
            path: self.path.clone(),
            here: self.here.clone(),
            now_millis: SystemClock.now().unix_micros() / 1_000,
            said: None,
            live: None,
            style: &assets::STYLE,
            script: &assets::SCRIPT,
            plan_script: &assets::PLAN_SCRIPT,
        }
    }
}

/// The language that a browser has chosen, or else asks for.
fn language_of(headers: &HeaderMap, otherwise: Language) -> Language {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    let chosen = cookies
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == LANGUAGE)
        .and_then(|(_, tag)| words::language_of(tag));
    let accepted = headers.get(ACCEPT_LANGUAGE).and_then(|line| line.to_str().ok());
    let asked = accepted.and_then(|line| {
        let tags = line.split(',').map(|tag| tag.split(';').next().unwrap_or_default().trim());
        tags.into_iter().find_map(words::language_of)
    });
    chosen.or(asked).unwrap_or(otherwise)
}

/// Answers in the reader's language: what is said on the way is said in it. The API is for programs, whose documents never
/// change with the language.
pub(super) async fn speak(State(web): State<Arc<Web>>, request: Request, next: Next) -> Response {
    let language = match request.uri().path().starts_with("/api/v") {
        true => Language::English,
        false => language_of(request.headers(), web.config.language),
    };
    in_language_async(language, next.run(request)).await
}

impl FromRequestParts<Arc<Web>> for Reader {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, web: &Arc<Web>) -> Result<Self, Self::Rejection> {
        let language = language_of(&parts.headers, web.config.language);
        let path = parts.uri.path().to_owned();
        // Only what is asked for with GET is an address to come back to.
        let whole = parts.uri.path_and_query().filter(|_| parts.method == Method::GET);
        let here = whole.map_or_else(|| path.clone(), ToString::to_string);
        Ok(Self { words: words::of(language), path, here })
    }
}
