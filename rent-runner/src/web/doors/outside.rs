//! How a request came from outside: through which proxy, by TLS or not, and below which path.
//!
//! The pages are written as if they were at the root of an address of their own, in plain HTTP, with the visitor at the other
//! end of the connection. This file is the one place that knows otherwise. On the way in it takes the visitor's address and the
//! name that was called from a proxy that is trusted, and the base path off the request's own. On the way out it puts the base
//! path before every address of ours: in links and forms of a page, in a redirect, in a header, in the path of a cookie. So no
//! page can forget it.
//!
//! What a proxy says is believed only if the settings name the proxy; from anybody else those headers are dropped, or a visitor
//! could choose the address that is slowed down or banned in place of the own.
//!
//! **Cookies** have other names outside than inside. By TLS they are `Secure` and called `__Host-…`, which a browser takes only
//! from this very host by TLS, so that no other server beside it can plant one. Below a base path they are called `__Secure-…`
//! with the path in the name, since `__Host-` is for the whole host: two programs of one host then keep their sessions apart.
//! A cookie of another kind, as from before there was TLS, is not taken: its session ends.

use std::net::{IpAddr, SocketAddr};

use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request};
use axum::http::header::{
    AsHeaderName, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, COOKIE, HOST, LINK, LOCATION,
    SET_COOKIE,
};
use axum::http::request::Parts;
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse as _, Redirect, Response};

use crate::config::{BasePath, DoorSettings};

/// What all our cookies begin with, inside.
const OWN_COOKIES: &str = "rent_";

const FORWARDED_FOR: &str = "x-forwarded-for";
const FORWARDED_PROTO: &str = "x-forwarded-proto";
const FORWARDED_HOST: &str = "x-forwarded-host";
const FORWARDED_PREFIX: &str = "x-forwarded-prefix";

/// Attributes of a page's tags that hold addresses; those that begin with `data-` are for our scripts, and do too.
const ADDRESSES: [&str; 4] = ["href", "src", "action", "formaction"];

/// How a request came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::web) struct Outside {
    /// Who asks.
    client: IpAddr,
    is_secure: bool,
    /// The name that was called, with its port.
    host: String,
    base: BasePath,
    /// Whether the proxy has taken the base path off already.
    is_stripped: bool,
}

impl Outside {
    fn of(head: &Parts, door: &DoorSettings) -> Self {
        let peer = head.extensions.get::<ConnectInfo<SocketAddr>>();
        let peer = peer.map_or(std::net::Ipv4Addr::UNSPECIFIED.into(), |peer| peer.0.ip());
        let plain = Self {
            client: peer,
            is_secure: door.tls_cert.is_some(),
            host: text(&head.headers, &HOST).unwrap_or_default().to_owned(),
            base: door.base_path.clone(),
            is_stripped: false,
        };
        if !door.trusts(peer) {
            return plain;
        }
        let told = |name| single(&head.headers, name);
        let prefix = told(FORWARDED_PREFIX).and_then(|prefix| prefix.parse::<BasePath>().ok());
        Self {
            client: client(&head.headers, peer, door),
            is_secure: plain.is_secure || told(FORWARDED_PROTO) == Some("https"),
            host: told(FORWARDED_HOST).map_or(plain.host, str::to_owned),
            is_stripped: prefix.is_some(),
            base: prefix.unwrap_or(plain.base),
        }
    }

    /// Where the pages are, as the visitor's browser has it: without a slash at its end.
    pub(in crate::web) fn address(&self) -> String {
        let scheme = if self.is_secure { "https" } else { "http" };
        format!("{scheme}://{}{}", self.host, self.base.as_str())
    }

    /// What stands before and behind our name of a cookie.
    fn around_name(&self) -> (&'static str, String) {
        let before = match (self.is_secure, self.base.as_str()) {
            (false, _) => "",
            (true, "") => "__Host-",
            (true, _) => "__Secure-",
        };
        (before, self.base.as_str().replace('/', "."))
    }

    /// The cookies of a request by our own names for them; those that are not of this kind are left out.
    fn cookies_inside(&self, headers: &mut HeaderMap) {
        let (before, behind) = self.around_name();
        if before.is_empty() && behind.is_empty() {
            return;
        }
        let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
        let own = |pair: &str| {
            let (name, value) = pair.trim().split_once('=')?;
            let name = name.strip_prefix(before)?.strip_suffix(behind.as_str())?;
            name.starts_with(OWN_COOKIES).then(|| format!("{name}={value}"))
        };
        let pairs: Vec<String> = lines.flat_map(|line| line.split(';')).filter_map(own).collect();
        headers.remove(COOKIE);
        if pairs.is_empty() {
            return;
        }
        if let Ok(line) = HeaderValue::try_from(pairs.join("; ")) {
            headers.insert(COOKIE, line);
        }
    }

