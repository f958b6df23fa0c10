//! Durations as people write them: `5s`, `2m`, `500ms`, `1h30m`.

use std::time::Duration;

const UNITS: [(&str, u64); 5] = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

/// A year: nobody waits longer, and every clock can add it.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 3600);

/// Reads one or more numbers, each with its unit; `0` needs none.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let wrong = || "write numbers with units (ms, s, m, h, d), as in 5s, 2m, 500ms or 1h30m".to_owned();
    if text.trim() == "0" {
        return Ok(Duration::ZERO);
    }
    let mut rest = text.trim();
    let mut total: u64 = 0;
    if rest.is_empty() {
        return Err(wrong());
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
        let (number, tail) = rest.split_at(digits);
        let letters = tail.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(letters);
        let (_, millis) = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?;
        let number: u64 = number.parse().map_err(|_| wrong())?;
        total = number.checked_mul(*millis).and_then(|more| total.checked_add(more)).ok_or_else(wrong)?;
        rest = tail.trim_start();
    }
    let duration = Duration::from_millis(total);
    if duration > LONGEST { Err("more than a year".to_owned()) } else { Ok(duration) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_numbers_with_units() {
        for (text, millis) in [
            ("5s", 5_000),
            ("500ms", 500),
            ("2m", 120_000),
            ("1h30m", 5_400_000),
            ("1h 30m", 5_400_000),
            ("0", 0),
            ("0s", 0),
            ("366d", 31_622_400_000),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for text in
            ["", " ", "5", "s", "-5s", "5 s", "5x", "1.5s", "5S", "99999999999999999999s", "367d", "오초"]
        {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
