//! Many armed bookings in one process: what each costs, and how close together their first requests leave.
//!
//!     cargo run --release -p benches --bin scale -- [counts] [rounds=1] [word ...]
//!
//! `counts` is a list such as `1,8,100` (default `1,8,100,1000,5000`); of several rounds the table has the medians,
//! with the smallest and the largest figure. Words: `multi` for tokio's runtime of
//! two threads instead of one; `form` for a site that gives nothing before the opening, so that the first
//! request is the form's and not the submission; `tls` for TLS (the landing page is then not found, for the
//! stand-in speaks of itself as plain http: look at memory and spread only); `measure` to have each booking
//! measure the site's clock instead of being told it; `alone` for a client built anew for each booking instead
//! of one of a family for each account.
//!
//! For each count a process of bookings runs against a process with the stand-in. All are of one opening
//! instant, eight of each invented account, and get ready a few at a time. Memory is taken when the last one
//! is armed. `left` is when a first request was handed to its connection; `arrived` is when the stand-in's
//! process had read its first bytes, on a thread of its own in front of the stand-in; both count from the
//! first of all. Nothing but loopback is reached.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use benches::{machine, quantile, usage};
use namyangju_rent::clock::{Clock, SystemClock};
use namyangju_rent::harness::{Account, Gate, Settings, StandIn, StandInServer};
use namyangju_rent::{
    Application, Booking, Client, Credentials, Event, Purpose, Report, SeoulTime, Site, TimedEvent, Verdict,
    Wish,
};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore};
use tokio_rustls::TlsAcceptor;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The most bookings of one account for one day.
const OF_ONE_ACCOUNT: usize = namyangju_rent::limits::MAX_BOOKINGS_PER_DAY;

/// How many get ready at the same time.
const AT_ONCE: usize = 16;

/// Time before the opening: a base, and what one booking takes to get ready on a slow machine.
const AHEAD: Duration = Duration::from_secs(28);
const AHEAD_EACH: Duration = Duration::from_millis(15);

/// The measurement of the clock takes eight probes, one a second.
const AHEAD_TO_MEASURE: Duration = Duration::from_secs(45);

const ROUNDS: &str = "rounds=";

#[derive(Clone)]
struct Plan {
    count: usize,
    opening: SeoulTime,
    words: Vec<String>,
}

impl Plan {
    fn has(&self, word: &str) -> bool {
        self.words.iter().any(|w| w == word)
    }

    /// What the stand-in and its visitors agree on.
    fn settings(&self) -> Settings {
        let accounts = u32::try_from(self.count.div_ceil(OF_ONE_ACCOUNT)).unwrap_or(u32::MAX);
        let mut settings = Settings::default();
        settings.accounts = (1..=accounts).map(Account::invented).collect();
        settings.gate = if self.has("form") { Gate::Day } else { Gate::Submit };
        settings
    }

    fn stand_in(&self) -> Result<StandIn, Failure> {
        let mut stand_in = StandIn::new(&Site::builtin("namyangju")?, self.settings());
        for (_, wish) in self.wishes(&stand_in) {
            stand_in.set_opening(wish.date, Some(self.opening));
        }
        Ok(stand_in)
    }

    /// The wishes with their accounts: an account has the rounds of one court and day.
    fn wishes(&self, stand_in: &StandIn) -> Vec<(usize, Wish)> {
        let courts: Vec<_> = stand_in.places().iter().filter(|c| c.rounds.len() == OF_ONE_ACCOUNT).collect();
        let first = self.opening.date().plus_days(5);
        let wish = |index: usize| {
            let (account, round) = (index / OF_ONE_ACCOUNT, index % OF_ONE_ACCOUNT);
            let court = courts.get(account % courts.len().max(1))?;
            let date = first.plus_days(i32::try_from(account / courts.len().max(1)).ok()?);
            let (_, range) = *court.rounds.get(round)?;
            Some((account, Wish { place: court.place.clone(), date, range, purpose: Purpose::Sports }))
        };
        (0..self.count).filter_map(wish).collect()
    }
}

// --- the site's process

fn tls_file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../namyangju-rent/tests/it/tls").join(name)
}

