//! Status, address, headers and page of an answer, turned into a value.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::answer_kind::AnswerKind;
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
    /// A waiting room stands before the page: a queue of the NetFUNNEL kind. It is for a person to stand in, and
    /// nothing behind it is asked for.
    WaitingRoom,
    /// The site has shut this client out.
    Blocked,
    /// The site is overloaded, or says that too many requests came.
    Busy {
        /// How long it asks to be left alone.
        retry_after: Option<Duration>,
    },
    /// A page that the dialect does not describe, kept whole.
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
    /// See [`Outcome::WaitingRoom`].
    WaitingRoom,
    /// See [`Outcome::Blocked`].
    Blocked,
    /// See [`Outcome::Busy`].
    Busy,
}

/// The site's proof of a reservation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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

/// What an answer, or the lack of one, leads to: the one decision that the library, the programs that use it and
/// the tests share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Next {
    /// Won: read the day list back, then stop.
    Confirm,
    /// This slot is lost; another choice of the same wish may still be won.
    NextChoice,
    /// Repeat the step, after the rest `after` if the site asks for one.
    Again {
        /// The rest the site asks for.
        after: Option<Duration>,
    },
    /// Log in first, then the same again.
    LogIn,
    /// Visit the pages before it first, then the same again.
    Visit,
    /// What the site decided is not known: read the day list before anything is sent again.
    ReadBack,
    /// A person has to act.
    AskPerson,
    /// It cannot change: stop.
    Stop,
}

impl Outcome {
    /// What this answer leads to.
    pub fn next(&self) -> Next {
        match self {
            Self::Reserved(_) => Next::Confirm,
            Self::SlotTaken => Next::NextChoice,
            Self::NotOpenYet => Next::Again { after: None },
            Self::Busy { retry_after } => Next::Again { after: *retry_after },
            Self::LoggedOut => Next::LogIn,
            Self::TraceMissing => Next::Visit,
            Self::Unknown(_) => Next::ReadBack,
            Self::HumanCheck | Self::WaitingRoom => Next::AskPerson,
            Self::Invalid(_) | Self::LimitReached | Self::Blocked => Next::Stop,
        }
    }

    /// Its kind: the answer without its details.
    pub fn kind(&self) -> AnswerKind {
        match self {
            Self::Reserved(_) => AnswerKind::Reserved,
            Self::SlotTaken => AnswerKind::SlotTaken,
            Self::NotOpenYet => AnswerKind::NotOpenYet,
            Self::LoggedOut => AnswerKind::LoggedOut,
            Self::TraceMissing => AnswerKind::TraceMissing,
            Self::Invalid(_) => AnswerKind::Invalid,
            Self::LimitReached => AnswerKind::LimitReached,
            Self::HumanCheck => AnswerKind::HumanCheck,
            Self::WaitingRoom => AnswerKind::WaitingRoom,
            Self::Blocked => AnswerKind::Blocked,
            Self::Busy { .. } => AnswerKind::Busy,
            Self::Unknown(_) => AnswerKind::Unknown,
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reserved(receipt) => write!(f, "reserved, receipt {receipt}"),
            Self::SlotTaken => f.write_str("the slot is taken"),
            Self::NotOpenYet => f.write_str("not open for reservation yet"),
            Self::LoggedOut => f.write_str("the session is no longer logged in"),
            Self::TraceMissing => f.write_str("the site wants the application page visited first"),
            Self::Invalid(Invalid { field: Some(field), text }) => {
                write!(f, "the site did not take `{field}`: {text}")
            }
            Self::Invalid(Invalid { field: None, text }) => {
                write!(f, "the site did not take a field: {text}")
            }
            Self::LimitReached => f.write_str("a limit of the site is reached"),
            Self::HumanCheck => f.write_str("the site asks for a human check, which a person has to answer"),
            Self::WaitingRoom => f.write_str(
                "a waiting room stands before the site (a queue of the NetFUNNEL kind), which a person has to pass in a browser",
            ),
            Self::Blocked => f.write_str("the site has shut this client out"),
            Self::Busy { retry_after: Some(rest) } => {
                write!(f, "the site is busy and asks for {} s of rest", rest.as_secs())
            }
            Self::Busy { retry_after: None } => f.write_str("the site is busy"),
            Self::Unknown(page) => write!(f, "a page that nobody has described yet ({page})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_says_what_it_is_and_what_follows() {
        let invalid = |field: Option<&str>| {
            Outcome::Invalid(Invalid { field: field.map(str::to_owned), text: "too long".to_owned() })
        };
        let rest = |seconds: Option<u64>| Outcome::Busy { retry_after: seconds.map(Duration::from_secs) };
        let receipt = Receipt { number: "48213907".to_owned() };
        assert_eq!(receipt.to_string(), "48213907");
        let again = |seconds: Option<u64>| Next::Again { after: seconds.map(Duration::from_secs) };
        for (outcome, kind, next, text) in [
            (Outcome::Reserved(receipt), AnswerKind::Reserved, Next::Confirm, "reserved, receipt 48213907"),
            (Outcome::SlotTaken, AnswerKind::SlotTaken, Next::NextChoice, "the slot is taken"),
            (Outcome::NotOpenYet, AnswerKind::NotOpenYet, again(None), "not open for reservation yet"),
            (Outcome::LoggedOut, AnswerKind::LoggedOut, Next::LogIn, "the session is no longer logged in"),
            (
                Outcome::TraceMissing,
                AnswerKind::TraceMissing,
                Next::Visit,
                "the site wants the application page visited first",
            ),
            (invalid(Some("hp")), AnswerKind::Invalid, Next::Stop, "the site did not take `hp`: too long"),
            (invalid(None), AnswerKind::Invalid, Next::Stop, "the site did not take a field: too long"),
            (Outcome::LimitReached, AnswerKind::LimitReached, Next::Stop, "a limit of the site is reached"),
            (
                Outcome::HumanCheck,
                AnswerKind::HumanCheck,
                Next::AskPerson,
                "the site asks for a human check, which a person has to answer",
            ),
            (Outcome::Blocked, AnswerKind::Blocked, Next::Stop, "the site has shut this client out"),
            (rest(Some(7)), AnswerKind::Busy, again(Some(7)), "the site is busy and asks for 7 s of rest"),
            (rest(None), AnswerKind::Busy, again(None), "the site is busy"),
        ] {
            assert_eq!(outcome.to_string(), text);
            assert_eq!((outcome.kind(), outcome.next()), (kind, next), "{text}");
        }
        assert!(Outcome::WaitingRoom.to_string().contains("a waiting room"));
        assert_eq!(Outcome::WaitingRoom.next(), Next::AskPerson);
    }
}
