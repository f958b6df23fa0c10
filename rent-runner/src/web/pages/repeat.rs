//! The same booking on several days: chosen by the weekdays of a month, or one by one; looked at before they are stored, all or
//! none.

use std::collections::BTreeSet;
use std::sync::Arc;

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect};
use namyangju_rent::RentDate;
use namyangju_rent::clock::{Clock as _, SystemClock};
use namyangju_rent::schedule::Month;

use super::day_step::{WEEK, week_names, weeks};
use super::new_booking::{need_people, once, told};
use super::planning::Planning;
use crate::request::draft::DraftChecker;
use crate::say::day as say_day;
use crate::store::{NewBooking, OpeningSource};
use crate::web::action::{Action, audit};
use crate::web::answer::{Page, html};
use crate::web::doors::session::SignedIn;
use crate::web::doors::token;
use crate::web::frame::{Frame, Reader};
use crate::web::plan::Plan;
use crate::web::state::Web;

/// Where it is.
const PATH: &str = "/bookings/repeat";

/// The most days at a time.
const MAX_DAYS: usize = 31;

/// How many months can be chosen from.
const MONTHS: usize = 6;

/// A weekday to choose.
struct WeekdayBox {
    number: usize,
    name: &'static str,
    is_chosen: bool,
}

/// A day to choose.
struct DayBox {
    date: String,
    number: i8,
    label: String,
    is_chosen: bool,
    is_over: bool,
}

/// A month to choose.
struct MonthOption {
    value: String,
    name: String,
    is_chosen: bool,
}

/// One of the bookings, before they are stored.
struct RepeatedDay {
    date: String,
    day: String,
    opens: String,
    wrong: Option<String>,
    advice: Vec<String>,
}

#[derive(Template)]
#[template(path = "repeat.html")]
struct RepeatPage {
    frame: Frame,
    plan: Plan,
    choices: Vec<String>,
    months: Vec<MonthOption>,
    weekdays: Vec<WeekdayBox>,
    month: String,
    names: Vec<&'static str>,
    weeks: Vec<Vec<Option<DayBox>>>,
    wrong: Option<String>,
}

#[derive(Template)]
#[template(path = "repeat_check.html")]
struct RepeatCheckPage {
    frame: Frame,
    plan: Plan,
    choices: Vec<String>,
    days: Vec<RepeatedDay>,
    /// What holds for all of them.
    advice: Vec<String>,
    can_store: bool,
    once: String,
    wrong: Option<String>,
}

/// The days that are chosen.
#[derive(Debug, Default)]
struct ChosenDays {
    weekdays: BTreeSet<usize>,
    dates: BTreeSet<RentDate>,
}

impl ChosenDays {
    fn of<'p>(pairs: impl Iterator<Item = (&'p str, &'p str)>) -> Self {
        let mut chosen = Self::default();
        for (name, value) in pairs {
            match name {
                "weekday" => {
                    chosen.weekdays.extend(value.parse::<usize>().ok().filter(|day| *day < WEEK.len()))
                }
                "on" => chosen.dates.extend(value.parse::<RentDate>().ok()),
                _ => {}
            }
        }
        chosen
    }
}

fn weekday(date: RentDate) -> usize {
    let name = date.weekday_korean();
    WEEK.iter().position(|known| *known == name).unwrap_or_default()
}

/// The first day of the plan.
fn first_day(plan: &Plan) -> Option<RentDate> {
    Some(plan.choices.first()?.choice().ok()?.date)
}

/// How many days lie between two dates.
fn days_between(from: RentDate, to: RentDate) -> i32 {
    let midnight = namyangju_rent::TimeRange::whole_day().start();
    let micros = to.at(midnight).unix_micros() - from.at(midnight).unix_micros();
    i32::try_from(micros / (24 * 3600 * 1_000_000)).unwrap_or_default()
}

/// The plan with all its choices on other days, so that the first is on this one.
fn moved(plan: &Plan, from: RentDate, to: RentDate) -> Plan {
    let days = days_between(from, to);
    let mut moved = plan.clone();
    for choice in &mut moved.choices {
        if let Ok(date) = choice.date.parse::<RentDate>() {
            choice.date = date.plus_days(days).to_string();
        }
    }
    moved
}

