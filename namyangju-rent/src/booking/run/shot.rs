//! The shot: the form is tried early, the permit is asked for, and the first request leaves for the instant.

use std::sync::Arc;
use std::time::Duration;

use super::attempt::not_fetched;
use super::{Attempted, Run};
use crate::answer_kind::AnswerKind;
use crate::booking::event::{Event, Wish};
use crate::booking::watcher::Watcher;
use crate::client::session::{DayVisit, Session, Submission};
use crate::clock::wait_until;
use crate::error::{Error, Step};
use crate::outcome::Next;
use crate::value::date::SeoulTime;

/// When the applicant form is asked for early: some sites may give it before the opening.
const ARM_BEFORE: Duration = Duration::from_secs(20);

/// When the last guard before the shot is asked: time enough for a slow database, and little enough that its
/// yes is fresh.
const PERMIT_BEFORE: Duration = Duration::from_secs(3);

/// Nothing but the shot itself is sent in this time before the instant.
pub(super) const QUIET_BEFORE: Duration = Duration::from_millis(1_500);

/// How much after the instant the first request is meant to arrive. What arrives a moment early is
/// refused and costs a round trip more; what arrives a moment late costs the moment.
const LATE_BY: Duration = Duration::from_millis(2);

/// The part of the clock's error bar that is added: paths vary, and the bar grows with them.
const LATE_BY_PART_OF_ERROR: i64 = 6;

/// The most that is added for an error bar that the path does not explain, where few probes fitted in.
const MAX_LATE_BY: i64 = 250_000;

/// A yes of the watcher, and until when it holds.
#[derive(Clone, Copy)]
pub(super) struct Permit {
    wish: usize,
    /// When it was asked for, by both clocks: the monotonic one may stand still while the machine sleeps, and
    /// the wall clock may be set back.
    monotonic: Duration,
    wall: SeoulTime,
    lasts: Duration,
}

impl Permit {
    fn holds(&self, wish: usize, monotonic: Duration, wall: SeoulTime) -> bool {
        let age = monotonic.saturating_sub(self.monotonic).max(wall.since(self.wall));
        wish == self.wish && age < self.lasts
    }
}

