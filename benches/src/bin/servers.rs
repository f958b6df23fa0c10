//! Where the requests of an opening arrive behind servers of every kind: ours, and the ways of aiming that people use
//! instead.
//!
//!     cargo run -p benches --bin servers -- [rounds] [part ...]
//!
//! **Why this exists.** `aim_error` simulates the aim alone. Here the library's real `Booking` meets the stand-in on real
//! sockets: login, probes, the warm line, the shot, what follows a refusal, and the requests that all of it takes. The
//! clock of both is moved by hand, so that a round of ten minutes takes a moment and its figures do not depend on
//! the machine's load. Parts: `servers`, `kept`, `peers`, `old`, `late`; all of them if none is named.
//!
//! A world is drawn from the number of the round: the site's clock is off by up to two seconds, each direction of an
//! exchange is drawn evenly around its mean, within 10 to 25 % of it, and the round trip is split between 50/50
//! and 65/35, either way. Every strategy meets the same worlds. A new connection takes three round trips (TCP and TLS
//! 1.2) before its first request; for ours from the arming on, 18 s before the opening (where the last probe opens a line of its
//! own, dead or off: from 1.6 s before it): on a real network it sees when a connection is ready and leaves the handshakes out of what it measures,
//! which it cannot do here.
//!
//! A peer logs in a minute before, knows the numbers of the slots, and needs two requests: the form and the
//! submission. It sends them through this library's client, so that only its aim is another. What is refused is
//! tried again every 500 ms.
//!
//! Not modelled: loss, processor time and the scheduler (a send here is on time to the microsecond; `send_lateness`
//! measures that part), connects that take time (the stand-in holds the first request back instead).

use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use benches::{Failure, Seeded, machine, quantile};
use namyangju_rent::clock::Clock;
use namyangju_rent::harness::{
    Arrival, ClockCookie, DateStamp, Delay, KeepAlive, ManualClock, Rival, Settings, SiteStep, StandIn,
    StandInServer, WebServer,
};
use namyangju_rent::{
    AnswerKind, Application, Booking, Client, Credentials, DayVisit, Outcome, SeoulTime, Site, Submitted,
    Verdict, Wish,
};

const START: &str = "2026-11-26 09:50:00";
const OPENING: &str = "2026-11-26 10:00:00";
const DAY: &str = "2026-12-05";
/// A day that is open already, whose slots have the same numbers.
const OPEN_DAY: &str = "2026-12-04";

const SCRIPTS: [u64; 4] = [0, 30, 120, 250];
const ROUND_TRIPS: [u64; 3] = [10, 40, 120];
/// TCP and TLS 1.2.
const HANDSHAKE: u8 = 3;
/// How long before the opening they take their time for ours.
const AFTER_ARMING: Duration = Duration::from_secs(18);
const AFTER_THE_LAST_PROBE: Duration = Duration::from_millis(1_600);
/// Every peer's gap between two attempts, as the old system's.
const RETRY: Duration = Duration::from_millis(500);
/// A peer that has not met an open site by then gives up: the site's clock is off by two seconds at most.
const PEER_ATTEMPTS: u32 = 12;
/// How late the first useful arrival may be at a round trip of 40 ms, in 95 of 100 rounds.
const WANTED_MS: f64 = 15.0;

#[derive(Clone, Copy, PartialEq)]
enum Server {
    Apache,
    Nginx,
    /// `Date` renewed each second by a timer, at a phase of its own: off by up to a second, and consistent with itself.
    Timer,
    /// The same, with a cookie in each answer of a script that has both `expires` and `Max-Age`.
    TimerCookie,
}

impl Server {
    const ALL: [Self; 4] = [Self::Apache, Self::Nginx, Self::Timer, Self::TimerCookie];

