//! What a person applies with, and why an application would be refused before it is sent.
//!
//! An attempt at the opening is too precious to be lost to a typing error, so everything that the site is known to
//! refuse is refused here first, with the name of the field.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::value::slot::TimeRange;
use crate::value::text;
use crate::value::text::nfc;

/// The applicant's data, as it goes into the form (protocol.md 6).
///
/// Texts are kept, and sent, in composed form: see [`nfc`].
///
/// `Debug` shows no names and no phone numbers.
///
/// ```
/// use namyangju_rent::Application;
///
/// let mut application = Application::new("가나다클럽", "4".parse()?, "테니스", "운동");
/// application.telephone = Some("02-000-0000".parse()?);
/// # Ok::<(), namyangju_rent::ApplicationError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Application {
    /// The club or group (`club_name`).
    #[serde(deserialize_with = "text::deserialize")]
    pub club_name: String,
    /// How many people come (`group_count`).
    pub head_count: HeadCount,
    /// The name of the event (`playname`), for example 테니스.
    #[serde(deserialize_with = "text::deserialize")]
    pub event_name: String,
    /// What the court is used for (`reason`), for example 운동.
    #[serde(deserialize_with = "text::deserialize")]
    pub purpose: String,
    /// The applicant (`appli_name`); `None` keeps what the site prefills from the account.
    #[serde(default, deserialize_with = "text::deserialize_option")]
    pub applicant_name: Option<String>,
    /// A landline number (`tel`); `None` keeps what the page has.
    #[serde(default)]
    pub telephone: Option<Phone>,
    /// A mobile number (`hp`); `None` keeps what the site prefills from the account.
    #[serde(default)]
    pub mobile: Option<Phone>,
    /// How many of them are men (`group_count_man`); empty if `None`.
    #[serde(default)]
    pub men: Option<u16>,
    /// How many of them are women (`group_count_woman`); empty if `None`.
    #[serde(default)]
    pub women: Option<u16>,
    /// The code of a discount group, as the form offers it; `None` keeps the form's first.
    #[serde(default, deserialize_with = "text::deserialize_option")]
    pub discount: Option<String>,
}

impl Application {
    /// An application with the data that has no default.
    pub fn new(
        club_name: impl Into<String>,
        head_count: HeadCount,
        event_name: impl Into<String>,
        purpose: impl Into<String>,
    ) -> Self {
        Self {
            club_name: nfc(&club_name.into()),
            head_count,
            event_name: nfc(&event_name.into()),
            purpose: nfc(&purpose.into()),
            applicant_name: None,
            telephone: None,
            mobile: None,
            men: None,
            women: None,
            discount: None,
        }
    }
}

impl fmt::Debug for Application {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Application")
            .field("head_count", &self.head_count)
            .field("event_name", &self.event_name)
            .field("purpose", &self.purpose)
            .field("discount", &self.discount)
            .finish_non_exhaustive()
    }
}

/// How many people use the court: 1 to 999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(extend("minimum" = 1, "maximum" = 999)))]
#[serde(try_from = "u16", into = "u16")]
pub struct HeadCount(u16);

impl HeadCount {
    const MOST: u16 = 999;

    /// The number.
    pub fn get(self) -> u16 {
        self.0
    }
}

impl TryFrom<u16> for HeadCount {
    type Error = ApplicationError;

    fn try_from(count: u16) -> Result<Self, ApplicationError> {
        if (1..=Self::MOST).contains(&count) { Ok(Self(count)) } else { Err(ApplicationError::HeadCount) }
    }
}

impl From<HeadCount> for u16 {
    fn from(count: HeadCount) -> u16 {
        count.0
    }
}

impl FromStr for HeadCount {
    type Err = ApplicationError;

    fn from_str(text: &str) -> Result<Self, ApplicationError> {
        text.trim().parse::<u16>().map_err(|_| ApplicationError::HeadCount)?.try_into()
    }
}

