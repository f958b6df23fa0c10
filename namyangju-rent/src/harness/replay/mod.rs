//! A captured answer, read as the client would have read it.
//!
//! A person who has the bytes of a real answer can see here what the library makes of them, and keep
//! them as a test. The readers are the client's own; nothing is sent.

mod recorded;
mod server;

use std::fmt;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use crate::client::login::login_said;
use crate::client::visitor::menu_of;
use crate::error::{Error, Step};
use crate::har::from_base64;
use crate::html::charset::{Charset, FormFields};
use crate::net::redirect::{Onward, onward};
use crate::outcome::Outcome;
use crate::page::{Hop, HopKind, Page, Timing};
use crate::pages::day::{Choice, DayPage, Slot, read_day};
use crate::pages::form::{FormPage, sent_fields};
use crate::pages::reading::Reading;
use crate::pages::schedule::{Calendar, DayList, Menu, read_calendar, read_day_list};
use crate::pages::time_list::TimeList;
use crate::site::Site;
use crate::site::dialect::FieldSource;
use crate::value::date::{RentDate, SeoulTime};
use crate::value::money::Won;
use crate::value::place::{Place, shortened};
use crate::value::slot::{Purpose, TimeNo, TimeRange};

pub use recorded::{Replay, ReplayedRequest};
pub use server::ReplayServer;

/// One answer of a site as somebody captured it. In JSON the body is Base64.
///
/// A browser's developer tools save what they saw as a HAR file: [`Capture::from_har_entry`] reads one
/// of its entries. **A HAR file holds passwords, names and live sessions**; a capture keeps no cookie,
/// yet its page may show a name and a phone number.
///
/// `Debug` shows neither headers nor body.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Capture {
    /// The step of a booking that it belongs to.
    pub step: Step,
    /// The address of the answer: for a form that was sent and redirected, the one it ended at.
    pub url: String,
    /// The address that a form was sent to; `None` for a page that was only asked for.
    #[serde(default)]
    pub posted_to: Option<String>,
    /// The status.
    #[serde(default = "ok")]
    pub status: u16,
    /// The headers. Those with cookies are not looked at, and not read or written as JSON.
    #[serde(default, with = "without_cookies")]
    pub headers: Vec<(String, String)>,
    /// The bytes, not compressed.
    #[serde(with = "in_base64")]
    pub body: Vec<u8>,
    /// The court it is about, where its address does not tell.
    #[serde(default)]
    pub place: Option<Place>,
    /// The day it is about, where its address does not tell.
    #[serde(default)]
    pub date: Option<RentDate>,
    /// The slots that were chosen. A form's own are taken if this is empty.
    #[serde(default)]
    pub slots: Vec<(TimeNo, TimeRange)>,
}

/// What a [`Capture`] tells.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Told {
    /// A month as a calendar.
    Calendar(Calendar),
    /// A month as a list.
    DayList(DayList),
    /// A schedule page with neither: its menus.
    Menu(Menu),
    /// The page of a day.
    Day(DayPage),
    /// The applicant form.
    Form {
        /// The names of the fields that a browser would send as the page stands, in order.
        names: Vec<String>,
        /// The slots it is for.
        slots: Vec<Slot>,
        /// The discount groups it offers: code and label.
        discounts: Vec<(String, String)>,
        /// The hire price, where the page tells.
        sale: Option<Won>,
    },
    /// The answer to a submission, or what the site said instead of the page that was asked for.
    Outcome(Outcome),
    /// Whether somebody is logged in; `None` if the page does not tell.
    LoggedIn(Option<bool>),
}

