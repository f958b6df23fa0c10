//! Everything that can be switched at the stand-in, one value each (protocol.md 11).
//!
//! The real sites are known from notes only, so everything that is inferred about them must be switchable: a
//! client that books under every value here does not depend on a guess.

use std::collections::BTreeMap;
use std::time::Duration;

use super::account::Account;
use super::courts::Court;
use super::swamp::Swamp;
use super::texts::Texts;
use super::web_server::{DateStamp, HeadRequests, KeepAlive, WebServer};
use super::wire::{Fault, SiteStep};
use crate::html::charset::Charset;
use crate::site::Site;
use crate::site::dialect::AnswerStyle;
use crate::value::date::{RentDate, SeoulTime};
use crate::value::place::Place;
use crate::value::slot::{SlotState, TimeRange};

/// Bytes of the page that says "taken" (protocol.md 7, S1 at Namyangju).
pub const TAKEN_PAGE_BYTES: usize = 5543;

/// How the stand-in behaves. `Settings::default()` is the defaults column of protocol.md section
/// 11; [`Settings::builder`] changes what a test is about, and so do the fields.
///
/// ```
/// use namyangju_rent::harness::{LoginSuccess, Settings};
///
/// let mut settings = Settings::builder().login_success(LoginSuccess::Redirect).build();
/// settings.clock_skew_millis = -1_500;
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// Seed of slot numbers, sessions, receipt numbers and jitter.
    pub seed: u64,
    /// The members who can log in.
    pub accounts: Vec<Account>,
    /// Courts beside the stand-in's own table.
    pub extra_courts: Vec<Court>,
    /// Hours of one round from 06:00 to 22:00; `None` is 2 at Namyangju (protocol.md 8.1) and 1 elsewhere.
    pub round_hours: Option<u8>,
    /// The share of slots that strangers have from the beginning, 0 to 1.
    pub booked_share: f64,
    /// Competitors. Each application of theirs takes a worker as ours does.
    pub rivals: Vec<Rival>,
    /// People who book nothing and only fill the queue before the scripts.
    pub crowds: Vec<Crowd>,

    /// What the site's clock is ahead of the carrier's, in milliseconds; negative if behind.
    pub clock_skew_millis: i64,
    /// A cache in front of the site renews the `Date` header only so often.
    pub date_cached: Option<Duration>,
    /// When all dates open, on the site's clock; `None` is always open.
    pub opening: Option<SeoulTime>,
    /// When single dates open instead.
    pub openings: BTreeMap<RentDate, SeoulTime>,
    /// The first step that says "not open yet".
    pub gate: Gate,
    /// The text of that page; `None` is Seongnam's (protocol.md 7, S1).
    pub not_open_text: Option<String>,

    /// What the Content-Type header of pages says.
    pub content_type: ContentType,
    /// Whether pages name their character set in a `<meta>` (so that a browser can show them).
    pub meta_charset: bool,
    /// Whether bodies have a length or come in chunks.
    pub framing: Framing,
    /// Whether bodies are compressed for clients that accept gzip.
    pub gzip: bool,
    /// Whether the calendar writes `12월` instead of `12` (protocol.md 5.1: possibly suffixes).
    pub calendar_suffixes: bool,
    /// How the day list prints who has a slot (protocol.md 5.2 knows only that it does).
    pub listed_names: ListedNames,
    /// The answer for an address, code or date that does not exist (protocol.md 7: unknown).
    pub missing: Missing,

    /// The base that addresses are built from: redirects, links and form actions.
    pub printed_base: PrintedBase,

    /// How a good login answers.
    pub login_success: LoginSuccess,
    /// How a bad login answers.
    pub login_failure: LoginFailure,
    /// The session cookie's name; `None` is the dialect's first.
    pub cookie_name: Option<String>,
    /// `Set-Cookie` lines of a good login; `None` is the dialect's number.
    pub login_cookie_lines: Option<u8>,
    /// How the cookie says when it ends.
    pub cookie_life: CookieLife,
    /// A cookie of its own in every answer of a script that tells the site's time; `None` sends none.
    pub clock_cookie: Option<ClockCookie>,
    /// What the day page does without a login.
    pub anonymous: Anonymous,
    /// All sessions end at these instants of the site's clock.
    pub sessions_end: Vec<SeoulTime>,
    /// Whether an account has one session only: a login ends the one before it.
    pub one_session: bool,

    /// Whether the applicant form needs the day page before it (protocol.md 10.7: unknown).
    pub form_needs_day: bool,
    /// Which visit a submission needs (the page trace).
    pub trace: Trace,
    /// How a form or a submission without the visit before it is refused.
    pub trace_refusal: RefusalStyle,
    /// How a taken slot is refused.
    pub taken: Taken,
    /// How a good submission answers.
    pub submit_success: SubmitSuccess,
    /// The landing page's path after the prefix and before the receipt number. The real one is
    /// unknown (protocol.md 10.1); this is the stand-in's own.
    pub landing_path: String,
    /// Whether the submitted amount must be the one the site computes (protocol.md 10.6: unknown).
    pub check_amount: bool,
    /// Whether `use_time_list` must speak of the submitted slots (protocol.md 10.6: unknown).
    pub check_time_list: bool,
    /// Where the human check of protocol.md 5.4 stands.
    pub human_check: HumanCheck,
    /// Where a waiting room stands, and how it shows.
    pub waiting_room: Option<WaitingRoom>,
    /// The most hours of one application (`max_rent_time`).
    pub max_hours: u8,
    /// The fewest hours of one application (`min_rent_time`).
    pub min_hours: u8,
    /// The most bookings of one account for one day of use.
    pub daily_limit: Option<u8>,
    /// Days whose slots are marked with this state instead of being given: closed, unavailable, by lot.
    pub marked_days: BTreeMap<RentDate, SlotState>,
    /// Whether the day list has the list for events beside the one for sports.
    pub lists_events: bool,

    /// The web server in front of the scripts.
    pub web_server: WebServer,
    /// Times of overload.
    pub busy: Vec<BusyWindow>,
    /// A time in which requests queue, fail and time out by chance.
    pub swamp: Option<Swamp>,
    /// When an address is shut out.
    pub block: Option<BlockRule>,
    /// How long requests take to reach the site.
    pub there: Delay,
    /// How long answers take to leave it.
    pub back: Delay,
    /// Round trips (`there` and `back`, without jitter) that a new connection takes before its first request:
    /// 1 is TCP, 2 is TCP with TLS 1.3, 3 is TCP with TLS 1.2. The server's own port has no TLS and cannot
    /// delay a `connect`, so a client's connect takes no time and its *first request* is held until the
    /// handshakes would be over; a connection that was opened early enough costs nothing. Behind a
    /// [`Line`](super::Line) leave it at 0.
    pub handshake_round_trips: u8,
    /// The instant of the site's clock from which on they take that; `None` is always. Before it a client is shown what it
    /// would see on a real network, where it leaves the handshakes out of what it measures.
    pub handshakes_from: Option<SeoulTime>,
    /// Scripted faults.
    pub faults: Vec<Fault>,
    /// The stand-in's own wording.
    pub texts: Texts,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            seed: 1,
            accounts: (1..=3).map(Account::invented).collect(),
            extra_courts: Vec::new(),
            round_hours: None,
            booked_share: 0.0,
            rivals: Vec::new(),
            crowds: Vec::new(),
            clock_skew_millis: 0,
            date_cached: None,
            opening: None,
            openings: BTreeMap::new(),
            gate: Gate::Day,
            not_open_text: None,
            content_type: ContentType::NoCharset,
            meta_charset: true,
            framing: Framing::Length,
            gzip: false,
            calendar_suffixes: false,
            listed_names: ListedNames::AsTyped,
            missing: Missing::NotFound,
            printed_base: PrintedBase::AsAsked,
            login_success: LoginSuccess::Page,
            login_failure: LoginFailure::Redirect,
            cookie_name: None,
            login_cookie_lines: None,
            cookie_life: CookieLife::ExpiresAndMaxAge,
            clock_cookie: None,
            anonymous: Anonymous::Message,
            sessions_end: Vec::new(),
            one_session: false,
            form_needs_day: false,
            trace: Trace::SameSlots,
            trace_refusal: RefusalStyle::Page,
            taken: Taken::Page { bytes: Some(TAKEN_PAGE_BYTES) },
            submit_success: SubmitSuccess::Redirect,
            landing_path: "/rent/complete/index".to_owned(),
            check_amount: true,
            check_time_list: true,
            human_check: HumanCheck::ByDialect,
            waiting_room: None,
            max_hours: 4,
            min_hours: 1,
            daily_limit: None,
            marked_days: BTreeMap::new(),
            lists_events: true,
            web_server: WebServer::default(),
            busy: Vec::new(),
            swamp: None,
            block: None,
            there: Delay::default(),
            back: Delay::default(),
            handshake_round_trips: 0,
            handshakes_from: None,
            faults: Vec::new(),
            texts: Texts::default(),
        }
    }
}

