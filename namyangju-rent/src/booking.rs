//! One booking from the login to a verdict that is true: attempts that never overlap, a decision
//! after each answer, and a look at the day list before anything is said or sent again.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::application::{Application, ApplicationError};
use crate::calendar::{DayList, ListedSlot};
use crate::client::{Client, Credentials};
use crate::date::{RentDate, SeoulTime};
use crate::dialect::Purpose;
use crate::error::{Error, Step};
use crate::html::fold;
use crate::outcome::{Next, Outcome, Receipt};
use crate::place::Place;
use crate::policy::{GiveUp, Last, Policy, Schedule};
use crate::session::Session;
use crate::slot::{SlotState, TimeRange};

/// Logins in a row that are tried before the site is believed not to keep us logged in.
const MOST_LOGINS: u8 = 3;

/// How often the day list is read before it is believed not to tell.
const MOST_LOOKS: u8 = 3;

/// How long before the opening instant the login happens: time for a person to act on an alarm,
/// and well within the two hours that a session lives (protocol.md 4.2, I+).
const PREPARE_BEFORE: Duration = Duration::from_secs(60);

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

/// One step of a booking as it happens. The text is for people; the value is for programs.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "event")]
#[non_exhaustive]
pub enum Event {
    /// A login succeeded.
    LoggedIn,
    /// The opening instant is waited for.
    Waiting {
        /// Until when.
        until: SeoulTime,
    },
    /// An attempt begins.
    Attempt {
        /// Counted from 1.
        number: u32,
    },
    /// A page of the attempt came.
    Visited {
        /// Which one.
        step: Step,
        /// From the request to the whole answer.
        took: Duration,
    },
    /// The application leaves.
    Submitting,
    /// The site answered the attempt, or something broke.
    Answered {
        /// Where in the attempt.
        step: Step,
        /// The outcome's or the error's short name.
        name: String,
        /// What it means, for people.
        text: String,
    },
    /// A rest before the next attempt.
    Resting {
        /// How long.
        wait: Duration,
    },
    /// The day list was read.
    ReadBack {
        /// What it shows of the wish; `None` if it could not be read.
        state: Option<SlotState>,
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
    /// Somebody else has the slot.
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
}

/// The story of a booking.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Report {
    /// How it ended.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// How many attempts there were.
    pub attempts: u32,
    /// How many requests the client sent meanwhile, redirects included.
    pub requests: u32,
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
/// let report = Booking::new(client, credentials, wish, application).run(|event| println!("{event:?}")).await;
/// println!("{:?} with {} requests", report.verdict, report.requests);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a booking does nothing until `run`"]
pub struct Booking {
    client: Client,
    credentials: Credentials,
    wish: Wish,
    application: Application,
    policy: Policy,
    opens_at: Option<SeoulTime>,
}

impl Booking {
    /// A booking with the default policy, to begin at once.
    pub fn new(client: Client, credentials: Credentials, wish: Wish, application: Application) -> Self {
        Self { client, credentials, wish, application, policy: Policy::new(), opens_at: None }
    }

    /// Another policy than the default.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// The announced opening instant, by the local clock: the login happens a minute before, the
    /// first attempt at the instant, and the policy's time counts from there.
    pub fn opens_at(mut self, instant: SeoulTime) -> Self {
        self.opens_at = Some(instant);
        self
    }

    /// Runs it to its end. `observer` hears each step; it should return at once.
    pub async fn run(self, observer: impl FnMut(&Event) + Send) -> Report {
        let began = self.client.clock().now();
        let requests_before = self.client.requests_sent();
        let mut run = Run {
            booking: &self,
            observer,
            session: None,
            attempts: 0,
            logins: 0,
            unanswered: false,
            requests_before,
        };
        let verdict = run.run_to_end().await;
        let attempts = run.attempts;
        Report {
            verdict,
            attempts,
            requests: self.client.requests_sent().saturating_sub(requests_before),
            began,
            ended: self.client.clock().now(),
        }
    }
}

struct Run<'b, O> {
    booking: &'b Booking,
    observer: O,
    session: Option<Session>,
    attempts: u32,
    logins: u8,
    /// An application was sent and its answer is not known: whatever the day list shows as booked
    /// may be ours.
    unanswered: bool,
    requests_before: u32,
}

