//! The page of one day: its slots with their time numbers, and the choice among them.
//!
//! The numbers are what the site books by, and only this page tells which time a number stands for. So the reading and
//! the choice are together here, and nothing else makes a choice.

use std::collections::HashSet;

use scraper::{ElementRef, Html};
use serde::{Deserialize, Serialize};

use crate::html::charset::FormFields;
use crate::html::controls::{Control, controls};
use crate::html::selector::FastSelector;
use crate::pages::schedule::{range_of, state_of};
use crate::site::Site;
use crate::site::dialect::Dialect;
use crate::value::application::ApplicationError;
use crate::value::date::RentDate;
use crate::value::place::{Place, shortened};
use crate::value::slot::{Purpose, SlotState, TimeNo, TimeOfDay, TimeRange};

/// The most slots of one day that are read: every quarter of an hour, twice. The busiest day known has 8.
const MAX_SLOTS: usize = 192;

/// The most cells of a row in which a time is looked for. The rows known have six.
const MAX_CELLS: usize = 16;

/// The page of one day, read (protocol.md 4.4, 5.3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DayPage {
    /// The court.
    pub place: Place,
    /// The day.
    pub date: RentDate,
    /// The list that is read.
    pub purpose: Purpose,
    /// The slots that can be chosen, in time order.
    pub free: Vec<Slot>,
    /// All slots of the day with what the page shows of them, in time order.
    pub rows: Vec<DayRow>,
    /// The most hours of one application, where the page tells.
    pub max_hours: Option<u8>,
    /// The least hours of one application, where the page tells.
    pub min_hours: Option<u8>,
    #[serde(skip)]
    pub(crate) hidden: FormFields,
}

/// A slot that can be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Slot {
    /// Its number, as the page has it.
    pub time_no: TimeNo,
    /// When it begins and ends.
    pub range: TimeRange,
}

/// A slot of the day, free or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[non_exhaustive]
pub struct DayRow {
    /// When it begins and ends.
    pub range: TimeRange,
    /// What the page shows for it.
    pub state: SlotState,
}

/// Slots of one day that follow each other: what one application takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Choice {
    pub(crate) place: Place,
    pub(crate) date: RentDate,
    pub(crate) slots: Vec<Slot>,
}

impl DayPage {
    /// The slots that fill a time exactly.
    pub(crate) fn choose(
        &self,
        asked: TimeRange,
        most_slots: Option<u8>,
    ) -> Result<Choice, ApplicationError> {
        let within = |range: TimeRange| asked.covers(range);
        let rows: Vec<DayRow> = self.rows.iter().copied().filter(|row| within(row.range)).collect();
        if !fills(asked, rows.iter().map(|row| row.range)) {
            let rounds = self.rows.iter().map(|row| row.range.to_string()).collect::<Vec<_>>().join(", ");
            let rounds = if rounds.is_empty() { "none".to_owned() } else { rounds };
            return Err(ApplicationError::NotARound { asked, rounds });
        }
        let slots: Vec<Slot> = self.free.iter().copied().filter(|slot| within(slot.range)).collect();
        if let Some(row) = rows.iter().find(|row| slots.iter().all(|slot| slot.range != row.range)) {
            return Err(ApplicationError::NotFree(row.range));
        }
        self.check(slots, most_slots)
    }

    /// The slots with these numbers.
    pub(crate) fn choose_numbers(
        &self,
        numbers: &[TimeNo],
        most_slots: Option<u8>,
    ) -> Result<Choice, ApplicationError> {
        let slots: Vec<Slot> = self.free.iter().copied().filter(|s| numbers.contains(&s.time_no)).collect();
        if slots.len() < numbers.len() || slots.is_empty() {
            return Err(ApplicationError::NoSlot);
        }
        self.check(slots, most_slots)
    }

