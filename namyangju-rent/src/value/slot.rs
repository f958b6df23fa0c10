//! The rounds of a day: time numbers, times of day, what a slot is hired for and what its state is.
//!
//! The site writes each of them as bare text or digits, and a time number, a round and an hour are easily taken for
//! each other. Here each is a type of its own, checked when it is read and plain afterwards.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::value::place::shortened;

/// The site's number of one slot row: `receipt_time[]`, a row id of its whole database.
///
/// It is read from a page and never computed: operators re-create rows, so neighbours have
/// unrelated numbers (protocol.md 3 and 8.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct TimeNo(pub u32);

/// The position of a slot in its day, written `1회`, `2회` and so on by the site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Round(pub u8);

/// A time of day in whole minutes, `00:00` to `24:00`, on the clock of Asia/Seoul.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeOfDay(u16);

/// A stretch of one day, written `06:00-08:00`; the site writes `06:00 ~ 08:00`.
///
/// ```
/// use namyangju_rent::TimeRange;
///
/// let range: TimeRange = "14:00-17:00".parse()?;
/// assert_eq!(range.minutes(), 180);
/// assert_eq!("14:00 ~ 17:00".parse(), Ok(range));
/// # Ok::<(), namyangju_rent::TimeError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(extend("format" = "HH:MM-HH:MM")))]
#[serde(try_from = "String", into = "String")]
pub struct TimeRange {
    start: TimeOfDay,
    end: TimeOfDay,
}

/// Why a text is not a time of day, a stretch of one, a time number or a round.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TimeError {
    /// Not `HH:MM`.
    #[error("`{0}` is not a time of day: write HH:MM, 00:00 to 24:00")]
    TimeOfDay(String),
    /// Not `HH:MM-HH:MM`.
    #[error("`{0}` is not a stretch of time: write HH:MM-HH:MM, as in 06:00-08:00")]
    Range(String),
    /// The end is not after the start.
    #[error("{start}-{end} ends before it begins")]
    Backwards {
        /// The start as given.
        start: TimeOfDay,
        /// The end as given.
        end: TimeOfDay,
    },
    /// Not a time number.
    #[error("`{0}` is not a time number: a whole number of up to nine digits, as in 1833")]
    TimeNo(String),
}

impl FromStr for TimeNo {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        let digits = text.trim();
        let plain = (1..=9).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        match digits.parse() {
            Ok(number) if plain => Ok(Self(number)),
            _ => Err(TimeError::TimeNo(shortened(text))),
        }
    }
}

impl fmt::Display for TimeNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Round {
    /// The round a cell of the site names, `3회` or `제 03 회차`; `None` for other texts.
    pub fn from_cell(text: &str) -> Option<Self> {
        if !text.contains('회') {
            return None;
        }
        let digits = text.trim_start_matches(|c: char| !c.is_ascii_digit());
        let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
        digits.get(..end)?.parse().ok().map(Self)
    }
}

impl fmt::Display for Round {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}회", self.0)
    }
}

impl TimeOfDay {
    const LAST: u16 = 24 * 60;

    /// The time of day `minutes` after midnight; `None` after `24:00`.
    pub const fn from_minutes(minutes: u16) -> Option<Self> {
        if minutes <= Self::LAST { Some(Self(minutes)) } else { None }
    }

    /// Minutes since midnight, 0 to 1440.
    pub const fn minutes(self) -> u16 {
        self.0
    }

    /// Reads four digits without a colon, as `use_time_list` has them (protocol.md 6.1, S1).
    pub(crate) fn from_digits(text: &str) -> Option<Self> {
        if text.len() != 4 {
            return None;
        }
        Self::from_parts(text.get(..2)?, text.get(2..)?)
    }

    /// Four digits without a colon.
    #[cfg(feature = "harness")]
    pub(crate) fn to_digits(self) -> String {
        format!("{:02}{:02}", self.0 / 60, self.0 % 60)
    }

    fn from_parts(hours: &str, minutes: &str) -> Option<Self> {
        let number = |text: &str, longest: usize| -> Option<u16> {
            let plain = (1..=longest).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
            plain.then(|| text.parse().ok()).flatten()
        };
        let (hours, minutes) = (number(hours, 2)?, number(minutes, 2).filter(|_| minutes.len() == 2)?);
        if minutes > 59 {
            return None;
        }
        Self::from_minutes(hours * 60 + minutes)
    }
}

