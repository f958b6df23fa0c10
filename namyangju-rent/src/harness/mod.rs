//! The stand-in site: the reservation platform of protocol.md, offline, for tests and rehearsals.
//!
//! [`StandIn`] is the rules as one plain state machine; [`StandInServer`] carries it on a socket of
//! this machine, and `wiremock::mock_server` (feature `wiremock`) in a wiremock server.
//! [`StandIn::site`] gives the dialect to point a client at.
//!
//! It stands in for any city whose dialect file exists: addresses, field names, their order, codes and
//! texts come from the [`Site`](crate::Site). The real sites are known from notes only, so
//! everything that is only inferred can be switched in [`Settings`], and every wording that is not
//! known is the stand-in's own, in [`Texts`]. All people are invented.
//!
//! ```
//! use namyangju_rent::harness::{Request, Settings, StandIn};
//! use namyangju_rent::{SeoulTime, Site};
//!
//! let site = Site::builtin("namyangju")?;
//! let settings = Settings::builder().opening("2026-11-26 10:00:00".parse()?).build();
//! let mut stand_in = StandIn::new(&site, settings);
//!
//! // A good login sets three cookies of one name, and the last one counts.
//! let before: SeoulTime = "2026-11-26 09:59:59".parse()?;
//! let login = "process_check=login&memid=tester1&mempw=invented-1&ret_url=";
//! let answer = stand_in.answer(&Request::post("/rent/member/process", login), before);
//! let cookies = answer.set_cookies();
//! assert_eq!((answer.status, cookies.len()), (200, 3));
//! let cookie = cookies.last().and_then(|line| line.split(';').next()).unwrap_or_default();
//!
//! // The day does not open before its instant, on the site's own clock.
//! let day = "/rent/rent/reservation/index/2026/12/05/1/NYJ06/07/103/Y";
//! let day = Request::get(day).with_header("cookie", cookie);
//! let text = |body: &[u8]| site.charset().decode(body).into_owned();
//! assert!(text(&stand_in.answer(&day, before).body).contains("예약이 가능한 일자가 아닙니다."));
//! let after = "2026-11-26 10:00:00".parse()?;
//! assert!(text(&stand_in.answer(&day, after).body).contains("select_check"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Settings
//!
//! | subject | fields of [`Settings`] | default |
//! | --- | --- | --- |
//! | seed, people, courts | `seed` `accounts` `extra_courts` `round_hours` `booked_share` | three accounts, the dialect's places and a few invented ones, nothing booked |
//! | competitors | `rivals` `crowds` | none |
//! | web server | [`web_server`](WebServer): `name` `date` `script_time` `script_clock` `workers` `keep_alive` `head` | `Date` is the arrival, scripts take no time, connections are kept, `HEAD` works |
//! | clock and opening | `clock_skew_millis` `date_cached` `opening` `openings` `gate` `not_open_text` | right, always open; before an opening the day page says so |
//! | bytes | `content_type` `meta_charset` `framing` `gzip` `calendar_suffixes` `missing` | no charset in the header, Content-Length, 404 |
//! | addresses | `printed_base` | paths, and the base that the visitor asked at |
//! | login | `login_success` `login_failure` `cookie_name` `login_cookie_lines` `cookie_life` `clock_cookie` `anonymous` `sessions_end` `one_session` | 200 with three cookie lines; redirect to the message page with one; day page refuses without login |
//! | page trace | `form_needs_day` `trace` `trace_refusal` | the applicant form for the same slots |
//! | submission | `taken` `submit_success` `landing_path` `check_amount` `check_time_list` | 5543 bytes; redirect to `…/{number}`; both checked |
//! | names in the day list | `listed_names` | as they were typed |
//! | human check | `human_check` | at the dialect's places |
//! | waiting room | `waiting_room` | none |
//! | limits | `max_hours` `min_hours` `daily_limit` | 4 hours, 1 hour, none |
//! | what is not given | `marked_days` `lists_events` | no such days, yes |
//! | load | `busy` `swamp` `block` `there` `back` `handshake_round_trips` `handshakes_from` | none |
//! | wire | `faults` | none |
//! | wording | `texts` | its own |
//!
//! [`Settings::builder`] has a setter of each field's name; [`Settings::variants`] turns each switch once.
//!
//! # As a real server
//!
//! ```
//! use namyangju_rent::harness::{Request, Settings, StandIn, WebServer};
//! use namyangju_rent::{SeoulTime, Site};
//! use std::time::Duration;
//!
//! // nginx stamps `Date` as the answer leaves: late by the time of the script.
//! let server = WebServer::nginx().with_script_time(Duration::from_millis(120));
//! let settings = Settings::builder().web_server(server).build();
//! let mut stand_in = StandIn::new(&Site::builtin("namyangju")?, settings);
//! let now: SeoulTime = "2026-11-26 09:59:59.900".parse()?;
//! let answer = stand_in.answer(&Request::get("/rent/"), now);
//! assert_eq!(answer.header("date"), Some("Thu, 26 Nov 2026 01:00:00 GMT"));
//! assert_eq!(answer.back_delay, Duration::from_millis(120));
//! // A file needs no script.
//! let answer = stand_in.answer(&Request::get("/rent/css/standin.css"), now);
//! assert_eq!(answer.header("date"), Some("Thu, 26 Nov 2026 00:59:59 GMT"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`StandIn::arrivals`] tells of each request its connection, when it came, when its script began and read the
//! clock, and when the answer left; [`StandIn::connections`] tells who opened and closed which connection when.
//! A path with a delay, for TLS too, is a [`Line`].
//!
//! # Captured pages
//!
//! [`replay()`] reads the bytes of a real answer, from a HAR file or from anywhere, with the client's own
//! readers: see [`Capture`]. A [`Replay`] is a whole recorded visit that answers requests, on a socket of this machine
//! ([`ReplayServer`]) or in a wiremock server. [`StandIn::record`] makes such recordings.
//!
//! # Not modelled
//!
//! TLS and HTTP/2; courses; my page, cancelling and paying; lotteries; the login of Busan, which is on
//! another site; a lock on a slot while its form is open; slots that belong to one purpose only;
//! prices by hour of the day or by residence; sessions in a database.

