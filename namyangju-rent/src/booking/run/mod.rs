//! The run of one booking: prepare, read the site's clock, arm, fire, try again, read back.
//!
//! Attempts never overlap. After each answer there is one decision (`decide`), and nothing is sent
//! again before the day list was read where the answer does not tell.

mod attempt;
mod decide;
mod foresee;
mod login;
mod patience;
mod prepare;
mod read_back;
mod shot;

use std::sync::Arc;
use std::time::Duration;

use self::foresee::LookAhead;
use self::login::Logins;
use self::shot::Permit;
use crate::answer_kind::AnswerKind;
use crate::booking::Booking;
use crate::booking::event::{Event, TimedEvent, Wish};
use crate::booking::policy::{GiveUp, Schedule};
use crate::booking::report::{Attempt, OpeningBracket, Report, Verdict};
use crate::booking::standing::Standing;
use crate::booking::watcher::{Observer, Watcher};
use crate::client::session::Session;
use crate::clock::Clock;
use crate::clock::aim::facts::ClockFacts;
use crate::clock::shared::Measurement;
use crate::error::Error;
use crate::net::transport::OpenLine;
use crate::outcome::Outcome;
use crate::pages::day::DayPage;
use crate::value::date::SeoulTime;

pub(crate) struct Run<'b, W> {
    booking: &'b Booking,
    watcher: W,
    session: Option<Session>,
    /// The connection of the last session that was logged in, for the login after it.
    line: Option<OpenLine>,
    /// The number of its login among those of the account; 0 before the first.
    login: u64,
    /// The page that told the numbers of the wish's slots, as of the wished day.
    learned: Option<DayPage>,
    look_ahead: LookAhead,
    /// The name of the account's member, once a form has told it. The day list may show it instead of the club.
    member: Option<String>,
    measurement: Measurement,
    wish: usize,
    attempts: Vec<Attempt>,
    logins: Logins,
    /// How it stands by the events told so far, those of an earlier run included.
    standing: Standing,
    opening: OpeningBracket,
    /// The saved session was tried.
    restored: bool,
    permit: Option<Permit>,
    /// A waiting room stood before the day list: how the run ends by it.
    waiting_room: Option<Verdict>,
    /// When the run began.
    started: Duration,
    /// When the first request of the opening left.
    fired: Option<Duration>,
    /// The shot asks for the form: no submission is held ready, and no login comes first.
    shot_is_form: bool,
    /// That request went by our own clock, before the site's dates say that it is open.
    by_own_clock: bool,
    requests_before: u32,
    requests_at_opening: Option<u32>,
}

impl Booking {
    /// Runs it to its end. `observer` hears each step; it should return at once.
    pub async fn run(self, observer: impl FnMut(&TimedEvent) + Send) -> Report {
        self.run_watched(Observer(observer)).await
    }

    /// Runs it to its end under the eyes of somebody who may stop it.
    pub async fn run_watched(self, watcher: impl Watcher) -> Report {
        Run::new(&self, watcher).report().await
    }
}

/// How an attempt ended: the submission was answered, or it broke before, or the answer was lost.
type Attempted = Result<Outcome, Error>;

impl<'b, W: Watcher> Run<'b, W> {
    pub(crate) fn new(booking: &'b Booking, watcher: W) -> Self {
        let mut run = Self {
            booking,
            watcher,
            session: None,
            line: None,
            login: 0,
            learned: None,
            look_ahead: LookAhead::default(),
            member: None,
            measurement: Measurement::new(booking.client.site().dialect.clock.stamp),
            wish: booking.standing.wish().min(booking.wishes.len().saturating_sub(1)),
            attempts: Vec::new(),
            logins: Logins::default(),
            standing: booking.standing.clone(),
            opening: OpeningBracket::default(),
            restored: false,
            permit: None,
            waiting_room: None,
            started: booking.client.clock().monotonic(),
            fired: None,
            shot_is_form: true,
            by_own_clock: false,
            requests_before: booking.budget().used(),
            requests_at_opening: None,
        };
        run.recall();
        run
    }

    /// Tells the measurement what earlier runs know.
    fn recall(&mut self) {
        let booking = self.booking;
        if booking.facts.are_of_use(self.clock().now()) {
            self.measurement.aim.learnt_before(booking.facts);
        }
        self.measurement.aim.opened_before(booking.earlier.iter().copied());
    }

    /// What this run learnt of the way the site tells its time.
    fn learnt(&self) -> Option<ClockFacts> {
        let facts = self.measurement.aim.facts(self.clock().now())?;
        let announced = self.session.as_ref().map(|session| session.keeps_line_for());
        let keep_alive_micros = match announced {
            Some(Some(Duration::MAX)) | None => None,
            Some(kept) => u64::try_from(kept.unwrap_or_default().as_micros()).ok(),
        };
        Some(ClockFacts { keep_alive_micros, ..facts })
    }

    pub(crate) async fn report(mut self) -> Report {
        let began = self.clock().now();
        let verdict = self.run_to_end().await;
        let requests = self.requests();
        Report {
            verdict,
            wish: self.wish,
            requests,
            requests_after_opening: self.requests_after_opening(),
            clock: self.measurement.clock.estimate(self.clock().now(), self.clock().monotonic()),
            opening: self.opening,
            learnt: self.learnt(),
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
        self.watcher.on_event(&TimedEvent { at, monotonic, event });
    }

    fn requests(&self) -> u32 {
        self.booking.budget().used().saturating_sub(self.requests_before)
    }

    /// How many of them since the opening, or since the start where none is waited for; `None` before the opening.
    fn requests_after_opening(&self) -> Option<u32> {
        Some(self.requests().saturating_sub(self.requests_at_opening?))
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
        if self.booking.opens_at.is_none() {
            self.requests_at_opening = Some(self.requests());
        }
        if self.standing.is_reserved() {
            return Err(self.confirmed(self.standing.receipt().cloned()).await);
        }
        // Interrupted after an application had left: look before anything is sent.
        if self.standing.is_unanswered() && self.read_back(AnswerKind::Unconfirmed).await?.is_none() {
            self.next_wish(self.clock().monotonic())?;
        }
        let seed = self.clock().now().unix_micros().unsigned_abs() ^ u64::from(std::process::id()) << 32;
        let Some(instant) = self.booking.opens_at else {
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
        let attempted = self.fire(instant).await;
        let began = self
            .fired
            .unwrap_or(began)
            .max(self.clock().monotonic().saturating_sub(self.booking.policy.gap()));
        let at = self.decide(attempted, began, &mut schedule).await?;
        Ok((schedule, at))
    }

    /// The end of a booking whose time to try is over.
    fn in_time(&self, instant: SeoulTime) -> Result<(), Verdict> {
        let (opened, now) = (self.fire_instant(instant), self.clock().monotonic());
        if now <= opened + self.booking.policy.give_up_after() {
            return Ok(());
        }
        let late = now.saturating_sub(opened).as_secs();
        let last = format!("the opening was {late} s ago, and the time to try is over");
        Err(Verdict::GaveUp { why: GiveUp::Deadline, last })
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
