//! The run of one booking: prepare, read the site's clock, arm, fire, try again, read back.
//!
//! Attempts never overlap. After each answer there is one decision (`decide`), and nothing is sent
//! again before the day list was read where the answer does not tell.

use std::sync::Arc;
use std::time::Duration;

use crate::answer_kind::AnswerKind;
use crate::booking::policy::{GiveUp, Last, Schedule};
use crate::booking::seen::Seen;
use crate::booking::standing::Standing;
use crate::booking::{
    Attempt, Booking, Event, Happened, OpeningBracket, Report, Verdict, Visit, Watcher, Wish,
};
use crate::client::session::{DayVisit, Session, Submission, Submitted};
use crate::clock::shared::is_fresh;
use crate::clock::site_clock::{PROBE_GAP, SiteClock};
use crate::clock::{Clock, wait_until};
use crate::error::{Error, Step};
use crate::outcome::{Next, Outcome, Receipt};
use crate::page::Timing;
use crate::pages::day::DayPage;
use crate::value::date::SeoulTime;
use crate::value::slot::SlotState;

/// Logins in a row that are tried before the site is believed not to keep us logged in.
const MOST_LOGINS: u8 = 3;

/// How often the day list is read before it is believed not to tell.
const MOST_LOOKS: u8 = 3;

/// How long before the opening instant the preparation begins: time for a person to act on an alarm,
/// and well within the two hours that a session lives (protocol.md 4.2, I+).
const PREPARE_BEFORE: Duration = Duration::from_secs(600);

/// How long a failed preparation rests before it is tried again.
const PREPARE_GAP: Duration = Duration::from_secs(60);

/// When the clock is measured a second time, which also shows whether the session is still alive.
const SECOND_LOOK_BEFORE: Duration = Duration::from_secs(60);

/// When the applicant form is asked for early: some sites may give it before the opening.
const ARM_BEFORE: Duration = Duration::from_secs(20);

/// When the last guard before the shot is asked: time enough for a slow database, and little enough that its
/// yes is fresh.
const PERMIT_BEFORE: Duration = Duration::from_secs(3);

/// So long after the opening a day list may not show it yet.
const JUST_OPENED: Duration = Duration::from_secs(2);

/// Nothing but the shot itself is sent in this time before the instant.
const QUIET_BEFORE: Duration = Duration::from_millis(1_500);

/// Probes of the first measurement, and how many more the second adds.
const FIRST_PROBES: usize = 8;
const MORE_PROBES: usize = 3;

/// How much after the instant the first request is meant to arrive. What arrives a moment early is
/// refused and costs a round trip more; what arrives a moment late costs the moment.
const LATE_BY: Duration = Duration::from_millis(2);

/// The part of the clock's error bar that is added: paths vary, and the bar grows with them.
const LATE_BY_PART_OF_ERROR: i64 = 6;

/// The most that is added for an error bar that the path does not explain, where few probes fitted in.
const LATE_BY_AT_MOST: i64 = 250_000;

pub(crate) struct Run<'b, W> {
    booking: &'b Booking,
    watcher: W,
    session: Option<Session>,
    /// The page that told the numbers of the wish's slots, as of the wished day.
    learned: Option<DayPage>,
    site_clock: SiteClock,
    wish: usize,
    attempts: Vec<Attempt>,
    logins: u8,
    /// How it stands by the events told so far, those of an earlier run included.
    standing: Standing,
    opening: OpeningBracket,
    /// The saved session was tried.
    restored: bool,
    permit: Option<Permit>,
    requests_before: u32,
    requests_at_opening: Option<u32>,
}

/// A yes of the watcher, and until when it holds.
#[derive(Clone, Copy)]
struct Permit {
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

/// How an attempt ended: the submission was answered, or it broke before, or the answer was lost.
type Attempted = Result<Outcome, Error>;

impl<'b, W: Watcher> Run<'b, W> {
    pub(crate) fn new(booking: &'b Booking, watcher: W) -> Self {
        Self {
            booking,
            watcher,
            session: None,
            learned: None,
            site_clock: SiteClock::new(),
            wish: booking.standing.wish().min(booking.wishes.len().saturating_sub(1)),
            attempts: Vec::new(),
            logins: 0,
            standing: booking.standing.clone(),
            opening: OpeningBracket::default(),
            restored: false,
            permit: None,
            requests_before: booking.budget().used(),
            requests_at_opening: None,
        }
    }

