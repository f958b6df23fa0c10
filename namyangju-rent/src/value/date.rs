//! Dates and instants, all of them on the clock of Asia/Seoul.
//!
//! A machine that books may run in any time zone, and an hour's error there is a lost court. So no local time is ever
//! read or written: this is the only file that knows jiff, and it hands out Seoul's dates and times only.

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use jiff::civil;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::value::place::shortened;
use crate::value::slot::TimeOfDay;

/// The name of the only time zone in which this crate writes and reads.
pub const TIME_ZONE: &str = "Asia/Seoul";

static SEOUL: LazyLock<TimeZone> = LazyLock::new(|| {
    // The zone's rules are compiled in; the fixed offset is what they say for every year since 1988.
    TimeZone::get(TIME_ZONE).unwrap_or_else(|_| TimeZone::fixed(jiff::tz::offset(9)))
});

/// The day a court is used, written `2026-12-05`.
///
/// ```
/// use namyangju_rent::RentDate;
///
/// let date: RentDate = "2026-12-05".parse()?;
/// assert_eq!(date.compact(), "20261205");
/// assert!("2026-13-05".parse::<RentDate>().is_err());
/// # Ok::<(), namyangju_rent::DateError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(extend("format" = "date")))]
#[serde(try_from = "String", into = "String")]
pub struct RentDate(civil::Date);

/// An instant, read and written as Asia/Seoul: `2026-11-26 10:00:00`.
///
/// Stored as UTC with nanoseconds; converts from and to [`SystemTime`]. In JSON it is an RFC 3339
/// text with the offset `+09:00`.
///
/// ```
/// use namyangju_rent::SeoulTime;
///
/// let opening: SeoulTime = "2026-11-26 10:00:00".parse()?;
/// assert_eq!(opening, "2026-11-26T01:00:00Z".parse()?);
/// assert_eq!(opening.to_string(), "2026-11-26 10:00:00.000 Asia/Seoul");
/// # Ok::<(), namyangju_rent::DateError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(extend("format" = "date-time")))]
#[serde(try_from = "String", into = "String")]
pub struct SeoulTime(Timestamp);

/// Why a text is not a date or an instant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DateError {
    /// Not a calendar date of the years 2000 to 2199.
    #[error("`{0}` is not a date: write YYYY-MM-DD, as in 2026-12-05")]
    Date(String),
    /// Not a month.
    #[error("`{0}` is not a month: write YYYY-MM, as in 2026-12")]
    Month(String),
    /// Not an instant.
    #[error("`{0}` is not an instant: write YYYY-MM-DD HH:MM:SS (Asia/Seoul), as in 2026-11-26 10:00:00")]
    Instant(String),
}

impl RentDate {
    /// The date of a year, month and day.
    ///
    /// # Errors
    /// [`DateError::Date`] if there is no such day in the years 2000 to 2199.
    pub fn new(year: i16, month: i8, day: i8) -> Result<Self, DateError> {
        let wrong = || DateError::Date(format!("{year}-{month:02}-{day:02}"));
        let date = civil::Date::new(year, month, day).map_err(|_| wrong())?;
        if (2000..2200).contains(&year) { Ok(Self(date)) } else { Err(wrong()) }
    }

    /// The year, for example 2026.
    pub fn year(self) -> i16 {
        self.0.year()
    }

    /// The month, 1 to 12.
    pub fn month(self) -> i8 {
        self.0.month()
    }

    /// The day of the month, 1 to 31.
    pub fn day(self) -> i8 {
        self.0.day()
    }

    /// `YYYYMMDD`, as `receipt_date` has it (protocol.md 4.5, S2).
    pub fn compact(self) -> String {
        format!("{:04}{:02}{:02}", self.year(), self.month(), self.day())
    }

