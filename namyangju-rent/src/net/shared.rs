//! What all connections of a client share: the site, the clock, who is trusted, names that were looked up, routes.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use crate::clock::Clock;
use crate::clock::shared::SharedSiteClock;
use crate::error::{Error, NetworkError};
use crate::net::dns::DnsCache;
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
    /// The site was seen to refuse `HEAD`: the clock is asked for by `GET` from then on.
    pub(crate) head_is_refused: AtomicBool,
}

impl Shared {
    /// A line of its own to the site over a route: one connection that is kept.
    pub(crate) fn http(&self, route: &Route) -> Result<reqwest::Client, Error> {
        let builder = reqwest::Client::builder()
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
        self.tls.apply(builder).build().map_err(|error| {
            let detail = NetworkError::from_reqwest(&error);
            Error::Setup(format!("the client cannot be set up (is the User-Agent a header value?): {detail}"))
        })
    }
}
