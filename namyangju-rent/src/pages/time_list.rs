//! `use_time_list`: what the site believes was chosen (protocol.md 6.1, S1).

use std::str::FromStr;

use crate::pages::day::Choice;
use crate::value::date::RentDate;
use crate::value::place::shortened;
use crate::value::slot::{TimeNo, TimeOfDay, TimeRange};

/// The entries of a `use_time_list`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TimeList(Vec<TimeListEntry>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct TimeListEntry {
    comcd: String,
    time_no: TimeNo,
    from: RentDate,
    to: RentDate,
    range: TimeRange,
}

impl FromStr for TimeList {
    type Err = String;

    /// Entries `comcd;time_no;YYYYMMDD;YYYYMMDD;HHMM;HHMM;` joined by `|`.
    fn from_str(text: &str) -> Result<Self, String> {
        text.trim()
            .split('|')
            .filter(|entry| !entry.trim().is_empty())
            .map(entry)
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

fn entry(text: &str) -> Result<TimeListEntry, String> {
    let wrong = || format!("`{}` is no entry of a time list", shortened(text));
    let parts: Vec<&str> = text.trim().trim_end_matches(';').split(';').map(str::trim).collect();
    let [comcd, time_no, from, to, start, end] = parts.as_slice() else { return Err(wrong()) };
    let time = |text: &str| TimeOfDay::from_digits(text).ok_or_else(wrong);
    Ok(TimeListEntry {
        comcd: (*comcd).to_owned(),
        time_no: time_no.parse().map_err(|_| wrong())?,
        from: RentDate::from_compact(from).ok_or_else(wrong)?,
        to: RentDate::from_compact(to).ok_or_else(wrong)?,
        range: TimeRange::new(time(start)?, time(end)?).map_err(|_| wrong())?,
    })
}

impl TimeList {
    /// The slots it speaks of.
    #[cfg(feature = "harness")]
    pub(crate) fn slots(&self) -> Vec<crate::pages::day::Slot> {
        self.0.iter().map(|e| crate::pages::day::Slot { time_no: e.time_no, range: e.range }).collect()
    }

    /// Whether the list speaks of the chosen slots and no others.
    pub(crate) fn agrees(&self, choice: &Choice) -> Result<(), String> {
        if self.0.len() != choice.slots.len() {
            return Err(format!("it has {} slots, and {} were chosen", self.0.len(), choice.slots.len()));
        }
        for slot in &choice.slots {
            let Some(entry) = self.0.iter().find(|entry| entry.time_no == slot.time_no) else {
                return Err(format!("it lacks slot {}", slot.time_no));
            };
            if entry.comcd != choice.place.centre.as_str() {
                return Err(format!(
                    "it is of centre {}, not {}",
                    shortened(&entry.comcd),
                    choice.place.centre
                ));
            }
            if entry.from != choice.date || entry.to != choice.date {
                return Err(format!("it is of {} to {}, not {}", entry.from, entry.to, choice.date));
            }
            if entry.range != slot.range {
                return Err(format!("slot {} is {}, not {}", slot.time_no, entry.range, slot.range));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::pages::day::Slot;

    fn choice(numbers: &[u32]) -> Choice {
        let slot = |(index, no): (usize, &u32)| Slot {
            time_no: TimeNo(*no),
            range: format!("{}:00-{}:00", 14 + index, 15 + index).parse().unwrap(),
        };
        Choice {
            place: "CHEONAN02/19/19".parse().unwrap(),
            date: "2023-10-23".parse().unwrap(),
            slots: numbers.iter().enumerate().map(slot).collect(),
        }
    }

    #[test]
    fn the_captured_shape_is_read_and_compared() {
        let list: TimeList =
            "CHEONAN02;1908;20231023;20231023;1400;1500;|CHEONAN02;1909;20231023;20231023;1500;1600;"
                .parse()
                .unwrap();
        assert_eq!(list.agrees(&choice(&[1908, 1909])), Ok(()));
        for (numbers, why) in [(&[1908][..], "2 slots"), (&[1908, 1910], "lacks slot 1910")] {
            let error = list.agrees(&choice(numbers)).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
        for (from, to, why) in [
            ("CHEONAN02;1908", "CHEONAN01;1908", "centre"),
            ("20231023", "20231030", "2023-10-30"),
            ("1400", "1300", "13:00"),
        ] {
            let text = "CHEONAN02;1908;20231023;20231023;1400;1500;".replace(from, to);
            let error = text.parse::<TimeList>().unwrap().agrees(&choice(&[1908])).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
    }

    #[test]
    fn midnight_is_the_end_of_the_day_in_either_spelling() {
        let night = Slot { time_no: TimeNo(1908), range: "22:00-24:00".parse().unwrap() };
        let choice = Choice { slots: vec![night], ..choice(&[]) };
        for end in ["0000", "2400"] {
            let list: TimeList = format!("CHEONAN02;1908;20231023;20231023;2200;{end};").parse().unwrap();
            assert_eq!(list.agrees(&choice), Ok(()), "{end}");
        }
    }

    #[test]
    fn what_is_no_list_is_refused() {
        for text in ["CHEONAN02;1908", "a;b;c;d;e;f", "CHEONAN02;1908;20231023;20231023;1500;1400;", ";;;;;;"]
        {
            assert!(text.parse::<TimeList>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "([A-Z0-9;|]|가){0,80}") {
            if let Ok(list) = text.parse::<TimeList>() {
                let _ = list.agrees(&choice(&[1]));
            }
        }
    }
}
