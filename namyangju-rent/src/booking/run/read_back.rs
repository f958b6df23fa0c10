//! What the day list says: after an answer that does not tell, and after a receipt.

use std::time::Duration;

use super::Run;
use crate::answer_kind::AnswerKind;
use crate::booking::event::Event;
use crate::booking::listed::ReadBack;
use crate::booking::policy::Last;
use crate::booking::report::Verdict;
use crate::booking::watcher::Watcher;
use crate::error::Error;
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
            match self.look().await {
                Ok(ReadBack::Free) => {
                    return Ok(Some(if answer == AnswerKind::Unknown { Last::Unknown } else { Last::Plain }));
                }
                Ok(ReadBack::Ours) if self.standing.is_doubtful() => {
                    return Err(Verdict::Reserved { receipt: None, shown: Some(SlotState::Booked) });
                }
                Ok(ReadBack::Others) => return Ok(None),
                Ok(ReadBack::Ours | ReadBack::Booked) if !self.standing.is_doubtful() => return Ok(None),
                Ok(ReadBack::Nothing) if !self.standing.is_unanswered() || self.is_before_opening() => {
                    self.standing.was_not_accepted();
                    return Ok(Some(Last::Plain));
                }
                // Nothing more is asked for behind a waiting room.
                Err(error) if error.kind() == AnswerKind::WaitingRoom => {
                    if self.standing.is_doubtful() {
                        break;
                    }
                    return Err(self.ended(&error));
                }
                _ if look < MAX_READS => {
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
        let shown = self.look().await.ok().map(|seen| seen.state());
        Verdict::Reserved { receipt, shown }
    }

    async fn look(&mut self) -> Result<ReadBack, Error> {
        let Some(wish) = self.wish() else { return Ok(ReadBack::Nothing) };
        // The day list needs no login (protocol.md 4.3, S3); the session's line is warm.
        let list = match &self.session {
            Some(session) => session.day_list(&wish.place, wish.date).await,
            None => match self.booking.client.guest() {
                Ok(guest) => guest.day_list(&wish.place, wish.date).await,
                Err(error) => Err(error),
            },
        };
        let seen = list.map(|list| ReadBack::of(&list, wish, &self.booking.application));
        self.tell(Event::ReadBack { state: seen.as_ref().ok().map(|seen| seen.state()) });
        seen
    }
}
