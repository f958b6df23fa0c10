//! `demo`: a stand-in site, its opening and one booking, all on this machine.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use namyangju_rent::harness::{
    Account, Arrival, BlockKind, BlockRule, Booked, BusyWindow, Court, Delay, Fault, FaultKind, HumanCheck,
    Request, Rival, Settings, StandIn, StandInServer, Step,
};
use namyangju_rent::{
    Application, Booking, Clock, Credentials, Event, HeadCount, Policy, SeoulTime, Site, SystemClock, TimeNo,
    TimeRange, Wish,
};
use serde_json::json;

use crate::cli::{Demo, Network};
use crate::story::{Reader, Story, counted, millis};
use crate::{foreground, output, settings};

/// How far ahead the booked day is.
const DAYS_AHEAD: i32 = 14;

/// When the first rival wants the same time: a quick person with a browser.
const QUICK_PERSON: Duration = Duration::from_secs(1);

/// Between two of the other rivals.
const BETWEEN_RIVALS: Duration = Duration::from_millis(20);

/// When the last of the rivals has been there.
const RIVALS_ARE_THROUGH: Duration = Duration::from_secs(30);

/// How late a day opens that does not open when announced.
const MUCH_LATER: Duration = Duration::from_secs(24 * 3600);

/// The rest that the overloaded site asks for.
const RETRY_AFTER_SECONDS: u32 = 1;

/// The requests after which the site shuts a client out: those of the login, and one more.
const REQUESTS_BEFORE_BLOCK: u32 = 2;

/// The competitor of `--taken`.
const FASTER_CLUB: &str = "빠른클럽";

