//! How a request is answered: with a page, or with why there is none.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};

use super::form::Fields;
use super::frame::{Frame, Reader};
use super::state::TARGET;
use super::words;
use crate::bad_input::BadInput;
use crate::say::retold;
use crate::store::StoreError;

/// Why a request was not answered with its page.
#[derive(Debug)]
pub(super) struct NoPage {
    status: StatusCode,
    text: String,
}

impl NoPage {
    pub(super) fn new(status: StatusCode, text: impl Into<String>) -> Self {
        Self { status, text: text.into() }
    }
}

impl From<StoreError> for NoPage {
    fn from(error: StoreError) -> Self {
        let status = match error {
            StoreError::NotFound(_) => StatusCode::NOT_FOUND,
            StoreError::Conflict(_) => StatusCode::CONFLICT,
            _ => {
                tracing::error!(target: TARGET, %error, "the store failed a page");
                // Where the store is concerns nobody here.
                return Self::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "저장소를 쓸 수 없습니다. / The store does not answer.",
                );
            }
        };
        Self::new(status, retold(&error.to_string()))
    }
}

impl From<anyhow::Error> for NoPage {
    fn from(error: anyhow::Error) -> Self {
        match error.downcast::<StoreError>() {
            Ok(error) => error.into(),
            Err(error) if error.is::<BadInput>() => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, format!("{error:#}"))
            }
            Err(error) => {
                tracing::error!(target: TARGET, error = format!("{error:#}"), "a page could not be made");
                Self::new(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "오류가 기록되었습니다. / The error is in the log.",
                )
            }
        }
    }
}

#[derive(Template)]
#[template(path = "failure.html")]
pub(super) struct FailurePage {
    pub(super) frame: Frame,
    pub(super) text: String,
}

impl IntoResponse for NoPage {
    fn into_response(self) -> Response {
        // Without a request at hand there is no language: the words are few, and both are there.
        let words = words::of(crate::say::Language::Korean);
        let reader = Reader { words, path: String::new(), here: String::new() };
        let title = format!("{} / {}", words.failed, words::of(crate::say::Language::English).failed);
        let page = FailurePage { frame: reader.frame(title, None), text: self.text };
        (self.status, html(&page)).into_response()
    }
}

/// What a page gives.
pub(super) type Page = Result<Response, NoPage>;

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
pub(super) fn ours(fields: &Fields, token: Option<&str>, reader: &Reader) -> Result<(), NoPage> {
    if fields.is_ours(token) {
        return Ok(());
    }
    Err(NoPage::new(StatusCode::FORBIDDEN, reader.words.foreign_form))
}

/// A path of ours to go on to; anything else is the first page, so that nobody is sent elsewhere.
pub(super) fn own_path(path: Option<&str>) -> &str {
    let is_own = |path: &&str| {
        path.starts_with('/')
            && !path.starts_with("//")
            && !path.contains('\\')
            && path.chars().all(|c| c.is_ascii_graphic())
    };
    path.filter(is_own).unwrap_or("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_elsewhere() {
        for path in [
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "evil",
            "",
            "/a\r\nb",
            "javascript:1",
        ] {
            assert_eq!(own_path(Some(path)), "/", "{path:?}");
        }
        assert_eq!(own_path(Some("/bookings/3")), "/bookings/3");
        assert_eq!(own_path(None), "/");
    }
}