    fn name(self) -> &'static str {
        match self {
            Self::Apache => "apache",
            Self::Nginx => "nginx",
            Self::Timer => "timer †",
            Self::TimerCookie => "timer, cookie with `expires`",
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Line {
    Alive,
    /// Closed after 5 s (Apache) or 3 s (nginx) of silence, and not announced.
    Dead,
    /// Every answer closes its connection.
    Off,
}

impl Line {
    const ALL: [Self; 3] = [Self::Alive, Self::Dead, Self::Off];

    fn name(self) -> &'static str {
        match self {
            Self::Alive => "alive",
            Self::Dead => "dead",
            Self::Off => "off",
        }
    }

    fn keep_alive(self, server: Server) -> KeepAlive {
        let idle = if server == Server::Apache { 5 } else { 3 };
        match self {
            Self::Alive => KeepAlive::default(),
            Self::Dead => KeepAlive { idle: Some(Duration::from_secs(idle)), ..KeepAlive::default() },
            Self::Off => KeepAlive::off(),
        }
    }
}

/// What a row varies.
#[derive(Clone, Copy)]
struct Setting {
    server: Server,
    script_ms: u64,
    round_trip_ms: u64,
    line: Line,
    /// How much later than announced it opens.
    late: Duration,
    /// Competitors of the old kind.
    old: usize,
    /// Whether they hammer from before the opening.
    early: bool,
    /// The site's clock is kept by a time server, within 5 ms, instead of being off by up to two seconds.
    right: bool,
    /// How much it is behind, in milliseconds.
    behind: u64,
    /// Our machine's clock is kept by a time server, and says so.
    kept: bool,
}

const USUAL: Setting = Setting {
    server: Server::Apache,
    script_ms: 0,
    round_trip_ms: 40,
    line: Line::Alive,
    late: Duration::ZERO,
    old: 0,
    early: false,
    right: false,
    behind: 0,
    kept: false,
};

/// Who books.
#[derive(Clone, Copy, PartialEq)]
enum Who {
    Ours,
    /// Sends when a local clock without error shows the instant.
    Ntp,
    /// Sends when `Date` of one answer and half of its round trip say that it is the instant.
    Date,
    /// Starts by a local clock without error, up to two seconds late.
    Cron,
}

/// What a round gave. Milliseconds after the true opening on the site's clock.
struct Given {
    /// The first request of the opening that the rules could accept.
    useful: f64,
    refused: bool,
    booked: Option<f64>,
    requests: f64,
    after: f64,
    /// Bookings of ours at the site.
    bookings: usize,
    /// Requests in the first minute after the announced instant, and the most in any later one.
    first_minute: usize,
    later_minute: usize,
    told_right: bool,
}

/// The world of a round.
struct World {
    settings: Settings,
    announced: SeoulTime,
    opens: SeoulTime,
    random: Seeded,
}

fn ms(ms: f64) -> Duration {
    Duration::from_secs_f64(ms.max(0.0) / 1e3)
}

fn world(setting: Setting, number: u64) -> Result<World, Failure> {
    let mut random = Seeded(number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5eed);
    let announced: SeoulTime = OPENING.parse()?;
    let opens = announced.plus(setting.late);
    let off = random.between(-1.0, 1.0);
    let jitter = random.between(0.10, 0.25);
    let more = random.between(0.5, 0.65);
    let part = if random.unit() < 0.5 { more } else { 1.0 - more };
    let phase = random.unit();
    let mut settings = Settings::default();
    settings.seed = number + 1;
    settings.clock_skew_millis =
        (off * if setting.right { 5.0 } else { 2_000.0 } - setting.behind as f64) as i64;
    settings.openings.insert(DAY.parse()?, opens);
    let way = |part: f64| {
        let mean = setting.round_trip_ms as f64 * part;
        let mut delay = Delay::default();
        (delay.base, delay.jitter) = (ms(mean * (1.0 - jitter)), ms(mean * 2.0 * jitter));
        delay
    };
    (settings.there, settings.back) = (way(part), way(1.0 - part));
    settings.handshake_round_trips = HANDSHAKE;
    settings.web_server = match setting.server {
        Server::Apache => WebServer::apache(),
        Server::Nginx | Server::Timer | Server::TimerCookie => WebServer::nginx(),
    };
    if setting.server == Server::TimerCookie {
        settings.clock_cookie = Some(ClockCookie::ExpiresAndMaxAge);
    }
    if matches!(setting.server, Server::Timer | Server::TimerCookie) {
        settings.web_server.date = DateStamp::Timer { every: Duration::from_secs(1), phase: ms(phase * 1e3) };
    }
    settings.web_server.script_time = Duration::from_millis(setting.script_ms);
    settings.web_server.keep_alive = setting.line.keep_alive(setting.server);
    let wish = wish()?;
    for _ in 0..setting.old {
        let mut way =
            |part: f64| setting.round_trip_ms as f64 * part * random.between(1.0 - jitter, 1.0 + jitter);
        let script = setting.script_ms as f64;
        // Login and form, each there and back with its script, and the way of the application. Of those that began before the
        // opening, the first is one whose form is asked for after it.
        let login = if setting.early { 0.0 } else { way(part) + script + way(1.0 - part) };
        let there = if setting.early { 0.0 } else { way(part) };
        let takes = login + there + script + way(1.0 - part) + way(part);
        let phase = random.between(0.0, 500.0);
        settings.rivals.push(Rival {
            at: opens.plus(ms(phase + takes)),
            place: wish.place.clone(),
            date: wish.date,
            range: wish.range,
        });
    }
    Ok(World { settings, announced, opens, random })
}

fn wish() -> Result<Wish, Failure> {
    Ok(Wish {
        place: "NYJ06/07/103".parse()?,
        date: DAY.parse()?,
        range: "06:00-08:00".parse()?,
        purpose: Default::default(),
    })
}

fn application() -> Result<Application, Failure> {
    Ok(Application::new("가나다클럽", "4".parse()?, "테니스", "운동"))
}

async fn round(who: Who, setting: Setting, number: u64) -> Result<Given, Failure> {
    let World { settings, announced, opens, mut random } = world(setting, number)?;
    let clock = ManualClock::new(START.parse()?);
    let clock = Arc::new(if setting.kept { clock.synchronised() } else { clock });
    let stand_in = StandIn::new(&Site::builtin("namyangju")?, settings);
    let account = stand_in.accounts().first().cloned().ok_or("no account")?;
    let server = StandInServer::start(stand_in, clock.clone()).await?;
    let client = Client::builder(server.site()?).clock(clock.clone()).build()?;
    let credentials = Credentials::new(account.id.clone(), account.password.clone());
    let (reserved, refused) = if who == Who::Ours {
        let booking = Booking::new(client, credentials, wish()?, application()?);
        // The client leaves connects out of its measurement, which it cannot do where the stand-in only holds the first
        // request back: handshakes take their time from the arming on, or where the last probe has a connection of its own, from
        // after that. The shot and all that follows have to do with them.
        let from =
            announced.minus(if setting.line == Line::Alive { AFTER_ARMING } else { AFTER_THE_LAST_PROBE });
        server.with(|s| s.settings_mut().handshakes_from = Some(from));
        let report = booking.opens_at(announced).run(|_| {}).await;
        let refused = report.attempts.first().is_some_and(|first| first.answer == AnswerKind::NotOpenYet);
        (matches!(report.verdict, Verdict::Reserved { .. }), refused)
    } else {
        peer(who, &client, &credentials, &clock, announced, &mut random).await?
    };
    let arrivals = server.arrivals();
    let since = |at: SeoulTime, from: SeoulTime| (at.unix_micros() - from.unix_micros()) as f64 / 1e3;
    let shot = |a: &&Arrival| {
        a.method != "HEAD"
            && matches!(a.step, SiteStep::Day | SiteStep::Form | SiteStep::Submit)
            && a.site_time >= opens
    };
    let useful = arrivals.iter().find(shot).map_or(f64::INFINITY, |a| since(a.site_time, opens));
    let within = |from: SeoulTime| {
        let until = from.plus(Duration::from_secs(60));
        arrivals.iter().filter(|a| a.site_time >= from && a.site_time < until).count()
    };
    let later = announced.plus(Duration::from_secs(60));
    let later = arrivals.iter().map(|a| a.site_time).filter(|at| *at >= later).map(within).max();
    let booked = server.with(|s| {
        let own = s.bookings().iter().filter(|b| b.account == account.id);
        own.map(|b| since(b.at, opens)).collect::<Vec<_>>()
    });
    Ok(Given {
        useful,
        refused,
        booked: booked.first().copied(),
        requests: arrivals.len() as f64,
        after: arrivals.iter().filter(|a| a.site_time >= announced).count() as f64,
        bookings: booked.len(),
        first_minute: within(announced),
        later_minute: later.unwrap_or_default(),
        told_right: reserved == (booked.len() == 1),
    })
}

/// A peer's whole opening. Whether it booked, and whether its first attempt was refused as too early.
async fn peer(
    who: Who,
    client: &Client,
    credentials: &Credentials,
    clock: &Arc<ManualClock>,
    announced: SeoulTime,
    random: &mut Seeded,
) -> Result<(bool, bool), Failure> {
    let wish = wish()?;
    let until = |at: SeoulTime| clock.sleep(at.since(clock.now()));
    until(announced.minus(Duration::from_secs(60))).await;
    let session = client.log_in(credentials).await?;
    let visit = session.open_day(&wish.place, OPEN_DAY.parse()?, wish.purpose).await?.on(wish.date);
    let at = match who {
        Who::Cron => announced.plus(ms(random.between(0.0, 2_000.0))),
        Who::Date => {
            until(announced.minus(Duration::from_secs(30))).await;
            let guest = client.guest()?;
            // The first answer has the handshakes in it where a line is kept.
            guest.probe_clock().await?;
            let probe = guest.probe_clock().await?.ok_or("no date")?;
            let began = clock.now().minus(clock.monotonic());
            let answered = began.plus(probe.answered).unix_micros();
            let half = (probe.answered.saturating_sub(probe.sent) / 2).as_micros() as i64;
            let ahead = probe.date * 1_000_000 + half - answered;
            SeoulTime::from_unix_micros(announced.unix_micros() - ahead)
        }
        Who::Ours | Who::Ntp => announced,
    };
    let (mut at, mut refused) = (at, false);
    for attempt in 0..PEER_ATTEMPTS {
        until(at).await;
        let begun = clock.now();
        let answer = attempt_of(&visit, &wish).await;
        match answer {
            Ok(submitted) => match submitted.outcome {
                Outcome::Reserved(_) => return Ok((true, refused)),
                _ => return Ok((false, refused)),
            },
            Err(error) => {
                refused |= attempt == 0 && error.kind() == AnswerKind::NotOpenYet;
                at = begun.plus(RETRY).max(clock.now());
            }
        }
    }
    Ok((false, refused))
}

/// One attempt of a peer: the form and the submission.
async fn attempt_of(visit: &DayVisit<'_>, wish: &Wish) -> Result<Submitted, namyangju_rent::Error> {
    let form = visit.open_form(wish.range).await?;
    let application = application().expect("valid");
    form.fill(&application).expect("fits the form").submit().await
}

/// All rounds of some rows, on every core. In the order of the rows.
fn all(rows: &[(Who, Setting)], rounds: usize) -> Result<Vec<Vec<Given>>, Failure> {
    let next = AtomicUsize::new(0);
    let given: Mutex<Vec<Vec<Given>>> = Mutex::new(rows.iter().map(|_| Vec::new()).collect());
    let failed: Mutex<Option<String>> = Mutex::new(None);
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, |n| n.get()) {
            scope.spawn(|| {
                loop {
                    let job = next.fetch_add(1, Ordering::Relaxed);
                    let Some((who, setting)) = rows.get(job / rounds) else { break };
                    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                    let result = match runtime {
                        Ok(runtime) => runtime.block_on(round(*who, *setting, (job % rounds) as u64)),
                        Err(error) => Err(error.into()),
                    };
                    match result {
                        Ok(one) => {
                            let mut given = given.lock().unwrap_or_else(PoisonError::into_inner);
                            if let Some(row) = given.get_mut(job / rounds) {
                                row.push(one);
                            }
                        }
                        Err(error) => {
                            let text = format!("row {}, round {}: {error}", job / rounds, job % rounds);
                            *failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(text);
                        }
                    }
                }
            });
        }
    });
    match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(text) => Err(text.into()),
        None => Ok(given.into_inner().unwrap_or_else(PoisonError::into_inner)),
    }
}