impl<W: Watcher> Run<'_, W> {
    /// When to send, on the local monotonic clock, so that the request arrives at the site's instant.
    pub(super) fn fire_instant(&self, instant: SeoulTime) -> Duration {
        let (now, wall) = (self.clock().monotonic(), self.clock().now());
        let by_wall = |ahead_micros: i64| {
            let until = instant.unix_micros().saturating_sub(wall.unix_micros()).saturating_sub(ahead_micros);
            match u64::try_from(until) {
                Ok(later) => now + Duration::from_micros(later),
                Err(_) => now.saturating_sub(Duration::from_micros(until.unsigned_abs())),
            }
        };
        let estimate = self.site_clock.estimate(wall, now);
        let flight = self.site_clock.typical_path() / 2;
        let unsure = estimate.map_or(0, |e| {
            let path = i64::try_from(e.path.as_micros()).unwrap_or(i64::MAX);
            let unexplained = e.error_micros.saturating_sub(path / 2).min(MAX_LATE_BY);
            unexplained.max(e.error_micros.min(MAX_LATE_BY) / LATE_BY_PART_OF_ERROR)
        });
        let at = match (self.booking.clock_offset_micros, estimate) {
            (Some(ahead), _) => by_wall(ahead),
            // Behind a cache the dates are too old: a synchronised wall clock knows better.
            (None, Some(e)) if e.cached && self.clock().is_synchronised() => by_wall(0),
            (None, Some(_)) => self.site_clock.local(instant).unwrap_or_else(|| by_wall(0)),
            (None, None) => by_wall(0),
        };
        let late_by = LATE_BY + Duration::from_micros(unsure.unsigned_abs());
        (at + late_by).saturating_sub(flight).saturating_sub(self.booking.lead)
    }

    /// Asks whether an application for the wish at hand may leave.
    pub(super) async fn ask_permit(&mut self) -> Result<(), Error> {
        let (monotonic, wall, wish) = (self.clock().monotonic(), self.clock().now(), self.wish);
        let lasts = self.watcher.permit(wish).await.map_err(Error::Forbidden)?;
        self.permit = Some(Permit { wish, monotonic, wall, lasts });
        Ok(())
    }

    /// Asks again, if the last yes is too old.
    pub(super) async fn renew_permit(&mut self) -> Result<(), Error> {
        let (monotonic, wall) = (self.clock().monotonic(), self.clock().now());
        match self.permit {
            Some(permit) if permit.holds(self.wish, monotonic, wall) => Ok(()),
            _ => self.ask_permit().await,
        }
    }

    /// The first attempt, sent at the instant; the form is tried early, for a site that gives it.
    pub(super) async fn fire(&mut self, at: Duration) -> Attempted {
        let left = |run: &Self| at.saturating_sub(run.clock().monotonic());
        self.sleep(left(self).saturating_sub(ARM_BEFORE)).await;
        // A login that is found gone while arming is renewed, once: there is time for it.
        for _ in 0..2 {
            if left(self) < QUIET_BEFORE {
                break;
            }
            if let Err(error) = self.ensure_session().await {
                self.tell(Event::Alarm { text: error.chain() });
                break;
            }
            let Some(session) = self.session.take() else { break };
            match self.arm(&session).await {
                Ok(held) => {
                    let result = self.shoot(&session, held, at).await;
                    self.session = Some(session);
                    return self.mended(result).await;
                }
                Err(error) => self.tell(Event::Alarm { text: error.chain() }),
            }
        }
        let Some(session) = self.session.take() else {
            self.tell(Event::Armed { with: Step::Login });
            self.begin_attempt();
            self.permit_before(at).await?;
            let fired = self.wait_for_shot(at).await;
            let result = self.log_in_and_visit().await;
            self.began_at(fired);
            return result;
        };
        let result = self.shoot(&session, None, at).await;
        self.session = Some(session);
        self.mended(result).await
    }

    /// Asks for the form before the opening, or for the day where the numbers are not known. Most
    /// sites will not give them; what counts then is that the session is alive.
    ///
    /// # Errors
    /// Only if the session is not logged in any more.
    async fn arm<'s>(&mut self, session: &'s Session) -> Result<Option<Submission<'s>>, Error> {
        let Some(Wish { place, date, range, purpose }) = self.wish() else { return Ok(None) };
        let early = match self.learned.clone() {
            Some(day) => {
                DayVisit::known(session, day, not_fetched(self.clock().now())).open_form(*range).await
            }
            None => match session.open_day(place, *date, *purpose).await {
                Ok(day) => day.open_form(*range).await,
                Err(error) => Err(error),
            },
        };
        match early {
            Ok(form) => {
                self.member = form.member().map(str::to_owned);
                Ok(form.fill(&self.booking.application).ok())
            }
            Err(error) if error.next() == Next::LogIn => Err(error),
            Err(error) => {
                // The site says already that it wants the day page first: no request is lost on the short way then.
                if error.kind() == AnswerKind::TraceMissing {
                    self.learned = None;
                }
                Ok(None)
            }
        }
    }

    /// Waits for the instant and sends what is ready. Nothing is told, logged or allocated by us
    /// between the instant and the request; the intent to submit is told before.
    async fn shoot(&mut self, session: &Session, held: Option<Submission<'_>>, at: Duration) -> Attempted {
        let with = match (&held, &self.learned) {
            (Some(_), _) => Step::Submit,
            (None, Some(_)) => Step::Form,
            (None, None) => Step::Day,
        };
        self.tell(Event::Armed { with });
        self.begin_attempt();
        self.permit_before(at).await?;
        if held.is_some() {
            self.tell(Event::Submitting);
        }
        let fired = self.wait_for_shot(at).await;
        let result = match held {
            Some(submission) => self.send(submission).await,
            None => self.visits(session).await,
        };
        self.began_at(fired);
        self.tell(Event::Fired { late: fired.saturating_sub(at) });
        result
    }

    /// Asks for the permit of the shot, shortly before it.
    async fn permit_before(&mut self, at: Duration) -> Result<(), Error> {
        let left = at.saturating_sub(self.clock().monotonic());
        self.sleep(left.saturating_sub(PERMIT_BEFORE)).await;
        self.ask_permit().await
    }

    /// Ends at the instant, and tells when it really was.
    async fn wait_for_shot(&mut self, at: Duration) -> Duration {
        let clock = Arc::clone(self.clock());
        self.requests_at_opening = Some(self.requests());
        wait_until(clock.as_ref(), at).await;
        clock.monotonic()
    }
}
