//! The page: what a person with a browser does, without a terminal.
//!
//! One server has the pages, the figures and the health check. It runs on a thread of its own with a store handle of its
//! own, so that no page makes a shot late. `doors/` is who may come in, one policy a file; `pages/` is what is seen, one view a
//! file. Pages are complete without a script: `assets/live.js` only fetches the same page again when something changed.

mod action;
mod answer;
mod api;
mod assets;
mod doors;
mod form;
mod frame;
mod listen;
mod live;
mod own;
mod pages;
mod plan;
mod practice;
mod state;
mod streams;
mod words;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::middleware;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tower_service::Service as _;

use self::doors::figures::FigureReaders;
use self::doors::hosts::Hosts;
pub(crate) use self::doors::link::{make_link, set_owner};
use self::doors::outside::EnteredRequest;
use self::doors::throttle::Throttle;
use self::doors::tls::Certificate;
pub(crate) use self::doors::token::make as make_token;
use self::practice::Practices;
use self::state::{TARGET, Web};
use self::streams::Streams;
use crate::config::{Config, DoorSettings};
use crate::store::Store;
use crate::telemetry::metrics::Metrics;
use crate::telemetry::scrape::StoreAccess;
use crate::vault::Vault;

/// Where the page is, unless another address is given.
pub(crate) const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9187);

/// The page's address, as far as the settings tell it: the first of its names, else where it listens.
pub(crate) fn own_address(config: &Config) -> String {
    let door = &config.door;
    let base = door.base_path.as_str();
    let listen = config.listen.unwrap_or(DEFAULT_LISTEN);
    match door.hosts.first() {
        // The name is the proxy's, which has its own port.
        Some(host) if !door.trusted_proxies.is_empty() => format!("https://{host}{base}"),
        Some(host) => format!("{}://{host}:{}{base}", door.scheme(), listen.port()),
        None => format!("{}://{listen}{base}", door.scheme()),
    }
}

/// Where the server listens, and for whom.
#[derive(Clone, Debug)]
pub(crate) struct WebSettings {
    /// The address to listen on.
    pub(crate) listen: SocketAddr,
    /// Another free port may be taken instead: nobody asked for this one.
    pub(crate) any_port: bool,
    /// Whether there are pages; without them there are figures and the health check.
    pub(crate) pages: bool,
}

/// A server that was started.
#[derive(Debug)]
pub(crate) struct Listening {
    pub(crate) address: SocketAddr,
    /// Ends when there are pages.
    pub(crate) ready: oneshot::Receiver<()>,
}

/// Starts the server on a thread of its own, which ends when told to stop; gives the address it listens on, at once. The
/// pages come when the store is open.
///
/// # Errors
/// If the address cannot be listened on; bad input if the certificate cannot be used.
pub(crate) async fn start(
    settings: WebSettings,
    config: &Config,
    metrics: &Metrics,
    access: watch::Receiver<StoreAccess>,
    stopped: watch::Receiver<bool>,
) -> Result<Listening> {
    let certificate = Certificate::open(&config.door)?;
    let listener = bind(&settings).await?;
    let address = listener.local_addr()?;
    let (tell_ready, ready) = oneshot::channel();
    let server =
        PageServer { settings, address, config: config.clone(), metrics: metrics.clone(), access, stopped };
    let listener = listener.into_std()?;
    std::thread::Builder::new()
        .name("web".to_owned())
        .spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let served = runtime
                .map_err(anyhow::Error::from)
                .and_then(|runtime| runtime.block_on(server.serve(listener, certificate, tell_ready)));
            if let Err(error) = served {
                tracing::error!(target: TARGET, error = format!("{error:#}"), "the page is no longer served");
            }
        })
        .context("the thread of the page cannot be started")?;
    Ok(Listening { address, ready })
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

/// What the thread of the server works with.
struct PageServer {
    settings: WebSettings,
    address: SocketAddr,
    config: Config,
    metrics: Metrics,
    access: watch::Receiver<StoreAccess>,
    stopped: watch::Receiver<bool>,
}

/// The pages, as soon as there are any.
type Pages = (Arc<DoorSettings>, watch::Receiver<Option<Router>>);

impl PageServer {
    async fn serve(
        mut self,
        listener: std::net::TcpListener,
        certificate: Option<Certificate>,
        ready: oneshot::Sender<()>,
    ) -> Result<()> {
        if !self.address.ip().is_loopback() {
            let address = self.address;
            tracing::warn!(target: TARGET, %address, "other machines can read the metrics; there is nothing personal in them");
        }
        let (own, seen) = watch::channel(self.access.borrow().clone());
        let (put, pages) = watch::channel(None);
        let door = self.config.door.clone();
        let hosts = Arc::new(Hosts::new(door.hosts.clone()));
        let readers = FigureReaders {
            door: door.clone(),
            hosts: self.address.ip().is_loopback().then(|| Arc::clone(&hosts)),
        };
        let check = middleware::from_fn_with_state(Arc::new(readers), doors::figures::check);
        let app = self.metrics.routes(seen).layer(check);
        let app = match self.settings.pages {
            true => app.fallback_service(Router::new().fallback(page).with_state((Arc::new(door), pages))),
            false => app,
        };
        let (listener, stopped) = (TcpListener::from_std(listener)?, self.stopped.clone());
        let opening = async {
            let opened = self.open(&own, &put, ready).await;
            // The figures are still served.
            opened.unwrap_or_else(|error| {
                tracing::error!(target: TARGET, error = format!("{error:#}"), "there is no page");
                None
            })
        };
        let ((), store) = tokio::join!(listen::run(listener, app, certificate, stopped), opening);
        if let Some(store) = store {
            store.close().await;
        }
        Ok(())
    }