    /// Reads `YYYYMMDD`.
    pub fn from_compact(text: &str) -> Option<Self> {
        if text.len() != 8 || !text.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<i16>().ok();
        let (month, day) = (number(4..6)?, number(6..8)?);
        Self::new(number(0..4)?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
    }

    /// The instant of this day at `time`; `24:00` is the next midnight.
    pub fn at(self, time: TimeOfDay) -> SeoulTime {
        let midnight = self.0.at(0, 0, 0, 0);
        let civil =
            midnight.checked_add(SignedDuration::from_mins(i64::from(time.minutes()))).unwrap_or(midnight);
        // Ambiguous and skipped times do not occur in Seoul after 1988; the zone has an answer for them anyway.
        SEOUL
            .to_ambiguous_zoned(civil)
            .compatible()
            .map_or(SeoulTime(Timestamp::MAX), |z| SeoulTime(z.timestamp()))
    }

    /// This date plus `days`, which may be negative; unchanged if the result is out of range.
    #[must_use]
    pub fn plus_days(self, days: i32) -> Self {
        self.0.checked_add(SignedDuration::from_hours(24 * i64::from(days))).map_or(self, Self)
    }

    /// The same day number in the month before, or its last day if it is shorter.
    pub(crate) fn first_of_month_before(self) -> Self {
        self.0.first_of_month().yesterday().map_or(self, |last| Self(last.first_of_month()))
    }

    /// The day of the month set to `day`, or the month's last day if it is shorter.
    pub(crate) fn with_day(self, day: i8) -> Self {
        let day = day.clamp(1, self.0.days_in_month());
        self.0.with().day(day).build().map_or(self, Self)
    }

    /// The weekday in Korean, 월 to 일.
    pub fn weekday_korean(self) -> &'static str {
        match self.0.weekday() {
            civil::Weekday::Monday => "월",
            civil::Weekday::Tuesday => "화",
            civil::Weekday::Wednesday => "수",
            civil::Weekday::Thursday => "목",
            civil::Weekday::Friday => "금",
            civil::Weekday::Saturday => "토",
            civil::Weekday::Sunday => "일",
        }
    }

    /// The number of days in its month.
    #[cfg(feature = "harness")]
    pub(crate) fn days_in_month(self) -> i8 {
        self.0.days_in_month()
    }
}

impl FromStr for RentDate {
    type Err = DateError;

    fn from_str(text: &str) -> Result<Self, DateError> {
        let wrong = || DateError::Date(shortened(text));
        let mut parts = text.trim().split('-');
        let (Some(year), Some(month), Some(day), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(wrong());
        };
        let number = |text: &str, longest: usize| -> Result<i16, DateError> {
            let plain = (1..=longest).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
            if plain { text.parse().map_err(|_| wrong()) } else { Err(wrong()) }
        };
        let small = |text| i8::try_from(number(text, 2)?).map_err(|_| wrong());
        Self::new(number(year, 4)?, small(month)?, small(day)?).map_err(|_| wrong())
    }
}

impl fmt::Display for RentDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year(), self.month(), self.day())
    }
}

impl SeoulTime {
    /// The day it is in Seoul at this instant.
    pub fn date(self) -> RentDate {
        RentDate(self.0.to_zoned(SEOUL.clone()).date())
    }

    /// The time from `earlier` to this instant; zero if `earlier` is the later one.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::try_from(self.0.duration_since(earlier.0)).unwrap_or_default()
    }

    /// This instant plus `duration`, at most the last instant that can be represented.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        let signed = SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX);
        Self(self.0.checked_add(signed).unwrap_or(Timestamp::MAX))
    }

    /// This instant minus `duration`, at least the first instant that can be represented.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        let signed = SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX);
        Self(self.0.checked_sub(signed).unwrap_or(Timestamp::MIN))
    }

    /// Seconds since 1970-01-01 UTC, rounded down.
    pub fn unix_seconds(self) -> i64 {
        self.0.as_nanosecond().div_euclid(1_000_000_000).try_into().unwrap_or(i64::MAX)
    }

    /// Microseconds since 1970-01-01 UTC, rounded down.
    pub fn unix_micros(self) -> i64 {
        self.0.as_nanosecond().div_euclid(1_000).try_into().unwrap_or(i64::MAX)
    }

    /// The instant `micros` microseconds after 1970-01-01 UTC, or the nearest one that can be represented.
    pub fn from_unix_micros(micros: i64) -> Self {
        let nearest = if micros < 0 { Timestamp::MIN } else { Timestamp::MAX };
        Self(Timestamp::from_microsecond(micros).unwrap_or(nearest))
    }

    /// The hour, minute and second it is in Seoul, `10:00:00.000`.
    pub fn time_text(self) -> String {
        self.0.to_zoned(SEOUL.clone()).strftime("%H:%M:%S%.3f").to_string()
    }
}

impl From<SystemTime> for SeoulTime {
    fn from(time: SystemTime) -> Self {
        Self(Timestamp::try_from(time).unwrap_or(Timestamp::MAX))
    }
}

impl From<SeoulTime> for SystemTime {
    fn from(time: SeoulTime) -> SystemTime {
        time.0.into()
    }
}

impl FromStr for SeoulTime {
    type Err = DateError;