fn parts(given: &[Given], of: impl Fn(&Given) -> f64, parts: &[f64], decimals: usize) -> String {
    let mut figures: Vec<f64> = given.iter().map(of).collect();
    let texts = parts.iter().map(|part| format!("{:.decimals$}", quantile(&mut figures, *part)));
    texts.collect::<Vec<_>>().join(" / ")
}

fn share(given: &[Given], is: impl Fn(&Given) -> bool) -> f64 {
    given.iter().filter(|one| is(one)).count() as f64 / given.len().max(1) as f64 * 100.0
}

fn p95(given: &[Given]) -> f64 {
    quantile(&mut given.iter().map(|one| one.useful).collect::<Vec<_>>(), 0.95)
}

/// `**missed**` where the target for the first useful arrival holds and is not met.
fn verdict(setting: Setting, given: &[Given]) -> &'static str {
    match (setting.round_trip_ms, p95(given) <= WANTED_MS) {
        (40, true) => "met",
        (40, false) => "**missed**",
        _ => "",
    }
}

fn grid() -> Vec<Setting> {
    let mut rows = Vec::new();
    for server in Server::ALL {
        for line in Line::ALL {
            for round_trip_ms in ROUND_TRIPS {
                rows.extend(SCRIPTS.map(|script_ms| Setting {
                    server,
                    script_ms,
                    round_trip_ms,
                    line,
                    ..USUAL
                }));
            }
        }
    }
    rows
}

