//! `export`: bookings as a file that `import` reads.

use anyhow::Result;
use namyangju_rent::{Application, Purpose};

use crate::cli::{ApplicationArgs, AskedPlace, Choice, Export, OpensAt, PolicyName};
use crate::config::Config;
use crate::request::draft::{Draft, DraftChecker};
use crate::request::{file, unseal};
use crate::say::say;
use crate::store::{self, BookingId, Filter, FoundBookings, State, StoredBooking};
use crate::terminal;
use crate::words::{counted, many};

/// Writes the bookings to stdout.
pub(crate) async fn run(arguments: &Export, config: &Config) -> Result<u8> {
    let store = super::open(config).await?;
    let FoundBookings { mut bookings, mut unreadable } = FoundBookings::default();
    if arguments.ids.is_empty() {
        let states = State::ALL.into_iter().filter(|state| !state.is_over()).collect();
        FoundBookings { bookings, unreadable } =
            store.listed(&Filter { states, ..Filter::default() }).await?;
    } else {
        for id in &arguments.ids {
            bookings.push(store.booking(BookingId(*id)).await?);
        }
    }
    if bookings.is_empty() {
        terminal::note(&say!("export-none"));
    }
    let mut checker = match bookings.is_empty() {
        true => None,
        false => Some(DraftChecker::open(&store, super::open_vault(&store, config).await?).await?),
    };
    let mut drafts = Vec::new();
    let mut nameless = Vec::new();
    for booking in &bookings {
        let mut draft = draft(booking);
        if let Some(checker) = &mut checker {
            let application = unseal(checker.vault(), &booking.application)?;
            draft.applicant = checker.name_of(&application)?;
            if draft.applicant.is_none() {
                nameless.push(booking.id.to_string());
            }
            if arguments.with_applicant {
                draft.applicant = None;
                draft.application = in_full(&application);
            }
        }
        drafts.push(draft);
    }
    terminal::result(&file::write(&drafts, arguments.format)?)?;
    if !nameless.is_empty() && !arguments.with_applicant {
        terminal::note(&say!(
            "export-nameless",
            bookings = counted(many(nameless.len()), "booking"),
            numbers = nameless.join(", ")
        ));
    }
    store.close().await;
    Ok(super::name_unreadable(&unreadable))
}

fn draft(booking: &StoredBooking) -> Draft {
    let choices = booking.choices.iter().map(|wish| Choice {
        place: AskedPlace::Court(wish.place.clone()),
        date: wish.date,
        range: wish.range,
    });
    let mut draft = Draft {
        account: Some(booking.account.clone()),
        choices: choices.collect(),
        events: booking.choices.iter().any(|wish| wish.purpose == Purpose::Events),
        opens_at: Some(match booking.opens {
            store::OpeningSource::Given => OpensAt::Instant(booking.opens_at),
            store::OpeningSource::Rule => OpensAt::Auto,
            store::OpeningSource::Now => OpensAt::Now,
        }),
        note: booking.note.clone(),
        ..Draft::default()
    };
    draft.aim.give_up_after = Some(booking.give_up_after);
    draft.aim.lead = Some(booking.lead);
    draft.aim.clock_offset = booking.clock_offset_micros;
    draft.aim.policy = (booking.pace == store::RetryPace::Original).then_some(PolicyName::Original);
    draft.aim.most_requests = booking.most_requests;
    draft
}

/// The applicant's data as it would be given.
fn in_full(application: &Application) -> ApplicationArgs {
    ApplicationArgs {
        club_name: Some(application.club_name.clone()),
        head_count: Some(application.head_count),
        event_name: Some(application.event_name.clone()),
        purpose: Some(application.purpose.clone()),
        tel: application.telephone.as_ref().map(|phone| phone.to_wire()),
        mobile: application.mobile.as_ref().map(|phone| phone.to_wire()),
        applicant_name: application.applicant_name.clone(),
        discount: application.discount.clone(),
    }
}