/// Plays it.
pub(crate) async fn run(arguments: &Demo, network: &Network) -> Result<u8> {
    let dialect = settings::site(&arguments.site)?;
    let court = court_of(&StandIn::new(&dialect, Settings::default()), &dialect)
        .context("the stand-in has no court")?;
    let (_, range) = court.rounds.first().copied().context("the stand-in's court has no rounds")?;
    let opening = SystemClock.now().plus(arguments.opens_in);
    let date = opening.date().plus_days(DAYS_AHEAD);
    let wish = Wish { place: court.place.clone(), date, range, purpose: Default::default() };
    let stand_in = StandIn::new(&dialect, staged(arguments, opening, &court, &wish));
    let server =
        StandInServer::spawn(stand_in, Arc::new(SystemClock)).context("the stand-in cannot start")?;
    let client = settings::client(server.site()?, network)?;

    let story = Story::new(Reader::new(arguments.json, false), opening);
    story.aside(&format!("a stand-in of {} at {}", dialect.title(), server.base_url()));
    story.aside(&format!("the wish: {} {} {}, {}", wish.place, wish.date, wish.range, court.name));
    if arguments.rivals > 0 {
        story.aside(&format!("{} will book too", counted(arguments.rivals.into(), "rival")));
    }

    let account = Account::invented(1);
    let credentials = Credentials::new(&account.id, &account.password);
    let mut booking = Booking::new(client.clone(), credentials, wish.clone(), application()?)
        .policy(Policy::new().give_up_after(arguments.give_up_after));
    if !arguments.opens_in.is_zero() {
        booking = booking.opens_at(opening);
    }
    let mut stage = Stage::new(arguments, &server, &story, &wish);
    let ending = foreground::run(booking, &client, &story, |happened| stage.act(&happened.event)).await;

    let arrivals = server.arrivals();
    let booked = server.with(|stand_in| stand_in.bookings().to_vec());
    ending.tell(&story, json!({ "stand_in": for_a_program(&arrivals, &booked) }));
    if !arguments.json {
        let mut summary = for_a_person(&arrivals, &booked, ending.receipt(), opening);
        if arguments.rivals > 0 {
            summary.push_str(&day_of(&server, &court, &wish, &booked, opening));
        }
        // The verdict stands, whether or not somebody reads the summary.
        let _ = output::result(&summary);
    }
    Ok(ending.code())
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

/// The stand-in's settings for what is to be shown.
fn staged(arguments: &Demo, opening: SeoulTime, court: &Court, wish: &Wish) -> Settings {
    let mut settings = Settings::default();
    settings.opening = Some(if arguments.not_open { opening.plus(MUCH_LATER) } else { opening });
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
    let others: Vec<_> = court.rounds.iter().filter(|(_, range)| *range != wish.range).collect();
    let rival = |at: SeoulTime, range| Rival { at, place: wish.place.clone(), date: wish.date, range };
    settings.rivals = (0..arguments.rivals)
        .filter_map(|n| match n.checked_sub(1) {
            None => Some(rival(opening.plus(QUICK_PERSON), wish.range)),
            Some(n) => {
                let (_, range) = others.get(usize::from(n) % others.len().max(1))?;
                Some(rival(opening.plus(BETWEEN_RIVALS * u32::from(n + 1)), *range))
            }
        })
        .collect();
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
    attempting: bool,
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
            attempting: false,
        }
    }

    fn act(&mut self, event: &Event) {
        match event {
            Event::LoggedIn => self.logged_in = true,
            Event::Attempt { .. } => self.attempting = true,
            Event::Submitting if self.faster_rival => {
                let Wish { place, date, range, .. } = self.wish;
                self.server.with(|stand_in| stand_in.take(place, *date, *range, FASTER_CLUB));
                self.story.aside("at the site: somebody else takes the time a moment earlier");
            }
            _ => {}
        }
        if self.forget_session && self.logged_in && self.attempting {
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

/// How many requests of each step the site saw, in the order of a booking.
fn counts(arrivals: &[Arrival]) -> BTreeMap<Step, u32> {
    let mut counts = BTreeMap::new();
    for arrival in arrivals {
        *counts.entry(arrival.step).or_insert(0) += 1;
    }
    counts
}

fn for_a_program(arrivals: &[Arrival], booked: &[Booked]) -> serde_json::Value {
    let by_step: BTreeMap<_, _> =
        counts(arrivals).into_iter().map(|(step, n)| (word(step).replace(' ', "-"), n)).collect();
    let bookings: Vec<_> = booked
        .iter()
        .map(|b| {
            let times: Vec<_> = b.slots.iter().map(|(_, range)| range).collect();
            json!({ "receipt": b.receipt, "at": b.at, "place": b.place, "date": b.date, "times": times })
        })
        .collect();
    json!({ "requests": arrivals.len(), "by_step": by_step, "bookings": bookings })
}

/// The receipt, the count of requests and what is booked, by the site's own books.
fn for_a_person(
    arrivals: &[Arrival],
    booked: &[Booked],
    receipt: Option<&str>,
    opening: SeoulTime,
) -> String {
    let mut text = format!("receipt    {}\n", receipt.unwrap_or("none"));
    let by_step: Vec<_> =
        counts(arrivals).into_iter().map(|(step, number)| format!("{} {number}", word(step))).collect();
    let _ = writeln!(text, "requests   {} by the site's own log: {}", arrivals.len(), by_step.join(", "));
    if let Some(sent) = arrivals.iter().rfind(|arrival| arrival.step == Step::Submit) {
        let after = millis(sent.at.since(opening));
        let _ = writeln!(text, "speed      the application was at the site {after} after the opening");
    }
    if booked.is_empty() {
        text.push_str("booked     nothing, by the site's own books\n");
    }
    for b in booked {
        let times: Vec<_> = b.slots.iter().map(|(_, range)| range.to_string()).collect();
        let _ = writeln!(
            text,
            "booked     {} {} {} by {}, receipt {}",
            b.place,
            b.date,
            times.join(" "),
            b.account,
            b.receipt
        );
    }
    text
}

/// Who has which time of the day once the rivals are through.
fn day_of(
    server: &StandInServer,
    court: &Court,
    wish: &Wish,
    booked: &[Booked],
    opening: SeoulTime,
) -> String {
    let later = opening.plus(RIVALS_ARE_THROUGH).max(SystemClock.now());
    let row = |(number, range): &(TimeNo, TimeRange)| {
        let ours = booked.iter().any(|b| b.slots.iter().any(|(n, _)| n == number));
        let taken = server.with(|stand_in| {
            // Competitors act when the machine is asked something: a last look, a little ahead of time.
            stand_in.answer(&Request::get("/"), later);
            stand_in.is_taken(&wish.place, wish.date, *number)
        });
        let who = match (ours, taken) {
            (true, _) => "ours",
            (false, true) => "a rival's",
            (false, false) => "free",
        };
        vec![range.to_string(), who.to_owned()]
    };
    let header = [wish.date.to_string(), format!("{} s after the opening", RIVALS_ARE_THROUGH.as_secs())];
    output::table(&header.each_ref().map(String::as_str), court.rounds.iter().map(row).collect())
}
