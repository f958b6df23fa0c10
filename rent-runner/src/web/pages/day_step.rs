//! The second and the third step of a booking: which day, in a calendar of the month, and which rounds of it.
//!
//! What is free is known only as far as somebody looked at the site, so the page says when that was, and has a button for one
//! look now. Which days are open and when the others open is by the city's rule.

use std::collections::BTreeMap;

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect};
use namyangju_rent::clock::{Clock as _, SystemClock};
use namyangju_rent::schedule::{Month, SlotState};
use namyangju_rent::{Place, Purpose, RentDate, SeoulTime, TimeRange};

use super::planning::Planning;
use crate::request;
use crate::say::{day as say_day, weekday};
use crate::store::{MonthLook, SeenSlot};
use crate::web::answer::{NoPage, Page, html};
use crate::web::frame::Frame;
use crate::web::plan::{Plan, PlannedChoice};

/// How many months ahead the calendar leads.
const MAX_MONTHS: i32 = 12;

/// The weekdays in the order of the calendar's columns.
pub(super) const WEEK: [&str; 7] = ["일", "월", "화", "수", "목", "금", "토"];

/// A day in the calendar.
pub(super) struct CalendarCell {
    number: i8,
    /// Chooses it; none for a day that is over.
    href: Option<String>,
    /// The day and what is known of it, for who cannot see the cell.
    label: String,
    sign: String,
    style: &'static str,
    is_own: bool,
}

#[derive(Template)]
#[template(path = "day_step.html")]
struct DayStepPage {
    frame: Frame,
    plan: Plan,
    court: String,
    change_court: String,
    month: String,
    previous: Option<String>,
    next: Option<String>,
    weekdays: Vec<&'static str>,
    weeks: Vec<Vec<Option<CalendarCell>>>,
    /// When the days of the month open by the rule.
    openings: Vec<String>,
    /// When the site was looked at; none if never.
    looked_at: Option<String>,
    can_look: bool,
    today: String,
    wrong: Option<String>,
}

/// A round to choose.
struct RoundBox {
    range: String,
    state: &'static str,
    style: &'static str,
    is_chosen: bool,
}

#[derive(Template)]
#[template(path = "time_step.html")]
struct TimeStepPage {
    frame: Frame,
    plan: Plan,
    court: String,
    day: String,
    change_day: String,
    rounds: Vec<RoundBox>,
    typed: String,
    opening: Option<String>,
    limit: String,
    looked_at: Option<String>,
    can_look: bool,
    wrong: Option<String>,
}

fn purpose(plan: &Plan) -> Purpose {
    if plan.events { Purpose::Events } else { Purpose::Sports }
}

/// The weeks of a month, from Sunday on; days of other months are left out.
pub(super) fn weeks<D>(month: Month, mut day: impl FnMut(RentDate) -> D) -> Vec<Vec<Option<D>>> {
    let first = month.first_day();
    let column = |date: RentDate| {
        let weekday = date.weekday_korean();
        WEEK.iter().position(|known| *known == weekday).unwrap_or_default()
    };
    let mut weeks: Vec<Vec<Option<D>>> = vec![(0..column(first)).map(|_| None).collect()];
    let days = (0..31).map(|days| first.plus_days(days)).take_while(|date| month.contains(*date));
    for date in days {
        if column(date) == 0 && !weeks.last().is_none_or(Vec::is_empty) {
            weeks.push(Vec::new());
        }
        if let Some(week) = weeks.last_mut() {
            week.push(Some(day(date)));
        }
    }
    if let Some(week) = weeks.last_mut() {
        week.resize_with(WEEK.len(), || None);
    }
    weeks
}

/// The names of the weekdays, in the order of the calendar's columns.
pub(super) fn week_names(month: Month) -> Vec<&'static str> {
    let days = (0..).map(|days| month.first_day().plus_days(days));
    days.skip_while(|date| WEEK.first() != Some(&date.weekday_korean()))
        .take(WEEK.len())
        .map(weekday)
        .collect()
}

fn month_before(month: Month) -> Month {
    month.first_day().plus_days(-1).into()
}

/// The last look at the month of a court, where the plan is for one court.
async fn last_look(
    planning: &Planning<'_>,
    places: &[Place],
    month: Month,
) -> Result<Option<MonthLook>, NoPage> {
    let [place] = places else { return Ok(None) };
    Ok(planning.web.store.month(planning.base(), place, month).await?)
}

/// What the slots of one day say together.
fn state_of(slots: &[&SeenSlot]) -> Option<(SlotState, usize)> {
    let first = slots.first()?;
    let free = slots.iter().filter(|slot| slot.state == SlotState::Free).count();
    Some((if free > 0 { SlotState::Free } else { first.state }, free))
}

