//! The operator's own network routes to the site, their rests and their retirement. Pure: it takes
//! instants and yields routes; nothing here connects or reads a clock.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use url::Url;

use crate::value::date::SeoulTime;
use crate::value::slot::TimeOfDay;

/// How long a route rests after its first failure, in seconds of the wall clock. Each further failure
/// doubles it. Our own choice: twice the time that connecting may take.
pub const FIRST_REST: Duration = Duration::from_secs(10);

/// The longest rest of a route. Our own choice: a run is over five minutes after the opening, and the
/// next one should try the route again.
pub const LONGEST_REST: Duration = Duration::from_secs(600);

/// One way to the site.
///
/// Written `direct`, `local:192.0.2.1`, `http://user:password@host:3128`, or the same with `https`,
/// `socks5` (names are looked up here) or `socks5h` (names are looked up by the proxy). `Display` and
/// `Debug` show the user and password of a proxy as `***`; serde and [`Route::full_text`] have them in
/// full, because a settings file needs them.
///
/// ```
/// use namyangju_rent::Route;
///
/// let route: Route = "http://user:password@proxy.example:3128".parse()?;
/// assert_eq!(route.to_string(), "http://***@proxy.example:3128");
/// assert_eq!("Direct".parse(), Ok(Route::Direct));
/// # Ok::<(), namyangju_rent::RouteError>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Route {
    /// As the system routes it.
    #[default]
    Direct,
    /// From this address of the machine.
    LocalAddress(IpAddr),
    /// Through a proxy.
    Proxy(ProxyAddress),
}

/// Where a proxy is and what it wants to hear. `Debug` and `Display` do not show its user and password.
#[derive(Clone)]
pub struct ProxyAddress {
    scheme: ProxyScheme,
    /// `user` or `user:password`, percent-encoded as in an address.
    login: Option<SecretString>,
    host: String,
    port: u16,
}

/// The protocol spoken with a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProxyScheme {
    /// HTTP, without TLS up to the proxy.
    Http,
    /// HTTP, with TLS up to the proxy.
    Https,
    /// SOCKS 5; names are looked up on this machine.
    Socks5,
    /// SOCKS 5; names are looked up by the proxy.
    Socks5h,
}

/// Why a text is not a route. It never repeats the text, which may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RouteError {
    /// None of the known kinds.
    #[error(
        "not a route: write `direct`, `local:` and an address of this machine, or the address of a proxy \
         that begins with http://, https://, socks5:// or socks5h://"
    )]
    Kind,
    /// `local:` without an address that can be bound.
    #[error("`local:` needs one IPv4 or IPv6 address of this machine and no port, as in local:192.0.2.1")]
    LocalAddress,
    /// A proxy's address that cannot be read.
    #[error(
        "the proxy's address cannot be read: write http://host:3128 or http://user:password@host:3128; a \
         special character of the user or password is written %XX (`@` is %40, `/` is %2F, `#` is %23)"
    )]
    Proxy,
    /// A path, a query or a fragment after a proxy's port.
    #[error(
        "nothing may follow the proxy's port; if a `/`, `?` or `#` belongs to the user or password, write \
         it %2F, %3F or %23"
    )]
    ProxyRest,
    /// A port that no proxy listens on.
    #[error("the proxy's port must be 1 to 65535")]
    ProxyPort,
    /// A text that was printed for people: its user and password are masked.
    #[error("the proxy's user and password are masked: write them in full instead of ***")]
    Masked,
}

impl ProxyScheme {
    const ALL: [Self; 4] = [Self::Http, Self::Https, Self::Socks5, Self::Socks5h];

    /// As it is written before `://`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
            Self::Socks5 => "socks5",
            Self::Socks5h => "socks5h",
        }
    }

    /// The port where none is written: 80, 443, or 1080 for SOCKS (RFC 1928).
    pub fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
            Self::Socks5 | Self::Socks5h => 1080,
        }
    }
}

impl ProxyAddress {
    /// The protocol.
    pub fn scheme(&self) -> ProxyScheme {
        self.scheme
    }

    /// The host name or address; an IPv6 address is in brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether it has a user or a password.
    pub fn has_login(&self) -> bool {
        self.login.is_some()
    }

