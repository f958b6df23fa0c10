//! Durations as people write them: `5s`, `2m`, `1.5s`, `500ms`, `1h30m`; and offsets, which have a sign.

use std::time::Duration;

use crate::say::say;

/// Units and their microseconds.
const UNITS: [(&str, u64); 5] =
    [("ms", 1_000), ("s", 1_000_000), ("m", 60_000_000), ("h", 3_600_000_000), ("d", 86_400_000_000)];

/// A year: nobody waits longer, and every clock can add it.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 3600);

/// Clocks that differ by more than a day are not meant.
const MAX_OFFSET: Duration = Duration::from_secs(24 * 3600);

/// Reads one or more numbers, each with its unit; `0` needs none.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let wrong = || say!("write-duration");
    if text.trim() == "0" {
        return Ok(Duration::ZERO);
    }
    let mut rest = text.trim();
    let mut total: u64 = 0;
    if rest.is_empty() {
        return Err(wrong());
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(wrong)?;
        let (number, tail) = rest.split_at(digits);
        let letters = tail.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(letters);
        let (_, micros) = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?;
        let part = times(number, *micros).ok_or_else(wrong)?;
        total = total.checked_add(part).ok_or_else(wrong)?;
        rest = tail.trim_start();
    }
    let duration = Duration::from_micros(total);
    if duration > LONGEST { Err(say!("over-a-year")) } else { Ok(duration) }
}

/// Reads a duration with a sign as microseconds: `+120ms`, `-1.5s`, `0`.
pub(crate) fn parse_offset(text: &str) -> Result<i64, String> {
    let wrong = || say!("write-offset");
    let text = text.trim();
    let (negative, size) = match text.strip_prefix('-') {
        Some(size) => (true, size),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let size = parse(size).map_err(|_| wrong())?;
    if size > MAX_OFFSET {
        return Err(say!("over-a-day"));
    }
    let micros = i64::try_from(size.as_micros()).map_err(|_| wrong())?;
    Ok(if negative { -micros } else { micros })
}

/// A duration as [`parse`] reads it: `5m`, `1500ms`, `0`.
pub(crate) fn text(duration: Duration) -> String {
    let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
    if micros == 0 {
        return "0".to_owned();
    }
    match UNITS.iter().rev().find(|(_, unit)| micros.is_multiple_of(*unit)) {
        Some((name, unit)) => format!("{}{name}", micros / unit),
        None => format!("{}.{:03}ms", micros / 1_000, micros % 1_000),
    }
}

/// An offset as [`parse_offset`] reads it: `+120ms`, `-1500ms`, `0`.
pub(crate) fn offset_text(micros: i64) -> String {
    let sign = match micros {
        0 => "",
        1.. => "+",
        _ => "-",
    };
    format!("{sign}{}", text(Duration::from_micros(micros.unsigned_abs())))
}

/// A decimal number of units, cut to whole microseconds.
fn times(number: &str, unit: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || fraction.len() > 6 {
        return None;
    }
    let whole = whole.parse::<u64>().ok()?.checked_mul(unit)?;
    let scale = 10_u64.pow(u32::try_from(fraction.len()).ok()?);
    whole.checked_add(fraction.parse::<u64>().ok()?.checked_mul(unit)? / scale)
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
            ("1.5s", 1_500),
            ("0.25m", 15_000),
            ("1h30m", 5_400_000),
            ("1h 30m", 5_400_000),
            ("0", 0),
            ("0s", 0),
            ("366d", 31_622_400_000),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        assert_eq!(parse("0.5ms"), Ok(Duration::from_micros(500)));
        for text in [
            "",
            " ",
            "5",
            "s",
            "-5s",
            "5 s",
            "5x",
            ".5s",
            "1.s",
            "1..5s",
            "1.5",
            "5S",
            "99999999999999999999s",
            "367d",
            "오초",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_written_reads_back() {
        for (micros, written) in [
            (0, "0"),
            (1, "0.001ms"),
            (500, "0.500ms"),
            (1_500_000, "1500ms"),
            (300_000_000, "5m"),
            (5_400_000_000, "90m"),
            (172_800_000_000, "2d"),
        ] {
            let duration = Duration::from_micros(micros);
            assert_eq!((text(duration).as_str(), parse(written)), (written, Ok(duration)));
        }
        for micros in [0, 120_000, -1_500_000, 1, -86_400_000_000] {
            assert_eq!(parse_offset(&offset_text(micros)), Ok(micros));
        }
    }

    #[test]
    fn offsets_have_a_sign() {
        for (text, micros) in
            [("0", 0), ("0ms", 0), ("-0", 0), ("+120ms", 120_000), ("-1.5s", -1_500_000), ("2s", 2_000_000)]
        {
            assert_eq!(parse_offset(text), Ok(micros), "{text}");
        }
        for text in ["", "+", "--1s", "+-1s", "120", "25h", "early"] {
            assert!(parse_offset(text).is_err(), "{text}");
        }
    }
}