/// Why a capture cannot be replayed. No text of it holds a value of the page's fields.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// The HAR entry lacks something, or has something else in its place.
    #[error("the HAR entry's `{key}` {problem}")]
    Har {
        /// The key, with dots between its levels.
        key: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// An address of the capture cannot be read, or is not of this site.
    #[error("`{0}` is no address of this site")]
    Url(String),
    /// The capture does not say what its page is about.
    #[error("neither the capture's `{key}` nor its page or address tells the {key}")]
    Missing {
        /// The field of [`Capture`] to fill in.
        key: &'static str,
    },
    /// The answer sends the visitor on: capture the page it leads to.
    #[error("the answer leads on to {to}: capture the page there, and put this address into `posted_to`")]
    Redirected {
        /// The path it leads to.
        to: String,
    },
    /// It is the page that was asked for, and it contradicts itself or the capture.
    #[error("the page cannot be used: {0}")]
    Page(String),
}

fn ok() -> u16 {
    200
}

impl Capture {
    /// A page that came with status 200 and without headers.
    pub fn new(step: Step, url: impl Into<String>, body: impl Into<Vec<u8>>) -> Self {
        Self {
            step,
            url: url.into(),
            posted_to: None,
            status: ok(),
            headers: Vec::new(),
            body: body.into(),
            place: None,
            date: None,
            slots: Vec::new(),
        }
    }

    /// Reads one entry of a HAR 1.2 file: an element of its `log.entries`. Cookies are left out, and
    /// what was sent is not looked at.
    ///
    /// A browser follows redirects and writes an entry for each hop. Of a submission that was
    /// redirected take the last one, and put the address of the first into [`Capture::posted_to`].
    ///
    /// Text that is not in Base64 was decoded by the browser; it is put back into the character set that
    /// the answer declares, EUC-KR if none.
    ///
    /// # Errors
    /// [`ReplayError::Har`] with the key that is missing or wrong.
    pub fn from_har_entry(entry: &Value, step: Step) -> Result<Self, ReplayError> {
        let url = har_text(entry, "request.url", "/request/url")?;
        let method = har_text(entry, "request.method", "/request/method")?;
        let status = entry.pointer("/response/status").ok_or(missing("response.status"))?;
        let status = status.as_u64().and_then(|status| u16::try_from(status).ok());
        let status = status.ok_or(wrong("response.status", "is no HTTP status"))?;
        let headers = har_headers(entry)?;
        let body = har_body(entry, status, &headers)?;
        let posted_to = method.eq_ignore_ascii_case("POST").then(|| url.to_owned());
        Ok(Self { posted_to, status, headers, ..Self::new(step, url, body) })
    }

    /// The answer as the client would have had it.
    pub(crate) fn page(&self, site: &Site) -> Result<Page, ReplayError> {
        let url = address(site, &self.url)?;
        let posted_to = self.posted_to.as_deref().map(|posted_to| address(site, posted_to)).transpose()?;
        let headers: Vec<(String, String)> = self
            .headers
            .iter()
            .map(|(name, value)| (name.to_ascii_lowercase(), value.clone()))
            .filter(|(name, _)| !is_cookie(name))
            .collect();
        let content_type = headers.iter().rev().find(|(name, _)| name == "content-type");
        let charset = Charset::of_page(&self.body, content_type.map(|(_, v)| v.as_bytes()), site.charset());
        let sent = SeoulTime::from(std::time::SystemTime::UNIX_EPOCH);
        let mut page = Page {
            status: self.status,
            hops: Vec::new(),
            headers,
            body: self.body.clone().into(),
            charset,
            alerts: Vec::new(),
            cookies: Vec::new(),
            timing: Timing {
                sent,
                connect: Default::default(),
                first_byte: Default::default(),
                done: Default::default(),
            },
            session_cleared: false,
            url,
        };
        if let Some(posted_to) = posted_to.filter(|posted_to| *posted_to != page.url) {
            page.hops.push(hop(posted_to, 302, HopKind::Location));
        }
        let led = {
            let headers = as_map(&page.headers);
            onward(site, &page.url, page.status, &headers, &page.body, charset, &mut page.alerts)
        };
        match led {
            None => Ok(page),
            // The client takes the redirect of a submission for its answer where the page there cannot be had.
            Some(Onward { kind, target: Ok(target), .. }) if self.step == Step::Submit => {
                page.hops.push(hop(std::mem::replace(&mut page.url, target), page.status, kind));
                Ok(Page { status: 0, headers: Vec::new(), body: Default::default(), ..page })
            }
            Some(Onward { target: Ok(target), .. }) => {
                Err(ReplayError::Redirected { to: target.path().to_owned() })
            }
            Some(Onward { target: Err(_), .. }) => {
                Err(ReplayError::Redirected { to: "another site".to_owned() })
            }
        }
    }