fn titles(planning: &Planning<'_>, plan: &Plan) -> Vec<String> {
    let names = planning.courts.names();
    let title = |planned: &crate::web::plan::PlannedChoice| match planned.choice() {
        Ok(choice) => format!("{} · {}", planning.court_title(&names, &choice.place), choice.range),
        Err(_) => planned.text(),
    };
    plan.choices.iter().map(title).collect()
}

/// The days to choose from.
pub(in crate::web) async fn show(
    State(web): State<Arc<Web>>,
    signed_in: SignedIn,
    reader: Reader,
    RawQuery(query): RawQuery,
) -> Page {
    let query = query.unwrap_or_default();
    let mut plan = Plan::of_query(Some(&query));
    let Some(planning) = Planning::of(&web, &signed_in, &reader, &mut plan).await? else {
        return need_people(&web, &signed_in, &reader).await;
    };
    let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
    let chosen = ChosenDays::of(pairs.iter().map(|(name, value)| (&**name, &**value)));
    let fills = pairs.iter().any(|(name, _)| name == "fill");
    choose(&planning, plan, chosen, fills, None).await
}

async fn choose(
    planning: &Planning<'_>,
    plan: Plan,
    mut chosen: ChosenDays,
    fills: bool,
    wrong: Option<String>,
) -> Page {
    let Some(first) = first_day(&plan) else { return Ok(Redirect::to(&plan.href()).into_response()) };
    let words = planning.words();
    let today = SystemClock.now().date();
    let this_month = Month::from(today);
    let month = plan.month.unwrap_or_else(|| first.into()).max(this_month);
    if chosen.weekdays.is_empty() && !fills {
        chosen.weekdays.insert(weekday(first));
    }
    let has_weekday = |date: RentDate| chosen.weekdays.contains(&weekday(date));
    // The days of the weekdays, unless days were chosen one by one.
    let by_weekday = fills || chosen.dates.is_empty();
    let is_chosen =
        |date: RentDate| if by_weekday { has_weekday(date) } else { chosen.dates.contains(&date) };
    let weeks = weeks(month, |date| DayBox {
        date: date.to_string(),
        number: date.day(),
        label: say_day(date),
        is_chosen: is_chosen(date) && date >= today,
        is_over: date < today,
    });
    let months = std::iter::successors(Some(this_month), |month| Some(month.next())).take(MONTHS);
    let months: BTreeSet<Month> = months.chain([month]).collect();
    let option =
        |one: Month| MonthOption { value: one.to_string(), name: words.month(one), is_chosen: one == month };
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let mut frame = planning.frame(&plan, words.plan_repeat);
    frame.here = plan.href_at(PATH);
    let page = RepeatPage {
        frame,
        choices: titles(planning, &plan),
        months: months.into_iter().map(option).collect(),
        weekdays: (0..WEEK.len())
            .map(|number| WeekdayBox {
                number,
                name: week_names(month).get(number).copied().unwrap_or_default(),
                is_chosen: chosen.weekdays.contains(&number),
            })
            .collect(),
        month: words.month(month),
        names: week_names(month),
        weeks,
        wrong,
        plan,
    };
    Ok((status, html(&page)).into_response())
}

