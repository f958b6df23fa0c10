//! Days and times as people write them: 12월 5일(토) 06:00~08:00, Sat 5 December 06:00-08:00.

use namyangju_rent::{RentDate, TimeRange};

use super::language::{Language, current};
use super::say;

/// The day of a week in one syllable or three letters: 토, Sat.
pub(crate) fn weekday(date: RentDate) -> &'static str {
    let korean = date.weekday_korean();
    if current() == Language::Korean {
        return korean;
    }
    match korean {
        "월" => "Mon",
        "화" => "Tue",
        "수" => "Wed",
        "목" => "Thu",
        "금" => "Fri",
        "토" => "Sat",
        _ => "Sun",
    }
}

/// A day: 12월 5일(토), Sat 5 December.
pub(crate) fn day(date: RentDate) -> String {
    say!("day", month = date.month(), day = date.day(), weekday = weekday(date))
}

/// A day and a stretch of it: 12월 5일(토) 06:00~08:00, Sat 5 December 06:00-08:00.
pub(crate) fn day_and_time(date: RentDate, range: TimeRange) -> String {
    let (from, to) = (range.start(), range.end());
    say!("day-and-time", day = day(date), from = from, to = to)
}

#[cfg(test)]
mod tests {
    use super::super::in_language;
    use super::*;

    #[test]
    fn days_are_written_as_people_write_them() {
        let (date, range) = ("2026-12-05".parse().unwrap(), "06:00-08:00".parse().unwrap());
        let said = |language| in_language(language, || day_and_time(date, range));
        assert_eq!(said(Language::Korean), "12월 5일(토) 06:00~08:00");
        assert_eq!(said(Language::English), "Sat 5 December 06:00-08:00");
    }
}
