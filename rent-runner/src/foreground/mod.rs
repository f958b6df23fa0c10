//! One booking in the foreground, which Ctrl-C ends with a verdict.

pub(crate) mod journal;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use namyangju_rent::clock::{Clock, SystemClock};
use namyangju_rent::schedule::{DayList, EarlierRounds};
use namyangju_rent::{Booking, NotPermitted, Place, Report, Standing, TimedEvent, Verdict, Watcher};
use serde_json::Value;

use self::journal::Journal;
use crate::exit;
use crate::say::say;
use crate::system::interruption;
use crate::terminal;
use crate::terminal::countdown::Countdown;
use crate::terminal::story::Story;

/// How long after a failure the journal is tried again.
const TRY_GAP: Duration = Duration::from_millis(250);

/// The permit of a shot is asked for this long before the opening, from which the time to try counts.
const ASKED_BEFORE: Duration = Duration::from_secs(3);

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
pub(crate) struct Watched<'l> {
    pub(crate) booking: Booking,
    /// When it opens, and what was said of the site's clock, for the line that counts down.
    pub(crate) countdown: Option<Countdown>,
    /// What is known already of an application.
    pub(crate) standing: Standing,
    /// Gets the rounds of the day lists that the run reads.
    pub(crate) lists: &'l Mutex<Vec<EarlierRounds>>,
}

/// The journal of a booking.
#[derive(Debug)]
pub(crate) struct KeptJournal<'j> {
    pub(crate) journal: &'j mut Journal,
    /// How long the booking is tried from its opening.
    pub(crate) give_up_after: Duration,
}

/// Whoever follows the run: the journal first, then `also`, then the story.
struct Follower<'f, A> {
    standing: &'f Mutex<Standing>,
    lists: &'f Mutex<Vec<EarlierRounds>>,
    countdown: Option<&'f Countdown>,
    kept: Option<KeptJournal<'f>>,
    also: A,
    story: &'f Story,
}

impl<A: FnMut(&TimedEvent) + Send> Watcher for Follower<'_, A> {
    fn on_event(&mut self, happened: &TimedEvent) {
        lock(self.standing).on_event(&happened.event);
        if let Some(countdown) = self.countdown {
            countdown.on_event(&happened.event);
        }
        if let Some(kept) = &mut self.kept {
            kept.journal.on_event(happened);
        }
        (self.also)(happened);
        self.story.event(happened);
    }

    fn day_list_read(&mut self, place: &Place, list: &DayList) {
        let rounds = EarlierRounds::of(place, list, SystemClock.now());
        self.lists.lock().unwrap_or_else(PoisonError::into_inner).extend(rounds);
    }

    /// No application leaves whose intent a crash could forget: the journal is tried until it takes the intent, or the
    /// time to try is over.
    async fn permit(&mut self, _wish: usize) -> Result<Duration, NotPermitted> {
        let Some(kept) = &mut self.kept else { return Ok(Duration::MAX) };
        let began = SystemClock.monotonic();
        let mut said = false;
        while let Err(why) = kept.journal.intend() {
            if SystemClock.monotonic().saturating_sub(began) > kept.give_up_after + ASKED_BEFORE {
                return Err(NotPermitted::new(why));
            }
            if !said {
                terminal::error(&say!("journal-holds-up", why = why));
                said = true;
            }
            SystemClock.sleep(TRY_GAP).await;
        }
        if said {
            self.story.aside(&say!("journal-again"));
        }
        Ok(Duration::MAX)
    }
}

/// Runs a booking to its end. Events go to the journal first, then to `also`, then to the story.
pub(crate) async fn run(
    watched: Watched<'_>,
    story: &Story,
    mut kept: Option<KeptJournal<'_>>,
    also: impl FnMut(&TimedEvent) + Send,
) -> Ending {
    let ending = follow(watched, story, kept.as_mut(), also).await;
    if let Some(kept) = kept {
        match &ending {
            Ending::Ended(report) => kept.journal.end(report),
            Ending::Interrupted { unanswered: false, .. } => kept.journal.take_back(),
            Ending::Interrupted { unanswered: true, .. } => {}
        }
    }
    ending
}

async fn follow(
    watched: Watched<'_>,
    story: &Story,
    kept: Option<&mut KeptJournal<'_>>,
    also: impl FnMut(&TimedEvent) + Send,
) -> Ending {
    let Watched { booking, countdown, standing, lists } = watched;
    let standing = Mutex::new(standing);
    let budget = booking.budget().clone();
    let kept =
        kept.map(|kept| KeptJournal { journal: &mut *kept.journal, give_up_after: kept.give_up_after });
    let follower = Follower { standing: &standing, lists, countdown: countdown.as_ref(), kept, also, story };
    let running = async {
        let mut report = booking.run_watched(follower).await;
        // An application that may have arrived late stays one, also where the journal stopped the next.
        if matches!(report.verdict, Verdict::Withdrawn { .. }) && lock(&standing).is_doubtful() {
            report.verdict = Verdict::Unconfirmed;
        }
        report
    };
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
        story.aside(&say!("reserved-reading-back"));
        return Ending::Ended(Box::new(running.await));
    }
    Ending::Interrupted { unanswered: lock(&standing).is_unanswered(), requests: budget.used() }
}

fn lock(standing: &Mutex<Standing>) -> MutexGuard<'_, Standing> {
    standing.lock().unwrap_or_else(PoisonError::into_inner)
}
