//! The way in: a client for one site, and what it opens. A guest reads without a login; a session books.
//!
//! The client holds what is expensive and must be shared (TLS, names, routes, the pace), so that a session is cheap.

pub(crate) mod guest;
pub(crate) mod login;
pub(crate) mod saved;
pub(crate) mod session;
pub(crate) mod visitor;

use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::client::guest::Guest;
use crate::client::login::{Credentials, LoginTurns};
use crate::client::saved::SavedSession;
use crate::client::session::Session;
use crate::client::visitor::Visitor;
use crate::clock::shared::SharedSiteClock;
use crate::clock::{Clock, SystemClock};
use crate::error::Error;
use crate::net::cookies::CookieJar;
use crate::net::dns::DnsCache;
use crate::net::pace::{Budget, Pace};
use crate::net::route_pool::RoutePool;
use crate::net::routes::{RouteStatus, Routes, SavedRoutes};
use crate::net::shared::{KnownFile, Shared};
use crate::net::silence::BurstSilence;
use crate::net::tls::{Tls, TlsBackend};
use crate::net::transport::{OpenLine, Transport};
use crate::site::Site;
use crate::value::date::SeoulTime;

/// Connecting takes one round trip, three with TLS; a site that needs longer is not there.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The known scripts wait up to ten seconds for an overloaded site (protocol.md 7).
const EXCHANGE_TIMEOUT: Duration = Duration::from_secs(10);

/// Pages of these sites have tens of kilobytes; this leaves room for a month of a large centre.
const MAX_BODY_BYTES: usize = 2 * 1024 * 1024;

/// A client for one site. It holds what is heavy and shared; each session it opens has its own
/// cookies and its own warm connection. Cloning is cheap.
///
/// ```no_run
/// use namyangju_rent::{Client, Credentials, Site};
///
/// # async fn example() -> Result<(), namyangju_rent::Error> {
/// let site = Site::builtin("namyangju").expect("compiled in");
/// let client = Client::builder(site).build()?;
/// let session = client.log_in(&Credentials::new("an-account", "its-password")).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
    pace: Pace,
    budget: Budget,
    logins: Arc<LoginTurns>,
}

/// Settings of a [`Client`].
#[derive(Debug)]
#[must_use = "a builder does nothing until `build`"]
pub struct ClientBuilder {
    site: Site,
    clock: Arc<dyn Clock>,
    user_agent: String,
    connect_timeout: Duration,
    exchange_timeout: Duration,
    largest_body: usize,
    tls: Option<TlsBackend>,
    extra_ca: Option<PathBuf>,
    routes: Routes,
    burst_silence: Option<BurstSilence>,
}

