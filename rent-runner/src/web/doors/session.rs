//! Who a request is from: the session's cookie, and the cookie of a browser that is known.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts, OptionalFromRequestParts};
use axum::http::header::{COOKIE, USER_AGENT};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse as _, Redirect, Response};

use super::token;
use crate::store::{TokenHash, WebUser};
use crate::web::state::Web;

/// The cookie of a session.
const SESSION: &str = "rent_session";

/// The cookie of a browser that somebody has signed in with before.
const BROWSER: &str = "rent_browser";

/// The longest name of a browser that is kept.
const MAX_BROWSER: usize = 120;

/// A request of somebody who has signed in.
#[derive(Debug)]
pub(in crate::web) struct SignedIn {
    pub(in crate::web) user: WebUser,
    /// What its forms carry.
    pub(in crate::web) csrf: String,
    session: String,
}

impl SignedIn {
    pub(in crate::web) fn session(&self) -> TokenHash {
        token::hash(&self.session)
    }
}

/// Where a request comes from, as far as it is known.
#[derive(Clone, Debug)]
pub(in crate::web) struct Peer {
    pub(in crate::web) address: IpAddr,
    pub(in crate::web) browser: String,
    /// The token of a known browser.
    pub(in crate::web) known: Option<String>,
    /// The session that it has already.
    pub(in crate::web) session: Option<TokenHash>,
}

/// A cookie of a request.
pub(in crate::web) fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    lines
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(known, _)| *known == name)
        .map(|(_, value)| value.to_owned())
}

/// The session of a request, by its hash. Of two none counts: another server on this machine may have planted one.
pub(in crate::web) fn token_of(headers: &HeaderMap) -> Option<TokenHash> {
    session_of(headers).map(|session| token::hash(&session))
}

fn session_of(headers: &HeaderMap) -> Option<String> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut found = lines
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(name, value)| *name == SESSION && !value.is_empty());
    let (_, value) = found.next()?;
    found.next().is_none().then(|| value.to_owned())
}

/// The line that sets a cookie for so many seconds; none removes it.
pub(in crate::web) fn set_cookie(name: &str, value: &str, seconds: u64) -> String {
    format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict")
}

/// The lines that begin a session in a browser and mark the browser as known.
pub(in crate::web) fn begin(session: &str, browser: Option<&str>) -> Vec<String> {
    let month = 30 * 24 * 3600;
    let mut lines = vec![set_cookie(SESSION, session, month)];
    lines.extend(browser.map(|browser| set_cookie(BROWSER, browser, 12 * month)));
    lines
}

/// The line that ends the session in a browser.
pub(in crate::web) fn end() -> String {
    set_cookie(SESSION, "", 0)
}

impl OptionalFromRequestParts<Arc<Web>> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, web: &Arc<Web>) -> Result<Option<Self>, Response> {
        let Some(session) = session_of(&parts.headers) else { return Ok(None) };
        let user = web
            .store
            .session(&token::hash(&session))
            .await
            .map_err(|error| (StatusCode::SERVICE_UNAVAILABLE, format!("{error}\n")).into_response())?;
        Ok(user.map(|user| Self { user, csrf: token::of_forms(&session), session }))
    }
}

impl FromRequestParts<Arc<Web>> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, web: &Arc<Web>) -> Result<Self, Response> {
        match <Self as OptionalFromRequestParts<_>>::from_request_parts(parts, web).await? {
            Some(signed_in) => Ok(signed_in),
            None if parts.method == Method::GET && parts.uri.path() != "/" => {
                let next = form_urlencoded::byte_serialize(parts.uri.path().as_bytes()).collect::<String>();
                Err(Redirect::to(&format!("/sign-in?next={next}")).into_response())
            }
            None => Err(Redirect::to("/sign-in").into_response()),
        }
    }
}

impl FromRequestParts<Arc<Web>> for Peer {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<Web>) -> Result<Self, Self::Rejection> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let browser = parts.headers.get(USER_AGENT).and_then(|text| text.to_str().ok()).unwrap_or_default();
        Ok(Self {
            address: peer.map_or(std::net::Ipv4Addr::UNSPECIFIED.into(), |peer| peer.0.ip()),
            browser: browser.chars().filter(|c| !c.is_control()).take(MAX_BROWSER).collect(),
            known: cookie(&parts.headers, BROWSER),
            session: token_of(&parts.headers),
        })
    }
}
