//! The kind of an answer, in one word: what an event, an attempt and a log line say of how an attempt ended.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// How an attempt ended: what the site answered ([`Outcome`](crate::Outcome)), or what broke on the way
/// ([`Error`](crate::Error)), without its details.
///
/// In JSON it is one word, for example `slot-taken`. A word that this version does not know reads as
/// [`Unrecognised`](Self::Unrecognised): it was written by a newer version, and nothing may be concluded from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AnswerKind {
    /// Reserved.
    Reserved,
    /// Somebody else has the slot.
    SlotTaken,
    /// The day is not open for reservation yet.
    NotOpenYet,
    /// The session is not logged in any more.
    LoggedOut,
    /// The site wants the application page visited first.
    TraceMissing,
    /// A field was not taken.
    Invalid,
    /// A limit of the account or the day is reached.
    LimitReached,
    /// A human check was shown.
    HumanCheck,
    /// A waiting room stood before the page.
    WaitingRoom,
    /// The site has shut this client out.
    Blocked,
    /// The site is overloaded.
    Busy,
    /// A page that is not described yet.
    Unknown,
    /// The account or its password was refused.
    LoginRefused,
    /// The login was answered by neither a session nor a refusal.
    LoginUnclear,
    /// The application was sent, and no answer came.
    Unconfirmed,
    /// The request never left.
    NotSent,
    /// The exchange broke off.
    Broken,
    /// The page came and cannot be read.
    Unreadable,
    /// The day page offers no box for the time.
    NotFree,
    /// The application would be refused; it was not sent.
    Application,
    /// The budget of requests is used up.
    Budget,
    /// The watcher did not permit the attempt.
    Forbidden,
    /// The client, or a saved session, cannot be set up as asked.
    Setup,
    /// The site is at another base address now.
    Moved,
    /// A word that this version does not know.
    Unrecognised,
}

/// What an answer to a submission tells of the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tells {
    /// It was accepted.
    Accepted,
    /// It was refused, or it never left.
    NotAccepted,
    /// Nothing: it may have been accepted.
    Nothing,
}

impl AnswerKind {
    /// Every kind, for tables and tests.
    pub const ALL: [Self; 25] = [
        Self::Reserved,
        Self::SlotTaken,
        Self::NotOpenYet,
        Self::LoggedOut,
        Self::TraceMissing,
        Self::Invalid,
        Self::LimitReached,
        Self::HumanCheck,
        Self::WaitingRoom,
        Self::Blocked,
        Self::Busy,
        Self::Unknown,
        Self::LoginRefused,
        Self::LoginUnclear,
        Self::Unconfirmed,
        Self::NotSent,
        Self::Broken,
        Self::Unreadable,
        Self::NotFree,
        Self::Application,
        Self::Budget,
        Self::Forbidden,
        Self::Setup,
        Self::Moved,
        Self::Unrecognised,
    ];

    /// The word for it, as logs and JSON have it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reserved => "reserved",
            Self::SlotTaken => "slot-taken",
            Self::NotOpenYet => "not-open-yet",
            Self::LoggedOut => "logged-out",
            Self::TraceMissing => "trace-missing",
            Self::Invalid => "invalid",
            Self::LimitReached => "limit-reached",
            Self::HumanCheck => "human-check",
            Self::WaitingRoom => "waiting-room",
            Self::Blocked => "blocked",
            Self::Busy => "busy",
            Self::Unknown => "unknown",
            Self::LoginRefused => "login-refused",
            Self::LoginUnclear => "login-unclear",
            Self::Unconfirmed => "unconfirmed",
            Self::NotSent => "not-sent",
            Self::Broken => "broken",
            Self::Unreadable => "unreadable",
            Self::NotFree => "not-free",
            Self::Application => "application",
            Self::Budget => "budget",
            Self::Forbidden => "forbidden",
            Self::Setup => "setup",
            Self::Moved => "moved",
            Self::Unrecognised => "unrecognised",
        }
    }

    /// The kind that a word stands for; [`Unrecognised`](Self::Unrecognised) if there is none.
    pub fn from_word(word: &str) -> Self {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word).unwrap_or(Self::Unrecognised)
    }

    /// What it tells of an application that was submitted, if it is the answer to the submission.
    ///
    /// Each kind is named, so that a new one has to be decided on. What no submission can end with counts as
    /// telling nothing.
    pub(crate) const fn tells(self) -> Tells {
        match self {
            Self::Reserved => Tells::Accepted,
            Self::SlotTaken
            | Self::NotOpenYet
            | Self::LoggedOut
            | Self::TraceMissing
            | Self::Invalid
            | Self::LimitReached
            | Self::HumanCheck
            | Self::Blocked
            | Self::NotSent
            | Self::NotFree
            | Self::Application
            | Self::Budget
            | Self::Forbidden => Tells::NotAccepted,
            // An overloaded gateway answers for a script that may go on and book.
            Self::Busy
            // Whether it let the application through is not known.
            | Self::WaitingRoom
            | Self::Unknown
            | Self::LoginRefused
            | Self::LoginUnclear
            | Self::Unconfirmed
            | Self::Broken
            | Self::Unreadable
            | Self::Setup
            | Self::Moved
            | Self::Unrecognised => Tells::Nothing,
        }
    }
}

