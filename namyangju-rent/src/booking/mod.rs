//! A booking: the wish, the account and the settings. `run/` runs it, `event.rs` has its events, `report.rs` its
//! result.

pub(crate) mod event;
pub(crate) mod foreseen;
pub(crate) mod listed;
pub(crate) mod policy;
#[cfg(all(test, feature = "harness"))]
mod policy_tests;
pub(crate) mod report;
pub(crate) mod rounds;
pub(crate) mod run;
pub(crate) mod shared_login;
pub(crate) mod standing;
pub(crate) mod together;
pub(crate) mod watcher;

use std::time::Duration;

use crate::booking::event::{Event, Wish};
use crate::booking::policy::{MAX_REQUESTS_PER_RUN, Policy};
use crate::booking::rounds::EarlierRounds;
use crate::booking::shared_login::SharedLogin;
use crate::booking::standing::Standing;
use crate::client::Client;
use crate::client::login::Credentials;
use crate::client::saved::SavedSession;
use crate::clock::aim::EarlierOpening;
use crate::clock::aim::facts::ClockFacts;
use crate::net::pace::Budget;
use crate::pages::day::Slot;
use crate::value::application::Application;
use crate::value::date::SeoulTime;
use crate::value::place::Place;
use crate::value::slot::Purpose;

/// The most bookings for one day that run together.
pub const MAX_BOOKINGS_PER_DAY: usize = 8;

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
    /// The budget that its own is a part of.
    whole: Budget,
    pub(crate) credentials: Credentials,
    pub(crate) wishes: Vec<Wish>,
    pub(crate) application: Application,
    pub(crate) policy: Policy,
    pub(crate) opens_at: Option<SeoulTime>,
    pub(crate) lead: Duration,
    pub(crate) clock_offset_micros: Option<i64>,
    pub(crate) facts: ClockFacts,
    pub(crate) earlier: Vec<EarlierOpening>,
    pub(crate) session: Option<SavedSession>,
    pub(crate) known: Vec<KnownSlots>,
    pub(crate) rounds: Vec<EarlierRounds>,
    pub(crate) standing: Standing,
    pub(crate) shared_login: SharedLogin,
}

/// The numbers of a court's slots, learned earlier.
#[derive(Clone, Debug)]
pub(crate) struct KnownSlots {
    pub(crate) place: Place,
    pub(crate) purpose: Purpose,
    pub(crate) slots: Vec<Slot>,
}

impl Booking {
    /// A booking with the default policy that starts at once and sends at most [`MAX_REQUESTS_PER_RUN`] requests.
    pub fn new(client: Client, credentials: Credentials, wish: Wish, application: Application) -> Self {
        let whole = client.budget().clone();
        let client = client.with_budget(whole.part(MAX_REQUESTS_PER_RUN));
        Self {
            client,
            whole,
            credentials,
            wishes: vec![wish],
            application,
            policy: Policy::new(),
            opens_at: None,
            lead: Duration::ZERO,
            clock_offset_micros: None,
            facts: ClockFacts::default(),
            earlier: Vec::new(),
            session: None,
            known: Vec::new(),
            rounds: Vec::new(),
            standing: Standing::default(),
            shared_login: SharedLogin::default(),
        }
    }

    /// Adds the next best wish: it is tried when those before it are lost. At most one of all is booked.
    pub fn or(mut self, wish: Wish) -> Self {
        self.wishes.push(wish);
        self
    }

    /// When to try again and when to give up. Default: [`Policy::new`].
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        let whole = self.whole.clone();
        self.takes_from(whole)
    }

    /// Takes its requests from this budget, as many as its policy may have at most.
    pub(crate) fn takes_from(mut self, whole: Budget) -> Self {
        let most = self.policy.request_ceiling();
        self.client = self.client.with_budget(whole.part(most));
        self.whole = whole;
        self
    }

    /// The announced opening instant, on the site's clock. The booking prepares from ten minutes
    /// before, measures the site's clock, has its first request arrive at the instant, and the
    /// policy's time counts from there.
    pub fn opens_at(mut self, instant: SeoulTime) -> Self {
        self.opens_at = Some(instant);
        self
    }

    /// Sends the first request `lead` earlier than planned. An early arrival is refused and costs a whole gap
    /// between attempts, so the default is zero.
    pub fn lead(mut self, lead: Duration) -> Self {
        self.lead = lead;
        self
    }

    /// How far the site's clock is ahead of the local one, in microseconds, instead of measuring it.
    pub fn clock_offset_micros(mut self, ahead: i64) -> Self {
        self.clock_offset_micros = Some(ahead);
        self
    }

    /// What earlier runs learnt of the way the site tells its time ([`Report::learnt`](crate::Report::learnt)). It decides
    /// only what this run's own measurement leaves open; facts that are too old are not used
    /// ([`ClockFacts::are_of_use`]).
    pub fn learnt_before(mut self, facts: ClockFacts) -> Self {
        self.facts = facts;
        self
    }

    /// When earlier openings of the site were met
    /// ([`OpeningBracket::against`](crate::report::OpeningBracket::against)), in any order. Openings that all came a moment
    /// early move the shot forward by the least of them. One that was late tells that a first "not open yet" is no sign of
    /// an early request: the second attempt then comes half a second after the first.
    pub fn opened_before(mut self, earlier: impl IntoIterator<Item = EarlierOpening>) -> Self {
        self.earlier = earlier.into_iter().collect();
        self
    }

    /// Starts with a saved session if the site still accepts it; else logs in as usual.
    pub fn session(mut self, saved: SavedSession) -> Self {
        self.session = Some(saved);
        self
    }

    /// Knows of the logins of other bookings of the same account, which get the same `shared_login`: at a site that
    /// keeps one session for an account they go on with one session instead of ending each other's.
    pub fn shared_login(mut self, shared_login: SharedLogin) -> Self {
        self.shared_login = shared_login;
        self
    }

    /// The numbers of a court's slots as they were learned earlier ([`Event::Learned`]), for when no day
    /// is open from which they can be learned: the day page at the opening is saved then.
    ///
    /// They belong to a court and a time, not to a day (protocol.md 8.1, I). The applicant form repeats the
    /// times, so numbers that have changed are noticed before anything is submitted.
    pub fn known_slots(mut self, place: Place, purpose: Purpose, slots: Vec<Slot>) -> Self {
        self.known.push(KnownSlots { place, purpose, slots });
        self
    }

    /// The rounds of courts as their day lists showed them earlier ([`Watcher::day_list_read`](crate::Watcher::day_list_read)).
    /// A wish that they speak against is told where the preparation has no time to read the lists again, or the site does
    /// not give them; it is tried all the same.
    pub fn rounds_before(mut self, earlier: impl IntoIterator<Item = EarlierRounds>) -> Self {
        self.rounds.extend(earlier);
        self
    }

    /// Continues a booking that was interrupted, from its stored events and with the wish that was tried last.
    ///
    /// If an application was sent and the events hold no answer to it, it may have been accepted: the day list is
    /// read before anything else is sent. A list that shows nothing of a day before its opening says that it was not
    /// accepted. If the events hold a receipt, only the day list is read.
    pub fn resume<'e>(mut self, events: impl IntoIterator<Item = &'e Event>) -> Self {
        events.into_iter().for_each(|event| self.standing.on_event(event));
        self
    }

    /// The budget that its requests count against.
    pub fn budget(&self) -> &Budget {
        self.client.budget()
    }
}