    fn check(&self, slots: Vec<Slot>, most_slots: Option<u8>) -> Result<Choice, ApplicationError> {
        let adjacent =
            slots.windows(2).all(|pair| matches!(pair, [a, b] if a.range.end() == b.range.start()));
        if !adjacent {
            return Err(ApplicationError::NotAdjacent);
        }
        let asked_minutes: u16 = slots.iter().map(|slot| slot.range.minutes()).sum();
        if self.max_hours.is_some_and(|most| asked_minutes > u16::from(most) * 60) {
            let most = format!("{} hours", self.max_hours.unwrap_or_default());
            return Err(ApplicationError::TooLong { asked_minutes, most });
        }
        if most_slots.is_some_and(|most| slots.len() > usize::from(most)) {
            let most = format!("{} slots", most_slots.unwrap_or_default());
            return Err(ApplicationError::TooLong { asked_minutes, most });
        }
        if let Some(least_hours) = self.min_hours.filter(|least| asked_minutes < u16::from(*least) * 60) {
            return Err(ApplicationError::TooShort { asked_minutes, least_hours });
        }
        Ok(Choice { place: self.place.clone(), date: self.date, slots })
    }

    /// What the page shows of a time: the state of its first slot that is not free, else free;
    /// `None` if the page does not have it.
    pub fn state_of(&self, asked: TimeRange) -> Option<SlotState> {
        let mut rows = self.rows.iter().filter(|row| asked.covers(row.range)).peekable();
        rows.peek()?;
        Some(rows.map(|row| row.state).find(|state| *state != SlotState::Free).unwrap_or(SlotState::Free))
    }

    /// The same slots on another day; nothing of this day's own page is kept but them.
    pub(crate) fn on(&self, date: RentDate) -> Self {
        let known = Self::of_slots(self.place.clone(), date, self.purpose, self.free.clone());
        Self { max_hours: self.max_hours, min_hours: self.min_hours, ..known }
    }

    /// A day of which only the numbers of its slots are known.
    pub(crate) fn of_slots(place: Place, date: RentDate, purpose: Purpose, free: Vec<Slot>) -> Self {
        let rows = free.iter().map(|slot| DayRow { range: slot.range, state: SlotState::NotShown }).collect();
        Self { place, date, purpose, free, rows, max_hours: None, min_hours: None, hidden: FormFields::new() }
    }

    /// The fields of the first POST, in wire order (protocol.md 4.5).
    ///
    /// # Errors
    /// What differs, if the page is the page of another day or place.
    pub(crate) fn post(&self, site: &Site, choice: &Choice) -> Result<FormFields, String> {
        let post = &site.dialect.day_post;
        let mut fields = FormFields::new();
        for field in &post.fields {
            let ours = self.expand(site, &field.value);
            let theirs = self.hidden.first(&field.name).unwrap_or_default();
            if field.page && !theirs.is_empty() {
                fields.push(&field.name, theirs);
                continue;
            }
            if !field.page && !theirs.is_empty() && !same_code(theirs, &ours) {
                let theirs = shortened(theirs);
                return Err(format!(
                    "its `{}` is `{theirs}`, not `{ours}`: the page of another day or place",
                    field.name
                ));
            }
            fields.push(&field.name, ours);
        }
        for slot in &choice.slots {
            fields.push(&post.slot_field, slot.time_no.to_string());
        }
        Ok(fields)
    }

    /// A value template of the dialect with this day's values.
    pub(crate) fn expand(&self, site: &Site, template: &str) -> String {
        match template {
            "{date}" => self.date.compact(),
            "{year}" => format!("{:04}", self.date.year()),
            "{month}" => format!("{:02}", self.date.month()),
            "{day}" => format!("{:02}", self.date.day()),
            "{comcd}" => self.place.centre.to_string(),
            "{partcd}" => self.place.group.to_string(),
            "{placecd}" => self.place.court.to_string(),
            "{is_list}" => site.dialect.codes.is_list.clone(),
            "{group}" => site.dialect.codes.purpose(self.purpose).to_owned(),
            "{base}" => site.printed_base(),
            "{secure_base}" => site.printed_secure_base(),
            plain => plain.to_owned(),
        }
    }
}

/// Whether ranges in time order fill a time without gap or overlap.
pub(crate) fn fills(asked: TimeRange, ranges: impl Iterator<Item = TimeRange>) -> bool {
    let mut at = asked.start();
    for range in ranges {
        if range.start() != at {
            return false;
        }
        at = range.end();
    }
    at == asked.end()
}

/// Whether two codes are the same but for padding.
pub(crate) fn same_code(a: &str, b: &str) -> bool {
    let plain = |text: &str| -> Option<u64> {
        (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok()).flatten()
    };
    a == b || matches!((plain(a), plain(b)), (Some(a), Some(b)) if a == b)
}

