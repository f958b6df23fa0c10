//! The one decision after each attempt: what the answer means, and when to try again.

use std::time::Duration;

use super::{Attempted, Run};
use crate::answer_kind::AnswerKind;
use crate::booking::event::Event;
use crate::booking::policy::{GiveUp, Last, Schedule};
use crate::booking::report::Verdict;
use crate::booking::watcher::Watcher;
use crate::error::{Error, Step};
use crate::outcome::{Next, Outcome};
use crate::value::application::ApplicationError;
use crate::value::date::SeoulTime;

impl<W: Watcher> Run<'_, W> {
    /// What follows from an attempt: the instant of the next one, or the end.
    pub(super) async fn decide(
        &mut self,
        attempted: Attempted,
        began: Duration,
        schedule: &mut Schedule,
    ) -> Result<Duration, Verdict> {
        let (step, answer, text, next) = match &attempted {
            Ok(outcome) => (Step::Submit, outcome.kind(), outcome.to_string(), outcome.next()),
            // Stores and journals name the form where no step failed.
            Err(error) => (error.step().unwrap_or(Step::Form), error.kind(), error.chain(), error.next()),
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
        let exchange = self.untold_exchange();
        self.tell(Event::Answered { step, answer, text: text.clone(), receipt: receipt.clone(), exchange });
        let last = match next {
            Next::Confirm => return Err(self.confirmed(receipt).await),
            Next::NextChoice if !self.standing.is_doubtful() => {
                // The list is read in the gap before the next choice, which it does not delay.
                let answered = self.clock().monotonic();
                self.may_be_refused_for_our_own().await?;
                return self.next_wish(answered);
            }
            // A slot that is taken may be so by our own application, if one was in doubt.
            Next::NextChoice | Next::ReadBack => match self.read_back(answer).await? {
                Some(last) => last,
                None => return self.next_wish(self.clock().monotonic()),
            },
            Next::AskPerson => return Err(Verdict::NeedsPerson { reason: text }),
            // The operator allows another route after a block, and has one: a new session goes over it.
            Next::Stop if matches!(&attempted, Err(error) if self.goes_on_after_block(error)) => Last::Plain,
            Next::Stop if matches!(attempted, Ok(Outcome::Blocked)) && self.retire_route() => Last::Plain,
            // The time is wrong for this court, and nothing was sent: another choice may be right.
            Next::Stop if answer == AnswerKind::Application && self.is_of_this_wish(&attempted) => {
                return self
                    .next_wish(self.clock().monotonic())
                    .map_err(|_| Verdict::Refused { reason: text });
            }
            Next::Stop => {
                if answer == AnswerKind::LimitReached {
                    self.may_be_refused_for_our_own().await?;
                }
                return Err(match attempted {
                    Err(error) => self.ended(&error),
                    Ok(Outcome::Blocked) => Verdict::Blocked,
                    Ok(_) => Verdict::Refused { reason: text },
                });
            }
            Next::LogIn => {
                self.session = None;
                if self.logins.are_over() {
                    return Err(Verdict::Refused { reason: format!("{text}, also after a fresh login") });
                }
                Last::Plain
            }
            Next::Visit => {
                self.learned = None;
                Last::Plain
            }
            // An overloaded gateway answers for a script that may go on and book: after the rest, the day list tells.
            Next::Again { after } if step == Step::Submit && answer == AnswerKind::Busy => {
                let rest = after.unwrap_or(self.booking.policy.gap());
                self.rest_until(self.clock().monotonic().saturating_add(rest)).await;
                match self.read_back(answer).await? {
                    Some(_) => Last::Busy(None),
                    None => return self.next_wish(self.clock().monotonic()),
                }
            }
            Next::Again { after } => match answer {
                AnswerKind::Busy => Last::Busy(after),
                AnswerKind::NotOpenYet if self.booking.opens_at.is_some() => {
                    self.came_early().unwrap_or(Last::NotOpen)
                }
                _ => Last::Plain,
            },
        };
        // A form that did not come by the short way is asked for by the long one.
        if step == Step::Form && !matches!(answer, AnswerKind::NotOpenYet | AnswerKind::Busy) {
            self.learned = None;
        }
        // Nothing of the time to try is used up before the opening.
        let requests = self.requests_after_opening().unwrap_or(0);
        schedule
            .next(began, self.clock().monotonic(), (requests, self.booking.budget().left()), last)
            .map_err(|why| match attempted {
                Err(Error::NotSent { .. } | Error::Broken { .. }) => Verdict::Unreachable { last: text },
                _ => Verdict::GaveUp { why, last: text },
            })
    }

    /// What a first "not open yet" was like that may have come before the opening: not the opening was late then, but the
    /// request early. Whatever the answer is dated, the interval of the aim decides; the answer is one more sample of it.
    fn came_early(&mut self) -> Option<Last> {
        let instant = self.booking.opens_at?;
        // Only the first attempt has nothing in the second before it.
        if self.attempts.len() > 1 {
            return None;
        }
        self.take_samples();
        let (aim, now) = (&self.measurement.aim, self.clock().monotonic());
        if self.by_own_clock {
            return aim.after_own_clock(instant, now).map(Last::ByOwnClock);
        }
        aim.second(instant, self.fired?, now).map(Last::Early)
    }

    /// Whether an attempt ended for what only the wish at hand has wrong, its time or its court, and no application of
    /// ours is in doubt.
    fn is_of_this_wish(&self, attempted: &Attempted) -> bool {
        let of_wish = |error: &ApplicationError| {
            matches!(
                error,
                ApplicationError::NotARound { .. }
                    | ApplicationError::TooLong { .. }
                    | ApplicationError::TooShort { .. }
                    | ApplicationError::NotAdjacent
            )
        };
        !self.standing.is_doubtful() && matches!(attempted, Err(Error::Application(error)) if of_wish(error))
    }

    /// Whether the error is a block and the operator allows, and has, another route.
    pub(super) fn goes_on_after_block(&mut self, error: &Error) -> bool {
        matches!(error.outcome(), Some(Outcome::Blocked)) && self.retire_route()
    }

    /// Retires the blocked route; with another one the next session is a new one.
    fn retire_route(&mut self) -> bool {
        self.session = None;
        let another = self.booking.client.route_was_blocked();
        if another {
            self.logins.begin_on_another_route();
        }
        another
    }

    /// The verdict of an error that time does not mend.
    pub(super) fn ended(&self, error: &Error) -> Verdict {
        match (error, error.outcome()) {
            (Error::Forbidden(refusal), _) => Verdict::Withdrawn { reason: refusal.reason().to_owned() },
            (Error::Budget { .. }, _) => Verdict::GaveUp { why: GiveUp::Budget, last: error.to_string() },
            (_, Some(Outcome::Blocked)) => Verdict::Blocked,
            _ if error.next() == Next::AskPerson => Verdict::NeedsPerson { reason: error.chain() },
            _ => Verdict::Refused { reason: error.chain() },
        }
    }

    /// Goes on to the next wish a gap after the answer for this one, if there is another.
    pub(super) fn next_wish(&mut self, answered: Duration) -> Result<Duration, Verdict> {
        let Some(next) = self.look_ahead.best(self.wish + 1, self.booking.wishes.len()) else {
            return Err(Verdict::Lost);
        };
        self.wish = next;
        self.learned = None;
        self.tell(Event::NextWish { wish: self.wish });
        Ok(answered + self.booking.policy.gap())
    }

    /// Notes what an answer tells of the opening instant, on the site's clock.
    fn bracket(&mut self, answer: AnswerKind) {
        // A clock that was not measured is not one that agrees with ours: what it showed is not known.
        let measured = self.measurement.clock.estimate(self.clock().now(), self.clock().monotonic());
        let measured = measured.map(|estimate| estimate.ahead_micros);
        let Some(ahead) = measured.or(self.booking.clock_offset_micros) else { return };
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
}
