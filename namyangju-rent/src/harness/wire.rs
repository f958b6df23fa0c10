//! What goes into the state machine and what comes out of it, without any HTTP library.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use crate::value::date::SeoulTime;

/// One request as the stand-in sees it.
///
/// `Debug` shows method, address and sizes only: headers hold cookies, bodies hold passwords.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// The method, upper case.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// The headers in the order they came; names in any case.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The whole body.
    pub body: Vec<u8>,
    /// The address the request came from.
    pub peer: IpAddr,
}

impl Request {
    /// A GET from 127.0.0.1 without headers.
    pub fn get(target: &str) -> Self {
        Self::new("GET", target)
    }

    /// A POST of a form body from 127.0.0.1.
    pub fn post(target: &str, body: impl Into<Vec<u8>>) -> Self {
        let mut request =
            Self::new("POST", target).with_header("content-type", "application/x-www-form-urlencoded");
        request.body = body.into();
        request
    }

    /// A request of any method without headers and body.
    pub fn new(method: &str, target: &str) -> Self {
        Self {
            method: method.to_owned(),
            target: target.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
            peer: IpAddr::from([127, 0, 0, 1]),
        }
    }

    /// The same request with one more header.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.as_bytes().to_vec()));
        self
    }

    /// The same request from another address.
    #[must_use]
    pub fn from_peer(mut self, peer: IpAddr) -> Self {
        self.peer = peer;
        self
    }

    /// The first header of that name, as text where it is text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name))?;
        std::str::from_utf8(value).ok()
    }

    /// The path without the query.
    pub(crate) fn path(&self) -> &str {
        self.target.split(['?', '#']).next().unwrap_or_default()
    }

    /// The query without its question mark.
    pub(crate) fn query(&self) -> Option<&str> {
        self.target.split_once('?').map(|(_, query)| query)
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("path", &self.path())
            .field("headers", &self.headers.len())
            .field("body", &self.body.len())
            .field("peer", &self.peer)
            .finish()
    }
}

/// One answer of the stand-in.
///
/// `Debug` shows status and sizes only.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers in order, names in lower case; `set-cookie` may occur again.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body; empty for HEAD.
    pub body: Vec<u8>,
    /// The body goes in chunks, without a Content-Length.
    pub chunked: bool,
    /// What an adapter does to the connection instead of a plain answer.
    pub fault: Option<WireFault>,
    /// How long the answer is held back after the machine has decided.
    pub back_delay: Duration,
}

impl Answer {
    /// The first header of that name, as text where it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name))?;
        std::str::from_utf8(value).ok()
    }

    /// The `Set-Cookie` lines in order.
    pub fn set_cookies(&self) -> Vec<&str> {
        let lines = self.headers.iter().filter(|(name, _)| name == "set-cookie");
        lines.filter_map(|(_, value)| std::str::from_utf8(value).ok()).collect()
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .field("headers", &self.headers.len())
            .field("body", &self.body.len())
            .field("fault", &self.fault)
            .field("back_delay", &self.back_delay)
            .finish_non_exhaustive()
    }
}

/// What happens on the wire instead of a plain answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WireFault {
    /// The connection is closed without a byte of an answer.
    Close,
    /// The connection is reset without a byte of an answer.
    ResetUnanswered,
    /// So many bytes of the body are sent, fewer than Content-Length says, then the connection is reset.
    Reset {
        /// Bytes of the body that are sent.
        after: usize,
    },
    /// The whole body is sent under a Content-Length that says more, then the connection is closed.
    WrongLength {
        /// What Content-Length says.
        declared: usize,
    },
    /// Nothing is ever sent; the connection stays open.
    Silence,
}

/// The steps of a booking, as the stand-in tells them apart by address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum SiteStep {
    /// The home page.
    Home,
    /// The login form.
    LoginPage,
    /// The login itself.
    Login,
    /// The month's calendar or day list.
    Schedule,
    /// One day's page with its slots.
    Day,
    /// The applicant form.
    Form,
    /// The submission.
    Submit,
    /// A style sheet, a script or an image: answered without a script.
    File,
    /// Everything else.
    Other,
    /// Any of them; only for [`Fault::step`].
    Any,
}

