//! One of the operator's own network routes to the site, as it is written and shown: direct, from an address of the
//! machine, or through a proxy.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use url::Url;

/// One way to the site.
///
/// Written `direct`, `local:192.0.2.1`, `http://user:password@host:3128`, or the same with `https`,
/// `socks5` (names are looked up here) or `socks5h` (names are looked up by the proxy). `Display` and
/// `Debug` show the user and password of a proxy as `***`; serde and [`Route::full_text`] have them in
/// full, because a settings file needs them.
///
/// ```
/// use namyangju_rent::network::Route;
///
/// let route: Route = "http://user:password@proxy.example:3128".parse()?;
/// assert_eq!(route.to_string(), "http://***@proxy.example:3128");
/// assert_eq!("Direct".parse(), Ok(Route::Direct));
/// # Ok::<(), namyangju_rent::network::RouteError>(())
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
    pub(super) fn same_way(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Proxy(one), Self::Proxy(two)) => one.same_place(two) && one.user() == two.user(),
            _ => self == other,
        }
    }

    /// What its state is saved under: the masked text, and two bytes that tell users of one proxy
    /// apart (some proxies choose the way out by the user's name). It holds nothing of the password.
    pub(super) fn saved_name(&self) -> String {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn route(text: &str) -> Route {
        text.parse().unwrap()
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

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "(direct|local:|http://|socks5h://)?[ -~가-힣]{0,30}") {
            if let Ok(route) = text.parse::<Route>() {
                prop_assert_eq!(route.full_text().parse(), Ok(route));
            }
        }
    }
}
