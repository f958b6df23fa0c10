//! One attempt: a login if needed, the day page unless its numbers are known, the form, the submission.

use std::time::Duration;

use super::{Attempted, Run};
use crate::answer_kind::AnswerKind;
use crate::booking::event::{Event, Wish};
use crate::booking::report::{Attempt, Visit};
use crate::booking::watcher::Watcher;
use crate::client::session::{DayVisit, Session, Submission, Submitted};
use crate::error::{Error, Step};
use crate::outcome::{Next, Outcome};
use crate::page::{Exchange, Timing};
use crate::value::date::SeoulTime;
use crate::value::micros::whole_micros;

/// The beginning of an attempt is reckoned back from the monotonic clock, and may so be a moment after its request.
const BEGAN_SLACK: Duration = Duration::from_millis(20);

impl<W: Watcher> Run<'_, W> {
    pub(super) fn begin_attempt(&mut self) {
        let number = u32::try_from(self.attempts.len()).unwrap_or(u32::MAX).saturating_add(1);
        self.attempts.push(Attempt {
            number,
            wish: self.wish,
            began: self.clock().now(),
            route: self.booking.client.route_in_use(),
            visits: Vec::new(),
            step: Step::Login,
            // Until its end is known.
            answer: AnswerKind::Unrecognised,
            text: String::new(),
        });
        self.tell(Event::Attempt { number, wish: self.wish });
    }

    /// Notes when an attempt that had waited for its instant really began.
    pub(super) fn began_at(&mut self, fired: Duration) {
        let (now, monotonic) = (self.clock().now(), self.clock().monotonic());
        if let Some(attempt) = self.attempts.last_mut() {
            attempt.began = now.minus(monotonic.saturating_sub(fired));
        }
    }

    /// One attempt after the first.
    pub(super) async fn attempt(&mut self) -> Attempted {
        self.begin_attempt();
        self.ask_permit().await?;
        self.log_in_and_visit().await
    }

    /// Login if needed, then the visits.
    pub(super) async fn log_in_and_visit(&mut self) -> Attempted {
        let result = self.log_in_and_visit_once().await;
        self.mended(result).await
    }

    async fn log_in_and_visit_once(&mut self) -> Attempted {
        self.ensure_session().await?;
        let Some(session) = self.session.take() else { return Ok(Outcome::LoggedOut) };
        let result = self.visits(&session).await;
        self.session = Some(session);
        result
    }

    /// Goes on with an attempt whose session was found dead, or whose short way to the form was refused: a new login
    /// and the long way through the day page, each once and at once. Nothing was submitted by then, so this is still
    /// the same attempt, and a rest before it would cost the slot.
    pub(super) async fn mended(&mut self, mut attempted: Attempted) -> Attempted {
        let (mut may_log_in, mut may_walk) = (true, true);
        while let Err(error) = &attempted {
            match error.next() {
                _ if error.step() == Some(Step::Submit) => break,
                Next::LogIn if may_log_in => {
                    may_log_in = false;
                    self.session = None;
                }
                // A site that demands the day page may say so in words that no dialect has yet.
                _ if may_walk && self.learned.is_some() && refuses_short_way(error) => {
                    may_walk = false;
                    self.learned = None;
                }
                _ => break,
            }
            if self.session.is_none() && self.logins.are_over() {
                break;
            }
            attempted = self.log_in_and_visit_once().await;
        }
        attempted
    }

    /// Day page (unless its numbers are known), form, submission.
    pub(super) async fn visits(&mut self, session: &Session) -> Result<Outcome, Error> {
        let _turn = self.booking.shared_login.turn_to_visit().await;
        let Some(Wish { place, date, range, purpose }) = self.wish() else { return Ok(Outcome::SlotTaken) };
        let day = match self.learned.clone() {
            Some(day) => DayVisit::known(session, day, not_fetched(self.clock().now())),
            None => {
                let day = session.open_day(place, *date, *purpose).await?;
                self.visited(Step::Day, day.timing());
                day
            }
        };
        let form = day.open_form(*range).await?;
        self.visited(Step::Form, form.timing());
        self.member = form.member().map(str::to_owned);
        let submission = form.fill(&self.booking.application)?;
        self.submit(submission).await
    }

    async fn submit(&mut self, submission: Submission<'_>) -> Result<Outcome, Error> {
        self.renew_permit().await?;
        self.tell(Event::Submitting);
        self.send(submission).await
    }

    pub(super) async fn send(&mut self, submission: Submission<'_>) -> Result<Outcome, Error> {
        let Submitted { outcome, page, .. } = submission.submit().await?;
        self.visited(Step::Submit, page.timing());
        Ok(outcome)
    }

    fn visited(&mut self, step: Step, timing: Timing) {
        let Timing { sent, connect, first_byte, done, .. } = timing;
        if let Some(attempt) = self.attempts.last_mut() {
            attempt.visits.push(Visit { step, sent, first_byte, done });
        }
        let connect_micros = Some(whole_micros(connect)).filter(|micros| *micros > 0);
        self.tell(Event::Visited { step, first_byte, took: done, connect_micros });
    }

    /// The exchange that ended the attempt at hand, if no visit told of it: the page did not come, or said no.
    pub(super) fn untold_exchange(&self) -> Option<Box<Exchange>> {
        let last = self.session.as_ref()?.last_exchange()?;
        let attempt = self.attempts.last()?;
        let is_told = attempt.visits.last().is_some_and(|visit| visit.sent >= last.sent);
        let is_of_attempt = last.sent.plus(BEGAN_SLACK) >= attempt.began;
        (is_of_attempt && !is_told).then(|| Box::new(last))
    }
}

/// Whether the applicant form was refused for a reason that the day page before it may mend.
fn refuses_short_way(error: &Error) -> bool {
    error.step() == Some(Step::Form)
        && matches!(error.kind(), AnswerKind::TraceMissing | AnswerKind::Unknown | AnswerKind::Unreadable)
}

/// The timing of a page that was not asked for this time.
pub(super) fn not_fetched(now: SeoulTime) -> Timing {
    Timing { sent: now, connect: Duration::ZERO, first_byte: Duration::ZERO, done: Duration::ZERO }
}
