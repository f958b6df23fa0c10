//! The shot: the form is tried early, the permit is asked for, and the first request leaves for the instant.

use std::sync::Arc;
use std::time::Duration;

use super::attempt::not_fetched;
use super::{Attempted, Run};
use crate::answer_kind::AnswerKind;
use crate::booking::event::{Event, Wish};
use crate::booking::watcher::Watcher;
use crate::client::session::{DayVisit, Session, Submission};
use crate::clock::shared::Measurement;
use crate::clock::wait_until;
use crate::error::{Error, Step};
use crate::outcome::Next;
use crate::value::date::SeoulTime;

/// When the applicant form is asked for early: some sites may give it before the opening.
const ARM_BEFORE: Duration = Duration::from_secs(20);

/// When the last guard before the shot is asked: time enough for a slow database, and little enough that its
/// yes is fresh.
const PERMIT_BEFORE: Duration = Duration::from_secs(3);

/// When the connection of the shot is made where the site closes each one after its answer: time for a handshake on a
/// slow way, and less than servers wait for a first request.
const CONNECT_BEFORE: Duration = Duration::from_secs(1);

/// Nothing but the shot itself is sent in this time before the instant.
pub(super) const QUIET_BEFORE: Duration = Duration::from_millis(1_500);

/// How much after the instant the first request is meant to arrive. What arrives a moment early is
/// refused and costs a round trip more; what arrives a moment late costs the moment.
const LATE_BY: Duration = Duration::from_millis(2);

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

/// All that the instant of the shot depends on.
struct ShotInputs<'m> {
    /// The monotonic clock, and what the wall clock shows with it.
    now: Duration,
    wall: SeoulTime,
    /// How far the site's clock is ahead of the wall clock, if somebody said so.
    given_ahead_micros: Option<i64>,
    /// The wall clock is kept by a time server.
    synchronised: bool,
    measurement: &'m Measurement,
    /// What is sent first is only a question, whose refusal costs nothing else: the applicant form.
    asks_form: bool,
    /// How much earlier the person wants it sent.
    lead: Duration,
}

/// When the first request of the opening leaves.
#[derive(Clone, Copy)]
struct PlannedShot {
    at: Duration,
    /// It is the first of two: one by our own clock and one by the site's dates.
    by_own_clock: bool,
}

impl ShotInputs<'_> {
    /// When to send, on the monotonic clock, so that the request arrives when the site's clock shows `instant`.
    fn shot(&self, instant: SeoulTime) -> PlannedShot {
        let aimed = self.measurement.aim.shot(instant);
        let by_own = self.by_own_clock(instant);
        let at = match (self.given_ahead_micros, aimed) {
            (Some(ahead), _) => self.by_wall(instant, ahead),
            (None, Some(_)) if self.prefers_wall_clock() => self.by_wall(instant, 0),
            (None, Some(aimed)) => by_own.unwrap_or(aimed.at),
            (None, None) => self.by_wall(instant, 0),
        };
        PlannedShot { at: at.saturating_sub(self.lead), by_own_clock: by_own.is_some() }
    }

    /// The shot by our own clock, where there are two.
    fn by_own_clock(&self, instant: SeoulTime) -> Option<Duration> {
        if self.given_ahead_micros.is_some() || !self.synchronised || !self.asks_form {
            return None;
        }
        self.measurement.aim.by_own_clock(instant, self.shown_at(instant, 0))
    }

    /// Whether the dates come from a cache, and so are too old, and a synchronised wall clock knows better.
    fn prefers_wall_clock(&self) -> bool {
        self.synchronised && self.measurement.aim.reading().is_some_and(|reading| reading.cached)
    }

    /// By the wall clock: [`LATE_BY`] after the instant, less the way there.
    fn by_wall(&self, instant: SeoulTime, ahead_micros: i64) -> Duration {
        let network = self.measurement.aim.reading().map(|reading| reading.network);
        let shown = self.shown_at(instant, ahead_micros);
        shown.saturating_add(LATE_BY).saturating_sub(network.unwrap_or_default() / 2)
    }

    /// When a clock that is ahead of the wall clock by `ahead_micros` shows `instant`.
    fn shown_at(&self, instant: SeoulTime, ahead_micros: i64) -> Duration {
        let until =
            instant.unix_micros().saturating_sub(self.wall.unix_micros()).saturating_sub(ahead_micros);
        match u64::try_from(until) {
            Ok(later) => self.now.saturating_add(Duration::from_micros(later)),
            Err(_) => self.now.saturating_sub(Duration::from_micros(until.unsigned_abs())),
        }
    }
}

