//! The cookies of one session: the last line of a name wins, whatever its path.
//!
//! A plain cookie store keeps cookies of one name on different paths apart, counts lifetimes by the local clock and drops
//! raw bytes; each of these loses a session at these sites. So the lines are prepared here before the store gets them.

use cookie_store::RawCookie;
use reqwest::cookie::CookieStore as _;
use reqwest::header::HeaderValue;
use reqwest_cookie_store::{CookieStore, CookieStoreMutex};
use url::Url;

/// What the `Set-Cookie` lines of one answer did.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Received {
    /// The names, in the order of the lines.
    pub(crate) names: Vec<String>,
    /// The names of cookies that we held and that the answer cleared.
    pub(crate) cleared: Vec<String>,
    /// The names that the answer set.
    pub(crate) set: Vec<String>,
}

impl Received {
    /// Whether a live session was replaced: its cookie cleared, and a fresh one of the same name set
    /// beside it (protocol.md 4.2, I+), or a cookie cleared that is known to carry the session.
    pub(crate) fn ends_session(&self, known: &[String]) -> bool {
        self.cleared.iter().any(|name| self.set.contains(name) || known.contains(name))
    }
}

/// The most cookies that are held. The sites known set one; all of them go out with each request.
const MAX_COOKIES: usize = 50;

/// A cookie jar for one site.
#[derive(Default)]
pub(crate) struct CookieJar(CookieStoreMutex);

impl CookieJar {
    /// Takes every line of an answer. `date` is the answer's own `Date` in Unix seconds: lifetimes
    /// count from there, so a wrong local clock does not drop a live session.
    pub(crate) fn receive<'l>(
        &self,
        url: &Url,
        lines: impl Iterator<Item = &'l [u8]>,
        date: Option<i64>,
    ) -> Received {
        let mut received = Received::default();
        let Ok(mut store) = self.0.lock() else { return received };
        for line in lines {
            // One character for each byte: cookie values may be raw EUC-KR, and go back as they came.
            let text: String = line.iter().map(|b| char::from(*b)).collect();
            let Ok(cookie) = RawCookie::parse(text.clone()) else { continue };
            let name = cookie.name().to_owned();
            let expires = cookie.expires().and_then(|e| e.datetime()).map(|t| t.unix_timestamp());
            let lifetime = match (cookie.max_age(), expires, date) {
                (Some(age), ..) => Some(age.whole_seconds()),
                (None, Some(expires), Some(date)) => Some(expires.saturating_sub(date)),
                _ => None,
            };
            let held = drop_all_of(&mut store, &name);
            if lifetime.is_some_and(|seconds| seconds <= 0) {
                if held {
                    received.cleared.push(name.clone());
                }
            } else if store.iter_any().count() < MAX_COOKIES {
                let line = match lifetime {
                    Some(seconds) => with_max_age(&text, seconds),
                    None => text,
                };
                // A line that does not fit the address (a foreign domain, say) is dropped, as by a browser.
                let _ = store.parse(&line, url);
                received.set.push(name.clone());
            }
            received.names.push(name);
        }
        received
    }

    /// The `Cookie` header for an address.
    pub(crate) fn header(&self, url: &Url) -> Option<HeaderValue> {
        let value = self.0.cookies(url)?;
        // Undo the one-character-for-each-byte of `receive`.
        let text = std::str::from_utf8(value.as_bytes()).ok()?;
        let bytes: Vec<u8> = text.chars().map(|c| u8::try_from(c).unwrap_or(b'?')).collect();
        let mut header = HeaderValue::from_bytes(&bytes).ok()?;
        header.set_sensitive(true);
        Some(header)
    }

    /// All cookies, those of the session included, for a file.
    pub(crate) fn save(&self) -> Option<serde_json::Value> {
        let store = self.0.lock().ok()?;
        let mut json = Vec::new();
        cookie_store::serde::json::save_incl_expired_and_nonpersistent(&store, &mut json).ok()?;
        serde_json::from_slice(&json).ok()
    }

    /// Reads back what [`CookieJar::save`] gave.
    pub(crate) fn load(cookies: &serde_json::Value) -> Result<Self, String> {
        let json = cookies.to_string();
        let store: CookieStore = cookie_store::serde::json::load(json.as_bytes())
            .map_err(|_| "its cookies cannot be read".to_owned())?;
        Ok(Self(CookieStoreMutex::new(store)))
    }

    /// How many cookies there are.
    pub(crate) fn len(&self) -> usize {
        self.0.lock().map_or(0, |store| store.iter_unexpired().count())
    }
}

/// Removes a name under every domain and path; tells whether there was one.
fn drop_all_of(store: &mut CookieStore, name: &str) -> bool {
    let keys: Vec<(String, String)> = store
        .iter_any()
        .filter(|cookie| cookie.name() == name)
        .map(|cookie| (String::from(&cookie.domain), String::from(&cookie.path)))
        .collect();
    for (domain, path) in &keys {
        store.remove(domain, path, name);
    }
    !keys.is_empty()
}

