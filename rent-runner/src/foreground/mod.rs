//! One booking in the foreground, which Ctrl-C ends with a verdict.

pub(crate) mod journal;

use std::sync::atomic::{AtomicBool, Ordering};

use namyangju_rent::{Booking, Event, Happened, Report, SlotState, Step, Verdict};
use serde_json::Value;

use crate::exit;
use crate::signals::interruption;
use crate::terminal::countdown::Live;
use crate::terminal::story::Story;

/// How a booking in the foreground ended.
#[derive(Debug)]
pub(crate) enum Ending {
    /// By itself.
    Ended(Report),
    /// By Ctrl-C or a request to terminate.
    Interrupted {
        /// An application was sent and what became of it is not known.
        unanswered: bool,
        /// How many requests were sent.
        requests: u32,
    },
}

impl Ending {
    /// What the shell is told.
    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::Ended(report) => exit::exit_code(&report.verdict),
            Self::Interrupted { unanswered: true, .. } => exit::exit_code(&Verdict::Unconfirmed),
            Self::Interrupted { unanswered: false, .. } => exit::INTERRUPTED,
        }
    }

    /// Tells the end; `more` are further fields for a program.
    pub(crate) fn tell(&self, story: &Story, more: Value) {
        match self {
            Self::Ended(report) => story.report(report, self.code(), more),
            Self::Interrupted { unanswered, requests } => {
                story.interrupted(*unanswered, *requests, self.code(), more);
            }
        }
    }

    /// The receipt number, if there is one.
    pub(crate) fn receipt(&self) -> Option<&str> {
        match self {
            Self::Ended(Report { verdict: Verdict::Reserved { receipt: Some(receipt), .. }, .. }) => {
                Some(&receipt.number)
            }
            _ => None,
        }
    }
}

/// How an application stands, by the events so far: what an interruption must not hide.
#[derive(Debug, Default)]
pub(crate) struct Standing {
    unanswered: AtomicBool,
    reserved: AtomicBool,
}

impl Standing {
    /// How it stands after these.
    pub(crate) fn of<'e>(events: impl IntoIterator<Item = &'e Event>) -> Self {
        let standing = Self::default();
        events.into_iter().for_each(|event| standing.hear(event));
        standing
    }

    /// An application was sent and what became of it is not known.
    pub(crate) fn is_unanswered(&self) -> bool {
        self.unanswered.load(Ordering::Relaxed)
    }

    /// An application was accepted.
    pub(crate) fn is_reserved(&self) -> bool {
        self.reserved.load(Ordering::Relaxed)
    }

    pub(crate) fn hear(&self, event: &Event) {
        match event {
            Event::Submitting => self.unanswered.store(true, Ordering::Relaxed),
            Event::Answered { step: Step::Submit, name, .. } => match name.as_str() {
                "unconfirmed" | "unknown" => {}
                name => {
                    self.unanswered.store(false, Ordering::Relaxed);
                    self.reserved.store(name == "reserved", Ordering::Relaxed);
                }
            },
            // The attempt ended before its application, although an intent of it was kept.
            Event::Answered { .. }
            | Event::ReadBack { state: Some(SlotState::Free) }
            | Event::NextWish { .. } => self.unanswered.store(false, Ordering::Relaxed),
            _ => {}
        }
    }
}

/// A booking, and how an earlier run of it stands.
#[derive(Debug)]
pub(crate) struct Watched {
    pub(crate) booking: Booking,
    /// When it opens, and what was said of the site's clock, for the line that counts down.
    pub(crate) live: Option<Live>,
    /// What is known already of an application.
    pub(crate) standing: Standing,
}

/// Runs a booking to its end. `also` hears each event before the story tells it.
pub(crate) async fn run(watched: Watched, story: &Story, mut also: impl FnMut(&Happened) + Send) -> Ending {
    let Watched { booking, live, standing } = watched;
    let budget = booking.budget().clone();
    let running = booking.run(|happened| {
        standing.hear(&happened.event);
        if let Some(live) = &live {
            live.hear(&happened.event);
        }
        also(happened);
        story.event(happened);
    });
    let counting_down = async {
        match &live {
            Some(live) => live.show(story).await,
            None => std::future::pending().await,
        }
    };
    tokio::pin!(running);
    tokio::select! {
        report = &mut running => return Ending::Ended(report),
        () = interruption() => {}
        never = counting_down => match never {},
    }
    story.live(None);
    if standing.is_reserved() {
        story.aside("reserved already: reading it back, then ending");
        return Ending::Ended(running.await);
    }
    Ending::Interrupted { unanswered: standing.is_unanswered(), requests: budget.used() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(name: &str) -> Event {
        Event::Answered { step: Step::Submit, name: name.into(), text: String::new(), receipt: None }
    }

    #[test]
    fn only_an_application_without_an_answer_is_unanswered() {
        let free = || Event::ReadBack { state: Some(SlotState::Free) };
        let booked = || Event::ReadBack { state: Some(SlotState::Booked) };
        let early = || Event::Answered {
            step: Step::Form,
            name: "not-open-yet".into(),
            text: String::new(),
            receipt: None,
        };
        for (events, unanswered) in [
            (vec![], false),
            (vec![Event::LoggedIn, Event::Attempt { number: 1, wish: 0 }], false),
            (vec![Event::Submitting], true),
            (vec![Event::Submitting, answered("unconfirmed")], true),
            (vec![Event::Submitting, answered("unknown"), booked()], true),
            (vec![Event::Submitting, answered("unconfirmed"), free()], false),
            (vec![Event::Submitting, answered("not-sent")], false),
            (vec![Event::Submitting, answered("slot-taken")], false),
            (vec![Event::Submitting, answered("reserved")], false),
            (vec![Event::Submitting, early()], false),
            (vec![Event::Submitting, booked(), Event::NextWish { wish: 1 }], false),
        ] {
            assert_eq!(Standing::of(&events).is_unanswered(), unanswered, "{events:?}");
        }
    }
}
