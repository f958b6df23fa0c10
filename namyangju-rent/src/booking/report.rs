//! How a booking ended, and everything that was sent for it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::answer_kind::AnswerKind;
use crate::booking::policy::GiveUp;
use crate::clock::aim::EarlierOpening;
use crate::clock::aim::facts::ClockFacts;
use crate::clock::site_clock::ClockEstimate;
use crate::error::Step;
use crate::outcome::Receipt;
use crate::value::date::SeoulTime;
use crate::value::micros;
use crate::value::slot::SlotState;

/// How a booking ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", tag = "verdict")]
#[non_exhaustive]
pub enum Verdict {
    /// Won.
    Reserved {
        /// The receipt; `None` if the answer was lost and the day list showed the booking to be ours.
        receipt: Option<Receipt>,
        /// What the day list shows afterwards; `None` if it could not be read.
        shown: Option<SlotState>,
    },
    /// The day list shows the wish booked under our club and event, and no application of this run did it: an earlier
    /// run booked it, or a person. No other wish was tried.
    AlreadyBooked,
    /// Somebody else has the slot, or all of them.
    Lost,
    /// The application or the account was refused; trying again would not change it.
    Refused {
        /// Why.
        reason: String,
    },
    /// The site has shut this client out.
    Blocked,
    /// A person has to act: a human check.
    NeedsPerson {
        /// What is asked.
        reason: String,
    },
    /// An application was sent, and neither its answer nor the day list told what became of it.
    Unconfirmed,
    /// It was given up: not open, busy or without a clear answer until the end.
    GaveUp {
        /// What ended it.
        why: GiveUp,
        /// The last answer.
        last: String,
    },
    /// The site could not be reached until the end.
    Unreachable {
        /// The last error.
        last: String,
    },
    /// Whoever follows the booking did not permit the next attempt ([`Watcher::permit`]): it was not sent.
    ///
    /// [`Watcher::permit`]: crate::Watcher::permit
    Withdrawn {
        /// Why.
        reason: String,
    },
}

/// One attempt: what was sent and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Attempt {
    /// Counted from 1.
    pub number: u32,
    /// Which wish, counted from 0.
    pub wish: usize,
    /// When it began.
    pub began: SeoulTime,
    /// The network route it took, a proxy's user and password masked.
    pub route: String,
    /// The pages that came.
    pub visits: Vec<Visit>,
    /// Where it ended.
    pub step: Step,
    /// What kind of answer ended it, or what kind of error.
    #[serde(rename = "name")]
    pub answer: AnswerKind,
    /// What it means, for people.
    pub text: String,
}

/// One page of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Visit {
    /// Which one.
    pub step: Step,
    /// When it was asked for.
    pub sent: SeoulTime,
    /// From there to the head of the answer.
    #[serde(with = "micros", rename = "first_byte_micros")]
    #[cfg_attr(feature = "schema", schemars(with = "u64"))]
    pub first_byte: Duration,
    /// From there to the whole answer.
    #[serde(with = "micros", rename = "done_micros")]
    #[cfg_attr(feature = "schema", schemars(with = "u64"))]
    pub done: Duration,
}

/// Between which instants of the site's clock the day really opened; neither is known where that clock was not
/// measured ([`Report::clock`] is `None`) and no offset was given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct OpeningBracket {
    /// The site still said "not open" to a request that left then.
    pub after: Option<SeoulTime>,
    /// The site had accepted, or refused for another reason than that, when this answer came.
    pub before: Option<SeoulTime>,
}

impl OpeningBracket {
    /// The same against the announced instant, for later runs ([`Booking::opened_before`](crate::Booking::opened_before)).
    pub fn against(&self, announced: SeoulTime) -> EarlierOpening {
        let offset = |at: SeoulTime| at.unix_micros().saturating_sub(announced.unix_micros());
        EarlierOpening { closed_micros: self.after.map(offset), open_micros: self.before.map(offset) }
    }
}

/// The result of a booking: its verdict and everything that was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Report {
    /// How it ended.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// Which wish it ended with, counted from 0.
    pub wish: usize,
    /// Every attempt.
    pub attempts: Vec<Attempt>,
    /// How many requests it sent, redirects included.
    pub requests: u32,
    /// How many of them after the opening instant, or after the start where none was given; `None` if the run ended
    /// before the opening, or is not known to have reached it.
    #[serde(default)]
    pub requests_after_opening: Option<u32>,
    /// What was known of the site's clock.
    pub clock: Option<ClockEstimate>,
    /// What the answers told of the true opening instant.
    pub opening: OpeningBracket,
    /// What was learnt of the way the site tells its time, for later runs
    /// ([`Booking::learnt_before`](crate::Booking::learnt_before)); `None` where nothing was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub learnt: Option<ClockFacts>,
    /// When it began.
    pub began: SeoulTime,
    /// When it ended.
    pub ended: SeoulTime,
}
