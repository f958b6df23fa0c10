//! A waiting booking is changed: what is given, over what is stored.

use anyhow::{Context as _, Result};
use namyangju_rent::{Purpose, Site, Wish};

use super::courts::CourtBook;
use super::{PlannedOpening, draft, seal, unseal};
use crate::bad_input::BadInput;
use crate::cli::{AimArgs, AskedPlace, Choice, Clear, Edit, OpensAt, PolicyName};
use crate::config::Config;
use crate::request;
use crate::say::say;
use crate::store::{self, BookingId, Change, Store, StoredBooking};
use crate::vault::Vault;

/// What is to be changed, checked.
#[derive(Debug)]
pub(crate) struct Edited {
    pub(crate) change: Change,
    /// What a person should know of it.
    pub(crate) notes: Vec<String>,
}

impl Edited {
    /// Whether nothing is to be changed at all.
    pub(crate) fn is_nothing(&self) -> bool {
        is_nothing(&self.change)
    }
}

/// Checks a change of a booking as if the booking were new. The vault is opened only if the applicant's data changes.
///
/// # Errors
/// Bad input, and the store's, the vault's, the library's.
pub(crate) async fn edited(
    store: &Store,
    config: &Config,
    id: BookingId,
    arguments: &Edit,
    open_vault: impl AsyncFnOnce() -> Result<Vault>,
) -> Result<Edited> {
    let booking = store.booking(id).await?;
    let site = request::site_at(&booking.site, booking.base_url.as_deref())?;
    let mut courts = CourtBook::open(&site, Some(store)).await;
    let wishes = match edited_choices(arguments, &booking)? {
        Some(EditedChoices { given, kept, events }) => {
            courts.complete(&given, Some(store), || request::client(site.clone(), config)).await?;
            // A group may hold a court that is another choice already.
            let given = request::wishes(&given, events, &courts)?;
            let kept = kept.into_iter().map(|wish| Wish { purpose: purpose(events), ..wish });
            let kept: Vec<Wish> = kept.filter(|wish| !given.contains(wish)).collect();
            let all: Vec<Choice> = given.iter().chain(&kept).map(choice).collect();
            Some(request::wishes(&all, events, &courts)?)
        }
        None => None,
    };
    let mut change = plain_changes(arguments)?;
    let give_up_after = change.give_up_after.unwrap_or(booking.give_up_after);
    let mut notes = Vec::new();
    if wishes.is_some() || arguments.opens_at.is_some() || arguments.aim.give_up_after.is_some() {
        let all = wishes.as_ref().unwrap_or(&booking.choices);
        let (opens, said) = edited_opening(arguments, &booking, &site, all)?;
        request::check_opening(&opens, give_up_after, all)?;
        notes.extend(said);
        notes.extend(request::advice(&site, all, Some(&opens)));
        notes.extend(draft::doubts(&site, all, &opens, &courts));
        notes.extend(request::earlier_looks(store, &site, &courts.names(), all).await);
        if (opens.how, opens.at) != (booking.opens, booking.opens_at) {
            change.opening = Some((opens.how, opens.at));
        }
    }
    if change.give_up_after.is_some() || change.pace.is_some() || change.most_requests.is_some() {
        notes.extend(request::too_few_requests(&edited_pace(&change, &booking)));
    }
    change.choices = wishes;
    if arguments.applicant.is_some() || !arguments.application.is_empty() {
        let vault = open_vault().await?;
        let before = match &arguments.applicant {
            Some(name) => store.applicant(name).await?.data,
            None => booking.application.clone(),
        };
        let application = request::application(&arguments.application, Some(unseal(&vault, &before)?))?;
        notes.extend(request::lacking(&application, site.charset()));
        change.application = Some(seal(&vault, &application)?);
    }
    Ok(Edited { change, notes })
}

fn is_nothing(change: &Change) -> bool {
    let Change {
        choices,
        application,
        opening,
        give_up_after,
        lead,
        clock_offset_micros,
        pace,
        most_requests,
        note,
    } = change;
    choices.is_none()
        && application.is_none()
        && opening.is_none()
        && give_up_after.is_none()
        && lead.is_none()
        && clock_offset_micros.is_none()
        && pace.is_none()
        && most_requests.is_none()
        && note.is_none()
}