/// A competitor: its application reaches the site at an instant of the site's clock and takes slots when its
/// script runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rival {
    /// The arrival on the site's clock.
    pub at: SeoulTime,
    /// The court.
    pub place: Place,
    /// The day of use.
    pub date: RentDate,
    /// The stretch; every round that touches it is taken if it is free.
    pub range: TimeRange,
}

/// People who ask for pages and book nothing: their requests are spread evenly, and each takes a worker for
/// the time of one script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crowd {
    /// The first request, on the site's clock.
    pub from: SeoulTime,
    /// How many requests there are.
    pub requests: u32,
    /// The time they are spread over.
    pub within: Duration,
}

/// The base that addresses are built from, as real sites get it wrong behind a proxy. Under every value but
/// the first, links and form actions are whole addresses too, and not paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PrintedBase {
    /// The host and port that the visitor asked at, by http; links and form actions are paths.
    AsAsked,
    /// https at the same host and port, though the site speaks http.
    Https,
    /// The same host at another port.
    Port(u16),
    /// The same host without its port, as `HTTP_HOST` without one leads to.
    WithoutPort,
}

/// The first step that says "not open yet" before the opening instant; the submission always does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// The day page already (protocol.md 4.4, S1 at Seongnam).
    Day,
    /// The day page shows its slots, the applicant form does not come.
    Form,
    /// Only the submission.
    Submit,
}

