//! What goes wrong around an opening, and what the library makes of it: one line a fault, with the
//! verdict, and with what the site itself has in its books. Exits with 1 if a line is not as it must be.
//!
//!     cargo run -p benches --bin faults -- [rounds]
//!
//! All of it against the stand-in on loopback, on a clock that is moved by hand: no line waits. After the lines come the
//! conditions of real servers (`conditions.rs`), `rounds` of each (30).

mod conditions;

use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use benches::machine;
use namyangju_rent::clock::Clock;
use namyangju_rent::harness::{
    BlockKind, BlockRule, BusyWindow, Fault, FaultKind, HumanCheck, ManualClock, Settings, SiteStep, StandIn,
    StandInServer,
};
use namyangju_rent::{
    Application, Booking, Client, Credentials, Event, Report, SeoulTime, Site, TimedEvent, Verdict, Wish,
};

type Failure = benches::Failure;

const START: &str = "2026-11-26 09:50:00";
const OPENING: &str = "2026-11-26 10:00:00";
const DAY: &str = "2026-12-05";

struct Stage {
    server: StandInServer,
    clock: Arc<ManualClock>,
    client: Client,
    credentials: Credentials,
    wish: Wish,
    opening: SeoulTime,
}

impl Stage {
    async fn new(change: impl FnOnce(&mut Settings, SeoulTime)) -> Result<Self, Failure> {
        let opening: SeoulTime = OPENING.parse()?;
        let mut settings = Settings::default();
        settings.openings.insert(DAY.parse()?, opening);
        change(&mut settings, opening);
        let clock = Arc::new(ManualClock::new(START.parse()?));
        let stand_in = StandIn::new(&Site::builtin("namyangju")?, settings);
        let account = stand_in.accounts().first().cloned().ok_or("no account")?;
        let server = StandInServer::start(stand_in, clock.clone()).await?;
        let client = Client::builder(server.site()?)
            .clock(clock.clone())
            .exchange_timeout(Duration::from_millis(500))
            .build()?;
        let wish = Wish {
            place: "NYJ06/07/103".parse()?,
            date: DAY.parse()?,
            range: "06:00-08:00".parse()?,
            purpose: Default::default(),
        };
        Ok(Self {
            server,
            clock,
            client,
            credentials: Credentials::new(account.id, account.password),
            wish,
            opening,
        })
    }

    fn booking(&self) -> Result<Booking, Failure> {
        let application = Application::new("가나다클럽", "4".parse()?, "테니스", "운동");
        let booking =
            Booking::new(self.client.clone(), self.credentials.clone(), self.wish.clone(), application);
        Ok(booking.opens_at(self.opening))
    }

    fn take_slot(&self) {
        self.server.with(|s| s.take(&self.wish.place, self.wish.date, self.wish.range, "라마바클럽"));
    }

    /// Runs with something done once, after the first event that fits.
    async fn run_and(
        &self,
        when: impl Fn(&Event) -> bool + Send + Sync,
        act: impl Fn() + Send + Sync,
    ) -> Result<Report, Failure> {
        let mut done = false;
        Ok(self
            .booking()?
            .run(|happened| {
                if !done && when(&happened.event) {
                    done = true;
                    act();
                }
            })
            .await)
    }

    /// Runs until the process is killed at an instant of the site, starts again so much later.
    async fn run_killed(&self, at: SeoulTime, down_for: Duration) -> Result<Report, Failure> {
        let kept: Arc<Mutex<Vec<Event>>> = Arc::default();
        let events = Arc::clone(&kept);
        let (kill, killed) = tokio::sync::oneshot::channel();
        let mut kill = Some(kill);
        let running = self.booking()?.run(move |happened: &TimedEvent| {
            if happened.at >= at {
                if let Some(kill) = kill.take() {
                    let _ = kill.send(());
                }
            } else if let Ok(mut events) = events.lock() {
                events.push(happened.event.clone());
            }
        });
        let ended = tokio::select! {
            biased;
            report = running => Some(report),
            _ = killed => None,
        };
        if let Some(report) = ended {
            return Ok(report);
        }
        self.clock.advance(down_for);
        let kept = kept.lock().map(|events| events.clone()).unwrap_or_default();
        Ok(self.booking()?.resume(&kept).run(|_| {}).await)
    }
}

fn faults(step: SiteStep, kind: FaultKind) -> Vec<Fault> {
    vec![Fault { step, nth: 1, kind }]
}

struct Line {
    fault: &'static str,
    wanted: &'static str,
    bookings: usize,
    report: Report,
    requests: usize,
}