/// How an attempt ended.
enum Attempted {
    /// The submission was answered.
    Outcome(Outcome),
    /// It broke before, or the answer was lost.
    Failed(Error),
}

/// What the day list tells of the wish.
enum Seen {
    Free,
    Ours,
    Others,
    /// Booked, and the list does not tell by whom.
    Booked,
    /// Not open, closed, or not on the list.
    Nothing,
}

impl<O: FnMut(&Event) + Send> Run<'_, O> {
    fn tell(&mut self, event: Event) {
        (self.observer)(&event);
    }

    fn monotonic(&self) -> Duration {
        self.booking.client.clock().monotonic()
    }

    fn requests(&self) -> u32 {
        self.booking.client.requests_sent().saturating_sub(self.requests_before)
    }

    async fn run_to_end(&mut self) -> Verdict {
        if let Some(instant) = self.booking.opens_at
            && let Some(verdict) = self.wait_for(instant).await
        {
            return verdict;
        }
        let seed =
            u64::from(std::process::id()) << 32 | self.booking.client.clock().now().unix_micros() as u64;
        let mut schedule = self.booking.policy.schedule(self.monotonic(), seed);
        loop {
            self.attempts += 1;
            self.tell(Event::Attempt { number: self.attempts });
            let began = self.monotonic();
            let attempted = self.attempt().await;
            match self.decide(attempted, began, &mut schedule).await {
                Ok(at) => self.rest_until(at).await,
                Err(verdict) => return verdict,
            }
        }
    }

    /// Logs in before the instant and waits for it. A refused login is the end: there was time.
    async fn wait_for(&mut self, instant: SeoulTime) -> Option<Verdict> {
        let clock = self.booking.client.clock().clone();
        let until = |at: SeoulTime| at.since(clock.now());
        self.tell(Event::Waiting { until: instant });
        let prepare = until(instant).saturating_sub(PREPARE_BEFORE);
        if !prepare.is_zero() {
            clock.sleep(prepare).await;
        }
        if let Err(error) = self.ensure_session().await {
            let name = error_name(&error);
            self.tell(Event::Answered { step: Step::Login, name: name.to_owned(), text: error.chain() });
            if let Error::LoginRefused = error {
                return Some(Verdict::Refused { reason: error.to_string() });
            }
        }
        let wait = until(instant);
        if !wait.is_zero() {
            clock.sleep(wait).await;
        }
        None
    }

    async fn ensure_session(&mut self) -> Result<(), Error> {
        if self.session.is_none() {
            self.session = Some(self.booking.client.log_in(&self.booking.credentials).await?);
            self.tell(Event::LoggedIn);
        }
        Ok(())
    }

    /// Login if needed, day page, form, submission.
    async fn attempt(&mut self) -> Attempted {
        if let Err(error) = self.ensure_session().await {
            return Attempted::Failed(error);
        }
        let Some(session) = self.session.take() else { return Attempted::Outcome(Outcome::LoggedOut) };
        let attempted = self.submit(&session).await;
        self.session = Some(session);
        attempted.map_or_else(Attempted::Failed, Attempted::Outcome)
    }

    async fn submit(&mut self, session: &Session) -> Result<Outcome, Error> {
        let Wish { place, date, range, purpose } = &self.booking.wish;
        let day = session.open_day(place, *date, *purpose).await?;
        self.tell(Event::Visited { step: Step::Day, took: day.timing().done });
        let form = day.open_form(*range).await?;
        self.tell(Event::Visited { step: Step::Form, took: form.timing().done });
        let submission = form.fill(&self.booking.application)?;
        self.tell(Event::Submitting);
        self.unanswered = true;
        let submitted = submission.submit().await;
        if let Err(Error::NotSent { .. }) = &submitted {
            self.unanswered = false;
        }
        let submitted = submitted?;
        self.tell(Event::Visited { step: Step::Submit, took: submitted.page.timing().done });
        self.unanswered = matches!(submitted.outcome, Outcome::Unknown(_));
        Ok(submitted.outcome)
    }

    /// What follows from an attempt: the instant of the next one, or the end.
    async fn decide(
        &mut self,
        attempted: Attempted,
        began: Duration,
        schedule: &mut Schedule,
    ) -> Result<Duration, Verdict> {
        let (step, name, text, next) = match &attempted {
            Attempted::Outcome(outcome) => {
                (Step::Submit, outcome.name(), outcome.to_string(), outcome.next())
            }
            Attempted::Failed(error) => (error_step(error), error_name(error), error.chain(), error.next()),
        };
        self.tell(Event::Answered { step, name: name.to_owned(), text: text.clone() });
        let last = match next {
            Next::Confirm => {
                let receipt = match attempted {
                    Attempted::Outcome(Outcome::Reserved(receipt)) => Some(receipt),
                    _ => None,
                };
                return Err(self.confirmed(receipt).await);
            }
            Next::NextChoice => return Err(Verdict::Lost),
            Next::AskPerson => return Err(Verdict::NeedsPerson { reason: text }),
            Next::Stop => {
                return Err(match name {
                    "blocked" => Verdict::Blocked,
                    _ => Verdict::Refused { reason: text },
                });
            }
            Next::LogIn => {
                self.session = None;
                self.logins += 1;
                if self.logins >= MOST_LOGINS {
                    return Err(Verdict::Refused { reason: format!("{text}, also after a fresh login") });
                }
                Last::Plain
            }
            Next::Visit => Last::Plain,
            Next::Again { after } => match name {
                "busy" => Last::Busy(after),
                _ => Last::Plain,
            },
            Next::ReadBack => self.read_back(name).await?,
        };
        schedule.next(began, self.monotonic(), self.requests(), last).map_err(|why| match attempted {
            Attempted::Failed(Error::NotSent { .. } | Error::Broken { .. }) => {
                Verdict::Unreachable { last: text }
            }
            _ => Verdict::GaveUp { why, last: text },
        })
    }

    /// Reads the day list after an answer that does not tell. Only a slot that is shown free may be
    /// applied for again.
    async fn read_back(&mut self, name: &str) -> Result<Last, Verdict> {
        for look in 1..=MOST_LOOKS {
            match self.look().await {
                Ok(Seen::Free) => {
                    self.unanswered = false;
                    return Ok(if name == "unknown" { Last::Unknown } else { Last::Plain });
                }
                Ok(Seen::Ours) if self.unanswered => {
                    return Err(Verdict::Reserved { receipt: None, shown: Some(SlotState::Booked) });
                }
                Ok(Seen::Others) => return Err(Verdict::Lost),
                Ok(Seen::Ours | Seen::Booked) if !self.unanswered => return Err(Verdict::Lost),
                Ok(Seen::Nothing) if !self.unanswered => return Ok(Last::Plain),
                _ if look < MOST_LOOKS => {
                    let wait = self.booking.policy.gap();
                    self.tell(Event::Resting { wait });
                    self.booking.client.clock().sleep(wait).await;
                }
                _ => {}
            }
        }
        Err(Verdict::Unconfirmed)
    }

    /// What the day list says after a receipt.
    async fn confirmed(&mut self, receipt: Option<Receipt>) -> Verdict {
        let shown = match self.look().await {
            Ok(Seen::Free) => Some(SlotState::Free),
            Ok(Seen::Ours | Seen::Others | Seen::Booked) => Some(SlotState::Booked),
            Ok(Seen::Nothing) => Some(SlotState::NotShown),
            Err(_) => None,
        };
        Verdict::Reserved { receipt, shown }
    }

    async fn look(&mut self) -> Result<Seen, Error> {
        let Wish { place, date, .. } = &self.booking.wish;
        // The day list needs no login (protocol.md 4.3, S3); the session's line is warm.
        let list = match &self.session {
            Some(session) => session.day_list(place, *date).await,
            None => match self.booking.client.guest() {
                Ok(guest) => guest.day_list(place, *date).await,
                Err(error) => Err(error),
            },
        };
        let seen = list.map(|list| self.seen(&list));
        let state = match &seen {
            Ok(Seen::Free) => Some(SlotState::Free),
            Ok(Seen::Ours | Seen::Others | Seen::Booked) => Some(SlotState::Booked),
            Ok(Seen::Nothing) => Some(SlotState::NotShown),
            Err(_) => None,
        };
        self.tell(Event::ReadBack { state });
        seen
    }

    fn seen(&self, list: &DayList) -> Seen {
        let Wish { date, range, purpose, .. } = &self.booking.wish;
        let slots: Vec<&ListedSlot> = list.within(*date, *range, *purpose).collect();
        if slots.is_empty() {
            return Seen::Nothing;
        }
        if slots.iter().all(|slot| slot.state == SlotState::Free) {
            return Seen::Free;
        }
        let booked = || slots.iter().filter(|slot| slot.state == SlotState::Booked);
        let application = &self.booking.application;
        let ours = |slot: &ListedSlot| {
            may_be(&slot.group_name, &application.club_name).and_then(|group| {
                if group { may_be(&slot.event_name, &application.event_name) } else { Some(false) }
            })
        };
        if booked().any(|slot| ours(slot) == Some(false)) {
            Seen::Others
        } else if booked().count() == slots.len() && booked().all(|slot| ours(slot) == Some(true)) {
            Seen::Ours
        } else if booked().next().is_some() {
            Seen::Booked
        } else {
            Seen::Nothing
        }
    }

    async fn rest_until(&mut self, at: Duration) {
        let wait = at.saturating_sub(self.monotonic());
        if !wait.is_zero() {
            self.tell(Event::Resting { wait });
            self.booking.client.clock().sleep(wait).await;
        }
    }
}

