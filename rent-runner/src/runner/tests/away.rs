//! A store that is away for a while, at any moment of a booking and for any of its calls: held by another process,
//! or without one of its tables, or a server that lets nobody in. The real databases fail; nothing is replaced.

use namyangju_rent::Event;
use namyangju_rent::harness::{BusyWindow, Delay};
use sqlx::{AssertSqlSafe, PgConnection};
use tokio::sync::mpsc;
use tokio::task::LocalSet;

use super::*;
use crate::store::tests::postgres;

/// How long the store is away where no opening says it.
const AWAY: Duration = Duration::from_millis(1_500);

/// What keeps the store from answering.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fault {
    /// Another process writes to the file.
    Held,
    /// Calls that need this table fail.
    Without(&'static str),
    /// The server takes no connection, and ends those there are.
    Closed,
}

/// When it begins.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Moment {
    /// Before the booking is claimed.
    Claim,
    LoggedIn,
    Attempt,
    Submitting,
    Answered,
}

impl Moment {
    const ALL: [Self; 5] = [Self::Claim, Self::LoggedIn, Self::Attempt, Self::Submitting, Self::Answered];

    fn of(event: &Event) -> Option<Self> {
        match event {
            Event::LoggedIn => Some(Self::LoggedIn),
            Event::Attempt { .. } => Some(Self::Attempt),
            Event::Submitting => Some(Self::Submitting),
            Event::Answered { .. } => Some(Self::Answered),
            _ => None,
        }
    }
}

impl Fault {
    fn database(self) -> Option<String> {
        matches!(self, Self::Closed).then(|| postgres::database().unwrap())
    }

