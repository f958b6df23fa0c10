//! The choice of the language.

use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse as _, Redirect, Response};

use crate::web::answer::own_path;
use crate::web::doors::session::set_cookie;
use crate::web::form::Fields;
use crate::web::frame::LANGUAGE;
use crate::web::words;

/// Chooses the language, and shows the same page again.
pub(in crate::web) async fn choose(fields: Fields) -> Response {
    let tag = fields.raw("language").filter(|tag| words::language_of(tag).is_some()).unwrap_or("ko");
    let cookie = set_cookie(LANGUAGE, if tag.starts_with("en") { "en" } else { "ko" }, 365 * 24 * 3600);
    ([(SET_COOKIE, cookie)], Redirect::to(own_path(fields.raw("next")))).into_response()
}