    /// Waits until the store is open, and opens it for this thread: so that no page holds up a question of the runner.
    async fn open(
        &mut self,
        own: &watch::Sender<StoreAccess>,
        put: &watch::Sender<Option<Router>>,
        ready: oneshot::Sender<()>,
    ) -> Result<Option<Store>> {
        loop {
            let access = self.access.borrow_and_update().clone();
            if let StoreAccess::Open(_) = access {
                break;
            }
            own.send_replace(access);
            tokio::select! {
                changed = self.access.changed() => if changed.is_err() { return Ok(None) },
                _ = self.stopped.wait_for(|stop| *stop) => return Ok(None),
            }
        }
        let store = Store::open(&self.config.database).await?;
        own.send_replace(StoreAccess::Open(store.clone()));
        if self.settings.pages {
            let vault = Vault::open(&store, &self.config.key).await?;
            let web = Web {
                store: store.clone(),
                vault,
                config: self.config.clone(),
                is_local: self.address.ip().is_loopback(),
                throttle: Throttle::default(),
                streams: Streams::default(),
                practices: Practices::default(),
                stopped: self.stopped.clone(),
            };
            put.send_replace(Some(router(Arc::new(web), Hosts::new(self.config.door.hosts.clone()))));
        }
        // Nobody may wait for it any more.
        let _ = ready.send(());
        if self.settings.pages {
            let took = doors::password::time_taken().await?.as_millis();
            tracing::info!(target: TARGET, took, "one sign-in takes so many milliseconds");
        }
        Ok(Some(store))
    }
}

/// Answers with a page, or that there is none yet.
async fn page(State((door, pages)): State<Pages>, request: Request) -> Response {
    let router = pages.borrow().clone();
    let Some(mut router) = router else {
        return (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, "2")], "The store is not open yet.\n")
            .into_response();
    };
    let (outside, request) = match doors::outside::enter(request, &door) {
        EnteredRequest::Inside(outside, request) => (outside, request),
        EnteredRequest::Answered(answer) => return answer,
    };
    let answer = router.call(request).await.unwrap_or_else(|never| match never {});
    doors::outside::leave(answer, &outside).await
}

fn router(web: Arc<Web>, hosts: Hosts) -> Router {
    Router::new()
        .route("/", get(pages::bookings::show))
        .route("/bookings/new", get(pages::new_booking::show).post(pages::new_booking::act))
        .route("/bookings/repeat", get(pages::repeat::show).post(pages::repeat::act))
        .route("/bookings/{id}/edit", get(pages::edit_booking::show))
        .route("/bookings/{id}", get(pages::booking::show))
        .route("/bookings/{id}/log", get(pages::booking_log::show))
        .route("/bookings/{id}/pages/{round}/{attempt}", get(pages::kept_page::show))
        .route("/bookings/{id}/pages/{round}/{attempt}/copy", get(pages::kept_page::copy))
        .route("/bookings/{id}/cancel", post(pages::booking::cancel))
        .route("/bookings/{id}/retry", post(pages::booking::retry))
        .route("/accounts", get(pages::accounts::show).post(pages::accounts::add))
        .route("/accounts/{id}/check", post(pages::accounts::check))
        .route("/accounts/{id}/password", post(pages::accounts::change))
        .route("/accounts/{id}/remove", post(pages::accounts::remove))
        .route("/applicants", get(pages::applicants::show).post(pages::applicants::put))
        .route("/applicants/remove", post(pages::applicants::remove))
        .route("/status", get(pages::status::show))
        .route("/channels", get(pages::channels::show))
        .route("/channels/{id}/test", post(pages::channels::test))
        .route("/try", get(pages::practice::show).post(pages::practice::start))
        .route("/try/end", post(pages::practice::end))
        .route("/first-steps/skip", post(pages::first_steps::skip))
        .route("/me", get(pages::me::show))
        .route("/me/password", post(pages::me::password))
        .route("/me/end-all", post(pages::me::end_all))
        .route("/me/tokens", post(pages::me::make_token))
        .route("/me/tokens/{id}/remove", post(pages::me::remove_token))
        .route("/club", get(pages::club::show))
        .route("/club/invite", post(pages::club::invite))
        .route("/club/revoke", post(pages::club::revoke))
        .route("/club/{id}/remove", get(pages::club::leaving).post(pages::club::remove))
        .route("/sign-in", get(pages::sign_in::show).post(pages::sign_in::enter))
        .route("/sign-out", post(pages::sign_in::leave))
        .route("/link/{token}", get(pages::link::show).post(pages::link::claim))
        .route("/language", post(pages::language::choose))
        .route("/live", get(live::stream))
        .route("/csp", post(doors::policy::report))
        .merge(api::routes())
        .fallback(pages::missing::show)
        // Inside what finishes a request: it is a task of its own.
        .layer(middleware::from_fn_with_state(Arc::clone(&web), frame::speak))
        .layer(middleware::from_fn(doors::finish::begun))
        .layer(middleware::from_fn(doors::origin::check))
        .layer(middleware::from_fn_with_state(Arc::clone(&web), doors::unclaimed::check))
        .layer(middleware::from_fn_with_state(Arc::new(hosts), doors::hosts::check))
        .route("/assets/{name}", get(assets::serve))
        .layer(middleware::from_fn(api::problem::shape))
        .layer(middleware::map_response(doors::policy::headers))
        .with_state(web)
}
