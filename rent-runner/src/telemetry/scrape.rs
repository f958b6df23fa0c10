//! What a monitoring system asks over HTTP: the figures in OpenMetrics' text format, and a health check.
//!
//! What only the store knows is read when it is asked for; a store that does not answer leaves the rest.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use axum::Router;
use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::logs;
use super::metrics::{Figures, Label, Metrics};
use crate::store::{State, Store};

/// What these lines of the log are filed under.
const TARGET: &str = "rent_runner::metrics";

/// How long the store may take to answer a question of a monitoring system.
const STORE_TIMEOUT: Duration = Duration::from_secs(3);

/// A runner that was not seen for so long is not counted: leases are renewed far more often.
const ALIVE: Duration = Duration::from_secs(120);

/// The store as far as it is open: a server that starts later than this program is waited for.
#[derive(Clone, Debug)]
pub(crate) enum StoreAccess {
    /// Why it is not open yet.
    Waiting(String),
    Open(Store),
}

pub(super) const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

impl Metrics {
    /// Serves `/metrics` and `/healthz` until told to stop; gives the address it listens on, at once. It answers
    /// before the store is open, too: not healthy, and why.
    ///
    /// # Errors
    /// If the address cannot be listened on.
    pub(crate) async fn serve(
        &self,
        listen: SocketAddr,
        store: watch::Receiver<StoreAccess>,
        mut stop: watch::Receiver<bool>,
    ) -> Result<SocketAddr> {
        let listener = TcpListener::bind(listen)
            .await
            .with_context(|| format!("{listen} cannot be listened on for metrics and health checks"))?;
        let address = listener.local_addr()?;
        if !address.ip().is_loopback() {
            tracing::warn!(target: TARGET, %address, "other machines can read the metrics; there is nothing personal in them");
        }
        let asked = Asked { figures: Arc::clone(&self.figures), store };
        let router = Router::new()
            .route("/metrics", get(scrape))
            .route("/healthz", get(health))
            .with_state(Arc::new(asked));
        let stopped = async move {
            let _ = stop.wait_for(|stop| *stop).await;
        };
        tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(stopped).await {
                tracing::error!(target: TARGET, %error, "metrics and health checks are no longer served");
            }
        });
        Ok(address)
    }
}

/// What a request is answered from.
struct Asked {
    figures: Arc<Figures>,
    store: watch::Receiver<StoreAccess>,
}

async fn scrape(Shared(asked): Shared<Arc<Asked>>) -> Response {
    let mut now = Registry::with_prefix("rent");
    let access = asked.store.borrow().clone();
    let stored = match access {
        StoreAccess::Waiting(_) => None,
        StoreAccess::Open(store) => match tokio::time::timeout(STORE_TIMEOUT, Stored::read(&store)).await {
            Ok(Ok(stored)) => Some(stored),
            Ok(Err(error)) => {
                tracing::warn!(target: TARGET, %error, "the figures of the store cannot be read");
                None
            }
            Err(_) => None,
        },
    };
    let up: Gauge = Gauge::default();
    up.set(i64::from(stored.is_some()));
    now.register("store_up", "Whether the store answers", up);
    now.register(
        "log_lines_dropped",
        "Lines of the log that were not read fast enough",
        ConstCounter::new(logs::dropped()),
    );
    if let Some(stored) = stored {
        stored.register(&mut now);
    }
    let mut text = String::new();
    let encoded = prometheus_client::encoding::text::encode_registry(&mut text, &asked.figures.registry)
        .and_then(|()| encode(&mut text, &now));
    match encoded {
        Ok(()) => ([(CONTENT_TYPE, OPEN_METRICS), (CACHE_CONTROL, "no-store")], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Healthy is a runner that can note something: a store that can only be read books nothing.
async fn health(Shared(asked): Shared<Arc<Asked>>) -> Response {
    let access = asked.store.borrow().clone();
    let store = match access {
        StoreAccess::Open(store) => store,
        StoreAccess::Waiting(why) => {
            let text = format!("waiting for the store: {why}\n");
            return (StatusCode::SERVICE_UNAVAILABLE, [(CACHE_CONTROL, "no-store")], text).into_response();
        }
    };
    let (status, text) = match tokio::time::timeout(STORE_TIMEOUT, store.try_to_write()).await {
        Ok(Ok(())) => (StatusCode::OK, "ok\n".to_owned()),
        Ok(Err(error)) => (
            StatusCode::SERVICE_UNAVAILABLE,
            format!("the store does not answer, or takes nothing: {error}\n"),
        ),
        Err(_) => {
            let text = format!("the store does not take a write within {} s\n", STORE_TIMEOUT.as_secs());
            (StatusCode::SERVICE_UNAVAILABLE, text)
        }
    };
    (status, [(CACHE_CONTROL, "no-store")], text).into_response()
}

/// What only the store knows.
struct Stored {
    bookings: Vec<(State, u64)>,
    waiting: u64,
    runners: usize,
}

impl Stored {
    async fn read(store: &Store) -> crate::store::Result<Self> {
        let (now, _) = store.now().await?;
        let runners = store.runners().await?;
        let alive = |runner: &&crate::store::RunnerRow| {
            runner.stopped_at.is_none() && now.since(runner.seen_at) < ALIVE
        };
        Ok(Self {
            bookings: store.counts().await?,
            waiting: store.messages_waiting().await?,
            runners: runners.iter().filter(alive).count(),
        })
    }

    fn register(&self, registry: &mut Registry) {
        let bookings: Family<Label, Gauge> = Family::default();
        for state in State::ALL {
            let stored = self.bookings.iter().find(|(known, _)| *known == state).map_or(0, |(_, many)| *many);
            let many = i64::try_from(stored).unwrap_or(i64::MAX);
            bookings.get_or_create(&[("state", state.as_str().to_owned())]).set(many);
        }
        registry.register("bookings", "Stored bookings by state", bookings);
        let waiting: Gauge = Gauge::default();
        waiting.set(i64::try_from(self.waiting).unwrap_or(i64::MAX));
        registry.register("messages_waiting", "Messages that wait to be sent", waiting);
        let runners: Gauge = Gauge::default();
        runners.set(i64::try_from(self.runners).unwrap_or(i64::MAX));
        registry.register("runners", "Runners that were seen in the last two minutes", runners);
    }
}
