use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::thread::Scope;
use std::time::Duration;

use namyangju_rent::SeoulTime;
use namyangju_rent::clock::{Clock, SystemClock};
use namyangju_rent::harness::{Delay, Fault, FaultKind, ListedNames, SiteStep};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, Connection, SqliteConnection};

use crate::step::WallClock;
use crate::world::{Daemon, Outcome, World, number, sleep_until};

/// Bookings of one scenario.
const BOOKINGS: usize = 8;

/// Kills of one scenario: some in all of its time, some around its opening, where applications are under way.
const KILLS: usize = 4;

/// How long before the opening a scenario begins.
const AHEAD: Duration = Duration::from_secs(6);

/// Scenarios at a time: most of one is waiting.
const AT_A_TIME: u64 = 4;

/// How far the clock of the site is ahead of the machine's, in some scenarios.
const SKEWS: [i64; 4] = [0, 8 * 60_000, 0, 3_600_000];

/// How the list prints names. By all but the first, an application whose answer is lost cannot be told from that of
/// somebody else.
const NAMES: [ListedNames; 4] =
    [ListedNames::AsTyped, ListedNames::Masked, ListedNames::AsTyped, ListedNames::Bytes(5)];

/// By how much the wall clock of the runners is set in the middle of a scenario, in seconds. Back by little only: what
/// waits in the store for its time waits so much longer.
const STEPS: [i64; 5] = [0, 8 * 60, -20, 3_600, 5];

/// Tables that are away for a while, beside all of the store.
const TABLES: [&str; 4] = ["booking", "event", "account", "message"];

/// How long a runner that ended by itself stays away, as a supervisor has it.
const RESTART: Duration = Duration::from_millis(500);

#[test]
fn crash() {
    let first = u64::try_from(number("FROM", 0)).unwrap();
    let scenarios = u64::try_from(number("ROUNDS", 2)).unwrap();
    let next = AtomicU64::new(first);
    let outcomes = Mutex::new(Vec::new());
    // A scenario that fails ends its own thread, and the scope fails when all others are over.
    std::thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                while let Some(seed) =
                    Some(next.fetch_add(1, Ordering::Relaxed)).filter(|seed| *seed < first + scenarios)
                {
                    // In a thread of its own, so that the others are run even if it fails.
                    let run = scope.spawn(move || scenario(seed));
                    let Ok((world, daemon, outcome)) = run.join() else { continue };
                    // A message that a killed runner had taken is due two minutes later: meanwhile the next one runs.
                    let outcomes = &outcomes;
                    scope.spawn(move || {
                        let outcome = told(seed, &world, daemon, outcome);
                        outcomes.lock().unwrap().push(outcome);
                    });
                }
            });
        }
    });
    let outcomes = outcomes.into_inner().unwrap();
    assert_eq!(u64::try_from(outcomes.len()).unwrap(), scenarios, "some failed: see above");
    let mut states: BTreeMap<String, usize> = BTreeMap::new();
    let (mut told, mut twice) = (0, 0);
    for outcome in outcomes {
        for (state, many) in outcome.states {
            *states.entry(state).or_default() += many;
        }
        told += outcome.told;
        twice += outcome.told_again;
    }
    println!(
        "{scenarios} rounds of {BOOKINGS} bookings, each with {KILLS} kills, a store that is away, a full disk, a lost \
         answer, and in some a masked list and a clock that is wrong or is set: {states:?}, none lost, none doubled, \
         {told} ends told, {twice} of them once more with the same number"
    );
}

