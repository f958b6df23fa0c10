//! The conditions of a real server around an opening: a row for each, over many drawn worlds.
//!
//! **Why this exists.** The lines of `main.rs` break one thing each on a site without distance. Here a whole booking meets
//! servers, paths and swamps as they are: a round trip of 40 ms whose two directions differ and waver, a site's clock
//! that is off by up to two seconds, scripts that take time, lines that are closed. Each round draws its world from its
//! number, so that every row meets the same ones. A row tells when the site booked, how many requests that took, and
//! whether the run told its end rightly; the site's own books are the judge.
//!
//! A new connection takes three round trips (TCP and TLS 1.2) from the arming on; before that it takes none, because the
//! client leaves connects out of what it measures and cannot do so where the stand-in only holds a request back. Time-outs
//! of the client go by the system's clock and never end an exchange here: what a swamped site does not answer it resets.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use benches::{Failure, Seeded, quantile};
use namyangju_rent::harness::{
    Delay, Fault, FaultKind, HeadRequests, KeepAlive, LoginFailure, ManualClock, PrintedBase, Settings,
    SiteStep, StandIn, StandInServer, Swamp, WaitingRoom, WaitingRoomStyle, WebServer,
};
use namyangju_rent::{
    Application, Booking, Client, Credentials, Event, Report, SeoulTime, Site, Verdict, Wish,
};

const START: &str = "2026-11-26 09:50:00";
const OPENING: &str = "2026-11-26 10:00:00";
const DAY: &str = "2026-12-05";
/// TCP and TLS 1.2.
const HANDSHAKE: u8 = 3;
const ROUND_TRIP_MS: f64 = 40.0;
/// How long a swamp lasts.
const SWAMPED_FOR: Duration = Duration::from_secs(60);

type Change = Box<dyn Fn(&mut Settings, SeoulTime) + Send + Sync>;

/// What a row has to end with.
#[derive(Clone, Copy, PartialEq)]
enum Wanted {
    Reserved,
    NeedsPerson,
    /// Reserved, or a doubt that is told.
    NeverTwice,
}

struct Condition {
    name: String,
    change: Change,
    wanted: Wanted,
    /// How much later than announced it opens.
    late: Duration,
    /// Nothing gets through from the first application on.
    swamped_after: bool,
    /// The client knows the dialect alone, and none of the stand-in's own texts.
    plain: bool,
}

impl Condition {
    fn new(
        name: impl Into<String>,
        change: impl Fn(&mut Settings, SeoulTime) + Send + Sync + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            change: Box::new(change),
            wanted: Wanted::Reserved,
            late: Duration::ZERO,
            swamped_after: false,
            plain: false,
        }
    }
}

/// What a round gave. Milliseconds after the true opening on the site's clock.
struct Given {
    booked: Option<f64>,
    bookings: usize,
    requests: usize,
    after: usize,
    passwords: usize,
    verdict: Verdict,
    attempts: usize,
    /// The most attempts of one second.
    in_a_second: usize,
}

fn ms(ms: f64) -> Duration {
    Duration::from_secs_f64(ms.max(0.0) / 1e3)
}