fn servers(rounds: usize) -> Result<bool, Failure> {
    table(&grid(), rounds)
}

/// A machine whose clock a time server keeps: sites whose clock is kept too, and sites that are behind.
fn kept(rounds: usize) -> Result<bool, Failure> {
    let kept = Setting { right: true, kept: true, ..USUAL };
    let mut rows = Vec::new();
    for (server, line, round_trip_ms) in [
        (Server::Apache, Line::Alive, 40),
        (Server::Nginx, Line::Alive, 40),
        (Server::Timer, Line::Alive, 10),
        (Server::Timer, Line::Alive, 40),
        (Server::Timer, Line::Dead, 40),
        (Server::Timer, Line::Off, 40),
        (Server::Timer, Line::Alive, 120),
    ] {
        rows.extend(SCRIPTS.map(|script_ms| Setting { server, line, round_trip_ms, script_ms, ..kept }));
    }
    println!("\nOur clock and the site's are kept.");
    let mut right = table(&rows, rounds)?;
    for behind in [100, 300, 700] {
        let mut rows = Vec::new();
        for server in [Server::Apache, Server::Nginx] {
            rows.extend([0, 120].map(|script_ms| Setting { server, script_ms, behind, ..kept }));
        }
        println!("\nOur clock is kept, and the site's is {behind} ms behind.");
        right &= table(&rows, rounds)?;
    }
    Ok(right)
}

