//! A session's line to the site: the HTTP client over one route, and what is seen of its connections.
//!
//! Two things are needed that an HTTP client does not tell. A time is only a measurement of the path if no handshake
//! is part of it, so the line notes when its connections were ready. And where the site closes each connection after
//! its answer, the handshakes of the shot have to be over before the instant, so a connection that is made early can
//! be held back until then: the request leaves when it is released.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tower_layer::Layer;
use tower_service::Service;

use crate::clock::{Clock, wait_until};

/// The HTTP client over one route, with what is seen of its connections.
#[derive(Clone)]
pub(crate) struct SiteLine {
    pub(crate) http: reqwest::Client,
    pub(crate) connections: Connections,
}

/// What is seen of the connections of a line.
#[derive(Clone, Debug)]
pub(crate) struct Connections(Arc<ConnectionWatch>);

#[derive(Debug)]
struct ConnectionWatch {
    clock: Arc<dyn Clock>,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    /// How many connections were made.
    made: u32,
    /// When the last one was ready, by the monotonic clock.
    ready_at: Duration,
    /// Until when the next one is held back.
    held_until: Option<Duration>,
}

impl Connections {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self(Arc::new(ConnectionWatch { clock, seen: Mutex::default() }))
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many connections were made so far.
    pub(crate) fn made(&self) -> u32 {
        self.seen().made
    }

    /// When a request that was handed over at `handed`, when `made` connections had been made, can have left.
    pub(crate) fn left(&self, handed: Duration, made: u32) -> Duration {
        let seen = self.seen();
        if seen.made == made { handed } else { handed.max(seen.ready_at) }
    }

    /// Holds the next connection back, once it is made, until this instant of the monotonic clock.
    pub(crate) fn hold_until(&self, instant: Duration) {
        self.seen().held_until = Some(instant);
    }

    /// A connection was made: ends when it may be used.
    async fn ready(&self) {
        let held = self.seen().held_until.take();
        if let Some(instant) = held {
            wait_until(self.0.clock.as_ref(), instant).await;
        }
        let now = self.0.clock.monotonic();
        let mut seen = self.seen();
        (seen.made, seen.ready_at) = (seen.made.saturating_add(1), now);
    }
}

impl<S> Layer<S> for Connections {
    type Service = Watched<S>;

    fn layer(&self, inner: S) -> Watched<S> {
        Watched { inner, connections: self.clone() }
    }
}

/// A connector whose connections are noted.
#[derive(Clone, Debug)]
pub(crate) struct Watched<S> {
    inner: S,
    connections: Connections,
}

impl<S, R> Service<R> for Watched<S>
where
    S: Service<R>,
    S::Future: Send + 'static,
    S::Response: Send,
    S::Error: Send,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let (connecting, connections) = (self.inner.call(request), self.connections.clone());
        Box::pin(async move {
            let connection = connecting.await?;
            connections.ready().await;
            Ok(connection)
        })
    }
}