/// What the Content-Type header of pages says of the character set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContentType {
    /// `text/html` alone.
    NoCharset,
    /// `text/html; charset=` and the dialect's name.
    Dialect,
    /// `text/html; charset=` and this label, for example `MS949`.
    Label(String),
}

/// How the end of a body is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// By Content-Length.
    Length,
    /// By chunks.
    Chunked,
}

/// How the day list prints the name of the group that has a slot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ListedNames {
    /// As it was typed.
    #[default]
    AsTyped,
    /// The first letter, and three `*` for all others.
    Masked,
    /// Its first letters, at most this many.
    Letters(usize),
    /// As much as fits into this many bytes of the dialect's character set.
    Bytes(usize),
    /// Without blanks.
    WithoutBlanks,
    /// The member's name instead, for members of the stand-in; others keep their group's.
    Member,
}

impl ListedNames {
    /// The name as the list prints it.
    pub(super) fn print(self, group: &str, member: Option<&str>, charset: Charset) -> String {
        match self {
            Self::AsTyped => group.to_owned(),
            Self::Masked => group.chars().take(1).chain("***".chars()).collect(),
            Self::Letters(most) => group.chars().take(most).collect(),
            Self::Bytes(most) => {
                let fits = |text: &String| charset.encode(text).len() <= most;
                let beginnings = (0..=group.chars().count()).map(|n| group.chars().take(n).collect());
                beginnings.take_while(fits).last().unwrap_or_default()
            }
            Self::WithoutBlanks => group.split_whitespace().collect(),
            Self::Member => member.unwrap_or(group).to_owned(),
        }
    }
}

