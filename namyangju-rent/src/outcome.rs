//! Status, address, headers and page of an answer, turned into a value.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::page::Page;

/// What the site decided.
///
/// A refusal is an answer and therefore a value here; an `Err` of this crate means that what the
/// site decided is not known. [`Outcome::next`] says what each of them leads to.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Outcome {
    /// The slot is ours; the site gave a receipt number.
    Reserved(Receipt),
    /// Somebody else has the slot.
    SlotTaken,
    /// The day is not open for reservation at this time.
    NotOpenYet,
    /// The session is no longer logged in.
    LoggedOut,
    /// The site wants the application page visited first.
    TraceMissing,
    /// The site did not take a field.
    Invalid(Invalid),
    /// A limit of the site for a person, a day or an application.
    LimitReached,
    /// The site asks for a human check. It is for a person to solve, never for this program.
    HumanCheck,
    /// The site has shut this client out.
    Blocked,
    /// The site is overloaded, or says that too many requests came.
    Busy {
        /// How long it asks to be left alone.
        retry_after: Option<Duration>,
    },
    /// A page nobody has described yet, kept whole.
    Unknown(Box<Page>),
}

/// The kinds of refusal that a dialect file can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Refusal {
    /// See [`Outcome::SlotTaken`].
    SlotTaken,
    /// See [`Outcome::NotOpenYet`].
    NotOpenYet,
    /// See [`Outcome::LoggedOut`].
    LoggedOut,
    /// See [`Outcome::TraceMissing`].
    TraceMissing,
    /// See [`Outcome::Invalid`].
    Invalid,
    /// See [`Outcome::LimitReached`].
    LimitReached,
    /// See [`Outcome::HumanCheck`].
    HumanCheck,
    /// See [`Outcome::Blocked`].
    Blocked,
    /// See [`Outcome::Busy`].
    Busy,
}

/// The site's proof of a reservation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Receipt {
    /// The receipt number, the last segment of the address the submission ended at
    /// (protocol.md 4 j, S1).
    pub number: String,
}

/// A field that the site did not take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Invalid {
    /// The field's wire name, where the dialect knows the label in the site's text.
    pub field: Option<String>,
    /// The site's text.
    pub text: String,
}

impl fmt::Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.number)
    }
}
