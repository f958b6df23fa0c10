//! How a booking stands, read from its events: whether an application of it may have been accepted.
//!
//! "May I apply again?" is the one question that must never be answered wrongly, and it is answered here alone: the
//! run asks while it goes on, and the programs that keep events ask when they start again or are told to stop.

use crate::answer_kind::{AnswerKind, Tells};
use crate::booking::event::Event;
use crate::error::Step;
use crate::outcome::Receipt;
use crate::value::slot::SlotState;

/// How a booking stands, by the events so far.
///
/// Whatever is not known to have been refused counts as if it may have been accepted. A receipt is final: no list
/// that lags behind and no later event undoes it.
///
/// ```
/// use namyangju_rent::{Event, Standing};
///
/// let mut standing = Standing::default();
/// standing.on_event(&Event::Submitting);
/// assert!(standing.is_open());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    wish: usize,
    application: LastApplication,
    doubtful: bool,
    ahead_micros: i64,
}

/// What is known of the last application that left.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum LastApplication {
    /// None left, or its answer says that it was not accepted.
    #[default]
    Nothing,
    /// It left, and its answer is not known.
    Unanswered,
    /// It was accepted.
    Accepted(Option<Receipt>),
}

/// What is known of our applications for the wish at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doubt {
    /// None left that may have been accepted.
    Clear,
    /// One left without an answer, and the slot was shown free since: it may have arrived late.
    FreeSince,
    /// One left, and its answer is not known.
    Unanswered,
}