/// The answer for what does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// A bare page of status 404, as the framework has it.
    NotFound,
    /// The site's error page with status 200.
    ErrorPage,
}

/// How a good login answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginSuccess {
    /// The home page with status 200.
    Page,
    /// A 302 to the home page.
    Redirect,
    /// A `Refresh` header to the home page.
    Refresh,
    /// A page that is nothing but `location.replace`.
    Script,
}

/// How a bad login answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginFailure {
    /// A 302 to the message page, with one `Set-Cookie` line.
    Redirect,
    /// The message page in place.
    MessagePage,
    /// A `Refresh` header to the message page.
    Refresh,
    /// A page that is nothing but `location.replace` to the message page.
    Script,
}

/// How a cookie says when it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CookieLife {
    /// `expires` and `Max-Age`, as newer PHP writes them; right on any clock.
    ExpiresAndMaxAge,
    /// `expires` alone, by the site's clock.
    Expires,
    /// Neither: it ends with the browser.
    Session,
}

/// How a cookie beside the session's tells the time that the rules go by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockCookie {
    /// `expires` an hour later and `Max-Age=3600`, as newer PHP and Tomcat write both.
    ExpiresAndMaxAge,
    /// `expires` an hour later alone.
    Expires,
    /// Its value is Unix time in milliseconds.
    Milliseconds,
}

impl ClockCookie {
    /// The cookie's name. The stand-in's own.
    pub const NAME: &str = "seen";

    /// How long after the site's time it ends.
    pub const LIFETIME: Duration = Duration::from_secs(3_600);
}

/// What the day page does without a login (protocol.md 4.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anonymous {
    /// A message page with `#btn_prev`, as at Cheonan.
    Message,
    /// A script with an alert and the login page.
    Alert,
    /// It is readable, as at Busan; the applicant form refuses as under `Message`.
    Readable,
}

/// Which visit a submission needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trace {
    /// The applicant form for the same place, day and slots. The session remembers the last form only.
    SameSlots,
    /// Any applicant form in this session.
    AnyForm,
    /// None.
    Off,
}

/// How a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalStyle {
    /// An error page with `.error` and `#btn_prev`.
    Page,
    /// A 302 to the message page, which shows the text.
    Redirect,
    /// A page that is nothing but an alert and a step back.
    Alert,
}

/// How a taken slot is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// A fixed page, filled up to `bytes` if given.
    Page {
        /// Bytes of the page in the dialect's character set; `None` is as long as it is.
        bytes: Option<usize>,
    },
    /// A 302 to the message page, which shows the text.
    Redirect,
    /// A page that is nothing but an alert and a step back.
    Alert,
}

/// How a good submission answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubmitSuccess {
    /// A 302 to the landing page.
    Redirect,
    /// A page that is nothing but `location.replace`.
    Script,
    /// A `Refresh` header.
    Refresh,
}

/// Where the human check stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HumanCheck {
    /// At the dialect's places.
    ByDialect,
    /// At every place.
    Everywhere,
    /// Nowhere.
    Nowhere,
}

/// A waiting room before a step: a queue of the NetFUNNEL kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitingRoom {
    /// The step it stands before. The request does not reach the site's own program, except under
    /// [`WaitingRoomStyle::Guarded`].
    pub before: SiteStep,
    /// How it shows.
    pub style: WaitingRoomStyle,
}

/// How a waiting room shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitingRoomStyle {
    /// Its own page, which carries `data-nf-client-id`.
    Page,
    /// A page that is nothing but its script.
    Script,
    /// A 302 to its block page, on the same host.
    Redirect,
    /// A 302 to its block page, on a host of its own.
    RedirectElsewhere,
    /// The site's own page, whose script asks for a place in the queue before it goes on.
    Guarded,
}

