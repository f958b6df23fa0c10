//! A booking that ended without success waits again.

use anyhow::{Context as _, Result};
use namyangju_rent::Wish;
use namyangju_rent::clock::{Clock as _, SystemClock};

use super::{PlannedOpening, check_opening, draft, site_at};
use crate::bad_input::BadInput;
use crate::cli::OpensAt;
use crate::say::say;
use crate::store::{BookingId, Store, StoredBooking};

/// Puts a booking back to waiting, for another opening if one is given; gives what a person should know of it.
///
/// # Errors
/// Bad input if its time is over or the opening does not fit, and the store's.
pub(crate) async fn again(store: &Store, id: BookingId, opens_at: Option<OpensAt>) -> Result<Option<String>> {
    let booking = store.booking(id).await?;
    let site = site_at(&booking.site, booking.base_url.as_deref())?;
    still_to_come(&booking)?;
    let first = booking.choices.first().context("the booking has no choice")?;
    let (opens, said) = match opens_at {
        Some(asked) => draft::opening(asked, &site, first)?,
        None if booking.opens_at > SystemClock.now() => {
            (PlannedOpening { at: booking.opens_at, how: booking.opens, confidence: None }, None)
        }
        None => draft::opening(OpensAt::Now, &site, first)?,
    };
    // A choice that has begun by then does not matter while another is still to come.
    check_opening(&opens, booking.give_up_after, &[last_to_begin(&booking, first)])?;
    store.retry_booking(id, (opens.how, opens.at)).await?;
    Ok(said)
}

fn last_to_begin(booking: &StoredBooking, first: &Wish) -> Wish {
    let begins = |wish: &&Wish| wish.date.at(wish.range.start());
    booking.choices.iter().max_by_key(begins).unwrap_or(first).clone()
}

/// Refuses a booking all of whose times are over.
fn still_to_come(booking: &StoredBooking) -> Result<()> {
    let now = SystemClock.now();
    if booking.choices.iter().any(|wish| wish.date.at(wish.range.end()) > now) {
        return Ok(());
    }
    Err(BadInput(say!("again-over", id = booking.id, now = now)).into())
}
