//! Before the opening: a session, the numbers of the slots, and the site's clock, while a person can still act.

use std::time::Duration;

use super::Run;
use super::shot::QUIET_BEFORE;
use crate::booking::KnownSlots;
use crate::booking::event::{Event, Wish};
use crate::booking::report::Verdict;
use crate::booking::watcher::Watcher;
use crate::clock::shared::is_fresh;
use crate::clock::site_clock::PROBE_GAP;
use crate::clock::wait_until;
use crate::error::Error;
use crate::outcome::Next;
use crate::pages::day::DayPage;
use crate::value::date::SeoulTime;
use crate::value::slot::SlotState;

/// How long before the opening instant the preparation begins: time for a person to act on an alarm,
/// and well within the two hours that a session lives (protocol.md 4.2, I+).
const PREPARE_BEFORE: Duration = Duration::from_secs(600);

/// How long a failed preparation rests before it is tried again.
const PREPARE_GAP: Duration = Duration::from_secs(60);

/// When the clock is measured a second time, which also shows whether the session is still alive.
const SECOND_MEASUREMENT_BEFORE: Duration = Duration::from_secs(60);

/// Probes of the first measurement, and how many more the second adds.
const FIRST_PROBES: usize = 8;
const MORE_PROBES: usize = 3;

impl<W: Watcher> Run<'_, W> {
    /// Login, the slots' numbers and the site's clock, in the ten minutes before the instant.
    pub(super) async fn prepare(&mut self, instant: SeoulTime) -> Result<(), Verdict> {
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
        self.sleep(left(self).saturating_sub(SECOND_MEASUREMENT_BEFORE)).await;
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
        let of_wish = |known: &&KnownSlots| known.place == wish.place && known.purpose == wish.purpose;
        if let Some(KnownSlots { place, purpose, slots }) = self.booking.known.iter().find(of_wish) {
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

    pub(super) async fn ensure_session(&mut self) -> Result<(), Error> {
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
}
