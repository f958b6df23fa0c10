//! The one decision after each attempt: what the answer means, and when to try again.

use std::time::Duration;

use super::{Attempted, MAX_LOGINS, Run};
use crate::answer_kind::AnswerKind;
use crate::booking::event::Event;
use crate::booking::policy::{GiveUp, Last, Schedule};
use crate::booking::report::Verdict;
use crate::booking::watcher::Watcher;
use crate::error::{Error, Step};
use crate::outcome::{Next, Outcome};
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
                if self.logins >= MAX_LOGINS {
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
                AnswerKind::NotOpenYet => self.came_early().map_or(Last::NotOpen, Last::Early),
                _ => Last::Plain,
            },
        };
        // A form that did not come by the short way is asked for by the long one.
        if step == Step::Form && !matches!(answer, AnswerKind::NotOpenYet | AnswerKind::Busy) {
            self.learned = None;
        }
        let requests = self.requests().saturating_sub(self.requests_at_opening.unwrap_or_default());
        schedule
            .next(began, self.clock().monotonic(), (requests, self.booking.budget().left()), last)
            .map_err(|why| match attempted {
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
    pub(super) fn goes_on_after_block(&mut self, error: &Error) -> bool {
        matches!(error.outcome(), Some(Outcome::Blocked)) && self.retire_route()
    }

    /// Retires the blocked route; with another one the next session is a new one.
    fn retire_route(&mut self) -> bool {
        self.session = None;
        self.booking.client.route_was_blocked()
    }

    /// The verdict of an error that time does not mend.
    pub(super) fn ended(&self, error: &Error) -> Verdict {
        match (error, error.outcome()) {
            (Error::Forbidden(refusal), _) => Verdict::Withdrawn { reason: refusal.reason().to_owned() },
            (Error::Budget { .. }, _) => Verdict::GaveUp { why: GiveUp::Budget, last: error.to_string() },
            (_, Some(Outcome::Blocked)) => Verdict::Blocked,
            (_, Some(Outcome::HumanCheck)) => Verdict::NeedsPerson { reason: error.chain() },
            _ => Verdict::Refused { reason: error.chain() },
        }
    }

    /// Goes on to the next wish at once, if there is one.
    pub(super) fn next_wish(&mut self) -> Result<Duration, Verdict> {
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
}
