#![doc = include_str!("../README.md")]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod answer_kind;
mod booking;
mod client;
mod clock;
mod error;
#[cfg(all(test, feature = "harness"))]
mod fixture_tests;
mod html;
mod net;
mod outcome;
mod page;
mod pages;
mod site;
mod value;

#[cfg(feature = "harness")]
pub mod harness;

pub use answer_kind::AnswerKind;
pub use booking::event::{Event, TimedEvent, Wish};
pub use booking::policy::{GiveUp, MIN_GAP, Policy};
pub use booking::report::{Attempt, OpeningBracket, Report, Verdict, Visit};
pub use booking::standing::Standing;
pub use booking::together::{TooManyBookings, run_together};
pub use booking::watcher::Watcher;
pub use booking::{Booking, MAX_BOOKINGS_PER_DAY, MAX_REQUESTS_PER_RUN};
pub use client::guest::Guest;
pub use client::login::Credentials;
pub use client::saved::SavedSession;
pub use client::session::{DayVisit, DiscountGroup, Form, MaskedField, Session, Submission, Submitted};
pub use client::{Client, ClientBuilder};
pub use clock::site_clock::{ClockEstimate, MAX_PROBES, PROBE_GAP, Probe, SiteClock};
pub use clock::{Clock, SystemClock};
pub use error::{Error, NetworkError, NetworkErrorKind, NotPermitted, Step};
pub use html::charset::{Charset, CharsetError, FormFields, LackingCharacter};
pub use net::pace::{Budget, MAX_REQUESTS_PER_SECOND};
pub use net::route::{ProxyAddress, ProxyScheme, Route, RouteError};
pub use net::routes::{
    FIRST_REST, MAX_REST, OnBlock, RouteState, RouteStatus, Routes, SavedRoutes, next_midnight,
};
pub use net::silence::{BurstSilence, SilenceJudge};
pub use net::tls::TlsBackend;
pub use outcome::{Invalid, Next, Outcome, Receipt, Refusal};
pub use page::{Hop, HopKind, Page, Timing};
pub use pages::day::{DayPage, DayRow, Slot};
pub use pages::schedule::{Calendar, CalendarDay, DayList, ListedSlot, Menu, MenuEntry};
pub use site::dialect::NamedPlace;
pub use site::error::SiteError;
pub use site::{Opening, Site};
pub use value::application::{Application, ApplicationError, HeadCount, Phone};
pub use value::date::{DateError, RentDate, SeoulTime, TIME_ZONE};
pub use value::money::{Won, WonError};
pub use value::place::{CentreCode, CourtCode, GroupCode, Place, PlaceError};
pub use value::slot::{Purpose, Round, SlotState, TimeError, TimeNo, TimeOfDay, TimeRange};
