//! The schedule page of a place: the month calendar, the day list, and the menus next to them.
//!
//! It is what the site shows without a login, and the last word on who has a slot when an answer was lost.

use std::collections::BTreeSet;
use std::fmt;

use scraper::{ElementRef, Html};
use serde::Serialize;

use crate::html::attr;
use crate::html::selector::FastSelector;
use crate::html::text::{first_line_of, fold, text_of};
use crate::site::Site;
use crate::site::dialect::Dialect;
use crate::value::date::RentDate;
use crate::value::place::{CentreCode, CourtCode, GroupCode, Place};
use crate::value::slot::{Purpose, Round, SlotState, TimeRange};

/// A month as the calendar shows it (protocol.md 4.3 view 1, 5.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Calendar {
    /// The days with a date, in the order of the page.
    pub days: Vec<CalendarDay>,
    /// The month that the bar's first link leads to, where the page has one.
    pub previous: Option<RentDate>,
    /// The month that the bar's last link leads to, where the page has one.
    pub next: Option<RentDate>,
    /// Whether the page's apply entry is live; `None` if the page does not tell.
    pub can_apply: Option<bool>,
}

/// One day of a [`Calendar`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CalendarDay {
    /// The day.
    pub date: RentDate,
    /// What the page shows for it.
    pub state: SlotState,
}

/// A month as a list of slots (protocol.md 4.3 view 2, 5.2). It has each slot twice, once for each purpose, and only one of
/// the two can be booked: [`DayList::of`] gives those of one purpose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DayList {
    /// The slots of both purposes, in the order of the page.
    pub slots: Vec<ListedSlot>,
}

/// One slot of a [`DayList`]. The list does not show time numbers: the day page has them.
///
/// `Debug` and JSON leave out who has booked.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ListedSlot {
    /// The day.
    pub date: RentDate,
    /// Its place in the day, where the page tells.
    pub round: Option<Round>,
    /// When it begins and ends.
    pub range: TimeRange,
    /// The list it stands in.
    pub purpose: Purpose,
    /// What the page shows for it.
    pub state: SlotState,
    /// The event of a booked slot.
    #[serde(skip)]
    pub event_name: String,
    /// Who has booked it.
    #[serde(skip)]
    pub group_name: String,
}

impl fmt::Debug for ListedSlot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ListedSlot({} {} {:?})", self.date, self.range, self.state)
    }
}

impl DayList {
    /// The slots of one purpose, in the order of the page: what can be booked for it.
    pub fn of(&self, purpose: Purpose) -> impl Iterator<Item = &ListedSlot> {
        self.slots.iter().filter(move |slot| slot.purpose == purpose)
    }

    /// The rounds of one day and purpose, in time order.
    pub fn rounds(&self, date: RentDate, purpose: Purpose) -> Vec<TimeRange> {
        let of_day = self.of(purpose).filter(|slot| slot.date == date);
        let mut rounds: Vec<TimeRange> = of_day.map(|slot| slot.range).collect();
        rounds.sort_unstable();
        rounds.dedup();
        rounds
    }

    /// The slots of one day and purpose that lie within a time.
    pub fn within(
        &self,
        date: RentDate,
        range: TimeRange,
        purpose: Purpose,
    ) -> impl Iterator<Item = &ListedSlot> {
        self.slots.iter().filter(move |s| s.date == date && s.purpose == purpose && range.covers(s.range))
    }
}

/// The menus of a schedule page: where the codes of a city can be read (protocol.md 5, S1).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Menu {
    /// The centres of the city.
    pub centres: Vec<MenuEntry>,
    /// The groups of the centre shown.
    pub groups: Vec<MenuEntry>,
    /// The courts of the group shown.
    pub courts: Vec<MenuEntry>,
}

/// One entry of a [`Menu`], with the codes its link leads to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct MenuEntry {
    /// The name shown.
    pub name: String,
    /// The centre.
    pub centre: CentreCode,
    /// The group, where the link has one.
    pub group: Option<GroupCode>,
    /// The court, where the link has one.
    pub court: Option<CourtCode>,
}

impl MenuEntry {
    /// The entry of a group by its codes, for a page that no menu led to.
    pub fn of_group(centre: CentreCode, group: GroupCode) -> Self {
        Self { name: String::new(), centre, group: Some(group), court: None }
    }

    /// The place, if the link names a court.
    pub fn place(&self) -> Option<Place> {
        Some(Place { centre: self.centre.clone(), group: self.group.clone()?, court: self.court.clone()? })
    }
}

