//! `demo`: a stand-in site, its opening and one booking, all on this machine.

mod seen;
mod stored;

use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result};
use namyangju_rent::clock::{Clock, SystemClock};
use namyangju_rent::harness::{
    Account, BlockKind, BlockRule, BusyWindow, Court, Delay, Fault, FaultKind, HumanCheck, Rival, Settings,
    SiteStep, StandIn, StandInServer, WaitingRoom, WaitingRoomStyle,
};
use namyangju_rent::{
    Application, Booking, Credentials, Event, HeadCount, Policy, SeoulTime, Site, Standing, TimedEvent, Wish,
};
use serde_json::json;

use self::seen::SiteRecord;
use crate::cli::Demo;
use crate::config::Config;
use crate::foreground::{Ending, Watched};
use crate::say::say;
use crate::terminal::booking;
use crate::terminal::countdown::Countdown;
use crate::terminal::story::{Audience, Story};
use crate::words::{counted, millis};
use crate::{foreground, request, terminal};

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
    let dialect = request::site(&arguments.site)?;
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
    let server = Arc::new(server);
    let story = Arc::new(Story::new(Audience::new(arguments.json, terminal::is_quiet()), opening));
    story.aside(&say!("demo-stand-in", city = dialect.title(), address = server.base_url()));
    story.aside(&say!(
        "demo-wish",
        place = wish.place,
        when = booking::day_and_time(&wish),
        court = court.name
    ));
    if arguments.rivals > 0 {
        let rivals = counted(arguments.rivals.into(), "rival");
        story.aside(&say!("demo-race", rivals = rivals));
    }
    if arguments.skew != 0 {
        let size = millis(Duration::from_micros(arguments.skew.unsigned_abs()));
        story.aside(&if arguments.skew < 0 {
            say!("demo-clock-behind", size = size)
        } else {
            say!("demo-clock-ahead", size = size)
        });
    }

    if !opens_in.is_zero() && opens_in < WELL_MEASURED {
        story.aside(&say!("demo-too-short"));
    }

    let stage = Arc::new(Mutex::new(Stage::new(arguments, &server, &story, &wish)));
    let play =
        Play { arguments, config, server: &server, story: &story, wish: &wish, opening, stage: &stage };
    let ended = if arguments.stored { stored::run(play).await? } else { in_the_foreground(play).await? };

    let shot = stage.lock().unwrap_or_else(PoisonError::into_inner).shot;
    let seen = SiteRecord {
        arrivals: server.arrivals(),
        booked: server.with(|stand_in| stand_in.bookings().to_vec()),
        opening,
        shot: shot.filter(|_| !opens_in.is_zero()),
        first_rival: rivals.iter().map(|rival| rival.at).min(),
    };
    let more = json!({ "stand_in": seen.for_a_program() });
    match &ended.ending {
        Some(ending) => ending.tell(&story, more),
        None => story.stored(&ended.report, ended.code, more),
    }
    // All is told when the last of those who tell it is gone.
    drop((stage, story));
    if !arguments.json {
        // The verdict stands, whether or not somebody reads the summary.
        let mut summary = seen.for_a_person(ended.receipt.as_deref());
        summary.extend(ended.summary);
        let lines = summary.iter().map(|(name, text)| terminal::labelled(name, text));
        let _ = terminal::result(&lines.collect::<Vec<_>>().join("\n"));
    }
    Ok(ended.code)
}

/// What both ways of playing it need.
struct Play<'d> {
    arguments: &'d Demo,
    config: &'d Config,
    server: &'d Arc<StandInServer>,
    story: &'d Arc<Story>,
    wish: &'d Wish,
    opening: SeoulTime,
    stage: &'d Arc<Mutex<Stage>>,
}

/// How it came out.
struct Played {
    /// Of a booking in the foreground.
    ending: Option<Ending>,
    /// Of a stored one.
    report: serde_json::Value,
    code: u8,
    receipt: Option<String>,
    /// More lines for a person, each with its heading.
    summary: Vec<(&'static str, String)>,
}

async fn in_the_foreground(play: Play<'_>) -> Result<Played> {
    let Play { arguments, config, server, story, wish, opening, stage } = play;
    let client = crate::request::client(server.site()?, config)?;
    let account = Account::invented(1);
    let credentials = Credentials::new(&account.id, &account.password);
    let mut booking = Booking::new(client, credentials, wish.clone(), application()?)
        .policy(Policy::new().with_give_up_after(arguments.give_up_after));
    let mut countdown = None;
    if !arguments.opens_in().is_zero() {
        booking = booking.opens_at(opening);
        countdown = Some(Countdown::new(opening, booking.budget().clone(), None));
    }
    let lists = Mutex::default();
    let watched = Watched { booking, countdown, standing: Standing::default(), lists: &lists };
    let act = |happened: &TimedEvent| stage.lock().unwrap_or_else(PoisonError::into_inner).act(happened);
    let ending = foreground::run(watched, story, None, act).await;
    let (code, receipt) = (ending.code(), ending.receipt().map(str::to_owned));
    Ok(Played { ending: Some(ending), report: serde_json::Value::Null, code, receipt, summary: Vec::new() })
}

/// An instant of a clock that is so many microseconds ahead.
fn ahead(local: SeoulTime, micros: i64) -> SeoulTime {
    SeoulTime::from_unix_micros(local.unix_micros().saturating_add(micros))
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
    if arguments.waiting_room {
        let (before, style) = (SiteStep::Form, WaitingRoomStyle::Page);
        settings.waiting_room = Some(WaitingRoom { before, style });
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
        settings.faults = vec![Fault { step: SiteStep::Submit, nth: 1, kind: FaultKind::LoseAnswer }];
    }
    if arguments.blocked {
        settings.block = Some(BlockRule {
            requests: REQUESTS_BEFORE_BLOCK,
            within: MUCH_LATER,
            kind: BlockKind::Forbidden,
            lasts: MUCH_LATER,
        });
    }
    settings.web_server = arguments.web_server.behaviour();
    let half = arguments.latency / 2;
    settings.there = Delay { base: half, jitter: Duration::ZERO };
    settings.back = settings.there;
    settings
}

/// What happens at the site because of what the booking does.
struct Stage {
    server: Arc<StandInServer>,
    story: Arc<Story>,
    wish: Wish,
    faster_rival: bool,
    forget_session: bool,
    logged_in: bool,
    /// When the first attempt began: whatever comes to the site later belongs to it.
    shot: Option<SeoulTime>,
}

impl Stage {
    fn new(arguments: &Demo, server: &Arc<StandInServer>, story: &Arc<Story>, wish: &Wish) -> Self {
        Self {
            server: Arc::clone(server),
            story: Arc::clone(story),
            wish: wish.clone(),
            faster_rival: arguments.taken,
            forget_session: arguments.expired_session,
            logged_in: false,
            shot: None,
        }
    }

    fn act(&mut self, happened: &TimedEvent) {
        match &happened.event {
            Event::LoggedIn => self.logged_in = true,
            Event::Attempt { .. } => {
                self.shot.get_or_insert(happened.at);
            }
            Event::Submitting if self.faster_rival => {
                let Wish { place, date, range, .. } = &self.wish;
                self.server.with(|stand_in| stand_in.take(place, *date, *range, FASTER_CLUB));
                self.story.aside(&say!("demo-taken"));
            }
            _ => {}
        }
        if self.forget_session && self.logged_in && self.shot.is_some() {
            self.forget_session = false;
            self.server.with(StandIn::end_sessions);
            self.story.aside(&say!("demo-sessions-end"));
        }
    }
}
