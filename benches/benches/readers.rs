//! What the client does with bytes, without a socket: reading each page of a booking, making bodies,
//! keeping sessions, planning attempts. Each beside its floors, with a table of ratios at the end.
//!
//!     cargo bench -p benches --bench readers
//!
//! A reader is run as the client runs it on an answer (`harness::replay`: character set, redirects hidden
//! in the page, login state, human check, then the page itself). Its floors are html5ever's parse of the
//! decoded text, the decoding, and a copy of the bytes.

use std::fs;
use std::hint::black_box;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use criterion::{Criterion, criterion_group};
use encoding_rs::EUC_KR;
use namyangju_rent::clock::{Clock, SystemClock};
use namyangju_rent::form_fields::{Charset, FormFields};
use namyangju_rent::harness::{
    Account, Capture, Request, Settings, SiteStep as Asked, StandIn, StandInServer, Told, replay,
};
use namyangju_rent::{
    Application, Client, Credentials, Policy, Purpose, RentDate, SavedSession, Session, Site, Step, Submitted,
};
use scraper::Html;
use tokio::runtime::Runtime;

const PLACE: &str = "NYJ06/07/103";
const RANGE: &str = "06:00-08:00";

/// The site's pages as a client is answered, and a live session.
struct Visit {
    runtime: Runtime,
    server: StandInServer,
    site: Site,
    client: Client,
    session: Session,
    account: Account,
    date: RentDate,
}

impl Visit {
    fn begin() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let mut settings = Settings::default();
        // A month as it looks when people have booked.
        settings.booked_share = 0.5;
        let stand_in = StandIn::new(&Site::builtin("namyangju").expect("compiled in"), settings);
        let account = stand_in.accounts().first().cloned().expect("an account");
        let server = StandInServer::spawn(stand_in, Arc::new(SystemClock)).expect("a free port");
        let site = server.site().expect("an address");
        let client = Client::builder(site.clone()).build().expect("a client");
        let credentials = Credentials::new(account.id.clone(), account.password.clone());
        let session = runtime.block_on(client.log_in(&credentials)).expect("a session");
        let date = SystemClock.now().date().plus_days(14);
        server.with(|s| s.release(&PLACE.parse().expect("a place"), date, RANGE.parse().expect("a time")));
        Self { runtime, server, site, client, session, account, date }
    }

    fn application() -> Application {
        Application::new("가나다클럽", 4_u16.try_into().expect("in range"), "테니스", "운동")
    }

    /// Books the slot, or hears that it is gone.
    fn submit(&self) -> Submitted {
        let (place, range) = (PLACE.parse().expect("a place"), RANGE.parse().expect("a time"));
        self.runtime.block_on(async {
            let day = self.session.open_day(&place, self.date, Purpose::Sports).await.expect("the day");
            let form = day.open_form(range).await.expect("a form");
            let filled = form.fill(&Self::application()).expect("a body");
            filled.submit().await.expect("an answer")
        })
    }

    /// The answer to a request, with the cookie of a login made for it.
    fn page(&self, step: Step, request: Request) -> Capture {
        let Account { id, password, .. } = &self.account;
        let login = format!("process_check=login&memid={id}&mempw={password}&ret_url=");
        let now = SystemClock.now();
        let url = self.site.base_url().join(&request.target).expect("an address");
        let answer = self.server.with(|s| {
            let login = s.answer(&Request::post("/rent/member/process", login), now);
            let line = login.set_cookies().pop().expect("a cookie");
            let cookie = line.split(';').next().unwrap_or_default();
            s.answer(&request.with_header("cookie", cookie), now)
        });
        assert_eq!(answer.status, 200);
        Capture::new(step, url, answer.body)
    }

    /// Every page that a booking reads.
    fn captures(&self) -> Vec<(&'static str, Capture)> {
        let date = self.date;
        let (year, month, day) = (date.year(), date.month(), date.day());
        let schedule = |view: u8| {
            Request::get(&format!("/rent/rent/application/index/{year}/{month:02}/01/{view}/{PLACE}"))
        };
        let day = format!("/rent/rent/reservation/index/{year}/{month:02}/{day:02}/1/{PLACE}/Y");
        let (booked, taken) = {
            let booked = self.submit();
            self.server
                .with(|s| s.release(&PLACE.parse().expect("a place"), date, RANGE.parse().expect("a time")));
            // Taken between the form and the submission.
            let (place, range) = (PLACE.parse().expect("a place"), RANGE.parse().expect("a time"));
            let taken = self.runtime.block_on(async {
                let day = self.session.open_day(&place, date, Purpose::Sports).await.expect("the day");
                let form = day.open_form(range).await.expect("a form");
                let filled = form.fill(&Self::application()).expect("a body");
                self.server.with(|s| s.take(&place, date, range, "라마바클럽"));
                filled.submit().await.expect("an answer")
            });
            self.server.with(|s| s.release(&place, date, range));
            (booked, taken)
        };
        let form = self
            .server
            .arrivals()
            .into_iter()
            .rev()
            .find(|arrival| arrival.step == Asked::Form)
            .expect("a form was asked for");
        let answered = |submitted: &Submitted| {
            let mut capture =
                Capture::new(Step::Submit, submitted.page.url().as_str(), submitted.page.body());
            let posted_to = self.site.base_url().join("/rent/rent/process/rent").expect("an address");
            capture.posted_to = Some(posted_to.into());
            capture.place = Some(PLACE.parse().expect("a place"));
            capture.date = Some(date);
            capture
        };
        vec![
            ("home page", self.page(Step::Home, Request::get("/rent/"))),
            ("day list of a month", self.page(Step::Schedule, schedule(2))),
            ("calendar of a month", self.page(Step::Schedule, schedule(1))),
            ("day page", self.page(Step::Day, Request::get(&day))),
            ("applicant form", self.page(Step::Form, Request::post(&form.path, form.body))),
            ("outcome reserved", answered(&booked)),
            ("outcome slot taken", answered(&taken)),
        ]
    }
}

