//! A new booking, step by step: court, day, time, order; checked by the rules of `add`, shown once more, stored. A stored booking
//! is changed on the same pages.

use std::sync::Arc;

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect};
use namyangju_rent::clock::{Clock as _, SystemClock};
use namyangju_rent::schedule::Month;
use namyangju_rent::{Place, SeoulTime, Wish};

use super::day_step::ChosenTime;
use super::planning::Planning;
use super::{court_step, day_step, edit_booking, order_step};
use crate::bad_input::BadInput;
use crate::cli::{AskedPlace, Choice};
use crate::request;
use crate::request::draft::{Checked, DraftChecker};
use crate::store::{BookingId, OpeningSource, StoreError};
use crate::web::action::{Action, audit};
use crate::web::answer::{NoPage, Page, html};
use crate::web::doors::session::SignedIn;
use crate::web::doors::throttle::Who;
use crate::web::doors::token;
use crate::web::frame::{Frame, Reader};
use crate::web::plan::{PATH, Plan, PlanStep};
use crate::web::state::Web;

#[derive(Template)]
#[template(path = "need_people.html")]
struct NeedPeoplePage {
    frame: Frame,
    needs_account: bool,
}

#[derive(Template)]
#[template(path = "check_booking.html")]
struct CheckPage {
    frame: Frame,
    plan: Plan,
    choices: Vec<String>,
    opens: String,
    opening: &'static str,
    limits: Vec<String>,
    advice: Vec<String>,
    /// Under which the form stores once.
    once: String,
}

/// What a booking lacks before it can be planned: an account, or an applicant's data.
pub(super) async fn need_people(web: &Web, signed_in: &SignedIn, reader: &Reader) -> Page {
    let needs_account = super::accounts::visible(web, signed_in).await?.is_empty();
    let mut frame = reader.frame(reader.words.new_booking, Some(signed_in));
    PATH.clone_into(&mut frame.path);
    Ok(html(&NeedPeoplePage { frame, needs_account }))
}

/// The step that the plan has come to.
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
    let pairs = || pairs.iter().map(|(name, value)| (&**name, &**value));
    match (plan.step(), plan.date) {
        (PlanStep::Court, _) if pairs().any(|(name, _)| name == "use") && !plan.search.is_empty() => {
            court_step::typed(&planning, plan).await
        }
        (PlanStep::Court, _) => court_step::page(&planning, plan, None).await,
        (PlanStep::Time, Some(date)) => {
            let wrong = (date < SystemClock.now().date()).then(|| reader.words.plan_day_over.to_owned());
            day_step::times(&planning, plan, date, ChosenTime::of(pairs()), wrong).await
        }
        (PlanStep::Day | PlanStep::Time, _) => day_step::page(&planning, plan, None).await,
        (PlanStep::Order, _) => order_step::page(&planning, plan, None).await,
    }
}

/// What a form of the steps asks for.
pub(in crate::web) async fn act(State(web): State<Arc<Web>>, action: Action) -> Page {
    let Action { signed_in, reader, fields, .. } = &action;
    let mut plan = Plan::of(fields.pairs());
    let to = |plan: &Plan| Ok(Redirect::to(&plan.href()).into_response());
    let Some(mut planning) = Planning::of(&web, signed_in, reader, &mut plan).await? else {
        return need_people(&web, signed_in, reader).await;
    };
    if let Some(place) = fields.raw("star") {
        let place = place.parse::<Place>().map_err(|error| anyhow::Error::from(BadInput::from(error)))?;
        web.store.toggle_favourite(signed_in.user.id, planning.base(), &place).await?;
        return to(&plan);
    }
    if order_step::apply(&mut plan, fields.pairs()) {
        return to(&plan);
    }
    match fields.raw("step") {
        Some("look") => look(&mut planning, plan).await,
        Some("menus") => read_menus(&mut planning, plan).await,
        Some("more") => to(&Plan { more: true, ..plan.settled() }),
        Some("change") => to(&plan.settled()),
        Some("repeat") => Ok(Redirect::to(&plan.settled().href_at("/bookings/repeat")).into_response()),
        step => {
            let stores = step == Some("store");
            match plan.edit {
                Some(id) => change(planning, plan, id, stores, &action).await,
                None => add(planning, plan, stores, &action).await,
            }
        }
    }
}

/// Looks at the site once, and shows the same step with what was seen.
async fn look(planning: &mut Planning<'_>, plan: Plan) -> Page {
    let web = planning.web;
    let month = plan.date.map(Month::from).or(plan.month).unwrap_or_else(|| SystemClock.now().date().into());
    let wrong = match &planning.places(&plan.place)[..] {
        [place] if web.throttle.take(&Who::SiteLook(planning.user())).is_ok() => {
            let looked = request::look_at_month(&web.store, &web.config, &planning.site, place, month).await;
            looked.err().map(|error| format!("{error:#}"))
        }
        [_] => Some(planning.words().too_many_looks.to_owned()),
        _ => None,
    };
    match (wrong, plan.date) {
        (None, _) => Ok(Redirect::to(&plan.href()).into_response()),
        (wrong, Some(date)) => day_step::times(planning, plan, date, ChosenTime::default(), wrong).await,
        (wrong, None) => day_step::page(planning, plan, wrong).await,
    }
}