impl ClientBuilder {
    /// The User-Agent, the same on every request: a session of these sites is bound to it
    /// (protocol.md 4.2, I+). Default: this crate's name and version.
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = user_agent.into();
        self
    }

    /// How long connecting may take. Default: 5 s.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How long one step may take in all, redirects included. Default: 10 s.
    pub fn exchange_timeout(mut self, timeout: Duration) -> Self {
        self.exchange_timeout = timeout;
        self
    }

    /// The most bytes of a page that are read. Default: 2 MiB.
    pub fn largest_body(mut self, bytes: usize) -> Self {
        self.largest_body = bytes;
        self
    }

    /// Which TLS implementation to use. Default: rustls where it is built in.
    pub fn tls(mut self, backend: TlsBackend) -> Self {
        self.tls = Some(backend);
        self
    }

    /// A PEM file with certificates to trust besides the system's: a government root, or an
    /// intermediate that the server forgets to send.
    pub fn extra_ca(mut self, path: impl Into<PathBuf>) -> Self {
        self.extra_ca = Some(path.into());
        self
    }

    /// The operator's network routes to the site, in order. One that does not connect rests, and the
    /// next is used; one that the site blocks is retired until midnight in Seoul. Going on over another
    /// route after a block is a setting of [`Routes`], and raises no budget. Default: the direct one.
    pub fn routes(mut self, routes: Routes) -> Self {
        self.routes = routes;
        self
    }

    /// When silence counts as a block. Default: never, for an overloaded site is silent too.
    pub fn burst_silence(mut self, rule: BurstSilence) -> Self {
        self.burst_silence = Some(rule);
        self
    }

    /// Another clock than the system's, for rehearsals and tests.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// The client. No request is sent yet.
    ///
    /// # Errors
    /// [`Error::Setup`] if TLS cannot be made ready or the User-Agent is no header value.
    pub fn build(self) -> Result<Client, Error> {
        let needs_tls = self.site.base_url().scheme() == "https" || self.extra_ca.is_some();
        let backend = self.tls.or_else(TlsBackend::default_backend);
        let tls = if needs_tls { Tls::prepare(backend, self.extra_ca.as_deref())? } else { Tls::unused()? };
        let shared = Shared {
            names: DnsCache::system(Arc::clone(&self.clock)),
            file: Mutex::new(KnownFile::of(&self.site)),
            site: self.site,
            clock: self.clock,
            user_agent: self.user_agent,
            connect_timeout: self.connect_timeout,
            exchange_timeout: self.exchange_timeout,
            largest_body: self.largest_body,
            tls,
            routes: RoutePool::new(self.routes, self.burst_silence),
            measured: SharedSiteClock::default(),
            head_is_refused: AtomicBool::new(false),
        };
        for route in shared.routes.all() {
            shared.line(&route)?;
        }
        let pace = Pace::new(Arc::clone(&shared.clock));
        Ok(Client { shared: Arc::new(shared), pace, budget: Budget::new(u32::MAX), logins: Arc::default() })
    }
}

impl Client {
    /// Settings for a client of `site`.
    pub fn builder(site: Site) -> ClientBuilder {
        ClientBuilder {
            site,
            clock: Arc::new(SystemClock),
            user_agent: concat!("namyangju-rent/", env!("CARGO_PKG_VERSION")).to_owned(),
            connect_timeout: CONNECT_TIMEOUT,
            exchange_timeout: EXCHANGE_TIMEOUT,
            largest_body: MAX_BODY_BYTES,
            tls: None,
            extra_ca: None,
            routes: Routes::default(),
            burst_silence: None,
        }
    }

    /// The site it speaks to.
    pub fn site(&self) -> &Site {
        &self.shared.site
    }