/// What a page was told to be, in a word: a bench of the wrong page would be fast and worthless.
fn word(told: &Told) -> &'static str {
    match told {
        Told::Calendar(calendar) if calendar.days.len() >= 28 => "calendar",
        Told::DayList(list) if list.slots.len() >= 28 * 16 => "day list",
        Told::Day(day) if day.rows.len() == 8 => "day",
        Told::Form { slots, .. } if slots.len() == 1 => "form",
        Told::Outcome(outcome) => outcome.kind().as_str(),
        Told::LoggedIn(Some(true)) => "logged in",
        _ => "something else",
    }
}

fn pages(c: &mut Criterion) {
    let visit = Visit::begin();
    let expected = ["logged in", "day list", "calendar", "day", "form", "reserved", "slot-taken"];
    for ((name, capture), expected) in visit.captures().into_iter().zip(expected) {
        let told = replay(&visit.site, &capture).expect("a page that can be read");
        assert_eq!(word(&told), expected, "{name}");
        let text = EUC_KR.decode(&capture.body).0.into_owned();
        let mut group = c.benchmark_group(format!("{name}, {} bytes", capture.body.len()));
        group.bench_function(OURS, |b| b.iter(|| replay(&visit.site, black_box(&capture))));
        group.bench_function("html5ever", |b| b.iter(|| Html::parse_document(black_box(&text))));
        group.bench_function("decode", |b| b.iter(|| EUC_KR.decode(black_box(&capture.body)).0.len()));
        group.bench_function("copy", |b| b.iter(|| black_box(&capture.body).to_vec()));
        group.finish();
    }
}

/// Encoding a body of 30 fields.
fn body(c: &mut Criterion) {
    let pairs: Vec<(String, String)> =
        (0..30).map(|n| (format!("field_{n}[]"), format!("테니스 {n} 가나다클럽"))).collect();
    let fields: FormFields = pairs.iter().cloned().collect();
    let text: String = pairs.iter().map(|(name, value)| format!("{name}={value}&")).collect();
    let mut group = c.benchmark_group("body of 30 fields");
    group.bench_function(OURS, |b| b.iter(|| black_box(&fields).encode(Charset::EUC_KR)));
    group.bench_function("form_urlencoded in UTF-8", |b| {
        b.iter(|| form_urlencoded::Serializer::new(String::new()).extend_pairs(black_box(&pairs)).finish())
    });
    group.bench_function("encoding_rs", |b| b.iter(|| EUC_KR.encode(black_box(&text)).0.len()));
    group.bench_function("copy", |b| b.iter(|| black_box(&text).clone()));
    group.finish();
}