/// The calendar.
pub(super) async fn page(planning: &Planning<'_>, plan: Plan, wrong: Option<String>) -> Page {
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let words = planning.words();
    let now = SystemClock.now();
    let this_month = Month::from(now.date());
    let month = plan.month.unwrap_or(this_month).max(this_month);
    let places = planning.places(&plan.place);
    let look = last_look(planning, &places, month).await?;
    let own = planning.web.store.booked_days(planning.account.id, month).await?;
    let mut openings: BTreeMap<SeoulTime, String> = BTreeMap::new();
    let at_month = |month: Month| Plan { month: Some(month), date: None, ..plan.clone() }.href();
    let weeks = weeks(month, |date| {
        let seen = look.iter().flat_map(|look| &look.slots);
        let slots: Vec<_> = seen.filter(|slot| slot.date == date && slot.purpose == purpose(&plan)).collect();
        let opening = places.first().and_then(|place| planning.rule(place, date));
        let is_past = date < now.date();
        let later = opening.as_ref().map(|(at, _)| *at).filter(|at| *at > now);
        if let (Some((at, text)), false) = (opening, is_past) {
            openings.entry(at).or_insert(text);
        }
        let (style, sign, said) = match (state_of(&slots), later) {
            _ if is_past => ("past", String::new(), words.plan_day_over.to_owned()),
            (Some((SlotState::Free, free)), later) => {
                let opens = later.map(|at| format!(", {}", words.opens_at(at))).unwrap_or_default();
                ("free", words.free_short(free), format!("{}{opens}", words.free_long(free)))
            }
            (_, Some(at)) => ("later", words.plan_later_short.to_owned(), words.opens_at(at)),
            (Some((SlotState::NotShown, _)), None) => {
                ("unknown", String::new(), words.plan_not_shown.to_owned())
            }
            (Some(_), None) => ("full", words.plan_full_short.to_owned(), words.plan_full.to_owned()),
            (None, None) => ("unknown", String::new(), words.plan_not_looked.to_owned()),
        };
        let is_own = own.contains(&date);
        let booked = if is_own { format!(", {}", words.plan_own) } else { String::new() };
        CalendarCell {
            number: date.day(),
            href: (!is_past).then(|| Plan { month: Some(month), date: Some(date), ..plan.clone() }.href()),
            label: format!("{}: {said}{booked}", say_day(date)),
            sign,
            style,
            is_own,
        }
    });
    let last_month = Month::from(now.date().plus_days(31 * MAX_MONTHS));
    let names = planning.courts.names();
    let asked = plan.place.parse().ok();
    let page = DayStepPage {
        frame: planning.frame(&plan, planning.title(&plan)),
        court: asked.map_or_else(|| plan.place.clone(), |asked| planning.court_title(&names, &asked)),
        change_court: Plan { more: true, ..plan.settled() }.href(),
        month: words.month(month),
        previous: (month > this_month).then(|| at_month(month_before(month))),
        next: (month < last_month).then(|| at_month(month.next())),
        weekdays: week_names(month),
        weeks,
        openings: openings.into_values().collect(),
        looked_at: look.map(|look| look.read_at.to_string()),
        can_look: places.len() == 1,
        today: now.date().to_string(),
        wrong,
        plan: Plan { month: Some(month), ..plan },
    };
    Ok((status, html(&page)).into_response())
}

/// What was chosen on the page of the rounds.
#[derive(Debug, Default)]
pub(super) struct ChosenTime {
    /// As the boxes have them: `06:00-08:00`.
    pub(super) rounds: Vec<String>,
    pub(super) typed: String,
    /// The page is to go on.
    pub(super) is_taken: bool,
}

impl ChosenTime {
    pub(super) fn of<'p>(pairs: impl Iterator<Item = (&'p str, &'p str)>) -> Self {
        let mut chosen = Self::default();
        for (name, value) in pairs {
            match name {
                "round" => chosen.rounds.push(value.to_owned()),
                "typed" => value.trim().clone_into(&mut chosen.typed),
                "take" => chosen.is_taken = true,
                _ => {}
            }
        }
        chosen
    }

    /// The times, adjacent rounds as one.
    fn ranges(&self) -> Result<Vec<TimeRange>, String> {
        let read = |text: &String| text.parse::<TimeRange>().map_err(|error| error.to_string());
        let mut ranges = self.rounds.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        ranges.sort_unstable();
        let mut joined: Vec<TimeRange> = Vec::new();
        for range in ranges {
            match joined.last_mut() {
                Some(last) if range.start() <= last.end() => {
                    *last = TimeRange::new(last.start(), last.end().max(range.end()))
                        .map_err(|error| error.to_string())?;
                }
                _ => joined.push(range),
            }
        }
        for typed in self.typed.split(',').filter(|text| !text.trim().is_empty()) {
            let range = typed.parse::<TimeRange>().map_err(|error| error.to_string())?;
            if !joined.contains(&range) {
                joined.push(range);
            }
        }
        Ok(joined)
    }
}

