//! What a booking is, what happens in it, and how it ends. The run itself is in `run.rs`.

pub(crate) mod policy;
pub(crate) mod run;
pub(crate) mod seen;
pub(crate) mod standing;
pub(crate) mod together;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::answer_kind::AnswerKind;
use crate::booking::policy::{GiveUp, Policy};
use crate::booking::run::Run;
use crate::booking::standing::Standing;
use crate::client::Client;
use crate::client::login::Credentials;
use crate::client::saved::SavedSession;
use crate::client::session::Session;
use crate::clock::site_clock::ClockEstimate;
use crate::error::Step;
use crate::net::pace::Budget;
use crate::outcome::Receipt;
use crate::page::Page;
use crate::pages::day::Slot;
use crate::value::application::Application;
use crate::value::date::{RentDate, SeoulTime};
use crate::value::micros;
use crate::value::place::Place;
use crate::value::slot::{Purpose, SlotState, TimeRange};

/// The most requests of all bookings of one account in one run.
pub const MOST_REQUESTS_OF_A_RUN: u32 = 200;

/// The most bookings for one day that run together.
pub const MOST_BOOKINGS_A_DAY: usize = 8;

/// What a person wants: one court at one time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    /// The court.
    pub place: Place,
    /// The day.
    pub date: RentDate,
    /// The time: one round, or several adjacent ones.
    pub range: TimeRange,
    /// The list of slots to take from.
    #[serde(default)]
    pub purpose: Purpose,
}

/// One step of a booking, with its time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Happened {
    /// When, by the wall clock.
    pub at: SeoulTime,
    /// When, by the monotonic clock: it never steps, and counts from an arbitrary start.
    #[serde(with = "micros", rename = "monotonic_micros")]
    pub monotonic: Duration,
    /// What.
    #[serde(flatten)]
    pub event: Event,
}

/// What happens in a booking.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "event")]
#[non_exhaustive]
pub enum Event {
    /// Preparation failed so far, and there is still time for a person to act.
    Alarm {
        /// What is wrong.
        text: String,
    },
    /// A login succeeded.
    LoggedIn,
    /// The numbers of the wished slots were read from a day that is open.
    Learned {
        /// That day.
        from: RentDate,
        /// The slots that are free on it.
        #[serde(default)]
        slots: Vec<Slot>,
    },
    /// No day that is open tells the numbers: those known from earlier are taken ([`Booking::known_slots`]).
    Remembered,
    /// A session that was saved is alive, and no login was needed.
    Restored,
    /// The site's clock was measured.
    ClockRead {
        /// What is known of it.
        estimate: ClockEstimate,
    },
    /// The opening instant is waited for.
    Waiting {
        /// Until when.
        until: SeoulTime,
    },
    /// All is ready for the instant.
    Armed {
        /// What will be sent first.
        with: Step,
    },
    /// The first request of the opening left.
    Fired {
        /// How long after its planned instant.
        #[serde(with = "micros", rename = "late_micros")]
        late: Duration,
    },
    /// An attempt begins.
    Attempt {
        /// Counted from 1.
        number: u32,
        /// Which wish, counted from 0.
        wish: usize,
    },
    /// A page of the attempt came.
    Visited {
        /// Which one.
        step: Step,
        /// From the request to the head of the answer.
        #[serde(with = "micros", rename = "first_byte_micros")]
        first_byte: Duration,
        /// From the request to the whole answer.
        #[serde(with = "micros", rename = "took_micros")]
        took: Duration,
    },
    /// The application leaves. Whoever keeps events and finds this one without an answer after it has
    /// to resume the booking with them: see [`Booking::resume`].
    Submitting,
    /// The site answered the attempt, or something broke.
    Answered {
        /// Where in the attempt.
        step: Step,
        /// What kind of answer it was, or what kind of error.
        #[serde(rename = "name")]
        answer: AnswerKind,
        /// What it means, for people.
        text: String,
        /// The receipt, if it is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        receipt: Option<Receipt>,
    },
    /// A rest before the next attempt.
    Resting {
        /// How long.
        #[serde(with = "micros", rename = "wait_micros")]
        wait: Duration,
    },
    /// The day list was read.
    ReadBack {
        /// What it shows of the wish; `None` if it could not be read.
        state: Option<SlotState>,
    },
    /// A wish is lost, and the next one is tried.
    NextWish {
        /// Which one, counted from 0.
        wish: usize,
    },
}