/// The line with `Max-Age` in place of `Expires`.
fn with_max_age(line: &str, seconds: i64) -> String {
    let kept: Vec<&str> = line
        .split(';')
        .filter(|part| {
            let key = part.split('=').next().unwrap_or_default().trim();
            !key.eq_ignore_ascii_case("expires") && !key.eq_ignore_ascii_case("max-age")
        })
        .collect();
    format!("{}; Max-Age={seconds}", kept.join(";"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATE: i64 = 1_795_658_400; // 2026-11-26 02:00:00 UTC

    fn url() -> Url {
        Url::parse("http://127.0.0.1:8099/rent/member/process").unwrap()
    }

    fn receive(jar: &CookieJar, lines: &[&[u8]]) -> Received {
        jar.receive(&url(), lines.iter().copied(), Some(DATE))
    }

    fn sent(jar: &CookieJar) -> Option<Vec<u8>> {
        jar.header(&url()).map(|value| value.as_bytes().to_vec())
    }

    #[test]
    fn the_last_line_of_a_name_wins_even_on_another_path() {
        let jar = CookieJar::default();
        let received = receive(
            &jar,
            &[b"ci_session=one; path=/", b"ci_session=two; path=/rent", b"ci_session=three; path=/"],
        );
        assert_eq!(received.names, ["ci_session"; 3]);
        assert_eq!(sent(&jar).unwrap(), b"ci_session=three");
    }

    #[test]
    fn a_cleared_cookie_is_noticed_although_a_fresh_one_follows() {
        let jar = CookieJar::default();
        receive(&jar, &[b"ci_session=live; path=/"]);
        let received = receive(
            &jar,
            &[b"ci_session=; expires=Thu, 01-Jan-1970 00:00:10 GMT; path=/", b"ci_session=anonymous; path=/"],
        );
        assert_eq!(received.cleared, ["ci_session"]);
        assert!(received.ends_session(&[]));
        assert_eq!(sent(&jar).unwrap(), b"ci_session=anonymous");
        assert_eq!(receive(&jar, &[b"other=; max-age=0"]).cleared, Vec::<String>::new());
        // A notice that was shown once and cleared is no session.
        receive(&jar, &[b"notice=1"]);
        assert!(!receive(&jar, &[b"notice=; max-age=0"]).ends_session(&["ci_session".to_owned()]));
        assert!(receive(&jar, &[b"ci_session=; max-age=0"]).ends_session(&["ci_session".to_owned()]));
    }

    #[test]
    fn lifetimes_count_from_the_sites_clock() {
        let jar = CookieJar::default();
        // Two hours from the answer's own date, which by the local clock may be years away.
        receive(&jar, &[b"ci_session=live; expires=Thu, 26-Nov-2026 04:00:00 GMT; path=/"]);
        assert!(sent(&jar).is_some());
        let date_1990 = Some(631_152_000);
        let jar = CookieJar::default();
        jar.receive(
            &url(),
            [b"ci_session=live; expires=Mon, 01-Jan-1990 02:00:00 GMT".as_slice()].into_iter(),
            date_1990,
        );
        assert!(sent(&jar).is_some());
    }

    #[test]
    fn raw_korean_bytes_in_a_value_go_back_as_they_came() {
        let jar = CookieJar::default();
        receive(&jar, &[b"name=\xC8\xB8\xBF\xF8; path=/"]);
        assert_eq!(sent(&jar).unwrap(), b"name=\xC8\xB8\xBF\xF8");
    }

    #[test]
    fn cookies_without_a_lifetime_survive_a_file() {
        let jar = CookieJar::default();
        receive(&jar, &[b"PHPSESSID=abc; path=/", b"name=\xC8\xB8; path=/"]);
        let back = CookieJar::load(&jar.save().unwrap()).unwrap();
        assert_eq!(back.len(), 2);
        let header = sent(&back).unwrap();
        assert!(
            header.windows(13).any(|w| w == b"PHPSESSID=abc")
                && header.windows(7).any(|w| w == b"name=\xC8\xB8")
        );
        assert!(CookieJar::load(&serde_json::json!("nonsense")).is_err());
    }

    #[test]
    fn there_are_no_more_cookies_than_are_held_and_those_held_are_renewed() {
        let jar = CookieJar::default();
        let lines: Vec<String> = (0..1000).map(|n| format!("c{n}=1; path=/")).collect();
        jar.receive(&url(), lines.iter().map(String::as_bytes), Some(DATE));
        assert_eq!(jar.len(), MAX_COOKIES);
        receive(&jar, &[b"c7=renewed; path=/"]);
        assert_eq!(jar.len(), MAX_COOKIES);
        assert!(sent(&jar).unwrap().windows(10).any(|w| w == b"c7=renewed"));
    }

    proptest::proptest! {
        #[test]
        fn no_line_is_too_odd(lines in proptest::collection::vec("([ -~]|\u{e9}|;|=|expires=|max-age=|path=|domain=|-?[0-9]{1,20}){0,12}", 0..6)) {
            let jar = CookieJar::default();
            jar.receive(&url(), lines.iter().map(String::as_bytes), Some(i64::MIN));
            let _ = (jar.header(&url()), jar.save());
        }
    }

    #[test]
    fn odd_lines_are_dropped_without_harm() {
        let jar = CookieJar::default();
        receive(&jar, &[b"", b";;;", b"=", b"a=1; domain=example.org", b"\xFF\xFE", b"b=2; expires=soon"]);
        assert_eq!(sent(&jar).unwrap(), b"b=2");
    }
}
