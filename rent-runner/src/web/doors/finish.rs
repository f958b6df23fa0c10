//! What a request began is finished, also if its connection closes meanwhile: a booking is stored with whose it is, and what was
//! done is in the list of what was done.

use axum::extract::Request;
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

/// Answers a request that changes something from a task of its own.
pub(in crate::web) async fn begun(request: Request, next: Next) -> Response {
    if [Method::GET, Method::HEAD].contains(request.method()) {
        return next.run(request).await;
    }
    let answer = tokio::spawn(next.run(request)).await;
    answer.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::Router;
    use axum::body::Body;
    use axum::middleware;
    use axum::routing::post;
    use tokio::sync::{Notify, mpsc};
    use tower_service::Service as _;

    use super::*;

    #[tokio::test]
    async fn what_was_begun_is_finished_also_if_its_connection_closes() {
        let (begun_here, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (finished, mut heard) = mpsc::unbounded_channel();
        let handler = {
            let (begun_here, go_on) = (Arc::clone(&begun_here), Arc::clone(&go_on));
            move || async move {
                begun_here.notify_one();
                go_on.notified().await;
                finished.send(()).unwrap();
            }
        };
        let mut app = Router::new().route("/", post(handler)).layer(middleware::from_fn(begun));
        let request = Request::post("/").body(Body::empty()).unwrap();
        // The connection closes: what answers it is dropped in the middle.
        tokio::select! {
            _ = app.call(request) => panic!("it was answered before it was told to go on"),
            () = begun_here.notified() => {}
        }
        drop(app);
        go_on.notify_one();
        assert_eq!(heard.recv().await, Some(()));
    }
}