    pub(crate) async fn report(mut self) -> Report {
        let began = self.clock().now();
        let verdict = self.run_to_end().await;
        let requests = self.requests();
        Report {
            verdict,
            wish: self.wish,
            requests,
            requests_after_opening: requests - self.requests_at_opening.unwrap_or_default().min(requests),
            clock: self.site_clock.estimate(self.clock().now(), self.clock().monotonic()),
            opening: self.opening,
            began,
            ended: self.clock().now(),
            attempts: self.attempts,
        }
    }

    fn clock(&self) -> &Arc<dyn Clock> {
        self.booking.client.clock()
    }

    fn tell(&mut self, event: Event) {
        let (at, monotonic) = (self.clock().now(), self.clock().monotonic());
        self.standing.on_event(&event);
        self.watcher.hear(&Happened { at, monotonic, event });
    }

    fn requests(&self) -> u32 {
        self.booking.budget().used().saturating_sub(self.requests_before)
    }

    /// The wish at hand. There is always one: a booking is made with it.
    fn wish(&self) -> Option<&'b Wish> {
        self.booking.wishes.get(self.wish)
    }

    async fn run_to_end(&mut self) -> Verdict {
        match self.begin().await {
            Err(verdict) => verdict,
            Ok((mut schedule, mut at)) => loop {
                self.rest_until(at).await;
                let began = self.clock().monotonic();
                let attempted = self.attempt().await;
                match self.decide(attempted, began, &mut schedule).await {
                    Ok(next) => at = next,
                    Err(verdict) => return verdict,
                }
            },
        }
    }

    /// Everything up to the first attempt, which may be the shot at the opening instant. Gives the
    /// schedule and the instant of the attempt after it.
    async fn begin(&mut self) -> Result<(Schedule, Duration), Verdict> {
        if self.standing.is_reserved() {
            return Err(self.confirmed(self.standing.receipt().cloned()).await);
        }
        // Interrupted after an application had left: look before anything is sent.
        if self.standing.is_unanswered() && self.read_back(AnswerKind::Unconfirmed).await?.is_none() {
            self.next_wish()?;
        }
        let seed = self.clock().now().unix_micros().unsigned_abs() ^ u64::from(std::process::id()) << 32;
        let Some(instant) = self.booking.opens_at else {
            self.requests_at_opening = Some(self.requests());
            let now = self.clock().monotonic();
            return Ok((self.booking.policy.schedule(now, seed), now));
        };
        // Nothing is sent for a time that is over; the site's own clock, once it is known, has the last word.
        if self.clock().is_synchronised() {
            self.in_time(instant)?;
        }
        self.prepare(instant).await?;
        self.in_time(instant)?;
        let began = self.fire_instant(instant);
        let mut schedule = self.booking.policy.schedule(began, seed);
        let attempted = self.fire(began).await;
        let began = began.max(self.clock().monotonic().saturating_sub(self.booking.policy.gap()));
        let at = self.decide(attempted, began, &mut schedule).await?;
        Ok((schedule, at))
    }

    /// The end of a booking whose time to try is over.
    fn in_time(&self, instant: SeoulTime) -> Result<(), Verdict> {
        let (opened, now) = (self.fire_instant(instant), self.clock().monotonic());
        if now <= opened + self.booking.policy.gives_up_after() {
            return Ok(());
        }
        let late = now.saturating_sub(opened).as_secs();
        let last = format!("the opening was {late} s ago, and the time to try is over");
        Err(Verdict::GaveUp { why: GiveUp::Deadline, last })
    }

    /// Login, the slots' numbers and the site's clock, in the ten minutes before the instant.
    async fn prepare(&mut self, instant: SeoulTime) -> Result<(), Verdict> {
        let left = |run: &Self| run.fire_instant(instant).saturating_sub(run.clock().monotonic());
        self.tell(Event::Waiting { until: instant });
        self.sleep(left(self).saturating_sub(PREPARE_BEFORE)).await;
        loop {
            match self.make_ready().await {
                Ok(()) => break,
                Err(error) => {
                    self.tell(Event::Alarm { text: error.chain() });
                    match error.next() {
                        Next::Stop if self.goes_on_after_block(&error) => {}
                        // Nothing that time would mend: say so now, while a person can act.
                        Next::Stop | Next::AskPerson => return Err(self.ended(&error)),
                        _ if left(self) < PREPARE_GAP * 2 => break,
                        _ => self.sleep(PREPARE_GAP).await,
                    }
                }
            }
        }
        self.measure(instant, FIRST_PROBES).await?;
        self.sleep(left(self).saturating_sub(SECOND_LOOK_BEFORE)).await;
        self.measure(instant, self.site_clock.probes().len() + MORE_PROBES).await
    }

