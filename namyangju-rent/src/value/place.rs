//! The codes of a court: centre, facility group, place (protocol.md section 3, S4).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Longest centre code taken; the longest one seen has 13 characters (`MAPOARTCENTER`).
const MAX_CENTRE: usize = 24;

/// A centre, the operator unit of a city: `comcd`, for example `NYJ07`.
///
/// Upper-case ASCII letters and digits, beginning with a letter (protocol.md 3, S4).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CentreCode(String);

/// A facility group inside a centre: `partcd`, two digits, zero-padded, for example `02`
/// (protocol.md 3, S4).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct GroupCode(String);

/// One court or pitch: `placecd`, one to three digits, not padded, unique within its centre, for
/// example `103` (protocol.md 3, S4).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CourtCode(String);

/// Why a text is not a place or one of its codes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlaceError {
    /// The text does not have the three parts of a place.
    #[error("`{0}` is not a place: write centre/group/court, as in NYJ06/07/103")]
    Parts(String),
    /// The first part is not a centre code.
    #[error("`{0}` is not a centre code: upper-case letters and digits, as in NYJ06")]
    Centre(String),
    /// The second part is not a group code.
    #[error("`{0}` is not a group code: exactly two digits, as in 07")]
    Group(String),
    /// The third part is not a court code.
    #[error("`{0}` is not a court code: one to three digits without leading zeros, as in 103")]
    Court(String),
}

macro_rules! code {
    ($code:ident, $variant:ident, $check:expr) => {
        impl $code {
            /// The code as the site writes it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $code {
            type Err = PlaceError;

            fn from_str(text: &str) -> Result<Self, PlaceError> {
                let check: fn(&str) -> bool = $check;
                if check(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(PlaceError::$variant(shortened(text)))
                }
            }
        }

        impl TryFrom<String> for $code {
            type Error = PlaceError;

            fn try_from(text: String) -> Result<Self, PlaceError> {
                text.parse()
            }
        }

        impl From<$code> for String {
            fn from(code: $code) -> String {
                code.0
            }
        }

        impl fmt::Display for $code {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

code!(CentreCode, Centre, |text| {
    text.len() <= MAX_CENTRE
        && text.starts_with(|c: char| c.is_ascii_uppercase())
        && text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
});
code!(GroupCode, Group, |text| text.len() == 2 && text.chars().all(|c| c.is_ascii_digit()));
code!(CourtCode, Court, |text| {
    (1..=3).contains(&text.len()) && !text.starts_with('0') && text.chars().all(|c| c.is_ascii_digit())
});

/// A court by its three codes, written `NYJ06/07/103`.
///
/// ```
/// use namyangju_rent::Place;
///
/// let place: Place = "NYJ06/07/103".parse()?;
/// assert_eq!(place.court.as_str(), "103");
/// assert!("NYJ06/7/103".parse::<Place>().is_err());
/// # Ok::<(), namyangju_rent::PlaceError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(extend("format" = "centre/group/court")))]
#[serde(try_from = "String", into = "String")]
pub struct Place {
    /// The operator unit (`comcd`).
    pub centre: CentreCode,
    /// The facility group (`partcd`).
    pub group: GroupCode,
    /// The court (`placecd`).
    pub court: CourtCode,
}

impl FromStr for Place {
    type Err = PlaceError;

    fn from_str(text: &str) -> Result<Self, PlaceError> {
        let mut parts = text.trim().split('/');
        let (Some(centre), Some(group), Some(court), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(PlaceError::Parts(shortened(text)));
        };
        Ok(Self { centre: centre.parse()?, group: group.parse()?, court: court.parse()? })
    }
}

impl TryFrom<String> for Place {
    type Error = PlaceError;

    fn try_from(text: String) -> Result<Self, PlaceError> {
        text.parse()
    }
}

impl From<Place> for String {
    fn from(place: Place) -> String {
        place.to_string()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.centre, self.group, self.court)
    }
}

/// The text, cut so that an error message stays one line.
pub(crate) fn shortened(text: &str) -> String {
    const MOST: usize = 40;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_prints_as_it_was_written() {
        for text in ["NYJ06/07/103", "CHEONAN02/19/6", "SPOONE/01/9"] {
            assert_eq!(text.parse::<Place>().map(|p| p.to_string()), Ok(text.to_owned()));
        }
    }

    #[test]
    fn each_wrong_part_is_named() {
        let error = |text: &str| text.parse::<Place>().unwrap_err();
        assert_eq!(error("NYJ06/07"), PlaceError::Parts("NYJ06/07".into()));
        assert_eq!(error("NYJ06/07/103/Y"), PlaceError::Parts("NYJ06/07/103/Y".into()));
        assert_eq!(error("nyj06/07/103"), PlaceError::Centre("nyj06".into()));
        assert_eq!(error("NYJ06/7/103"), PlaceError::Group("7".into()));
        assert_eq!(error("NYJ06/07/003"), PlaceError::Court("003".into()));
        assert_eq!(error("NYJ06/07/1034"), PlaceError::Court("1034".into()));
    }

    #[test]
    fn a_long_wrong_text_is_cut_in_the_error() {
        let error = "/".repeat(10_000).parse::<Place>().unwrap_err();
        assert!(error.to_string().len() < 200);
    }
}
