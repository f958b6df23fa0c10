//! One slot, one opening instant, ours against competitors of the old kind.
//!
//!     cargo run --release -p benches --bin race -- [rounds] [competitors] [round trip in ms] [early]
//!     cargo run -p benches --bin race -- [rounds] [competitors] [round trip in ms] [early] servers
//!
//! Each round has its own stand-in with a round trip of so many milliseconds +- 25 % (half each way, drawn
//! anew for every request), a site clock that is off by up to two seconds, and an opening instant 16 s
//! ahead; ours measures that clock and fires. A competitor does what the old system did: login, form,
//! submission, begun every 500 ms without waiting for the round before, at a phase of its own drawn evenly
//! from the first 500 ms after the opening (its cron job knew the instant; the real one was up to five
//! minutes late). With `early` it hammers in the same way from two seconds before the opening.
//!
//! Rounds run five at a time, started apart. Who won, and when requests arrived, is read from the
//! stand-in's own log.
//!
//! With `servers` the rounds are run on a clock that jumps from one thing to the next (`benches::turn_clock`), ten minutes
//! in a moment, and for each server in turn: apache and nginx by the time of their scripts, lines that are closed, and a
//! `Date` that a timer renews. The competitors are the same programs over the same sockets; connects take no time for
//! anybody, and a processor that is busy makes nobody late.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use benches::turn_clock::TurnClock;
use benches::{Failure, Seeded, machine, quantile};
use namyangju_rent::clock::{Clock, SystemClock};
use namyangju_rent::harness::{
    Account, Arrival, DateStamp, Delay, KeepAlive, Settings, SiteStep, StandIn, StandInServer, WebServer,
};
use namyangju_rent::{Application, Booking, Client, Credentials, Purpose, SeoulTime, Site, Verdict, Wish};

const OPENS_IN: Duration = Duration::from_secs(16);
/// The same on a clock that jumps.
const JUMPS_TO: Duration = Duration::from_secs(600);
const START: &str = "2026-11-26 09:50:00";
const AT_ONCE: usize = 5;
const OLD_INTERVAL: Duration = Duration::from_millis(500);
/// The old system went on for minutes; a slot is gone long before.
const OLD_ROUNDS: u32 = 8;

#[derive(Clone, Copy)]
struct Plan {
    competitors: usize,
    round_trip: Duration,
    early: bool,
}

/// What a row of servers varies.
#[derive(Clone)]
struct Model {
    name: String,
    server: WebServer,
    /// How far the site's clock may be off, either way, in milliseconds.
    off_millis: f64,
}

struct Outcome {
    ours: bool,
    /// The first request near the opening, after it; negative before.
    arrival_micros: i64,
    /// The first that the rules could accept.
    useful_micros: i64,
    requests: u32,
    after_opening: u32,
    clock_error_micros: i64,
}