/// The rounds that are known of a court: those that day lists showed, and those that bookings have learned.
async fn known_rounds(
    planning: &Planning<'_>,
    places: &[Place],
    purpose: Purpose,
) -> Result<Vec<TimeRange>, NoPage> {
    let store = &planning.web.store;
    let mut rounds: Vec<TimeRange> = Vec::new();
    for place in places {
        let looks = request::fresh_rounds(store, planning.base(), place).await?;
        let days = looks.into_iter().flat_map(|look| look.days);
        rounds.extend(days.filter(|days| days.purpose == purpose).flat_map(|days| days.rounds));
        let learned = store.learned(planning.base(), place, purpose).await?;
        rounds.extend(learned.into_iter().map(|slot| slot.range));
    }
    rounds.sort_unstable();
    rounds.dedup();
    Ok(rounds)
}

/// The rounds of a day; with a choice that can be read, the next step.
pub(super) async fn times(
    planning: &Planning<'_>,
    plan: Plan,
    date: RentDate,
    chosen: ChosenTime,
    wrong: Option<String>,
) -> Page {
    let words = planning.words();
    let mut wrong = wrong;
    if chosen.is_taken && wrong.is_none() {
        match chosen.ranges() {
            Ok(ranges) if ranges.is_empty() => wrong = Some(words.plan_no_time.to_owned()),
            Ok(ranges) => {
                let mut next = plan.settled();
                next.choices.extend(ranges.into_iter().map(|range| PlannedChoice {
                    place: plan.place.clone(),
                    date: date.to_string(),
                    time: range.to_string(),
                }));
                return Ok(Redirect::to(&next.href()).into_response());
            }
            Err(why) => wrong = Some(why),
        }
    }
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let places = planning.places(&plan.place);
    let look = last_look(planning, &places, date.into()).await?;
    let seen: Vec<&SeenSlot> = look
        .iter()
        .flat_map(|look| &look.slots)
        .filter(|slot| slot.date == date && slot.purpose == purpose(&plan))
        .collect();
    let mut ranges = known_rounds(planning, &places, purpose(&plan)).await?;
    if !seen.is_empty() {
        // What the day itself showed goes before what other days did.
        ranges = seen.iter().map(|slot| slot.range).collect();
        ranges.sort_unstable();
        ranges.dedup();
    }
    let rounds = ranges.into_iter().map(|range| {
        let state = seen.iter().find(|slot| slot.range == range).map(|slot| slot.state);
        let style = match state {
            Some(SlotState::Free) => "free",
            None | Some(SlotState::NotShown) => "unknown",
            Some(_) => "full",
        };
        let range = range.to_string();
        let is_chosen = chosen.rounds.contains(&range);
        RoundBox { range, state: state.map_or("", |state| words.of_slot(state)), style, is_chosen }
    });
    let names = planning.courts.names();
    let asked = plan.place.parse().ok();
    let page = TimeStepPage {
        frame: planning.frame(&plan, planning.title(&plan)),
        court: asked.map_or_else(|| plan.place.clone(), |asked| planning.court_title(&names, &asked)),
        day: say_day(date),
        change_day: Plan { month: Some(date.into()), date: None, ..plan.clone() }.href(),
        rounds: rounds.collect(),
        typed: chosen.typed,
        opening: places.first().and_then(|place| planning.rule(place, date)).map(|(_, text)| text),
        limit: planning.limit_of_day(&plan, date).await?,
        looked_at: look.map(|look| look.read_at.to_string()),
        can_look: places.len() == 1,
        wrong,
        plan,
    };
    Ok((status, html(&page)).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_whole_weeks_from_sunday_on() {
        let days = |month: &str| weeks(month.parse().unwrap(), |date| date.day());
        let december = days("2026-12");
        assert_eq!(december[0], [None, None, Some(1), Some(2), Some(3), Some(4), Some(5)]);
        assert!(december.iter().all(|week| week.len() == 7));
        assert_eq!(december.iter().flatten().flatten().count(), 31);
        // February 2026 begins on a Sunday and has four weeks.
        assert_eq!(days("2026-02").len(), 4);
        assert_eq!(days("2026-08").len(), 6);
    }

    #[test]
    fn adjacent_rounds_join_and_others_are_further_choices() {
        let ranges = |rounds: &[&str], typed: &str| {
            let rounds = rounds.iter().map(|round| (*round).to_owned()).collect();
            let chosen = ChosenTime { rounds, typed: typed.to_owned(), is_taken: true };
            chosen.ranges().map(|ranges| ranges.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        assert_eq!(ranges(&["08:00-10:00", "06:00-08:00"], "").unwrap(), ["06:00-10:00"]);
        assert_eq!(ranges(&["06:00-08:00", "10:00-12:00"], "").unwrap(), ["06:00-08:00", "10:00-12:00"]);
        assert_eq!(ranges(&["06:00-08:00"], "06:00-08:00, 20:00-22:00").unwrap().len(), 2);
        assert_eq!(ranges(&[], " ").unwrap(), Vec::<String>::new());
        assert!(ranges(&["x"], "").is_err() && ranges(&[], "8-10").is_err());
    }
}
