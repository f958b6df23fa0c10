//! A capture as a site: it answers each request with what was recorded for it, by the visitor's session and by order.
//!
//! An address alone does not tell which answer is meant: the home page comes before and after the login, a day is refused
//! and then opens, a form is sent twice. So of the recorded exchanges with the same address that one is taken whose request
//! carried the same cookies and the same fields, and of those the next in the order of the recording.

use std::fmt;
use std::time::Duration;

use url::Url;

use crate::har::{HarEntry, HarFile, SavedBody};
use crate::harness::wire::{Answer, Request};
use crate::html::charset::{Charset, FormFields};
use crate::html::script::MAX_SCRIPT_PAGE_BYTES;

/// A recorded visit that answers requests.
///
/// A replay is one visitor's. Cookies are handed out as they were recorded, so two visitors at once are not told apart.
///
/// ```
/// use namyangju_rent::harness::{Replay, Request, Settings, StandIn};
/// use namyangju_rent::Site;
///
/// let mut stand_in = StandIn::new(&Site::builtin("namyangju")?, Settings::default());
/// stand_in.record();
/// stand_in.answer(&Request::get("/rent/"), "2026-11-26 09:00:00".parse()?);
///
/// let mut replay = Replay::new(&stand_in.recording(), "https://www.nyj.go.kr");
/// assert_eq!(replay.answer(&Request::get("/rent/")).status, 200);
/// assert_eq!(replay.answer(&Request::get("/rent/elsewhere")).status, 500);
/// assert_eq!(replay.misses().len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Replay {
    exchanges: Vec<RecordedExchange>,
    strict: bool,
    /// The exchange after the one that was served last.
    position: usize,
    asked: Vec<ReplayedRequest>,
}

struct RecordedExchange {
    entry: HarEntry,
    cookies: Vec<(String, String)>,
    served: bool,
}

/// A request to a [`Replay`], and the entry that answered it.
///
/// `Debug` does not show the body, which may hold a password.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReplayedRequest {
    /// The method.
    pub method: String,
    /// The path and the query.
    pub target: String,
    /// The body.
    pub body: Vec<u8>,
    /// The entry of the file that answered, counted from 1; `None` if there was none.
    pub entry: Option<usize>,
}

impl fmt::Debug for ReplayedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ({} bytes): entry {:?}", self.method, self.target, self.body.len(), self.entry)
    }
}

impl Replay {
    /// The visit to the site at `base` (scheme, host and port). Entries of other sites, and requests that nobody answered,
    /// are left out: a browser that asked twice recorded both.
    pub fn new(file: &HarFile, base: &str) -> Self {
        let base = Url::parse(base).ok().map(|base| base.origin());
        let exchanges =
            file.entries.iter().filter(|entry| entry.status != 0 && Some(entry.url.origin()) == base).map(
                |entry| RecordedExchange {
                    cookies: pairs(entry.request_header("cookie").unwrap_or_default()),
                    entry: entry.clone(),
                    served: false,
                },
            );
        Self { exchanges: exchanges.collect(), strict: false, position: 0, asked: Vec::new() }
    }

    /// Every recorded exchange is served once, and only in its order; other requests fail. Without this an exchange may be
    /// served again, exchanges may be left out, and a query that differs is no other address.
    #[must_use]
    pub fn strict(mut self) -> Self {
        self.strict = true;
        self
    }

    /// Every request so far.
    pub fn asked(&self) -> &[ReplayedRequest] {
        &self.asked
    }

    /// The requests that nothing was recorded for.
    pub fn misses(&self) -> Vec<&ReplayedRequest> {
        self.asked.iter().filter(|asked| asked.entry.is_none()).collect()
    }

    /// How many exchanges of the recording were never asked for.
    pub fn left(&self) -> usize {
        self.exchanges.iter().filter(|exchange| !exchange.served).count()
    }

    /// The answer to one request; a request that nothing was recorded for is answered by status 500 and a text.
    pub fn answer(&mut self, request: &Request) -> Answer {
        let found = self.find(request);
        let entry = found.and_then(|at| self.exchanges.get(at)).map(|exchange| exchange.entry.nth);
        self.asked.push(ReplayedRequest {
            method: request.method.clone(),
            target: request.target.clone(),
            body: request.body.clone(),
            entry,
        });
        let Some(exchange) = found.and_then(|at| self.exchanges.get_mut(at)) else {
            return miss(format!("nothing was recorded for {} {}", request.method, request.path()));
        };
        // A `HEAD` only looks.
        if exchange.entry.method == request.method {
            exchange.served = true;
            self.position = found.map_or(self.position, |at| at + 1);
        }
        served(&exchange.entry, request)
    }

