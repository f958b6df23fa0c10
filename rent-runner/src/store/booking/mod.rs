//! What a booking is: its state, what is asked for, what is changed, its story.

mod list;
pub(super) mod rows;
mod write;

use std::fmt;
use std::time::Duration;

use namyangju_rent::report::Attempt;
use namyangju_rent::schedule::SlotState;
use namyangju_rent::{Event, Receipt, SeoulTime, Wish};
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(crate) use list::{ListFilter, ListPart};

use super::{CourtNames, Sealed};

/// The number of a booking, as people write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct BookingId(pub(crate) i64);

impl fmt::Display for BookingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Where a booking stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum State {
    /// Stored, and not at its time yet; or being prepared.
    Waiting,
    /// Ready for its instant.
    Armed,
    /// An application may leave, or has left.
    Firing,
    Succeeded,
    Failed,
    Unconfirmed,
    Blocked,
    NeedsPerson,
    Cancelled,
}

impl State {
    pub(crate) const ALL: [Self; 9] = [
        Self::Waiting,
        Self::Armed,
        Self::Firing,
        Self::Succeeded,
        Self::Failed,
        Self::Unconfirmed,
        Self::Blocked,
        Self::NeedsPerson,
        Self::Cancelled,
    ];

    /// As it is stored and typed: `needs-person`.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Armed => "armed",
            Self::Firing => "firing",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Unconfirmed => "unconfirmed",
            Self::Blocked => "blocked",
            Self::NeedsPerson => "needs-person",
            Self::Cancelled => "cancelled",
        }
    }

    pub(crate) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }

    /// What is said of a booking in this state, after its number: `has succeeded`.
    pub(crate) fn in_words(self) -> &'static str {
        match self {
            Self::Waiting => "is waiting",
            Self::Armed => "is ready for its opening",
            Self::Firing => "is being made",
            Self::Succeeded => "has succeeded",
            Self::Failed => "has failed",
            Self::Unconfirmed => "is unconfirmed",
            Self::Blocked => "was blocked",
            Self::NeedsPerson => "needs a person",
            Self::Cancelled => "is cancelled",
        }
    }

    /// Nothing more happens to it by itself.
    pub(crate) fn is_over(self) -> bool {
        !matches!(self, Self::Waiting | Self::Armed | Self::Firing)
    }

    /// The three words of the old system: waiting, succeeded, failed.
    pub(crate) fn plain(self) -> &'static str {
        match self {
            Self::Waiting | Self::Armed | Self::Firing => "waiting",
            Self::Succeeded => "succeeded",
            _ => "failed",
        }
    }
}

/// How the opening instant is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum OpeningSource {
    /// A person gave it.
    Given,
    /// By the dialect's rule.
    Rule,
    /// It is open already: the booking starts at once.
    Now,
}

/// How the attempts follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RetryPace {
    Default,
    Original,
}

/// A booking to be stored, checked by the caller but for what only the store can know.
#[derive(Clone, Debug)]
pub(crate) struct NewBooking {
    /// The name of the account.
    pub(crate) account: String,
    /// In order of preference; at least one.
    pub(crate) choices: Vec<Wish>,
    /// `Application` as JSON, sealed.
    pub(crate) application: Sealed,
    pub(crate) opens: OpeningSource,
    /// The instant of the site's clock; for [`OpeningSource::Now`] the instant it was stored.
    pub(crate) opens_at: SeoulTime,
    pub(crate) give_up_after: Duration,
    pub(crate) lead: Duration,
    pub(crate) clock_offset_micros: Option<i64>,
    pub(crate) pace: RetryPace,
    pub(crate) most_requests: Option<u32>,
    /// A person's own words.
    pub(crate) note: Option<String>,
}

