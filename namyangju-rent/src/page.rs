//! One answer of the site, kept whole: every hop, the headers, the bytes.
//!
//! A [`Page`] comes with an answer that no dialect describes, so that a person can look at it.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::html::charset::Charset;
use crate::value::date::SeoulTime;

/// One answer of the site as it came.
///
/// `Debug` and `Display` show status, address and size only: a page of these sites may hold the
/// account's name and phone number. The bytes are there for a person who asks for them.
#[derive(Clone)]
pub struct Page {
    pub(crate) status: u16,
    pub(crate) url: Url,
    pub(crate) hops: Vec<Hop>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Bytes,
    pub(crate) charset: Charset,
    pub(crate) alerts: Vec<String>,
    pub(crate) cookies: Vec<String>,
    pub(crate) timing: Timing,
    pub(crate) session_cleared: bool,
}

/// One redirect on the way to a page.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Hop {
    /// The address that redirected.
    pub from: Url,
    /// Its status.
    pub status: u16,
    /// How it redirected.
    pub kind: HopKind,
    /// The names of the cookies it set, in order; never their values.
    pub cookies: Vec<String>,
}

/// The ways in which these sites send a visitor on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HopKind {
    /// A 3xx status with `Location`.
    Location,
    /// A `Refresh` header or a `<meta http-equiv="refresh">`.
    Refresh,
    /// A page that is nothing but a script with a new address.
    Script,
}

/// When an exchange happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timing {
    /// The wall clock just before the request was handed to the connection.
    pub sent: SeoulTime,
    /// How long the request had waited for a new connection by then; zero where one was open.
    pub connect: Duration,
    /// From there to the end of the answer's head.
    pub first_byte: Duration,
    /// From there to the end of its body, redirects included.
    pub done: Duration,
}

/// When an exchange with the site happened; redirects are part of it.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Exchange {
    /// When the request left; where none left, when the connection was asked for.
    pub sent: SeoulTime,
    /// How long it had waited for a new connection by then; zero where one was open.
    #[serde(default)]
    pub connect_micros: u64,
    /// From `sent` to the head of the answer; `None` if none came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_byte_micros: Option<u64>,
    /// From `sent` to the whole answer, or to its failure.
    pub took_micros: u64,
}

impl Page {
    /// The status of the last hop; 0 where a submission or a login was answered by a redirect and the page it
    /// led to could not be fetched.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The address it ended at.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The redirects on the way, in order.
    pub fn hops(&self) -> &[Hop] {
        &self.hops
    }

    /// The last value of a header, by its lower-case name. Cookies are not kept here.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().rev().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// The names of the cookies that the last hop set, one for each line; never their values.
    pub fn cookies(&self) -> &[String] {
        &self.cookies
    }

    /// The bytes as they came.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The text, by the declared character set, or the dialect's if none is declared.
    pub fn text(&self) -> String {
        self.charset.decode(&self.body).into_owned()
    }

    /// The texts of the alerts that script pages on the way would have shown.
    pub fn alerts(&self) -> &[String] {
        &self.alerts
    }

    /// When it was asked for and came.
    pub fn timing(&self) -> Timing {
        self.timing
    }

    /// Whether the text ends as an HTML page does; if not, it may have been cut.
    pub fn is_complete(&self) -> bool {
        self.body.trim_ascii_end().to_ascii_lowercase().ends_with(b"</html>")
    }
}

impl fmt::Display for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "status {} at {} with {} bytes", self.status, self.url.path(), self.body.len())
    }
}

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Page({self})")
    }
}

/// A `Date` header in Unix seconds.
pub(crate) fn unix_seconds(date: &[u8]) -> Option<i64> {
    let time = httpdate::parse_http_date(std::str::from_utf8(date).ok()?).ok()?;
    let since = time.duration_since(std::time::SystemTime::UNIX_EPOCH).ok()?;
    i64::try_from(since.as_secs()).ok()
}