    /// A line that sets one of our cookies, as it leaves.
    fn cookie_outside(&self, line: &str) -> String {
        let Some((name, rest)) = line.split_once('=').filter(|(name, _)| name.starts_with(OWN_COOKIES))
        else {
            return line.to_owned();
        };
        let (before, behind) = self.around_name();
        let path = if self.base.as_str().is_empty() { "/" } else { self.base.as_str() };
        let rest = rest.replacen("; Path=/;", &format!("; Path={path};"), 1);
        let secure = if self.is_secure { "; Secure" } else { "" };
        format!("{before}{name}{behind}={rest}{secure}")
    }
}

/// A header's text.
fn text(headers: &HeaderMap, name: impl AsHeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim)
}

/// The text of a header that stands there once, with one value.
fn single<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let is_one = headers.get_all(name).iter().count() == 1;
    text(headers, name).filter(|text| is_one && !text.is_empty() && !text.contains(','))
}

/// Who asked the first proxy that is not trusted, or the last one that is: read from the end, because each proxy adds who asked
/// it, and a visitor may begin the list with anything.
fn client(headers: &HeaderMap, peer: IpAddr, door: &DoorSettings) -> IpAddr {
    let lines: Vec<&str> =
        headers.get_all(FORWARDED_FOR).iter().map(|line| line.to_str().unwrap_or("?")).collect();
    let mut client = peer;
    for entry in lines.iter().flat_map(|line| line.split(',')).rev() {
        let entry = entry.trim();
        let address = entry.parse::<IpAddr>().or_else(|_| entry.parse::<SocketAddr>().map(|at| at.ip()));
        let Ok(address) = address else { break };
        client = address.to_canonical();
        if !door.trusts(client) {
            break;
        }
    }
    client
}

/// Whether a trusted proxy hands on what somebody else asks.
pub(super) fn is_forwarded(head: &HeaderMap, peer: IpAddr, door: &DoorSettings) -> bool {
    door.trusts(peer)
        && [FORWARDED_FOR, FORWARDED_PROTO, FORWARDED_HOST].iter().any(|name| head.contains_key(*name))
}

/// A request on its way in.
#[derive(Debug)]
pub(in crate::web) enum EnteredRequest {
    Inside(Outside, Request),
    /// It is for none of our paths.
    Answered(Response),
}

/// Takes a request in.
pub(in crate::web) fn enter(request: Request, door: &DoorSettings) -> EnteredRequest {
    let (mut head, body) = request.into_parts();
    let outside = Outside::of(&head, door);
    if let Some(rest) = inside(head.uri.path(), &outside) {
        if rest.is_empty() {
            return EnteredRequest::Answered(
                Redirect::to(&format!("{}/", outside.base.as_str())).into_response(),
            );
        }
        if rest.len() != head.uri.path().len() {
            head.uri = with_path(&head.uri, rest);
        }
    } else {
        let at = outside.base.as_str();
        let text = format!(
            "The pages are below {at}/. A proxy before them hands the path on whole, or says X-Forwarded-Prefix.\n"
        );
        return EnteredRequest::Answered((StatusCode::NOT_FOUND, text).into_response());
    }
    for name in [FORWARDED_FOR, FORWARDED_PROTO, FORWARDED_HOST, FORWARDED_PREFIX] {
        head.headers.remove(name);
    }
    if text(&head.headers, &HOST) != Some(&outside.host)
        && let Ok(host) = HeaderValue::try_from(&outside.host)
    {
        head.headers.insert(HOST, host);
    }
    outside.cookies_inside(&mut head.headers);
    head.extensions.insert(ConnectInfo(SocketAddr::new(outside.client, 0)));
    head.extensions.insert(outside.clone());
    EnteredRequest::Inside(outside, Request::from_parts(head, body))
}

/// A request's path without the base path; `None` if it is not below it.
fn inside<'p>(path: &'p str, outside: &Outside) -> Option<&'p str> {
    let below = path.strip_prefix(outside.base.as_str());
    match below.filter(|rest| rest.is_empty() || rest.starts_with('/')) {
        Some(rest) => Some(rest),
        None => outside.is_stripped.then_some(path),
    }
}

fn with_path(uri: &Uri, path: &str) -> Uri {
    let path_and_query = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = PathAndQuery::try_from(path_and_query).ok();
    Uri::from_parts(parts).unwrap_or_default()
}

