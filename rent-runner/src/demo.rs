//! `demo`: a stand-in site, its opening and one booking, all on this machine.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use namyangju_rent::harness::{
    Account, Arrival, BlockKind, BlockRule, Booked, BusyWindow, Court, Delay, Fault, FaultKind, HumanCheck,
    Rival, Settings, StandIn, StandInServer, Step,
};
use namyangju_rent::{
    Application, Booking, Clock, Credentials, Event, Happened, HeadCount, Policy, SeoulTime, Site,
    SystemClock, Wish,
};
use serde_json::json;

use crate::cli::Demo;
use crate::config::Config;
use crate::foreground::{Standing, Watched};
use crate::live::Live;
use crate::story::{Reader, Story, counted, millis};
use crate::{arguments, foreground, output};

/// How far ahead the booked day is.
const DAYS_AHEAD: i32 = 14;

/// How often a rival of the old kind asks.
const RIVAL_GAP: Duration = Duration::from_millis(500);

/// The requests of a rival that come before its application.
const RIVAL_VISITS: u32 = 2;

/// The time that a whole measurement of the site's clock takes, by one probe a second or less.
const WELL_MEASURED: Duration = Duration::from_secs(12);

/// How often the cache of `--cached-date` renews the date.
const CACHED_FOR: Duration = Duration::from_secs(10);

/// How late a day opens that does not open when announced.
const MUCH_LATER: Duration = Duration::from_secs(24 * 3600);

/// The rest that the overloaded site asks for.
const RETRY_AFTER_SECONDS: u32 = 1;

/// The requests after which the site shuts a client out: those of the login, and one more.
const REQUESTS_BEFORE_BLOCK: u32 = 2;

/// The competitor of `--taken`.
const FASTER_CLUB: &str = "빠른클럽";

/// Plays it.
pub(crate) async fn run(arguments: &Demo, config: &Config) -> Result<u8> {
    let dialect = arguments::site(&arguments.site)?;
    let court = court_of(&StandIn::new(&dialect, Settings::default()), &dialect)
        .context("the stand-in has no court")?;
    let (_, range) = court.rounds.first().copied().context("the stand-in's court has no rounds")?;
    let opens_in = arguments.opens_in();
    let opening = ahead(SystemClock.now().plus(opens_in), arguments.skew);
    let date = opening.date().plus_days(DAYS_AHEAD);
    let wish = Wish { place: court.place.clone(), date, range, purpose: Default::default() };
    let rivals = rivals(arguments, opening, &wish);
    let stand_in = StandIn::new(&dialect, staged(arguments, opening, &wish, &rivals));
    let server =
        StandInServer::spawn(stand_in, Arc::new(SystemClock)).context("the stand-in cannot start")?;
    let client = arguments::client(server.site()?, config)?;

    let story = Story::new(Reader::new(arguments.json, false), opening);
    story.aside(&format!("a stand-in of {} at {}", dialect.title(), server.base_url()));
    story.aside(&format!("the wish: {} {} {}, {}", wish.place, wish.date, wish.range, court.name));
    if arguments.rivals > 0 {
        let rivals = counted(arguments.rivals.into(), "rival");
        story.aside(&format!("a race: {rivals} of the old kind for the same time"));
    }
    if arguments.skew != 0 {
        let (size, side) =
            (millis(Duration::from_micros(arguments.skew.unsigned_abs())), side(arguments.skew));
        story.aside(&format!("the site's clock is {size} {side}; the booking does not know"));
    }

    if !opens_in.is_zero() && opens_in < WELL_MEASURED {
        story.aside("the time is short: the site's clock will be measured roughly (--opens-in 15s: well)");
    }

    let account = Account::invented(1);
    let credentials = Credentials::new(&account.id, &account.password);
    let mut booking = Booking::new(client, credentials, wish.clone(), application()?)
        .policy(Policy::new().give_up_after(arguments.give_up_after));
    let mut live = None;
    if !opens_in.is_zero() {
        booking = booking.opens_at(opening);
        live = Some(Live::new(opening, booking.budget().clone(), None));
    }
    let mut stage = Stage::new(arguments, &server, &story, &wish);
    let watched = Watched { booking, live, standing: Standing::default() };
    let ending = foreground::run(watched, &story, |happened| stage.act(happened)).await;

    let shot = stage.shot;
    let seen = Seen {
        arrivals: server.arrivals(),
        booked: server.with(|stand_in| stand_in.bookings().to_vec()),
        opening,
        shot: shot.filter(|_| !opens_in.is_zero()),
        first_rival: rivals.iter().map(|rival| rival.at).min(),
    };
    ending.tell(&story, json!({ "stand_in": seen.for_a_program() }));
    drop(story);
    if !arguments.json {
        // The verdict stands, whether or not somebody reads the summary.
        let _ = output::result(&seen.for_a_person(ending.receipt()));
    }
    Ok(ending.code())
}

