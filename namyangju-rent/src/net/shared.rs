//! What all connections of a client share: the site, the clock, who is trusted, names that were looked up, routes.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::TcpSocket;
use url::Url;

use crate::clock::Clock;
use crate::clock::shared::SharedSiteClock;
use crate::error::{Error, NetworkError};
use crate::net::dns::DnsCache;
use crate::net::line::{Connections, SiteLine};
use crate::net::route::Route;
use crate::net::route_pool::RoutePool;
use crate::net::tls::Tls;
use crate::site::Site;

/// The heavy parts of a client, made once. Sessions differ in cookies, pace and budget.
pub(crate) struct Shared {
    pub(crate) site: Site,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) user_agent: String,
    pub(crate) connect_timeout: Duration,
    pub(crate) exchange_timeout: Duration,
    pub(crate) largest_body: usize,
    pub(crate) tls: Tls,
    pub(crate) names: DnsCache,
    pub(crate) routes: RoutePool,
    pub(crate) measured: SharedSiteClock,
    /// A file of the site that is answered without a script, for the clock.
    pub(crate) file: Mutex<KnownFile>,
    /// The site was seen to refuse `HEAD`: the clock is asked for by `GET` from then on.
    pub(crate) head_is_refused: AtomicBool,
}

/// A file of the site, as the pages name them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum KnownFile {
    /// No page that was read named one yet.
    #[default]
    NoneYet,
    /// This one.
    At(Url),
    /// The site did not give it.
    Refused,
}

impl KnownFile {
    /// What the dialect tells.
    pub(crate) fn of(site: &Site) -> Self {
        let Some(path) = &site.dialect.clock.file else { return Self::NoneYet };
        let mut url = site.base_url().clone();
        url.set_path(path);
        Self::At(url)
    }
}

impl Shared {
    /// The file, if one is known and given.
    pub(crate) fn file(&self) -> Option<Url> {
        match &*self.file.lock().unwrap_or_else(PoisonError::into_inner) {
            KnownFile::At(url) => Some(url.clone()),
            KnownFile::NoneYet | KnownFile::Refused => None,
        }
    }

    /// Takes a file that a page names in, if none is known.
    pub(crate) fn found_file(&self, find: impl FnOnce() -> Option<Url>) {
        let mut known = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if *known == KnownFile::NoneYet
            && let Some(url) = find()
        {
            *known = KnownFile::At(url);
        }
    }

    /// The site does not give the file: it is not asked for again.
    pub(crate) fn file_refused(&self) {
        *self.file.lock().unwrap_or_else(PoisonError::into_inner) = KnownFile::Refused;
    }

    /// How long a TCP connection to the site takes; it is closed at once. See
    /// [`Transport::connect_time`](super::transport::Transport::connect_time).
    pub(crate) async fn connect_time(&self, route: &Route) -> Option<Duration> {
        let base = self.site.base_url();
        let (host, port) = (base.host_str()?, base.port_or_known_default()?);
        let local = match route {
            Route::Direct => None,
            Route::LocalAddress(address) => Some(*address),
            _ => return None,
        };
        let addresses = self.names.clone().look_up(host.to_owned()).await.ok()?;
        let mut remote = *addresses
            .iter()
            .find(|address| local.is_none_or(|local| local.is_ipv4() == address.is_ipv4()))?;
        remote.set_port(port);
        let socket = if remote.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }.ok()?;
        if let Some(local) = local {
            socket.bind((local, 0).into()).ok()?;
        }
        let begun = self.clock.monotonic();
        let connected = tokio::time::timeout(self.connect_timeout, socket.connect(remote)).await;
        connected.ok()?.ok()?;
        Some(self.clock.monotonic().saturating_sub(begun))
    }

    /// A line of its own to the site over a route: one connection that is kept.
    pub(crate) fn line(&self, route: &Route) -> Result<SiteLine, Error> {
        let connections = Connections::new(Arc::clone(&self.clock));
        let builder = reqwest::Client::builder()
            .connector_layer(connections.clone())
            .user_agent(&self.user_agent)
            .connect_timeout(self.connect_timeout)
            .timeout(self.exchange_timeout)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .http1_only()
            .pool_max_idle_per_host(1)
            .dns_resolver(self.names.clone());
        let builder = match route {
            Route::LocalAddress(address) => builder.local_address(*address),
            Route::Proxy(_) => builder.proxy(reqwest::Proxy::all(route.full_text()).map_err(|_| {
                Error::Setup(format!("the route {route} cannot be used: is the feature `socks` built in?"))
            })?),
            _ => builder,
        };
        let http = self.tls.apply(builder).build().map_err(|error| {
            let detail = NetworkError::from_reqwest(&error);
            Error::Setup(format!("the client cannot be set up (is the User-Agent a header value?): {detail}"))
        })?;
        Ok(SiteLine { http, connections })
    }
}