fn table(settings: &[Setting], rounds: usize) -> Result<bool, Failure> {
    let rows: Vec<_> = settings.iter().map(|setting| (Who::Ours, *setting)).collect();
    let given = all(&rows, rounds)?;
    println!(
        "\n| server | line | round trip ms | script ms | first useful arrival p5 / p50 / p95 ms | p95 <= 15 at 40 | first shot refused % | booked p50 / p95 ms | requests p50 / max | after the opening p50 / max | one booking, of {rounds} |"
    );
    println!("| --- | --- | --: | --: | --- | --- | --: | --- | --- | --- | --: |");
    let mut right = true;
    for (setting, given) in settings.iter().zip(&given) {
        let once = given.iter().filter(|one| one.bookings == 1 && one.told_right).count();
        right &= once == rounds;
        println!(
            "| {} | {} | {} | {} | {} | {} | {:.0} | {} | {} | {} | {once} |",
            setting.server.name(),
            setting.line.name(),
            setting.round_trip_ms,
            setting.script_ms,
            parts(given, |one| one.useful, &[0.05, 0.5, 0.95], 1),
            verdict(*setting, given),
            share(given, |one| one.refused),
            parts(given, |one| one.booked.unwrap_or(f64::INFINITY), &[0.5, 0.95], 0),
            parts(given, |one| one.requests, &[0.5, 1.0], 0),
            parts(given, |one| one.after, &[0.5, 1.0], 0),
        );
    }
    Ok(right)
}

const PEERS: [(&str, Who, bool); 4] = [
    ("NTP", Who::Ntp, false),
    ("NTP, the site's clock right", Who::Ntp, true),
    ("Date + RTT/2", Who::Date, false),
    ("cron", Who::Cron, false),
];

fn peers(rounds: usize) -> Result<bool, Failure> {
    let settings = grid();
    let rows: Vec<_> = settings
        .iter()
        .flat_map(|setting| PEERS.map(|(_, who, right)| (who, Setting { right, ..*setting })))
        .collect();
    let given = all(&rows, rounds)?;
    let heads = PEERS.map(|(name, _, _)| name).join(" | ");
    println!(
        "\nEach cell: first useful arrival p50 / p95 ms, first shot refused %, booked p50 ms, requests after the opening p50."
    );
    println!("\n| server | line | round trip ms | script ms | {heads} |");
    println!("| --- | --- | --: | --: |{}", " --- |".repeat(PEERS.len()));
    let mut right = true;
    for (setting, row) in settings.iter().zip(given.chunks(PEERS.len())) {
        let cells: Vec<String> = row
            .iter()
            .map(|given| {
                right &= given.iter().all(|one| one.bookings == 1);
                format!(
                    "{}, {:.0} %, {}, {}",
                    parts(given, |one| one.useful, &[0.5, 0.95], 0),
                    share(given, |one| one.refused),
                    parts(given, |one| one.booked.unwrap_or(f64::INFINITY), &[0.5], 0),
                    parts(given, |one| one.after, &[0.5], 0),
                )
            })
            .collect();
        println!(
            "| {} | {} | {} | {} | {} |",
            setting.server.name(),
            setting.line.name(),
            setting.round_trip_ms,
            setting.script_ms,
            cells.join(" | ")
        );
    }
    Ok(right)
}

