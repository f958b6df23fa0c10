//! Amounts in won, which the site writes with and without comma (protocol.md 6).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::value::place::shortened;

/// An amount in won.
///
/// The applicant form holds both spellings side by side: `sale_amt` without comma and
/// `payment_total_amt` with it (protocol.md 6 rows 13 and 17, S2).
///
/// ```
/// use namyangju_rent::schedule::Won;
///
/// let price: Won = "82,500".parse()?;
/// assert_eq!(price, Won(82_500));
/// assert_eq!(price.to_string(), "82500");
/// assert_eq!(price.with_comma(), "82,500");
/// # Ok::<(), namyangju_rent::schedule::WonError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Won(pub u32);

/// A text that is not an amount in won.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an amount in won: digits, with or without commas, as in 5,000")]
pub struct WonError(String);

impl Won {
    /// The amount with a comma before each three digits.
    pub fn with_comma(self) -> String {
        let digits = self.0.to_string();
        let mut out = String::with_capacity(digits.len() + digits.len() / 3);
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                out.push(',');
            }
            out.push(digit);
        }
        out
    }

    /// The amount reduced by `percent`, rounded down to a whole won.
    pub fn less_percent(self, percent: u8) -> Self {
        let kept = u64::from(100_u8.saturating_sub(percent));
        Self(u32::try_from(u64::from(self.0) * kept / 100).unwrap_or(self.0))
    }
}

impl FromStr for Won {
    type Err = WonError;

    fn from_str(text: &str) -> Result<Self, WonError> {
        let wrong = || WonError(shortened(text));
        let trimmed = text.trim();
        let trimmed = trimmed.strip_suffix('원').unwrap_or(trimmed).trim_end();
        if !trimmed.starts_with(|c: char| c.is_ascii_digit()) || trimmed.ends_with(',') {
            return Err(wrong());
        }
        let digits: String = trimmed.chars().filter(|c| *c != ',').collect();
        if !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(wrong());
        }
        digits.parse().map(Self).map_err(|_| wrong())
    }
}

impl fmt::Display for Won {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_stand_before_each_three_digits() {
        for (won, text) in
            [(0, "0"), (999, "999"), (1_000, "1,000"), (118_840, "118,840"), (1_234_567, "1,234,567")]
        {
            assert_eq!(Won(won).with_comma(), text);
            assert_eq!(text.parse(), Ok(Won(won)));
        }
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in ["", ",", "1,", "-5", "5.0", "천원", "99999999999"] {
            assert!(text.parse::<Won>().is_err(), "{text}");
        }
        assert_eq!(" 5,000 원".parse(), Ok(Won(5_000)));
    }

    #[test]
    fn half_of_the_captured_price_is_the_captured_payment() {
        assert_eq!(Won(165_000).less_percent(50), Won(82_500));
        assert_eq!(Won(10_000).less_percent(50), Won(5_000));
        assert_eq!(Won(u32::MAX).less_percent(0), Won(u32::MAX));
        assert_eq!(Won(7).less_percent(200), Won(0));
    }
}