/// A time of overload: every request gets a bare page of this status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BusyWindow {
    /// From this instant on the site's clock.
    pub from: SeoulTime,
    /// Until this one.
    pub until: SeoulTime,
    /// The status, 503 or 429.
    pub status: u16,
    /// The seconds that `Retry-After` asks for, if it is sent.
    pub retry_after: Option<u32>,
}

/// When an address is shut out (protocol.md 7: no evidence either way).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockRule {
    /// More requests than this from one address …
    pub requests: u32,
    /// … within this time …
    pub within: Duration,
    /// … are answered this way …
    pub kind: BlockKind,
    /// … for this time.
    pub lasts: Duration,
}

/// What an address that was shut out gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockKind {
    /// A page of status 403.
    Forbidden,
    /// The same page with status 200.
    Page,
    /// Nothing: the connection stays open and silent.
    Silence,
}

/// A delay with jitter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delay {
    /// The least.
    pub base: Duration,
    /// The most that is added to it, drawn from the seed.
    pub jitter: Duration,
}

/// A server whose clock is renewed a moment after each whole second.
const EVERY_SECOND: DateStamp =
    DateStamp::Timer { every: Duration::from_secs(1), phase: Duration::from_millis(5) };

impl Settings {
    /// The defaults, with what a dialect's `[habits]` tell of the site in their place.
    pub fn dressed_as(site: &Site) -> Self {
        let (mut settings, habits) = (Self::default(), &site.dialect.habits);
        if let Some(style) = habits.login_answer {
            settings.login_success = match style {
                AnswerStyle::Page => LoginSuccess::Page,
                AnswerStyle::Redirect => LoginSuccess::Redirect,
                AnswerStyle::Refresh => LoginSuccess::Refresh,
                AnswerStyle::Script => LoginSuccess::Script,
            };
        }
        settings.submit_success = match habits.submit_answer {
            Some(AnswerStyle::Refresh) => SubmitSuccess::Refresh,
            Some(AnswerStyle::Script) => SubmitSuccess::Script,
            Some(AnswerStyle::Page | AnswerStyle::Redirect) | None => SubmitSuccess::Redirect,
        };
        if let Some(landing) = &habits.landing {
            settings.landing_path = landing.clone();
        }
        settings.form_needs_day = habits.form_needs_day.unwrap_or(settings.form_needs_day);
        settings.content_type = match habits.content_type.as_deref() {
            Some("") | None => ContentType::NoCharset,
            Some(label) => ContentType::Label(label.to_owned()),
        };
        if let Some(seconds) = habits.keep_alive_seconds {
            settings.web_server.keep_alive.idle = Some(Duration::from_secs(seconds.into()));
            settings.web_server.keep_alive.announced = true;
        }
        settings
    }

