//! What the day list says: after an answer that does not tell, and after a receipt.

use std::time::Duration;

use super::Run;
use super::patience::{Left, Patience};
use crate::answer_kind::AnswerKind;
use crate::booking::event::Event;
use crate::booking::listed::{Follows, OurNames, ReadBack};
use crate::booking::policy::Last;
use crate::booking::report::Verdict;
use crate::booking::standing::Doubt;
use crate::booking::watcher::Watcher;
use crate::error::Error;
use crate::outcome::{Next, Receipt};
use crate::value::date::SeoulTime;
use crate::value::slot::SlotState;

/// How often the day list is read before it is believed not to tell. Looks that fail are not counted.
const MAX_READS: u8 = 3;

/// Requests that looks leave over: a login, the day page, the form, the application and a look, for when the list shows
/// the slot free.
const AFTER_LOOKS: u32 = 6;

/// So long after the opening a day list may not show it yet.
const JUST_OPENED: Duration = Duration::from_secs(2);

impl<W: Watcher> Run<'_, W> {
    /// Reads the day list after an answer that does not tell. Only a slot that is shown free may be
    /// applied for again; `None` means that somebody else has it.
    pub(super) async fn read_back(&mut self, answer: AnswerKind) -> Result<Option<Last>, Verdict> {
        let mut patience = Patience::new(self.booking.policy.gap());
        for look in 1..=MAX_READS {
            // Before the list is told of: a list that shows the slot free takes a doubt back.
            let doubt = self.standing.doubt();
            let seen = self.look_patiently(&mut patience).await;
            // Nothing more is asked for behind a waiting room.
            if let Some(verdict) = self.waiting_room.take() {
                return Err(if self.standing.is_doubtful() { Verdict::Unconfirmed } else { verdict });
            }
            match seen.follows(doubt, self.is_before_opening()) {
                Follows::Again if seen == ReadBack::Nothing => {
                    self.standing.was_not_accepted();
                    return Ok(Some(Last::Plain));
                }
                Follows::Again if answer == AnswerKind::Unknown => return Ok(Some(Last::Unknown)),
                Follows::Again => return Ok(Some(Last::Plain)),
                Follows::Reserved => {
                    return Err(Verdict::Reserved { receipt: None, shown: Some(SlotState::Booked) });
                }
                Follows::AlreadyBooked => return Err(Verdict::AlreadyBooked),
                Follows::NextChoice => return Ok(None),
                Follows::LookAgain if look < MAX_READS && !patience.is_over() => {
                    self.rest(self.booking.policy.gap()).await;
                }
                Follows::LookAgain => break,
            }
        }
        Err(Verdict::Unconfirmed)
    }

    /// Whether a refusal is about a booking of our own: "taken", and a limit of bookings, read the same whoever has the
    /// slot. One look that is answered; an `Err` is the end of the run.
    pub(super) async fn may_be_refused_for_our_own(&mut self) -> Result<(), Verdict> {
        let doubt = self.standing.doubt();
        let seen = self.look_patiently(&mut Patience::new(self.booking.policy.gap())).await;
        match seen.follows(doubt, false) {
            Follows::AlreadyBooked => Err(Verdict::AlreadyBooked),
            Follows::Reserved => Err(Verdict::Reserved { receipt: None, shown: Some(SlotState::Booked) }),
            Follows::LookAgain => Err(Verdict::Unconfirmed),
            // The refusal is newer than a list that lags behind.
            Follows::Again if doubt != Doubt::Clear => Err(Verdict::Unconfirmed),
            Follows::Again | Follows::NextChoice => Ok(()),
        }
    }

    /// Reads the day list. While an application is in doubt, a look that fails is repeated until the booking's own end:
    /// a swamped site may have accepted it, and only the list can tell.
    async fn look_patiently(&mut self, patience: &mut Patience) -> ReadBack {
        loop {
            let doubt = self.standing.doubt();
            let Look { seen, failed } = self.look().await;
            let Some(asked) = failed.filter(|_| doubt != Doubt::Clear && self.waiting_room.is_none()) else {
                return seen;
            };
            let left = self.left_for_looks();
            let Some(wait) = patience.after_failure(left, asked) else { return seen };
            self.rest(wait).await;
        }
    }

    /// What is left of the booking for looks at the day list.
    fn left_for_looks(&self) -> Left {
        let policy = &self.booking.policy;
        let begins = self.booking.opens_at.map_or(self.started, |instant| self.fire_instant(instant));
        let end = begins.saturating_add(policy.give_up_after());
        let used = self.requests_after_opening().unwrap_or(0);
        let requests = policy.max_requests().saturating_sub(used).min(self.booking.budget().left());
        Left {
            time: end.saturating_sub(self.clock().monotonic()),
            looks: requests.saturating_sub(AFTER_LOOKS),
        }
    }

    async fn rest(&mut self, wait: Duration) {
        self.tell(Event::Resting { wait });
        self.sleep(wait).await;
    }

    /// Whether the day has not opened yet, or only just, by the site's clock: nobody can have booked a slot
    /// that the list does not show then. What is sent again is for the same slot, which the site gives once.
    fn is_before_opening(&self) -> bool {
        let now = self.clock().now();
        let ahead = match (
            self.booking.clock_offset_micros,
            self.measurement.clock.estimate(now, self.clock().monotonic()),
        ) {
            (Some(given), _) => given,
            (None, Some(estimate)) => estimate.ahead_micros,
            (None, None) => self.standing.ahead_micros(),
        };
        let at_site = SeoulTime::from_unix_micros(now.unix_micros().saturating_add(ahead));
        self.booking.opens_at.is_some_and(|opens_at| at_site < opens_at.plus(JUST_OPENED))
    }

    /// What the day list says after a receipt.
    pub(super) async fn confirmed(&mut self, receipt: Option<Receipt>) -> Verdict {
        let shown = self.look().await.seen.state();
        Verdict::Reserved { receipt, shown }
    }

    async fn look(&mut self) -> Look {
        let Some(wish) = self.wish() else { return Look { seen: ReadBack::Nothing, failed: None } };
        // The day list needs no login (protocol.md 4.3, S3); the session's line is warm.
        let list = match &self.session {
            Some(session) => session.day_list(&wish.place, wish.date).await,
            None => match self.booking.client.guest() {
                Ok(guest) => guest.day_list(&wish.place, wish.date).await,
                Err(error) => Err(error),
            },
        };
        let account = self.booking.credentials.account();
        let ours = OurNames::new(&self.booking.application, account, self.member.as_deref());
        if let Err(error) = &list {
            self.waiting_room = (error.kind() == AnswerKind::WaitingRoom).then(|| self.ended(error));
        }
        if let Ok(list) = &list {
            self.watcher.day_list_read(&wish.place, list);
        }
        let failed = list.as_ref().err().and_then(rest_after);
        let seen = list.map_or(ReadBack::Unread, |list| ReadBack::of(&list, wish, ours));
        self.tell(Event::ReadBack { state: seen.state() });
        Look { seen, failed }
    }
}

/// One look at the day list.
struct Look {
    seen: ReadBack,
    /// The site did not answer it, or not with a page of its own: how long it asked to be left alone.
    failed: Option<Duration>,
}

/// How long the site asks to be left alone by an answer, or the lack of one, that says nothing of the list: it is
/// overloaded, or the line broke. `None` for every other answer.
fn rest_after(error: &Error) -> Option<Duration> {
    let of_gateway = error.page().is_some_and(|page| page.status() >= 500);
    match (error.kind(), error.next()) {
        (AnswerKind::Busy, Next::Again { after }) => Some(after.unwrap_or_default()),
        (AnswerKind::NotSent | AnswerKind::Broken, _) => Some(Duration::ZERO),
        _ => of_gateway.then_some(Duration::ZERO),
    }
}