/// Serves until its standard input ends. Prints its address, then for each line it reads the instants at
/// which requests of the first kind arrived, in microseconds after the opening.
fn site_process(plan: &Plan) -> Result<(), Failure> {
    let server = StandInServer::spawn(plan.stand_in()?, Arc::new(SystemClock))?;
    let acceptor = if plan.has("tls") {
        let certificate = CertificateDer::from_pem_file(tls_file("site.pem"))?;
        let key = PrivateKeyDer::from_pem_file(tls_file("site.key"))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)?;
        Some(TlsAcceptor::from(Arc::new(config)))
    } else {
        None
    };
    let arrived: Arc<Mutex<Vec<i64>>> = Arc::default();
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    let scheme = if acceptor.is_some() { "https" } else { "http" };
    println!("{scheme}://{}", listener.local_addr()?);
    let front = Front {
        site: server.address(),
        acceptor,
        path: if plan.has("form") {
            b"POST /rent/rent/rentinput".to_vec()
        } else {
            b"POST /rent/rent/process".to_vec()
        },
        opening: plan.opening,
        arrived: Arc::clone(&arrived),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::spawn(move || runtime.block_on(front.serve(listener)));
    for line in std::io::stdin().lines() {
        line?;
        let times = arrived.lock().unwrap_or_else(PoisonError::into_inner).clone();
        println!("{}", json!({ "arrived": times, "bookings": server.with(|s| s.bookings().len()) }));
    }
    Ok(())
}

/// Stands before the stand-in, takes TLS off, and notes when requests arrive.
struct Front {
    site: std::net::SocketAddr,
    acceptor: Option<TlsAcceptor>,
    path: Vec<u8>,
    opening: SeoulTime,
    arrived: Arc<Mutex<Vec<i64>>>,
}

impl Front {
    async fn serve(self, listener: std::net::TcpListener) {
        let Ok(listener) = TcpListener::from_std(listener) else { return };
        let front = Arc::new(self);
        while let Ok((visitor, _)) = listener.accept().await {
            let front = Arc::clone(&front);
            tokio::spawn(async move {
                let _ = visitor.set_nodelay(true);
                match &front.acceptor {
                    None => front.carry(visitor).await,
                    Some(acceptor) => match acceptor.accept(visitor).await {
                        Ok(visitor) => front.carry(visitor).await,
                        Err(_) => Ok(()),
                    },
                }
            });
        }
    }

    async fn carry(&self, visitor: impl AsyncRead + AsyncWrite) -> std::io::Result<()> {
        let site = TcpStream::connect(self.site).await?;
        site.set_nodelay(true)?;
        let (mut from_visitor, mut to_visitor) = tokio::io::split(visitor);
        let (mut from_site, mut to_site) = site.into_split();
        let there = async {
            let mut buffer = [0; 8192];
            loop {
                let length = from_visitor.read(&mut buffer).await?;
                let Some(bytes) = buffer.get(..length).filter(|bytes| !bytes.is_empty()) else { break };
                if bytes.starts_with(&self.path) {
                    let at = SystemClock.now().unix_micros() - self.opening.unix_micros();
                    // What came long before is a booking that was arming.
                    if at > -1_000_000 {
                        self.arrived.lock().unwrap_or_else(PoisonError::into_inner).push(at);
                    }
                }
                to_site.write_all(bytes).await?;
            }
            to_site.shutdown().await
        };
        let back = async {
            tokio::io::copy(&mut from_site, &mut to_visitor).await?;
            to_visitor.shutdown().await
        };
        tokio::try_join!(there, back).map(drop)
    }
}

// --- the process of bookings

/// What the observers of all bookings share.
#[derive(Default)]
struct Seen {
    armed: AtomicUsize,
    all: Notify,
    late_micros: Mutex<Vec<f64>>,
}

