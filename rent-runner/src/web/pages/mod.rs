//! What is seen, one view a file.

pub(super) mod accounts;
pub(super) mod applicants;
pub(super) mod booking;
pub(super) mod bookings;
pub(super) mod club;
pub(super) mod link;
pub(super) mod me;
pub(super) mod new_booking;
pub(super) mod sign_in;
pub(super) mod status;

use askama::Template;
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::response::{Html, IntoResponse, Redirect, Response};

use super::TARGET;
use super::doors::session::{SignedIn, set_cookie};
use super::form::Fields;
use super::frame::{Frame, LANGUAGE, Reader};
use super::words;
use crate::bad_input::BadInput;
use crate::store::StoreError;

/// Why a request was not answered with its page.
#[derive(Debug)]
pub(super) struct Failure {
    status: StatusCode,
    text: String,
}

impl Failure {
    pub(super) fn new(status: StatusCode, text: impl Into<String>) -> Self {
        Self { status, text: text.into() }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let status = match error {
            StoreError::NotFound(_) => StatusCode::NOT_FOUND,
            StoreError::Conflict(_) => StatusCode::CONFLICT,
            _ => StatusCode::SERVICE_UNAVAILABLE,
        };
        Self::new(status, error.to_string())
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        match error.downcast::<StoreError>() {
            Ok(error) => error.into(),
            Err(error) if error.is::<BadInput>() => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, format!("{error:#}"))
            }
            Err(error) => {
                tracing::error!(target: TARGET, error = format!("{error:#}"), "a page could not be made");
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, format!("{error:#}"))
            }
        }
    }
}

#[derive(Template)]
#[template(path = "failure.html")]
struct FailurePage {
    frame: Frame,
    text: String,
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        // Without a request at hand there is no language: the words are few, and both are there.
        let reader = Reader { words: words::of(crate::notify::Language::Korean), path: String::new() };
        let title = format!("{} / {}", reader.words.failed, words::of(crate::notify::Language::English).failed);
        let page = FailurePage { frame: reader.frame(title, None), text: self.text };
        (self.status, html(&page)).into_response()
    }
}

/// What a page gives.
pub(super) type Page = Result<Response, Failure>;

/// A page as an answer.
pub(super) fn html(page: &impl Template) -> Response {
    match page.render() {
        Ok(text) => Html(text).into_response(),
        Err(error) => {
            tracing::error!(target: TARGET, %error, "a page could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// Refuses a form that is not ours.
fn ours(fields: &Fields, signed_in: Option<&SignedIn>, reader: &Reader) -> Result<(), Failure> {
    if fields.is_ours(signed_in.map(|signed_in| signed_in.csrf.as_str())) {
        return Ok(());
    }
    Err(Failure::new(StatusCode::FORBIDDEN, reader.words.foreign_form))
}

/// A path of ours to go on to; anything else is the first page, so that nobody is sent elsewhere.
fn own_path(path: Option<&str>) -> &str {
    let is_own = |path: &&str| {
        path.starts_with('/') && !path.starts_with("//") && !path.contains(['\\', '\r', '\n', '\t'])
    };
    path.filter(is_own).unwrap_or("/")
}

/// Chooses the language, and shows the same page again.
pub(super) async fn language(fields: Fields) -> Response {
    let tag = fields.raw("language").filter(|tag| words::language_of(tag).is_some()).unwrap_or("ko");
    let cookie = set_cookie(LANGUAGE, if tag.starts_with("en") { "en" } else { "ko" }, 365 * 24 * 3600);
    ([(SET_COOKIE, cookie)], Redirect::to(own_path(fields.raw("next")))).into_response()
}

/// What is not there.
pub(super) async fn missing(reader: Reader, signed_in: Option<SignedIn>) -> Response {
    let frame = reader.frame(reader.words.missing, signed_in.as_ref());
    (StatusCode::NOT_FOUND, html(&FailurePage { frame, text: reader.path.clone() })).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_elsewhere() {
        for path in ["//evil.example", "https://evil.example", "/\\evil.example", "evil", "", "/a\r\nb", "javascript:1"] {
            assert_eq!(own_path(Some(path)), "/", "{path:?}");
        }
        assert_eq!(own_path(Some("/bookings/3")), "/bookings/3");
        assert_eq!(own_path(None), "/");
    }
}
