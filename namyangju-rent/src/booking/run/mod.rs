//! The run of one booking: prepare, read the site's clock, arm, fire, try again, read back.
//!
//! Attempts never overlap. After each answer there is one decision (`decide`), and nothing is sent
//! again before the day list was read where the answer does not tell.

mod attempt;
mod decide;
mod prepare;
mod read_back;
mod shot;

use std::sync::Arc;
use std::time::Duration;

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
use crate::clock::site_clock::SiteClock;
use crate::error::Error;
use crate::outcome::Outcome;
use crate::pages::day::DayPage;
use crate::value::date::SeoulTime;

/// Logins in a row that are tried before the site is believed not to keep us logged in.
const MAX_LOGINS: u8 = 3;

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
        self.watcher.on_event(&TimedEvent { at, monotonic, event });
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