fn conditions() -> Vec<Condition> {
    let mut all = vec![Condition::new("nothing special", |_, _| {})];
    for script in [30, 60, 120, 250] {
        all.push(Condition::new(format!("1: nginx, a script of {script} ms"), move |s, _| {
            s.web_server = WebServer::nginx();
            s.web_server.script_time = Duration::from_millis(script);
        }));
    }
    for (name, keep_alive) in [
        ("5 s, announced", KeepAlive { announced: true, ..idle(5) }),
        ("5 s, not announced", idle(5)),
        ("3 s, not announced", idle(3)),
        ("after each answer", KeepAlive::off()),
    ] {
        all.push(Condition::new(format!("2: a silent line closed, {name}"), move |s, _| {
            s.web_server.keep_alive = keep_alive;
        }));
    }
    for (name, base) in BASES {
        all.push(Condition::new(format!("3: addresses printed {name}"), move |s, _| s.printed_base = base));
    }
    all.push(Condition::new("4: the session voided at the instant", |s, opens| s.sessions_end = vec![opens]));
    all.push(Condition::new("5: the day page demanded", |s, _| s.form_needs_day = true));
    let unknown = Condition::new("5: the same, told in unknown words", |s, _| {
        s.form_needs_day = true;
        s.texts.trace_missing = "먼저 다른 화면을 여십시오.".to_owned();
    });
    all.push(Condition { plain: true, ..unknown });
    for (name, head) in [
        ("405", HeadRequests::Status(405)),
        ("404", HeadRequests::Status(404)),
        ("403", HeadRequests::Status(403)),
        ("closing the connection", HeadRequests::Closed),
    ] {
        let condition = Condition::new(format!("HEAD refused by {name}"), move |s: &mut Settings, _| {
            s.web_server.head = head;
        });
        all.push(condition);
    }
    for (name, style) in [
        ("its page", WaitingRoomStyle::Page),
        ("a script", WaitingRoomStyle::Script),
        ("a 302", WaitingRoomStyle::Redirect),
        ("a 302 to another host", WaitingRoomStyle::RedirectElsewhere),
        ("marks on the site's own page", WaitingRoomStyle::Guarded),
    ] {
        let room = Condition::new(format!("a waiting room before the form, {name}"), move |s, _| {
            s.waiting_room = Some(WaitingRoom { before: SiteStep::Form, style });
        });
        all.push(Condition { wanted: Wanted::NeedsPerson, ..room });
    }
    for (name, seconds) in [("40 s", 40), ("4 min", 240)] {
        let opens = Condition::new(format!("it opens {name} late"), |_, _| {});
        all.push(Condition { late: Duration::from_secs(seconds), ..opens });
    }
    let swamped = Condition::new("swamped for 60 s: 30 % fail, 30 % take up to 8 s", |s, opens| {
        let (from, until) = (opens, opens.plus(SWAMPED_FOR));
        let longest = Duration::from_secs(8);
        s.swamp = Some(Swamp { from, until, errors: 0.2, resets: 0.1, slow: 0.3, longest });
    });
    all.push(Condition { wanted: Wanted::NeverTwice, ..swamped });
    for (name, kind) in [("accepted", FaultKind::LoseAnswer), ("not accepted", FaultKind::DropBefore)] {
        let lost = Condition::new(
            format!("an answer lost ({name}), then nothing gets through for 60 s"),
            move |s, _| s.faults = vec![Fault { step: SiteStep::Submit, nth: 1, kind: kind.clone() }],
        );
        all.push(Condition { swamped_after: true, ..lost });
    }
    all
}

/// Closed after this many seconds of silence.
fn idle(seconds: u64) -> KeepAlive {
    KeepAlive { idle: Some(Duration::from_secs(seconds)), ..KeepAlive::default() }
}

const BASES: [(&str, PrintedBase); 4] = [
    ("as asked", PrintedBase::AsAsked),
    ("by https", PrintedBase::Https),
    ("with another port", PrintedBase::Port(9)),
    ("without the port", PrintedBase::WithoutPort),
];

const LOGIN_FAILURES: [(&str, LoginFailure); 4] = [
    ("a 302 to the message page", LoginFailure::Redirect),
    ("the message page", LoginFailure::MessagePage),
    ("a `Refresh` header", LoginFailure::Refresh),
    ("a script", LoginFailure::Script),
];

/// The settings of a round's world, and its true opening.
fn world(condition: &Condition, number: u64) -> Result<(Settings, SeoulTime), Failure> {
    let mut random = Seeded(number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5eed);
    let opens = OPENING.parse::<SeoulTime>()?.plus(condition.late);
    let mut settings = Settings::default();
    settings.seed = number + 1;
    settings.clock_skew_millis = random.between(-2_000.0, 2_000.0) as i64;
    settings.openings.insert(DAY.parse()?, opens);
    let (jitter, part) = (random.between(0.10, 0.25), random.between(0.35, 0.65));
    let way = |part: f64| {
        let mean = ROUND_TRIP_MS * part;
        let mut delay = Delay::default();
        (delay.base, delay.jitter) = (ms(mean * (1.0 - jitter)), ms(mean * 2.0 * jitter));
        delay
    };
    (settings.there, settings.back) = (way(part), way(1.0 - part));
    (condition.change)(&mut settings, opens);
    Ok((settings, opens))
}

