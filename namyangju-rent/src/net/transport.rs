//! Requests out, pages in: the only file that sends. Redirects are walked here, one hop at a time.
//!
//! There is one such file so that no request can escape the pace, the budget and the cookie rules, and so that "a
//! submission is sent once" is decided in one place. The HTTP client underneath follows and repeats nothing.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::Method;
use reqwest::header::{
    CONNECTION, CONTENT_TYPE, COOKIE, DATE, HeaderMap, HeaderName, HeaderValue, SERVER, SET_COOKIE,
};
use tracing::debug;
use url::Url;

use crate::clock::Clock;
use crate::clock::aim::{Sample, Source};
use crate::clock::site_clock::Probe;
use crate::error::{Error, NetworkError, NetworkErrorKind, Step};
use crate::html::charset::Charset;
use crate::net::cookies::CookieJar;
use crate::net::line::SiteLine;
use crate::net::own_stamp::own_stamp;
use crate::net::pace::{Budget, Pace};
use crate::net::redirect::onward;
use crate::net::route::Route;
use crate::net::shared::Shared;
use crate::outcome::Outcome;
use crate::page::{Exchange, Hop, Page, Timing, unix_seconds};
use crate::site::Site;
use crate::value::date::SeoulTime;
use crate::value::micros::whole_micros;

/// The most redirects that are followed. The longest chain these sites are known to need has two.
const MAX_HOPS: usize = 5;

/// The most dated answers that are kept until they are taken.
const MAX_SAMPLES: usize = 64;

/// The longest `Server` header that is kept, in characters.
const MAX_SERVER_NAME: usize = 80;
/// Statuses by which a server refuses a method or a page to every client. For `HEAD`, 403 counts as one of them.
const REFUSALS: [u16; 4] = [400, 404, 405, 501];

/// The connection in use and its route.
pub(crate) type OpenLine = (Route, SiteLine);

/// One session's line to the site.
pub(crate) struct Transport {
    shared: Arc<Shared>,
    /// The connection in use and its route; another is made when the route changes.
    line: Mutex<Option<OpenLine>>,
    /// What the answers told of the line and the site's clock.
    told: Mutex<Observations>,
    pub(crate) jar: CookieJar,
    pace: Pace,
    pub(crate) budget: Budget,
    pub(crate) site: Site,
    pub(crate) clock: Arc<dyn Clock>,
}

/// What answers tell besides what they say.
#[derive(Debug, Default)]
pub(crate) struct Observations {
    /// The dated answers since they were last taken, the newest last.
    pub(crate) samples: Vec<Sample>,
    /// The last `Server` header.
    pub(crate) server: Option<String>,
    /// When the line was last used, by the monotonic clock, and how long the site keeps it.
    used: Duration,
    kept: Kept,
    /// The last exchange that was not a probe.
    exchange: Option<Exchange>,
}

/// How long the site keeps a connection on which nothing is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Kept {
    /// It does not say.
    #[default]
    Unknown,
    /// This long.
    For(Duration),
    /// It closed it after the last answer.
    Closed,
}

/// What to ask for.
pub(crate) struct Ask {
    pub(crate) step: Step,
    pub(crate) url: Url,
    /// The body of a POST; `None` for a GET.
    pub(crate) body: Option<String>,
}

/// The answer to one request, before its redirect is followed.
struct RawAnswer {
    status: u16,
    headers: HeaderMap,
    /// When the request left and when the head was there, on the monotonic clock.
    sent: Duration,
    head_at: Duration,
    /// How long it had waited for a new connection by then.
    connect: Duration,
    /// Its `Date` in Unix seconds, if it has one that can be read.
    date: Option<i64>,
    /// An error here means that the head came and the body did not.
    body: Result<Bytes, NetworkError>,
}

impl Transport {
    pub(crate) fn new(shared: Arc<Shared>, jar: CookieJar, pace: Pace, budget: Budget) -> Self {
        let (site, clock) = (shared.site.clone(), Arc::clone(&shared.clock));
        Self { shared, line: Mutex::default(), told: Mutex::default(), jar, pace, budget, site, clock }
    }