    fn from_str(text: &str) -> Result<Self, DateError> {
        let wrong = || DateError::Instant(shortened(text));
        let trimmed = text.trim();
        let trimmed = trimmed
            .strip_suffix(TIME_ZONE)
            .or_else(|| trimmed.strip_suffix("KST"))
            .unwrap_or(trimmed)
            .trim_end();
        if let Ok(instant) = trimmed.parse::<Timestamp>() {
            return Ok(Self(instant));
        }
        let civil: civil::DateTime = trimmed.parse().map_err(|_| wrong())?;
        if trimmed.len() < "2026-11-26 10:00".len() {
            return Err(wrong());
        }
        SEOUL.to_ambiguous_zoned(civil).compatible().map(|z| Self(z.timestamp())).map_err(|_| wrong())
    }
}

impl fmt::Debug for SeoulTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for SeoulTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {TIME_ZONE}", self.0.to_zoned(SEOUL.clone()).strftime("%Y-%m-%d %H:%M:%S%.3f"))
    }
}

impl TryFrom<String> for RentDate {
    type Error = DateError;

    fn try_from(text: String) -> Result<Self, DateError> {
        text.parse()
    }
}

impl From<RentDate> for String {
    fn from(date: RentDate) -> String {
        date.to_string()
    }
}

impl TryFrom<String> for SeoulTime {
    type Error = DateError;

    fn try_from(text: String) -> Result<Self, DateError> {
        text.parse()
    }
}

impl From<SeoulTime> for String {
    fn from(time: SeoulTime) -> String {
        time.0.to_zoned(SEOUL.clone()).strftime("%Y-%m-%dT%H:%M:%S%.6f%:z").to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_padded_or_not_and_printed_padded() {
        assert_eq!("2026-2-5".parse::<RentDate>().map(|d| d.to_string()), Ok("2026-02-05".into()));
        assert_eq!(RentDate::from_compact("20261205"), "2026-12-05".parse().ok());
        for text in [
            "",
            "2026-02-30",
            "2026/12/05",
            "26-12-05",
            "2026-12-05-01",
            "+2026-1-1",
            "2300-01-01",
            "2026-12-5x",
        ] {
            assert!(text.parse::<RentDate>().is_err(), "{text}");
        }
        for text in ["2026120", "202612055", "2026-2-5", "20261332", "二〇二六"] {
            assert_eq!(RentDate::from_compact(text), None, "{text}");
        }
    }

    #[test]
    fn instants_without_an_offset_are_in_seoul() {
        let utc: SeoulTime = "2026-11-26T01:00:00Z".parse().unwrap();
        for text in [
            "2026-11-26 10:00:00",
            "2026-11-26T10:00",
            "2026-11-26 10:00:00 Asia/Seoul",
            "2026-11-26 10:00:00 KST",
            "2026-11-26T10:00:00+09:00",
        ] {
            assert_eq!(text.parse(), Ok(utc), "{text}");
        }
        for text in ["", "10:00", "2026-11-26", "2026-11-26 25:00:00", "tomorrow"] {
            assert!(text.parse::<SeoulTime>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_instant_survives_json_and_its_own_print() {
        let instant: SeoulTime = "2026-11-26 09:59:59.123456".parse().unwrap();
        let json = serde_json::to_string(&instant).unwrap();
        assert_eq!(json, "\"2026-11-26T09:59:59.123456+09:00\"");
        assert_eq!(serde_json::from_str::<SeoulTime>(&json).unwrap(), instant);
        assert_eq!(instant.to_string().parse::<SeoulTime>().unwrap().unix_seconds(), instant.unix_seconds());
    }

    #[test]
    fn arithmetic_stops_at_the_ends_of_time() {
        let instant: SeoulTime = "2026-11-26 10:00:00".parse().unwrap();
        assert_eq!(instant.plus(Duration::MAX), SeoulTime(Timestamp::MAX));
        assert_eq!(instant.minus(Duration::MAX), SeoulTime(Timestamp::MIN));
        assert_eq!(instant.since(instant.plus(Duration::from_secs(1))), Duration::ZERO);
        assert_eq!(instant.plus(Duration::from_millis(1500)).since(instant), Duration::from_millis(1500));
    }

    #[test]
    fn a_day_ends_at_the_next_midnight() {
        let date: RentDate = "2026-12-31".parse().unwrap();
        assert_eq!(date.at("24:00".parse().unwrap()), "2027-01-01 00:00:00".parse().unwrap());
        assert_eq!(date.plus_days(1).to_string(), "2027-01-01");
        assert_eq!(date.with_day(31).first_of_month_before().with_day(31).to_string(), "2026-11-30");
        assert_eq!(date.weekday_korean(), "목");
    }
}
