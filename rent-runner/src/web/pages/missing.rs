//! What is not there.

use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

use crate::web::answer::{FailurePage, html};
use crate::web::doors::session::SignedIn;
use crate::web::frame::Reader;

/// What is not there.
pub(in crate::web) async fn show(reader: Reader, signed_in: Option<SignedIn>) -> Response {
    let frame = reader.frame(reader.words.missing, signed_in.as_ref());
    (StatusCode::NOT_FOUND, html(&FailurePage { frame, text: reader.path.clone() })).into_response()
}