/// How a booking ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "verdict")]
#[non_exhaustive]
pub enum Verdict {
    /// Won.
    Reserved {
        /// The receipt; `None` if the answer was lost and the day list showed the booking to be ours.
        receipt: Option<Receipt>,
        /// What the day list shows afterwards; `None` if it could not be read.
        shown: Option<SlotState>,
    },
    /// Somebody else has the slot, or all of them.
    Lost,
    /// The application or the account was refused; trying again would not change it.
    Refused {
        /// Why.
        reason: String,
    },
    /// The site has shut this client out.
    Blocked,
    /// A person has to act: a human check.
    NeedsPerson {
        /// What is asked.
        reason: String,
    },
    /// An application was sent, and neither its answer nor the day list told what became of it.
    Unconfirmed,
    /// It was given up: not open, busy or without a clear answer until the end.
    GaveUp {
        /// What ended it.
        why: GiveUp,
        /// The last answer.
        last: String,
    },
    /// The site could not be reached until the end.
    Unreachable {
        /// The last error.
        last: String,
    },
    /// Whoever follows the booking did not permit the next attempt ([`Watcher::permit`]): it was not sent.
    Withdrawn {
        /// Why.
        reason: String,
    },
}

/// Who follows a booking and has the last word before an application leaves.
///
/// A program that keeps bookings in a database implements it: what happens goes in there, and a lease or a
/// cancellation is looked up before each attempt. A closure is enough where nobody has to be asked: see
/// [`Booking::run`].
pub trait Watcher: Send {
    /// Hears each step as it happens; it should return at once.
    fn hear(&mut self, happened: &Happened);

    /// Asked before each attempt, and once more if the answer is too old when the application is ready:
    /// may an application for this wish, counted from 0, leave? The yes holds for the time that it gives.
    ///
    /// At the opening it is asked three seconds before the instant, so that the way to a database does not
    /// delay the shot. When it returns, the intent to apply should be where a crash does not reach it: given
    /// back as [`Event::Submitting`] to [`Booking::resume`], it leads to a look at the day list before
    /// anything else is sent.
    ///
    /// # Errors
    /// The reason, if nothing may be sent any more: the booking ends as [`Verdict::Withdrawn`].
    fn permit(&mut self, wish: usize) -> impl Future<Output = Result<Duration, String>> + Send {
        let _ = wish;
        std::future::ready(Ok(Duration::MAX))
    }

    /// The page with which an attempt, counted from 1, ended and which nobody has described yet.
    fn unknown_page(&mut self, attempt: u32, page: &Page) {
        let _ = (attempt, page);
    }

    /// A login worked; the session may be saved ([`Session::save`]) for the next start.
    fn logged_in(&mut self, session: &Session) {
        let _ = session;
    }
}

/// A closure that hears.
pub(crate) struct Observer<F>(pub(crate) F);

impl<F: FnMut(&Happened) + Send> Watcher for Observer<F> {
    fn hear(&mut self, happened: &Happened) {
        (self.0)(happened);
    }
}

/// One attempt: what was sent and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Attempt {
    /// Counted from 1.
    pub number: u32,
    /// Which wish, counted from 0.
    pub wish: usize,
    /// When it began.
    pub began: SeoulTime,
    /// The network route it took, a proxy's user and password masked.
    pub route: String,
    /// The pages that came.
    pub visits: Vec<Visit>,
    /// Where it ended.
    pub step: Step,
    /// What kind of answer ended it, or what kind of error.
    #[serde(rename = "name")]
    pub answer: AnswerKind,
    /// What it means, for people.
    pub text: String,
}

/// One page of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Visit {
    /// Which one.
    pub step: Step,
    /// When it was asked for.
    pub sent: SeoulTime,
    /// From there to the head of the answer.
    #[serde(with = "micros", rename = "first_byte_micros")]
    pub first_byte: Duration,
    /// From there to the whole answer.
    #[serde(with = "micros", rename = "done_micros")]
    pub done: Duration,
}

/// Between which instants of the site's clock the day really opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OpeningBracket {
    /// The site still said "not open" to a request that left then.
    pub after: Option<SeoulTime>,
    /// The site had accepted, or refused for another reason than that, when this answer came.
    pub before: Option<SeoulTime>,
}

/// The story of a booking.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Report {
    /// How it ended.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// Which wish it ended with, counted from 0.
    pub wish: usize,
    /// Every attempt.
    pub attempts: Vec<Attempt>,
    /// How many requests it sent, redirects included.
    pub requests: u32,
    /// How many of them after the opening instant, or after the start where none was given.
    pub requests_after_opening: u32,
    /// What was known of the site's clock.
    pub clock: Option<ClockEstimate>,
    /// What the answers told of the true opening instant.
    pub opening: OpeningBracket,
    /// When it began.
    pub began: SeoulTime,
    /// When it ended.
    pub ended: SeoulTime,
}

