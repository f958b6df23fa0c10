//! A stored booking as a plan, and a plan as the change of a stored booking: checked as `edit` checks it.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use namyangju_rent::{Purpose, SeoulTime};

use super::order_step;
use super::planning::Planning;
use crate::bad_input::BadInput;
use crate::cli::{AimArgs, ApplicationArgs, Clear, Edit};
use crate::request::{self, Edited};
use crate::store::{BookingId, Change, OpeningSource, StoredBooking};
use crate::web::answer::{NoPage, Page};
use crate::web::doors::session::SignedIn;
use crate::web::frame::Reader;
use crate::web::plan::{Plan, PlannedChoice, PlannedInstant};
use crate::web::state::Web;

/// A change that can be stored.
pub(super) struct CheckedChange {
    pub(super) change: Change,
    pub(super) choices: Vec<namyangju_rent::Wish>,
    pub(super) opens: (OpeningSource, SeoulTime),
    pub(super) notes: Vec<String>,
}

/// Begins to change a booking: as it is stored now.
pub(in crate::web) async fn show(
    State(web): State<Arc<Web>>,
    signed_in: SignedIn,
    reader: Reader,
    Path(id): Path<i64>,
) -> Page {
    let id = BookingId(id);
    super::booking::visible(&web, &signed_in, id).await?;
    let mut plan = plan_of(&web.store.booking(id).await?);
    match Planning::of(&web, &signed_in, &reader, &mut plan).await? {
        Some(planning) => order_step::page(&planning, plan, None).await,
        None => Err(NoPage::new(StatusCode::NOT_FOUND, format!("there is no booking {id}"))),
    }
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

/// Checks the changed booking as if it were new, as `edit` does.
///
/// # Errors
/// Bad input, and those of the store and the site.
pub(super) async fn check(
    planning: &Planning<'_>,
    plan: &Plan,
    id: BookingId,
) -> anyhow::Result<CheckedChange> {
    let web = planning.web;
    let booking = web.store.booking(id).await?;
    let wanted = plan.wanted()?;
    let (first, others) = wanted.split_first().ok_or_else(|| BadInput("there is no wish".to_owned()))?;
    let applicant = Some(plan.applicant.clone()).filter(|name| !name.is_empty());
    let arguments = Edit {
        id: id.0,
        place: vec![first.place.clone()],
        date: Some(first.date),
        time: vec![first.range],
        or: others.to_vec(),
        events: Some(plan.events),
        applicant,
        application: ApplicationArgs::default(),
        opens_at: plan.opens_at()?,
        aim: AimArgs::default(),
        note: Some(plan.note.clone()).filter(|note| !note.is_empty()),
        clear: [others.is_empty().then_some(Clear::Or), plan.note.is_empty().then_some(Clear::Note)]
            .into_iter()
            .flatten()
            .collect(),
        json: false,
    };
    let vault = web.vault.clone();
    let Edited { mut change, notes } =
        request::edited(&web.store, &web.config, id, &arguments, async || Ok(vault)).await?;
    // Other choices begin a new round, and these may be those that are stored.
    let choices = change.choices.take().unwrap_or_else(|| booking.choices.clone());
    change.choices = Some(choices.clone()).filter(|choices| *choices != booking.choices);
    let opens = change.opening.unwrap_or((booking.opens, booking.opens_at));
    Ok(CheckedChange { change, choices, opens, notes })
}