/// Reads the page of a day; `None` if it has no slot form.
pub(crate) fn read_day(
    dialect: &Dialect,
    document: &Html,
    place: &Place,
    date: RentDate,
    purpose: Purpose,
) -> Option<DayPage> {
    let markers = &dialect.markers;
    let form = markers.day_form.select(document).next()?;
    let (boxes, others) = match purpose {
        Purpose::Sports => (&markers.slot_box_sports, &markers.slot_box_events),
        Purpose::Events => (&markers.slot_box_events, &markers.slot_box_sports),
    };
    // The page has a second, hidden table for the other purpose: its rows are not ours.
    let table_of = |e: ElementRef<'_>| {
        e.ancestors().filter_map(ElementRef::wrap).find(|a| a.value().name() == "table").map(|t| t.id())
    };
    let foreign: HashSet<_> = others.select(document).filter_map(table_of).collect();
    let all = controls(form);
    let mut free: Vec<Slot> = Vec::new();
    let mut rows: Vec<DayRow> = Vec::new();
    for element in boxes.select(document).take(MAX_SLOTS) {
        let (Some(range), Some(Ok(time_no))) =
            (range_beside(element, &all), element.attr("value").map(str::parse::<TimeNo>))
        else {
            continue;
        };
        if element.attr("disabled").is_none() && free.iter().all(|slot| slot.range != range) {
            free.push(Slot { time_no, range });
        }
    }
    // A taken slot has a row without a box: its time is all that it shows (protocol.md 5.3).
    for row in document.root_element().descendent_elements().filter(|e| e.value().name() == "tr") {
        if rows.len() >= MAX_SLOTS {
            break;
        }
        let Some(range) = range_in_row(row) else { continue };
        if rows.iter().any(|known| known.range == range)
            || table_of(row).is_some_and(|t| foreign.contains(&t))
        {
            continue;
        }
        let state = if free.iter().any(|slot| slot.range == range) {
            SlotState::Free
        } else {
            state_of(dialect, row)
        };
        rows.push(DayRow { range, state });
    }
    for slot in &free {
        if rows.iter().all(|row| row.range != slot.range) {
            rows.push(DayRow { range: slot.range, state: SlotState::Free });
        }
    }
    free.sort_by_key(|slot| slot.range);
    rows.sort_by_key(|row| row.range);
    let hours = |marker: &FastSelector| {
        let value = marker.select(document).next()?.attr("value")?;
        value.trim().parse().ok().filter(|hours| *hours > 0)
    };
    Some(DayPage {
        place: place.clone(),
        date,
        purpose,
        max_hours: hours(&markers.max_hours),
        min_hours: hours(&markers.min_hours),
        hidden: all.iter().filter(|c| !c.name.is_empty() && c.sent).map(|c| (&c.name, &c.value)).collect(),
        free,
        rows,
    })
}

/// The time of the row that a box stands in: its third cell, or any cell that is a time, or the
/// hidden start and end of the same number (protocol.md 5.3).
fn range_beside(element: ElementRef<'_>, all: &[Control]) -> Option<TimeRange> {
    let row = element.ancestors().filter_map(ElementRef::wrap).find(|e| e.value().name() == "tr");
    row.and_then(range_in_row).or_else(|| {
        let (list, number) =
            element.attr("id")?.strip_prefix("select_").map(|id| match id.strip_prefix("events_") {
                Some(number) => ("events", number),
                None => ("sports", id),
            })?;
        let time = |end: &str| {
            let key = format!("{list}_{end}time_{number}");
            let value = all.iter().find(|c| c.id == key || c.name == key)?.value.trim();
            value.parse().ok().or_else(|| TimeOfDay::from_digits(value))
        };
        TimeRange::new(time("s")?, time("e")?).ok()
    })
}

