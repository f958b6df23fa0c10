//! What a person wants, and the events on the way to it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::answer_kind::AnswerKind;
use crate::clock::aim::ShotArrival;
use crate::clock::site_clock::ClockEstimate;
use crate::error::Step;
use crate::outcome::Receipt;
use crate::page::Exchange;
use crate::pages::day::Slot;
use crate::value::date::{RentDate, SeoulTime};
use crate::value::micros;
use crate::value::place::Place;
use crate::value::slot::{Purpose, SlotState, TimeRange};

/// What a person wants: one court at one time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Wish {
    /// The court.
    pub place: Place,
    /// The day.
    pub date: RentDate,
    /// The time: one round, or several adjacent ones.
    pub range: TimeRange,
    /// The list of slots to take from.
    #[serde(default)]
    pub purpose: Purpose,
}

impl Event {
    /// An alarm that is about no wish of its own.
    pub fn alarm(text: impl Into<String>) -> Self {
        Self::Alarm { text: text.into(), foreseen: None }
    }
}

/// One step of a booking, with its time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct TimedEvent {
    /// When, by the wall clock.
    pub at: SeoulTime,
    /// When, by the monotonic clock: it never steps, and counts from an arbitrary start.
    #[serde(with = "micros", rename = "monotonic_micros")]
    #[cfg_attr(feature = "schema", schemars(with = "u64"))]
    pub monotonic: Duration,
    /// What.
    #[serde(flatten)]
    pub event: Event,
}

/// What happens in a booking.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", tag = "event")]
#[non_exhaustive]
pub enum Event {
    /// Preparation failed so far, and there is still time for a person to act.
    Alarm {
        /// What is wrong.
        text: String,
        /// What will stop a wish, if it is that.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        foreseen: Option<Box<Foreseen>>,
    },
    /// A login succeeded.
    LoggedIn,
    /// The numbers of the wished slots were read from a day that is open.
    Learned {
        /// That day.
        from: RentDate,
        /// The slots that are free on it.
        #[serde(default)]
        slots: Vec<Slot>,
    },
    /// No open day shows the numbers: those learned earlier are used ([`Booking::known_slots`]).
    ///
    /// [`Booking::known_slots`]: crate::Booking::known_slots
    Remembered,
    /// A session that was saved is alive, and no login was needed.
    Restored,
    /// The site's clock was measured.
    ClockRead {
        /// What is known of it.
        estimate: ClockEstimate,
    },
    /// The run sleeps until the opening instant.
    Waiting {
        /// Until when.
        until: SeoulTime,
    },
    /// Everything is ready for the opening instant.
    Armed {
        /// What will be sent first.
        with: Step,
        /// When it will arrive, as far as the measurement tells; `None` where the clock was not measured, or is not gone
        /// by.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        arrives: Option<ShotArrival>,
    },
    /// The first request of the opening left.
    Fired {
        /// How long after its planned instant.
        #[serde(with = "micros", rename = "late_micros")]
        #[cfg_attr(feature = "schema", schemars(with = "u64"))]
        late: Duration,
    },
    /// An attempt begins.
    Attempt {
        /// Counted from 1.
        number: u32,
        /// Which wish, counted from 0.
        wish: usize,
    },
    /// A page of the attempt arrived.
    Visited {
        /// Which one.
        step: Step,
        /// From the request to the head of the answer.
        #[serde(with = "micros", rename = "first_byte_micros")]
        #[cfg_attr(feature = "schema", schemars(with = "u64"))]
        first_byte: Duration,
        /// From the request to the whole answer.
        #[serde(with = "micros", rename = "took_micros")]
        #[cfg_attr(feature = "schema", schemars(with = "u64"))]
        took: Duration,
        /// How long the request had waited for a new connection before it left, in microseconds; `None` where one was
        /// open.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        connect_micros: Option<u64>,
    },
    /// The application is about to be sent. A program that stores events and finds this one without an answer
    /// after it has to resume the booking with them: see [`Booking::resume`].
    ///
    /// [`Booking::resume`]: crate::Booking::resume
    Submitting,
    /// The site answered the attempt, or something broke.
    Answered {
        /// Where in the attempt.
        step: Step,
        /// What kind of answer it was, or what kind of error.
        #[serde(rename = "name")]
        answer: AnswerKind,
        /// What it means, for people.
        text: String,
        /// The receipt, if it is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        receipt: Option<Receipt>,
        /// The exchange that gave it, where no [`Event::Visited`] tells of it: a page that said no, or none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        exchange: Option<Box<Exchange>>,
    },
    /// A rest before the next attempt.
    Resting {
        /// How long.
        #[serde(with = "micros", rename = "wait_micros")]
        #[cfg_attr(feature = "schema", schemars(with = "u64"))]
        wait: Duration,
    },
    /// The day list was read.
    ReadBack {
        /// What it shows of the wish; `None` if it could not be read.
        state: Option<SlotState>,
    },
    /// A wish is lost, and the next one is tried.
    NextWish {
        /// Which one, counted from 0.
        wish: usize,
    },
}

/// Something that will stop a wish, seen before its opening ([`Event::Alarm`]).
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Foreseen {
    /// The wish, counted from 0.
    pub wish: usize,
    /// What stops it.
    pub obstacle: Obstacle,
    /// What the site has instead, as it is written in a wish or an application: rounds, courts, discount codes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<String>,
    /// Time does not mend it: nothing is sent for this wish. Otherwise the wish is tried all the same.
    #[serde(default)]
    pub is_final: bool,
}

/// What stops a wish.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Obstacle {
    /// The site has no such court.
    Court,
    /// The time is no run of the court's rounds.
    Rounds,
    /// The court has no list for this purpose.
    Purpose,
    /// The time is longer or shorter than one application may be.
    Length,
    /// A limit of the site is reached.
    Limit,
    /// The day is closed, kept out of reservation, or given by lot.
    Day,
    /// Somebody has the slot already.
    Booked,
    /// The applicant form lacks something.
    Form,
    /// A word of a newer version.
    #[serde(other)]
    Unrecognised,
}
