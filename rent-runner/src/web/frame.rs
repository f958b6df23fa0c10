//! What all pages share: the language, who is signed in, the names of the assets.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header::{ACCEPT_LANGUAGE, COOKIE};
use axum::http::request::Parts;

use super::assets;
use super::doors::session::SignedIn;
use super::state::Web;
use super::words::{self, Words};
use crate::notify::Language;

/// The cookie of the language.
pub(super) const LANGUAGE: &str = "rent_language";

/// The words of the request's language, and its address.
#[derive(Clone, Debug)]
pub(super) struct Reader {
    pub(super) words: &'static Words,
    pub(super) path: String,
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
    /// What the page says of what was done just now.
    pub(super) said: Option<String>,
    /// What the page shows changes by itself: the address of its stream.
    pub(super) live: Option<String>,
    pub(super) style: &'static str,
    pub(super) script: &'static str,
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
            said: None,
            live: None,
            style: &assets::STYLE,
            script: &assets::SCRIPT,
        }
    }
}

impl FromRequestParts<Arc<Web>> for Reader {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, web: &Arc<Web>) -> Result<Self, Self::Rejection> {
        let cookies = parts.headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
        let chosen = cookies
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(name, _)| *name == LANGUAGE)
            .and_then(|(_, tag)| words::language_of(tag));
        let accepted = parts.headers.get(ACCEPT_LANGUAGE).and_then(|line| line.to_str().ok());
        let asked = accepted.and_then(|line| {
            let tags = line.split(',').map(|tag| tag.split(';').next().unwrap_or_default().trim());
            tags.into_iter().find_map(words::language_of)
        });
        let language: Language = chosen.or(asked).unwrap_or(web.config.language);
        Ok(Self { words: words::of(language), path: parts.uri.path().to_owned() })
    }
}
