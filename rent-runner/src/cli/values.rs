//! Values of arguments that are more than one word of a list.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use clap::ValueEnum;
use namyangju_rent::{DateError, Place, PlaceError, RentDate, SeoulTime, TimeError, TimeRange};

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
                let instant = text.parse().map_err(|error| format!("{error}, or `auto`, or `now`"))?;
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

/// One court at one time, written `NYJ06/07/103 2026-12-05 06:00-08:00`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Choice {
    pub(crate) place: Place,
    pub(crate) date: RentDate,
    pub(crate) range: TimeRange,
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.place, self.date, self.range)
    }
}

impl FromStr for Choice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let words: Vec<_> = text.split_whitespace().collect();
        let [place, date, range] = words[..] else {
            return Err(
                "write PLACE DATE FROM-TO in one argument, as in `NYJ06/07/103 2026-12-05 06:00-08:00`"
                    .to_owned(),
            );
        };
        Ok(Self {
            place: place.parse().map_err(|error: PlaceError| error.to_string())?,
            date: date.parse().map_err(|error: DateError| error.to_string())?,
            range: range.parse().map_err(|error: TimeError| error.to_string())?,
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
        _ => Err(format!("write a number from {} to {}", bounds.start(), bounds.end())),
    }
}

/// How many requests a booking may send after its opening.
pub(super) fn most_requests(text: &str) -> Result<u32, String> {
    match text.trim().parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err("write a whole number from 1 on".to_owned()),
    }
}

/// The number of a stored booking.
pub(super) fn booking_number(text: &str) -> Result<i64, String> {
    numbered(text, "write the number of a booking, as `rent-runner list` shows it")
}

/// The number of an attempt of a booking.
pub(super) fn attempt_number(text: &str) -> Result<u32, String> {
    let number = numbered(text, "write the number of an attempt, as `rent-runner show` tells it")?;
    u32::try_from(number).map_err(|_| "no booking has that many attempts".to_owned())
}

/// The number of a round of a booking.
pub(super) fn round_number(text: &str) -> Result<i64, String> {
    numbered(text, "write the number of a round, as `rent-runner show` tells it")
}

fn numbered(text: &str, wrong: &str) -> Result<i64, String> {
    text.trim().parse().ok().filter(|number| *number > 0).ok_or_else(|| wrong.to_owned())
}

/// A login name.
pub(super) fn login(text: &str) -> Result<String, String> {
    let login = text.trim();
    if login.is_empty() || login.chars().any(char::is_control) {
        return Err("write the login name, on one line".to_owned());
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
            format!("no such state: there are {}", words.join(", "))
        })
    }
}