    /// Logs in and reads the numbers of the slots.
    async fn make_ready(&mut self) -> Result<(), Error> {
        self.ensure_session().await?;
        self.learn().await
    }

    /// Reads the numbers of the wish's slots from its own day, or from another that is open.
    async fn learn(&mut self) -> Result<(), Error> {
        let (Some(wish), Some(session)) = (self.wish(), &self.session) else { return Ok(()) };
        let Wish { place, date, range, purpose } = wish;
        if self.learned.is_some() {
            return Ok(());
        }
        let today = self.clock().now().date();
        let list = session.day_list(place, today).await?;
        let open = list
            .slots
            .iter()
            .filter(|s| s.state == SlotState::Free && s.purpose == *purpose && s.date >= today);
        let days: Vec<_> = open.filter(|s| range.covers(s.range)).map(|s| s.date).collect();
        // A day on which the whole time is free shows the numbers of all its rounds.
        let minutes = |day| {
            list.within(day, *range, *purpose)
                .filter(|s| s.state == SlotState::Free)
                .map(|s| s.range.minutes())
                .sum::<u16>()
        };
        let Some(day) = days.into_iter().find(|day| minutes(*day) == range.minutes()) else {
            self.remember(wish);
            return Ok(());
        };
        let visit = session.open_day(place, day, *purpose).await?;
        if visit.check(*range).is_ok() {
            self.learned = Some(visit.on(*date).page().clone());
            let slots = visit.page().free.clone();
            self.tell(Event::Learned { from: day, slots });
        }
        Ok(())
    }

    /// Takes the numbers that are known from earlier.
    fn remember(&mut self, wish: &Wish) {
        let of_wish = |known: &&(_, _, Vec<_>)| (&known.0, known.1) == (&wish.place, wish.purpose);
        if let Some((place, purpose, slots)) = self.booking.known.iter().find(of_wish) {
            let day = DayPage::of_slots(place.clone(), wish.date, *purpose, slots.clone());
            let most = self.booking.client.site().dialect.limits.slots_per_application;
            if day.choose(wish.range, most).is_ok() {
                self.learned = Some(day);
                self.tell(Event::Remembered);
            }
        }
    }

    /// Measures the site's clock until it is well known, `most` probes are there, or the instant is near.
    async fn measure(&mut self, instant: SeoulTime, most: usize) -> Result<(), Verdict> {
        if self.booking.clock_offset_micros.is_some() {
            return Ok(());
        }
        let Some(wish) = self.wish() else { return Ok(()) };
        let booking = self.booking;
        let measured = booking.client.measured();
        // Another booking may be at it, which takes some seconds: its measurement will do.
        let turn = loop {
            let now = self.clock().monotonic();
            match measured.turn() {
                None if now + PROBE_GAP + QUIET_BEFORE < self.fire_instant(instant) => {
                    self.sleep(PROBE_GAP).await;
                }
                turn => break turn,
            }
        };
        let (route, now) = (booking.client.route_in_use(), self.clock().monotonic());
        let known = measured.better_than(&self.site_clock, &route, now);
        let taken_over = known.is_some();
        if let Some(known) = known {
            self.site_clock = known;
        }
        let old = !is_fresh(&self.site_clock, now);
        let mut asked = 0;
        while turn.is_some()
            && self.site_clock.probes().len() < most
            && (self.site_clock.wants_more() || old && asked == 0)
        {
            let at = self.site_clock.aim(self.clock().monotonic());
            if at + QUIET_BEFORE > self.fire_instant(instant) {
                break;
            }
            if let Err(error) = self.ensure_session().await {
                self.tell(Event::Alarm { text: error.chain() });
                break;
            }
            wait_until(self.clock().clone().as_ref(), at).await;
            let Some(session) = &self.session else { break };
            asked += 1;
            match session.probe(&wish.place, wish.date).await {
                Ok((probe, alive)) => {
                    if !alive {
                        self.session = None;
                    }
                    match probe {
                        Some(probe) => {
                            self.site_clock.add(probe);
                            measured.keep(booking.client.route_in_use(), &self.site_clock);
                        }
                        None => break,
                    }
                }
                Err(error) => {
                    self.tell(Event::Alarm { text: error.chain() });
                    match error.next() {
                        Next::Stop if !self.goes_on_after_block(&error) => return Err(self.ended(&error)),
                        _ => break,
                    }
                }
            }
        }
        let estimate = self.site_clock.estimate(self.clock().now(), self.clock().monotonic());
        if let Some(estimate) = estimate.filter(|_| asked > 0 || taken_over) {
            self.tell(Event::ClockRead { estimate });
        }
        Ok(())
    }

