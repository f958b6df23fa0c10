//! One slot, one opening instant, ours against competitors of the old kind.
//!
//!     cargo run --release -p benches --bin race -- [rounds] [competitors] [round trip in ms] [early]
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

use std::sync::Arc;
use std::time::Duration;

use benches::{Failure, Seeded, quantile};
use namyangju_rent::clock::{Clock, SystemClock};
use namyangju_rent::harness::{Account, Arrival, Delay, Settings, SiteStep, StandIn, StandInServer};
use namyangju_rent::{Application, Booking, Client, Credentials, Purpose, SeoulTime, Site, Verdict, Wish};

const OPENS_IN: Duration = Duration::from_secs(16);
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

struct Outcome {
    ours: bool,
    arrival_micros: i64,
    requests: u32,
    after_opening: u32,
    clock_error_micros: i64,
}

async fn round(plan: Plan, number: usize) -> Result<Outcome, Failure> {
    let mut seeded = Seeded(number as u64 + 1);
    let skew_millis = seeded.between(-2_000.0, 2_000.0) as i64;
    let date = SystemClock.now().date().plus_days(20);
    // By the site's clock it opens at a whole second.
    let local = SystemClock.now().plus(OPENS_IN);
    let opening =
        SeoulTime::from_unix_micros((local.unix_micros() + skew_millis * 1_000) / 1_000_000 * 1_000_000);
    let mut settings = Settings::default();
    settings.seed = number as u64 + 1;
    settings.clock_skew_millis = skew_millis;
    settings.openings.insert(date, opening);
    let half = plan.round_trip / 2;
    (settings.there, settings.back) = (jittered(half), jittered(half));
    settings.accounts = (1..=plan.competitors as u32 + 1).map(Account::invented).collect();
    let stand_in = StandIn::new(&Site::builtin("namyangju")?, settings);
    let accounts = stand_in.accounts().to_vec();
    let server = StandInServer::spawn(stand_in, Arc::new(SystemClock))?;
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
        let old = Old::new(server.base_url(), other, &wish)?;
        tasks.spawn(async move { old.run(begin.plus(phase)).await });
    }

    let client = Client::builder(server.site()?).build()?;
    let application = Application::new("가나다클럽", "4".parse()?, "테니스", "운동");
    let credentials = Credentials::new(own.id.clone(), own.password.clone());
    let report = Booking::new(client, credentials, wish, application).opens_at(opening).run(|_| {}).await;
    tasks.abort_all();

    let first = |arrivals: &[Arrival]| {
        let fired = arrivals.iter().filter(|a| a.account.as_deref() == Some(own.id.as_str()));
        let near = opening.minus(Duration::from_secs(1));
        let mut shots = fired.filter(|a| a.method != "HEAD" && a.site_time >= near);
        shots
            .find(|a| matches!(a.step, SiteStep::Day | SiteStep::Form | SiteStep::Submit))
            .map(|a| a.site_time.unix_micros())
    };
    let arrival = first(&server.arrivals()).ok_or("nothing of ours arrived")?;
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
}

impl Old {
    fn new(base: String, account: &Account, wish: &Wish) -> Result<Self, Failure> {
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
        Ok(Self { http, base: address, login, form, submission })
    }

    async fn run(self, begin: SeoulTime) {
        let this = Arc::new(self);
        tokio::time::sleep(begin.since(SystemClock.now())).await;
        let mut rounds = tokio::task::JoinSet::new();
        for _ in 0..OLD_ROUNDS {
            let old = Arc::clone(&this);
            rounds.spawn(async move { old.chain().await });
            tokio::time::sleep(OLD_INTERVAL).await;
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

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number =
        |index: usize, default: u64| arguments.get(index).map_or(Ok(default), |text| text.parse::<u64>());
    let rounds = number(0, 100)? as usize;
    let plan = Plan {
        competitors: number(1, 20)? as usize,
        round_trip: Duration::from_millis(number(2, 40)?),
        early: arguments.get(3).is_some_and(|word| word == "early"),
    };
    let mut tasks = tokio::task::JoinSet::new();
    let gate = Arc::new(tokio::sync::Semaphore::new(AT_ONCE));
    for number in 0..rounds {
        let gate = Arc::clone(&gate);
        tasks.spawn(async move {
            // Openings of rounds that run together lie apart.
            tokio::time::sleep(Duration::from_millis(3_400 * (number % AT_ONCE) as u64)).await;
            let Ok(_turn) = gate.acquire().await else { return Err("closed".into()) };
            round(plan, number).await
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
