#![doc = include_str!("../README.md")]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod answer_kind;
mod booking;
#[cfg(feature = "harness")]
pub mod capture;
mod client;
pub mod clock;
mod error;
#[cfg(all(test, feature = "harness"))]
mod fixture_tests;
#[cfg(feature = "harness")]
pub mod har;
mod html;
mod net;
mod outcome;
pub mod page;
mod pages;
mod site;
mod value;

#[cfg(feature = "harness")]
pub mod harness;

// What a booking needs.
pub use answer_kind::AnswerKind;
pub use booking::Booking;
pub use booking::event::{Event, TimedEvent, Wish};
pub use booking::policy::{GiveUp, Policy};
pub use booking::report::{Report, Verdict};
pub use booking::shared_login::SharedLogin;
pub use booking::standing::Standing;
pub use booking::together::{TooManyBookings, run_together};
pub use booking::watcher::Watcher;
pub use client::guest::Guest;
pub use client::login::Credentials;
pub use client::saved::SavedSession;
pub use client::session::{DayVisit, Form, Session, Submission, Submitted};
pub use client::{Client, ClientBuilder};
pub use error::{Error, NotPermitted, Step};
pub use net::pace::Budget;
pub use outcome::{Invalid, Next, Outcome, Receipt, Refusal};
pub use site::Site;
pub use site::error::SiteError;
pub use value::application::{Application, ApplicationError, HeadCount, Phone};
pub use value::date::{DateError, RentDate, SeoulTime};
pub use value::place::{Place, PlaceError};
pub use value::slot::{Purpose, TimeError, TimeRange};
pub use value::text::nfc;

// The rest, by subject.

/// What the site shows of a court: calendars, day lists, day pages, their slots and prices, and when they open.
pub mod schedule {
    pub use crate::booking::rounds::{AlikeDays, EarlierDoubt, EarlierRounds};
    pub use crate::pages::day::{DayPage, DayRow, Slot};
    pub use crate::pages::schedule::{Calendar, CalendarDay, DayList, ListedSlot};
    pub use crate::site::Opening;
    pub use crate::value::money::{Won, WonError};
    pub use crate::value::month::Month;
    pub use crate::value::slot::{Round, SlotState, TimeNo, TimeOfDay};
}

/// The codes of courts, and the menus that they are read from.
pub mod places {
    pub use crate::pages::schedule::{Menu, MenuEntry};
    pub use crate::site::dialect::NamedPlace;
    pub use crate::value::place::{CentreCode, CourtCode, GroupCode};
}

/// The parts of a [`Report`]: each attempt, its pages, when the day really opened; and what was foreseen before.
pub mod report {
    pub use crate::booking::event::{Foreseen, Obstacle};
    pub use crate::booking::report::{Attempt, OpeningBracket, Visit};
    pub use crate::page::Exchange;
}

/// What an applicant form offers and sends, and how its fields become bytes.
pub mod form_fields {
    pub use crate::client::session::{DiscountGroup, MaskedField};
    pub use crate::html::charset::{Charset, CharsetError, FormFields, LackingCharacter, NotFlat};
}

/// How requests reach the site: the operator's routes, TLS, and what breaks on the way.
pub mod network {
    pub use crate::error::{NetworkError, NetworkErrorKind};
    pub use crate::net::route::{ProxyAddress, ProxyScheme, Route, RouteError};
    pub use crate::net::routes::{OnBlock, RouteState, RouteStatus, Routes, SavedRoutes};
    pub use crate::net::silence::BurstSilence;
    pub use crate::net::tls::TlsBackend;
}

/// The aim of the shot: from dated answers to the instant at which to send.
pub mod aim {
    pub use crate::clock::aim::{
        Aim, AimEstimate, EarlierOpening, MAX_FILE_PROBES, NextProbe, OwnStamp, Sample, Shot, ShotArrival,
        Source, Stamp, StampFrom, third_not_before,
    };
}

/// The bounds that no setting lifts.
pub mod limits {
    pub use crate::booking::MAX_BOOKINGS_PER_DAY;
    pub use crate::booking::policy::{MAX_REQUESTS_PER_RUN, MIN_GAP};
    pub use crate::clock::site_clock::{MAX_PROBES, PROBE_GAP};
    pub use crate::net::pace::MAX_REQUESTS_PER_SECOND;
}