/// A scripted fault: what happens at the n-th request of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The step it waits for.
    pub step: SiteStep,
    /// Which request of that step, from 1.
    pub nth: u32,
    /// What happens then.
    pub kind: FaultKind,
}

/// What a scripted fault does.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FaultKind {
    /// The request is processed; the connection is closed without an answer.
    LoseAnswer,
    /// The request is not processed; the connection is closed.
    DropBefore,
    /// The request is processed; half of the body is sent, then the connection is reset.
    Reset,
    /// The request is not processed and never answered; the connection stays open.
    Silence,
    /// The request is processed; the answer is late by this time.
    Late(Duration),
    /// The request is not processed; a bare page of this status comes.
    Status(u16),
    /// The request is processed; these bytes come as the body of a 200 page.
    Body(Vec<u8>),
    /// The request is processed; the page ends after this number of bytes, with a Content-Length to match.
    Truncate(usize),
    /// The request is not processed; it is redirected to itself with another query, for ever.
    RedirectLoop,
    /// The request is not processed; it is redirected to this address.
    RedirectTo(String),
    /// The request is processed; the page comes in UTF-8 and its header says so.
    Utf8,
    /// The request is processed; Content-Length says more than comes, then the connection is closed.
    WrongLength,
    /// The request is processed as if its session had expired.
    ExpireSession,
}

/// One request that came, kept for tests and for the person at the rehearsal.
///
/// `Debug` does not show the body, which may hold a password, a name or a phone number.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Arrival {
    /// The connection it came on, counted from 1; 0 if it was asked of the machine itself.
    pub connection: u64,
    /// Which request of that connection it was, counted from 1.
    pub nth: u32,
    /// When all of it had come, in whole microseconds, on the clock of the machine's carrier: a server or a test.
    pub at: SeoulTime,
    /// The same instant on the site's own clock.
    pub site_time: SeoulTime,
    /// When its script began, on the same clock as `at`; `None` if none ran.
    pub began: Option<SeoulTime>,
    /// When its script read the clock by which it decided, on the same clock; `None` if none ran.
    pub decided: Option<SeoulTime>,
    /// When the answer left the site, by plan (a socket's timer is up to 2 ms late), on the same clock; `None`
    /// if none was sent.
    pub left: Option<SeoulTime>,
    /// Where it came from.
    pub peer: IpAddr,
    /// The first eight digits of the session it was answered in.
    pub session: Option<String>,
    /// The account that session is logged in as, after the answer.
    pub account: Option<String>,
    /// The method.
    pub method: String,
    /// The path without the query.
    pub path: String,
    /// The body.
    pub body: Vec<u8>,
    /// The status answered; 0 where no answer was sent.
    pub status: u16,
    /// The step it was taken for.
    pub step: SiteStep,
}

impl Arrival {
    /// Whether it was the first request of its connection.
    pub fn on_new_connection(&self) -> bool {
        self.nth == 1
    }
}

/// When a request came, and on what.
#[derive(Clone, Copy, Debug)]
pub(super) struct Came {
    /// When its first line was there.
    pub(super) line: SeoulTime,
    /// When all of it was there.
    pub(super) whole: SeoulTime,
    pub(super) connection: u64,
    pub(super) nth: u32,
}

impl Came {
    /// All at once, and not on a connection.
    pub(super) fn at(now: SeoulTime) -> Self {
        Self { line: now, whole: now, connection: 0, nth: 1 }
    }
}

impl fmt::Debug for Arrival {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arrival")
            .field("connection", &self.connection)
            .field("nth", &self.nth)
            .field("at", &self.at)
            .field("site_time", &self.site_time)
            .field("began", &self.began)
            .field("decided", &self.decided)
            .field("left", &self.left)
            .field("peer", &self.peer)
            .field("method", &self.method)
            .field("path", &self.path)
            .field("body", &self.body.len())
            .field("status", &self.status)
            .field("step", &self.step)
            .finish_non_exhaustive()
    }
}
