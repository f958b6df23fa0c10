//! One visitor's session during one request (protocol.md 4.2).

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use super::cookie::{SessionData, bound_agent};
use super::settings::{ClockCookie, CookieLife};
use super::stand_in::StandIn;
use super::wire::Request;
use crate::site::Site;
use crate::value::date::SeoulTime;

/// What the cookie keeps beside the framework's entries. The names are the stand-in's own.
pub(super) mod entry {
    pub(crate) const ACCOUNT: &str = "memid";
    pub(crate) const TRACE: &str = "trace";
    pub(crate) const DAY: &str = "day";
    pub(crate) const NOTICE: &str = "notice";
    pub(crate) const PERSON: &str = "person";
}

/// The session a request is answered in.
pub(super) struct OpenVisit {
    /// The dialect at the address the visitor used.
    pub(super) site: Site,
    pub(super) session: SessionData,
    /// The `Set-Cookie` lines so far.
    pub(super) lines: Vec<String>,
    pub(super) site_time: SeoulTime,
}

impl OpenVisit {
    pub(super) fn account_id(&self) -> Option<&str> {
        self.session.get(entry::ACCOUNT)
    }
}

impl StandIn {
    pub(super) fn cookie_name(&self) -> &str {
        let by_dialect = || self.site.dialect.session_cookie.names.first().map(String::as_str);
        self.settings.cookie_name.as_deref().or_else(by_dialect).unwrap_or("ci_session")
    }

    /// Reads the session of a request, or begins one.
    pub(super) fn open_visit(
        &mut self,
        request: &Request,
        site: Site,
        site_time: SeoulTime,
        expire: bool,
    ) -> OpenVisit {
        let rules = &self.site.dialect.session_cookie;
        let (lifetime, renewal) = (i64::from(rules.lifetime_seconds), i64::from(rules.renewed_after_seconds));
        let agent = bound_agent(request.header("user-agent").unwrap_or_default());
        let now = site_time.unix_seconds();
        let fresh = SessionData {
            id: String::new(),
            ip: request.peer.to_string(),
            agent: agent.clone(),
            last_activity: now,
            data: BTreeMap::new(),
        };
        let mut visit = OpenVisit { site, session: fresh, lines: Vec::new(), site_time };
        let sent = sent_cookie(request, self.cookie_name());
        let valid = sent
            .as_deref()
            .and_then(|value| SessionData::from_cookie(value, &self.key))
            .filter(|session| !expire && session.agent == agent && session.last_activity + lifetime >= now)
            .filter(|session| self.is_the_accounts_session(session));
        match valid {
            Some(session) if now - session.last_activity > renewal => {
                visit.session = SessionData { id: self.seeded.hex(32), last_activity: now, ..session };
                if let Some(account) = visit.account_id() {
                    self.sessions_of_accounts.insert(account.to_owned(), visit.session.id.clone());
                }
                self.write_cookie(&mut visit);
            }
            Some(session) => visit.session = session,
            None => {
                // Expired, tampered or another browser: cleared and begun anew in one answer (4.2, I+).
                if sent.is_some() {
                    let cleared = self.cookie_line(&visit, None);
                    visit.lines.push(cleared);
                }
                visit.session.id = self.seeded.hex(32);
                self.write_cookie(&mut visit);
            }
        }
        visit
    }

    /// Changes what the session keeps: each change is one more line (4.2, I+).
    pub(super) fn keep(&self, visit: &mut OpenVisit, name: &str, value: Option<&str>) {
        match value {
            Some(value) => visit.session.data.insert(name.to_owned(), value.to_owned()),
            None => visit.session.data.remove(name),
        };
        self.write_cookie(visit);
    }

    fn write_cookie(&self, visit: &mut OpenVisit) {
        let line = self.cookie_line(visit, Some(&visit.session));
        visit.lines.push(line);
    }

    /// Logs the visitor in: as many lines as the dialect expects, of which the last is the live one.
    pub(super) fn log_in(&mut self, visit: &mut OpenVisit, account: &str) {
        self.sessions_of_accounts.insert(account.to_owned(), visit.session.id.clone());
        let rules = &self.site.dialect.session_cookie;
        let wanted = usize::from(self.settings.login_cookie_lines.unwrap_or(rules.lines_at_login).max(1));
        let before = self.cookie_line(visit, Some(&visit.session));
        visit.session.data.insert(entry::ACCOUNT.to_owned(), account.to_owned());
        let surplus = visit.lines.len().saturating_sub(wanted - 1);
        visit.lines.drain(..surplus);
        visit.lines.resize(wanted - 1, before);
        self.write_cookie(visit);
    }

    /// Whether no later login of the same account has ended this session.
    fn is_the_accounts_session(&self, session: &SessionData) -> bool {
        let latest = session.get(entry::ACCOUNT).and_then(|account| self.sessions_of_accounts.get(account));
        !self.settings.one_session || latest.is_none_or(|id| *id == session.id)
    }

    /// Ends the session: its cookie is cleared and no new one is set.
    pub(super) fn log_out(&self, visit: &mut OpenVisit) {
        visit.session.data.clear();
        visit.lines = vec![self.cookie_line(visit, None)];
    }

    /// A `Set-Cookie` line; without a session it clears the cookie.
    fn cookie_line(&self, visit: &OpenVisit, session: Option<&SessionData>) -> String {
        let name = self.cookie_name();
        let lifetime = u64::from(self.site.dialect.session_cookie.lifetime_seconds);
        let value = session.map_or(String::new(), |session| session.to_cookie(&self.key));
        let (seconds, ends) = match session {
            Some(_) => (lifetime, visit.site_time.plus(Duration::from_secs(lifetime))),
            None => (0, visit.site_time.minus(Duration::from_secs(31_500_000))),
        };
        let date = cookie_date(ends);
        let life = match self.settings.cookie_life {
            CookieLife::ExpiresAndMaxAge => format!("; expires={date}; Max-Age={seconds}"),
            CookieLife::Expires => format!("; expires={date}"),
            CookieLife::Session if session.is_none() => format!("; expires={date}"),
            CookieLife::Session => String::new(),
        };
        format!("{name}={value}{life}; path=/")
    }
}

/// The line of the cookie that tells the time at which the script ran.
pub(super) fn clock_line(kind: ClockCookie, site_time: SeoulTime) -> String {
    let name = ClockCookie::NAME;
    let ends = cookie_date(site_time.plus(ClockCookie::LIFETIME));
    match kind {
        ClockCookie::ExpiresAndMaxAge => {
            format!("{name}=1; expires={ends}; Max-Age={}; path=/", ClockCookie::LIFETIME.as_secs())
        }
        ClockCookie::Expires => format!("{name}=1; expires={ends}; path=/"),
        ClockCookie::Milliseconds => format!("{name}={}; path=/", site_time.unix_micros().div_euclid(1_000)),
    }
}

/// An instant as a cookie's `expires` has it.
fn cookie_date(instant: SeoulTime) -> String {
    let unix = u64::try_from(instant.unix_seconds()).unwrap_or_default().min(253_402_300_799);
    let time = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(unix));
    httpdate::fmt_http_date(time.unwrap_or(SystemTime::UNIX_EPOCH))
}

/// The first cookie of that name, as PHP takes it.
fn sent_cookie(request: &Request, name: &str) -> Option<String> {
    let lines = request.headers.iter().filter(|(n, _)| n.eq_ignore_ascii_case("cookie"));
    lines
        .filter_map(|(_, value)| std::str::from_utf8(value).ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(n, _)| *n == name)
        .map(|(_, value)| value.to_owned())
}
