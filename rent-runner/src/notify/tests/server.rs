//! A server on loopback that keeps what it gets and answers as it is told.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Response, StatusCode};
use serde_json::Value;
use tokio::net::TcpListener;

/// A request that came.
#[derive(Clone, Debug)]
pub(super) struct Received {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Received {
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// An answer: status, headers, body.
pub(super) type Answer = (u16, Vec<(&'static str, String)>, &'static str);

/// What a request is answered with; `None` is never answered.
type Rule = Arc<dyn Fn(&Received) -> Option<Answer> + Send + Sync>;

#[derive(Clone)]
struct Shared {
    received: Arc<Mutex<Vec<Received>>>,
    rule: Rule,
}

pub(super) struct Server {
    pub(super) base: String,
    shared: Shared,
}

impl Server {
    /// Gives these answers, in order, and 200 after them.
    pub(super) async fn start(answers: impl IntoIterator<Item = Answer>) -> Self {
        let answers = Mutex::new(answers.into_iter().collect::<VecDeque<_>>());
        Self::with(move |_| Some(answers.lock().unwrap().pop_front().unwrap_or((200, Vec::new(), "")))).await
    }

    /// Answers each request by its content; one without an answer is left waiting.
    pub(super) async fn with(rule: impl Fn(&Received) -> Option<Answer> + Send + Sync + 'static) -> Self {
        let shared = Shared { received: Arc::default(), rule: Arc::new(rule) };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(shared.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { base, shared }
    }

    pub(super) fn received(&self) -> Vec<Received> {
        self.shared.received.lock().unwrap().clone()
    }

    /// The only request that came.
    pub(super) fn only(&self) -> Received {
        let received = self.received();
        assert_eq!(received.len(), 1, "{received:?}");
        received[0].clone()
    }
}

async fn answer(State(shared): State<Shared>, request: Request) -> Response<String> {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap();
    let received =
        Received { method: head.method.to_string(), path: head.uri.to_string(), headers: head.headers, body };
    let answer = (shared.rule)(&received);
    shared.received.lock().unwrap().push(received);
    let Some((status, headers, text)) = answer else { return std::future::pending().await };
    let mut answer = Response::new(text.to_owned());
    *answer.status_mut() = StatusCode::from_u16(status).unwrap();
    for (name, value) in headers {
        answer.headers_mut().append(name, value.parse().unwrap());
    }
    answer
}
