//! A month, for the pages that show one.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::value::date::{DateError, RentDate};

/// A month of a year, written `2026-12`. Any day of it can be given where one is wanted.
///
/// ```
/// use namyangju_rent::RentDate;
/// use namyangju_rent::schedule::Month;
///
/// let month: Month = "2026-12".parse()?;
/// let day: RentDate = "2026-12-05".parse()?;
/// assert_eq!(month, day.into());
/// assert_eq!(month.next().to_string(), "2027-01");
/// # Ok::<(), namyangju_rent::DateError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Month {
    first: RentDate,
}

impl Month {
    /// The year, for example 2026.
    pub fn year(self) -> i16 {
        self.first.year()
    }

    /// The month of the year, 1 to 12.
    pub fn month(self) -> i8 {
        self.first.month()
    }

    /// Its first day.
    pub fn first_day(self) -> RentDate {
        self.first
    }

    /// The month after it.
    #[must_use]
    pub fn next(self) -> Self {
        self.first.plus_days(31).into()
    }

    /// Whether a day is in it.
    pub fn contains(self, date: RentDate) -> bool {
        Self::from(date) == self
    }
}

impl From<RentDate> for Month {
    fn from(date: RentDate) -> Self {
        Self { first: date.with_day(1) }
    }
}

impl FromStr for Month {
    type Err = DateError;

    fn from_str(text: &str) -> Result<Self, DateError> {
        let text = text.trim();
        let wrong = || DateError::Month(crate::value::place::shortened(text));
        if text.matches('-').count() != 1 {
            return Err(wrong());
        }
        format!("{text}-01").parse::<RentDate>().map(Self::from).map_err(|_| wrong())
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year(), self.month())
    }
}

impl TryFrom<String> for Month {
    type Error = DateError;

    fn try_from(text: String) -> Result<Self, DateError> {
        text.parse()
    }
}

impl From<Month> for String {
    fn from(month: Month) -> String {
        month.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_its_days() {
        let month: Month = " 2026-02 ".parse().unwrap();
        let day = |text: &str| text.parse::<RentDate>().unwrap();
        assert!(month.contains(day("2026-02-01")) && month.contains(day("2026-02-28")));
        assert!(!month.contains(day("2026-03-01")) && !month.contains(day("2027-02-01")));
        assert_eq!(month.next(), day("2026-03-31").into());
        assert_eq!(String::from(month), "2026-02");
        for text in ["2026", "2026-13", "2026-02-01", "", "02-2026", "2026/02"] {
            let error = text.parse::<Month>().unwrap_err().to_string();
            assert!(error.contains("write YYYY-MM, as in 2026-12"), "{text}: {error}");
        }
    }
}