/// Runs one scenario until all its bookings are over, and compares them with the site.
fn scenario(seed: u64) -> (World, Daemon, Outcome) {
    let delay = Delay { base: Duration::from_millis(20), jitter: Duration::from_millis(30) };
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let lost = u32::try_from(random.below(12)).unwrap() + 1;
    let names = NAMES[random.index(NAMES.len())];
    let world = World::with(BOOKINGS, AHEAD, None, delay, |settings| {
        settings.clock_skew_millis = SKEWS[usize::try_from(seed).unwrap() % SKEWS.len()];
        settings.faults.push(Fault { step: SiteStep::Submit, nth: lost, kind: FaultKind::LoseAnswer });
        settings.listed_names = names;
    });
    let begin = world.opening.minus(AHEAD);
    let within = |random: &mut Random, most: Duration| {
        begin.plus(Duration::from_micros(random.below(most.as_micros() as u64)))
    };
    let mut moment = || {
        let from = within(&mut random, AHEAD + Duration::from_secs(1));
        (from, Duration::from_micros(200_000 + random.below(2_800_000)))
    };
    let (away, full) = (moment(), moment());
    let table = Some(random.index(2 * TABLES.len())).and_then(|index| TABLES.get(index));
    let set = (within(&mut random, AHEAD + Duration::from_secs(2)), STEPS[random.index(STEPS.len())]);
    let mut kills: Vec<_> = (0..KILLS)
        .map(|kill| match kill % 2 {
            // From a second before the opening to two after it.
            0 => within(&mut random, Duration::from_secs(3)).plus(AHEAD - Duration::from_secs(1)),
            _ => within(&mut random, AHEAD + Duration::from_secs(4)),
        })
        .collect();
    kills.sort();

    let (process, over) = (AtomicU32::new(0), AtomicBool::new(false));
    let daemon = std::thread::scope(|scope| {
        let (world, process) = (&world, &process);
        let away = scope.spawn(move || match table {
            None => hold(&world.database, away),
            Some(table) => take_away(&world.database, table, away),
        });
        let full = scope.spawn(move || fill_disk(process, full));
        set_clock(scope, world.wall_clock.as_ref(), set);
        let mut daemon = start(world, process);
        for kill in kills {
            daemon = attend(world, daemon, process, || SystemClock.now() >= kill);
            daemon.kill();
            daemon = start(world, process);
        }
        scope.spawn(|| {
            away.join().unwrap();
            full.join().unwrap();
            world.wait_until_over();
            over.store(true, Ordering::Relaxed);
        });
        attend(world, daemon, process, || over.load(Ordering::Relaxed))
    });
    let mut outcome = world.compare(names != ListedNames::AsTyped);
    outcome.fault = format!("{table:?} away {away:?}, disk full {full:?}, clock set {set:?}, {names:?}");
    assert!(
        outcome.wrong.is_empty(),
        "scenario {seed} ({}): {:#?}\n{}",
        outcome.fault,
        outcome.wrong,
        world.logs()
    );
    (world, daemon, outcome)
}

/// Waits until the channel has heard of every end, ends the runner, and counts.
fn told(seed: u64, world: &World, daemon: Daemon, mut outcome: Outcome) -> Outcome {
    world.wait_until_told(&outcome);
    daemon.stop();
    world.compare_told(&mut outcome);
    assert!(
        outcome.wrong.is_empty(),
        "scenario {seed} ({}): {:#?}\n{}",
        outcome.fault,
        outcome.wrong,
        world.logs()
    );
    outcome
}

fn start(world: &World, process: &AtomicU32) -> Daemon {
    let daemon = world.daemon("crash");
    process.store(daemon.process(), Ordering::Relaxed);
    daemon
}

/// Keeps a runner at work, as a supervisor does: one that cannot open the store at its start ends, and is started again.
fn attend(world: &World, mut daemon: Daemon, process: &AtomicU32, over: impl Fn() -> bool) -> Daemon {
    while !over() {
        if daemon.has_ended() {
            std::thread::sleep(RESTART);
            daemon = start(world, process);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    daemon
}

/// Another process writes to the file for a while.
fn hold(database: &str, (from, long): (SeoulTime, Duration)) {
    on_database(database, from, async |mut other| {
        let held = other.begin_with("BEGIN EXCLUSIVE").await.unwrap();
        std::thread::sleep(long);
        held.rollback().await.unwrap();
    });
}

/// Calls that need this table fail for a while.
fn take_away(database: &str, table: &str, (from, long): (SeoulTime, Duration)) {
    on_database(database, from, async |mut other| {
        let mut rename = async |from: &str, to: &str| {
            let sql = format!("ALTER TABLE {from} RENAME TO {to}");
            sqlx::query(AssertSqlSafe(sql)).execute(&mut other).await.unwrap();
        };
        rename(table, "away").await;
        std::thread::sleep(long);
        rename("away", table).await;
    });
}

fn on_database(database: &str, from: SeoulTime, act: impl AsyncFnOnce(SqliteConnection)) {
    sleep_until(from);
    let options = SqliteConnectOptions::new().filename(database).busy_timeout(Duration::from_secs(20));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { act(SqliteConnection::connect_with(&options).await.unwrap()).await });
}

/// The runner can write no byte for a while. Its log has holes then.
fn fill_disk(process: &AtomicU32, (from, long): (SeoulTime, Duration)) {
    sleep_until(from);
    let process = process.load(Ordering::Relaxed).to_string();
    let limit = |bytes: &str| {
        // It may have been killed since.
        let _ = Command::new("prlimit").args(["--pid", &process, bytes]).stderr(Stdio::null()).status();
    };
    limit("--fsize=0:unlimited");
    std::thread::sleep(long);
    limit("--fsize=unlimited:unlimited");
}

/// The wall clock of the runners is set, once.
fn set_clock<'s>(scope: &'s Scope<'s, '_>, clock: Option<&WallClock>, (at, seconds): (SeoulTime, i64)) {
    let Some(clock) = clock.cloned().filter(|_| seconds != 0) else { return };
    scope.spawn(move || {
        sleep_until(at);
        clock.step(seconds * 1_000_000);
    });
}

/// xorshift: the same kills for the same seed.
struct Random(u64);

impl Random {
    fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % most
    }

    fn index(&mut self, many: usize) -> usize {
        usize::try_from(self.below(u64::try_from(many).unwrap())).unwrap()
    }
}