/// What needs no look at the rest of the booking.
fn plain_changes(arguments: &Edit) -> Result<Change> {
    let aim = &arguments.aim;
    let clears = |what: Clear| arguments.clear.contains(&what);
    let given = [
        (Clear::Or, !arguments.or.is_empty(), "--or"),
        (Clear::ClockOffset, aim.clock_offset.is_some(), "--clock-offset"),
        (Clear::MostRequests, aim.most_requests.is_some(), "--most-requests"),
        (Clear::Note, arguments.note.is_some(), "--note"),
    ];
    if let Some((_, _, option)) = given.into_iter().find(|(what, given, _)| *given && clears(*what)) {
        return Err(BadInput(say!("edit-contradiction", option = option)).into());
    }
    if aim.give_up_after.is_some_and(|time| time.is_zero()) {
        return Err(BadInput(say!("edit-zero")).into());
    }
    Ok(Change {
        give_up_after: aim.give_up_after,
        lead: aim.lead,
        clock_offset_micros: aim.clock_offset.map(Some).or(clears(Clear::ClockOffset).then_some(None)),
        pace: aim.policy.map(store::RetryPace::from),
        most_requests: aim.most_requests.map(Some).or(clears(Clear::MostRequests).then_some(None)),
        note: match &arguments.note {
            Some(text) => Some(draft::note(Some(text))?),
            None => clears(Clear::Note).then_some(None),
        },
        ..Change::default()
    })
}

/// The choices as they will be.
struct EditedChoices {
    /// Those that were given, or stand for the first one that was stored.
    given: Vec<Choice>,
    /// The other ones that stay.
    kept: Vec<Wish>,
    /// Whether they are of the list for events.
    events: bool,
}

fn purpose(events: bool) -> Purpose {
    if events { Purpose::Events } else { Purpose::Sports }
}

fn court(wish: &Wish) -> AskedPlace {
    AskedPlace::Court(wish.place.clone())
}

fn choice(wish: &Wish) -> Choice {
    Choice { place: court(wish), date: wish.date, range: wish.range }
}

/// The choices as they will be; `None` if nothing of them changes.
fn edited_choices(arguments: &Edit, booking: &StoredBooking) -> Result<Option<EditedChoices>> {
    let Edit { place, date, time, or, events, clear, .. } = arguments;
    let changes = !place.is_empty()
        || date.is_some()
        || !time.is_empty()
        || events.is_some()
        || !or.is_empty()
        || clear.contains(&Clear::Or);
    if !changes {
        return Ok(None);
    }
    let first = booking.choices.first().context("the booking has no choice")?;
    let places = if place.is_empty() { vec![court(first)] } else { place.clone() };
    let times = if time.is_empty() { vec![first.range] } else { time.clone() };
    let date = date.unwrap_or(first.date);
    let at = |range| places.iter().map(move |place| Choice { place: place.clone(), date, range });
    let mut given: Vec<Choice> = times.into_iter().flat_map(at).collect();
    if !or.is_empty() {
        given.extend(or.iter().cloned());
    }
    let keeps = or.is_empty() && !clear.contains(&Clear::Or);
    let kept = booking.choices.iter().skip(1).filter(|_| keeps).cloned().collect();
    let events = events.unwrap_or(first.purpose == Purpose::Events);
    Ok(Some(EditedChoices { given, kept, events }))
}

/// The pace as it will be.
fn edited_pace(change: &Change, booking: &StoredBooking) -> AimArgs {
    let policy = match change.pace.unwrap_or(booking.pace) {
        store::RetryPace::Default => PolicyName::Default,
        store::RetryPace::Original => PolicyName::Original,
    };
    AimArgs {
        give_up_after: Some(change.give_up_after.unwrap_or(booking.give_up_after)),
        policy: Some(policy),
        most_requests: change.most_requests.unwrap_or(booking.most_requests),
        ..AimArgs::default()
    }
}

/// The opening as it will be, and what is to be said of it.
fn edited_opening(
    arguments: &Edit,
    booking: &StoredBooking,
    site: &Site,
    wishes: &[Wish],
) -> Result<(PlannedOpening, Option<String>)> {
    let first = wishes.first().context("the booking has no choice")?;
    match arguments.opens_at {
        Some(asked) => draft::opening(asked, site, first),
        None if booking.opens == store::OpeningSource::Rule => draft::opening(OpensAt::Auto, site, first),
        None => {
            let opens = PlannedOpening { at: booking.opens_at, how: booking.opens, confidence: None };
            let moved = booking.choices.first().is_some_and(|before| before.date != first.date);
            let said = moved && booking.opens == store::OpeningSource::Given;
            Ok((opens, said.then(|| say!("edit-opening-kept", at = booking.opens_at))))
        }
    }
}