    fn read(scheme: ProxyScheme, rest: &str) -> Result<Self, RouteError> {
        if rest.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(RouteError::Proxy);
        }
        // The rules of http normalise the host; those of an unknown scheme leave every port as written.
        let url = Url::parse(&format!("http://{rest}")).map_err(|_| RouteError::Proxy)?;
        let plain = Url::parse(&format!("proxy://{rest}")).map_err(|_| RouteError::Proxy)?;
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err(RouteError::ProxyRest);
        }
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(RouteError::Proxy)?;
        let port = plain.port().unwrap_or(scheme.default_port());
        if port == 0 {
            return Err(RouteError::ProxyPort);
        }
        let login = match (url.username(), url.password()) {
            ("***", None) => return Err(RouteError::Masked),
            ("", None) => None,
            (user, None) => Some(user.to_owned()),
            (user, Some(password)) => Some(format!("{user}:{password}")),
        };
        Ok(Self { scheme, login: login.map(SecretString::from), host: host.to_owned(), port })
    }

    fn login(&self) -> Option<&str> {
        self.login.as_ref().map(|login| login.expose_secret())
    }

    fn user(&self) -> Option<&str> {
        self.login().map(|login| login.split_once(':').map_or(login, |(user, _)| user))
    }

    fn full_text(&self) -> String {
        let (login, at) = self.login().map_or(("", ""), |login| (login, "@"));
        format!("{}://{login}{at}{}:{}", self.scheme.word(), self.host, self.port)
    }

    fn same_place(&self, other: &Self) -> bool {
        (self.scheme, &self.host, self.port) == (other.scheme, &other.host, other.port)
    }
}

impl PartialEq for ProxyAddress {
    fn eq(&self, other: &Self) -> bool {
        self.same_place(other) && self.login() == other.login()
    }
}

impl Eq for ProxyAddress {}

impl fmt::Display for ProxyAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mask = if self.has_login() { "***@" } else { "" };
        write!(f, "{}://{mask}{}:{}", self.scheme.word(), self.host, self.port)
    }
}

impl fmt::Debug for ProxyAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProxyAddress({self})")
    }
}

impl Route {
    /// The text that reads back as this route, with a proxy's user and password: for a settings file or
    /// an HTTP client, never for a log or a screen.
    pub fn full_text(&self) -> String {
        match self {
            Self::Proxy(proxy) => proxy.full_text(),
            plain => plain.to_string(),
        }
    }

    /// Whether it leaves the operator's network in the same place: all but a proxy's password is equal.
    fn same_way(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Proxy(one), Self::Proxy(two)) => one.same_place(two) && one.user() == two.user(),
            _ => self == other,
        }
    }

    /// What its state is saved under: the masked text, and two bytes that tell users of one proxy
    /// apart (some proxies choose the way out by the user's name). It holds nothing of the password.
    fn saved_name(&self) -> String {
        match self {
            Self::Proxy(proxy) => match proxy.user() {
                Some(user) => format!("{self}#{:04x}", short_hash(user)),
                None => self.to_string(),
            },
            plain => plain.to_string(),
        }
    }
}

/// FNV-1a, folded to 16 bits: the same on every machine and in every version.
fn short_hash(text: &str) -> u16 {
    let hash =
        text.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    u16::try_from((hash >> 16) ^ (hash & 0xffff)).unwrap_or_default()
}

impl FromStr for Route {
    type Err = RouteError;

    fn from_str(text: &str) -> Result<Self, RouteError> {
        let text = text.trim();
        if text.eq_ignore_ascii_case("direct") {
            return Ok(Self::Direct);
        }
        let (kind, rest) = text.split_once(':').ok_or(RouteError::Kind)?;
        if kind.eq_ignore_ascii_case("local") {
            let address: IpAddr = rest.trim().parse().map_err(|_| RouteError::LocalAddress)?;
            let usable = !address.is_unspecified() && !address.is_multicast();
            return if usable { Ok(Self::LocalAddress(address)) } else { Err(RouteError::LocalAddress) };
        }
        let scheme = ProxyScheme::ALL.into_iter().find(|scheme| kind.eq_ignore_ascii_case(scheme.word()));
        let rest = rest.strip_prefix("//").ok_or(RouteError::Kind)?;
        Ok(Self::Proxy(ProxyAddress::read(scheme.ok_or(RouteError::Kind)?, rest)?))
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Direct => f.write_str("direct"),
            Self::LocalAddress(address) => write!(f, "local:{address}"),
            Self::Proxy(proxy) => proxy.fmt(f),
        }
    }
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Route({self})")
    }
}

impl Serialize for Route {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.full_text())
    }
}