async fn round(condition: &Condition, wrong_password: bool, number: u64) -> Result<Given, Failure> {
    let (settings, opens) = world(condition, number)?;
    let clock = Arc::new(ManualClock::new(START.parse()?));
    let dialect = Site::builtin("namyangju")?;
    let stand_in = StandIn::new(&dialect, settings);
    let account = stand_in.accounts().first().cloned().ok_or("no account")?;
    let server = StandInServer::start(stand_in, clock.clone()).await?;
    let site = if condition.plain { dialect.with_base_url(&server.base_url())? } else { server.site()? };
    let client = Client::builder(site).clock(clock.clone()).build()?;
    let password = if wrong_password { "wrong".to_owned() } else { account.password.clone() };
    let wish = Wish {
        place: "NYJ06/07/103".parse()?,
        date: DAY.parse()?,
        range: "06:00-08:00".parse()?,
        purpose: Default::default(),
    };
    let application = Application::new("가나다클럽", "4".parse()?, "테니스", "운동");
    let booking = Booking::new(client, Credentials::new(account.id.clone(), password), wish, application);
    let (mut answered, mut attempts) = (false, Vec::new());
    let report: Report = booking
        .opens_at(OPENING.parse()?)
        .run(|happened| match &happened.event {
            Event::Armed { .. } => server.with(|s| s.settings_mut().handshake_round_trips = HANDSHAKE),
            Event::Attempt { .. } => attempts.push(happened.monotonic),
            Event::Answered { .. } if condition.swamped_after && !std::mem::replace(&mut answered, true) => {
                server.with(|s| {
                    // From now on, whatever the site's clock shows.
                    let from = happened.at.minus(Duration::from_secs(10));
                    let until = opens.plus(SWAMPED_FOR);
                    let (resets, longest) = (0.5, Duration::from_secs(8));
                    s.settings_mut().swamp =
                        Some(Swamp { from, until, errors: 0.5, resets, slow: 0.0, longest });
                });
            }
            _ => {}
        })
        .await;
    let announced: SeoulTime = OPENING.parse()?;
    let arrivals = server.arrivals();
    let is_login = |body: &[u8]| body.windows(6).any(|part| part == b"mempw=");
    let booked: Vec<f64> = server.with(|s| {
        let since = |at: SeoulTime| (at.unix_micros() - opens.unix_micros()) as f64 / 1e3;
        s.bookings().iter().map(|booked| since(booked.at)).collect()
    });
    let second = Duration::from_secs(1);
    let within = |from: &Duration| attempts.iter().filter(|at| (*from..*from + second).contains(*at)).count();
    Ok(Given {
        booked: booked.first().copied(),
        bookings: booked.len(),
        requests: arrivals.len(),
        after: arrivals.iter().filter(|a| a.site_time >= announced).count(),
        passwords: arrivals.iter().filter(|a| a.method == "POST" && is_login(&a.body)).count(),
        attempts: report.attempts.len(),
        verdict: report.verdict,
        in_a_second: attempts.iter().map(within).max().unwrap_or_default(),
    })
}

/// All rounds of some rows, on every core. In the order of the rows.
fn all(rows: &[(&Condition, bool)], rounds: usize) -> Result<Vec<Vec<Given>>, Failure> {
    let next = AtomicUsize::new(0);
    let given: Mutex<Vec<Vec<Given>>> = Mutex::new(rows.iter().map(|_| Vec::new()).collect());
    let failed: Mutex<Option<String>> = Mutex::new(None);
    let work = || {
        loop {
            let job = next.fetch_add(1, Ordering::Relaxed);
            let Some((condition, wrong)) = rows.get(job / rounds) else { break };
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let result = match runtime {
                Ok(runtime) => runtime.block_on(round(condition, *wrong, (job % rounds) as u64)),
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
                    let text = format!("{}, round {}: {error}", condition.name, job % rounds);
                    *failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(text);
                }
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, |n| n.get()) {
            scope.spawn(work);
        }
    });
    match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(text) => Err(text.into()),
        None => Ok(given.into_inner().unwrap_or_else(PoisonError::into_inner)),
    }
}

fn parts(given: &[Given], of: impl Fn(&Given) -> Option<f64>) -> String {
    let mut figures: Vec<f64> = given.iter().filter_map(of).collect();
    if figures.is_empty() {
        return "–".to_owned();
    }
    let texts = [0.5, 0.95, 1.0].map(|part| format!("{:.0}", quantile(&mut figures, part)));
    texts.join(" / ")
}