mod account;
mod clock;
mod connections;
mod cookie;
mod courts;
mod line;
mod pages;
mod recording;
mod replay;
mod scripts;
mod seeded;
mod server;
mod settings;
mod settings_builder;
mod stand_in;
mod steps;
mod submission;
mod swamp;
mod texts;
mod visit;
mod web_server;
mod wire;
#[cfg(feature = "wiremock")]
pub mod wiremock;

pub use account::Account;
pub use clock::ManualClock;
pub use connections::{ClosedBy, Connection};
pub use courts::Court;
pub use line::Line;
pub(crate) use replay::choice_in;
pub use replay::{Capture, Replay, ReplayError, ReplayServer, ReplayedRequest, Told, replay};
pub use server::StandInServer;
pub use settings::{
    Anonymous, BlockKind, BlockRule, BusyWindow, ClockCookie, ContentType, CookieLife, Crowd, Delay, Framing,
    Gate, HumanCheck, ListedNames, LoginFailure, LoginSuccess, Missing, PrintedBase, RefusalStyle, Rival,
    Settings, SubmitSuccess, TAKEN_PAGE_BYTES, Taken, Trace, WaitingRoom, WaitingRoomStyle,
};
pub use settings_builder::SettingsBuilder;
pub use stand_in::{Booked, StandIn};
pub use swamp::Swamp;
pub use texts::Texts;
pub use web_server::{DateStamp, HeadRequests, KeepAlive, ScriptClock, WebServer};
pub use wire::{Answer, Arrival, Fault, FaultKind, Request, SiteStep, WireFault};

#[cfg(test)]
mod tests;