impl<'de> Deserialize<'de> for Route {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// What follows a block answer of the site.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum OnBlock {
    /// The booking ends as blocked, and no route is given out until the next 00:00 Asia/Seoul.
    #[default]
    End,
    /// The next route is used. The budget of requests does not grow with it.
    NextRoute,
}

/// The operator's routes in the order in which they are preferred, each with its state.
///
/// A route that fails rests, ten seconds at first and twice as long after each further failure, up to
/// ten minutes; a success forgets that. A route whose address the site blocks is retired until the next
/// 00:00 Asia/Seoul. With [`OnBlock::End`], the default, one retired route stops all of them: the site
/// has said no to this operator.
///
/// The instants are the wall clock's, because they are saved and shown. If the clock steps back, no rest
/// becomes longer than ten minutes and no retirement longer than to the next 00:00 of the clock as it is
/// then; if it steps forward, both may end early.
///
/// ```
/// use namyangju_rent::{OnBlock, Route, Routes, SeoulTime};
///
/// let now: SeoulTime = "2026-11-26 10:00:00".parse()?;
/// let second: Route = "local:192.0.2.1".parse()?;
/// let mut routes = Routes::new([Route::Direct, second.clone()]);
/// routes.failed(&Route::Direct, now);
/// assert_eq!(routes.pick(now), Some(&second));
/// routes.blocked(&second, now);
/// assert_eq!(routes.pick(now), None);
/// assert_eq!(routes.blocked_until(now), Some("2026-11-27 00:00:00".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Routes {
    entries: Vec<Entry>,
    on_block: OnBlock,
}

#[derive(Clone, Debug)]
struct Entry {
    route: Route,
    rests: Rests,
}

/// What is known of one route. Both instants may have passed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Rests {
    /// Failures since the last success.
    #[serde(default)]
    failures: u32,
    #[serde(default)]
    resting_until: Option<SeoulTime>,
    #[serde(default)]
    retired_until: Option<SeoulTime>,
}

/// Whether a route can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
#[non_exhaustive]
pub enum RouteState {
    /// It can be used.
    Ready,
    /// It did not connect or gave no answer in time.
    Resting {
        /// When it is ready again.
        until: SeoulTime,
    },
    /// The site blocked it.
    Retired {
        /// When it is ready again: 00:00 Asia/Seoul.
        until: SeoulTime,
    },
}

/// A route and its state, for people: a proxy's user and password are masked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RouteStatus {
    /// The route as [`Route`] displays itself.
    pub route: String,
    /// Its state.
    #[serde(flatten)]
    pub state: RouteState,
    /// How often it failed since it last worked.
    pub failures: u32,
}

/// The states of some routes, to be written to a file or a database and restored. It holds no password.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedRoutes {
    routes: Vec<SavedRoute>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct SavedRoute {
    route: String,
    #[serde(flatten)]
    rests: Rests,
}

/// The first 00:00 Asia/Seoul after an instant: strictly after, so that it is a day later at 00:00
/// itself. At the end of the calendar, the last instant that can be written.
pub fn next_midnight(now: SeoulTime) -> SeoulTime {
    const END_OF_DAY: u16 = 24 * 60;
    let midnight = TimeOfDay::from_minutes(END_OF_DAY).map(|end| now.date().at(end));
    midnight.filter(|midnight| *midnight > now).unwrap_or_else(|| now.plus(Duration::from_secs(86_400)))
}

impl Rests {
    /// The state at `now`, whatever the clock has done since.
    fn state(&self, now: SeoulTime) -> RouteState {
        if let Some(until) = self.retired_until.filter(|until| *until > now) {
            return RouteState::Retired { until: until.min(next_midnight(now)) };
        }
        match self.resting_until.filter(|until| *until > now) {
            Some(until) => RouteState::Resting { until: until.min(now.plus(LONGEST_REST)) },
            None => RouteState::Ready,
        }
    }

    /// Drops what has passed and shortens what a step of the clock has made too long, for good.
    fn settle(&mut self, now: SeoulTime) {
        let bounded = |until: Option<SeoulTime>, most: SeoulTime| {
            until.filter(|until| *until > now).map(|until| until.min(most))
        };
        self.retired_until = bounded(self.retired_until, next_midnight(now));
        self.resting_until = bounded(self.resting_until, now.plus(LONGEST_REST));
    }

    /// When it is ready again; `None` if it is.
    fn until(&self, now: SeoulTime) -> Option<SeoulTime> {
        let mut settled = *self;
        settled.settle(now);
        settled.retired_until.max(settled.resting_until)
    }
}