    /// Goes on with the connection of another session, as long as its route is the one to be used.
    pub(crate) fn on(self, line: Option<OpenLine>) -> Self {
        Self { line: Mutex::new(line), ..self }
    }

    /// The connection in use, if there is one.
    pub(crate) fn open_line(&self) -> Option<OpenLine> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn user_agent(&self) -> &str {
        &self.shared.user_agent
    }

    /// The connection for the next request, over the route that is to be used now.
    fn line(&self, step: Step) -> Result<(Route, SiteLine), Error> {
        let route = self
            .shared
            .routes
            .pick(self.clock.now())
            .ok_or_else(|| Error::Refused { step, outcome: Box::new(Outcome::Blocked) })?;
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        match &*line {
            Some((held, open)) if *held == route => Ok((route, open.clone())),
            _ => {
                let open = self.shared.line(&route)?;
                *line = Some((route.clone(), open.clone()));
                Ok((route, open))
            }
        }
    }

    /// Asks for a page by its address.
    pub(crate) async fn get(&self, step: Step, url: Url) -> Result<Page, Error> {
        self.exchange(Ask { step, url, body: None }).await
    }

    /// A file of the site that is answered without a script, if one is known and given.
    pub(crate) fn file(&self) -> Option<Url> {
        self.shared.file()
    }

    /// Takes a file that a page names in, if none is known.
    pub(crate) fn found_file(&self, find: impl FnOnce() -> Option<Url>) {
        self.shared.found_file(find);
    }

    /// The site does not give the file: it is not asked for again.
    pub(crate) fn file_refused(&self) {
        self.shared.file_refused();
    }

    fn told(&self) -> MutexGuard<'_, Observations> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the answers told since this was last asked.
    pub(crate) fn take_told(&self) -> (Vec<Sample>, Option<String>) {
        let mut told = self.told();
        (std::mem::take(&mut told.samples), told.server.clone())
    }

    /// How long before an instant the line has to be used for the last time, so that the site still keeps it then;
    /// `None` if the site closes each connection.
    pub(crate) fn keeps_line_for(&self) -> Option<Duration> {
        match self.told().kept {
            Kept::Unknown => Some(Duration::MAX),
            Kept::For(time) => Some(time),
            Kept::Closed => None,
        }
    }

    /// Whether the site will have closed the line at an instant of the monotonic clock, if nothing is sent until then.
    pub(crate) fn is_closed_at(&self, instant: Duration) -> bool {
        let told = self.told();
        match told.kept {
            Kept::Unknown => false,
            Kept::For(time) => told.used.saturating_add(time) <= instant,
            Kept::Closed => true,
        }
    }

    /// Makes a new line whose first request leaves at `instant` and not before, with its handshakes over by then.
    ///
    /// The request has to be handed over before. A line that was used may still have a connection in store, which
    /// nothing would hold back; so this is always a new one.
    pub(crate) fn hold_new_line_until(&self, instant: Duration) -> Result<(), Error> {
        *self.line.lock().unwrap_or_else(PoisonError::into_inner) = None;
        let (_, line) = self.line(Step::Submit)?;
        line.connections.hold_until(instant);
        Ok(())
    }

    /// How long a TCP connection to the site takes, which is no request: the network alone. `None` over a proxy, to
    /// this machine itself, or if none is made.
    pub(crate) async fn connect_time(&self) -> Option<Duration> {
        // The way to this machine itself is no network, and the stand-in delays what comes after the handshake.
        let loopback = match self.site.base_url().host()? {
            url::Host::Domain(name) => name == "localhost",
            url::Host::Ipv4(address) => address.is_loopback(),
            url::Host::Ipv6(address) => address.is_loopback(),
        };
        let (route, _) = self.line(Step::Clock).ok()?;
        if loopback { None } else { self.shared.connect_time(&route).await }
    }