    /// The clock it goes by.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.shared.clock
    }

    /// The same client with `budget`: no more requests than that are sent through it.
    #[must_use]
    pub fn with_budget(&self, budget: Budget) -> Self {
        let (pace, logins) = (self.pace.clone(), Arc::clone(&self.logins));
        Self { shared: Arc::clone(&self.shared), pace, budget, logins }
    }

    /// The same client for another account, which costs next to nothing: TLS, the names that were looked up, what is
    /// known of the site's clock and the budget are shared; so are the routes, for a block is of the address, not of
    /// the account. The ceiling of [`MAX_REQUESTS_PER_SECOND`](crate::limits::MAX_REQUESTS_PER_SECOND) is its own, so that the
    /// members of a club do not wait for each other at the opening. It is meant for one person each, not for each
    /// booking.
    #[must_use]
    pub fn for_account(&self) -> Self {
        let pace = Pace::new(Arc::clone(&self.shared.clock));
        Self { shared: Arc::clone(&self.shared), pace, budget: self.budget.clone(), logins: Arc::default() }
    }

    /// Every route and its state, for people.
    pub fn route_states(&self) -> Vec<RouteStatus> {
        self.shared.routes.with(|routes| routes.states(self.shared.clock.now()))
    }

    /// The states of the routes, to be kept over a restart.
    pub fn save_routes(&self) -> SavedRoutes {
        self.shared.routes.with(|routes| routes.save())
    }

    /// Takes kept states over.
    pub fn restore_routes(&self, saved: &SavedRoutes) {
        self.shared.routes.with(|routes| routes.restore(saved));
    }

    /// Makes every route ready, when the cause of a block is known and gone.
    pub fn reset_routes(&self) {
        self.shared.routes.with(Routes::reset);
    }

    /// The route the next request takes, for people.
    pub(crate) fn route_in_use(&self) -> String {
        self.shared
            .routes
            .pick(self.shared.clock.now())
            .map_or_else(|| "none".to_owned(), |route| route.to_string())
    }

    /// What is known of the site's clock, shared by all clients made from one.
    pub(crate) fn measured(&self) -> &SharedSiteClock {
        &self.shared.measured
    }

    /// Retires the route in use after a block answer; tells whether another may be used at once.
    pub(crate) fn route_was_blocked(&self) -> bool {
        self.shared.routes.blocked(self.shared.clock.now())
    }

    /// The budget of requests it takes from; without an end unless [`Client::with_budget`] gave one.
    pub fn budget(&self) -> &Budget {
        &self.budget
    }

    /// A visitor without a login: the schedule pages can be read so (protocol.md 4.3, S3).
    ///
    /// # Errors
    /// [`Error::Setup`].
    pub fn guest(&self) -> Result<Guest, Error> {
        Ok(Guest::new(self.visitor(CookieJar::default())))
    }

    /// Logs in and gives a session. A password that this client saw refused is not sent again: the call fails with
    /// the same error ([`Client::forget_refused_login`]).
    ///
    /// # Errors
    /// [`Error::LoginRefused`] if the account or password is wrong; else see [`Error`].
    pub async fn log_in(&self, credentials: &Credentials) -> Result<Session, Error> {
        self.log_in_on(None, credentials).await
    }

    /// The same on a connection that is open already.
    pub(crate) async fn log_in_on(
        &self,
        line: Option<OpenLine>,
        credentials: &Credentials,
    ) -> Result<Session, Error> {
        let guest = self.guest()?.on(line);
        self.logins.take(credentials, self.clock().as_ref(), guest.log_in(credentials)).await
    }

    /// Lets a refused password be sent again if the refusal is from before `instant`, by the client's clock: the
    /// instant at which a person saw the login work. Another password needs no leave.
    pub fn forget_refused_login(&self, instant: SeoulTime) {
        self.logins.forget_before(instant);
    }

    /// A session that was saved before. Nothing is asked of the site: see [`Session::check`].
    ///
    /// # Errors
    /// [`Error::SavedSession`] if it is of another site or User-Agent, or cannot be read.
    pub fn restore(&self, saved: &SavedSession) -> Result<Session, Error> {
        let jar = saved.cookies_for(&self.shared.site, &self.shared.user_agent, self.clock().as_ref())?;
        Ok(Session::new(self.visitor(jar), saved.account.clone()))
    }

    fn visitor(&self, jar: CookieJar) -> Visitor {
        Visitor::new(Transport::new(Arc::clone(&self.shared), jar, self.pace.clone(), self.budget.clone()))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("site", &self.shared.site).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::route::Route;

    #[tokio::test]
    async fn a_connection_is_timed_without_a_request() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let site = Site::builtin("namyangju").unwrap().with_base_url(&base).unwrap();
        let client = Client::builder(site).build().unwrap();
        let timed = |route: Route| {
            let shared = Arc::clone(&client.shared);
            async move { shared.connect_time(&route).await }
        };
        assert!(timed(Route::Direct).await.is_some());
        assert!(timed(Route::LocalAddress("127.0.0.1".parse().unwrap())).await.is_some());
        assert_eq!(timed("http://127.0.0.1:9".parse().unwrap()).await, None);
        // The line was closed again, and nothing was sent on it.
        let (mut line, _) = listener.accept().await.unwrap();
        let mut sent = Vec::new();
        tokio::io::AsyncReadExt::read_to_end(&mut line, &mut sent).await.unwrap();
        assert!(sent.is_empty());
        drop(listener);
        assert_eq!(timed(Route::Direct).await, None);
    }
}