impl fmt::Display for HeadCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A phone number in three parts, `010-0000-0000`. `Debug` does not show it.
///
/// ```
/// use namyangju_rent::Phone;
///
/// let phone: Phone = "01000000000".parse()?;
/// assert_eq!(phone.to_wire(), "010-0000-0000");
/// assert_eq!(format!("{phone:?}"), "Phone(***)");
/// # Ok::<(), namyangju_rent::ApplicationError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(extend("format" = "phone")))]
#[serde(try_from = "String", into = "String")]
pub struct Phone([String; 3]);

impl Phone {
    /// The parts joined by `-`, as the site's page script joins them (protocol.md 6 rows 22 and 23).
    pub fn to_wire(&self) -> String {
        self.0.join("-")
    }
}

impl FromStr for Phone {
    type Err = ApplicationError;

    fn from_str(text: &str) -> Result<Self, ApplicationError> {
        let wrong = || ApplicationError::Phone;
        let text = text.trim();
        let plain = text.chars().all(|c| c.is_ascii_digit() || matches!(c, '-' | ' ' | '.'));
        let parts: Vec<String> =
            text.split(['-', ' ', '.']).filter(|part| !part.is_empty()).map(str::to_owned).collect();
        let parts: [String; 3] = match parts.try_into() {
            Ok(parts) => parts,
            Err(parts) => {
                let [digits] = <[String; 1]>::try_from(parts).map_err(|_| wrong())?;
                split_digits(&digits).ok_or_else(wrong)?
            }
        };
        let lengths = parts.each_ref().map(String::len);
        let [first, second, third] = lengths;
        let fits = (2..=4).contains(&first) && (3..=4).contains(&second) && third == 4;
        if plain && fits && parts.first().is_some_and(|p| p.starts_with('0')) {
            Ok(Self(parts))
        } else {
            Err(wrong())
        }
    }
}

/// Digits without separators, split as Korean numbers are: `02` or a three-digit code, then the last four.
fn split_digits(digits: &str) -> Option<[String; 3]> {
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let code = if digits.starts_with("02") { 2 } else { 3 };
    let last = digits.len().checked_sub(4).filter(|last| *last > code)?;
    let part = |range: std::ops::Range<usize>| digits.get(range).map(str::to_owned);
    Some([part(0..code)?, part(code..last)?, part(last..digits.len())?])
}

impl TryFrom<String> for Phone {
    type Error = ApplicationError;

    fn try_from(text: String) -> Result<Self, ApplicationError> {
        text.parse()
    }
}

impl From<Phone> for String {
    fn from(phone: Phone) -> String {
        phone.to_wire()
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Phone(***)")
    }
}

/// Why an application, or its choice of slots, would be refused. Nothing was sent.
///
/// [`ApplicationError::field`] names the field on the wire.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ApplicationError {
    /// A text that the site demands is empty.
    #[error("`{0}` is empty: the site demands it")]
    Empty(String),
    /// The head count is not 1 to 999.
    #[error("the head count (`group_count`) is a whole number from 1 to 999")]
    HeadCount,
    /// Not a phone number.
    #[error("that is no phone number (`tel`, `hp`): write it as 010-0000-0000")]
    Phone,
    /// The form offers no such discount.
    #[error("the form has no discount `{code}`: it offers {offered}")]
    NoSuchDiscount {
        /// The code asked for.
        code: String,
        /// The codes there are.
        offered: String,
    },
    /// The dialect does not say what this discount takes off, so the payment cannot be told.
    #[error("what discount `{0}` takes off is not in the dialect: add it to `application.discounts`")]
    UnknownDiscount(String),
    /// The time does not begin and end where rounds do.
    #[error("{asked} is no round of that day, nor several adjacent ones: its rounds are {rounds}")]
    NotARound {
        /// The time asked for.
        asked: TimeRange,
        /// The rounds there are.
        rounds: String,
    },
    /// A slot of the time asked for is shown, but cannot be chosen.
    #[error("{0} cannot be chosen: somebody has it, or it is not open")]
    NotFree(TimeRange),
    /// No slot was chosen.
    #[error("no slot (`receipt_time[]`) is chosen")]
    NoSlot,
    /// The slots are not one run.
    #[error("the chosen slots (`receipt_time[]`) are not adjacent: one application takes one run")]
    NotAdjacent,
    /// More than the page allows.
    #[error("{asked_minutes} minutes are more than the {most} that one application may hold")]
    TooLong {
        /// The length asked for, in minutes.
        asked_minutes: u16,
        /// The most the page allows.
        most: String,
    },
    /// Less than the page allows.
    #[error("{asked_minutes} minutes are less than the {least_hours} hours that an application must hold")]
    TooShort {
        /// The length asked for, in minutes.
        asked_minutes: u16,
        /// The least the page allows, in hours.
        least_hours: u8,
    },
    /// The date is past.
    #[error("{0} is past: today is {1} (Asia/Seoul)")]
    Past(crate::value::date::RentDate, crate::value::date::RentDate),
}