/// Sends an answer out.
pub(in crate::web) async fn leave(mut response: Response, outside: &Outside) -> Response {
    let headers = response.headers_mut();
    let cookies: Vec<HeaderValue> = headers.get_all(SET_COOKIE).iter().cloned().collect();
    headers.remove(SET_COOKIE);
    for line in cookies {
        let changed =
            line.to_str().ok().and_then(|line| HeaderValue::try_from(outside.cookie_outside(line)).ok());
        headers.append(SET_COOKIE, changed.unwrap_or(line));
    }
    let base = outside.base.as_str();
    if base.is_empty() {
        return response;
    }
    let change = |headers: &mut HeaderMap, name: HeaderName, from: &str, to: String| {
        let changed = text(headers, &name).map(|line| line.replace(from, &to));
        if let Some(Ok(line)) = changed.map(HeaderValue::try_from) {
            headers.insert(name, line);
        }
    };
    change(headers, CONTENT_SECURITY_POLICY, "report-uri /", format!("report-uri {base}/"));
    change(headers, LINK, "</", format!("<{base}/"));
    if text(headers, &LOCATION).is_some_and(|path| path.starts_with('/') && !path.starts_with("//")) {
        let path = format!("{base}{}", text(headers, &LOCATION).unwrap_or_default());
        if let Ok(path) = HeaderValue::try_from(path) {
            headers.insert(LOCATION, path);
        }
    }
    let is_page = text(headers, &CONTENT_TYPE).is_some_and(|kind| kind.starts_with("text/html"));
    if !is_page {
        return response;
    }
    headers.remove(CONTENT_LENGTH);
    let (head, body) = response.into_parts();
    // It is a page of ours, and in memory already.
    match to_bytes(body, usize::MAX).await {
        Ok(page) => {
            let page = below(&String::from_utf8_lossy(&page), base);
            Response::from_parts(head, Body::from(page))
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// A page whose addresses of ours have the base path before them. A text of a visitor has no quotation mark in a page, so it is
/// never taken for an attribute.
fn below(page: &str, base: &str) -> String {
    const BEGINS: &str = "=\"/";
    let mut out = String::with_capacity(page.len() + page.len() / 32);
    let mut rest = page;
    while let Some((before, behind)) = rest.split_once(BEGINS) {
        let name = before.rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '-').next().unwrap_or_default();
        out.push_str(before);
        out.push_str("=\"");
        if (ADDRESSES.contains(&name) || name.starts_with("data-")) && !behind.starts_with('/') {
            out.push_str(base);
        }
        out.push('/');
        rest = behind;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn door(proxies: &[&str], base: &str) -> DoorSettings {
        DoorSettings {
            base_path: base.parse().unwrap(),
            trusted_proxies: proxies.iter().map(|network| network.parse().unwrap()).collect(),
            ..DoorSettings::default()
        }
    }

    fn came(
        peer: &str,
        path: &str,
        lines: &[(&'static str, &str)],
        door: &DoorSettings,
    ) -> Result<(Outside, Request), Box<Response>> {
        let mut request = Request::builder().uri(path).header("host", "127.0.0.1:1");
        for (name, value) in lines {
            request = request.header(*name, *value);
        }
        let mut request = request.body(Body::empty()).unwrap();
        request.extensions_mut().insert(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 9)));
        match enter(request, door) {
            EnteredRequest::Inside(outside, request) => Ok((outside, request)),
            EnteredRequest::Answered(answer) => Err(Box::new(answer)),
        }
    }

    #[test]
    fn the_visitor_is_who_asked_the_last_proxy_that_is_trusted() {
        let door = door(&["127.0.0.1", "10.0.0.0/8"], "");
        let client = |peer: &str, lines: &[&str]| {
            let lines: Vec<_> = lines.iter().map(|line| ("x-forwarded-for", *line)).collect();
            came(peer, "/", &lines, &door).unwrap().0.client.to_string()
        };
        for (peer, lines, expected) in [
            ("127.0.0.1", &["203.0.113.9"][..], "203.0.113.9"),
            ("127.0.0.1", &["198.51.100.1, 203.0.113.9"], "203.0.113.9"),
            ("127.0.0.1", &["198.51.100.1", "203.0.113.9"], "203.0.113.9"),
            ("127.0.0.1", &["198.51.100.1, 203.0.113.9, 10.0.0.7"], "203.0.113.9"),
            ("127.0.0.1", &["10.0.0.8, 10.0.0.7"], "10.0.0.8"),
            ("127.0.0.1", &["203.0.113.9:4711"], "203.0.113.9"),
            ("127.0.0.1", &["[2001:db8::1]:4711"], "2001:db8::1"),
            ("127.0.0.1", &["198.51.100.1, unknown, 10.0.0.7"], "10.0.0.7"),
            ("127.0.0.1", &["unknown"], "127.0.0.1"),
            ("127.0.0.1", &[], "127.0.0.1"),
            ("198.51.100.77", &["203.0.113.9"], "198.51.100.77"),
        ] {
            assert_eq!(client(peer, lines), expected, "{peer} {lines:?}");
        }
    }

    #[test]
    fn what_nobody_trusted_says_is_dropped() {
        let door = door(&["127.0.0.1"], "");
        let lines = [
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "rent.example.org"),
            ("x-forwarded-prefix", "/rent"),
        ];
        let (outside, request) = came("127.0.0.1", "/me", &lines, &door).unwrap();
        assert_eq!(outside.address(), "https://rent.example.org/rent");
        assert_eq!(
            (request.uri().path(), &request.headers()["host"]),
            ("/me", &HeaderValue::from_static("rent.example.org"))
        );
        assert_eq!(request.headers().len(), 1, "{:?}", request.headers());
        let (outside, request) = came("198.51.100.77", "/me", &lines, &door).unwrap();
        assert_eq!(outside.address(), "http://127.0.0.1:1");
        assert_eq!(request.headers().len(), 1, "{:?}", request.headers());
        for lines in [
            [("x-forwarded-proto", "https, http"), ("x-forwarded-prefix", "/a\"b")],
            [("x-forwarded-proto", "HTTPS!"), ("x-forwarded-prefix", "//evil.example")],
        ] {
            assert_eq!(came("127.0.0.1", "/me", &lines, &door).unwrap().0.address(), "http://127.0.0.1:1");
        }
    }

    #[test]
    fn the_base_path_is_taken_off_and_nothing_else_is_answered() {
        let door = door(&["127.0.0.1"], "/rent");
        let path = |path: &str| match came("198.51.100.77", path, &[], &door) {
            Ok((_, request)) => request.uri().to_string(),
            Err(answer) => answer.status().as_str().to_owned(),
        };
        assert_eq!(path("/rent/"), "/");
        assert_eq!(path("/rent/bookings/3?x=/rent/1"), "/bookings/3?x=/rent/1");
        assert_eq!([path("/rent"), path("/"), path("/rental/"), path("/me")], ["303", "404", "404", "404"]);
        let stripped = [("x-forwarded-prefix", "/rent")];
        for (asked, expected) in [("/me", "/me"), ("/rent/me", "/me")] {
            assert_eq!(came("127.0.0.1", asked, &stripped, &door).unwrap().1.uri().path(), expected);
        }
    }

    #[tokio::test]
    async fn cookies_are_named_for_where_they_belong() {
        let proxy = ("x-forwarded-proto", "https");
        for (base, lines, outer, path) in [
            ("", vec![proxy], "__Host-rent_session", "/"),
            ("/club/rent", vec![proxy], "__Secure-rent_session.club.rent", "/club/rent"),
            ("/rent", vec![], "rent_session.rent", "/rent"),
            ("", vec![], "rent_session", "/"),
        ] {
            let mut lines = lines;
            let cookies = format!("rent_session=planted; {outer}=own; other=x");
            lines.push(("cookie", &cookies));
            let (outside, request) =
                came("127.0.0.1", &format!("{base}/me"), &lines, &door(&["127.0.0.1"], base)).unwrap();
            let inner = request.headers()["cookie"].to_str().unwrap();
            let is_plain = outer == "rent_session";
            assert_eq!(inner, if is_plain { cookies.as_str() } else { "rent_session=own" }, "{outer}");
            let answer = [(SET_COOKIE, "rent_session=new; Path=/; Max-Age=9; HttpOnly; SameSite=Strict")];
            let answer = leave(answer.into_response(), &outside).await;
            let secure = if outside.is_secure { "; Secure" } else { "" };
            let expected = format!("{outer}=new; Path={path}; Max-Age=9; HttpOnly; SameSite=Strict{secure}");
            assert_eq!(answer.headers()["set-cookie"], expected.as_str());
        }
    }

    #[tokio::test]
    async fn every_address_of_a_page_has_the_base_path_before_it() {
        let (outside, _) = came("127.0.0.1", "/rent/", &[], &door(&[], "/rent")).unwrap();
        let page = "<a href=\"/me\">=&#34;/x</a><form action=\"/\"><input value=\"/me\"><body data-live=\"/live?x=1\">\
                    <a href=\"#main\"><a href=\"//other\"><script src=\"/assets/a.js\">";
        let below = "<a href=\"/rent/me\">=&#34;/x</a><form action=\"/rent/\"><input value=\"/me\"><body data-live=\"/rent/live?x=1\">\
                     <a href=\"#main\"><a href=\"//other\"><script src=\"/rent/assets/a.js\">";
        let answer = leave(axum::response::Html(page).into_response(), &outside).await;
        assert_eq!(to_bytes(answer.into_body(), usize::MAX).await.unwrap(), below);
        let sent_on = leave(Redirect::to("/sign-in?next=%2Fme").into_response(), &outside).await;
        assert_eq!(sent_on.headers()["location"], "/rent/sign-in?next=%2Fme");
    }
}
