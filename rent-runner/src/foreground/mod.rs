//! One booking in the foreground, which Ctrl-C ends with a verdict.

pub(crate) mod journal;

use std::sync::{Mutex, MutexGuard, PoisonError};

use namyangju_rent::{Booking, Report, Standing, TimedEvent, Verdict};
use serde_json::Value;

use crate::exit;
use crate::signals::interruption;
use crate::terminal::countdown::Countdown;
use crate::terminal::story::Story;

/// How a booking in the foreground ended.
#[derive(Debug)]
pub(crate) enum Ending {
    /// By itself.
    Ended(Box<Report>),
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
            Self::Ended(report) => match &report.verdict {
                Verdict::Reserved { receipt: Some(receipt), .. } => Some(&receipt.number),
                _ => None,
            },
            Self::Interrupted { .. } => None,
        }
    }
}

/// A booking, and how an earlier run of it stands.
#[derive(Debug)]
pub(crate) struct Watched {
    pub(crate) booking: Booking,
    /// When it opens, and what was said of the site's clock, for the line that counts down.
    pub(crate) countdown: Option<Countdown>,
    /// What is known already of an application.
    pub(crate) standing: Standing,
}

/// Runs a booking to its end. `also` hears each event before the story tells it.
pub(crate) async fn run(watched: Watched, story: &Story, mut also: impl FnMut(&TimedEvent) + Send) -> Ending {
    let Watched { booking, countdown, standing } = watched;
    let standing = Mutex::new(standing);
    let budget = booking.budget().clone();
    let running = booking.run(|happened| {
        lock(&standing).on_event(&happened.event);
        if let Some(countdown) = &countdown {
            countdown.on_event(&happened.event);
        }
        also(happened);
        story.event(happened);
    });
    let counting_down = async {
        match &countdown {
            Some(countdown) => countdown.show(story).await,
            None => std::future::pending().await,
        }
    };
    tokio::pin!(running);
    tokio::select! {
        report = &mut running => return Ending::Ended(Box::new(report)),
        () = interruption() => {}
        never = counting_down => match never {},
    }
    story.live(None);
    if lock(&standing).is_reserved() {
        story.aside("reserved already: reading it back, then ending");
        return Ending::Ended(Box::new(running.await));
    }
    Ending::Interrupted { unanswered: lock(&standing).is_unanswered(), requests: budget.used() }
}

fn lock(standing: &Mutex<Standing>) -> MutexGuard<'_, Standing> {
    standing.lock().unwrap_or_else(PoisonError::into_inner)
}