    /// The value of a place in the dialect's address of a day or a schedule.
    fn in_address(&self, site: &Site, page: &Page, key: &str) -> Option<String> {
        let paths = &site.dialect.paths;
        let path = site.path_of(&page.url)?;
        let values = paths.day.read(path).or_else(|| paths.schedule.read(path))?;
        values.get(key).map(|value| (*value).to_owned())
    }

    fn place(&self, site: &Site, page: &Page) -> Result<Place, ReplayError> {
        let told = || {
            let value = |key| self.in_address(site, page, key);
            format!("{}/{}/{}", value("comcd")?, value("partcd")?, value("placecd")?).parse().ok()
        };
        self.place.clone().or_else(told).ok_or(ReplayError::Missing { key: "place" })
    }

    fn date(&self, site: &Site, page: &Page) -> Result<RentDate, ReplayError> {
        let told = || {
            let value = |key| self.in_address(site, page, key);
            format!("{}-{}-{}", value("year")?, value("month")?, value("day")?).parse().ok()
        };
        self.date.or_else(told).ok_or(ReplayError::Missing { key: "date" })
    }

    fn slots(&self) -> Vec<Slot> {
        self.slots.iter().map(|(time_no, range)| Slot { time_no: *time_no, range: *range }).collect()
    }
}

impl fmt::Debug for Capture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = Url::parse(&self.url).map(|url| url.path().to_owned());
        write!(
            f,
            "Capture({}: status {} at {} with {} bytes)",
            self.step,
            self.status,
            path.as_deref().unwrap_or("no address"),
            self.body.len()
        )
    }
}

/// Reads a capture as the client would have read the answer to that step. Nothing is sent.
///
/// ```
/// use namyangju_rent::harness::{Capture, Told, replay};
/// use namyangju_rent::{AnswerKind, Site, Step};
///
/// let site = Site::builtin("namyangju")?;
/// let url = "https://www.nyj.go.kr/rent/rent/reservation/index/2026/12/05/1/NYJ06/07/103/Y";
/// let page = site.charset().encode("<html><p class='error'>예약이 가능한 일자가 아닙니다.</p></html>").into_owned();
/// match replay(&site, &Capture::new(Step::Day, url, page))? {
///     Told::Outcome(outcome) => assert_eq!(outcome.kind(), AnswerKind::NotOpenYet),
///     other => panic!("{other:?}"),
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`ReplayError`] if the capture lacks what the step needs, or its page contradicts it.
pub fn replay(site: &Site, capture: &Capture) -> Result<Told, ReplayError> {
    let page = capture.page(site)?;
    let reading = Reading::new(site, &page);
    match capture.step {
        Step::Home | Step::Logout | Step::Clock => {
            Ok(reading.by_status().map_or_else(|| Told::LoggedIn(reading.logged_in()), Told::Outcome))
        }
        Step::Login => Ok(match login_said(&reading) {
            None if !matches!(page.status, 0 | 200) => {
                Told::Outcome(Outcome::Unknown(Box::new(page.clone())))
            }
            None => Told::LoggedIn(None),
            Some(Ok(())) => Told::LoggedIn(Some(true)),
            Some(Err(Error::Refused { outcome, .. })) => Told::Outcome(*outcome),
            Some(Err(Error::LoginUnclear { .. })) => Told::Outcome(Outcome::Busy { retry_after: None }),
            Some(Err(_)) => Told::LoggedIn(Some(false)),
        }),
        Step::Schedule => {
            let view = capture.in_address(site, &page, "view");
            let as_list = view.as_deref() == Some(site.dialect.codes.view_day_list.as_str());
            let calendar = |r: &Reading<'_>| read_calendar(site, &r.document).map(Told::Calendar);
            let list = |r: &Reading<'_>| read_day_list(&site.dialect, &r.document).map(Told::DayList);
            let told = reading.open_to_all(|reading| {
                let month = if as_list { list(reading) } else { calendar(reading) };
                month.or_else(|| menu_of(reading).map(Told::Menu))
            });
            Ok(told.unwrap_or_else(Told::Outcome))
        }
        Step::Day => {
            let events =
                capture.in_address(site, &page, "group").as_deref() == Some(&site.dialect.codes.events);
            let purpose = if events { Purpose::Events } else { Purpose::Sports };
            let read = || {
                // A refusal needs no place: only a page with slots is asked for it.
                site.dialect.markers.day_form.select(&reading.document).next()?;
                let context =
                    capture.place(site, &page).and_then(|place| Ok((place, capture.date(site, &page)?)));
                match context {
                    Ok((place, date)) => {
                        read_day(&site.dialect, &reading.document, &place, date, purpose).map(Ok)
                    }
                    Err(error) => Some(Err(error)),
                }
            };
            match reading.behind_login(read) {
                Ok(day) => day.map(Told::Day),
                Err(outcome) => Ok(Told::Outcome(outcome)),
            }
        }
        Step::Form => replay_form(capture, &reading),
        Step::Submit => {
            let (place, date) = (capture.place(site, &page)?, capture.date(site, &page)?);
            Ok(Told::Outcome(reading.submission(&Choice { place, date, slots: capture.slots() })))
        }
    }
}

