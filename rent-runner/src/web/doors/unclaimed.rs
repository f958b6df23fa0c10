//! A page that nobody owns is not shown to other machines.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use crate::web::state::Web;

/// Answers nobody while there is no owner and other machines reach the server.
pub(in crate::web) async fn check(State(web): State<Arc<Web>>, request: Request, next: Next) -> Response {
    if web.is_local || matches!(web.store.has_owner().await, Ok(true)) {
        return next.run(request).await;
    }
    let text = "Nobody owns this page yet, and other machines can reach it. Set the owner first, on the machine itself: \
                rent-runner web owner NAME\n";
    (StatusCode::FORBIDDEN, text).into_response()
}