fn range_in_row(row: ElementRef<'_>) -> Option<TimeRange> {
    let cells: Vec<ElementRef<'_>> =
        row.child_elements().filter(|e| e.value().name() == "td").take(MAX_CELLS).collect();
    cells.get(2).and_then(|cell| range_of(*cell)).or_else(|| cells.iter().find_map(|cell| range_of(*cell)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(max_hours: Option<u8>, rows: &[(&str, Option<u32>)]) -> DayPage {
        let rows: Vec<(TimeRange, Option<TimeNo>)> =
            rows.iter().map(|(range, no)| (range.parse().unwrap(), no.map(TimeNo))).collect();
        DayPage {
            place: "NYJ06/07/103".parse().unwrap(),
            date: "2026-12-05".parse().unwrap(),
            purpose: Purpose::Sports,
            free: rows
                .iter()
                .filter_map(|(range, no)| Some(Slot { time_no: (*no)?, range: *range }))
                .collect(),
            rows: rows
                .iter()
                .map(|(range, no)| DayRow {
                    range: *range,
                    state: if no.is_some() { SlotState::Free } else { SlotState::Booked },
                })
                .collect(),
            max_hours,
            min_hours: None,
            hidden: FormFields::new(),
        }
    }

    #[test]
    fn a_choice_is_one_run_of_free_rounds() {
        let page = day(
            Some(4),
            &[
                ("06:00-08:00", Some(1833)),
                ("08:00-10:00", Some(1834)),
                ("10:00-12:00", None),
                ("12:00-14:00", Some(1836)),
                ("14:00-16:00", Some(9)),
            ],
        );
        let choose = |range: &str| page.choose(range.parse().unwrap(), None);
        let numbers = |choice: Choice| choice.slots.iter().map(|s| s.time_no.0).collect::<Vec<_>>();
        assert_eq!(choose("06:00-08:00").map(numbers), Ok(vec![1833]));
        assert_eq!(choose("06:00-10:00").map(numbers), Ok(vec![1833, 1834]));
        assert_eq!(choose("10:00-12:00"), Err(ApplicationError::NotFree("10:00-12:00".parse().unwrap())));
        assert!(matches!(choose("06:00-12:00"), Err(ApplicationError::NotFree(_))));
        for odd in ["06:00-07:00", "07:00-09:00", "05:00-08:00", "16:00-18:00", "14:00-17:00"] {
            let error = choose(odd).unwrap_err();
            assert!(
                matches!(&error, ApplicationError::NotARound { rounds, .. } if rounds.contains("06:00-08:00")),
                "{error}"
            );
            assert_eq!(error.field(), "receipt_time[]");
        }
        assert!(matches!(
            page.choose("12:00-16:00".parse().unwrap(), Some(1)),
            Err(ApplicationError::TooLong { .. })
        ));
        let pick = |numbers: &[u32]| {
            page.choose_numbers(&numbers.iter().copied().map(TimeNo).collect::<Vec<_>>(), None)
        };
        assert_eq!(pick(&[1834, 1836]), Err(ApplicationError::NotAdjacent));
        assert_eq!(pick(&[]), Err(ApplicationError::NoSlot));
        assert_eq!(pick(&[1]), Err(ApplicationError::NoSlot));
    }

    #[test]
    fn the_pages_limits_hold() {
        let mut page = day(Some(2), &[("06:00-08:00", Some(1)), ("08:00-10:00", Some(2))]);
        let error = page.choose("06:00-10:00".parse().unwrap(), None).unwrap_err();
        assert!(matches!(error, ApplicationError::TooLong { asked_minutes: 240, .. }));
        page.min_hours = Some(3);
        page.max_hours = None;
        let error = page.choose("06:00-08:00".parse().unwrap(), None).unwrap_err();
        assert_eq!(error, ApplicationError::TooShort { asked_minutes: 120, least_hours: 3 });
    }

    #[test]
    fn codes_are_compared_without_their_padding() {
        assert!(same_code("7", "07") && same_code("NYJ06", "NYJ06"));
        assert!(!same_code("7", "70") && !same_code("NYJ06", "NYJ07") && !same_code("", "0"));
    }

    proptest! {
        #[test]
        fn no_page_makes_the_reader_panic(text in "(<|</|>|form id=reservation_form|table|tr|td|input class=select_check| value=|1833|06:00~08:00|sports_stime_1|'| |[ -~]){0,80}") {
            let site = Site::builtin("namyangju").unwrap();
            let place = "NYJ06/07/103".parse().unwrap();
            read_day(&site.dialect, &Html::parse_document(&text), &place, "2026-12-05".parse().unwrap(), Purpose::Sports);
        }
    }
}
