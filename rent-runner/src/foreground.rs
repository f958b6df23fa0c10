//! One booking in the foreground, which Ctrl-C ends with a verdict.

use std::sync::atomic::{AtomicBool, Ordering};

use namyangju_rent::{Booking, Client, Event, Happened, Report, SlotState, Step, Verdict};
use serde_json::Value;

use crate::exit;
use crate::output;
use crate::story::Story;

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
struct Standing {
    unanswered: AtomicBool,
    reserved: AtomicBool,
}

impl Standing {
    fn hear(&self, event: &Event) {
        match event {
            Event::Submitting => self.unanswered.store(true, Ordering::Relaxed),
            Event::Answered { step: Step::Submit, name, .. } => match name.as_str() {
                "unconfirmed" | "unknown" => {}
                name => {
                    self.unanswered.store(false, Ordering::Relaxed);
                    self.reserved.store(name == "reserved", Ordering::Relaxed);
                }
            },
            Event::ReadBack { state: Some(SlotState::Free) } => {
                self.unanswered.store(false, Ordering::Relaxed);
            }
            _ => {}
        }
    }
}

/// Runs a booking to its end. `also` hears each event after the story has told it.
pub(crate) async fn run(
    booking: Booking,
    client: &Client,
    story: &Story,
    mut also: impl FnMut(&Happened) + Send,
) -> Ending {
    let standing = Standing::default();
    let running = booking.run(|happened| {
        standing.hear(&happened.event);
        story.event(happened);
        also(happened);
    });
    tokio::pin!(running);
    tokio::select! {
        report = &mut running => return Ending::Ended(report),
        () = interruption() => {}
    }
    if standing.reserved.load(Ordering::Relaxed) {
        output::note("reserved already: reading it back, then ending");
        return Ending::Ended(running.await);
    }
    Ending::Interrupted {
        unanswered: standing.unanswered.load(Ordering::Relaxed),
        requests: client.budget().used(),
    }
}

/// Ends at Ctrl-C, or when the system asks the program to end.
pub(crate) async fn interruption() {
    let ctrl_c = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        () = ctrl_c => {}
        () = termination() => {}
    }
}

#[cfg(unix)]
async fn termination() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            terminate.recv().await;
        }
        Err(_) => std::future::pending().await,
    }
}

#[cfg(not(unix))]
async fn termination() {
    std::future::pending().await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(name: &str) -> Event {
        Event::Answered { step: Step::Submit, name: name.into(), text: String::new() }
    }

    #[test]
    fn only_an_application_without_an_answer_is_unanswered() {
        let free = || Event::ReadBack { state: Some(SlotState::Free) };
        let booked = || Event::ReadBack { state: Some(SlotState::Booked) };
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
        ] {
            let standing = Standing::default();
            events.iter().for_each(|event| standing.hear(event));
            assert_eq!(standing.unanswered.load(Ordering::Relaxed), unanswered, "{events:?}");
        }
    }
}