impl fmt::Display for AnswerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for AnswerKind {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "AnswerKind".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let words = Self::ALL.map(Self::as_str);
        schemars::json_schema!({
            "type": "string",
            "enum": words.as_slice(),
            "description": "How an attempt ended: what the site answered, or what broke on the way.",
        })
    }
}

impl Serialize for AnswerKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for AnswerKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Ok(Self::from_word(&word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Written out a second time: journals and stores of every version hold these words.
    const WORDS: [(AnswerKind, &str, Tells); 25] = [
        (AnswerKind::Reserved, "reserved", Tells::Accepted),
        (AnswerKind::SlotTaken, "slot-taken", Tells::NotAccepted),
        (AnswerKind::NotOpenYet, "not-open-yet", Tells::NotAccepted),
        (AnswerKind::LoggedOut, "logged-out", Tells::NotAccepted),
        (AnswerKind::TraceMissing, "trace-missing", Tells::NotAccepted),
        (AnswerKind::Invalid, "invalid", Tells::NotAccepted),
        (AnswerKind::LimitReached, "limit-reached", Tells::NotAccepted),
        (AnswerKind::HumanCheck, "human-check", Tells::NotAccepted),
        (AnswerKind::WaitingRoom, "waiting-room", Tells::Nothing),
        (AnswerKind::Blocked, "blocked", Tells::NotAccepted),
        (AnswerKind::Busy, "busy", Tells::Nothing),
        (AnswerKind::Unknown, "unknown", Tells::Nothing),
        (AnswerKind::LoginRefused, "login-refused", Tells::Nothing),
        (AnswerKind::LoginUnclear, "login-unclear", Tells::Nothing),
        (AnswerKind::Unconfirmed, "unconfirmed", Tells::Nothing),
        (AnswerKind::NotSent, "not-sent", Tells::NotAccepted),
        (AnswerKind::Broken, "broken", Tells::Nothing),
        (AnswerKind::Unreadable, "unreadable", Tells::Nothing),
        (AnswerKind::NotFree, "not-free", Tells::NotAccepted),
        (AnswerKind::Application, "application", Tells::NotAccepted),
        (AnswerKind::Budget, "budget", Tells::NotAccepted),
        (AnswerKind::Forbidden, "forbidden", Tells::NotAccepted),
        (AnswerKind::Setup, "setup", Tells::Nothing),
        (AnswerKind::Moved, "moved", Tells::Nothing),
        (AnswerKind::Unrecognised, "unrecognised", Tells::Nothing),
    ];

    #[test]
    fn each_kind_has_its_word_and_its_meaning() {
        assert_eq!(WORDS.map(|(kind, ..)| kind), AnswerKind::ALL);
        for (kind, word, tells) in WORDS {
            let json = format!("\"{word}\"");
            assert_eq!(serde_json::to_string(&kind).unwrap(), json);
            assert_eq!(serde_json::from_str::<AnswerKind>(&json).unwrap(), kind);
            assert_eq!((kind.to_string().as_str(), kind.tells()), (word, tells), "{word}");
        }
    }

    #[test]
    fn a_word_of_another_version_is_unrecognised_and_tells_nothing() {
        for word in ["\"reserved-twice\"", "\"\"", "\"Reserved\"", "\"busy\\u0020\""] {
            let kind: AnswerKind = serde_json::from_str(word).unwrap();
            assert_eq!((kind, kind.tells()), (AnswerKind::Unrecognised, Tells::Nothing), "{word}");
        }
        assert!(serde_json::from_str::<AnswerKind>("7").is_err());
    }
}