    /// Sends a request and follows its redirects.
    ///
    /// A submission is never sent twice: a redirect that asks for the body again ends the walk. Once the site has
    /// answered a submission or a login, a later failure does not hide that answer: the page is then the address of
    /// the redirect, with status 0. So an error of a login means that no answer came.
    pub(crate) async fn exchange(&self, ask: Ask) -> Result<Page, Error> {
        let step = ask.step;
        let line = self.line(step)?;
        self.turn(step).await?;
        let sent = self.clock.now();
        let start = self.clock.monotonic();
        // A request that waits for its connection leaves later than it was handed over.
        let mut left_at: Option<Duration> = None;
        let (mut first_byte, mut connect) = (None, None);
        let mut hops: Vec<Hop> = Vec::new();
        let mut alerts: Vec<String> = Vec::new();
        let mut session_cleared = false;
        let (mut url, mut body) = (ask.url, ask.body);
        // A submission and a login have an effect at the site: they are not repeated because a later page fails.
        let counts = step == Step::Submit || step == Step::Login && body.is_some();
        loop {
            let redirected = !hops.is_empty();
            let turn = if redirected { self.turn(step).await } else { Ok(()) };
            let left =
                self.shared.exchange_timeout.saturating_sub(self.clock.monotonic().saturating_sub(start));
            let answered = counts && redirected;
            let answer = match turn {
                Ok(()) => {
                    self.send(&line, &url, body.as_deref(), left).await.map_err(|e| network_error(step, e))
                }
                Err(error) => Err(error),
            };
            let answer = match answer {
                Ok(answer) => answer,
                // The request itself was answered: its redirect is what the site said.
                Err(_) if answered => self.no_answer(),
                Err(error) => {
                    let took = self.clock.monotonic().saturating_sub(start);
                    // What was not sent waited for its connection all the time.
                    let waited = if matches!(error, Error::NotSent { .. }) { took } else { Duration::ZERO };
                    self.exchanged(sent.plus(waited), waited, None, took.saturating_sub(waited));
                    return Err(error);
                }
            };
            let begun = *left_at.get_or_insert(answer.sent.max(start));
            let now = self.clock.monotonic().saturating_sub(begun);
            let first_byte = *first_byte.get_or_insert(answer.head_at.saturating_sub(begun));
            let connect = *connect.get_or_insert(answer.connect);
            let sent = sent.plus(begun.saturating_sub(start));
            self.exchanged(sent, connect, Some(first_byte), now);
            let lines = answer.headers.get_all(SET_COOKIE).iter().map(|v| v.as_bytes());
            let received = self.jar.receive(&url, lines, self.dated(answer.date), answer.head_at);
            session_cleared |= received.ends_session(&self.site.dialect.session_cookie.names);
            let cookies = received.names;

            let (bytes, broken) = match answer.body {
                Ok(bytes) => (bytes, None),
                Err(error) => (Bytes::new(), Some(error)),
            };
            let content_type = answer.headers.get(CONTENT_TYPE).map(|v| v.as_bytes());
            let charset = Charset::of_page(&bytes, content_type, self.site.charset());
            let onward =
                onward(&self.site, &url, answer.status, &answer.headers, &bytes, charset, &mut alerts);
            debug!(%step, status = answer.status, bytes = bytes.len(), cookies = cookies.len(), "answer");

            let page = |url, hops, alerts, cookies| Page {
                status: answer.status,
                url,
                hops,
                headers: kept(&answer.headers),
                body: bytes.clone(),
                charset,
                alerts,
                cookies,
                timing: Timing { sent, connect, first_byte, done: now },
                session_cleared,
            };
            let Some(onward) = onward else {
                // The head of a login's answer brings the session, so its body may be missing.
                let is_enough = answered || counts && step == Step::Login;
                return match broken {
                    Some(error) if !is_enough => Err(network_error(step, error)),
                    _ => Ok(page(url, hops, alerts, cookies)),
                };
            };
            if onward.to_waiting_room {
                let mut page = page(url, hops, alerts, cookies);
                if step == Step::Submit && answered {
                    // The application was taken before the queue; its address is what the site said.
                    (page.status, page.headers, page.body) = (0, Vec::new(), Bytes::new());
                }
                return Ok(page);
            }
            let repeats_body = matches!(answer.status, 307 | 308) && body.is_some();
            let bounces = !cookies.is_empty() && hops.iter().all(|hop: &Hop| hop.from != url);
            let may_return = bounces || body.is_some() && matches!(answer.status, 302 | 303);
            if step != Step::Submit
                && let Some(base) = onward.moved_to(&url, answer.status, may_return)
            {
                return Err(Error::Moved { step, to: base.to_owned() });
            }
            let target = match onward.target {
                Ok(target) if hops.len() < MAX_HOPS && !(repeats_body && step == Step::Submit) => target,
                // The site did answer; what it said is for the reader of the page.
                _ if counts => return Ok(page(url, hops, alerts, cookies)),
                Ok(_) => {
                    let error = NetworkError::new(
                        NetworkErrorKind::TooManyRedirects,
                        format!("{MAX_HOPS} are followed"),
                    );
                    return Err(Error::Broken { step, source: error });
                }
                Err(source) => return Err(Error::Broken { step, source }),
            };
            hops.push(Hop { from: url, status: answer.status, kind: onward.kind, cookies });
            url = target;
            if !repeats_body {
                body = None;
            }
        }
    }