impl Standing {
    /// How a booking stands after these events, in their order.
    pub fn of<'e>(events: impl IntoIterator<Item = &'e Event>) -> Self {
        let mut standing = Self::default();
        events.into_iter().for_each(|event| standing.on_event(event));
        standing
    }

    /// Takes the next event in.
    pub fn on_event(&mut self, event: &Event) {
        if let Event::ClockRead { estimate } = event {
            self.ahead_micros = estimate.ahead_micros;
        }
        if self.is_reserved() {
            return;
        }
        match event {
            Event::Attempt { wish, .. } => self.wish = *wish,
            Event::NextWish { wish } => {
                (self.wish, self.application, self.doubtful) = (*wish, LastApplication::Nothing, false);
            }
            Event::Submitting => self.application = LastApplication::Unanswered,
            Event::Answered { step, answer, receipt, .. } => match answer.tells() {
                Tells::Accepted => self.application = LastApplication::Accepted(receipt.clone()),
                // A word of a newer version may mean anything, wherever it stands.
                Tells::Nothing if *step == Step::Submit || *answer == AnswerKind::Unrecognised => {
                    (self.application, self.doubtful) = (LastApplication::Unanswered, true);
                }
                // Refused, or the attempt ended before its application: an intent to apply that was kept for it
                // is taken back.
                _ => self.application = LastApplication::Nothing,
            },
            Event::ReadBack { state: Some(SlotState::Free) } => self.was_not_accepted(),
            _ => {}
        }
    }

    /// The site shows that an application without an answer was not accepted. It may still arrive late.
    pub(crate) fn was_not_accepted(&mut self) {
        if self.application == LastApplication::Unanswered {
            (self.application, self.doubtful) = (LastApplication::Nothing, true);
        }
    }

    /// The wish at hand, counted from 0.
    pub fn wish(&self) -> usize {
        self.wish
    }

    /// An application left and its answer is not known: the day list has to be read before anything is sent.
    pub fn is_unanswered(&self) -> bool {
        self.application == LastApplication::Unanswered
    }

    /// An application was accepted: nothing may be sent any more.
    pub fn is_reserved(&self) -> bool {
        matches!(self.application, LastApplication::Accepted(_))
    }

    /// An application was accepted, or may have been.
    pub fn is_open(&self) -> bool {
        self.is_unanswered() || self.is_reserved()
    }

    /// For the wish at hand an application once left without an answer, even if the day list showed the slot free
    /// since: it may have arrived late, so a slot that is booked may be booked by it.
    pub fn is_doubtful(&self) -> bool {
        self.doubtful || self.is_unanswered()
    }

    /// The same in one word for each case.
    pub(crate) fn doubt(&self) -> Doubt {
        match (self.is_unanswered(), self.is_doubtful()) {
            (true, _) => Doubt::Unanswered,
            (false, true) => Doubt::FreeSince,
            (false, false) => Doubt::Clear,
        }
    }

    /// The receipt of an application that was accepted, if the site gave one.
    pub fn receipt(&self) -> Option<&Receipt> {
        match &self.application {
            LastApplication::Accepted(receipt) => receipt.as_ref(),
            _ => None,
        }
    }

    /// How far the site's clock was ahead when it was last read, in microseconds; negative if behind.
    pub fn ahead_micros(&self) -> i64 {
        self.ahead_micros
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::date::SeoulTime;

    fn answered(step: Step, answer: AnswerKind) -> Event {
        let receipt = (answer == AnswerKind::Reserved).then(|| Receipt { number: "20260001".to_owned() });
        Event::Answered { step, answer, text: String::new(), receipt, exchange: None }
    }

    /// Every event that may bear on the question, by a short name.
    fn alphabet() -> Vec<(&'static str, Event)> {
        use AnswerKind::{
            Broken, NotOpenYet, NotSent, Reserved, SlotTaken, Unconfirmed, Unknown, Unrecognised,
        };
        vec![
            ("waiting", Event::Waiting { until: SeoulTime::from_unix_micros(0) }),
            ("attempt", Event::Attempt { number: 1, wish: 0 }),
            ("submitting", Event::Submitting),
            ("reserved", answered(Step::Submit, Reserved)),
            ("taken", answered(Step::Submit, SlotTaken)),
            ("not sent", answered(Step::Submit, NotSent)),
            ("unconfirmed", answered(Step::Submit, Unconfirmed)),
            ("unknown", answered(Step::Submit, Unknown)),
            ("broken", answered(Step::Submit, Broken)),
            ("new word", answered(Step::Submit, Unrecognised)),
            ("form early", answered(Step::Form, NotOpenYet)),
            ("form broken", answered(Step::Form, Broken)),
            ("form new word", answered(Step::Form, Unrecognised)),
            ("list free", Event::ReadBack { state: Some(SlotState::Free) }),
            ("list booked", Event::ReadBack { state: Some(SlotState::Booked) }),
            ("list nothing", Event::ReadBack { state: Some(SlotState::NotShown) }),
            ("list unread", Event::ReadBack { state: None }),
            ("next wish", Event::NextWish { wish: 1 }),
        ]
    }

    /// The rules once more, over the names of the events of one order: whether an application is unanswered,
    /// accepted, and in doubt.
    fn expected(order: &[&str]) -> (bool, bool, bool) {
        let (mut unanswered, mut doubtful) = (false, false);
        for name in order {
            match *name {
                "reserved" => return (false, true, doubtful),
                "submitting" => unanswered = true,
                "unconfirmed" | "unknown" | "broken" | "new word" | "form new word" => {
                    (unanswered, doubtful) = (true, true);
                }
                "taken" | "not sent" | "form early" | "form broken" => unanswered = false,
                "list free" => (unanswered, doubtful) = (false, doubtful || unanswered),
                "next wish" => (unanswered, doubtful) = (false, false),
                _ => {}
            }
        }
        (unanswered, false, doubtful || unanswered)
    }

    #[test]
    fn every_order_of_four_events_stands_as_the_rules_say() {
        let alphabet = alphabet();
        let many = alphabet.len();
        for length in 0..=4_u32 {
            for code in 0..many.pow(length) {
                let order: Vec<_> =
                    (0..length).map(|digit| &alphabet[code / many.pow(digit) % many]).collect();
                let names: Vec<_> = order.iter().map(|(name, _)| *name).collect();
                let standing = Standing::of(order.iter().map(|(_, event)| event));
                let found = (standing.is_unanswered(), standing.is_reserved(), standing.is_doubtful());
                assert_eq!(found, expected(&names), "{names:?}");
                assert_eq!(standing.receipt().is_some(), standing.is_reserved(), "{names:?}");
            }
        }
    }

    #[test]
    fn known_stories_stand_as_they_always_did() {
        let of = |names: &[&str]| {
            let alphabet = alphabet();
            let event = |name: &&str| alphabet.iter().find(|(known, _)| known == name).unwrap().1.clone();
            let events: Vec<Event> = names.iter().map(event).collect();
            Standing::of(&events)
        };
        for (story, unanswered, reserved, doubtful) in [
            (&[][..], false, false, false),
            (&["attempt"], false, false, false),
            (&["attempt", "submitting"], true, false, true),
            (&["submitting", "unconfirmed"], true, false, true),
            (&["submitting", "unknown", "list booked"], true, false, true),
            (&["submitting", "unconfirmed", "list free"], false, false, true),
            // A crash before the answer: the list shows it free, and it may still arrive.
            (&["submitting", "list free", "attempt"], false, false, true),
            (&["submitting", "not sent"], false, false, false),
            (&["submitting", "taken"], false, false, false),
            (&["submitting", "reserved"], false, true, false),
            // A receipt is final.
            (
                &["submitting", "reserved", "list free", "taken", "next wish", "submitting"],
                false,
                true,
                false,
            ),
            // An intent that was kept for an attempt that ended at the form.
            (&["submitting", "form early"], false, false, false),
            (&["submitting", "list booked", "next wish"], false, false, false),
            // A word of a newer version.
            (&["attempt", "form new word"], true, false, true),
            (&["submitting", "new word"], true, false, true),
        ] {
            let standing = of(story);
            let found = (standing.is_unanswered(), standing.is_reserved(), standing.is_doubtful());
            assert_eq!(found, (unanswered, reserved, doubtful), "{story:?}");
            assert_eq!(standing.is_open(), unanswered || reserved, "{story:?}");
        }
        assert_eq!(of(&["attempt", "next wish", "attempt"]).wish(), 0);
        assert_eq!(of(&["attempt", "next wish"]).wish(), 1);
    }

    #[test]
    fn a_standing_keeps_the_receipt_the_clock_and_one_word_of_doubt() {
        let estimate = |ahead_micros| Event::ClockRead {
            estimate: crate::clock::ClockEstimate {
                ahead_micros,
                error_micros: 2_000,
                path: std::time::Duration::from_millis(40),
                probes: 3,
                cached: false,
            },
        };
        let mut standing = Standing::default();
        assert_eq!((standing.receipt(), standing.ahead_micros(), standing.doubt()), (None, 0, Doubt::Clear));
        standing.on_event(&estimate(-250_000));
        assert_eq!(standing.ahead_micros(), -250_000);
        standing.on_event(&Event::Submitting);
        assert_eq!((standing.doubt(), standing.receipt()), (Doubt::Unanswered, None));
        standing.on_event(&Event::ReadBack { state: Some(SlotState::Free) });
        assert_eq!(standing.doubt(), Doubt::FreeSince);
        standing.on_event(&Event::Submitting);
        standing.on_event(&answered(Step::Submit, AnswerKind::Reserved));
        assert_eq!(standing.receipt().unwrap().number, "20260001");
        // The clock is read on after a receipt.
        standing.on_event(&estimate(7));
        assert_eq!((standing.ahead_micros(), standing.is_open()), (7, true));
    }
}