fn replay_form(capture: &Capture, reading: &Reading<'_>) -> Result<Told, ReplayError> {
    let site = reading.site;
    let form = match reading.behind_login(|| sent_fields(site, &reading.document)) {
        Ok(fields) => fields,
        Err(outcome) => return Ok(Told::Outcome(outcome)),
    };
    let choice = choice_in(capture, site, &form)?;
    let day = DayPage {
        place: choice.place.clone(),
        date: choice.date,
        purpose: Purpose::Sports,
        free: choice.slots.clone(),
        rows: Vec::new(),
        max_hours: None,
        min_hours: None,
        hidden: FormFields::new(),
    };
    let page = FormPage::read(site, &reading.document, &day, &choice)
        .unwrap_or_else(|| Err("it has no form".to_owned()))
        .map_err(ReplayError::Page)?;
    Ok(Told::Form {
        names: form.iter().map(|(name, _)| name.to_owned()).collect(),
        slots: choice.slots,
        discounts: page.discounts(&site.dialect.application),
        sale: page.sale(),
    })
}

/// What a form was opened for: by the capture, else by its own fields.
pub(crate) fn choice_in(capture: &Capture, site: &Site, form: &FormFields) -> Result<Choice, ReplayError> {
    let fields = &site.dialect.application.fields;
    // The field that would hold a value says by its fallback which one it is.
    let held = |template: &str| {
        fields.iter().find(|f| f.fallback.as_deref() == Some(template)).and_then(|f| form.first(&f.name))
    };
    let place = || format!("{}/{}/{}", held("{comcd}")?, held("{partcd}")?, held("{placecd}")?).parse().ok();
    let place = capture.place.clone().or_else(place).ok_or(ReplayError::Missing { key: "place" })?;
    let date = capture.date.or_else(|| RentDate::from_compact(held("{date}")?));
    let date = date.ok_or(ReplayError::Missing { key: "date" })?;
    let mut slots = capture.slots();
    if slots.is_empty() {
        let list = fields.iter().find(|f| f.from == FieldSource::TimeList).and_then(|f| form.first(&f.name));
        let list = list.map(str::parse::<TimeList>).transpose().map_err(ReplayError::Page)?;
        slots = list.map(|list| list.slots()).unwrap_or_default();
    }
    if slots.is_empty() {
        return Err(ReplayError::Missing { key: "slots" });
    }
    Ok(Choice { place, date, slots })
}