    /// Notes when an exchange happened, for an answer that no page tells of.
    fn exchanged(&self, sent: SeoulTime, connect: Duration, first_byte: Option<Duration>, took: Duration) {
        self.told().exchange = Some(Exchange {
            sent,
            connect_micros: whole_micros(connect),
            first_byte_micros: first_byte.map(whole_micros),
            took_micros: whole_micros(took),
        });
    }

    /// The last exchange that was not a probe.
    pub(crate) fn last_exchange(&self) -> Option<Exchange> {
        self.told().exchange
    }

    /// Waits for a turn and takes one request out of the budget.
    async fn turn(&self, step: Step) -> Result<(), Error> {
        if !self.budget.take() {
            return Err(Error::Budget { step });
        }
        self.pace.turn().await;
        Ok(())
    }

    /// The date of an answer in Unix seconds: its own, or where it has none the local clock's.
    fn dated(&self, date: Option<i64>) -> i64 {
        date.unwrap_or_else(|| self.clock.now().unix_seconds())
    }

    /// What stands for an answer that could not be fetched.
    fn no_answer(&self) -> RawAnswer {
        let head_at = self.clock.monotonic();
        let body = Ok(Bytes::new());
        RawAnswer {
            status: 0,
            headers: HeaderMap::new(),
            sent: head_at,
            head_at,
            connect: Duration::ZERO,
            date: None,
            body,
        }
    }

    /// Takes the time of the site's clock by the head of a page: when it was asked for, when it was there, what it was
    /// dated. `None` if the answer has no `Date` that can be read.
    ///
    /// Some servers and firewalls refuse `HEAD` from every client while `GET` works. The page is then asked for by
    /// `GET`, as a browser does, and `HEAD` is not tried again.
    ///
    /// # Errors
    /// [`Error::Page`] if `GET` is refused too.
    pub(crate) async fn probe(&self, url: Url) -> Result<(Option<Probe>, Page), Error> {
        let refused = &self.shared.head_is_refused;
        if !refused.load(Ordering::Relaxed) {
            match self.probe_by(Method::HEAD, url.clone(), Source::Page).await {
                Ok((_, page)) if REFUSALS.contains(&page.status) || page.status == 403 => {}
                Err(Error::Broken { source, .. }) if source.kind() == NetworkErrorKind::Closed => {}
                told => return told,
            }
            refused.store(true, Ordering::Relaxed);
        }
        let (probe, page) = self.probe_by(Method::GET, url, Source::Page).await?;
        if REFUSALS.contains(&page.status) {
            let problem =
                "the site gives it neither by HEAD nor by GET, so its clock is not known".to_owned();
            return Err(Error::Page { step: Step::Clock, problem, page: Box::new(page) });
        }
        Ok((probe, page))
    }

