//! The fourth step of a booking: the order of the choices, what is applied with, and when it opens. The order is changed by
//! buttons, which a script makes quicker, or by dragging.

use askama::Template;
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use namyangju_rent::RentDate;

use super::planning::Planning;
use crate::cli::AskedPlace;
use crate::web::answer::{Page, html};
use crate::web::frame::Frame;
use crate::web::plan::{Plan, PlannedChoice};

/// A choice in its place.
struct OrderLine {
    number: usize,
    title: String,
    /// What the form sends for it.
    text: String,
    is_first: bool,
    is_last: bool,
    /// Whether any court of its group can be a further choice.
    can_be_any: bool,
    /// Chooses another time of the same court and day.
    other_time: Option<String>,
}

#[derive(Template)]
#[template(path = "order_step.html")]
struct OrderStepPage {
    frame: Frame,
    plan: Plan,
    lines: Vec<OrderLine>,
    applicants: Vec<String>,
    rule: Option<String>,
    stored_opening: Option<String>,
    limits: Vec<String>,
    wrong: Option<String>,
    opening: &'static str,
}

/// The group that a choice's court is of, as any court of it is written.
fn any_of(place: &str) -> Option<String> {
    match place.parse().ok()? {
        AskedPlace::Court(place) => Some(format!("{}/{}/*", place.centre, place.group)),
        _ => None,
    }
}

/// Moves, removes or adds choices as a button says; `false` if it says nothing of the kind.
pub(super) fn apply<'p>(plan: &mut Plan, buttons: impl Iterator<Item = (&'p str, &'p str)>) -> bool {
    for (name, value) in buttons {
        let Some(at) = value.parse::<usize>().ok().and_then(|number| number.checked_sub(1)) else { continue };
        let Some(choice) = plan.choices.get(at).cloned() else { continue };
        match name {
            "up" => plan.choices.swap(at, at.saturating_sub(1)),
            "down" if at + 1 < plan.choices.len() => plan.choices.swap(at, at + 1),
            "remove" => {
                plan.choices.remove(at);
            }
            "any" => {
                if let Some(place) = any_of(&choice.place) {
                    let any = PlannedChoice { place, ..choice };
                    if !plan.choices.contains(&any) {
                        plan.choices.insert(at + 1, any);
                    }
                }
            }
            "down" => {}
            _ => continue,
        }
        return true;
    }
    false
}

/// The choices in their order, with the rest of the booking.
pub(super) async fn page(planning: &Planning<'_>, plan: Plan, wrong: Option<String>) -> Page {
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let names = planning.courts.names();
    let many = plan.choices.len();
    let line = |(index, planned): (usize, &PlannedChoice)| {
        let choice = planned.choice().ok();
        let any = any_of(&planned.place);
        let has_any = |any: &String| {
            plan.choices
                .iter()
                .any(|other| other.place == *any && other.date == planned.date && other.time == planned.time)
        };
        OrderLine {
            number: index + 1,
            title: choice
                .as_ref()
                .map_or_else(|| planned.text(), |choice| planning.choice_title(&names, choice)),
            text: planned.text(),
            is_first: index == 0,
            is_last: index + 1 == many,
            can_be_any: any.is_some_and(|any| !has_any(&any)),
            other_time: choice.map(|choice| {
                Plan { place: planned.place.clone(), date: Some(choice.date), ..plan.clone() }.href()
            }),
        }
    };
    let lines = plan.choices.iter().enumerate().map(line).collect();
    let first = plan.choices.first().and_then(|planned| planned.choice().ok());
    let mut limits = Vec::new();
    let mut rule = None;
    if let Some(first) = &first {
        limits.push(planning.limit_of_day(&plan, first.date).await?);
        let date: RentDate = first.date;
        let place = first.place.to_string();
        if let Some((at, text)) = planning.places(&place).first().and_then(|place| planning.rule(place, date))
        {
            let others = planning.web.store.booked_at(planning.account.id, at, plan.edit).await?;
            if others > 0 {
                limits.push(planning.words().plan_same_opening(others));
            }
            rule = Some(text);
        }
    }
    let stored_opening = match plan.edit {
        Some(id) => Some(planning.web.store.booking(id).await?.opens_at.to_string()),
        None => None,
    };
    let page = OrderStepPage {
        frame: planning.frame(&plan, planning.title(&plan)),
        lines,
        applicants: planning.applicants.clone(),
        rule,
        stored_opening,
        limits,
        wrong,
        opening: plan.opening.word(),
        plan,
    };
    Ok((status, html(&page)).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(plan: &Plan) -> Vec<&str> {
        plan.choices.iter().map(|choice| choice.place.as_str()).collect()
    }

    #[test]
    fn buttons_change_the_order_and_nothing_else() {
        let query = "c=NYJ06/07/101+2026-12-05+06:00-08:00&c=NYJ06/07/102+2026-12-05+06:00-08:00&c=NYJ06/07/103+2026-12-05+06:00-08:00";
        let mut plan = Plan::of_query(Some(query));
        assert!(apply(&mut plan, [("up", "3")].into_iter()));
        assert_eq!(places(&plan), ["NYJ06/07/101", "NYJ06/07/103", "NYJ06/07/102"]);
        assert!(apply(&mut plan, [("c", "1"), ("down", "1")].into_iter()));
        assert_eq!(places(&plan), ["NYJ06/07/103", "NYJ06/07/101", "NYJ06/07/102"]);
        assert!(apply(&mut plan, [("up", "1")].into_iter()) && apply(&mut plan, [("down", "3")].into_iter()));
        assert_eq!(places(&plan), ["NYJ06/07/103", "NYJ06/07/101", "NYJ06/07/102"]);
        assert!(apply(&mut plan, [("any", "1")].into_iter()) && apply(&mut plan, [("any", "1")].into_iter()));
        assert_eq!(places(&plan), ["NYJ06/07/103", "NYJ06/07/*", "NYJ06/07/101", "NYJ06/07/102"]);
        assert!(apply(&mut plan, [("remove", "2")].into_iter()));
        assert_eq!(places(&plan), ["NYJ06/07/103", "NYJ06/07/101", "NYJ06/07/102"]);
        for wrong in [("up", "0"), ("up", "9"), ("up", "x"), ("remove", "-1"), ("step", "1")] {
            assert!(!apply(&mut plan, [wrong].into_iter()), "{wrong:?}");
        }
    }
}
