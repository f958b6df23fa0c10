//! The style and the script, inside the program. A hash in the name lets browsers keep them for ever.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};

use super::doors::token;

const STYLE_TEXT: &str = include_str!("../../assets/style.css");
const SCRIPT_TEXT: &str = include_str!("../../assets/live.js");
const PLAN_SCRIPT_TEXT: &str = include_str!("../../assets/plan.js");

/// The name of the style.
pub(super) static STYLE: LazyLock<String> = LazyLock::new(|| name("style", STYLE_TEXT, "css"));

/// The name of the script.
pub(super) static SCRIPT: LazyLock<String> = LazyLock::new(|| name("live", SCRIPT_TEXT, "js"));

/// The name of the script of the steps of a booking.
pub(super) static PLAN_SCRIPT: LazyLock<String> = LazyLock::new(|| name("plan", PLAN_SCRIPT_TEXT, "js"));

fn name(stem: &str, text: &str, end: &str) -> String {
    let hash = token::hex(&token::hash(text));
    format!("{stem}-{}.{end}", hash.get(..12).unwrap_or_default())
}

/// Answers for an asset.
pub(super) async fn serve(Path(asked): Path<String>) -> Response {
    let (kind, text) = if asked == *STYLE {
        ("text/css; charset=utf-8", STYLE_TEXT)
    } else if asked == *SCRIPT {
        ("text/javascript; charset=utf-8", SCRIPT_TEXT)
    } else if asked == *PLAN_SCRIPT {
        ("text/javascript; charset=utf-8", PLAN_SCRIPT_TEXT)
    } else {
        return StatusCode::NOT_FOUND.into_response();
    };
    ([(CONTENT_TYPE, kind), (CACHE_CONTROL, "public, max-age=31536000, immutable")], text).into_response()
}