/// Prints both tables; whether every round ended as it must.
pub(crate) fn tables(rounds: usize) -> Result<bool, Failure> {
    let conditions = conditions();
    let rows: Vec<_> = conditions.iter().map(|condition| (condition, false)).collect();
    let given = all(&rows, rounds)?;
    println!(
        "\n{rounds} rounds a row, round trip {ROUND_TRIP_MS} ms; numbers are those of the table of the conditions.\n"
    );
    println!(
        "| condition | ended | booked after the true opening, p50 / p95 / max ms | attempts p50 / p95 / max | requests p50 / p95 / max | after the announced instant p50 / p95 / max | logins, most | attempts in a second, most | double bookings | as it must be |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --: | --: | --: | --- |");
    let mut right = true;
    for ((condition, _), given) in rows.iter().zip(&given) {
        let ended = |is: fn(&Verdict) -> bool| given.iter().filter(|one| is(&one.verdict)).count();
        let reserved = ended(|v| matches!(v, Verdict::Reserved { .. }));
        let person = ended(|v| matches!(v, Verdict::NeedsPerson { .. }));
        let unconfirmed = ended(|v| matches!(v, Verdict::Unconfirmed));
        let other = given.len() - reserved - person - unconfirmed;
        let told = |one: &Given| match one.verdict {
            Verdict::Reserved { .. } => one.bookings == 1,
            Verdict::Unconfirmed => one.bookings <= 1,
            _ => one.bookings == 0,
        };
        let doubles = given.iter().filter(|one| one.bookings > 1).count();
        let enough = match condition.wanted {
            Wanted::Reserved => reserved == given.len(),
            Wanted::NeedsPerson => person == given.len(),
            Wanted::NeverTwice => person == 0,
        };
        let fine = enough && doubles == 0 && given.iter().all(|one| told(one) && one.in_a_second <= 2);
        right &= fine;
        let words = [
            ("reserved", reserved),
            ("needs a person", person),
            ("unconfirmed", unconfirmed),
            ("other", other),
        ];
        let words: Vec<_> =
            words.iter().filter(|(_, many)| *many > 0).map(|(word, many)| format!("{many} {word}")).collect();
        let most = |of: fn(&Given) -> usize| given.iter().map(of).max().unwrap_or_default();
        println!(
            "| {} | {} | {} | {} | {} | {} | {} | {} | {doubles} | {} |",
            condition.name,
            words.join(", "),
            parts(given, |one| one.booked),
            parts(given, |one| Some(one.attempts as f64)),
            parts(given, |one| Some(one.requests as f64)),
            parts(given, |one| Some(one.after as f64)),
            most(|one| one.passwords),
            most(|one| one.in_a_second),
            if fine { "yes" } else { "NO" },
        );
    }
    Ok(wrong_passwords(rounds)? && right)
}

/// A wrong password, in every style of login and of address.
fn wrong_passwords(rounds: usize) -> Result<bool, Failure> {
    let mut conditions = Vec::new();
    for (style, failure) in LOGIN_FAILURES {
        for (_, base) in BASES {
            conditions
                .push(Condition::new(style, move |s, _| (s.login_failure, s.printed_base) = (failure, base)));
        }
    }
    let rows: Vec<_> = conditions.iter().map(|condition| (condition, true)).collect();
    let given = all(&rows, rounds)?;
    println!(
        "\nA wrong password: how often it arrived at the site, at most, in {rounds} rounds each; all ended as refused.\n"
    );
    let names: Vec<_> = BASES.iter().map(|(name, _)| format!("addresses {name}")).collect();
    println!("| the login is refused by | {} |", names.join(" | "));
    println!("| --- {}|", "| --: ".repeat(BASES.len()));
    let mut right = true;
    for (style, given) in LOGIN_FAILURES.iter().zip(given.chunks(BASES.len())) {
        let cells = given.iter().map(|given| {
            let fine = given.iter().all(|one| {
                one.passwords == 1 && one.bookings == 0 && matches!(one.verdict, Verdict::Refused { .. })
            });
            right &= fine;
            let most = given.iter().map(|one| one.passwords).max().unwrap_or_default();
            if fine { most.to_string() } else { format!("{most} NO") }
        });
        println!("| {} | {} |", style.0, cells.collect::<Vec<_>>().join(" | "));
    }
    Ok(right)
}