/// A stored booking.
#[derive(Clone, Debug)]
pub(crate) struct StoredBooking {
    pub(crate) id: BookingId,
    pub(crate) account_id: i64,
    pub(crate) account: String,
    pub(crate) site: String,
    pub(crate) base_url: Option<String>,
    pub(crate) choices: Vec<Wish>,
    /// What its courts are called; empty until somebody looks the names up.
    pub(crate) names: CourtNames,
    pub(crate) application: Sealed,
    pub(crate) opens: OpeningSource,
    pub(crate) opens_at: SeoulTime,
    pub(crate) give_up_after: Duration,
    pub(crate) lead: Duration,
    pub(crate) clock_offset_micros: Option<i64>,
    pub(crate) pace: RetryPace,
    pub(crate) most_requests: Option<u32>,
    pub(crate) note: Option<String>,
    pub(crate) state: State,
    /// Why it ended as it did, for people; or the last alarm while it waits.
    pub(crate) reason: Option<String>,
    /// The choice at hand, or the one it ended with, counted from 0.
    pub(crate) wish: usize,
    pub(crate) receipt: Option<Receipt>,
    /// What the day list showed of it at the end.
    pub(crate) shown: Option<SlotState>,
    pub(crate) created_at: SeoulTime,
    pub(crate) changed_at: SeoulTime,
    /// The runner that holds a lease which is not over, by the database's clock.
    pub(crate) owner: Option<String>,
    pub(crate) lease_until: Option<SeoulTime>,
    /// A person asked to cancel it while a runner held it.
    pub(crate) cancel_asked: bool,
    /// Raised by each `retry`: the events of earlier rounds are history.
    pub(crate) round: i64,
}

/// A booking whose row cannot be understood, by what is left of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UnreadableBooking {
    pub(crate) id: BookingId,
    pub(crate) account: Option<String>,
    /// The word that is stored, known or not.
    pub(crate) state: Option<String>,
    /// What cannot be understood.
    pub(crate) why: String,
}

impl UnreadableBooking {
    /// What a person can do about it.
    pub(crate) fn to_do(&self) -> String {
        format!(
            "use the version of this program that wrote it, or a backup of the store;\n\
             `rent-runner cancel {}` ends it, so that it can be added anew",
            self.id
        )
    }
}

impl fmt::Display for UnreadableBooking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "booking {} cannot be read: {}", self.id, self.why)
    }
}

/// The bookings of a filter.
#[derive(Clone, Debug, Default)]
pub(crate) struct FoundBookings {
    pub(crate) bookings: Vec<StoredBooking>,
    /// Those whose rows cannot be understood: they hold up no other, and are named.
    pub(crate) unreadable: Vec<UnreadableBooking>,
}

/// What to list.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    /// Only these states; all if empty.
    pub(crate) states: Vec<State>,
    pub(crate) account: Option<String>,
    /// Only those of a user of the page.
    pub(crate) user: Option<i64>,
    /// The first so many in order of opening, then number; `None` is all.
    pub(crate) most: Option<u32>,
    /// The last so many instead, in the same order.
    pub(crate) last: bool,
    /// Only those behind this one, in the same order.
    pub(crate) after: Option<(SeoulTime, BookingId)>,
}

/// What `edit` may change, while a booking waits and no runner holds it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Change {
    pub(crate) choices: Option<Vec<Wish>>,
    pub(crate) application: Option<Sealed>,
    pub(crate) opening: Option<(OpeningSource, SeoulTime)>,
    pub(crate) give_up_after: Option<Duration>,
    pub(crate) lead: Option<Duration>,
    pub(crate) clock_offset_micros: Option<Option<i64>>,
    pub(crate) pace: Option<RetryPace>,
    pub(crate) most_requests: Option<Option<u32>>,
    pub(crate) note: Option<Option<String>>,
}

/// One event of a booking, as it was stored.
#[derive(Clone, Debug)]
pub(crate) struct EventRow {
    pub(crate) round: i64,
    /// The fence of the claim that it happened under.
    pub(crate) fence: i64,
    pub(crate) runner: String,
    pub(crate) at: SeoulTime,
    pub(crate) event: Event,
}

/// One attempt of a booking, and the page it ended with if that was kept.
#[derive(Clone, Debug)]
pub(crate) struct AttemptRow {
    pub(crate) round: i64,
    pub(crate) attempt: Attempt,
    /// Bytes of the page nobody has described.
    pub(crate) page_bytes: Option<u64>,
}

/// All of one booking.
#[derive(Clone, Debug)]
pub(crate) struct BookingHistory {
    pub(crate) booking: StoredBooking,
    pub(crate) events: Vec<EventRow>,
    pub(crate) attempts: Vec<AttemptRow>,
    /// The last report as JSON, but for its attempts.
    pub(crate) report: Option<Value>,
    /// Parts of the story that cannot be understood, by name.
    pub(crate) unreadable: Vec<String>,
}