impl Default for Routes {
    /// The direct route alone.
    fn default() -> Self {
        Self::new([Route::Direct])
    }
}

impl Routes {
    /// These routes, in this order, all ready. A route that is in the list twice, or twice with
    /// different passwords, counts once. An empty list has no route to give: it is not the direct one.
    pub fn new(routes: impl IntoIterator<Item = Route>) -> Self {
        let mut entries: Vec<Entry> = Vec::new();
        for route in routes {
            if !entries.iter().any(|entry| entry.route.same_way(&route)) {
                entries.push(Entry { route, rests: Rests::default() });
            }
        }
        Self { entries, on_block: OnBlock::default() }
    }

    /// What follows a block answer. Default: [`OnBlock::End`].
    #[must_use]
    pub fn with_on_block(mut self, on_block: OnBlock) -> Self {
        self.on_block = on_block;
        self
    }

    /// What follows a block answer.
    pub fn on_block(&self) -> OnBlock {
        self.on_block
    }

    /// The routes in order, whatever their state.
    pub fn iter(&self) -> impl Iterator<Item = &Route> {
        self.entries.iter().map(|entry| &entry.route)
    }

    /// The first route that can be used; `None` if all rest or are retired, if there is none, or if a
    /// block has ended the day (see [`Routes::blocked_until`]).
    pub fn pick(&mut self, now: SeoulTime) -> Option<&Route> {
        for entry in &mut self.entries {
            entry.rests.settle(now);
        }
        if self.blocked_until(now).is_some() {
            return None;
        }
        let ready = |entry: &&Entry| entry.rests.state(now) == RouteState::Ready;
        self.entries.iter().find(ready).map(|entry| &entry.route)
    }

    /// Of the routes that rest, the one that is ready first.
    pub(crate) fn first_resting(&self, now: SeoulTime) -> Option<&Route> {
        let resting = self.entries.iter().filter_map(|entry| match entry.rests.state(now) {
            RouteState::Resting { until } => Some((until, &entry.route)),
            _ => None,
        });
        resting.min_by_key(|(until, _)| *until).map(|(_, route)| route)
    }

    /// A route did not connect, or gave no answer in time: it rests.
    ///
    /// A failure while it already rests is that of a request which was still on its way (sessions share
    /// the routes), and does not lengthen the rest. A route that is not in the list is ignored, here
    /// and below.
    pub fn failed(&mut self, route: &Route, now: SeoulTime) {
        let Some(rests) = self.rests_of(route) else { return };
        rests.settle(now);
        if rests.resting_until.is_none() {
            let doubled = FIRST_REST.saturating_mul(2_u32.saturating_pow(rests.failures)).min(LONGEST_REST);
            rests.resting_until = Some(now.plus(doubled));
            rests.failures = rests.failures.saturating_add(1);
        }
    }

    /// A route brought an answer: its failures are forgotten. A retired route stays retired; the answer
    /// is that of a request which was still on its way.
    pub fn worked(&mut self, route: &Route) {
        if let Some(rests) = self.rests_of(route) {
            rests.failures = 0;
            rests.resting_until = None;
        }
    }

    /// The site blocked a route: it is retired until the next 00:00 Asia/Seoul. Gives the route to go on
    /// with; `None`, and the booking is over as blocked, unless the operator chose
    /// [`OnBlock::NextRoute`] and another route can be used at once.
    pub fn blocked(&mut self, route: &Route, now: SeoulTime) -> Option<&Route> {
        if let Some(rests) = self.rests_of(route) {
            rests.retired_until = Some(next_midnight(now));
        }
        self.pick(now)
    }

    /// Until when a block leaves no route at all: one retired route is enough with [`OnBlock::End`], all
    /// of them must be with [`OnBlock::NextRoute`]. `None` if no block stands in the way.
    pub fn blocked_until(&self, now: SeoulTime) -> Option<SeoulTime> {
        let retired = |entry: &Entry| match entry.rests.state(now) {
            RouteState::Retired { until } => Some(until),
            _ => None,
        };
        let retired: Vec<SeoulTime> = self.entries.iter().filter_map(retired).collect();
        match self.on_block {
            OnBlock::End => retired.into_iter().max(),
            OnBlock::NextRoute if retired.len() < self.entries.len() => None,
            OnBlock::NextRoute => retired.into_iter().min(),
        }
    }

    /// Makes every route ready: for the operator's hand, when the cause is known and gone.
    pub fn reset(&mut self) {
        for entry in &mut self.entries {
            entry.rests = Rests::default();
        }
    }

