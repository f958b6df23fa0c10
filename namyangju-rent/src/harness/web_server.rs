//! The web server in front of the site's scripts, as far as a client can tell it from outside.
//!
//! Which server the real sites run is not known, and it decides what a client can learn and lose: where
//! `Date` is stamped moves the site's clock by the time of a script, and how long a silent connection is
//! kept decides whether the shot needs a new one. Each of these is a value here. The defaults are what the
//! stand-in did before it knew servers: `Date` is the arrival, a script takes no time, a connection is kept.
//!
//! Sources: Apache stamps `r->request_time`, which is set when the request line has been read
//! (`http_filters.c`, `protocol.c`); nginx writes a string that each turn of its event loop renews
//! (`ngx_times.c`), so its stamp is the departure. The time-outs are the defaults of their manuals.

use std::time::Duration;

use crate::value::date::SeoulTime;

/// How the web server behaves.
///
/// ```
/// use namyangju_rent::harness::{Settings, WebServer};
/// use std::time::Duration;
///
/// let server = WebServer::nginx().with_script_time(Duration::from_millis(120)).with_workers(4);
/// let settings = Settings::builder().web_server(server).build();
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct WebServer {
    /// The `Server` header; `None` sends none.
    pub name: Option<String>,
    /// Which instant the `Date` header shows.
    pub date: DateStamp,
    /// How long a page's script takes. Files (style sheet, script, images) need no script.
    pub script_time: Duration,
    /// When a script asks for the time, by which it decides whether a day is open.
    pub script_clock: ScriptClock,
    /// How many scripts run at a time; the others wait, first come first served. `None` is no limit.
    pub workers: Option<u16>,
    /// How long connections are kept.
    pub keep_alive: KeepAlive,
    /// What a `HEAD` request gets.
    pub head: HeadRequests,
}

impl WebServer {
    /// Apache 2.4 with its defaults: `Date` is the arrival; a connection is closed after 5 s without a
    /// request or after 100 requests, and both are announced.
    pub fn apache() -> Self {
        Self {
            name: Some("Apache".to_owned()),
            date: DateStamp::Arrival,
            keep_alive: KeepAlive {
                idle: Some(Duration::from_secs(5)),
                first_request: Some(Duration::from_secs(20)),
                announced: true,
                requests: Some(100),
            },
            ..Self::default()
        }
    }

    /// nginx with its defaults: `Date` is the departure; a connection is closed after 75 s without a
    /// request or after 1,000 requests, and nothing is announced.
    pub fn nginx() -> Self {
        Self {
            name: Some("nginx".to_owned()),
            date: DateStamp::Departure,
            keep_alive: KeepAlive {
                idle: Some(Duration::from_secs(75)),
                first_request: Some(Duration::from_secs(60)),
                announced: false,
                requests: Some(1_000),
            },
            ..Self::default()
        }
    }
}

/// Which instant the `Date` header shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum DateStamp {
    /// The arrival of the request line (Apache): free of the script's time.
    #[default]
    Arrival,
    /// The departure of the answer (nginx, Tomcat): late by the queue and the script.
    Departure,
    /// The last tick of the server's own timer before the departure: late by the script, early by up to
    /// `every`.
    Timer {
        /// Time between two ticks; servers that do this take a second.
        every: Duration,
        /// How far the ticks lie after the whole seconds of the site's clock.
        phase: Duration,
    },
}

impl DateStamp {
    /// The instant shown, from the arrival of the request line and the departure of the answer.
    pub(super) fn shown(self, line: SeoulTime, leaves: SeoulTime) -> SeoulTime {
        match self {
            Self::Arrival => line,
            Self::Departure => leaves,
            Self::Timer { every, phase } => {
                let micros = |time: Duration| i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
                let since_phase = leaves.unix_micros().saturating_sub(micros(phase));
                let since_tick = since_phase.rem_euclid(micros(every).max(1));
                SeoulTime::from_unix_micros(leaves.unix_micros().saturating_sub(since_tick))
            }
        }
    }
}

/// When a script asks for the time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ScriptClock {
    /// As it begins.
    #[default]
    Beginning,
    /// As it ends, [`WebServer::script_time`] later.
    End,
}

/// How long a connection is kept. The default keeps it until the client closes it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeepAlive {
    /// The server closes a connection on which nothing came for this long after an answer.
    pub idle: Option<Duration>,
    /// The server closes a connection on which no first request came for this long.
    pub first_request: Option<Duration>,
    /// Whether answers say so: `Keep-Alive: timeout=5, max=99`, as far as the two limits are set.
    pub announced: bool,
    /// Requests on one connection; the last answer says `Connection: close`.
    pub requests: Option<u32>,
}

impl KeepAlive {
    /// Every answer closes its connection.
    pub fn off() -> Self {
        Self { requests: Some(1), ..Self::default() }
    }

    /// The two header lines for the answer to the n-th request of a connection, counted from 1.
    pub(super) fn lines(self, nth: u32) -> Vec<(&'static str, String)> {
        if self.requests.is_some_and(|most| nth >= most) {
            return vec![("connection", "close".to_owned())];
        }
        let timeout = self.idle.map(|idle| format!("timeout={}", idle.as_secs()));
        let most = self.requests.map(|most| format!("max={}", most.saturating_sub(nth)));
        let parts: Vec<String> = [timeout, most].into_iter().flatten().collect();
        if !self.announced || parts.is_empty() {
            return Vec::new();
        }
        vec![("keep-alive", parts.join(", ")), ("connection", "Keep-Alive".to_owned())]
    }
}

/// What a `HEAD` request gets; `GET` and `POST` work whatever is set here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HeadRequests {
    /// The head of the answer to a `GET`.
    #[default]
    Served,
    /// A bare page's head of this status, for example 405, 404 or 403.
    Status(u16),
    /// No answer: the connection is closed.
    Closed,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timer_shows_its_last_tick() {
        let at = |micros: i64| SeoulTime::from_unix_micros(1_700_000_000_000_000 + micros);
        let second = Duration::from_secs(1);
        let shown = |phase_millis: u64, leaves: i64| {
            let stamp = DateStamp::Timer { every: second, phase: Duration::from_millis(phase_millis) };
            stamp.shown(at(0), at(leaves))
        };
        assert_eq!(shown(0, 999_999), at(0));
        assert_eq!(shown(0, 1_000_000), at(1_000_000));
        assert_eq!(shown(300, 299_999), at(-700_000));
        assert_eq!(shown(300, 300_000), at(300_000));
        // A timer without a period is no timer.
        let always = DateStamp::Timer { every: Duration::ZERO, phase: Duration::ZERO };
        assert_eq!(always.shown(at(0), at(77)), at(77));
    }

    #[test]
    fn what_is_announced_is_what_is_set() {
        let lines = |keep: KeepAlive, nth| {
            let lines = keep.lines(nth);
            lines.iter().map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>()
        };
        assert!(lines(KeepAlive::default(), 1).is_empty());
        assert_eq!(lines(KeepAlive::off(), 1), ["connection: close"]);
        let apache = WebServer::apache().keep_alive;
        assert_eq!(lines(apache, 1), ["keep-alive: timeout=5, max=99", "connection: Keep-Alive"]);
        assert_eq!(lines(apache, 100), ["connection: close"]);
        assert!(lines(WebServer::nginx().keep_alive, 1).is_empty());
    }
}