/// Reads a calendar; `None` if the page has none.
pub(crate) fn read_calendar(site: &Site, document: &Html) -> Option<Calendar> {
    let dialect = &site.dialect;
    let mut days: Vec<CalendarDay> = Vec::new();
    let mut known = BTreeSet::new();
    for cell in dialect.markers.calendar.select(document) {
        // A cell that holds a table is the page's layout, and its days are in that table.
        if cell.descendent_elements().skip(1).any(|e| e.value().name() == "td") {
            continue;
        }
        let mut labels =
            cell.select(&dialect.markers.calendar_label.selector).map(|span| digits_of(&text_of(span)));
        let (Some(Some(year)), Some(Some(month)), Some(Some(day))) =
            (labels.next(), labels.next(), labels.next())
        else {
            continue;
        };
        let (Ok(year), Ok(month), Ok(day)) = (i16::try_from(year), i8::try_from(month), i8::try_from(day))
        else {
            continue;
        };
        if let Ok(date) = RentDate::new(year, month, day)
            && known.insert(date)
        {
            days.push(CalendarDay { date, state: state_of(dialect, cell) });
        }
    }
    let can_apply = dialect
        .markers
        .apply_open
        .select(document)
        .find_map(|element| element.attr("value"))
        .map(|value| value.trim() == "Y");
    let month = |marker: &FastSelector| {
        let url = site.base_url().join(marker.select(document).next()?.attr("href")?).ok()?;
        let values = dialect.paths.schedule.read(site.path_of(&url)?)?;
        RentDate::new(values.get("year")?.parse().ok()?, values.get("month")?.parse().ok()?, 1).ok()
    };
    let (previous, next) = (month(&dialect.markers.month_previous), month(&dialect.markers.month_next));
    (!days.is_empty()).then_some(Calendar { days, previous, next, can_apply })
}

/// Reads a day list; `None` if the page has no such table.
pub(crate) fn read_day_list(dialect: &Dialect, document: &Html) -> Option<DayList> {
    let mut slots = Vec::new();
    let mut found = false;
    let tables = [
        (&dialect.markers.day_list_sports, Purpose::Sports),
        (&dialect.markers.day_list_events, Purpose::Events),
    ];
    for (marker, purpose) in tables {
        for table in marker.select(document) {
            found = true;
            read_table(dialect, table, purpose, &mut slots);
        }
    }
    found.then_some(DayList { slots })
}

fn read_table(dialect: &Dialect, table: ElementRef<'_>, purpose: Purpose, slots: &mut Vec<ListedSlot>) {
    let mut date = None;
    for row in table.descendent_elements().filter(|e| e.value().name() == "tr") {
        let cells: Vec<ElementRef<'_>> = row.child_elements().filter(|e| e.value().name() == "td").collect();
        let mut rest = cells.as_slice();
        let mut first_text = rest.first().map(|cell| text_of(*cell));
        // The date stands in the first row of a day only: six cells there, five in the others.
        if let Some((first, others)) = rest.split_first()
            && first_text.as_deref().is_some_and(begins_with_a_year)
            && let Some(named) = date_of(&first_line_of(*first))
        {
            date = Some(named);
            rest = others;
            first_text = None;
        }
        let Some(date) = date else { continue };
        let mut round = None;
        let time = rest.iter().enumerate().find_map(|(at, cell)| {
            let text = first_text.take().unwrap_or_else(|| text_of(*cell));
            let range = range_in(&text);
            if range.is_none() {
                round = Round::from_cell(&text).or(round);
            }
            Some((at, range?))
        });
        let Some((at, range)) = time else { continue };
        let text = |index: usize| rest.get(index).map(|cell| text_of(*cell)).unwrap_or_default();
        // After the time come event and group, then the status; a shorter row has the status at its end.
        let status = rest
            .get(at + 3..)
            .filter(|cells| !cells.is_empty())
            .or_else(|| rest.get(at + 1..))
            .unwrap_or_default();
        let state = status.iter().map(|cell| state_of(dialect, *cell)).find(|s| *s != SlotState::NotShown);
        slots.push(ListedSlot {
            date,
            round,
            range,
            purpose,
            state: state.unwrap_or(SlotState::NotShown),
            event_name: text(at + 1),
            group_name: text(at + 2),
        });
    }
}

/// The state that the images below an element tell.
pub(crate) fn state_of(dialect: &Dialect, element: ElementRef<'_>) -> SlotState {
    let mut state = SlotState::NotShown;
    for image in element.descendent_elements().filter(|e| e.value().name() == "img") {
        let alt = fold(attr(image, "alt").unwrap_or_default());
        match dialect.slot_states.get(&alt) {
            Some(known) => return *known,
            None if alt.is_empty() => {}
            None => state = SlotState::Other,
        }
    }
    state
}

/// A time such as `06:00 ~ 08:00`, whatever blanks are in it and whatever follows.
pub(crate) fn range_of(cell: ElementRef<'_>) -> Option<TimeRange> {
    range_in(&text_of(cell))
}

fn range_in(text: &str) -> Option<TimeRange> {
    const DASHES: [char; 3] = ['~', '-', '–'];
    if !text.contains(DASHES) {
        return None;
    }
    let solid = text.chars().filter(|c| !c.is_whitespace());
    let time: String = solid.take_while(|c| c.is_ascii_digit() || *c == ':' || DASHES.contains(c)).collect();
    time.parse().ok()
}

