//! The logins of a run, counted by what the site answered.
//!
//! A login that was answered counts at the site, and a few wrong ones lock an account. So a refusal, and an answer that
//! does not tell, are the last: whatever asks for a session afterwards gets the same error, and nothing is sent. Only
//! failures of the line, where no answer came, are tried again as often as the run asks.

use super::Run;
use crate::booking::event::Event;
use crate::booking::watcher::Watcher;
use crate::error::Error;

/// Answered logins of a run before the site is believed not to keep us logged in. A session that lives gets by with
/// one; the second and third are for a session that dies.
const MAX_LOGINS: u8 = 3;

/// How the logins of a run stand.
#[derive(Debug, Default)]
pub(super) struct Logins {
    /// Those that the site answered, except where it said itself that it let nobody in (429, 503).
    answered: u8,
    over: Option<Over>,
}

/// Why the password is not sent again.
#[derive(Debug)]
enum Over {
    Refused,
    Unclear(String),
}

impl Logins {
    /// Takes one back: the login was ended by another booking of the account, not by the site.
    pub(super) fn forget_one(&mut self) {
        self.answered = self.answered.saturating_sub(1);
    }

    /// Whether no other login may follow.
    pub(super) fn are_over(&self) -> bool {
        self.over.is_some() || self.answered >= MAX_LOGINS
    }

    /// The sessions over a blocked route say nothing of another one.
    pub(super) fn begin_on_another_route(&mut self) {
        self.answered = 0;
    }

    /// What stands in place of another login, if none may follow.
    fn refusal(&self) -> Option<Error> {
        let problem = match &self.over {
            Some(Over::Refused) => return Some(Error::LoginRefused),
            Some(Over::Unclear(problem)) => problem.clone(),
            None if self.are_over() => {
                format!("{MAX_LOGINS} logins were answered, and none gave a session that lasts")
            }
            None => return None,
        };
        Some(Error::LoginUnclear { problem, may_repeat: false, page: None })
    }

    /// Counts a login that gave no session.
    fn failed(&mut self, error: Error) -> Error {
        match error {
            Error::LoginRefused => self.over = Some(Over::Refused),
            Error::LoginUnclear { problem, may_repeat, page } => {
                self.answered = self.answered.saturating_add(1);
                let may_repeat = may_repeat && !self.are_over();
                if !may_repeat {
                    self.over = Some(Over::Unclear(problem.clone()));
                }
                return Error::LoginUnclear { problem, may_repeat, page };
            }
            _ => {}
        }
        error
    }
}

impl<W: Watcher> Run<'_, W> {
    /// Logs in, if another login may be sent.
    pub(super) async fn log_in(&mut self) -> Result<(), Error> {
        if let Some(refusal) = self.logins.refusal() {
            return Err(refusal);
        }
        // A session that died left its line behind: at the opening a new one would cost the handshakes.
        let line = self.line.take();
        match self.booking.client.log_in_on(line, &self.booking.credentials).await {
            Ok(session) => {
                self.line = session.open_line();
                self.logins.answered = self.logins.answered.saturating_add(1);
                self.watcher.logged_in(&session);
                self.session = Some(session);
                self.tell(Event::LoggedIn);
                Ok(())
            }
            Err(error) => {
                if matches!(error, Error::LoginRefused) {
                    self.watcher.login_refused();
                }
                Err(self.logins.failed(error))
            }
        }
    }
}