impl FromStr for TimeOfDay {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        text.trim()
            .split_once(':')
            .and_then(|(hours, minutes)| Self::from_parts(hours, minutes))
            .ok_or_else(|| TimeError::TimeOfDay(shortened(text)))
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl TimeRange {
    /// A stretch from `start` to `end`. An `end` of `00:00` is the midnight that ends the day, `24:00`: pages print the
    /// last round of a day either way.
    ///
    /// # Errors
    /// [`TimeError::Backwards`] if `end` is not after `start`.
    pub fn new(start: TimeOfDay, end: TimeOfDay) -> Result<Self, TimeError> {
        let end = if end.0 == 0 && start.0 > 0 { TimeOfDay(TimeOfDay::LAST) } else { end };
        if end > start { Ok(Self { start, end }) } else { Err(TimeError::Backwards { start, end }) }
    }

    /// A whole day, 00:00 to 24:00.
    pub const fn whole_day() -> Self {
        Self { start: TimeOfDay(0), end: TimeOfDay(TimeOfDay::LAST) }
    }

    /// Where it begins.
    pub fn start(self) -> TimeOfDay {
        self.start
    }

    /// Where it ends.
    pub fn end(self) -> TimeOfDay {
        self.end
    }

    /// Its length in minutes.
    pub fn minutes(self) -> u16 {
        self.end.0 - self.start.0
    }

    /// Whether `other` lies within it.
    pub fn covers(self, other: TimeRange) -> bool {
        self.start <= other.start && other.end <= self.end
    }
}

impl FromStr for TimeRange {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        let (start, end) =
            text.split_once(['-', '~', '–']).ok_or_else(|| TimeError::Range(shortened(text)))?;
        Self::new(start.parse()?, end.parse()?)
    }
}

impl fmt::Display for TimeRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.start, self.end)
    }
}

macro_rules! as_string {
    ($($value:ident),*) => {$(
        impl TryFrom<String> for $value {
            type Error = TimeError;

            fn try_from(text: String) -> Result<Self, TimeError> {
                text.parse()
            }
        }

        impl From<$value> for String {
            fn from(value: $value) -> String {
                value.to_string()
            }
        }
    )*};
}
as_string!(TimeOfDay, TimeRange);

/// The state of a slot as a page shows it (protocol.md 5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SlotState {
    /// It can be applied for now: 예약가능.
    Free,
    /// Booked: 예약완료.
    Booked,
    /// Closed for all: 마감.
    Closed,
    /// Kept out of reservation by the operator: 예약불가.
    Unavailable,
    /// Given by lot: 추첨접수.
    Lottery,
    /// The page shows no state: not open yet, closed or past; it does not tell which.
    NotShown,
    /// A word that the dialect does not know.
    Other,
}

impl SlotState {
    /// The word a person reads in a table.
    pub fn word(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Booked => "booked",
            Self::Closed => "closed",
            Self::Unavailable => "unavailable",
            Self::Lottery => "lottery",
            Self::NotShown => "not shown",
            Self::Other => "other",
        }
    }
}

/// What a court is hired for: the site keeps a list of slots for each (protocol.md 4.4, S2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// A sports event, 체육.
    #[default]
    Sports,
    /// Any other event, 비체육.
    Events,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_take_what_people_and_pages_write() {
        for (text, minutes) in [("06:00", 360), ("6:00", 360), (" 23:59 ", 1439), ("24:00", 1440)] {
            assert_eq!(text.parse::<TimeOfDay>().map(TimeOfDay::minutes), Ok(minutes), "{text}");
        }
        for text in ["", "6", "06:0", "24:01", "12:60", "-1:00", "1 2:00", "０６:00", "99:99"] {
            assert!(text.parse::<TimeOfDay>().is_err(), "{text}");
        }
    }

    #[test]
    fn ranges_know_their_order() {
        assert!("08:00-06:00".parse::<TimeRange>().is_err());
        assert!("08:00-08:00".parse::<TimeRange>().is_err());
        assert!("08:00".parse::<TimeRange>().is_err());
        assert!("00:00-00:00".parse::<TimeRange>().is_err());
        let last: TimeRange = "22:00 ~ 00:00".parse().unwrap();
        assert_eq!((last.to_string(), last.minutes()), ("22:00-24:00".to_owned(), 120));
        let long: TimeRange = "14:00~17:00".parse().unwrap();
        assert!(long.covers("15:00-16:00".parse().unwrap()));
        assert!(!long.covers("16:00-18:00".parse().unwrap()));
    }

    #[test]
    fn rounds_are_read_from_padded_cells() {
        assert_eq!(Round::from_cell(" 3회 "), Some(Round(3)));
        assert_eq!(Round::from_cell("제 03 회차"), Some(Round(3)));
        assert_eq!(Round::from_cell("3"), None);
        assert_eq!(Round::from_cell("999회"), None);
    }

    #[test]
    fn time_numbers_are_plain_digits() {
        assert_eq!("1833".parse(), Ok(TimeNo(1833)));
        for text in ["", "+1", "-1", "1 8", "1234567890", "１"] {
            assert!(text.parse::<TimeNo>().is_err(), "{text}");
        }
    }

    #[test]
    fn digits_of_the_time_list() {
        assert_eq!(TimeOfDay::from_digits("1430").map(|t| t.to_string()), Some("14:30".into()));
        assert_eq!(TimeOfDay::from_digits("143"), None);
        assert_eq!(TimeOfDay::from_digits("1가"), None);
    }
}
