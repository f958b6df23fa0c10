//! Where an answer sends the visitor on: a `Location`, a `Refresh`, a page that is nothing but a script. Only addresses of
//! the same site are followed, and they are asked at the base that we were told, whatever base the site printed.

use percent_encoding::{AsciiSet, CONTROLS, percent_encode};
use reqwest::header::{HeaderMap, LOCATION, REFRESH};
use url::Url;

use crate::error::{NetworkError, NetworkErrorKind};
use crate::html::charset::Charset;
use crate::html::script::{MAX_SCRIPT_PAGE_BYTES, refresh_target, script_page};
use crate::page::HopKind;
use crate::site::Site;

/// Bytes of a `Location` that are not part of an address: raw EUC-KR and blanks.
const RAW: &AsciiSet = &RAW_IN_REFRESH.add(b' ').add(b'"');

/// The same for a `Refresh` header, which has blanks and quotes of its own: `0; url="/"`.
const RAW_IN_REFRESH: &AsciiSet = &CONTROLS.add(b'<').add(b'>');

/// Where an answer sends the visitor on.
pub(crate) struct Onward {
    pub(crate) kind: HopKind,
    pub(crate) target: Result<Url, NetworkError>,
    /// The base that the answer printed, where it is not ours: scheme, host and port.
    pub(crate) other_base: Option<String>,
    /// Whether it leads into a waiting room.
    pub(crate) to_waiting_room: bool,
}

/// Where the answer sends us on, if it does.
pub(crate) fn onward(
    site: &Site,
    url: &Url,
    status: u16,
    headers: &HeaderMap,
    body: &[u8],
    charset: Charset,
    alerts: &mut Vec<String>,
) -> Option<Onward> {
    if matches!(status, 301 | 302 | 303 | 307 | 308) {
        let location = headers.get(LOCATION)?;
        let location = percent_encode(location.as_bytes(), RAW).to_string();
        return Some(Onward::to(site, url, HopKind::Location, &location));
    }
    if status != 200 {
        return None;
    }
    let refresh = headers.get(REFRESH).map(|v| percent_encode(v.as_bytes(), RAW_IN_REFRESH).to_string());
    if let Some(target) = refresh.as_deref().and_then(refresh_target) {
        return Some(Onward::to(site, url, HopKind::Refresh, &target));
    }
    let script = script_page(&charset.decode_within(body, MAX_SCRIPT_PAGE_BYTES)?)?;
    alerts.extend(script.alerts);
    let kind = if script.meta { HopKind::Refresh } else { HopKind::Script };
    Some(Onward::to(site, url, kind, &script.target?))
}

impl Onward {
    fn to(site: &Site, from: &Url, kind: HopKind, printed: &str) -> Self {
        let url = match from.join(printed) {
            Ok(url) => url,
            Err(error) => {
                let error = NetworkError::new(NetworkErrorKind::BadRedirect, error.to_string());
                return Self { kind, target: Err(error), other_base: None, to_waiting_room: false };
            }
        };
        let other_base = (url.origin() != site.base_url().origin() && url.has_host())
            .then(|| url.origin().ascii_serialization());
        let target = site.at_own_base(&url).ok_or_else(|| {
            let detail = url.host_str().unwrap_or("no host").to_owned();
            NetworkError::new(NetworkErrorKind::ForeignRedirect, detail)
        });
        let to_waiting_room = site.dialect.waiting_room.is_named_in(url.as_str());
        Self { kind, target, other_base, to_waiting_room }
    }

    /// The base that a site has moved to, if that is what the answer says: it sends the visitor away for good, or to
    /// the very page that was asked for, at a base where we do not ask.
    ///
    /// `may_return` says that the same address may be asked for once more: a page that sets a cookie sends the visitor
    /// to itself to see whether the cookie comes back, and a POST may be answered by a 302 to a page of that address.
    pub(crate) fn moved_to(&self, asked: &Url, status: u16, may_return: bool) -> Option<&str> {
        let base = self.other_base.as_deref()?;
        let moved = match &self.target {
            Ok(target) => *target == *asked && !may_return,
            Err(_) => matches!(status, 301 | 308),
        };
        moved.then_some(base)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(base: &str) -> Site {
        Site::builtin("namyangju").unwrap().with_base_url(base).unwrap()
    }

    fn asked(base: &str, printed: &str) -> Option<String> {
        let site = site(base);
        let onward = Onward::to(&site, &site.home_url(), HopKind::Location, printed);
        onward.target.ok().map(String::from)
    }

    #[test]
    fn another_scheme_or_port_of_the_same_host_is_asked_at_our_own_base() {
        for (base, printed, expected) in [
            ("https://a.test/", "http://a.test/rent/x?q=1", "https://a.test/rent/x?q=1"),
            ("https://a.test/", "http://a.test:443/rent/x", "https://a.test/rent/x"),
            ("https://a.test/", "https://a.test:443/rent/x", "https://a.test/rent/x"),
            ("http://a.test/", "https://A.TEST/rent", "http://a.test/rent"),
            ("http://a.test:8080/", "http://a.test/rent/x/123#top", "http://a.test:8080/rent/x/123"),
            ("http://a.test:8080/", "//a.test:9/rent/", "http://a.test:8080/rent/"),
            ("http://a.test/", "https://user:secret@a.test/rent/x", "http://a.test/rent/x"),
            ("http://a.test/", "http://user:secret@a.test/rent/x", "http://a.test/rent/x"),
            ("http://a.test/", "../portal", "http://a.test/portal"),
            ("http://[::1]:80/", "https://[::1]/rent/", "http://[::1]/rent/"),
        ] {
            assert_eq!(asked(base, printed).as_deref(), Some(expected), "{base} {printed}");
        }
    }

    #[test]
    fn another_host_or_another_part_of_the_host_is_not_followed() {
        for printed in [
            "http://b.test/rent/",
            "http://www.a.test/rent/",
            "http://a.test.b.test/rent/",
            "http://a.test@b.test/rent/",
            // Below the same host and another base only the site's own paths are the site.
            "https://a.test/",
            "https://a.test/rental/x",
            "http://a.test:8080/other",
            "ftp://a.test/rent/",
            "file:///rent/x",
            "javascript:alert(1)",
            "http://[",
        ] {
            assert_eq!(asked("http://a.test/", printed), None, "{printed}");
        }
    }

    #[test]
    fn a_site_has_moved_if_it_sends_us_away_for_good_or_to_the_same_page_elsewhere() {
        let site = site("http://a.test/");
        let home = site.home_url();
        let moved = |printed: &str, status, may_return| {
            let onward = Onward::to(&site, &home, HopKind::Location, printed);
            onward.moved_to(&home, status, may_return).map(str::to_owned)
        };
        assert_eq!(moved("https://a.test/rent/", 302, false).as_deref(), Some("https://a.test"));
        assert_eq!(moved("https://a.test:8443/rent/", 301, false).as_deref(), Some("https://a.test:8443"));
        assert_eq!(moved("https://b.test/rent/", 301, true).as_deref(), Some("https://b.test"));
        assert_eq!(moved("https://a.test/", 308, false).as_deref(), Some("https://a.test"));
        for (printed, status, may_return) in [
            ("https://a.test/rent/", 302, true),
            ("https://a.test/rent/login", 301, false),
            ("http://a.test/rent/", 301, false),
            ("https://b.test/", 302, false),
            ("/rent/", 301, false),
        ] {
            assert_eq!(moved(printed, status, may_return), None, "{printed} {status}");
        }
    }
}
