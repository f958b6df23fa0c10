//! Values of arguments that are more than one word of a list.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use clap::ValueEnum;
use namyangju_rent::places::{CentreCode, GroupCode};
use namyangju_rent::{DateError, Place, PlaceError, RentDate, SeoulTime, TimeError, TimeRange, nfc};

use crate::say::{retold, say};
use crate::store;

/// The instant a day opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OpensAt {
    /// As a person gave it.
    Instant(SeoulTime),
    /// By the dialect's rule.
    Auto,
    /// It is open already.
    Now,
}

impl FromStr for OpensAt {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.trim() {
            "auto" => Ok(Self::Auto),
            "now" => Ok(Self::Now),
            text => {
                let wrong = |error: DateError| say!("bad-opens-at", error = error);
                let instant = text.parse().map_err(wrong)?;
                Ok(Self::Instant(instant))
            }
        }
    }
}

/// How the attempts follow each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum PolicyName {
    /// Every 500 ms for 2.5 s, then slower: at most 2 s apart while the site is not open yet.
    #[default]
    Default,
    /// The figures of the system that this one replaces: every 500 ms until the end.
    Original,
}

impl From<PolicyName> for store::RetryPace {
    fn from(pace: PolicyName) -> Self {
        match pace {
            PolicyName::Default => Self::Default,
            PolicyName::Original => Self::Original,
        }
    }
}

/// A court as a person gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AskedPlace {
    /// `NYJ06/07/103`.
    Court(Place),
    /// `NYJ06/07/*`: any court of a group.
    Group(CentreCode, GroupCode),
    /// A name, or a part of one.
    Name(String),
    /// `체육공원2호/*`: any court of a group by its name.
    NamedGroup(String),
}

impl FromStr for AskedPlace {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = nfc(text.trim());
        let wrong = |error: PlaceError| say!("bad-place-or-name", error = error);
        if text.chars().any(char::is_control) {
            return Err(say!("place-one-line"));
        }
        // Codes are ASCII, and the names of courts are Korean.
        match text.strip_suffix("/*") {
            Some(group) if group.is_ascii() => {
                let (centre, group) =
                    group.split_once('/').ok_or_else(|| wrong(PlaceError::Parts(text.clone())))?;
                Ok(Self::Group(centre.parse().map_err(wrong)?, group.parse().map_err(wrong)?))
            }
            Some(group) => Ok(Self::NamedGroup(group.trim().to_owned())),
            None if text.is_ascii() => text.parse().map(Self::Court).map_err(wrong),
            None => Ok(Self::Name(text)),
        }
    }
}

impl fmt::Display for AskedPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Court(place) => place.fmt(f),
            Self::Group(centre, group) => write!(f, "{centre}/{group}/*"),
            Self::Name(name) => f.write_str(name),
            Self::NamedGroup(name) => write!(f, "{name}/*"),
        }
    }
}

/// One court at one time, written `NYJ06/07/103 2026-12-05 06:00-08:00`; the court may be any of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Choice {
    pub(crate) place: AskedPlace,
    pub(crate) date: RentDate,
    pub(crate) range: TimeRange,
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.place, self.date, self.range)
    }
}

/// The most days for which a token is good.
pub(crate) const MAX_TOKEN_DAYS: u32 = 3_650;

/// How a choice is written.
fn one_argument() -> String {
    say!("write-choice")
}

impl FromStr for Choice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // A name may have blanks.
        let words: Vec<_> = text.split_whitespace().collect();
        let [place @ .., date, range] = &words[..] else {
            return Err(one_argument());
        };
        if place.is_empty() {
            return Err(one_argument());
        }
        Ok(Self {
            place: place.join(" ").parse()?,
            date: date.parse().map_err(|error: DateError| retold(&error.to_string()))?,
            range: range.parse().map_err(|error: TimeError| retold(&error.to_string()))?,
        })
    }
}

/// A whole number within bounds. The error names them.
pub(super) fn whole_number<N>(text: &str, bounds: RangeInclusive<N>) -> Result<N, String>
where
    N: FromStr + PartialOrd + fmt::Display,
{
    match text.trim().parse() {
        Ok(number) if bounds.contains(&number) => Ok(number),
        _ => Err(say!("write-number-between", from = bounds.start(), to = bounds.end())),
    }
}

/// How many requests a booking may send after its opening.
pub(super) fn most_requests(text: &str) -> Result<u32, String> {
    match text.trim().parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err(say!("write-from-one")),
    }
}

/// The number of a stored booking.
pub(super) fn booking_number(text: &str) -> Result<i64, String> {
    numbered(text, &say!("write-booking-number"))
}

/// The number of an attempt of a booking.
pub(super) fn attempt_number(text: &str) -> Result<u32, String> {
    let number = numbered(text, &say!("write-attempt-number"))?;
    u32::try_from(number).map_err(|_| say!("no-such-attempt"))
}

/// The number of a round of a booking.
pub(super) fn round_number(text: &str) -> Result<i64, String> {
    numbered(text, &say!("write-round-number"))
}

/// The number of a token.
pub(super) fn token_number(text: &str) -> Result<i64, String> {
    numbered(text, &say!("write-token-number"))
}

/// For how many days a token is good.
pub(super) fn token_days(text: &str) -> Result<u32, String> {
    whole_number(text, 1..=MAX_TOKEN_DAYS)
}

/// What a token may be used for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ScopeWord(pub(crate) store::TokenScope);

impl FromStr for ScopeWord {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let scope = store::TokenScope::parse(text.trim());
        scope.map(Self).ok_or_else(|| say!("write-scope"))
    }
}

fn numbered(text: &str, wrong: &str) -> Result<i64, String> {
    text.trim().parse().ok().filter(|number| *number > 0).ok_or_else(|| wrong.to_owned())
}

/// A login name.
pub(super) fn login(text: &str) -> Result<String, String> {
    let login = text.trim();
    if login.is_empty() || login.chars().any(char::is_control) {
        return Err(say!("write-login"));
    }
    Ok(login.to_owned())
}

/// The exact word of a booking's state.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StateWord(pub(crate) store::State);

impl FromStr for StateWord {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        store::State::parse(text.trim()).map(Self).ok_or_else(|| {
            let words: Vec<_> = store::State::ALL.into_iter().map(store::State::as_str).collect();
            say!("no-such-state", states = words.join(", "))
        })
    }
}