impl<W: Watcher> Run<'_, W> {
    /// When to send, on the local monotonic clock, so that the request arrives at the site's instant.
    pub(super) fn fire_instant(&self, instant: SeoulTime) -> Duration {
        self.inputs().shot(instant).at
    }

    /// Whether one shot goes by our own clock and, if it is refused, one by the site's dates.
    pub(super) fn shoots_twice(&self, instant: SeoulTime) -> bool {
        self.inputs().by_own_clock(instant).is_some()
    }

    fn inputs(&self) -> ShotInputs<'_> {
        ShotInputs {
            now: self.clock().monotonic(),
            wall: self.clock().now(),
            given_ahead_micros: self.booking.clock_offset_micros,
            synchronised: self.clock().is_synchronised(),
            measurement: &self.measurement,
            asks_form: self.learned.is_some() && self.shot_is_form,
            lead: self.booking.lead,
        }
    }

    /// Asks whether an application for the wish at hand may leave.
    pub(super) async fn ask_permit(&mut self) -> Result<(), Error> {
        let (monotonic, wall, wish) = (self.clock().monotonic(), self.clock().now(), self.wish);
        let lasts = self.watcher.permit(wish).await?;
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
    pub(super) async fn fire(&mut self, instant: SeoulTime) -> Attempted {
        let left = |run: &Self| run.fire_instant(instant).saturating_sub(run.clock().monotonic());
        self.sleep(left(self).saturating_sub(ARM_BEFORE)).await;
        // A login that is found gone while arming is renewed, once: there is time for it.
        for _ in 0..2 {
            if left(self) < QUIET_BEFORE {
                break;
            }
            if let Err(error) = self.ensure_session().await {
                self.tell(Event::alarm(error.chain()));
                match error.next() {
                    Next::Stop if self.goes_on_after_block(&error) => break,
                    // The instant changes nothing of it, and a person has these seconds more.
                    Next::Stop | Next::AskPerson => return Err(error),
                    _ => break,
                }
            }
            let Some(session) = self.session.take() else { break };
            match self.arm(&session).await {
                Ok(held) => {
                    let shot = self.shoot(&session, held, instant).await;
                    if shot.is_some() {
                        self.session = Some(session);
                    }
                    return match shot {
                        Some(attempted) => self.mended(attempted).await,
                        None => self.shoot_anew(instant).await,
                    };
                }
                Err(error) => {
                    self.tell(Event::alarm(error.chain()));
                    if error.next() == Next::AskPerson {
                        return Err(error);
                    }
                }
            }
        }
        let with = if self.session.is_some() { self.first_step() } else { Step::Login };
        self.armed(with, instant);
        self.begin_attempt();
        self.permit_before(instant).await?;
        self.shoot_anew(instant).await
    }

    /// The shot without anything held ready, with a login first if there is no session.
    async fn shoot_anew(&mut self, instant: SeoulTime) -> Attempted {
        let time_left = self.fire_instant(instant).saturating_sub(self.clock().monotonic());
        if self.session.is_none()
            && time_left >= QUIET_BEFORE
            && let Err(error) = self.ensure_session().await
        {
            self.tell(Event::alarm(error.chain()));
        }
        let Some(session) = self.session.take() else {
            self.shot_is_form = false;
            let fired = self.wait_for_shot(self.fire_instant(instant)).await;
            let attempted = self.log_in_and_visit().await;
            self.began_at(fired);
            return attempted;
        };
        let attempted = self.send_at(&session, None, instant).await;
        self.session = Some(session);
        self.mended(attempted).await
    }

    /// Asks for the form before the opening, or for the day where the numbers are not known. Most
    /// sites will not give them; what counts then is that the session is alive.
    ///
    /// # Errors
    /// Only if the session is not logged in any more, or nothing more may be asked for: a waiting room, a site that
    /// has moved.
    async fn arm<'s>(&mut self, session: &'s Session) -> Result<Option<Submission<'s>>, Error> {
        let Some(Wish { place, date, range, purpose }) = self.wish() else { return Ok(None) };
        // A session that several bookings use remembers one form: each asks for its own in its turn.
        if self.booking.shared_login.is_one_session() {
            return Ok(None);
        }
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
                match form.fill(&self.booking.application) {
                    Ok(submission) => Ok(Some(submission)),
                    Err(error) => {
                        self.foresee_error(&error);
                        Ok(None)
                    }
                }
            }
            Err(Error::Application(error)) => {
                self.foresee_error(&error);
                Ok(None)
            }
            Err(error)
                if error.next() == Next::LogIn
                    || matches!(error.kind(), AnswerKind::WaitingRoom | AnswerKind::Moved) =>
            {
                Err(error)
            }
            Err(error) => {
                // The site says already that it wants the day page first: no request is lost on the short way then.
                if error.kind() == AnswerKind::TraceMissing {
                    self.learned = None;
                }
                Ok(None)
            }
        }
    }

    /// Tells that all is ready, and when the first request will arrive by what is known now.
    fn armed(&mut self, with: Step, instant: SeoulTime) {
        self.take_samples();
        let inputs = self.inputs();
        let PlannedShot { at, by_own_clock } = inputs.shot(instant);
        let by_measurement =
            inputs.given_ahead_micros.is_none() && !inputs.prefers_wall_clock() && !by_own_clock;
        let arrives = by_measurement.then(|| self.measurement.aim.arrival(instant, at)).flatten();
        self.tell(Event::Armed { with, arrives });
    }

    /// What an attempt asks for first.
    fn first_step(&self) -> Step {
        if self.learned.is_some() { Step::Form } else { Step::Day }
    }

    /// Gets the permit, uses the line once more, and sends what is ready at the instant. `None` if the session was found
    /// dead before: nothing was sent then.
    async fn shoot(
        &mut self,
        session: &Session,
        held: Option<Submission<'_>>,
        instant: SeoulTime,
    ) -> Option<Attempted> {
        let with = if held.is_some() { Step::Submit } else { self.first_step() };
        self.shot_is_form = held.is_none();
        self.armed(with, instant);
        self.begin_attempt();
        if let Err(error) = self.permit_before(instant).await {
            return Some(Err(error));
        }
        match self.warm_up(session, instant).await {
            Ok(true) => Some(self.send_at(session, held, instant).await),
            Ok(false) => None,
            Err(error) => Some(Err(error)),
        }
    }

    /// Waits for the instant and sends what is ready. Nothing is told, logged or allocated by us
    /// between the instant and the request; the intent to submit is told before.
    async fn send_at(
        &mut self,
        session: &Session,
        held: Option<Submission<'_>>,
        instant: SeoulTime,
    ) -> Attempted {
        let PlannedShot { at, by_own_clock } = self.inputs().shot(instant);
        self.by_own_clock = by_own_clock;
        if held.is_some() {
            self.tell(Event::Submitting);
        }
        // A server that closes a silent line soon may do so before the first request as well.
        let connect_before =
            session.keeps_line_for().map_or(CONNECT_BEFORE, |kept| CONNECT_BEFORE.min(kept / 2));
        let handshakes_early = session.is_closed_at(at) && self.clock().monotonic() + connect_before < at;
        let waited = if handshakes_early {
            self.sleep(at.saturating_sub(self.clock().monotonic()).saturating_sub(connect_before)).await;
            session.hold_new_line_until(at)?;
            self.requests_at_opening = Some(self.requests());
            at
        } else {
            self.wait_for_shot(at).await
        };
        let attempted = match held {
            Some(submission) => {
                let _turn = self.booking.shared_login.turn_to_visit().await;
                self.send(submission).await
            }
            None => self.visits(session).await,
        };
        self.measurement.add(session.take_told());
        let mut sent = self.measurement.aim.samples().iter().map(|sample| sample.sent);
        let left = sent.find(|sent| handshakes_early && *sent >= waited);
        let fired = left.unwrap_or(waited);
        self.fired = Some(fired);
        self.began_at(fired);
        self.tell(Event::Fired { late: fired.saturating_sub(at) });
        attempted
    }

    /// Asks for the permit of the shot, shortly before it.
    async fn permit_before(&mut self, instant: SeoulTime) -> Result<(), Error> {
        let left = self.fire_instant(instant).saturating_sub(self.clock().monotonic());
        self.sleep(left.saturating_sub(PERMIT_BEFORE)).await;
        self.ask_permit().await
    }

    /// Ends at the instant, and tells when it really was.
    async fn wait_for_shot(&mut self, at: Duration) -> Duration {
        let clock = Arc::clone(self.clock());
        self.requests_at_opening = Some(self.requests());
        wait_until(clock.as_ref(), at).await;
        let fired = clock.monotonic();
        self.fired = Some(fired);
        fired
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::aim::{Sample, Source};

    const OPENS: i64 = 1_795_658_400;

    /// What a file says that is answered 40 ms after it was asked for, by a site that is `ahead_ms` ahead.
    fn measured(ahead_ms: i64, cached: bool) -> Measurement {
        let mut measurement = Measurement::default();
        let samples = (0..9_i64).map(|nth| {
            // Just before a whole second of the site, and just after it.
            let sent_ms = 10_000 + nth * 1_000 - ahead_ms - 20 + if nth % 2 == 0 { -1 } else { 1 };
            let stamped_ms = sent_ms + 20 + ahead_ms;
            let date = OPENS - 600 + stamped_ms.div_euclid(1_000) - if cached { nth } else { 0 };
            let sent = Duration::from_millis(sent_ms as u64);
            Sample {
                sent,
                first_byte: sent + Duration::from_millis(40),
                date,
                source: Source::File,
                own: None,
            }
        });
        measurement.add((samples.collect(), None));
        measurement
    }

    #[test]
    fn the_instant_of_the_shot_follows_from_what_is_known() {
        let opening = SeoulTime::from_unix_micros(OPENS * 1_000_000);
        let wall = opening.minus(Duration::from_secs(600));
        let nothing = Measurement::default();
        let (behind, ahead) = (measured(-1_500, false), measured(700, false));
        let cached = measured(0, true);
        assert!(cached.aim.reading().unwrap().cached);
        // Local instants in ms from the start: the opening is at 600,000 by the wall clock.
        for (name, given, synchronised, measurement, lead, from, until) in [
            ("nothing known", None, false, &nothing, 0, 600_002, 600_002),
            ("nothing known, and a lead", None, false, &nothing, 5, 599_997, 599_997),
            ("ahead, as was said", Some(1_000_000), false, &nothing, 0, 599_002, 599_002),
            ("behind, as was said", Some(-1_000_000), false, &nothing, 0, 601_002, 601_002),
            ("what was said beats what was measured", Some(0), false, &ahead, 0, 599_982, 599_982),
            ("measured ahead: the way there is taken off", None, false, &ahead, 0, 599_280, 599_295),
            ("measured behind", None, false, &behind, 0, 601_480, 601_495),
            ("measured, and a lead", None, false, &ahead, 20, 599_260, 599_275),
            ("cached dates, a wall clock that is kept", None, true, &cached, 0, 599_982, 599_982),
        ] {
            let lead = Duration::from_millis(lead);
            let known = ShotInputs {
                now: Duration::ZERO,
                wall,
                given_ahead_micros: given,
                synchronised,
                measurement,
                asks_form: false,
                lead,
            };
            let shot = known.shot(opening).at.as_millis();
            assert!((from..=until).contains(&shot), "{name}: {shot}");
        }
        // Extremes are cut off, not wrapped.
        for instant in [i64::MIN, i64::MAX].map(SeoulTime::from_unix_micros) {
            for given in [None, Some(i64::MIN), Some(i64::MAX)] {
                for measurement in [&nothing, &ahead] {
                    let known = ShotInputs {
                        now: Duration::MAX,
                        wall,
                        given_ahead_micros: given,
                        synchronised: true,
                        measurement,
                        asks_form: true,
                        lead: Duration::MAX,
                    };
                    known.shot(instant);
                }
            }
        }
    }
}