/// A booking to be made.
///
/// ```no_run
/// # async fn example(client: namyangju_rent::Client) -> Result<(), Box<dyn std::error::Error>> {
/// use namyangju_rent::{Application, Booking, Credentials, Wish};
///
/// let wish = Wish {
///     place: "NYJ06/07/103".parse()?,
///     date: "2026-12-05".parse()?,
///     range: "06:00-08:00".parse()?,
///     purpose: Default::default(),
/// };
/// let application = Application::new("가나다클럽", "4".parse()?, "테니스", "운동");
/// let credentials = Credentials::new("an-account", "its-password");
/// let report = Booking::new(client, credentials, wish, application)
///     .opens_at("2026-11-26 10:00:00".parse()?)
///     .run(|happened| println!("{} {:?}", happened.at, happened.event))
///     .await;
/// println!("{:?} with {} requests", report.verdict, report.requests);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a booking does nothing until `run`"]
pub struct Booking {
    pub(crate) client: Client,
    pub(crate) credentials: Credentials,
    pub(crate) wishes: Vec<Wish>,
    pub(crate) application: Application,
    pub(crate) policy: Policy,
    pub(crate) opens_at: Option<SeoulTime>,
    pub(crate) lead: Duration,
    pub(crate) clock_offset_micros: Option<i64>,
    pub(crate) session: Option<SavedSession>,
    pub(crate) known: Vec<(Place, Purpose, Vec<Slot>)>,
    pub(crate) standing: Standing,
}

impl Booking {
    /// A booking with the default policy, to begin at once.
    pub fn new(client: Client, credentials: Credentials, wish: Wish, application: Application) -> Self {
        let client = client.with_budget(client.budget().part(MOST_REQUESTS_OF_A_RUN));
        Self {
            client,
            credentials,
            wishes: vec![wish],
            application,
            policy: Policy::new(),
            opens_at: None,
            lead: Duration::ZERO,
            clock_offset_micros: None,
            session: None,
            known: Vec::new(),
            standing: Standing::default(),
        }
    }

    /// The next best wish, tried when those before it are lost. At most one of all is booked.
    pub fn or(mut self, wish: Wish) -> Self {
        self.wishes.push(wish);
        self
    }

    /// Another policy than the default.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// The announced opening instant, on the site's clock. The booking prepares from ten minutes
    /// before, measures the site's clock, has its first request arrive at the instant, and the
    /// policy's time counts from there.
    pub fn opens_at(mut self, instant: SeoulTime) -> Self {
        self.opens_at = Some(instant);
        self
    }

    /// Send so much earlier than planned. An early arrival is refused and costs a whole gap between
    /// attempts, so the default is zero.
    pub fn lead(mut self, lead: Duration) -> Self {
        self.lead = lead;
        self
    }

    /// How far the site's clock is ahead of the local one, in microseconds, instead of measuring it.
    pub fn clock_offset_micros(mut self, ahead: i64) -> Self {
        self.clock_offset_micros = Some(ahead);
        self
    }

    /// Begin with a session that was saved, if it is still alive; else log in as usual.
    pub fn session(mut self, saved: SavedSession) -> Self {
        self.session = Some(saved);
        self
    }

    /// The numbers of a court's slots as they were learned earlier ([`Event::Learned`]), for when no day
    /// is open from which they can be learned: the day page at the opening is saved then.
    ///
    /// They belong to a court and a time, not to a day (protocol.md 8.1, I). The applicant form repeats the
    /// times, so numbers that have changed are noticed before anything is submitted.
    pub fn known_slots(mut self, place: Place, purpose: Purpose, slots: Vec<Slot>) -> Self {
        self.known.push((place, purpose, slots));
        self
    }

    /// Goes on with a booking that was interrupted, from the events that were kept of it, with the wish
    /// that was at hand. If an application had left and its answer is not among them, the day list is
    /// read before anything is sent: it may have been accepted. A list that shows nothing of a day before its
    /// opening says that it was not. If a receipt is among them, nothing is
    /// sent but the question what the day list shows.
    pub fn resume<'e>(mut self, events: impl IntoIterator<Item = &'e Event>) -> Self {
        events.into_iter().for_each(|event| self.standing.on_event(event));
        self
    }

    /// The budget of requests it takes from.
    pub fn budget(&self) -> &Budget {
        self.client.budget()
    }

    /// Runs it to its end. `observer` hears each step; it should return at once.
    pub async fn run(self, observer: impl FnMut(&Happened) + Send) -> Report {
        self.run_watched(Observer(observer)).await
    }

    /// Runs it to its end under the eyes of somebody who may stop it.
    pub async fn run_watched(self, watcher: impl Watcher) -> Report {
        Run::new(&self, watcher).report().await
    }
}
