//! A stored booking as a plan, and a plan as the change of a stored booking: checked as `edit` checks it.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect};
use namyangju_rent::Purpose;

use super::planning::Planning;
use crate::bad_input::BadInput;
use crate::cli::{ApplicationArgs, OpensAt};
use crate::request::{self, PlannedOpening, draft, seal, unseal};
use crate::store::{BookingId, Change, OpeningSource, StoredBooking};
use crate::web::answer::Page;
use crate::web::doors::session::SignedIn;
use crate::web::plan::{Plan, PlannedChoice, PlannedInstant};
use crate::web::state::Web;

/// A change that can be stored.
pub(super) struct CheckedChange {
    pub(super) change: Change,
    pub(super) choices: Vec<namyangju_rent::Wish>,
    pub(super) opens: PlannedOpening,
    pub(super) advice: Vec<String>,
}

/// Begins to change a booking: as it is stored now.
pub(in crate::web) async fn show(
    State(web): State<Arc<Web>>,
    signed_in: SignedIn,
    Path(id): Path<i64>,
) -> Page {
    let id = BookingId(id);
    super::booking::visible(&web, &signed_in, id).await?;
    Ok(Redirect::to(&plan_of(&web.store.booking(id).await?).href()).into_response())
}

/// A booking as a plan.
fn plan_of(booking: &StoredBooking) -> Plan {
    let choice = |wish: &namyangju_rent::Wish| PlannedChoice {
        place: wish.place.to_string(),
        date: wish.date.to_string(),
        time: wish.range.to_string(),
    };
    Plan {
        account: booking.account.clone(),
        choices: booking.choices.iter().map(choice).collect(),
        events: booking.choices.first().is_some_and(|wish| wish.purpose == Purpose::Events),
        // By the rule it follows the day.
        opening: match booking.opens {
            OpeningSource::Rule => PlannedInstant::Rule,
            OpeningSource::Given | OpeningSource::Now => PlannedInstant::Keep,
        },
        note: booking.note.clone().unwrap_or_default(),
        edit: Some(booking.id),
        seen: Some(booking.changed_at.unix_micros()),
        ..Plan::default()
    }
}

/// Checks the changed booking as if it were new.
///
/// # Errors
/// Bad input, and those of the store and the site.
pub(super) async fn check(
    planning: &mut Planning<'_>,
    plan: &Plan,
    id: BookingId,
) -> anyhow::Result<CheckedChange> {
    let web = planning.web;
    let booking = web.store.booking(id).await?;
    let wanted = plan.wanted()?;
    let site = planning.site.clone();
    planning
        .courts
        .complete(&wanted, Some(&web.store), || request::client(site.clone(), &web.config))
        .await?;
    let choices = request::wishes(&wanted, plan.events, &planning.courts)?;
    let first = choices.first().ok_or_else(|| BadInput("there is no wish".to_owned()))?;
    let (opens, said) = match plan.opens_at()? {
        Some(asked) => draft::opening(asked, &site, first)?,
        None if booking.opens == OpeningSource::Rule => draft::opening(OpensAt::Auto, &site, first)?,
        None => (PlannedOpening { at: booking.opens_at, how: booking.opens, confidence: None }, None),
    };
    request::check_opening(&opens, booking.give_up_after, &choices)?;
    let mut advice = request::advice(&site, &choices, Some(&opens));
    advice.extend(said);
    advice.extend(draft::doubts(&site, &choices, &opens, &planning.courts));
    advice.extend(request::earlier_looks(&web.store, &site, &planning.courts.names(), &choices).await);
    let mut change = Change::default();
    if choices != booking.choices {
        change.choices = Some(choices.clone());
    }
    if (opens.how, opens.at) != (booking.opens, booking.opens_at) {
        change.opening = Some((opens.how, opens.at));
    }
    let note = draft::note(Some(&plan.note))?;
    if note != booking.note {
        change.note = Some(note);
    }
    if !plan.applicant.is_empty() {
        let kept = unseal(&web.vault, &web.store.applicant(&plan.applicant).await?.data)?;
        let application = request::application(&ApplicationArgs::default(), Some(kept))?;
        advice.extend(request::lacking(&application, site.charset()));
        change.application = Some(seal(&web.vault, &application)?);
    }
    Ok(CheckedChange { change, choices, opens, advice })
}