    /// When to send, on the local monotonic clock, so that the request arrives at the site's instant.
    fn fire_instant(&self, instant: SeoulTime) -> Duration {
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
            let unexplained = e.error_micros.saturating_sub(path / 2).min(LATE_BY_AT_MOST);
            unexplained.max(e.error_micros.min(LATE_BY_AT_MOST) / LATE_BY_PART_OF_ERROR)
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

    async fn ensure_session(&mut self) -> Result<(), Error> {
        if self.session.is_some() || self.restore().await {
            return Ok(());
        }
        let session = self.booking.client.log_in(&self.booking.credentials).await?;
        self.watcher.logged_in(&session);
        self.session = Some(session);
        self.tell(Event::LoggedIn);
        Ok(())
    }

    /// Takes the saved session up, if there is one and the site still knows it.
    async fn restore(&mut self) -> bool {
        let Some(saved) = self.booking.session.as_ref().filter(|_| !self.restored) else { return false };
        self.restored = true;
        let Ok(session) = self.booking.client.restore(saved) else { return false };
        if !matches!(session.check().await, Ok(true)) {
            return false;
        }
        self.session = Some(session);
        self.tell(Event::Restored);
        true
    }

    /// Asks whether an application for the wish at hand may leave.
    async fn ask_permit(&mut self) -> Result<(), Error> {
        let (monotonic, wall, wish) = (self.clock().monotonic(), self.clock().now(), self.wish);
        let lasts = self.watcher.permit(wish).await.map_err(Error::Forbidden)?;
        self.permit = Some(Permit { wish, monotonic, wall, lasts });
        Ok(())
    }

    /// Asks again, if the last yes is too old.
    async fn renew_permit(&mut self) -> Result<(), Error> {
        let (monotonic, wall) = (self.clock().monotonic(), self.clock().now());
        match self.permit {
            Some(permit) if permit.holds(self.wish, monotonic, wall) => Ok(()),
            _ => self.ask_permit().await,
        }
    }

    /// The first attempt, sent at the instant; the form is tried early, for a site that gives it.
    async fn fire(&mut self, at: Duration) -> Attempted {
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
                DayVisit::known(session, day, nothing_timed(self.clock().now())).open_form(*range).await
            }
            None => match session.open_day(place, *date, *purpose).await {
                Ok(day) => day.open_form(*range).await,
                Err(error) => Err(error),
            },
        };
        match early {
            Ok(form) => Ok(form.fill(&self.booking.application).ok()),
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

    fn begin_attempt(&mut self) {
        let number = u32::try_from(self.attempts.len()).unwrap_or(u32::MAX).saturating_add(1);
        self.attempts.push(Attempt {
            number,
            wish: self.wish,
            began: self.clock().now(),
            route: self.booking.client.route_in_use(),
            visits: Vec::new(),
            step: Step::Login,
            answer: AnswerKind::Unrecognised,
            text: String::new(),
        });
        self.tell(Event::Attempt { number, wish: self.wish });
    }

    /// Notes when an attempt that had waited for its instant really began.
    fn began_at(&mut self, fired: Duration) {
        let (now, monotonic) = (self.clock().now(), self.clock().monotonic());
        if let Some(attempt) = self.attempts.last_mut() {
            attempt.began = now.minus(monotonic.saturating_sub(fired));
        }
    }

    /// One attempt after the first.
    async fn attempt(&mut self) -> Attempted {
        self.begin_attempt();
        self.ask_permit().await?;
        self.log_in_and_visit().await
    }

    /// Login if needed, then the visits.
    async fn log_in_and_visit(&mut self) -> Attempted {
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
    async fn mended(&mut self, mut attempted: Attempted) -> Attempted {
        let (mut may_log_in, mut may_walk) = (true, true);
        while let Err(error) = &attempted {
            match error.next() {
                _ if error.step() == Step::Submit => break,
                Next::LogIn if may_log_in => {
                    may_log_in = false;
                    self.session = None;
                    self.logins += 1;
                }
                // A site that demands the day page may say so in words that no dialect has yet.
                _ if may_walk && self.learned.is_some() && refuses_short_way(error) => {
                    may_walk = false;
                    self.learned = None;
                }
                _ => break,
            }
            if self.logins >= MOST_LOGINS {
                break;
            }
            attempted = self.log_in_and_visit_once().await;
        }
        attempted
    }

    /// Day page (unless its numbers are known), form, submission.
    async fn visits(&mut self, session: &Session) -> Result<Outcome, Error> {
        let Some(Wish { place, date, range, purpose }) = self.wish() else { return Ok(Outcome::SlotTaken) };
        let day = match self.learned.clone() {
            Some(day) => DayVisit::known(session, day, nothing_timed(self.clock().now())),
            None => {
                let day = session.open_day(place, *date, *purpose).await?;
                self.visited(Step::Day, day.timing());
                day
            }
        };
        let form = day.open_form(*range).await?;
        self.visited(Step::Form, form.timing());
        let submission = form.fill(&self.booking.application)?;
        self.submit(submission).await
    }

    async fn submit(&mut self, submission: Submission<'_>) -> Result<Outcome, Error> {
        self.renew_permit().await?;
        self.tell(Event::Submitting);
        self.send(submission).await
    }

    async fn send(&mut self, submission: Submission<'_>) -> Result<Outcome, Error> {
        let Submitted { outcome, page, .. } = submission.submit().await?;
        self.visited(Step::Submit, page.timing());
        Ok(outcome)
    }

    fn visited(&mut self, step: Step, timing: Timing) {
        let Timing { sent, first_byte, done, .. } = timing;
        if let Some(attempt) = self.attempts.last_mut() {
            attempt.visits.push(Visit { step, sent, first_byte, done });
        }
        self.tell(Event::Visited { step, first_byte, took: done });
    }

    /// What follows from an attempt: the instant of the next one, or the end.
    async fn decide(
        &mut self,
        attempted: Attempted,
        began: Duration,
        schedule: &mut Schedule,
    ) -> Result<Duration, Verdict> {
        let (step, answer, text, next) = match &attempted {
            Ok(outcome) => (Step::Submit, outcome.kind(), outcome.to_string(), outcome.next()),
            Err(error) => (error.step(), error.kind(), error.chain(), error.next()),
        };
        if let Some(attempt) = self.attempts.last_mut() {
            (attempt.step, attempt.answer, attempt.text) = (step, answer, text.clone());
        }
        self.bracket(answer);
        let page = match &attempted {
            Ok(Outcome::Unknown(page)) => Some(&**page),
            Ok(_) => None,
            Err(error) => error.page(),
        };
        if let (Some(page), Some(attempt)) = (page, self.attempts.last()) {
            self.watcher.unknown_page(attempt.number, page);
        }
        let receipt = match &attempted {
            Ok(Outcome::Reserved(receipt)) => Some(receipt.clone()),
            _ => None,
        };
        self.tell(Event::Answered { step, answer, text: text.clone(), receipt: receipt.clone() });
        let last = match next {
            Next::Confirm => return Err(self.confirmed(receipt).await),
            Next::NextChoice if !self.standing.is_doubtful() => return self.next_wish(),
            // A slot that is taken may be so by our own application, if one was in doubt.
            Next::NextChoice | Next::ReadBack => match self.read_back(answer).await? {
                Some(last) => last,
                None => return self.next_wish(),
            },
            Next::AskPerson => return Err(Verdict::NeedsPerson { reason: text }),
            // The operator allows another route after a block, and has one: a new session goes over it.
            Next::Stop if matches!(&attempted, Err(error) if self.goes_on_after_block(error)) => Last::Plain,
            Next::Stop if matches!(attempted, Ok(Outcome::Blocked)) && self.retire_route() => Last::Plain,
            Next::Stop => {
                return Err(match attempted {
                    Err(error) => self.ended(&error),
                    Ok(Outcome::Blocked) => Verdict::Blocked,
                    Ok(_) => Verdict::Refused { reason: text },
                });
            }
            Next::LogIn => {
                self.session = None;
                self.logins += 1;
                if self.logins >= MOST_LOGINS {
                    return Err(Verdict::Refused { reason: format!("{text}, also after a fresh login") });
                }
                Last::Plain
            }
            Next::Visit => {
                self.learned = None;
                Last::Plain
            }
            Next::Again { after } => match answer {
                AnswerKind::Busy => Last::Busy(after),
                AnswerKind::NotOpenYet => self.came_early().map_or(Last::Plain, Last::Early),
                _ => Last::Plain,
            },
        };
        // A form that did not come by the short way is asked for by the long one.
        if step == Step::Form && !matches!(answer, AnswerKind::NotOpenYet | AnswerKind::Busy) {
            self.learned = None;
        }
        let requests = self.requests().saturating_sub(self.requests_at_opening.unwrap_or_default());
        schedule.next(began, self.clock().monotonic(), requests, last).map_err(|why| match attempted {
            Err(Error::NotSent { .. } | Error::Broken { .. }) => Verdict::Unreachable { last: text },
            _ => Verdict::GaveUp { why, last: text },
        })
    }

    /// When to try again after an answer that the site dated before the opening instant: it was not the opening
    /// that was late, but the request that was early. The date is one more measurement of the site's clock.
    fn came_early(&mut self) -> Option<Duration> {
        let (instant, stamp) = (self.booking.opens_at?, self.session.as_ref()?.stamp()?);
        // Only the first attempt has nothing in the second before it.
        if self.attempts.len() > 1 || stamp.date >= instant.unix_micros().div_euclid(1_000_000) {
            return None;
        }
        self.site_clock.add(stamp);
        // Whatever the lead was for, it was too much.
        Some(self.fire_instant(instant) + self.booking.lead)
    }

    /// Whether the error is a block and the operator allows, and has, another route.
    fn goes_on_after_block(&mut self, error: &Error) -> bool {
        matches!(error.outcome(), Some(Outcome::Blocked)) && self.retire_route()
    }

    /// Retires the blocked route; with another one the next session is a new one.
    fn retire_route(&mut self) -> bool {
        self.session = None;
        self.booking.client.route_was_blocked()
    }

    /// The verdict of an error that time does not mend.
    fn ended(&self, error: &Error) -> Verdict {
        match (error, error.outcome()) {
            (Error::Forbidden(reason), _) => Verdict::Withdrawn { reason: reason.clone() },
            (Error::Budget { .. }, _) => Verdict::GaveUp { why: GiveUp::Budget, last: error.to_string() },
            (_, Some(Outcome::Blocked)) => Verdict::Blocked,
            (_, Some(Outcome::HumanCheck)) => Verdict::NeedsPerson { reason: error.chain() },
            _ => Verdict::Refused { reason: error.chain() },
        }
    }

    /// Goes on to the next wish at once, if there is one.
    fn next_wish(&mut self) -> Result<Duration, Verdict> {
        if self.wish + 1 >= self.booking.wishes.len() {
            return Err(Verdict::Lost);
        }
        self.wish += 1;
        self.learned = None;
        self.tell(Event::NextWish { wish: self.wish });
        Ok(self.clock().monotonic() + self.booking.policy.gap())
    }

    /// Notes what an answer tells of the opening instant, on the site's clock.
    fn bracket(&mut self, answer: AnswerKind) {
        let ahead = match self.site_clock.estimate(self.clock().now(), self.clock().monotonic()) {
            Some(estimate) => estimate.ahead_micros,
            None => self.booking.clock_offset_micros.unwrap_or_default(),
        };
        let at_site =
            |local: SeoulTime| SeoulTime::from_unix_micros(local.unix_micros().saturating_add(ahead));
        let Some(attempt) = self.attempts.last() else { return };
        match answer {
            AnswerKind::NotOpenYet => {
                let sent = attempt.visits.last().map_or(attempt.began, |visit| visit.sent);
                self.opening.after = Some(at_site(sent));
            }
            AnswerKind::Reserved | AnswerKind::SlotTaken => {
                // The first page of the attempt that came was open already.
                let first = attempt.visits.first();
                let came = first.map_or(self.clock().now(), |visit| visit.sent.plus(visit.first_byte));
                if self.opening.before.is_none() {
                    self.opening.before = Some(at_site(came));
                }
            }
            _ => {}
        }
    }

    /// Reads the day list after an answer that does not tell. Only a slot that is shown free may be
    /// applied for again; `None` means that somebody else has it.
    async fn read_back(&mut self, answer: AnswerKind) -> Result<Option<Last>, Verdict> {
        for look in 1..=MOST_LOOKS {
            match self.look().await {
                Ok(Seen::Free) => {
                    return Ok(Some(if answer == AnswerKind::Unknown { Last::Unknown } else { Last::Plain }));
                }
                Ok(Seen::Ours) if self.standing.is_doubtful() => {
                    return Err(Verdict::Reserved { receipt: None, shown: Some(SlotState::Booked) });
                }
                Ok(Seen::Others) => return Ok(None),
                Ok(Seen::Ours | Seen::Booked) if !self.standing.is_doubtful() => return Ok(None),
                Ok(Seen::Nothing) if !self.standing.is_unanswered() || self.is_before_opening() => {
                    self.standing.was_not_accepted();
                    return Ok(Some(Last::Plain));
                }
                _ if look < MOST_LOOKS => {
                    let wait = self.booking.policy.gap();
                    self.tell(Event::Resting { wait });
                    self.sleep(wait).await;
                }
                _ => {}
            }
        }
        Err(Verdict::Unconfirmed)
    }

    /// Whether the day has not opened yet, or only just, by the site's clock: nobody can have booked a slot
    /// that the list does not show then. What is sent again is for the same slot, which the site gives once.
    fn is_before_opening(&self) -> bool {
        let now = self.clock().now();
        let ahead =
            match (self.booking.clock_offset_micros, self.site_clock.estimate(now, self.clock().monotonic()))
            {
                (Some(given), _) => given,
                (None, Some(estimate)) => estimate.ahead_micros,
                (None, None) => self.standing.ahead_micros(),
            };
        let at_site = SeoulTime::from_unix_micros(now.unix_micros().saturating_add(ahead));
        self.booking.opens_at.is_some_and(|opens_at| at_site < opens_at.plus(JUST_OPENED))
    }

    /// What the day list says after a receipt.
    async fn confirmed(&mut self, receipt: Option<Receipt>) -> Verdict {
        let shown = self.look().await.ok().map(|seen| seen.state());
        Verdict::Reserved { receipt, shown }
    }

    async fn look(&mut self) -> Result<Seen, Error> {
        let Some(wish) = self.wish() else { return Ok(Seen::Nothing) };
        // The day list needs no login (protocol.md 4.3, S3); the session's line is warm.
        let list = match &self.session {
            Some(session) => session.day_list(&wish.place, wish.date).await,
            None => match self.booking.client.guest() {
                Ok(guest) => guest.day_list(&wish.place, wish.date).await,
                Err(error) => Err(error),
            },
        };
        let seen = list.map(|list| Seen::of(&list, wish, &self.booking.application));
        self.tell(Event::ReadBack { state: seen.as_ref().ok().map(|seen| seen.state()) });
        seen
    }

    async fn sleep(&self, wait: Duration) {
        if !wait.is_zero() {
            self.clock().sleep(wait).await;
        }
    }

    async fn rest_until(&mut self, at: Duration) {
        let wait = at.saturating_sub(self.clock().monotonic());
        if !wait.is_zero() {
            self.tell(Event::Resting { wait });
            self.sleep(wait).await;
        }
    }
}

/// Whether the applicant form was refused for a reason that the day page before it may mend.
fn refuses_short_way(error: &Error) -> bool {
    error.step() == Step::Form
        && matches!(error.kind(), AnswerKind::TraceMissing | AnswerKind::Unknown | AnswerKind::Unreadable)
}

/// The timing of a page that was not asked for this time.
fn nothing_timed(now: SeoulTime) -> Timing {
    Timing { sent: now, first_byte: Duration::ZERO, done: Duration::ZERO }
}