impl ApplicationError {
    /// The wire name of the field that is wrong.
    pub fn field(&self) -> &str {
        match self {
            Self::Empty(field) => field,
            Self::HeadCount => "group_count",
            Self::Phone => "tel",
            Self::NoSuchDiscount { .. } | Self::UnknownDiscount(_) => "discount",
            Self::Past(..) => "receipt_date",
            Self::NotARound { .. }
            | Self::NotFree(_)
            | Self::NoSlot
            | Self::NotAdjacent
            | Self::TooLong { .. }
            | Self::TooShort { .. } => "receipt_time[]",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phone_numbers_are_taken_with_and_without_dashes() {
        for (text, wire) in [
            ("010-0000-0000", "010-0000-0000"),
            ("01000000000", "010-0000-0000"),
            ("020000000", "02-000-0000"),
            ("031 000 0000", "031-000-0000"),
        ] {
            assert_eq!(text.parse::<Phone>().map(|p| p.to_wire()), Ok(wire.to_owned()), "{text}");
        }
        for text in [
            "",
            "010",
            "010-0000",
            "+82-10-0000-0000",
            "010-0000-00000",
            "110-000-0000",
            "가나다",
            "010-0000-000a",
        ] {
            assert!(text.parse::<Phone>().is_err(), "{text}");
        }
    }

    #[test]
    fn head_counts_are_one_or_more() {
        for text in ["0", "-1", "1000", "four", "", "70000"] {
            assert_eq!(text.parse::<HeadCount>(), Err(ApplicationError::HeadCount), "{text}");
        }
        assert_eq!("4".parse::<HeadCount>().map(HeadCount::get), Ok(4));
    }

    #[test]
    fn decomposed_hangul_is_composed() {
        let decomposed = "\u{1110}\u{1166}\u{1102}\u{1175}\u{1109}\u{1173}";
        let application = Application::new(decomposed, HeadCount(4), decomposed, decomposed);
        let composed = Application { applicant_name: Some("테니스".into()), ..application.clone() };
        assert_eq!(
            (&*application.club_name, &*application.event_name, &*application.purpose),
            ("테니스", "테니스", "테니스")
        );
        let stored = serde_json::to_string(&composed).unwrap().replace("테니스", decomposed);
        assert!(stored.contains(decomposed));
        assert_eq!(serde_json::from_str::<Application>(&stored).unwrap(), composed);
    }

    #[test]
    fn debug_shows_no_person() {
        let mut application = Application::new("가나다클럽", HeadCount(4), "테니스", "운동");
        application.applicant_name = Some("홍길동".into());
        application.mobile = Some("010-0000-0000".parse().unwrap());
        let shown = format!("{application:?}");
        for private in ["홍길동", "가나다", "0000"] {
            assert!(!shown.contains(private), "{shown}");
        }
    }
}