    /// One value for each setting other than its default, with a name: for tests that turn every
    /// switch once. The accounts stay as they are. Rivals, openings, faults, busy times and blocks need
    /// instants and counts of the test's own and are not among them; script times and other bases for
    /// addresses are not either, as they change what a client can reach.
    pub fn variants() -> Vec<(&'static str, Settings)> {
        type Change = fn(&mut Settings);
        let changes: [(&'static str, Change); 53] = [
            ("default", |_| {}),
            ("header names the charset", |s| s.content_type = ContentType::Dialect),
            ("header says MS949", |s| s.content_type = ContentType::Label("MS949".into())),
            ("no charset anywhere", |s| s.meta_charset = false),
            ("chunked", |s| s.framing = Framing::Chunked),
            ("gzip", |s| s.gzip = true),
            ("chunked gzip", |s| (s.gzip, s.framing) = (true, Framing::Chunked)),
            ("calendar with suffixes", |s| s.calendar_suffixes = true),
            ("missing is an error page", |s| s.missing = Missing::ErrorPage),
            ("login redirects", |s| s.login_success = LoginSuccess::Redirect),
            ("login refreshes", |s| s.login_success = LoginSuccess::Refresh),
            ("login by script", |s| s.login_success = LoginSuccess::Script),
            ("login fails in place", |s| s.login_failure = LoginFailure::MessagePage),
            ("another cookie name", |s| s.cookie_name = Some("PHPSESSID".into())),
            ("one cookie line", |s| s.login_cookie_lines = Some(1)),
            ("two cookie lines", |s| s.login_cookie_lines = Some(2)),
            ("five cookie lines", |s| s.login_cookie_lines = Some(5)),
            ("cookie with expires alone", |s| s.cookie_life = CookieLife::Expires),
            ("cookie without an end", |s| s.cookie_life = CookieLife::Session),
            ("cookie with the time", |s| s.clock_cookie = Some(ClockCookie::ExpiresAndMaxAge)),
            ("cookie with milliseconds", |s| s.clock_cookie = Some(ClockCookie::Milliseconds)),
            ("submit by script", |s| s.submit_success = SubmitSuccess::Script),
            ("submit refreshes", |s| s.submit_success = SubmitSuccess::Refresh),
            ("another landing path", |s| s.landing_path = "/mypage/receipt/view".into()),
            ("landing path is the root", |s| s.landing_path = String::new()),
            ("taken page of another length", |s| s.taken = Taken::Page { bytes: Some(7_000) }),
            ("taken page as long as it is", |s| s.taken = Taken::Page { bytes: None }),
            ("taken redirects", |s| s.taken = Taken::Redirect),
            ("taken by alert", |s| s.taken = Taken::Alert),
            ("another text for not open", |s| s.not_open_text = Some("아직 접수 기간이 아닙니다.".into())),
            ("not open at the form", |s| s.gate = Gate::Form),
            ("not open at the submission", |s| s.gate = Gate::Submit),
            ("another label of the slots", |s| s.texts.slots_label = "대관시간".into()),
            ("without login by alert", |s| s.anonymous = Anonymous::Alert),
            ("without login readable", |s| s.anonymous = Anonymous::Readable),
            ("form needs the day", |s| s.form_needs_day = true),
            ("any form is trace enough", |s| s.trace = Trace::AnyForm),
            ("no trace", |s| s.trace = Trace::Off),
            ("trace refused by redirect", |s| s.trace_refusal = RefusalStyle::Redirect),
            ("trace refused by alert", |s| s.trace_refusal = RefusalStyle::Alert),
            ("human check everywhere", |s| s.human_check = HumanCheck::Everywhere),
            ("other slot numbers", |s| s.seed = 2),
            ("Apache", |s| s.web_server = WebServer::apache()),
            ("nginx", |s| s.web_server = WebServer::nginx()),
            ("date by a timer", |s| s.web_server.date = EVERY_SECOND),
            ("no connection is kept", |s| s.web_server.keep_alive = KeepAlive::off()),
            ("HEAD is not allowed", |s| s.web_server.head = HeadRequests::Status(405)),
            ("HEAD is not answered", |s| s.web_server.head = HeadRequests::Closed),
            ("one session an account", |s| s.one_session = true),
            ("day demanded by redirect", |s| {
                (s.form_needs_day, s.trace_refusal) = (true, RefusalStyle::Redirect);
            }),
            ("day demanded by alert", |s| (s.form_needs_day, s.trace_refusal) = (true, RefusalStyle::Alert)),
            ("login fails by refresh", |s| s.login_failure = LoginFailure::Refresh),
            ("login fails by script", |s| s.login_failure = LoginFailure::Script),
        ];
        let changed = |(name, change): (&'static str, Change)| {
            let mut settings = Settings::default();
            change(&mut settings);
            (name, settings)
        };
        changes.into_iter().map(changed).collect()
    }
}