/// Whether a name that the list shows may be ours; `None` if it shows none. A `*` stands for any
/// character: some lists mask names.
fn may_be(shown: &str, ours: &str) -> Option<bool> {
    let (shown, ours) = (fold(shown), fold(ours));
    if shown.is_empty() {
        return None;
    }
    let fits = shown.chars().count() == ours.chars().count()
        && shown.chars().zip(ours.chars()).all(|(s, o)| s == o || matches!(s, '*' | '○' | '●'));
    Some(fits)
}

fn error_step(error: &Error) -> Step {
    match error {
        Error::Refused { step, .. }
        | Error::NotSent { step, .. }
        | Error::Broken { step, .. }
        | Error::Page { step, .. } => *step,
        Error::Unconfirmed { .. } => Step::Submit,
        Error::LoginRefused => Step::Login,
        Error::WrongDay { .. } => Step::Day,
        Error::Application(_) | Error::SavedSession(_) | Error::Setup(_) => Step::Form,
    }
}

fn error_name(error: &Error) -> &'static str {
    match error {
        Error::Refused { outcome, .. } => outcome.name(),
        Error::LoginRefused => "login-refused",
        Error::Unconfirmed { .. } => "unconfirmed",
        Error::NotSent { .. } => "not-sent",
        Error::Broken { .. } => "broken",
        Error::Page { .. } | Error::WrongDay { .. } => "unreadable",
        Error::Application(ApplicationError::NotFree(_)) => "not-free",
        Error::Application(_) => "application",
        Error::SavedSession(_) | Error::Setup(_) => "setup",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_a_list_may_be_masked() {
        assert_eq!(may_be("가나다클럽", "가나다클럽"), Some(true));
        assert_eq!(may_be(" 가*다클럽 ", "가나다클럽"), Some(true));
        assert_eq!(may_be("라마바클럽", "가나다클럽"), Some(false));
        assert_eq!(may_be("가나다", "가나다클럽"), Some(false));
        assert_eq!(may_be("  ", "가나다클럽"), None);
    }
}