    /// The next instant at which [`Routes::pick`] may have more to give than now; `None` if every route
    /// is ready.
    pub fn next_change(&self, now: SeoulTime) -> Option<SeoulTime> {
        self.blocked_until(now)
            .or_else(|| self.entries.iter().filter_map(|entry| entry.rests.until(now)).min())
    }

    /// Every route and its state, for people.
    pub fn states(&self, now: SeoulTime) -> Vec<RouteStatus> {
        let status = |entry: &Entry| RouteStatus {
            route: entry.route.to_string(),
            state: entry.rests.state(now),
            failures: entry.rests.failures,
        };
        self.entries.iter().map(status).collect()
    }

    /// The states, to be kept over a restart.
    pub fn save(&self) -> SavedRoutes {
        let saved = |entry: &Entry| SavedRoute { route: entry.route.saved_name(), rests: entry.rests };
        SavedRoutes { routes: self.entries.iter().map(saved).collect() }
    }

    /// Takes saved states over. The list stays the configured one: a saved route that is no longer in
    /// it is dropped, and a route that was not saved is ready. A proxy with a new password is the same
    /// route, with another user it is another one.
    pub fn restore(&mut self, saved: &SavedRoutes) {
        for entry in &mut self.entries {
            let name = entry.route.saved_name();
            let known = saved.routes.iter().find(|saved| saved.route == name);
            entry.rests = known.map(|saved| saved.rests).unwrap_or_default();
        }
    }

    fn rests_of(&mut self, route: &Route) -> Option<&mut Rests> {
        self.entries.iter_mut().find(|entry| entry.route.same_way(route)).map(|entry| &mut entry.rests)
    }
}

impl fmt::Display for RouteState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ready => f.write_str("ready"),
            Self::Resting { until } => write!(f, "resting until {until}"),
            Self::Retired { until } => write!(f, "blocked by the site, retired until {until}"),
        }
    }
}