async fn round(
    plan: Plan,
    model: Model,
    clock: Arc<dyn Clock>,
    opens_in: Duration,
    number: usize,
) -> Result<Outcome, Failure> {
    let mut seeded = Seeded(number as u64 + 1);
    let skew_millis = seeded.between(-model.off_millis, model.off_millis) as i64;
    let date = clock.now().date().plus_days(20);
    // By the site's clock it opens at a whole second.
    let local = clock.now().plus(opens_in);
    let opening =
        SeoulTime::from_unix_micros((local.unix_micros() + skew_millis * 1_000) / 1_000_000 * 1_000_000);
    let mut settings = Settings::default();
    settings.seed = number as u64 + 1;
    settings.clock_skew_millis = skew_millis;
    settings.openings.insert(date, opening);
    let half = plan.round_trip / 2;
    (settings.there, settings.back) = (jittered(half), jittered(half));
    settings.web_server = model.server;
    if let DateStamp::Timer { every, .. } = settings.web_server.date {
        let phase = Duration::from_micros(Seeded(number as u64 + 77).between(0.0, 1e6) as u64);
        settings.web_server.date = DateStamp::Timer { every, phase };
    }
    settings.accounts = (1..=plan.competitors as u32 + 1).map(Account::invented).collect();
    let stand_in = StandIn::new(&Site::builtin("namyangju")?, settings);
    let accounts = stand_in.accounts().to_vec();
    // On the thread of the others where the clock is theirs alone.
    let server = if opens_in == OPENS_IN {
        StandInServer::spawn(stand_in, Arc::clone(&clock))?
    } else {
        StandInServer::start(stand_in, Arc::clone(&clock)).await?
    };
    let wish = Wish {
        place: "NYJ06/07/103".parse()?,
        date,
        range: "06:00-08:00".parse()?,
        purpose: Purpose::Sports,
    };

    let (own, others) = accounts.split_first().ok_or("no accounts")?;
    let opens_local = SeoulTime::from_unix_micros(opening.unix_micros() - skew_millis * 1_000);
    let mut tasks = tokio::task::JoinSet::new();
    for other in others {
        let phase = Duration::from_micros(seeded.between(0.0, 500_000.0) as u64);
        let begin = if plan.early { opens_local.minus(Duration::from_secs(2)) } else { opens_local };
        let old = Old::new(server.base_url(), other, &wish, Arc::clone(&clock))?;
        tasks.spawn(async move { old.run(begin.plus(phase)).await });
    }

    let client = Client::builder(server.site()?).clock(clock).build()?;
    let application = Application::new("가나다클럽", "4".parse()?, "테니스", "운동");
    let credentials = Credentials::new(own.id.clone(), own.password.clone());
    let report = Booking::new(client, credentials, wish, application).opens_at(opening).run(|_| {}).await;
    tasks.abort_all();

    let first = |arrivals: &[Arrival], from: SeoulTime| {
        let fired = arrivals.iter().filter(|a| a.account.as_deref() == Some(own.id.as_str()));
        let mut shots = fired.filter(|a| a.method != "HEAD" && a.site_time >= from);
        shots
            .find(|a| matches!(a.step, SiteStep::Day | SiteStep::Form | SiteStep::Submit))
            .map(|a| a.site_time.unix_micros())
    };
    let arrivals = server.arrivals();
    let near = opening.minus(Duration::from_millis(1_500));
    let arrival = first(&arrivals, near).ok_or("nothing of ours arrived")?;
    let useful = first(&arrivals, opening).unwrap_or(i64::MAX);
    let winner = server.with(|s| s.bookings().first().map(|b| b.account.clone()));
    let ours = winner.as_deref() == Some(own.id.as_str());
    assert_eq!(
        ours,
        matches!(report.verdict, Verdict::Reserved { .. }),
        "the verdict is what the site has: {report:?}"
    );
    let ahead = report.clock.map_or(i64::MAX, |c| c.ahead_micros);
    Ok(Outcome {
        ours,
        arrival_micros: arrival - opening.unix_micros(),
        useful_micros: useful.saturating_sub(opening.unix_micros()),
        requests: report.requests,
        after_opening: report.requests_after_opening.ok_or("the run did not reach the opening")?,
        clock_error_micros: (ahead - skew_millis * 1_000).abs(),
    })
}

/// So much on average, a quarter up or down.
fn jittered(mean: Duration) -> Delay {
    let mut delay = Delay::default();
    (delay.base, delay.jitter) = (mean * 3 / 4, mean / 2);
    delay
}

/// A competitor of the old kind: three requests a round, the third cookie, a body made beforehand.
struct Old {
    http: reqwest::Client,
    base: String,
    login: String,
    form: String,
    submission: String,
    clock: Arc<dyn Clock>,
}

