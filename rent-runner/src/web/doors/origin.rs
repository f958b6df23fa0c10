//! Requests that change something come from our own pages.
//!
//! A browser says where a request comes from: `Sec-Fetch-Site` (all since 2023), else `Origin` (all with each POST). A request that
//! says neither is from a program, or from a very old browser: it needs the token that our forms carry, which
//! `form::Fields` checks.

use axum::extract::Request;
use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

/// Where a request says that it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::web) enum Origin {
    Own,
    Foreign,
    /// The form's token decides.
    Unsaid,
}

impl Origin {
    pub(in crate::web) fn of(headers: &HeaderMap) -> Self {
        let text =
            |name| headers.get(name).map(|value: &axum::http::HeaderValue| value.to_str().unwrap_or("?"));
        if let Some(site) = text(axum::http::HeaderName::from_static("sec-fetch-site")) {
            return if ["same-origin", "none"].contains(&site) { Self::Own } else { Self::Foreign };
        }
        match (text(ORIGIN), text(HOST)) {
            (None, _) => Self::Unsaid,
            (Some(origin), Some(host)) => {
                let said = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
                if said.is_some_and(|said| said.eq_ignore_ascii_case(host)) {
                    Self::Own
                } else {
                    Self::Foreign
                }
            }
            (Some(_), None) => Self::Foreign,
        }
    }
}

/// Refuses what another site's page sends.
pub(in crate::web) async fn check(request: Request, next: Next) -> Response {
    let reads = [Method::GET, Method::HEAD, Method::OPTIONS].contains(request.method());
    if reads || request.uri().path() == "/csp" || Origin::of(request.headers()) != Origin::Foreign {
        return next.run(request).await;
    }
    (StatusCode::FORBIDDEN, "This request comes from another site's page.\n").into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_foreign_page_is_told_from_our_own() {
        let origin = |lines: &[(&'static str, &'static str)]| {
            let lines = lines.iter().map(|(name, value)| {
                (axum::http::HeaderName::from_static(name), axum::http::HeaderValue::from_static(value))
            });
            Origin::of(&lines.collect())
        };
        let host = ("host", "127.0.0.1:7788");
        assert_eq!(origin(&[host]), Origin::Unsaid);
        assert_eq!(origin(&[host, ("sec-fetch-site", "same-origin")]), Origin::Own);
        assert_eq!(origin(&[host, ("sec-fetch-site", "none")]), Origin::Own);
        assert_eq!(origin(&[host, ("sec-fetch-site", "same-site")]), Origin::Foreign);
        assert_eq!(
            origin(&[host, ("sec-fetch-site", "cross-site"), ("origin", "http://127.0.0.1:7788")]),
            Origin::Foreign
        );
        assert_eq!(origin(&[host, ("origin", "http://127.0.0.1:7788")]), Origin::Own);
        assert_eq!(origin(&[host, ("origin", "http://127.0.0.1:7789")]), Origin::Foreign);
        assert_eq!(origin(&[host, ("origin", "null")]), Origin::Foreign);
        assert_eq!(origin(&[("origin", "http://127.0.0.1:7788")]), Origin::Foreign);
    }
}
