//! Before the opening: a session, the numbers of the slots, and the site's clock, while a person can still act.

use std::borrow::Cow;
use std::time::Duration;

use super::Run;
use super::foresee::NotReady;
use super::shot::QUIET_BEFORE;
use crate::booking::KnownSlots;
use crate::booking::event::{Event, Wish};
use crate::booking::report::Verdict;
use crate::booking::watcher::Watcher;
use crate::client::session::Session;
use crate::clock::aim::{Aim, NextProbe, Source};
use crate::clock::site_clock::{MAX_PROBES, PROBE_GAP};
use crate::clock::wait_until;
use crate::error::Error;
use crate::outcome::Next;
use crate::pages::day::DayPage;
use crate::pages::schedule::DayList;
use crate::value::date::{RentDate, SeoulTime};
use crate::value::month::Month;
use crate::value::slot::SlotState;

/// How long before the opening instant the preparation begins: time for a person to act on an alarm,
/// and well within the two hours that a session lives (protocol.md 4.2, I+).
const PREPARE_BEFORE: Duration = Duration::from_secs(600);

/// How long a failed preparation rests before it is tried again.
const PREPARE_GAP: Duration = Duration::from_secs(60);

/// When the clock is measured a second time, which also shows whether the session is still alive.
const SECOND_MEASUREMENT_BEFORE: Duration = Duration::from_secs(60);

/// Probes of the first measurement, and of both: two clocks drift apart by some milliseconds in ten minutes, so most
/// are sent in the last one.
const FIRST_PROBES: usize = 3;
const BOTH_PROBES: usize = 10;

/// Connections that are timed with each measurement, where no file of the site is known.
const CONNECTIONS_TIMED: usize = 2;

/// When the line is used for the last time before the shot. Servers close a silent one after 5 s (Apache) or 75 s
/// (nginx) by default, and a new one costs two or three round trips.
const WARM_UP_BEFORE: Duration = Duration::from_secs(2);

/// How much earlier than that it may be, so that the answer's date tells something.
const WARM_UP_WITHIN: Duration = Duration::from_millis(900);

/// A day of the list on which all of a wish's time is free: its page shows the numbers of all its rounds.
fn open_day(list: &DayList, wish: &Wish, today: RentDate) -> Option<RentDate> {
    let Wish { range, purpose, .. } = *wish;
    let minutes = |day| {
        let free = list.within(day, range, purpose).filter(|slot| slot.state == SlotState::Free);
        free.map(|slot| slot.range.minutes()).sum::<u16>()
    };
    let open = list.of(purpose).filter(|slot| slot.state == SlotState::Free && slot.date >= today);
    let mut days = open.filter(|slot| range.covers(slot.range)).map(|slot| slot.date);
    days.find(|day| minutes(*day) == range.minutes())
}