async fn lines() -> Result<Vec<Line>, Failure> {
    let mut lines = Vec::new();
    let mut add = |fault, wanted, stage: Stage, report: Report| {
        let (bookings, requests) = (stage.server.with(|s| s.bookings().len()), stage.server.arrivals().len());
        lines.push(Line { fault, wanted, bookings, report, requests });
    };

    let stage = Stage::new(|_, _| {}).await?;
    let report = stage.booking()?.run(|_| {}).await;
    add("none", "reserved", stage, report);

    for (fault, kind) in [
        ("answer lost, accepted", FaultKind::LoseAnswer),
        ("answer lost, not accepted", FaultKind::DropBefore),
        ("answer cut in the middle", FaultKind::Reset),
        ("unknown page, accepted", FaultKind::Body(b"<html><body><p>?</p></body></html>".to_vec())),
        ("error 500, not accepted", FaultKind::Status(500)),
    ] {
        let stage = Stage::new(|s, _| s.faults = faults(SiteStep::Submit, kind)).await?;
        let report = stage.booking()?.run(|_| {}).await;
        add(fault, "reserved", stage, report);
    }

    let stage = Stage::new(|_, _| {}).await?;
    let report = stage
        .run_and(|e| matches!(e, Event::ClockRead { .. }), || stage.server.with(|s| s.end_sessions()))
        .await?;
    add("session killed at T-30 s", "reserved", stage, report);

    let stage = Stage::new(|_, _| {}).await?;
    let report = stage
        .run_and(|e| matches!(e, Event::Armed { .. }), || stage.server.with(|s| s.end_sessions()))
        .await?;
    add("session killed at T", "reserved", stage, report);

    for (fault, status, retry_after) in
        [("503 for 20 s", 503, None), ("429 for 20 s with Retry-After 20", 429, Some(20))]
    {
        let stage = Stage::new(|s, opening| {
            let until = opening.plus(Duration::from_secs(20));
            s.busy = vec![BusyWindow { from: opening, until, status, retry_after }];
        })
        .await?;
        let report = stage.booking()?.run(|_| {}).await;
        add(fault, "reserved", stage, report);
    }

    let stage = Stage::new(|_, _| {}).await?;
    stage.take_slot();
    let report = stage.booking()?.run(|_| {}).await;
    add("sold out before", "lost", stage, report);

    let stage = Stage::new(|_, _| {}).await?;
    let report = stage.run_and(|e| matches!(e, Event::Submitting), || stage.take_slot()).await?;
    add("sold out in the last moment", "lost", stage, report);

    let stage = Stage::new(|s, _| s.human_check = HumanCheck::Everywhere).await?;
    let report = stage.booking()?.run(|_| {}).await;
    add("human check", "needs-person", stage, report);

    for (fault, kind) in [("blocked by a 403", BlockKind::Forbidden), ("blocked by a page", BlockKind::Page)]
    {
        let stage = Stage::new(|s, _| {
            let lasts = Duration::from_secs(3600);
            s.block = Some(BlockRule { requests: 3, within: Duration::from_secs(60), kind, lasts });
        })
        .await?;
        let report = stage.booking()?.run(|_| {}).await;
        add(fault, "blocked", stage, report);
    }

    let stage = Stage::new(|s, _| s.date_cached = Some(Duration::from_secs(5))).await?;
    let report = stage.booking()?.run(|_| {}).await;
    add("Date cached for 5 s", "reserved", stage, report);

    let stage = Stage::new(|_, _| {}).await?;
    let report = stage
        .run_and(
            |e| matches!(e, Event::ClockRead { .. }),
            || {
                // The wall clock steps back two hours; the site's clock does not.
                let to = stage.clock.now().minus(Duration::from_secs(7_200));
                stage.clock.step_wall(to);
                stage.server.with(|s| s.settings_mut().clock_skew_millis = 7_200_000);
            },
        )
        .await?;
    add("local clock stepped by -2 h", "reserved", stage, report);

    let stage = Stage::new(|s, opening| {
        s.openings.clear();
        s.opening = Some(opening.plus(Duration::from_secs(86_400)));
    })
    .await?;
    let report = stage.booking()?.run(|_| {}).await;
    add("never opens", "gave-up", stage, report);

    for (fault, before, after, down_for) in [
        ("process killed at T-20 s", 20, 0, 5),
        ("process killed at T", 0, 0, 3),
        ("process killed at T+2 s (busy until then)", 0, 2, 3),
    ] {
        let stage = Stage::new(|s, opening| {
            if after > 0 {
                let until = opening.plus(Duration::from_secs(after));
                s.busy = vec![BusyWindow { from: opening, until, status: 503, retry_after: None }];
            }
        })
        .await?;
        let at = stage.opening.minus(Duration::from_secs(before)).plus(Duration::from_secs(after));
        let report = stage.run_killed(at, Duration::from_secs(down_for)).await?;
        add(fault, "reserved", stage, report);
    }
    Ok(lines)
}

fn name(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Reserved { .. } => "reserved",
        Verdict::Lost => "lost",
        Verdict::Refused { .. } => "refused",
        Verdict::Blocked => "blocked",
        Verdict::NeedsPerson { .. } => "needs-person",
        Verdict::Unconfirmed => "unconfirmed",
        Verdict::GaveUp { .. } => "gave-up",
        Verdict::Unreachable { .. } => "unreachable",
        _ => "other",
    }
}

fn main() -> Result<ExitCode, Failure> {
    let rounds = std::env::args().nth(1).map_or(Ok(30), |text| text.parse::<usize>())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let lines = runtime.block_on(lines())?;
    println!("{}\n", machine());
    let mut wrong = 0;
    println!("| fault | verdict | bookings at the site | attempts | requests | as it must be |");
    println!("| --- | --- | --- | --- | --- | --- |");
    for line in &lines {
        let verdict = name(&line.report.verdict);
        let right = verdict == line.wanted && line.bookings == usize::from(line.wanted == "reserved");
        wrong += usize::from(!right);
        println!(
            "| {} | {verdict} | {} | {} | {} | {} |",
            line.fault,
            line.bookings,
            line.report.attempts.len(),
            line.requests,
            if right { "yes" } else { "NO" }
        );
    }
    println!("\n{} of {} lines are as they must be.", lines.len() - wrong, lines.len());
    let right = conditions::tables(rounds)?;
    Ok(if wrong == 0 && right { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