async fn bookings(plan: &Plan, base: &str) -> Result<Value, Failure> {
    let stand_in = plan.stand_in()?;
    let (site, wishes) = (stand_in.site(base)?, plan.wishes(&stand_in));
    drop(stand_in);
    let build = || -> Result<Client, Failure> {
        let builder = Client::builder(site.clone());
        Ok(if plan.has("tls") { builder.extra_ca(tls_file("ca.pem")) } else { builder }.build()?)
    };
    let building = Instant::now();
    let family = build()?;
    let built_micros = building.elapsed().as_micros() as u64;
    let application = Application::new("가나다클럽", "4".parse()?, "테니스", "운동");
    let gate = Arc::new(Semaphore::new(AT_ONCE));
    let seen = Arc::new(Seen::default());
    let empty = usage::pss_kib("self").unwrap_or_default();
    let (cpu_before, mut tasks) = (usage::cpu("self").unwrap_or_default(), tokio::task::JoinSet::new());
    let mut members: Vec<Client> = Vec::new();
    for (account, wish) in wishes {
        if members.len() <= account {
            members.push(family.for_account());
        }
        let member =
            if plan.has("alone") { build()? } else { members.last().cloned().unwrap_or(family.clone()) };
        let Account { id, password, .. } = Account::invented(u32::try_from(account + 1)?);
        let booking = Booking::new(member, Credentials::new(id, password), wish, application.clone());
        let booking = booking.opens_at(plan.opening);
        let booking = if plan.has("measure") { booking } else { booking.clock_offset_micros(0) };
        let mut permit = Some(Arc::clone(&gate).acquire_owned().await?);
        let (seen, count) = (Arc::clone(&seen), plan.count);
        tasks.spawn(booking.run(move |TimedEvent { event, .. }| match event {
            Event::Learned { .. } | Event::Alarm { .. } => drop(permit.take()),
            Event::Armed { .. } => {
                drop(permit.take());
                if seen.armed.fetch_add(1, Ordering::Relaxed) + 1 == count {
                    seen.all.notify_one();
                }
            }
            Event::Fired { late } => {
                let mut figures = seen.late_micros.lock().unwrap_or_else(PoisonError::into_inner);
                figures.push(late.as_secs_f64() * 1e6);
            }
            _ => {}
        }));
    }
    let until = plan.opening.since(SystemClock.now()).saturating_sub(Duration::from_millis(100));
    let all_armed = tokio::time::timeout(until, seen.all.notified()).await.is_ok();
    let ready = plan.opening.since(SystemClock.now());
    let (armed, held) = (seen.armed.load(Ordering::Relaxed), usage::pss_kib("self").unwrap_or_default());
    let cpu_armed = usage::cpu("self").unwrap_or_default();
    let mut reports: Vec<Report> = Vec::new();
    while let Some(ended) = tasks.join_next().await {
        reports.push(ended?);
    }
    let cpu_after = usage::cpu("self").unwrap_or_default();
    let first = |report: &Report| {
        let visit = *report.attempts.first()?.visits.first()?;
        Some((visit.sent.unix_micros() - plan.opening.unix_micros()) as f64)
    };
    let left: Vec<f64> = reports.iter().filter_map(first).collect();
    let won = reports.iter().filter(|r| matches!(r.verdict, Verdict::Reserved { .. })).count();
    let late = seen.late_micros.lock().unwrap_or_else(PoisonError::into_inner).clone();
    Ok(json!({
        "armed": armed, "all_armed": all_armed, "ready_ms": ready.as_millis() as u64, "won": won,
        "client_build_micros": built_micros,
        "empty_kib": empty, "armed_kib": held, "peak_kib": usage::peak_kib("self"),
        "cpu_before_ms": (cpu_armed - cpu_before).as_millis() as u64,
        "cpu_after_ms": (cpu_after - cpu_armed).as_millis() as u64,
        "requests": reports.iter().map(|r| u64::from(r.requests)).sum::<u64>(),
        "left": left, "late": late,
    }))
}

// --- the driver

struct Part {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Part {
    fn start(role: &str, plan: &Plan, more: &str) -> Result<Self, Failure> {
        let mut child = Command::new(std::env::current_exe()?)
            .args([role, &plan.count.to_string(), &plan.opening.unix_micros().to_string(), more])
            .args(&plan.words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let (input, output) = (child.stdin.take(), child.stdout.take().ok_or("no output")?);
        Ok(Self { child, input, output: BufReader::new(output) })
    }

    fn line(&mut self) -> Result<String, Failure> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        if line.is_empty() { Err("a part of the measurement has ended early".into()) } else { Ok(line) }
    }

    fn end(mut self) -> Result<(), Failure> {
        drop(self.input.take());
        self.child.wait()?;
        Ok(())
    }
}

fn figures(value: &Value, key: &str) -> Vec<f64> {
    value.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_f64).collect()
}

/// The columns, with the digits after the point that say something.
const COLUMNS: [(&str, usize); 18] = [
    ("armed", 0),
    ("s before the opening", 1),
    ("MiB in all", 1),
    ("KiB each", 1),
    ("MiB at the peak", 1),
    ("first left, ms after the instant", 2),
    ("left: p50, ms after the first", 1),
    ("p95", 1),
    ("last", 1),
    ("latest shot, ms", 1),
    ("arrived: p50, ms after the first", 1),
    ("p95", 1),
    ("last", 1),
    ("CPU ms each until armed", 2),
    ("CPU ms each afterwards", 2),
    ("requests each", 1),
    ("won, by the site's log", 0),
    ("ms to build a client", 1),
];

/// After the first of them in milliseconds: the one at a half, the one at 95 %, the last.
fn spread(micros: &mut [f64]) -> [f64; 3] {
    let first = quantile(micros, 0.0);
    [0.5, 0.95, 1.0].map(|part| (quantile(micros, part) - first) / 1e3)
}