/// Whether a text may begin with a date. A text has one if its first line has: that is its beginning.
fn begins_with_a_year(text: &str) -> bool {
    text.as_bytes().first_chunk::<4>().is_some_and(|year| year.iter().all(u8::is_ascii_digit))
}

/// A date at the beginning of a text: `2026-12-05(토)`, `2026.12.5 (토)`, `2026년 12월 5일`.
fn date_of(text: &str) -> Option<RentDate> {
    let mut numbers = text.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty());
    let year = numbers.next().filter(|year| year.len() == 4 && text.starts_with(year))?;
    let (month, day) = (numbers.next()?, numbers.next()?);
    RentDate::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

/// The number in a label such as ` 12월 `.
fn digits_of(text: &str) -> Option<u32> {
    let digits: String =
        text.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// Reads the menus of a page, as far as it has them.
pub(crate) fn read_menu(site: &Site, document: &Html) -> Menu {
    let markers = &site.dialect.markers;
    Menu {
        centres: entries(site, document, &markers.centres),
        groups: entries(site, document, &markers.groups).into_iter().filter(|e| e.group.is_some()).collect(),
        courts: entries(site, document, &markers.courts).into_iter().filter(|e| e.court.is_some()).collect(),
    }
}

fn entries(site: &Site, document: &Html, marker: &FastSelector) -> Vec<MenuEntry> {
    marker
        .select(document)
        .filter_map(|link| {
            let url = site.base_url().join(link.attr("href")?).ok()?;
            let values = site.dialect.paths.schedule.read(site.path_of(&url)?)?;
            Some(MenuEntry {
                name: text_of(link),
                centre: values.get("comcd")?.parse().ok()?,
                group: values.get("partcd").and_then(|code| code.parse().ok()),
                court: values.get("placecd").and_then(|code| code.parse().ok()),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn list(rows: &str) -> Vec<ListedSlot> {
        let site = Site::builtin("namyangju").unwrap();
        let html = format!("<table class='x rent_daylist_table_sports'><tbody>{rows}</tbody></table>");
        read_day_list(&site.dialect, &Html::parse_document(&html)).unwrap().slots
    }

    #[test]
    fn rows_without_a_date_belong_to_the_day_above() {
        let slots = list(
            "<tr><th>date</th><th>round</th></tr>\
             <tr><td rowspan=2>2026-12-5 (토)<br>안내</td><td>1회</td><td>06:00 ~ 08:00</td><td></td><td></td><td><a href='/x/Y'><img alt='예약가능'></a></td></tr>\
             <tr><td>2회</td><td>08:00&nbsp;~&nbsp;10:00</td><td>테니스</td><td>가나다클럽</td><td><span><img alt=' 예약완료 '></span></td></tr>\
             <tr><td>3회</td><td>10:00~12:00</td><td></td><td></td><td></td></tr>\
             <tr><td>4회</td><td>12:00~14:00</td><td></td><td></td><td></td><td><img alt='점검'></td></tr>",
        );
        let seen: Vec<_> = slots.iter().map(|s| (s.round, s.range.to_string(), s.state)).collect();
        assert_eq!(
            seen,
            [
                (Some(Round(1)), "06:00-08:00".into(), SlotState::Free),
                (Some(Round(2)), "08:00-10:00".into(), SlotState::Booked),
                (Some(Round(3)), "10:00-12:00".into(), SlotState::NotShown),
                (Some(Round(4)), "12:00-14:00".into(), SlotState::Other),
            ]
        );
        assert!(slots.iter().all(|s| s.date.to_string() == "2026-12-05"));
        assert_eq!(slots.get(1).map(|s| s.group_name.as_str()), Some("가나다클럽"));
        assert!(!format!("{slots:?}").contains("가나다"));
    }

    #[test]
    fn a_round_that_ends_at_midnight_is_listed() {
        for printed in ["22:00 ~ 00:00", "22:00~24:00"] {
            let slots = list(&format!("<tr><td>2026-12-05</td><td>1회</td><td>{printed}</td><td></td></tr>"));
            let ranges: Vec<_> = slots.iter().map(|s| s.range.to_string()).collect();
            assert_eq!(ranges, ["22:00-24:00"], "{printed}");
        }
    }

    #[test]
    fn dates_are_found_in_the_spellings_of_such_pages() {
        let date = "2026-12-05".parse().ok();
        for text in ["2026-12-05(토)", "2026.12.5 (토)", "2026년 12월 5일", "2026-12-05"] {
            assert_eq!(date_of(text), date, "{text}");
        }
        for text in ["1회", "12-05", "제2026-12-05", "2026-13-05", ""] {
            assert_eq!(date_of(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_page_makes_the_readers_panic(text in "(<|</|>|table|tr|td|span|img| alt=| class=|rent_daylist_table_sports|calendar_table|2026-12-05|06:00|~|예약가능|'| |[ -~]){0,80}") {
            let site = Site::builtin("namyangju").unwrap();
            let document = Html::parse_document(&text);
            read_calendar(&site, &document);
            read_day_list(&site.dialect, &document);
            read_menu(&site, &document);
        }
    }
}