/// Shows the bookings of the chosen days, or stores them.
pub(in crate::web) async fn act(State(web): State<Arc<Web>>, action: Action) -> Page {
    let Action { signed_in, reader, peer, fields } = &action;
    let mut plan = Plan::of(fields.pairs());
    let Some(planning) = Planning::of(&web, signed_in, reader, &mut plan).await? else {
        return need_people(&web, signed_in, reader).await;
    };
    let words = reader.words;
    let chosen = ChosenDays::of(fields.pairs());
    let Some(first) = first_day(&plan).filter(|_| plan.edit.is_none()) else {
        return Ok(Redirect::to(&plan.href()).into_response());
    };
    if chosen.dates.is_empty() || chosen.dates.len() > MAX_DAYS {
        let wrong = Some(words.plan_no_days.to_owned());
        return choose(&planning, plan, chosen, true, wrong).await;
    }
    let mut checker = DraftChecker::open(&web.store, web.vault.clone()).await?;
    let mut days = Vec::new();
    let mut bookings: Vec<NewBooking> = Vec::new();
    let mut shared: Option<Vec<String>> = None;
    for date in &chosen.dates {
        let mut day = RepeatedDay {
            date: date.to_string(),
            day: say_day(*date),
            opens: String::new(),
            wrong: None,
            advice: Vec::new(),
        };
        let moved = moved(&plan, first, *date);
        let checked = async {
            let draft = moved.draft()?;
            checker.learn_courts(&web.store, &web.config, std::slice::from_ref(&draft)).await?;
            let mut checked = checker.check(&draft)?;
            checked.compare_to_earlier_looks(&web.store).await;
            anyhow::Ok(checked)
        };
        match checked.await {
            Ok(checked) => {
                let opening = words.of_opening(checked.booking.opens);
                day.opens = match checked.booking.opens {
                    OpeningSource::Now => opening.to_owned(),
                    _ => format!("{} ({opening})", checked.booking.opens_at),
                };
                if let Some(shared) = &mut shared {
                    shared.retain(|line| checked.advice.contains(line));
                } else {
                    shared = Some(checked.advice.clone());
                }
                day.advice = checked.advice;
                bookings.push(checked.booking);
            }
            Err(error) => day.wrong = Some(told(error)?),
        }
        days.push(day);
    }
    let all_good = bookings.len() == days.len();
    if fields.raw("step") == Some("store") && all_good {
        let once = once(fields.raw("once"))?;
        match web.store.add_sent_bookings(&token::hash(&once), signed_in.user.id, &bookings).await {
            Ok(ids) => {
                let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
                audit(&web, signed_in, peer, &format!("stored bookings {}", ids.join(", "))).await?;
                return Ok(Redirect::to("/").into_response());
            }
            Err(error) => {
                let wrong = Some(told(error.into())?);
                return preview(&planning, plan, days, shared, true, wrong).await;
            }
        }
    }
    let tried = web.store.try_bookings(&bookings).await?;
    for (day, why) in days.iter_mut().filter(|day| day.wrong.is_none()).zip(tried) {
        day.wrong = why;
    }
    preview(&planning, plan, days, shared, false, None).await
}

async fn preview(
    planning: &Planning<'_>,
    plan: Plan,
    mut days: Vec<RepeatedDay>,
    shared: Option<Vec<String>>,
    is_refused: bool,
    wrong: Option<String>,
) -> Page {
    let advice = shared.unwrap_or_default();
    for day in &mut days {
        day.advice.retain(|line| !advice.contains(line));
    }
    let status = if is_refused { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let mut frame = planning.frame(&plan, planning.words().plan_repeat);
    frame.here = plan.href_at(PATH);
    let page = RepeatCheckPage {
        frame,
        choices: titles(planning, &plan),
        can_store: days.iter().any(|day| day.wrong.is_none()),
        days,
        advice,
        once: once(None)?,
        wrong,
        plan,
    };
    Ok((status, html(&page)).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_choices_move_with_the_first() {
        let day = |text: &str| text.parse::<RentDate>().unwrap();
        let plan = Plan::of_query(Some(
            "c=A/1/1+2026-12-05+06:00-08:00&c=A/1/2+2026-12-06+06:00-08:00&c=A/1/3+2026-12-05+08:00-10:00",
        ));
        let moved = moved(&plan, day("2026-12-05"), day("2027-01-02"));
        let dates: Vec<&str> = moved.choices.iter().map(|choice| choice.date.as_str()).collect();
        assert_eq!(dates, ["2027-01-02", "2027-01-03", "2027-01-02"]);
        assert_eq!(days_between(day("2026-12-05"), day("2026-11-28")), -7);
        assert_eq!(weekday(day("2026-12-05")), 6);
    }

    #[test]
    fn days_are_read_and_nonsense_is_passed_over() {
        let pairs = [("weekday", "6"), ("weekday", "7"), ("weekday", "x"), ("on", "2026-12-05"), ("on", "z")];
        let chosen = ChosenDays::of(pairs.into_iter());
        assert_eq!((chosen.weekdays.len(), chosen.dates.len()), (1, 1));
    }
}