impl<W: Watcher> Run<'_, W> {
    /// Login, the slots' numbers and the site's clock, in the ten minutes before the instant.
    pub(super) async fn prepare(&mut self, instant: SeoulTime) -> Result<(), Verdict> {
        let left = |run: &Self| run.fire_instant(instant).saturating_sub(run.clock().monotonic());
        self.tell(Event::Waiting { until: instant });
        self.sleep(left(self).saturating_sub(PREPARE_BEFORE)).await;
        loop {
            match self.make_ready(left(self)).await {
                Ok(()) => break,
                Err(NotReady::Over(verdict)) => return Err(verdict),
                Err(NotReady::Failed(error)) => {
                    self.tell(Event::alarm(error.chain()));
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
        self.measure(instant, BOTH_PROBES).await
    }

    /// Reads the numbers of the wish's slots from its own day, or from another that is open.
    pub(super) async fn learn(&mut self) -> Result<(), Error> {
        let (Some(wish), Some(session)) = (self.wish(), &self.session) else { return Ok(()) };
        let Wish { place, date, range, purpose } = wish;
        if self.learned.is_some() {
            return Ok(());
        }
        let today = self.clock().now().date();
        // The list of the wish's own month was read for the look ahead.
        let read = self.look_ahead.list(place, Month::from(*date));
        let day = match read.and_then(|list| open_day(list, wish, today)) {
            Some(day) => Some(day),
            None if read.is_some() && Month::from(*date).contains(today) => None,
            None => {
                let list = session.day_list(place, today).await?;
                self.watcher.day_list_read(place, &list);
                open_day(&list, wish, today)
            }
        };
        let Some(day) = day else {
            self.remember(wish);
            return Ok(());
        };
        let visit = session.open_day(place, day, *purpose).await?;
        match visit.check(*range) {
            Ok(()) => {
                self.learned = Some(visit.on(*date).page().clone());
                let slots = visit.page().free.clone();
                self.tell(Event::Learned { from: day, slots });
            }
            Err(error) => self.foresee_length(&error),
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
        let taken_over = self.take_over();
        if turn.is_some() {
            self.time_connections().await;
        }
        let mut asked = 0;
        // A shot that may be refused is paid for by a probe: a booking sends no more requests for it.
        while turn.is_some() && self.probes() + usize::from(self.shoots_twice(instant)) < most {
            let Some((source, at)) = self.next_probe(most, asked == 0) else { break };
            if at + QUIET_BEFORE > self.fire_instant(instant) || !self.probe(source, at).await? {
                break;
            }
            asked += 1;
        }
        let estimate = self.measurement.clock.estimate(self.clock().now(), self.clock().monotonic());
        if let Some(estimate) = estimate.filter(|_| asked > 0 || taken_over) {
            self.tell(Event::ClockRead { estimate });
        }
        Ok(())
    }

    /// Where no file of the site is known, a few connections that carry no request tell the network from the script.
    async fn time_connections(&mut self) {
        let Some(session) = self.session.as_ref().filter(|session| !session.knows_file()) else { return };
        for _ in 0..CONNECTIONS_TIMED {
            let Some(took) = session.connect_time().await else { return };
            self.measurement.aim.connected(took);
        }
    }

    /// How many probes the measurement rests on.
    fn probes(&self) -> usize {
        self.measurement.clock.probes().len()
    }

    /// Takes over what another booking of the client has measured, if that is more.
    fn take_over(&mut self) -> bool {
        let route = self.booking.client.route_in_use();
        let now = self.clock().monotonic();
        match self.booking.client.measured().better_than(&self.measurement, &route, now) {
            Some(better) => {
                self.measurement = better;
                self.recall();
                true
            }
            None => false,
        }
    }

    /// What to ask next for the clock, and when; `None` if it is known well enough. An old measurement is looked at
    /// once more, if there was `none_yet`.
    fn next_probe(&mut self, most: usize, none_yet: bool) -> Option<(Source, Duration)> {
        self.take_samples();
        let now = self.clock().monotonic();
        let file = self.session.as_ref().is_some_and(|session| session.knows_file());
        let last = self.measurement.last_probe();
        match self.aim_to_plan().next_probe(now, last, file, most.saturating_sub(self.probes())) {
            NextProbe::Ask { source, at } => Some((source, at)),
            NextProbe::Enough if none_yet && !self.measurement.is_fresh(now) => {
                let at = last.map_or(now, |last| now.max(last.saturating_add(PROBE_GAP)));
                Some((Source::Page, at))
            }
            NextProbe::Enough => None,
        }
    }

    /// What the probes are planned by.
    fn aim_to_plan(&self) -> Cow<'_, Aim> {
        let aim = &self.measurement.aim;
        if self.clock().is_synchronised() { aim.by_dates() } else { Cow::Borrowed(aim) }
    }

    /// Takes the dated answers of the session in.
    pub(super) fn take_samples(&mut self) {
        if let Some(session) = &self.session {
            self.measurement.add(session.take_told());
        }
    }

    /// Sends a probe at an instant; `false` if the site gives no time.
    async fn probe(&mut self, source: Source, at: Duration) -> Result<bool, Verdict> {
        if let Err(error) = self.ensure_session().await {
            return self.probe_failed(&error);
        }
        wait_until(self.clock().clone().as_ref(), at).await;
        let (Some(session), Some(wish)) = (&self.session, self.wish()) else { return Ok(false) };
        let probed = match source {
            Source::File => session.probe_file().await.map(|probe| (probe, true)),
            Source::Page => session.probe(&wish.place, wish.date).await,
        };
        self.take_samples();
        match probed {
            Ok((probe, alive)) => {
                if !alive {
                    self.session = None;
                }
                if let Some(probe) = probe {
                    self.measurement.probed(probe);
                    self.booking
                        .client
                        .measured()
                        .keep(self.booking.client.route_in_use(), &self.measurement);
                }
                // A file that is not given is followed by pages.
                Ok(probe.is_some() || source == Source::File)
            }
            Err(error) => self.probe_failed(&error),
        }
    }

    /// Tells why a probe failed; the end of the run, if time would not mend it.
    fn probe_failed(&mut self, error: &Error) -> Result<bool, Verdict> {
        self.tell(Event::alarm(error.chain()));
        match error.next() {
            Next::Stop if self.goes_on_after_block(error) => Ok(false),
            Next::Stop | Next::AskPerson => Err(self.ended(error)),
            _ => Ok(false),
        }
    }

    /// The last probe, a page on the line that will shoot, about two seconds before the shot: the site keeps the
    /// connection then, a session that has died is noticed in time, and the drift of the clocks is small. `false` if the
    /// session is dead.
    ///
    /// Not sent where the site says that it keeps the line for long enough anyway, or for so short a time that this
    /// would be of no use. Where each answer closes its connection it is sent all the same: it is the last word on the clock.
    pub(super) async fn warm_up(&mut self, session: &Session, instant: SeoulTime) -> Result<bool, Error> {
        let at = self.fire_instant(instant);
        let now = self.clock().monotonic();
        let (before, needless) = match session.keeps_line_for() {
            Some(kept) => {
                let before = WARM_UP_BEFORE.min(kept / 2).max(QUIET_BEFORE);
                (before, kept < Duration::MAX && !session.is_closed_at(at) || kept <= before)
            }
            // It keeps no line warm there, and still tells of the clock and the session.
            None => (WARM_UP_BEFORE, false),
        };
        if needless || now + before > at || self.probes() >= MAX_PROBES {
            return Ok(true);
        }
        let Some(wish) = self.wish() else { return Ok(true) };
        let earliest = at.saturating_sub(before.saturating_add(WARM_UP_WITHIN)).max(now);
        let latest = at.saturating_sub(before);
        let aimed = match self.aim_to_plan().next_probe(earliest, self.measurement.last_probe(), false, 1) {
            NextProbe::Ask { at: aimed, .. } if aimed <= latest => aimed,
            _ => latest,
        };
        wait_until(self.clock().clone().as_ref(), aimed).await;
        let probed = session.probe(&wish.place, wish.date).await;
        self.measurement.add(session.take_told());
        match probed {
            Ok((probe, alive)) => {
                if let Some(probe) = probe {
                    self.measurement.probed(probe);
                }
                Ok(alive)
            }
            Err(error) => {
                self.tell(Event::alarm(error.chain()));
                // Told now or at the instant, a block ends the run; anything else may be over by then.
                if matches!(error.next(), Next::Stop | Next::AskPerson) { Err(error) } else { Ok(true) }
            }
        }
    }

    pub(super) async fn ensure_session(&mut self) -> Result<(), Error> {
        if self.session.is_some() || self.restore().await? {
            return Ok(());
        }
        let shared = &self.booking.shared_login;
        shared.was_ended(self.login);
        let _turn = shared.turn_to_log_in().await;
        if shared.is_one_session()
            && let Some((login, saved)) = shared.later_than(self.login)
            && let Ok(session) = self.booking.client.restore(&saved)
        {
            self.login = login;
            // It was no login of ours that did not hold.
            self.logins.forget_one();
            self.session = Some(session);
            self.tell(Event::Restored);
            return Ok(());
        }
        self.log_in().await?;
        self.login = shared.logged_in(self.session.as_ref().and_then(Session::save));
        Ok(())
    }

    /// Takes the saved session up, if there is one and the site still knows it.
    async fn restore(&mut self) -> Result<bool, Error> {
        let Some(saved) = self.booking.session.as_ref().filter(|_| !self.restored) else { return Ok(false) };
        self.restored = true;
        let Ok(session) = self.booking.client.restore(saved) else { return Ok(false) };
        match session.check().await {
            Ok(true) => {}
            // A login would go past what a person has to see to.
            Err(error) if error.next() == Next::AskPerson => return Err(error),
            _ => return Ok(false),
        }
        self.login = self.booking.shared_login.logged_in(Some(saved.clone()));
        self.session = Some(session);
        self.tell(Event::Restored);
        Ok(true)
    }
}