impl Old {
    fn new(base: String, account: &Account, wish: &Wish, clock: Arc<dyn Clock>) -> Result<Self, Failure> {
        let roots = rustls::RootCertStore::empty();
        let tls =
            rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
                .with_safe_default_protocol_versions()?
                .with_root_certificates(roots)
                .with_no_client_auth();
        let http = reqwest::Client::builder().no_proxy().tls_backend_preconfigured(tls).build()?;
        let (date, day) = (wish.date.compact(), format!("{:02}", wish.date.day()));
        let (year, month) = (wish.date.year(), format!("{:02}", wish.date.month()));
        let address = format!("{base}/rent");
        let form = format!(
            "category_index=reservation&receipt_date={date}&year={year}&month={month}&rev_day={day}&comcd=NYJ06&partcd=07&\
             placecd=103&is_list=1&baseURL={address}&baseSSL={address}&select_day={day}&select_group=Y&receipt_time%5B%5D=1833"
        );
        let submission = format!(
            "receipt_time%5B%5D=1833&item_cd_list%5B%5D=I000626&facility_count%5B%5D=0&time_select%5B%5D=1&discount%5B%5D=0&\
             formcheck=1001&URL={address}&SSL={address}&comcd=NYJ06&sale_amt={price}&part_cd=07&place_cd=103&team_seq={}&\
             payment_total_amt={price}&receipt_date={date}&select_group=Y&appli_name=test&club_name=test&tel=--&\
             hp=010-0000-0000&group_count=4&group_count_man=&group_count_woman=&playname=test&reason=test&\
             use_time_list=NYJ06%3B1833%3B{date}%3B{date}%3B0600%3B0800%3B&use_item_list=",
            account.team,
            price = "",
        );
        let login = format!("process_check=login&memid={}&mempw={}&ret_url=", account.id, account.password);
        Ok(Self { http, base: address, login, form, submission, clock })
    }

    async fn run(self, begin: SeoulTime) {
        let this = Arc::new(self);
        this.clock.sleep(begin.since(this.clock.now())).await;
        let mut rounds = tokio::task::JoinSet::new();
        for _ in 0..OLD_ROUNDS {
            let old = Arc::clone(&this);
            rounds.spawn(async move { old.chain().await });
            this.clock.sleep(OLD_INTERVAL).await;
        }
        while rounds.join_next().await.is_some() {}
    }

    async fn chain(&self) -> Option<()> {
        let login = self.post("/member/process", &self.login, None).await?;
        let third = login.headers().get_all("set-cookie").iter().nth(2)?.to_str().ok()?;
        let cookie = third.split(';').next()?.to_owned();
        let form = self.post("/rent/rentinput", &self.form, Some(&cookie)).await?;
        let renewed = form.headers().get_all("set-cookie").iter().next_back().and_then(|c| c.to_str().ok());
        let cookie = renewed.and_then(|c| c.split(';').next()).unwrap_or(&cookie).to_owned();
        let page = form.bytes().await.ok()?;
        let body = match amount_on(&page) {
            Some(amount) => self
                .submission
                .replace("sale_amt=", &format!("sale_amt={amount}"))
                .replace("payment_total_amt=", &format!("payment_total_amt={}", comma(amount))),
            None => return None,
        };
        self.post("/rent/process/rent", &body, Some(&cookie)).await.map(drop)
    }

    async fn post(&self, path: &str, body: &str, cookie: Option<&str>) -> Option<reqwest::Response> {
        let mut request = self
            .http
            .post(format!("{}{path}", self.base))
            .header("content-type", "application/x-www-form-urlencoded")
            .header("user-agent", "old/1")
            .body(body.to_owned());
        if let Some(cookie) = cookie {
            request = request.header("cookie", cookie);
        }
        request.send().await.ok()
    }
}

/// The value of the hidden `sale_amt` in an applicant form.
fn amount_on(page: &[u8]) -> Option<u32> {
    let text = String::from_utf8_lossy(page);
    let at = text.find("name=\"sale_amt\"")?;
    let value = text.get(at..)?.split("value=\"").nth(1)?;
    value.split('"').next()?.parse().ok()
}

fn comma(amount: u32) -> String {
    namyangju_rent::schedule::Won(amount).with_comma().replace(',', "%2C")
}

/// How far a site's clock is off where nothing else is said, in milliseconds.
const OFF_MILLIS: f64 = 2_000.0;
/// The same where a time server keeps it.
const KEPT_MILLIS: f64 = 5.0;