impl fmt::Display for RouteStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.route, self.state)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn t(text: &str) -> SeoulTime {
        text.parse().unwrap()
    }

    fn route(text: &str) -> Route {
        text.parse().unwrap()
    }

    fn now() -> SeoulTime {
        t("2026-11-26 10:00:00")
    }

    fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    fn three(on_block: OnBlock) -> Routes {
        let list = ["direct", "local:192.0.2.1", "socks5h://user:secret@proxy.example:1080"];
        Routes::new(list.map(route)).with_on_block(on_block)
    }

    #[test]
    fn routes_are_read_and_shown_without_the_login() {
        for (text, shown, full) in [
            (" Direct ", "direct", "direct"),
            ("local:192.0.2.1", "local:192.0.2.1", "local:192.0.2.1"),
            ("LOCAL: 2001:db8::1", "local:2001:db8::1", "local:2001:db8::1"),
            ("http://Proxy.Example:3128/", "http://proxy.example:3128", "http://proxy.example:3128"),
            ("http://proxy.example", "http://proxy.example:80", "http://proxy.example:80"),
            ("socks5://u@192.0.2.9:80", "socks5://***@192.0.2.9:80", "socks5://u@192.0.2.9:80"),
            ("socks5h://[2001:db8::1]", "socks5h://[2001:db8::1]:1080", "socks5h://[2001:db8::1]:1080"),
            ("https://u:p%40s@host:443", "https://***@host:443", "https://u:p%40s@host:443"),
            ("HTTPS://:only-a-password@h", "https://***@h:443", "https://:only-a-password@h:443"),
        ] {
            let route = route(text);
            assert_eq!((route.to_string().as_str(), route.full_text().as_str()), (shown, full));
            assert_eq!(route.full_text().parse(), Ok(route.clone()));
            let json = serde_json::to_string(&route).unwrap();
            assert_eq!(json, format!("\"{full}\""));
            assert_eq!(serde_json::from_str::<Route>(&json).unwrap(), route);
        }
    }

    #[test]
    fn what_is_no_route_is_said_without_repeating_it() {
        use RouteError::{Kind, LocalAddress, Masked, Proxy, ProxyPort, ProxyRest};
        for (text, error) in [
            ("", Kind),
            ("secret", Kind),
            ("secret:secret@host:3128", Kind),
            ("ftp://user:secret@host", Kind),
            ("http:host:3128", Kind),
            ("local", Kind),
            ("local:", LocalAddress),
            ("local:secret", LocalAddress),
            ("local:192.0.2.1:80", LocalAddress),
            ("local:0.0.0.0", LocalAddress),
            ("local:ff02::1", LocalAddress),
            ("http://", Proxy),
            ("http://:3128", Proxy),
            ("http://user:secret@", Proxy),
            ("http://user:secret@host:99999", Proxy),
            ("http://user:sec ret@host:1", Proxy),
            ("http://user:sec/ret@host:1", Proxy),
            ("http://user@host:1/secret", ProxyRest),
            ("http://user@host:1?secret", ProxyRest),
            ("http://user@host:1/#secret", ProxyRest),
            ("socks5://user:secret@host:0", ProxyPort),
            ("http://***@host:3128", Masked),
        ] {
            assert_eq!(text.parse::<Route>(), Err(error), "{text}");
            let said = error.to_string();
            assert!(!said.contains("secret"), "{said}");
            let json = serde_json::to_string(text).unwrap();
            let said = serde_json::from_str::<Route>(&json).unwrap_err().to_string();
            assert!(!said.contains("secret"), "{said}");
        }
        assert!(RouteError::Kind.to_string().contains("socks5h://"));
    }

    #[test]
    fn nothing_for_people_or_for_the_state_holds_a_login() {
        let mut routes = three(OnBlock::End);
        routes.failed(&route("socks5h://user:secret@proxy.example:1080"), now());
        let states = routes.states(now());
        let lines: Vec<String> = states.iter().map(ToString::to_string).collect();
        let all = format!(
            "{routes:?} {:#?} {states:?} {lines:?} {} {} {:?}",
            routes.iter().collect::<Vec<_>>(),
            serde_json::to_string(&states).unwrap(),
            serde_json::to_string(&routes.save()).unwrap(),
            routes.save(),
        );
        assert!(!all.contains("secret") && !all.contains("user"), "{all}");
        assert_eq!(
            lines[2],
            "socks5h://***@proxy.example:1080: resting until 2026-11-26 10:00:10.000 Asia/Seoul"
        );
        let Route::Proxy(proxy) = route("http://user:secret@h:1") else { panic!("a proxy") };
        assert_eq!(format!("{proxy:?} {proxy}"), "ProxyAddress(http://***@h:1) http://***@h:1");
        assert_eq!((proxy.scheme().word(), proxy.host(), proxy.port()), ("http", "h", 1));
    }

    #[test]
    fn a_failed_route_rests_and_the_next_is_used() {
        let mut routes = three(OnBlock::End);
        assert_eq!(routes.pick(now()), Some(&Route::Direct));
        assert_eq!(routes.next_change(now()), None);
        routes.failed(&Route::Direct, now());
        assert_eq!(routes.pick(now()), Some(&route("local:192.0.2.1")));
        routes.failed(&route("local:192.0.2.1"), now().plus(secs(3)));
        let third = routes.pick(now().plus(secs(3))).cloned().unwrap();
        assert!(matches!(third, Route::Proxy(_)));
        routes.failed(&third, now().plus(secs(4)));
        assert_eq!(routes.pick(now().plus(secs(4))), None);
        assert_eq!(routes.blocked_until(now().plus(secs(4))), None);
        assert_eq!(routes.next_change(now().plus(secs(4))), Some(now().plus(FIRST_REST)));
        assert_eq!(routes.pick(now().plus(FIRST_REST)), Some(&Route::Direct));
    }

    #[test]
    fn rests_double_up_to_ten_minutes_and_a_success_forgets_them() {
        let mut routes = Routes::default();
        let mut at = now();
        let mut rests = Vec::new();
        for _ in 0..40 {
            routes.failed(&Route::Direct, at);
            // A second session fails on the same route: one cause, one rest.
            routes.failed(&Route::Direct, at.plus(secs(1)));
            let next = routes.next_change(at).unwrap();
            rests.push(next.since(at).as_secs());
            assert_eq!(routes.pick(next.minus(secs(1))), None);
            at = next;
            assert_eq!(routes.pick(at), Some(&Route::Direct));
        }
        assert_eq!(rests[..8], [10, 20, 40, 80, 160, 320, 600, 600]);
        assert_eq!(rests[39], 600);
        routes.worked(&Route::Direct);
        routes.failed(&Route::Direct, at);
        assert_eq!(routes.next_change(at), Some(at.plus(FIRST_REST)));
        routes.worked(&Route::Direct);
        assert_eq!(routes.states(at)[0].to_string(), "direct: ready");
    }

    #[test]
    fn a_block_ends_the_day_by_default() {
        let mut routes = three(OnBlock::default());
        assert_eq!(routes.blocked(&Route::Direct, now()), None);
        assert_eq!(routes.pick(now()), None);
        let midnight = t("2026-11-27 00:00:00");
        assert_eq!(routes.blocked_until(now()), Some(midnight));
        assert_eq!(routes.next_change(now()), Some(midnight));
        let before = midnight.minus(Duration::from_micros(1));
        // A late answer or failure on it changes nothing.
        routes.worked(&Route::Direct);
        routes.failed(&Route::Direct, now());
        assert_eq!(routes.pick(before), None);
        assert_eq!(routes.states(before)[1].state, RouteState::Ready);
        assert_eq!(routes.pick(midnight), Some(&Route::Direct));
        assert_eq!(routes.blocked_until(midnight), None);
    }

    #[test]
    fn going_on_after_a_block_is_the_operators_choice() {
        let mut routes = three(OnBlock::NextRoute);
        let second = routes.blocked(&Route::Direct, now()).cloned().unwrap();
        assert_eq!(second, route("local:192.0.2.1"));
        assert_eq!(routes.blocked_until(now()), None);
        let third = routes.blocked(&second, now()).cloned().unwrap();
        assert_eq!(routes.blocked(&third, now()), None);
        assert_eq!(routes.blocked_until(now()), Some(t("2026-11-27 00:00:00")));
        assert!(routes.states(now()).iter().all(|s| matches!(s.state, RouteState::Retired { .. })));
        routes.reset();
        assert_eq!(routes.pick(now()), Some(&Route::Direct));
        assert_eq!(routes.next_change(now()), None);
        let json = serde_json::to_string(&[OnBlock::End, OnBlock::NextRoute]).unwrap();
        assert_eq!(json, "[\"end\",\"next-route\"]");
    }

    #[test]
    fn an_empty_list_has_nothing_to_give() {
        for on_block in [OnBlock::End, OnBlock::NextRoute] {
            let mut routes = Routes::new([]).with_on_block(on_block);
            routes.failed(&Route::Direct, now());
            assert_eq!(routes.blocked(&Route::Direct, now()), None);
            assert_eq!(routes.pick(now()), None);
            assert_eq!(routes.save(), SavedRoutes::default());
            assert_eq!((routes.next_change(now()), routes.blocked_until(now())), (None, None));
        }
        assert_eq!(Routes::default().iter().collect::<Vec<_>>(), [&Route::Direct]);
    }

    #[test]
    fn a_day_begins_at_midnight_in_seoul() {
        for (at, midnight) in [
            ("2026-11-26T14:59:59.999999Z", "2026-11-27 00:00:00"),
            ("2026-11-26T15:00:00Z", "2026-11-28 00:00:00"),
            ("2026-11-27 00:00:00", "2026-11-28 00:00:00"),
            ("2026-11-26 23:59:59", "2026-11-27 00:00:00"),
            ("2026-12-31 08:00:00", "2027-01-01 00:00:00"),
            ("2028-02-28 08:00:00", "2028-02-29 00:00:00"),
        ] {
            assert_eq!(next_midnight(t(at)), t(midnight), "{at}");
        }
        let end = SeoulTime::from_unix_micros(i64::MAX);
        assert_eq!(next_midnight(end), end);
        assert!(next_midnight(SeoulTime::from_unix_micros(i64::MIN)) > SeoulTime::from_unix_micros(i64::MIN));
    }

    #[test]
    fn a_clock_that_steps_back_makes_nothing_longer() {
        let mut routes = three(OnBlock::NextRoute);
        let (next_month, second) = (t("2026-12-26 10:00:00"), route("local:192.0.2.1"));
        routes.blocked(&Route::Direct, next_month);
        routes.failed(&second, next_month);
        assert!(matches!(routes.pick(now()), Some(Route::Proxy(_))));
        let states = routes.states(now());
        assert_eq!(states[0].state, RouteState::Retired { until: t("2026-11-27 00:00:00") });
        assert_eq!(states[1].state, RouteState::Resting { until: now().plus(LONGEST_REST) });
        assert_eq!(routes.next_change(now()), Some(now().plus(LONGEST_REST)));
        assert_eq!(routes.pick(now().plus(LONGEST_REST)), Some(&second));
        assert_eq!(routes.pick(t("2026-11-27 00:00:00")), Some(&Route::Direct));
        // What was over stays over when the clock steps back once more.
        assert_eq!(routes.pick(now()), Some(&Route::Direct));
    }

    #[test]
    fn a_clock_that_steps_forward_ends_them() {
        let mut routes = three(OnBlock::End);
        routes.blocked(&Route::Direct, now());
        assert_eq!(routes.pick(now().plus(secs(86_400))), Some(&Route::Direct));
    }

    #[test]
    fn states_come_back_for_the_routes_that_are_still_configured() {
        let mut routes = three(OnBlock::NextRoute);
        let proxy = route("socks5h://user:secret@proxy.example:1080");
        routes.blocked(&proxy, now());
        routes.failed(&route("local:192.0.2.1"), now());
        let json = serde_json::to_string(&routes.save()).unwrap();
        let saved: SavedRoutes = serde_json::from_str(&json).unwrap();
        assert_eq!(saved, routes.save());

        let mut same = three(OnBlock::NextRoute);
        same.restore(&saved);
        assert_eq!(same.states(now()), routes.states(now()));
        let other = [
            "local:192.0.2.7",
            "socks5h://user:another-password@proxy.example:1080",
            "socks5h://another-user:secret@proxy.example:1080",
        ];
        let mut other = Routes::new(other.map(route)).with_on_block(OnBlock::NextRoute);
        other.failed(&route("local:192.0.2.7"), now());
        other.restore(&saved);
        let ready: Vec<bool> = other.states(now()).iter().map(|s| s.state == RouteState::Ready).collect();
        assert_eq!(ready, [true, false, true]);
        let old: SavedRoutes = serde_json::from_str(r#"{"routes":[{"route":"direct"}]}"#).unwrap();
        same.restore(&old);
        assert_eq!(same.pick(now()), Some(&Route::Direct));
    }

    #[test]
    fn a_route_counts_once() {
        let list = ["direct", "http://u:a@h:1", "DIRECT", "http://u:b@h:1", "http://v:a@h:1"];
        assert_eq!(Routes::new(list.map(route)).iter().count(), 3);
    }

    proptest! {
        #[test]
        fn pick_gives_the_first_ready_route_and_no_other(
            next_route in any::<bool>(),
            steps in prop::collection::vec((0_usize..3, 0_u8..4, -100_000_i64..100_000), 1..80),
        ) {
            let mut routes = three(if next_route { OnBlock::NextRoute } else { OnBlock::End });
            let list: Vec<Route> = routes.iter().cloned().collect();
            let mut micros = now().unix_micros();
            for (which, what, seconds) in steps {
                // Mostly small steps, so that rests are met as well as midnights; the clock goes back too.
                micros += if seconds % 3 == 0 { seconds } else { seconds.rem_euclid(700) } * 1_000_000;
                let now = SeoulTime::from_unix_micros(micros);
                match what {
                    0 => routes.failed(&list[which], now),
                    1 => routes.worked(&list[which]),
                    2 => drop(routes.blocked(&list[which], now).cloned()),
                    _ => {}
                }
                let picked = routes.pick(now).cloned();
                let states = routes.states(now);
                let ready = states.iter().position(|s| s.state == RouteState::Ready);
                let stopped = !next_route && states.iter().any(|s| matches!(s.state, RouteState::Retired { .. }));
                prop_assert_eq!(&picked, &ready.filter(|_| !stopped).map(|at| list[at].clone()));
                for status in &states {
                    match status.state {
                        RouteState::Resting { until } => {
                            prop_assert!(now < until && until.since(now) <= LONGEST_REST);
                        }
                        RouteState::Retired { until } => {
                            prop_assert!(now < until && until == next_midnight(now));
                        }
                        RouteState::Ready => {}
                    }
                }
                let next = routes.next_change(now);
                prop_assert!(next.is_none_or(|next| next > now));
                if picked.is_none() {
                    // Waiting until then is enough.
                    prop_assert!(routes.clone().pick(next.unwrap()).is_some());
                }
            }
        }

        #[test]
        fn the_next_midnight_is_later_and_within_a_day(micros in 600_000_000_000_000_i64..7_000_000_000_000_000) {
            let now = SeoulTime::from_unix_micros(micros);
            let midnight = next_midnight(now);
            prop_assert!(midnight > now && midnight.since(now) <= secs(86_400));
            prop_assert_eq!(midnight.time_text(), "00:00:00.000");
        }

        #[test]
        fn any_text_is_read_or_refused(text in "(direct|local:|http://|socks5h://)?[ -~가-힣]{0,30}") {
            if let Ok(route) = text.parse::<Route>() {
                prop_assert_eq!(route.full_text().parse(), Ok(route));
            }
        }
    }
}