    /// The same by a file of the site, which is answered without a script; `None` if the site does not give it.
    pub(crate) async fn probe_file(&self) -> Result<Option<Probe>, Error> {
        let Some(url) = self.file() else { return Ok(None) };
        let refused = &self.shared.head_is_refused;
        let method = if refused.load(Ordering::Relaxed) { Method::GET } else { Method::HEAD };
        let by_head = method == Method::HEAD;
        match self.probe_by(method, url, Source::File).await {
            Ok((probe, page)) if matches!(page.status, 200 | 304) => Ok(probe),
            Ok((_, page)) if by_head && matches!(page.status, 403..=405 | 501) => {
                refused.store(true, Ordering::Relaxed);
                Ok(None)
            }
            Err(Error::Broken { source, .. }) if by_head && source.kind() == NetworkErrorKind::Closed => {
                refused.store(true, Ordering::Relaxed);
                Ok(None)
            }
            Ok(_) => {
                self.file_refused();
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    async fn probe_by(
        &self,
        method: Method,
        url: Url,
        source: Source,
    ) -> Result<(Option<Probe>, Page), Error> {
        let step = Step::Clock;
        let line = self.line(step)?;
        self.turn(step).await?;
        let (sent_at, handed) = (self.clock.now(), self.clock.monotonic());
        let request = line.1.http.request(method, url.clone());
        let answer = self
            .ask(&line, request, &url, source, self.shared.exchange_timeout)
            .await
            .map_err(|source| network_error(step, source))?;
        let lines = answer.headers.get_all(SET_COOKIE).iter().map(|v| v.as_bytes());
        let received = self.jar.receive(&url, lines, self.dated(answer.date), answer.head_at);
        let sent = answer.sent;
        let sent_at = sent_at.plus(sent.saturating_sub(handed));
        let body = answer.body.map_err(|source| network_error(step, source))?;
        let content_type = answer.headers.get(CONTENT_TYPE).map(|v| v.as_bytes());
        let page = Page {
            status: answer.status,
            session_cleared: received.ends_session(&self.site.dialect.session_cookie.names),
            url,
            hops: Vec::new(),
            headers: kept(&answer.headers),
            charset: Charset::of_page(&body, content_type, self.site.charset()),
            body,
            alerts: Vec::new(),
            cookies: received.names,
            timing: Timing {
                sent: sent_at,
                connect: answer.connect,
                first_byte: answer.head_at.saturating_sub(sent),
                done: self.clock.monotonic().saturating_sub(sent),
            },
        };
        Ok((answer.date.map(|date| Probe { sent, answered: answer.head_at, date }), page))
    }

    /// One request and its answer, redirects left alone.
    async fn send(
        &self,
        line: &(Route, SiteLine),
        url: &Url,
        body: Option<&str>,
        timeout: Duration,
    ) -> Result<RawAnswer, NetworkError> {
        let request = match body {
            None => line.1.http.get(url.clone()),
            // As a browser sends it: without a charset.
            Some(body) => line
                .1
                .http
                .post(url.clone())
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(body.to_owned()),
        };
        self.ask(line, request, url, Source::Page, timeout).await
    }

    async fn ask(
        &self,
        (route, line): &(Route, SiteLine),
        mut request: reqwest::RequestBuilder,
        url: &Url,
        source: Source,
        timeout: Duration,
    ) -> Result<RawAnswer, NetworkError> {
        if let Some(cookies) = self.jar.header(url, self.clock.monotonic()) {
            request = request.header(COOKIE, cookies);
        }
        let (handed, made) = (self.clock.monotonic(), line.connections.made());
        let due = handed.saturating_add(timeout);
        let (http, request) = request.timeout(timeout).build_split();
        let request = request.map_err(|e| NetworkError::from_reqwest(&e))?;
        // A server that closes the connection instead of answering HEAD was reached.
        let may_close = request.method() == Method::HEAD;
        let response = self.until(due, http.execute(request)).await;
        let failure = response.as_ref().err();
        let failure = failure.filter(|error| !(may_close && error.kind() == NetworkErrorKind::Closed));
        self.shared.routes.went(route, handed, self.clock.now(), failure);
        let response = response?;
        let head_at = self.clock.monotonic();
        let sent = line.connections.left(handed, made).min(head_at);
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let date = headers.get(DATE).and_then(|v| unix_seconds(v.as_bytes()));
        let sample = date.map(|date| {
            // A file is answered without the application.
            let cookies = headers.get_all(SET_COOKIE).iter().map(HeaderValue::as_bytes);
            let own = own_stamp(&self.site.dialect, cookies, date).filter(|_| source == Source::Page);
            Sample { sent, first_byte: head_at, date, source, own }
        });
        self.told().take_in(&headers, sample, head_at);
        let connect = sent.saturating_sub(handed);
        let body = self.read(response, due).await;
        Ok(RawAnswer { status, headers, sent, head_at, connect, date, body })
    }

    /// What comes of it by an instant of the client's clock. reqwest's own time-out goes by the system's, which a rehearsal's
    /// clock may leave behind by any time.
    async fn until<T>(
        &self,
        due: Duration,
        wanted: impl Future<Output = Result<T, reqwest::Error>>,
    ) -> Result<T, NetworkError> {
        tokio::select! {
            biased;
            got = wanted => got.map_err(|e| NetworkError::from_reqwest(&e)),
            () = self.clock.alarm(due) => {
                Err(NetworkError::new(NetworkErrorKind::Timeout, "by the client's own clock"))
            }
        }
    }

    async fn read(&self, mut response: reqwest::Response, due: Duration) -> Result<Bytes, NetworkError> {
        let mut body = BytesMut::new();
        while let Some(chunk) = self.until(due, response.chunk()).await? {
            if body.len() + chunk.len() > self.shared.largest_body {
                let detail = format!("the cap is {} bytes", self.shared.largest_body);
                return Err(NetworkError::new(NetworkErrorKind::TooLarge, detail));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    }
}

impl Observations {
    /// What one answer tells.
    fn take_in(&mut self, headers: &HeaderMap, sample: Option<Sample>, now: Duration) {
        if let Some(sample) = sample {
            if self.samples.len() >= MAX_SAMPLES {
                self.samples.remove(0);
            }
            self.samples.push(sample);
        }
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        if let Some(server) = text(SERVER) {
            self.server = Some(server.chars().take(MAX_SERVER_NAME).collect());
        }
        self.used = now;
        self.kept = match text(CONNECTION) {
            Some(connection) if connection.to_ascii_lowercase().contains("close") => Kept::Closed,
            _ => match text(HeaderName::from_static("keep-alive")).and_then(keep_alive_timeout) {
                Some(timeout) => Kept::For(timeout),
                None if matches!(self.kept, Kept::For(_)) => self.kept,
                None => Kept::Unknown,
            },
        };
    }
}

/// The time in `Keep-Alive: timeout=5, max=100`.
fn keep_alive_timeout(value: &str) -> Option<Duration> {
    let seconds = value.split(',').find_map(|part| part.trim().strip_prefix("timeout="))?;
    Some(Duration::from_secs(seconds.trim().parse::<u32>().ok()?.into()))
}

/// Turns a network failure into an [`Error`]. For a submission, the question is whether it can have reached the site.
fn network_error(step: Step, source: NetworkError) -> Error {
    match (step, source.kind()) {
        (_, NetworkErrorKind::Connect) => Error::NotSent { step, source },
        (Step::Submit, _) => Error::Unconfirmed { source },
        _ => Error::Broken { step, source },
    }
}

/// The headers that are kept with a page: all but the cookies.
fn kept(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .filter(|(name, _)| **name != SET_COOKIE)
        .map(|(name, value)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        })
        .collect()
}