/// The servers that are raced on. Our clock is kept by a time server in all of them.
fn models() -> Vec<Model> {
    let mut all = Vec::new();
    let silent = |seconds| KeepAlive { idle: Some(Duration::from_secs(seconds)), ..KeepAlive::default() };
    let mut add = |name: String, server: WebServer, off_millis| all.push(Model { name, server, off_millis });
    for (name, server, kept) in [("apache", WebServer::apache(), 5), ("nginx", WebServer::nginx(), 3)] {
        for script in [0, 30, 120, 250] {
            add(format!("{name}, script {script} ms"), with_script(&server, script), OFF_MILLIS);
        }
        for (line, keep_alive) in [("silent lines closed", silent(kept)), ("no keep-alive", KeepAlive::off())]
        {
            let mut server = server.clone();
            server.keep_alive = keep_alive;
            add(format!("{name}, {line}"), server, OFF_MILLIS);
        }
    }
    // Its phase is another in each round.
    let mut timer = WebServer::nginx();
    timer.date = DateStamp::Timer { every: Duration::from_secs(1), phase: Duration::ZERO };
    for script in [0, 30, 120, 250] {
        let name = format!("`Date` by a timer, the site's clock kept, script {script} ms");
        add(name, with_script(&timer, script), KEPT_MILLIS);
    }
    add("`Date` by a timer, the site's clock off by up to 2 s, script 0 ms".to_owned(), timer, OFF_MILLIS);
    all
}

fn with_script(server: &WebServer, millis: u64) -> WebServer {
    let mut server = server.clone();
    server.script_time = Duration::from_millis(millis);
    server
}

/// A round on a clock that jumps.
fn jumping_round(plan: Plan, model: Model, number: usize) -> Result<Outcome, Failure> {
    let clock = Arc::new(TurnClock::new(START.parse()?));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        tokio::select! {
            outcome = round(plan, model, clock.clone(), JUMPS_TO, number) => outcome,
            () = clock.drive() => Err("the clock ended".into()),
        }
    })
}