/// Against twenty competitors of the old kind.
fn old(rounds: usize) -> Result<bool, Failure> {
    let mut rows = Vec::new();
    for early in [false, true] {
        for server in Server::ALL {
            rows.extend(
                SCRIPTS.map(|script_ms| (Who::Ours, Setting { server, script_ms, old: 20, early, ..USUAL })),
            );
        }
    }
    let given = all(&rows, rounds)?;
    println!(
        "\n| competitors begin | server | script ms | won of {rounds} | first useful arrival p50 / p95 ms | booked p50 / p95 ms | never two |"
    );
    println!("| --- | --- | --: | --: | --- | --- | --- |");
    let mut right = true;
    for ((_, setting), given) in rows.iter().zip(&given) {
        let won = given.iter().filter(|one| one.bookings == 1).count();
        let mut booked: Vec<f64> = given.iter().filter_map(|one| one.booked).collect();
        let fine = given.iter().all(|one| one.bookings <= 1 && one.told_right);
        right &= fine;
        println!(
            "| {} | {} | {} | {won} | {} | {} | {} |",
            if setting.early { "2 s before" } else { "at the opening" },
            setting.server.name(),
            setting.script_ms,
            parts(given, |one| one.useful, &[0.5, 0.95], 1),
            if won == 0 {
                "–".to_owned()
            } else {
                format!("{:.0} / {:.0}", quantile(&mut booked, 0.5), quantile(&mut booked, 0.95))
            },
            if fine { "yes" } else { "**NO**" },
        );
    }
    Ok(right)
}

/// An opening that is later than announced.
fn late(rounds: usize) -> Result<bool, Failure> {
    let mut rows = Vec::new();
    for millis in [100, 300, 450, 600, 900, 2_000, 40_000, 240_000] {
        for server in [Server::Apache, Server::Nginx] {
            for script_ms in [0, 120] {
                let late = Duration::from_millis(millis);
                rows.push((Who::Ours, Setting { server, script_ms, late, ..USUAL }));
            }
        }
    }
    let given = all(&rows, rounds)?;
    println!(
        "\n| late by | server | script ms | first useful arrival after the true opening p50 / p95 / max ms | requests in the first minute, max | in any later minute, max | one booking, of {rounds} |"
    );
    println!("| --: | --- | --: | --- | --: | --: | --: |");
    let mut right = true;
    for ((_, setting), given) in rows.iter().zip(&given) {
        let once = given.iter().filter(|one| one.bookings == 1 && one.told_right).count();
        right &= once == rounds;
        println!(
            "| {} s | {} | {} | {} | {} | {} | {once} |",
            setting.late.as_secs_f64(),
            setting.server.name(),
            setting.script_ms,
            parts(given, |one| one.useful, &[0.5, 0.95, 1.0], 0),
            given.iter().map(|one| one.first_minute).max().unwrap_or_default(),
            given.iter().map(|one| one.later_minute).max().unwrap_or_default(),
        );
    }
    Ok(right)
}

fn main() -> Result<ExitCode, Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let rounds = arguments.first().map_or(Ok(30), |text| text.parse::<usize>())?;
    let named: Vec<&str> = arguments.iter().skip(1).map(String::as_str).collect();
    println!("{rounds} rounds a row; {}", machine());
    let mut right = true;
    for (name, part) in [
        ("servers", servers as fn(usize) -> _),
        ("kept", kept),
        ("peers", peers),
        ("old", old),
        ("late", late),
    ] {
        if named.is_empty() || named.contains(&name) {
            right &= part(rounds)?;
        }
    }
    println!(
        "\n† No exchange of stamps tells such a clock's phase: its dates are consistent with themselves and late by up to a second."
    );
    println!(
        "{}",
        if right {
            "Every round ended as told, with one booking at most."
        } else {
            "NOT every round booked once."
        }
    );
    Ok(if right { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
