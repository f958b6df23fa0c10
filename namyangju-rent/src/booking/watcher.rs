//! Who follows a booking while it runs, and may stop it.

use std::time::Duration;

use crate::booking::event::TimedEvent;
use crate::client::session::Session;
use crate::page::Page;

/// Who follows a booking and has the last word before an application leaves.
///
/// A program that keeps bookings in a database implements it: what happens goes in there, and a lease or a
/// cancellation is looked up before each attempt. A closure is enough where nobody has to be asked: see
/// [`Booking::run`].
///
/// [`Booking::run`]: crate::Booking::run
pub trait Watcher: Send {
    /// Hears each step as it happens; it should return at once.
    fn on_event(&mut self, happened: &TimedEvent);

    /// Asked before each attempt, and once more if the answer is too old when the application is ready:
    /// may an application for this wish, counted from 0, leave? The yes holds for the time that it gives.
    ///
    /// At the opening it is asked three seconds before the instant, so that the way to a database does not
    /// delay the shot. When it returns, the intent to apply should be where a crash does not reach it: given
    /// back as [`Event::Submitting`] to [`Booking::resume`], it leads to a look at the day list before
    /// anything else is sent.
    ///
    /// # Errors
    /// The reason, if nothing may be sent any more: the booking ends as [`Verdict::Withdrawn`].
    ///
    /// [`Event::Submitting`]: crate::Event::Submitting
    /// [`Booking::resume`]: crate::Booking::resume
    /// [`Verdict::Withdrawn`]: crate::Verdict::Withdrawn
    fn permit(&mut self, wish: usize) -> impl Future<Output = Result<Duration, String>> + Send {
        let _ = wish;
        std::future::ready(Ok(Duration::MAX))
    }

    /// The page with which an attempt, counted from 1, ended and which nobody has described yet.
    fn unknown_page(&mut self, attempt: u32, page: &Page) {
        let _ = (attempt, page);
    }

    /// A login worked; the session may be saved ([`Session::save`]) for the next start.
    fn logged_in(&mut self, session: &Session) {
        let _ = session;
    }

    /// The site did not accept the account or its password. The run does not send the password again, and nobody
    /// else should before a person has changed it: a few wrong logins lock an account.
    fn login_refused(&mut self) {}
}

/// A closure that hears.
pub(crate) struct Observer<F>(pub(crate) F);

impl<F: FnMut(&TimedEvent) + Send> Watcher for Observer<F> {
    fn on_event(&mut self, happened: &TimedEvent) {
        (self.0)(happened);
    }
}