/// Reads the menus of the site once.
async fn read_menus(planning: &mut Planning<'_>, plan: Plan) -> Page {
    let web = planning.web;
    let wrong = match web.throttle.take(&Who::SiteLook(planning.user())) {
        Ok(()) => {
            let read = match request::client(planning.site.clone(), &web.config) {
                Ok(client) => planning.courts.read_menus(&web.store, &client).await,
                Err(error) => Err(error),
            };
            read.err().map(|error| format!("{error:#}"))
        }
        Err(_) => Some(planning.words().too_many_looks.to_owned()),
    };
    match wrong {
        None => Ok(Redirect::to(&plan.href()).into_response()),
        wrong => court_step::page(planning, plan, wrong).await,
    }
}

/// The rules of `add`, over what this user may use; with what the store has against it.
pub(super) async fn check(planning: &Planning<'_>, plan: &Plan) -> anyhow::Result<Checked> {
    let web = planning.web;
    let draft = plan.draft()?;
    let mut checker = DraftChecker::open(&web.store, web.vault.clone()).await?;
    checker.learn_courts(&web.store, &web.config, std::slice::from_ref(&draft)).await?;
    let mut checked = checker.check(&draft)?;
    checked.compare_to_earlier_looks(&web.store).await;
    Ok(checked)
}

/// Why a plan cannot be stored, for whoever made it; what concerns only who runs the program is an error.
pub(super) fn told(error: anyhow::Error) -> Result<String, NoPage> {
    match error.downcast_ref::<StoreError>() {
        Some(StoreError::Conflict(_) | StoreError::NotFound(_)) | None => Ok(format!("{error:#}")),
        Some(_) => Err(error.into()),
    }
}

async fn add(planning: Planning<'_>, plan: Plan, stores: bool, action: &Action) -> Page {
    let Action { signed_in, peer, fields, .. } = action;
    let web = planning.web;
    let checked = match check(&planning, &plan).await {
        Ok(checked) => checked,
        Err(error) => return order_step::page(&planning, plan, Some(told(error)?)).await,
    };
    if stores {
        let once = once(fields.raw("once"))?;
        let booking = std::slice::from_ref(&checked.booking);
        let ids = match web.store.add_sent_bookings(&token::hash(&once), signed_in.user.id, booking).await {
            Ok(ids) => ids,
            Err(error) => return order_step::page(&planning, plan, Some(told(error.into())?)).await,
        };
        let Some(id) = ids.first().copied() else { return Ok(Redirect::to("/").into_response()) };
        audit(web, signed_in, peer, &format!("stored booking {id}")).await?;
        return Ok(Redirect::to(&format!("/bookings/{id}")).into_response());
    }
    let tried = web.store.try_bookings(std::slice::from_ref(&checked.booking)).await?;
    if let Some(why) = tried.into_iter().flatten().next() {
        return order_step::page(&planning, plan, Some(why)).await;
    }
    let booking = checked.booking;
    shown(&planning, plan, &booking.choices, (booking.opens, booking.opens_at), checked.advice).await
}

async fn change(planning: Planning<'_>, plan: Plan, id: BookingId, stores: bool, action: &Action) -> Page {
    let Action { signed_in, peer, .. } = action;
    let web = planning.web;
    // A form that is out of date is refused before anything in it is judged.
    let stored = web.store.booking(id).await?;
    if plan.seen != Some(stored.changed_at.unix_micros()) {
        let why = format!("{} {id}: {}", planning.words().booking, planning.words().plan_stale);
        return order_step::page(&planning, plan, Some(why)).await;
    }
    let checked = match edit_booking::check(&planning, &plan, id).await {
        Ok(checked) => checked,
        Err(error) => return order_step::page(&planning, plan, Some(told(error)?)).await,
    };
    if !stores {
        return shown(&planning, plan, &checked.choices, checked.opens, checked.notes).await;
    }
    match web.store.edit_seen_booking(id, &checked.change, stored.changed_at).await {
        Ok(()) => {
            audit(web, signed_in, peer, &format!("changed booking {id}")).await?;
            Ok(Redirect::to(&format!("/bookings/{id}")).into_response())
        }
        Err(error) => order_step::page(&planning, plan, Some(told(error.into())?)).await,
    }
}

/// The token under which a form stores once: that of the page, or a new one for a form that has none.
pub(super) fn once(given: Option<&str>) -> Result<String, NoPage> {
    match given.filter(|given| !given.is_empty()) {
        Some(given) => Ok(given.to_owned()),
        None => token::new().map_err(|error| anyhow::Error::from(error).into()),
    }
}

/// The whole booking once more, before it is stored.
async fn shown(
    planning: &Planning<'_>,
    plan: Plan,
    choices: &[Wish],
    (how, at): (OpeningSource, SeoulTime),
    advice: Vec<String>,
) -> Page {
    let words = planning.words();
    // What the check has read of the menus is kept by now.
    let courts = request::courts::CourtBook::open(&planning.site, Some(&planning.web.store)).await;
    let names = courts.names();
    let title = |wish: &Wish| {
        let choice =
            Choice { place: AskedPlace::Court(wish.place.clone()), date: wish.date, range: wish.range };
        planning.choice_title(&names, &choice)
    };
    let mut limits = Vec::new();
    if let Some(first) = choices.first() {
        limits.push(planning.limit_of_day(&plan, first.date).await?);
    }
    let others = planning.web.store.booked_at(planning.account.id, at, plan.edit).await?;
    if others > 0 && how != OpeningSource::Now {
        limits.push(words.plan_same_opening(others));
    }
    let page = CheckPage {
        frame: planning.frame(&plan, words.please_check),
        choices: choices.iter().map(title).collect(),
        opens: at.to_string(),
        opening: words.of_opening(how),
        limits,
        advice,
        once: once(None)?,
        plan,
    };
    Ok((StatusCode::OK, html(&page)).into_response())
}
