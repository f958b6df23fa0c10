//! Values of arguments that are more than one word of a list.

use std::fmt;
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
pub(crate) enum Pace {
    /// Every 500 ms for five seconds, then ever slower.
    #[default]
    Default,
    /// The figures of the system that this one replaces: every 500 ms until the end.
    Original,
}

impl From<Pace> for store::Pace {
    fn from(pace: Pace) -> Self {
        match pace {
            Pace::Default => Self::Default,
            Pace::Original => Self::Original,
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

/// The exact word of a booking's state.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StateWord(pub(crate) store::State);

impl FromStr for StateWord {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        store::State::from_word(text.trim()).map(Self).ok_or_else(|| {
            let words: Vec<_> = store::State::ALL.into_iter().map(store::State::word).collect();
            format!("no such state: there are {}", words.join(", "))
        })
    }
}