/// An instant of a clock that is so many microseconds ahead.
fn ahead(local: SeoulTime, micros: i64) -> SeoulTime {
    SeoulTime::from_unix_micros(local.unix_micros().saturating_add(micros))
}

fn side(micros: i64) -> &'static str {
    if micros < 0 { "behind" } else { "ahead" }
}

/// The first court without a human check, or the first if all have one.
fn court_of(stand_in: &StandIn, dialect: &Site) -> Option<Court> {
    let courts = stand_in.places();
    courts.iter().find(|court| !dialect.has_human_check(&court.place)).or(courts.first()).cloned()
}

/// An invented applicant.
fn application() -> Result<Application> {
    let mut application = Application::new("가나다클럽", HeadCount::try_from(4)?, "테니스", "운동");
    application.telephone = Some("02-000-0000".parse()?);
    Ok(application)
}

/// Programs that ask every half second, each in a phase of its own: when the applications of their
/// first round after the opening reach the site.
fn rivals(arguments: &Demo, opening: SeoulTime, wish: &Wish) -> Vec<Rival> {
    let visits = arguments.latency * RIVAL_VISITS;
    let phases = RandomState::new();
    (0..arguments.rivals)
        .map(|rival| {
            let gap = RIVAL_GAP.as_micros().try_into().unwrap_or(u64::MAX);
            let phase = Duration::from_micros(phases.hash_one(rival) % gap);
            let at = opening.plus(phase).plus(visits);
            Rival { at, place: wish.place.clone(), date: wish.date, range: wish.range }
        })
        .collect()
}

/// The stand-in's settings for what is to be shown.
fn staged(arguments: &Demo, opening: SeoulTime, wish: &Wish, rivals: &[Rival]) -> Settings {
    let mut settings = Settings::default();
    // The other days are open, so that the numbers of the slots can be learned from one of them.
    let opens = if arguments.not_open { opening.plus(MUCH_LATER) } else { opening };
    settings.openings.insert(wish.date, opens);
    settings.clock_skew_millis = arguments.skew / 1_000;
    settings.date_cached = arguments.cached_date.then_some(CACHED_FOR);
    settings.rivals = rivals.to_vec();
    if arguments.human_check {
        settings.human_check = HumanCheck::Everywhere;
    }
    if let Some(lasting) = arguments.busy {
        settings.busy = vec![BusyWindow {
            from: opening,
            until: opening.plus(lasting.unwrap_or(MUCH_LATER)),
            status: 503,
            retry_after: Some(RETRY_AFTER_SECONDS),
        }];
    }
    if arguments.lose_answer {
        settings.faults = vec![Fault { step: Step::Submit, nth: 1, kind: FaultKind::LoseAnswer }];
    }
    if arguments.blocked {
        settings.block = Some(BlockRule {
            requests: REQUESTS_BEFORE_BLOCK,
            within: MUCH_LATER,
            kind: BlockKind::Forbidden,
            lasts: MUCH_LATER,
        });
    }
    let half = arguments.latency / 2;
    settings.there = Delay { base: half, jitter: Duration::ZERO };
    settings.back = settings.there;
    settings
}

/// What happens at the site because of what the booking does.
struct Stage<'d> {
    server: &'d StandInServer,
    story: &'d Story,
    wish: &'d Wish,
    faster_rival: bool,
    forget_session: bool,
    logged_in: bool,
    /// When the first attempt began: whatever comes to the site later belongs to it.
    shot: Option<SeoulTime>,
}

impl<'d> Stage<'d> {
    fn new(arguments: &Demo, server: &'d StandInServer, story: &'d Story, wish: &'d Wish) -> Self {
        Self {
            server,
            story,
            wish,
            faster_rival: arguments.taken,
            forget_session: arguments.expired_session,
            logged_in: false,
            shot: None,
        }
    }

    fn act(&mut self, happened: &Happened) {
        match &happened.event {
            Event::LoggedIn => self.logged_in = true,
            Event::Attempt { .. } => {
                self.shot.get_or_insert(happened.at);
            }
            Event::Submitting if self.faster_rival => {
                let Wish { place, date, range, .. } = self.wish;
                self.server.with(|stand_in| stand_in.take(place, *date, *range, FASTER_CLUB));
                self.story.aside("at the site: somebody else takes the time a moment earlier");
            }
            _ => {}
        }
        if self.forget_session && self.logged_in && self.shot.is_some() {
            self.forget_session = false;
            self.server.with(StandIn::end_sessions);
            self.story.aside("at the site: all sessions are forgotten");
        }
    }
}

/// A word for a step of the stand-in's log.
fn word(step: Step) -> &'static str {
    match step {
        Step::Home => "home page",
        Step::LoginPage => "login page",
        Step::Login => "login",
        Step::Schedule => "day list",
        Step::Day => "day page",
        Step::Form => "form",
        Step::Submit => "submission",
        _ => "other pages",
    }
}