    /// Keeps the store away until `until` ends.
    pub(super) async fn during(self, database: &str, until: impl Future<Output = ()>) {
        match self {
            Self::Held => {
                let mut other = sqlite(database).await;
                let held = other.begin_with("BEGIN EXCLUSIVE").await.unwrap();
                until.await;
                held.rollback().await.unwrap();
            }
            Self::Without(table) => {
                let mut other = sqlite(database).await;
                let mut rename = async |from: &str, to: &str| {
                    let sql = format!("ALTER TABLE {from} RENAME TO {to}");
                    sqlx::query(AssertSqlSafe(sql)).execute(&mut other).await.unwrap();
                };
                rename(table, "away").await;
                until.await;
                rename("away", table).await;
            }
            Self::Closed => {
                let name = database.split('/').nth(3).unwrap().split('?').next().unwrap();
                let mut other = PgConnection::connect(&database.replace(name, "postgres")).await.unwrap();
                let mut run = async |sql: String| {
                    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut other).await.unwrap();
                };
                run(format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false")).await;
                run(format!(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
                ))
                .await;
                until.await;
                run(format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true")).await;
            }
        }
    }
}

async fn sqlite(database: &str) -> SqliteConnection {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(database);
    let options = options.busy_timeout(Duration::from_secs(20));
    SqliteConnection::connect_with(&options).await.unwrap()
}

/// A stage whose answers take long enough for a fault to begin between two of them.
async fn slow(fault: Fault) -> Stage {
    let delay = Delay { base: Duration::from_millis(80), jitter: Duration::ZERO };
    Stage::on(fault.database(), |settings| (settings.there, settings.back) = (delay, delay)).await
}

/// Runs the stage's bookings to their end while `meanwhile` acts.
async fn run_beside(
    stage: &Stage,
    until: SeoulTime,
    meanwhile: impl AsyncFnOnce(mpsc::UnboundedReceiver<Moment>),
) -> Vec<Done> {
    let (tell, told) = mpsc::unbounded_channel();
    let observer = move |_, happened: &TimedEvent| {
        if let Some(moment) = Moment::of(&happened.event) {
            let _ = tell.send(moment);
        }
    };
    let (_stop, stopped) = watch::channel(false);
    let mut runner = Runner::begin(stage.context(Some(Box::new(observer)))).await.unwrap();
    let mut ended = Vec::new();
    let working = runner.run(Scope::Before(until), stopped, |done| ended.push(done.clone()));
    tokio::join!(working, meanwhile(told)).0.unwrap();
    ended
}

/// Runs them side by side: most of each is waiting.
pub(super) async fn all(stages: impl Iterator<Item = impl Future<Output = ()> + 'static>) {
    let local = LocalSet::new();
    let stages: Vec<_> = stages.map(|stage| local.spawn_local(stage)).collect();
    let ended = async {
        for stage in stages {
            stage.await.unwrap();
        }
    };
    local.run_until(ended).await;
}

/// One booking, won once, and the store says so.
async fn assert_won(stage: &Stage, id: BookingId, what: &str) {
    let booking = stage.store.booking(id).await.unwrap();
    assert_eq!(booking.state, State::Succeeded, "{what}: {:?}", booking.reason);
    assert_eq!((stage.booked(), stage.count(SiteStep::Submit)), (1, 1), "{what}");
    assert_eq!(booking.owner, None, "{what}");
}

async fn away_for_a_while(fault: Fault, moment: Moment) {
    let stage = slow(fault).await;
    let id = stage.at_once().await;
    let soon = SystemClock.now().plus(Duration::from_secs(1));
    run_beside(&stage, soon, async |mut told| {
        if moment != Moment::Claim {
            while told.recv().await.unwrap() != moment {}
        }
        fault.during(&stage.config.database, SystemClock.sleep(AWAY)).await;
    })
    .await;
    assert_won(&stage, id, &format!("{fault:?} at {moment:?}")).await;
}

/// Every call of a booking's way fails at every moment of it.
#[tokio::test]
async fn a_store_that_is_away_for_a_while_costs_no_booking() {
    let tables = [
        "booking",
        "choice",
        "event",
        "attempt",
        "report",
        "account",
        "runner",
        "time_number",
        "routes",
        "opening",
        "rounds",
    ];
    let mut faults: Vec<_> = tables.map(Fault::Without).to_vec();
    faults.push(Fault::Held);
    if postgres::database().is_some() {
        faults.push(Fault::Closed);
    }
    for moment in Moment::ALL {
        all(faults.clone().into_iter().map(move |fault| away_for_a_while(fault, moment))).await;
    }
}

/// The store is away when the permit of the shot is asked for, and comes back after the opening.
#[tokio::test]
async fn a_store_that_is_away_over_the_opening_makes_the_shot_late_and_no_more() {
    let mut faults = vec![Fault::Held, Fault::Without("booking"), Fault::Without("event")];
    if postgres::database().is_some() {
        faults.push(Fault::Closed);
    }
    all(faults.into_iter().map(away_over_the_opening)).await;
}

async fn away_over_the_opening(fault: Fault) {
    let mut stage = Stage::on(fault.database(), |_| {}).await;
    stage.config.channels =
        vec![crate::testing::channel("name = 'phone'\nkind = 'ntfy'\ntopic = 'invented'").unwrap()];
    let opens_at = SystemClock.now().plus(Duration::from_secs(6));
    stage.server.with(|stand_in| stand_in.settings_mut().opening = Some(opens_at));
    let id = stage.booking(OpeningSource::Given, opens_at, &["06:00-08:00", "08:00-10:00"]).await;
    let until = |instant: SeoulTime| SystemClock.sleep(instant.since(SystemClock.now()));
    let back = opens_at.plus(Duration::from_millis(500));
    let ended = run_beside(&stage, opens_at.plus(Duration::from_secs(1)), async |_| {
        until(opens_at.minus(Duration::from_millis(3_500))).await;
        fault.during(&stage.config.database, until(back)).await;
    })
    .await;
    assert_won(&stage, id, &format!("{fault:?}")).await;
    // It is the same claim that went on.
    assert!(matches!(&ended[..], [Done { lease: Lease { fence: 1, .. }, .. }]), "{fault:?} {ended:?}");
    // Nothing is sent that the store did not note before.
    let submitted =
        stage.server.arrivals().into_iter().find(|arrival| arrival.step == SiteStep::Submit).unwrap();
    assert!(submitted.at >= back, "{fault:?}");
    let story = stage.store.story(id).await.unwrap();
    let alarms = story
        .events
        .iter()
        .filter(|row| matches!(&row.event, Event::Alarm { text, .. } if text.contains("the store was away")));
    assert_eq!(alarms.count(), 1, "{fault:?} {:?}", story.events);
    let messages = stage.store.take_messages(10, Duration::ZERO).await.unwrap();
    let kinds: Vec<_> = messages.iter().map(|message| message.kind.as_str()).collect();
    assert_eq!(kinds, ["alarm", "verdict"], "{fault:?}");
}

/// The runner before this one noted the alarm and told it.
#[tokio::test]
async fn an_alarm_is_not_sent_anew_at_each_restart() {
    let now = SystemClock.now();
    let (from, until) = (now.minus(Duration::from_secs(60)), now.plus(Duration::from_secs(60)));
    let busy = BusyWindow { from, until, status: 503, retry_after: None };
    let mut stage = Stage::new(|settings| settings.busy.push(busy)).await;
    stage.config.channels =
        vec![crate::testing::channel("name = 'phone'\nkind = 'ntfy'\ntopic = 'invented'").unwrap()];
    let opens_at = SystemClock.now().plus(Duration::from_secs(300));
    let id = stage.booking(OpeningSource::Given, opens_at, &["06:00-08:00"]).await;
    let mut reasons = Vec::new();
    for _ in 0..3 {
        let (stop, stopped) = watch::channel(false);
        let mut runner = Runner::begin(stage.context(None)).await.unwrap();
        let working = runner.run(Scope::Before(opens_at.plus(Duration::from_secs(1))), stopped, |_| {});
        let noted = async {
            let alarms = async || {
                let story = stage.store.story(id).await.unwrap();
                story.events.iter().filter(|row| matches!(row.event, Event::Alarm { .. })).count()
            };
            let wanted = reasons.len() + 1;
            while alarms().await < wanted || stage.store.booking(id).await.unwrap().reason.is_none() {
                SystemClock.sleep(Duration::from_millis(20)).await;
            }
            // What follows from the alarm is written after it.
            SystemClock.sleep(Duration::from_millis(300)).await;
            let _ = stop.send(true);
        };
        tokio::join!(working, noted).0.unwrap();
        reasons.push(stage.store.booking(id).await.unwrap().reason.unwrap());
    }
    assert!(reasons.windows(2).all(|pair| pair[0] == pair[1]), "{reasons:?}");
    assert_eq!(stage.store.messages_waiting().await.unwrap(), 1);
}

/// The alarm's event was written, its message was not, and the process ended.
#[tokio::test]
async fn an_alarm_that_could_not_be_queued_is_told_by_the_next_runner() {
    let now = SystemClock.now();
    let (from, until) = (now.minus(Duration::from_secs(60)), now.plus(Duration::from_secs(60)));
    let busy = BusyWindow { from, until, status: 503, retry_after: None };
    let mut stage = Stage::new(|settings| settings.busy.push(busy)).await;
    stage.config.channels =
        vec![crate::testing::channel("name = 'phone'\nkind = 'ntfy'\ntopic = 'invented'").unwrap()];
    let opens_at = SystemClock.now().plus(Duration::from_secs(300));
    let id = stage.booking(OpeningSource::Given, opens_at, &["06:00-08:00"]).await;
    let has_alarm = async || {
        let story = stage.store.story(id).await.unwrap();
        story.events.iter().any(|row| matches!(row.event, Event::Alarm { .. }))
    };
    let is_queued = async || stage.store.messages_waiting().await.unwrap() > 0;

    run_until(&stage, opens_at, Some(Fault::Without("message")), has_alarm).await;
    assert_eq!(stage.store.messages_waiting().await.unwrap(), 0);
    run_until(&stage, opens_at, None, is_queued).await;
    assert_eq!(stage.store.messages_waiting().await.unwrap(), 1);
}

/// A runner that meets a fault once it has begun, and is stopped when something is so.
pub(super) async fn run_until(
    stage: &Stage,
    opens_at: SeoulTime,
    fault: Option<Fault>,
    is_so: impl AsyncFn() -> bool,
) {
    let (stop, stopped) = watch::channel(false);
    let mut runner = Runner::begin(stage.context(None)).await.unwrap();
    let working = runner.run(Scope::Before(opens_at.plus(Duration::from_secs(1))), stopped, |_| {});
    let waiting = async {
        while !is_so().await {
            SystemClock.sleep(Duration::from_millis(20)).await;
        }
        let _ = stop.send(true);
    };
    let both = async { tokio::join!(working, waiting).0.unwrap() };
    match fault {
        Some(fault) => fault.during(&stage.config.database, both).await,
        None => both.await,
    }
}
