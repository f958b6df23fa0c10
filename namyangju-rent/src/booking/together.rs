//! Several bookings side by side, each with a report, whatever happens to one of them.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Mutex, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::join_all;

use crate::booking::event::TimedEvent;
use crate::booking::report::{OpeningBracket, Report, Verdict};
use crate::booking::shared_login::SharedLogin;
use crate::booking::standing::Standing;
use crate::booking::{Booking, MAX_BOOKINGS_PER_DAY};
use crate::net::pace::Budget;
use crate::value::date::{RentDate, SeoulTime};

/// Why bookings are not run together: more than [`MAX_BOOKINGS_PER_DAY`] of them are for one day. Nothing was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("more than {MAX_BOOKINGS_PER_DAY} bookings are for one day: {bookings} for {date}")]
#[non_exhaustive]
pub struct TooManyBookings {
    /// The day.
    pub date: RentDate,
    /// How many of them are for it.
    pub bookings: usize,
}

/// What the run of one of them left behind for a report, should it not live to give one itself.
#[derive(Debug)]
struct Followed {
    standing: Standing,
    began: SeoulTime,
}

/// Runs several bookings side by side, each with its own session: those of one account share
/// one budget, and finished ones stop while the others go on.
///
/// There is a report for each booking, in their order. `observer` is told which of them an event is of; if it
/// panics at an event of one booking, it hears no more of that one, and the booking goes on. A run that panics
/// itself ends as [`Verdict::Reserved`] or [`Verdict::Unconfirmed`] if an application was or may have been
/// accepted, else as [`Verdict::Withdrawn`].
///
/// # Errors
/// [`TooManyBookings`]: more than [`MAX_BOOKINGS_PER_DAY`] are for one day; nothing was sent then.
pub async fn run_together<O>(bookings: Vec<Booking>, observer: O) -> Result<Vec<Report>, TooManyBookings>
where
    O: FnMut(usize, &TimedEvent) + Send,
{
    check_days(&bookings)?;
    let observer = Mutex::new(observer);
    let mut accounts: HashMap<String, (Budget, SharedLogin)> = HashMap::new();
    let runs = bookings.into_iter().enumerate().map(|(index, mut booking)| {
        let account = booking.credentials.account().to_owned();
        let most = booking.policy.request_ceiling();
        let (whole, login) =
            accounts.entry(account).or_insert_with(|| (Budget::new(most), SharedLogin::default()));
        booking.shared_login = login.clone();
        run_one(booking.takes_from(whole.clone()), index, &observer)
    });
    Ok(join_all(runs.collect::<Vec<_>>()).await)
}

fn check_days(bookings: &[Booking]) -> Result<(), TooManyBookings> {
    let mut days: HashMap<RentDate, usize> = HashMap::new();
    for date in bookings.iter().filter_map(|booking| Some(booking.wishes.first()?.date)) {
        *days.entry(date).or_default() += 1;
    }
    let too_many = days.into_iter().filter(|(_, bookings)| *bookings > MAX_BOOKINGS_PER_DAY);
    match too_many.min_by_key(|(date, _)| *date) {
        Some((date, bookings)) => Err(TooManyBookings { date, bookings }),
        None => Ok(()),
    }
}

/// Runs one of them to a report.
async fn run_one<O>(booking: Booking, index: usize, observer: &Mutex<O>) -> Report
where
    O: FnMut(usize, &TimedEvent) + Send,
{
    let clock = std::sync::Arc::clone(booking.client.clock());
    let budget = booking.budget().clone();
    let used_before = budget.used();
    let followed = Mutex::new(Followed { standing: booking.standing.clone(), began: clock.now() });
    let mut listening = true;
    let tell = |happened: &TimedEvent| {
        followed.lock().unwrap_or_else(PoisonError::into_inner).standing.on_event(&happened.event);
        if listening {
            let mut observer = observer.lock().unwrap_or_else(PoisonError::into_inner);
            let heard = std::panic::catch_unwind(AssertUnwindSafe(|| observer(index, happened)));
            listening = heard.is_ok();
        }
    };
    match AssertUnwindSafe(booking.run(tell)).catch_unwind().await {
        Ok(report) => report,
        Err(_) => {
            let Followed { standing, began } = followed.into_inner().unwrap_or_else(PoisonError::into_inner);
            broken_off(&standing, began, clock.now(), budget.used().saturating_sub(used_before))
        }
    }
}

/// The report of a run that panicked.
fn broken_off(standing: &Standing, began: SeoulTime, ended: SeoulTime, requests: u32) -> Report {
    let verdict = if standing.is_reserved() {
        Verdict::Reserved { receipt: standing.receipt().cloned(), shown: None }
    } else if standing.is_doubtful() {
        Verdict::Unconfirmed
    } else {
        Verdict::Withdrawn { reason: "the program failed while the booking ran".to_owned() }
    };
    Report {
        verdict,
        wish: standing.wish(),
        attempts: Vec::new(),
        requests,
        requests_after_opening: None,
        clock: None,
        opening: OpeningBracket::default(),
        learnt: None,
        began,
        ended,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer_kind::AnswerKind;
    use crate::booking::event::Event;
    use crate::error::Step;
    use crate::outcome::Receipt;

    #[test]
    fn a_run_that_panicked_ends_with_what_its_events_allow() {
        let at = SeoulTime::from_unix_micros(0);
        let answered = |answer, receipt| {
            let (step, text) = (Step::Submit, String::new());
            Event::Answered { step, answer, text, receipt, exchange: None }
        };
        let receipt = Receipt { number: "20260001".to_owned() };
        let won = answered(AnswerKind::Reserved, Some(receipt.clone()));
        let verdict = |events: &[Event]| broken_off(&Standing::of(events), at, at, 3).verdict;
        // It may have fallen before the opening or after it.
        assert_eq!(broken_off(&Standing::default(), at, at, 3).requests_after_opening, None);
        assert!(matches!(verdict(&[]), Verdict::Withdrawn { .. }));
        let refused = [Event::Submitting, answered(AnswerKind::SlotTaken, None)];
        assert!(matches!(verdict(&refused), Verdict::Withdrawn { .. }));
        assert_eq!(verdict(&[Event::Submitting]), Verdict::Unconfirmed);
        assert_eq!(
            verdict(&[Event::Submitting, won]),
            Verdict::Reserved { receipt: Some(receipt), shown: None }
        );
    }
}