/// How many requests of each step there are, in the order of a booking.
fn counts<'a>(arrivals: impl IntoIterator<Item = &'a Arrival>) -> Counts {
    let mut counts = Counts::default();
    for arrival in arrivals {
        match arrival.method.as_str() {
            "HEAD" => counts.probes += 1,
            _ => *counts.steps.entry(arrival.step).or_insert(0) += 1,
        }
    }
    counts
}

#[derive(Debug, Default)]
struct Counts {
    probes: u32,
    steps: BTreeMap<Step, u32>,
}

impl Counts {
    fn words(&self) -> impl Iterator<Item = (&'static str, u32)> {
        let probes = (self.probes > 0).then_some(("clock probe", self.probes));
        self.steps.iter().map(|(step, number)| (word(*step), *number)).chain(probes)
    }

    fn text(&self) -> String {
        let words: Vec<_> = self.words().map(|(word, number)| format!("{word} {number}")).collect();
        if words.is_empty() { "none".to_owned() } else { words.join(", ") }
    }
}

/// What the site saw, by its own log and books.
struct Seen {
    arrivals: Vec<Arrival>,
    booked: Vec<Booked>,
    opening: SeoulTime,
    /// When the first attempt began; `None` if no opening was waited for.
    shot: Option<SeoulTime>,
    first_rival: Option<SeoulTime>,
}

impl Seen {
    /// The request that was meant to meet the opening.
    fn first_shot(&self) -> Option<&Arrival> {
        self.arrivals.iter().find(|arrival| self.shot.is_some_and(|shot| arrival.at >= shot))
    }

    /// Microseconds from the opening to an instant, both on the site's clock.
    fn after_opening(&self, at: SeoulTime) -> i64 {
        at.unix_micros().saturating_sub(self.opening.unix_micros())
    }

    fn for_a_program(&self) -> serde_json::Value {
        let by_step: BTreeMap<_, _> =
            counts(&self.arrivals).words().map(|(word, n)| (word.replace(' ', "-"), n)).collect();
        let bookings: Vec<_> = self
            .booked
            .iter()
            .map(|b| {
                let times: Vec<_> = b.slots.iter().map(|(_, range)| range).collect();
                json!({ "receipt": b.receipt, "at": b.at, "place": b.place, "date": b.date, "times": times })
            })
            .collect();
        let after = self.arrivals.iter().filter(|arrival| arrival.site_time >= self.opening).count();
        json!({
            "opening": self.opening,
            "requests": self.arrivals.len(),
            "requests_after_opening": after,
            "first_arrival_micros": self.first_shot().map(|shot| self.after_opening(shot.site_time)),
            "first_rival_micros": self.first_rival.map(|at| self.after_opening(at)),
            "by_step": by_step,
            "bookings": bookings,
        })
    }

    /// The receipt, the count of requests and what is booked.
    fn for_a_person(&self, receipt: Option<&str>) -> String {
        let mut text = format!("receipt    {}\n", receipt.unwrap_or("none"));
        let all = self.arrivals.len();
        if self.shot.is_some() {
            let (after, before): (Vec<_>, Vec<_>) =
                self.arrivals.iter().partition(|arrival| arrival.site_time >= self.opening);
            let _ = writeln!(text, "requests   {all} by the site's own log");
            let _ = writeln!(text, "  before   {}: {}", before.len(), counts(before).text());
            let _ = writeln!(text, "  after    {}: {}", after.len(), counts(after).text());
        } else {
            let _ =
                writeln!(text, "requests   {all} by the site's own log: {}", counts(&self.arrivals).text());
        }
        if let Some(shot) = self.first_shot() {
            let _ = writeln!(
                text,
                "arrival    the first request ({}) reached the site {} the opening",
                word(shot.step),
                distance(self.after_opening(shot.site_time))
            );
        }
        if let Some(sent) = self.arrivals.iter().rfind(|arrival| arrival.step == Step::Submit) {
            let after = distance(self.after_opening(sent.site_time));
            let _ = writeln!(text, "speed      the application reached it {after} the opening");
        }
        if let Some(rival) = self.first_rival {
            let after = distance(self.after_opening(rival));
            let _ =
                writeln!(text, "race       the fastest rival's application reached it {after} the opening");
        }
        if self.booked.is_empty() {
            text.push_str("booked     nothing, by the site's own books\n");
        }
        for b in &self.booked {
            let times: Vec<_> = b.slots.iter().map(|(_, range)| range.to_string()).collect();
            let (place, date, times) = (&b.place, b.date, times.join(" "));
            let _ =
                writeln!(text, "booked     {place} {date} {times} by {}, receipt {}", b.account, b.receipt);
        }
        text
    }
}

fn distance(micros: i64) -> String {
    let side = if micros < 0 { "before" } else { "after" };
    format!("{} {side}", millis(Duration::from_micros(micros.unsigned_abs())))
}
