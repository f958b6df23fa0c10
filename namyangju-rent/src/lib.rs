#![doc = include_str!("../README.md")]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod aim;
mod application;
mod booking;
mod bounds;
mod calendar;
mod charset;
mod client;
mod clock;
mod css;
mod date;
mod day;
mod dialect;
mod dns;
mod error;
#[cfg(all(test, feature = "harness"))]
mod fixture_tests;
mod form;
mod html;
mod jar;
mod measured;
mod micros;
mod money;
mod outcome;
mod pace;
mod page;
mod place;
mod policy;
mod reading;
mod route;
mod run;
mod saved;
mod seen;
mod session;
mod silence;
mod site;
mod site_clock;
mod slot;
mod time_list;
mod tls;
mod tokens;
mod transport;
mod ways;

#[cfg(feature = "harness")]
pub mod harness;

pub use aim::{
    Aim, EarlierOpening, MOST_FILE_PROBES, NextProbe, OwnStamp, Reading, Sample, Shot, Source, Stamp,
    StampFrom, third_not_before,
};
pub use application::{Application, ApplicationError, HeadCount, Phone};
pub use booking::{
    Attempt, Booking, Event, Happened, MOST_BOOKINGS_A_DAY, MOST_REQUESTS_OF_A_RUN, OpeningBracket, Report,
    Verdict, Visit, Watcher, Wish, run_together,
};
pub use calendar::{Calendar, CalendarDay, DayList, ListedSlot, Menu, MenuEntry};
pub use charset::{Charset, CharsetError, FormFields};
pub use client::{Client, ClientBuilder, Credentials, Guest};
pub use clock::{Clock, SystemClock};
pub use date::{DateError, RentDate, SeoulTime, TIME_ZONE};
pub use day::{DayPage, DayRow, Slot};
pub use dialect::{NamedPlace, Purpose};
pub use error::{Error, NetworkError, NetworkErrorKind, Step};
pub use money::{Won, WonError};
pub use outcome::{Invalid, Next, Outcome, Receipt, Refusal};
pub use pace::{Budget, MOST_REQUESTS_A_SECOND};
pub use page::{Hop, HopKind, Page, Timing};
pub use place::{CentreCode, CourtCode, GroupCode, Place, PlaceError};
pub use policy::{GiveUp, Policy, SHORTEST_GAP};
pub use route::{
    FIRST_REST, LONGEST_REST, OnBlock, ProxyAddress, ProxyScheme, Route, RouteError, RouteState, RouteStatus,
    Routes, SavedRoutes, next_midnight,
};
pub use saved::SavedSession;
pub use session::{DayVisit, Form, Session, Submission, Submitted};
pub use silence::{BurstSilence, SilenceJudge};
pub use site::{Opening, Site, SiteError};
pub use site_clock::{ClockEstimate, MOST_PROBES, PROBE_GAP, Probe, SiteClock};
pub use slot::{Round, SlotState, TimeError, TimeNo, TimeOfDay, TimeRange};
pub use tls::TlsBackend;
