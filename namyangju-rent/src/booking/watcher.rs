//! How a program follows a booking while it runs, and may stop it.

use std::time::Duration;

use crate::booking::event::TimedEvent;
use crate::client::session::Session;
use crate::error::NotPermitted;
use crate::page::Page;
use crate::pages::schedule::DayList;
use crate::value::place::Place;

/// Follows a booking and has the last word before an application leaves.
///
/// A program that keeps bookings in a database implements it: it stores the events, and looks up a lease or a
/// cancellation before each attempt. A closure is enough for a program that never withdraws a booking: see
/// [`Booking::run`].
///
/// [`Booking::run`]: crate::Booking::run
pub trait Watcher: Send {
    /// Gets each event as it happens. The run waits for it, so it should return at once.
    fn on_event(&mut self, happened: &TimedEvent);

    /// Asked before each attempt, and once more if the permit has run out when the application is ready:
    /// may an application for this wish, counted from 0, leave? A permit is valid for the time that is returned.
    ///
    /// At the opening it is asked three seconds before the instant, so that the way to a database does not
    /// delay the shot. Before it returns a permit, store the intent to apply where it survives a crash: given
    /// back as [`Event::Submitting`] to [`Booking::resume`], it makes the run read the day list before
    /// anything else is sent.
    ///
    /// # Errors
    /// [`NotPermitted`] with the reason, if nothing may be sent any more: the booking ends as
    /// [`Verdict::Withdrawn`].
    ///
    /// [`Event::Submitting`]: crate::Event::Submitting
    /// [`Booking::resume`]: crate::Booking::resume
    /// [`Verdict::Withdrawn`]: crate::Verdict::Withdrawn
    fn permit(&mut self, wish: usize) -> impl Future<Output = Result<Duration, NotPermitted>> + Send {
        let _ = wish;
        std::future::ready(Ok(Duration::MAX))
    }

    /// Gets the page that ended an attempt, counted from 1, if no dialect describes it.
    fn unknown_page(&mut self, attempt: u32, page: &Page) {
        let _ = (attempt, page);
    }

    /// Gets each day list of a court that the run reads: what it shows of the rounds may be kept for later bookings
    /// ([`EarlierRounds::of`](crate::schedule::EarlierRounds::of)).
    fn day_list_read(&mut self, place: &Place, list: &DayList) {
        let _ = (place, list);
    }

    /// Called after each login; the session may be saved ([`Session::save`]) for the next start.
    fn logged_in(&mut self, session: &Session) {
        let _ = session;
    }

    /// The site did not accept the account or its password. The run does not send the password again, and nobody
    /// else should before a person has changed it: a few wrong logins lock an account.
    fn login_refused(&mut self) {}
}

/// A watcher made from a closure.
pub(crate) struct Observer<F>(pub(crate) F);

impl<F: FnMut(&TimedEvent) + Send> Watcher for Observer<F> {
    fn on_event(&mut self, happened: &TimedEvent) {
        (self.0)(happened);
    }
}