/// A session to JSON and back, as it is written to and read from a file.
fn session(c: &mut Criterion) {
    let visit = Visit::begin();
    let saved = visit.session.save().expect("cookies that can be read");
    let json = serde_json::to_vec(&saved).expect("JSON");
    let plain: serde_json::Value = serde_json::from_slice(&json).expect("JSON");
    let mut group = c.benchmark_group("session saved");
    group.bench_function(OURS, |b| {
        b.iter(|| visit.session.save().and_then(|saved| serde_json::to_vec(&saved).ok()))
    });
    group.bench_function("serde_json", |b| b.iter(|| serde_json::to_vec(black_box(&plain))));
    group.bench_function("copy", |b| b.iter(|| black_box(&json).to_vec()));
    group.finish();
    let mut group = c.benchmark_group("session restored");
    group.bench_function(OURS, |b| {
        b.iter(|| {
            let saved: SavedSession = serde_json::from_slice(black_box(&json)).expect("a session");
            visit.client.restore(&saved).expect("a session")
        })
    });
    group.bench_function("serde_json", |b| {
        b.iter(|| serde_json::from_slice::<serde_json::Value>(black_box(&json)))
    });
    group.bench_function("copy", |b| b.iter(|| black_box(&json).to_vec()));
    group.finish();
}

/// All attempts of a run that never hears anything but "not open yet".
fn policy(c: &mut Criterion) {
    let policy = Policy::new();
    let attempts = policy.attempts(1).count();
    let mut group = c.benchmark_group(format!("schedule of {attempts} attempts"));
    group.bench_function(OURS, |b| b.iter(|| black_box(policy).attempts(black_box(1)).last()));
    group.bench_function("additions", |b| {
        b.iter(|| (0..attempts).fold(Duration::ZERO, |at, _| at + black_box(policy.gap())))
    });
    group.finish();
}

const OURS: &str = "ours";

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("readers")
}

fn settings() -> Criterion {
    Criterion::default()
        .output_directory(&folder())
        .sample_size(50)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(3))
}

/// The medians that this run has left, as ratios.
fn table() -> Option<String> {
    let text = |path: PathBuf| serde_json::from_slice::<serde_json::Value>(&fs::read(path).ok()?).ok();
    let mut rows: Vec<(String, String, f64)> = Vec::new();
    for group in fs::read_dir(folder()).ok()?.flatten() {
        for bench in fs::read_dir(group.path()).ok()?.flatten() {
            let new = bench.path().join("new");
            let (Some(id), Some(estimates)) =
                (text(new.join("benchmark.json")), text(new.join("estimates.json")))
            else {
                continue;
            };
            let of = |value: &serde_json::Value, key: &str| value.get(key)?.as_str().map(str::to_owned);
            let median = estimates.pointer("/median/point_estimate")?.as_f64()?;
            rows.push((of(&id, "group_id")?, of(&id, "function_id")?, median));
        }
    }
    rows.sort_by(|a, b| (&a.0, b.2).partial_cmp(&(&b.0, a.2)).unwrap_or(std::cmp::Ordering::Equal));
    let mut table =
        String::from("| what | ours | floor | its time | ours is |\n| --- | --: | --- | --: | --: |\n");
    for (group, _, ours) in rows.iter().filter(|(_, bench, _)| bench == OURS) {
        for (_, floor, time) in rows.iter().filter(|(g, bench, _)| g == group && bench != OURS) {
            let (ratio, ours, time) = (ours / time, ours / 1e3, time / 1e3);
            table.push_str(&format!("| {group} | {ours:.2} us | {floor} | {time:.2} us | {ratio:.2}x |\n"));
        }
    }
    Some(table)
}

criterion_group! {
    name = benches;
    config = settings();
    targets = pages, body, session, policy
}

fn main() {
    // What an earlier run has left would stand in the table beside this one's.
    let measures = std::env::args().any(|argument| argument == "--bench");
    if measures {
        let _ = fs::remove_dir_all(folder());
    }
    benches();
    Criterion::default().configure_from_args().final_summary();
    if measures && let Some(table) = table() {
        println!("{}\n\nMedians.\n\n{table}", benches::machine());
    }
}