/// One run: a figure for each column.
fn measure(count: usize, words: &[String]) -> Result<[f64; COLUMNS.len()], Failure> {
    let measures = words.iter().any(|word| word == "measure");
    let each = AHEAD_EACH * u32::try_from(count)?;
    let ahead = AHEAD + each + if measures { AHEAD_TO_MEASURE } else { Duration::ZERO };
    let micros = SystemClock.now().plus(ahead).unix_micros();
    let opening = SeoulTime::from_unix_micros(micros / 1_000_000 * 1_000_000);
    let plan = Plan { count, opening, words: words.to_vec() };
    let mut site = Part::start("--site", &plan, "-")?;
    let base = site.line()?.trim().to_owned();
    let mut ours = Part::start("--bookings", &plan, &base)?;
    let told: Value = serde_json::from_str(&ours.line()?)?;
    ours.end()?;
    writeln!(site.input.as_mut().ok_or("no input")?)?;
    let log: Value = serde_json::from_str(&site.line()?)?;
    site.end()?;
    let number = |key: &str| told.get(key).and_then(Value::as_f64).unwrap_or(f64::NAN);
    let of_each = |total: f64| total / count as f64;
    let (mut late, mut left, mut arrived) =
        (figures(&told, "late"), figures(&told, "left"), figures(&log, "arrived"));
    arrived.sort_by(f64::total_cmp);
    arrived.truncate(count);
    let won = log.get("bookings").and_then(Value::as_f64).unwrap_or(f64::NAN);
    // A landing page that is not found makes an outcome unknown; what the site has is what counts.
    if won != number("won") && !plan.has("tls") {
        eprintln!("{} reports of a booking, {won} bookings at the site", number("won"));
    }
    let ([left_half, left_most, left_last], [came_half, came_most, came_last]) =
        (spread(&mut left), spread(&mut arrived));
    Ok([
        number("armed"),
        number("ready_ms") / 1e3,
        number("armed_kib") / 1024.0,
        of_each(number("armed_kib") - number("empty_kib")),
        number("peak_kib") / 1024.0,
        quantile(&mut left, 0.0) / 1e3,
        left_half,
        left_most,
        left_last,
        quantile(&mut late, 1.0) / 1e3,
        came_half,
        came_most,
        came_last,
        of_each(number("cpu_before_ms")),
        of_each(number("cpu_after_ms")),
        of_each(number("requests")),
        won,
        number("client_build_micros") / 1e3,
    ])
}

/// The medians of some runs; behind each the smallest and the largest, where they differ.
fn line(count: usize, runs: &[[f64; COLUMNS.len()]]) -> String {
    let cell = |(at, (_, digits)): (usize, &(&str, usize))| {
        let mut figures: Vec<f64> = runs.iter().filter_map(|run| run.get(at).copied()).collect();
        let [middle, least, most] =
            [0.5, 0.0, 1.0].map(|part| format!("{:.digits$}", quantile(&mut figures, part)));
        if least == most { middle } else { format!("{middle} ({least}–{most})") }
    };
    let cells: Vec<String> = COLUMNS.iter().enumerate().map(cell).collect();
    format!("| {count} | {} |", cells.join(" | "))
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let role = arguments.first().map(String::as_str).unwrap_or_default();
    if let ("--site" | "--bookings", [_, count, opening, base, words @ ..]) = (role, arguments.as_slice()) {
        let opening = SeoulTime::from_unix_micros(opening.parse()?);
        let plan = Plan { count: count.parse()?, opening, words: words.to_vec() };
        if role == "--site" {
            return site_process(&plan);
        }
        let runtime = if plan.has("multi") {
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?
        } else {
            tokio::runtime::Builder::new_current_thread().enable_all().build()?
        };
        println!("{}", runtime.block_on(bookings(&plan, base))?);
        return Ok(());
    }
    let known = ["multi", "form", "tls", "measure", "alone"];
    let (words, others): (Vec<String>, Vec<String>) =
        arguments.into_iter().partition(|argument| known.contains(&argument.as_str()));
    let (rounds, counts): (Vec<String>, Vec<String>) =
        others.into_iter().partition(|argument| argument.starts_with(ROUNDS));
    let rounds: usize = match rounds.first().and_then(|argument| argument.strip_prefix(ROUNDS)) {
        Some(number) => number.parse()?,
        None => 1,
    };
    let counts = counts.first().map_or("1,8,100,1000,5000", String::as_str).to_owned();
    let names: Vec<&str> = COLUMNS.iter().map(|(name, _)| *name).collect();
    println!("{}; medians of {rounds}\n\n`{}`\n", machine(), words.join(" "));
    println!("| bookings | {} |\n| --: |{}", names.join(" | "), " --: |".repeat(names.len()));
    for count in counts.split(',') {
        let count = count.parse()?;
        let runs: Result<Vec<_>, Failure> = (0..rounds.max(1)).map(|_| measure(count, &words)).collect();
        println!("{}", line(count, &runs?));
    }
    Ok(())
}
