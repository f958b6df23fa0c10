//! What a browser may do with our pages.

use std::sync::atomic::{AtomicU64, Ordering};

use axum::http::header::{
    CACHE_CONTROL, CONNECTION, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;

use crate::web::state::TARGET;

/// Nothing is inline, and nothing comes from elsewhere.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; \
     form-action 'self'; frame-ancestors 'none'; base-uri 'none'; report-uri /csp";

/// How often a browser reported that a page tried what is forbidden.
static VIOLATIONS: AtomicU64 = AtomicU64::new(0);

/// Puts the headers on every answer.
pub(in crate::web) async fn headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    // A link of the sign-in must not reach another site.
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    );
    headers.insert(
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    );
    // Nobody sees a page with the back button after signing out.
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Counts what a browser reports: with our own pages that is nothing. The report itself is not read: anybody can send one.
pub(in crate::web) async fn report() -> (StatusCode, [(HeaderName, &'static str); 1]) {
    let many = VIOLATIONS.fetch_add(1, Ordering::Relaxed) + 1;
    if many.is_power_of_two() {
        tracing::warn!(target: TARGET, many, "a browser reports that a page tried what its policy forbids");
    }
    (StatusCode::NO_CONTENT, [(CONNECTION, "close")])
}
