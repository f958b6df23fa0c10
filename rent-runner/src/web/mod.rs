//! The page: what a person with a browser does, without a terminal.
//!
//! One server has the pages, the figures and the health check. It runs on a thread of its own with a store handle of its
//! own, so that no page makes a shot late. `doors/` is who may come in, one policy a file; `pages/` is what is seen, one view a
//! file. Pages are complete without a script: `assets/live.js` only fetches the same page again when something changed.

mod answer;
mod assets;
mod doors;
mod form;
mod frame;
mod korean;
mod listen;
mod live;
mod pages;
mod state;
mod streams;
mod words;

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use axum::Router;
use axum::middleware;
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tokio::sync::watch;

use self::doors::hosts::Hosts;
pub(crate) use self::doors::link::{make_link, set_owner};
use self::doors::throttle::Throttle;
use self::state::{TARGET, Web};
use self::streams::Streams;
use crate::config::Config;
use crate::store::Store;
use crate::telemetry::metrics::Metrics;
use crate::vault::Vault;

/// Where the server listens, and for whom.
#[derive(Clone, Debug)]
pub(crate) struct WebSettings {
    /// The address to listen on.
    pub(crate) listen: SocketAddr,
    /// Another free port may be taken instead: nobody asked for this one.
    pub(crate) any_port: bool,
    /// Names under which a proxy hands requests on.
    pub(crate) hosts: Vec<String>,
    /// Whether there are pages; without them there are figures and the health check.
    pub(crate) pages: bool,
}

/// Starts the server on a thread of its own, which ends when told to stop; gives the address it listens on.
///
/// # Errors
/// If the address cannot be listened on.
pub(crate) async fn start(
    settings: WebSettings,
    config: Config,
    vault: Vault,
    metrics: Metrics,
    stopped: watch::Receiver<bool>,
) -> Result<SocketAddr> {
    let listener = bind(&settings).await?;
    let address = listener.local_addr()?;
    let listener = listener.into_std()?;
    std::thread::Builder::new()
        .name("web".to_owned())
        .spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let served = runtime.map_err(anyhow::Error::from).and_then(|runtime| {
                runtime.block_on(serve(listener, address, settings, config, vault, metrics, stopped))
            });
            if let Err(error) = served {
                tracing::error!(target: TARGET, error = format!("{error:#}"), "the page is no longer served");
            }
        })
        .context("the thread of the page cannot be started")?;
    Ok(address)
}

async fn bind(settings: &WebSettings) -> Result<TcpListener> {
    let listen = settings.listen;
    match TcpListener::bind(listen).await {
        Ok(listener) => Ok(listener),
        Err(_) if settings.any_port => {
            let any = SocketAddr::new(listen.ip(), 0);
            TcpListener::bind(any)
                .await
                .with_context(|| format!("no port of {} can be listened on", listen.ip()))
        }
        Err(error) => Err(error).with_context(|| format!("{listen} cannot be listened on")),
    }
}

async fn serve(
    listener: std::net::TcpListener,
    address: SocketAddr,
    settings: WebSettings,
    config: Config,
    vault: Vault,
    metrics: Metrics,
    stopped: watch::Receiver<bool>,
) -> Result<()> {
    let store = Store::open(&config.database).await?;
    let figures = metrics.routes(store.clone());
    let app = if settings.pages {
        let web = Web {
            store: store.clone(),
            vault,
            config,
            is_local: address.ip().is_loopback(),
            throttle: Throttle::default(),
            streams: Streams::default(),
            stopped: stopped.clone(),
        };
        router(Arc::new(web), Hosts::new(settings.hosts)).merge(figures)
    } else {
        figures
    };
    let listener = TcpListener::from_std(listener)?;
    if settings.pages {
        let took = doors::password::time_taken().await?.as_millis();
        tracing::info!(target: TARGET, took, "one sign-in takes so many milliseconds");
    }
    listen::run(listener, app, stopped).await;
    store.close().await;
    Ok(())
}

fn router(web: Arc<Web>, hosts: Hosts) -> Router {
    Router::new()
        .route("/", get(pages::bookings::show))
        .route("/bookings/new", get(pages::new_booking::show).post(pages::new_booking::store))
        .route("/bookings/{id}", get(pages::booking::show))
        .route("/bookings/{id}/cancel", post(pages::booking::cancel))
        .route("/bookings/{id}/retry", post(pages::booking::retry))
        .route("/accounts", get(pages::accounts::show).post(pages::accounts::add))
        .route("/accounts/{id}/check", post(pages::accounts::check))
        .route("/accounts/{id}/password", post(pages::accounts::password))
        .route("/accounts/{id}/remove", post(pages::accounts::remove))
        .route("/applicants", get(pages::applicants::show).post(pages::applicants::put))
        .route("/applicants/remove", post(pages::applicants::remove))
        .route("/status", get(pages::status::show))
        .route("/me", get(pages::me::show))
        .route("/me/password", post(pages::me::password))
        .route("/me/end-all", post(pages::me::end_all))
        .route("/club", get(pages::club::show))
        .route("/club/invite", post(pages::club::invite))
        .route("/club/{id}/remove", post(pages::club::remove))
        .route("/sign-in", get(pages::sign_in::show).post(pages::sign_in::enter))
        .route("/sign-out", post(pages::sign_in::leave))
        .route("/link/{token}", get(pages::link::show).post(pages::link::claim))
        .route("/language", post(pages::language::choose))
        .route("/live", get(live::stream))
        .route("/csp", post(doors::policy::report))
        .fallback(pages::missing::show)
        .layer(middleware::from_fn(doors::origin::check))
        .layer(middleware::from_fn_with_state(Arc::clone(&web), doors::unclaimed::check))
        .layer(middleware::from_fn_with_state(Arc::new(hosts), doors::hosts::check))
        .route("/assets/{name}", get(assets::serve))
        .layer(middleware::map_response(doors::policy::headers))
        .with_state(web)
}