fn hop(from: Url, status: u16, kind: HopKind) -> Hop {
    Hop { from, status, kind, cookies: Vec::new() }
}

fn address(site: &Site, text: &str) -> Result<Url, ReplayError> {
    let url = Url::parse(text).ok().filter(|url| url.origin() == site.base_url().origin());
    url.ok_or_else(|| ReplayError::Url(shortened(text)))
}

fn is_cookie(name: &str) -> bool {
    ["cookie", "set-cookie", "set-cookie2"].iter().any(|cookie| name.eq_ignore_ascii_case(cookie))
}

/// Headers that are none in HTTP are left out: HTTP/2 captures have names such as `:status`.
fn as_map(headers: &[(String, String)]) -> HeaderMap {
    headers
        .iter()
        .filter_map(|(name, value)| {
            Some((HeaderName::try_from(name).ok()?, HeaderValue::from_bytes(value.as_bytes()).ok()?))
        })
        .collect()
}

fn missing(key: &'static str) -> ReplayError {
    wrong(key, "is missing")
}

fn wrong(key: &'static str, problem: &'static str) -> ReplayError {
    ReplayError::Har { key, problem }
}

fn har_text<'e>(entry: &'e Value, key: &'static str, pointer: &str) -> Result<&'e str, ReplayError> {
    let value = entry.pointer(pointer).ok_or(missing(key))?;
    value.as_str().ok_or(wrong(key, "is no text"))
}

fn har_headers(entry: &Value) -> Result<Vec<(String, String)>, ReplayError> {
    let list = entry.pointer("/response/headers").ok_or(missing("response.headers"))?;
    let list = list.as_array().ok_or(wrong("response.headers", "is no list"))?;
    let header = |header: &Value| {
        let name = har_text(header, "response.headers[].name", "/name")?;
        let value = har_text(header, "response.headers[].value", "/value")?;
        Ok((name.to_owned(), value.to_owned()))
    };
    list.iter().map(header).filter(|h| !h.as_ref().is_ok_and(|(name, _)| is_cookie(name))).collect()
}

fn har_body(entry: &Value, status: u16, headers: &[(String, String)]) -> Result<Vec<u8>, ReplayError> {
    const TEXT: &str = "response.content.text";
    let text = match entry.pointer("/response/content/text") {
        Some(text) => text.as_str().ok_or(wrong(TEXT, "is no text"))?,
        // Of a redirect nothing is kept but its headers.
        None if (300..400).contains(&status) => return Ok(Vec::new()),
        None => return Err(missing(TEXT)),
    };
    match entry.pointer("/response/content/encoding") {
        None | Some(Value::Null) => {
            let content_type =
                headers.iter().rev().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
            let content_type = content_type.map(|(_, value)| value.as_bytes());
            let charset = Charset::of_page(text.as_bytes(), content_type, Charset::EUC_KR);
            Ok(charset.encode(text).into_owned())
        }
        Some(Value::String(encoding)) if encoding.eq_ignore_ascii_case("base64") => {
            from_base64(text).ok_or(wrong(TEXT, "is not the Base64 that `encoding` says it is"))
        }
        Some(_) => Err(wrong("response.content.encoding", "is not `base64`")),
    }
}

mod without_cookies {
    use serde::{Deserialize as _, Deserializer, Serializer};

    use super::is_cookie;

    type Headers = Vec<(String, String)>;

    pub(super) fn serialize<S: Serializer>(
        headers: &[(String, String)],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(headers.iter().filter(|(name, _)| !is_cookie(name)))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Headers, D::Error> {
        let mut headers = Headers::deserialize(deserializer)?;
        headers.retain(|(name, _)| !is_cookie(name));
        Ok(headers)
    }
}

mod in_base64 {
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use crate::har::from_base64;

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        from_base64(&text).ok_or_else(|| D::Error::custom("`body` is not Base64"))
    }
}