/// Races on every server in turn, round by round, on every core; stops early after the seconds in `RACE_SECONDS`.
fn servers(plan: Plan, rounds: usize) -> Result<(), Failure> {
    let models = models();
    let seconds = std::env::var("RACE_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(u64::MAX);
    let (began, next) = (Instant::now(), AtomicUsize::new(0));
    let given: Mutex<Vec<Vec<Outcome>>> = Mutex::new(models.iter().map(|_| Vec::new()).collect());
    let failed: Mutex<Option<String>> = Mutex::new(None);
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, |n| n.get()) {
            scope.spawn(|| {
                while began.elapsed() < Duration::from_secs(seconds) {
                    let job = next.fetch_add(1, Ordering::Relaxed);
                    let (row, number) = (job % models.len(), job / models.len());
                    let Some(model) = models.get(row).filter(|_| number < rounds) else { break };
                    match jumping_round(plan, model.clone(), number) {
                        Ok(outcome) => {
                            let mut given = given.lock().unwrap_or_else(PoisonError::into_inner);
                            if let Some(row) = given.get_mut(row) {
                                row.push(outcome);
                            }
                        }
                        Err(error) => {
                            let text = format!("{}, round {number}: {error}", model.name);
                            *failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(text);
                        }
                    }
                }
            });
        }
    });
    if let Some(text) = failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        return Err(text.into());
    }
    let given = given.into_inner().unwrap_or_else(PoisonError::into_inner);
    println!("{}", machine());
    println!(
        "{} competitors{}, round trip {} ms +- 25 %\n",
        plan.competitors,
        if plan.early { " from 2 s before" } else { "" },
        plan.round_trip.as_millis()
    );
    println!(
        "| server | won | first useful arrival p5 / p50 / p95 / max ms | first shot refused % | requests p50 / max | after the opening p50 / max |"
    );
    println!("| --- | --: | --- | --: | --: | --: |");
    for (Model { name, .. }, outcomes) in models.iter().zip(&given) {
        let early = outcomes.iter().filter(|outcome| outcome.arrival_micros < outcome.useful_micros).count();
        let parts = |of: &dyn Fn(&Outcome) -> f64, parts: &[f64]| {
            let mut figures: Vec<f64> = outcomes.iter().map(of).collect();
            let texts = parts.iter().map(|part| format!("{:.1}", quantile(&mut figures, *part)));
            texts.collect::<Vec<_>>().join(" / ").replace(".0 /", " /").trim_end_matches(".0").to_owned()
        };
        println!(
            "| {name} | {} of {} | {} | {:.0} | {} | {} |",
            outcomes.iter().filter(|outcome| outcome.ours).count(),
            outcomes.len(),
            parts(&|outcome| outcome.useful_micros as f64 / 1_000.0, &[0.05, 0.5, 0.95, 1.0]),
            early as f64 / outcomes.len().max(1) as f64 * 100.0,
            parts(&|outcome| outcome.requests.into(), &[0.5, 1.0]),
            parts(&|outcome| outcome.after_opening.into(), &[0.5, 1.0]),
        );
    }
    println!("\n{} rounds in {} s", given.iter().map(Vec::len).sum::<usize>(), began.elapsed().as_secs());
    Ok(())
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Failure> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let given = arguments.len();
    arguments.retain(|word| word != "servers");
    let by_server = arguments.len() < given;
    let number =
        |index: usize, default: u64| arguments.get(index).map_or(Ok(default), |text| text.parse::<u64>());
    let rounds = number(0, 100)? as usize;
    let plan = Plan {
        competitors: number(1, 20)? as usize,
        round_trip: Duration::from_millis(number(2, 40)?),
        early: arguments.get(3).is_some_and(|word| word == "early"),
    };
    if by_server {
        return tokio::task::spawn_blocking(move || servers(plan, rounds)).await?;
    }
    let mut tasks = tokio::task::JoinSet::new();
    let gate = Arc::new(tokio::sync::Semaphore::new(AT_ONCE));
    for number in 0..rounds {
        let gate = Arc::clone(&gate);
        tasks.spawn(async move {
            // Openings of rounds that run together lie apart.
            tokio::time::sleep(Duration::from_millis(3_400 * (number % AT_ONCE) as u64)).await;
            let Ok(_turn) = gate.acquire().await else { return Err("closed".into()) };
            let server = WebServer::default();
            let model = Model { name: String::new(), server, off_millis: OFF_MILLIS };
            round(plan, model, Arc::new(SystemClock), OPENS_IN, number).await
        });
    }
    let mut outcomes = Vec::new();
    while let Some(ended) = tasks.join_next().await {
        outcomes.push(ended??);
    }
    let figures = |value: fn(&Outcome) -> i64| outcomes.iter().map(|o| value(o) as f64).collect::<Vec<_>>();
    let (mut arrivals, mut errors) = (figures(|o| o.arrival_micros), figures(|o| o.clock_error_micros));
    let (mut requests, mut after) = (figures(|o| o.requests.into()), figures(|o| o.after_opening.into()));
    let [min, p5, p50, p95, max] = [0.0, 0.05, 0.5, 0.95, 1.0].map(|p| quantile(&mut arrivals, p) / 1_000.0);
    println!(
        "{rounds} rounds, {} competitors{}, round trip {} ms +- 25 %",
        plan.competitors,
        if plan.early { " (early)" } else { "" },
        plan.round_trip.as_millis()
    );
    println!("won                     {}", outcomes.iter().filter(|o| o.ours).count());
    println!("arrival after opening   min {min:.1} p5 {p5:.1} p50 {p50:.1} p95 {p95:.1} max {max:.1} ms");
    let [p50, p95, max] = [0.5, 0.95, 1.0].map(|p| quantile(&mut errors, p) / 1_000.0);
    println!("error of the clock      p50 {p50:.1} p95 {p95:.1} max {max:.1} ms");
    for (name, counts) in [("requests", &mut requests), ("requests after opening", &mut after)] {
        println!("{name:<23} p50 {} max {}", quantile(counts, 0.5), quantile(counts, 1.0));
    }
    Ok(())
}