    fn find(&self, request: &Request) -> Option<usize> {
        let cookies = pairs(request.header("cookie").unwrap_or_default());
        let fields = names(&request.body);
        let fits = |exchange: &RecordedExchange| {
            let recorded = &exchange.entry;
            let method =
                recorded.method == request.method || request.method == "HEAD" && recorded.method == "GET";
            let query = !self.strict || recorded.url.query() == request.query();
            method && query && recorded.url.path() == request.path()
        };
        let all = self.exchanges.iter().enumerate().filter(|(_, exchange)| fits(exchange));
        if self.strict {
            // Files and pages that this visitor does not ask for may be passed over; nothing comes twice.
            return all.map(|(at, _)| at).find(|at| *at >= self.position);
        }
        all.max_by_key(|(at, exchange)| {
            let query = exchange.entry.url.query() == request.query();
            let same_session = session_likeness(&exchange.cookies, &cookies);
            let same_fields = match exchange.entry.sent_text() {
                Some(sent) => names(sent.as_bytes()) == fields,
                None => fields.is_empty(),
            };
            let saved = exchange.entry.location().is_some()
                || matches!(exchange.entry.body, SavedBody::Text(_) | SavedBody::Bytes(_));
            let in_turn = match exchange.served {
                false if same_session == SAME_SESSION => 4,
                false if *at >= self.position => 3,
                // Again what this visitor had already, before what was meant for another moment.
                true => 2,
                false => 1,
            };
            // The next one in order; of those that were served already the last one again.
            let order = if exchange.served { *at } else { usize::MAX - *at };
            (saved, query, same_fields, in_turn, same_session, order)
        })
        .map(|(at, _)| at)
    }
}

impl fmt::Debug for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replay")
            .field("exchanges", &self.exchanges.len())
            .field("strict", &self.strict)
            .field("asked", &self.asked)
            .finish_non_exhaustive()
    }
}

/// Name and value of each cookie; a value may have `=` in it.
fn pairs(line: &str) -> Vec<(String, String)> {
    let pair =
        |pair: &str| pair.trim().split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
    let mut pairs: Vec<(String, String)> = line.split(';').filter_map(pair).collect();
    pairs.sort();
    pairs
}

/// The names of a form's fields, in any order, without the click on an image button.
fn names(body: &[u8]) -> Vec<String> {
    // The names of these sites are ASCII: the character set of the values plays no part.
    let fields = FormFields::decode(&String::from_utf8_lossy(body), Charset::UTF_8);
    let mut names: Vec<String> = fields.iter().map(|(name, _)| name.to_owned()).collect();
    names.retain(|name| name != "x" && name != "y");
    names.sort();
    names
}

/// The cookies are the same.
const SAME_SESSION: u8 = 3;

/// How much two sets of cookies look like one session.
fn session_likeness(recorded: &[(String, String)], sent: &[(String, String)]) -> u8 {
    if recorded == sent {
        return SAME_SESSION;
    }
    if recorded.iter().any(|pair| sent.contains(pair)) {
        return 2;
    }
    u8::from(recorded.iter().any(|(name, _)| sent.iter().any(|(other, _)| other == name)))
}

fn miss(text: String) -> Answer {
    Answer {
        status: 500,
        headers: vec![
            ("content-type".to_owned(), b"text/plain".to_vec()),
            ("content-length".to_owned(), text.len().to_string().into_bytes()),
        ],
        body: text.into_bytes(),
        chunked: false,
        fault: None,
        back_delay: Duration::ZERO,
    }
}

/// A recorded answer at the address that the visitor used.
fn served(entry: &HarEntry, request: &Request) -> Answer {
    let here = request.header("host").map(|host| format!("http://{host}"));
    let recorded = entry.url.origin().ascii_serialization();
    let at_home = |text: &str| match &here {
        Some(here) => text.replace(&recorded, here),
        None => text.to_owned(),
    };
    let charset = entry.charset(Charset::EUC_KR);
    let mut body = entry.body_bytes(Charset::EUC_KR).unwrap_or_default();
    // A page that only leads on has to lead to where the visitor is. All other pages stay as they were, byte for byte.
    if body.len() <= MAX_SCRIPT_PAGE_BYTES
        && crate::html::script::script_page(&charset.decode(&body)).is_some()
    {
        body = charset.encode(&at_home(&charset.decode(&body))).into_owned();
    }
    let mut headers: Vec<(String, Vec<u8>)> = Vec::new();
    for (name, value) in &entry.response_headers {
        let name = name.to_ascii_lowercase();
        let value = match name.as_str() {
            // The body is unpacked and whole, and the connection is another one.
            "content-length" | "content-encoding" | "transfer-encoding" | "connection" | "keep-alive" => {
                continue;
            }
            // HTTP/2 has names of its own.
            name if name.starts_with(':') => continue,
            "location" | "refresh" => at_home(value),
            "set-cookie" => for_loopback(value),
            _ => value.clone(),
        };
        headers.push((name, value.into_bytes()));
    }
    headers.push(("content-length".to_owned(), body.len().to_string().into_bytes()));
    if request.method == "HEAD" {
        body.clear();
    }
    Answer { status: entry.status, headers, body, chunked: false, fault: None, back_delay: Duration::ZERO }
}

/// A cookie that comes back over plain HTTP and to this host.
fn for_loopback(line: &str) -> String {
    let kept = line.split(';').filter(|part| {
        let part = part.trim().to_ascii_lowercase();
        part != "secure" && !part.starts_with("domain=") && !part.starts_with("samesite=none")
    });
    kept.collect::<Vec<_>>().join(";")
}
