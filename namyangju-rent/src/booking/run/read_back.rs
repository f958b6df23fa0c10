//! What the day list says: after an answer that does not tell, and after a receipt.

use std::time::Duration;

use super::Run;
use crate::answer_kind::AnswerKind;
use crate::booking::event::Event;
use crate::booking::listed::{Follows, OurNames, ReadBack};
use crate::booking::policy::Last;
use crate::booking::report::Verdict;
use crate::booking::standing::Doubt;
use crate::booking::watcher::Watcher;
use crate::outcome::Receipt;
use crate::value::date::SeoulTime;
use crate::value::slot::SlotState;

/// How often the day list is read before it is believed not to tell.
const MAX_READS: u8 = 3;

/// So long after the opening a day list may not show it yet.
const JUST_OPENED: Duration = Duration::from_secs(2);

impl<W: Watcher> Run<'_, W> {
    /// Reads the day list after an answer that does not tell. Only a slot that is shown free may be
    /// applied for again; `None` means that somebody else has it.
    pub(super) async fn read_back(&mut self, answer: AnswerKind) -> Result<Option<Last>, Verdict> {
        for look in 1..=MAX_READS {
            // Before the list is told of: a list that shows the slot free takes a doubt back.
            let doubt = self.standing.doubt();
            let seen = self.look().await;
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
                Follows::LookAgain if look < MAX_READS => {
                    let wait = self.booking.policy.gap();
                    self.tell(Event::Resting { wait });
                    self.sleep(wait).await;
                }
                Follows::LookAgain => {}
            }
        }
        Err(Verdict::Unconfirmed)
    }

    /// Whether a refusal is about a booking of our own: "taken", and a limit of bookings, read the same whoever has the
    /// slot. One look; an `Err` is the end of the run.
    pub(super) async fn may_be_refused_for_our_own(&mut self) -> Result<(), Verdict> {
        let doubt = self.standing.doubt();
        match self.look().await.follows(doubt, false) {
            Follows::AlreadyBooked => Err(Verdict::AlreadyBooked),
            Follows::Reserved => Err(Verdict::Reserved { receipt: None, shown: Some(SlotState::Booked) }),
            Follows::LookAgain => Err(Verdict::Unconfirmed),
            // The refusal is newer than a list that lags behind.
            Follows::Again if doubt != Doubt::Clear => Err(Verdict::Unconfirmed),
            Follows::Again | Follows::NextChoice => Ok(()),
        }
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
        let shown = self.look().await.state();
        Verdict::Reserved { receipt, shown }
    }

    async fn look(&mut self) -> ReadBack {
        let Some(wish) = self.wish() else { return ReadBack::Nothing };
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
        let seen = list.map_or(ReadBack::Unread, |list| ReadBack::of(&list, wish, ours));
        self.tell(Event::ReadBack { state: seen.state() });
        seen
    }
}
