//! What the bookings of one account know of each other's logins.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::MutexGuard;

use crate::client::saved::SavedSession;

/// What the bookings of one account share of their logins. Cheap to clone.
///
/// Each booking logs in for itself, so that none waits for another. A site may allow one session for an account: each
/// login ends the one before then. The bookings that share this find that out, by a session that was ended after
/// another one logged in; from then on they use one session, one after another.
#[derive(Clone, Default)]
pub struct SharedLogin(Arc<AccountLogins>);

#[derive(Default)]
struct AccountLogins {
    /// How many logins there were, and the session of the last.
    last: Mutex<(u64, Option<SavedSession>)>,
    one_session: AtomicBool,
    logging_in: tokio::sync::Mutex<()>,
    visiting: tokio::sync::Mutex<()>,
}

impl SharedLogin {
    /// Notes a login; gives its number, counted from 1.
    pub(crate) fn logged_in(&self, session: Option<SavedSession>) -> u64 {
        let mut last = self.0.last.lock().unwrap_or_else(PoisonError::into_inner);
        *last = (last.0.saturating_add(1), session);
        last.0
    }

    /// The last login, if it is a later one.
    pub(crate) fn later_than(&self, login: u64) -> Option<(u64, SavedSession)> {
        let last = self.0.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.1.clone().filter(|_| last.0 > login).map(|session| (last.0, session))
    }

    /// The session of a login was ended. If there was another login since, the site is taken to keep one session.
    pub(crate) fn was_ended(&self, login: u64) {
        if login > 0 && self.later_than(login).is_some() {
            self.0.one_session.store(true, Ordering::Relaxed);
        }
    }

    /// Whether the site keeps one session for an account.
    pub(crate) fn is_one_session(&self) -> bool {
        self.0.one_session.load(Ordering::Relaxed)
    }

    /// The turn to log in; nobody waits for it where sessions do not end each other.
    pub(crate) async fn turn_to_log_in(&self) -> Option<MutexGuard<'_, ()>> {
        if self.is_one_session() { Some(self.0.logging_in.lock().await) } else { None }
    }

    /// The turn to visit and submit with the one session, which remembers one application form.
    pub(crate) async fn turn_to_visit(&self) -> Option<MutexGuard<'_, ()>> {
        if self.is_one_session() { Some(self.0.visiting.lock().await) } else { None }
    }
}

impl fmt::Debug for SharedLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedLogin").field("one_session", &self.is_one_session()).finish_non_exhaustive()
    }
}
