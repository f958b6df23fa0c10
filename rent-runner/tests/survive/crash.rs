use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use namyangju_rent::SeoulTime;
use namyangju_rent::harness::{Delay, Fault, FaultKind, SiteStep};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection, SqliteConnection};

use crate::world::{World, number, sleep_until};

/// Bookings of one scenario.
const BOOKINGS: usize = 8;

/// Kills of one scenario: some in all of its time, some around its opening, where applications are under way.
const KILLS: usize = 4;

/// How long before the opening a scenario begins.
const AHEAD: Duration = Duration::from_secs(6);

/// Scenarios at a time: most of one is waiting.
const AT_A_TIME: usize = 4;

/// How far the clock of the site is ahead of the machine's, in some scenarios.
const SKEWS: [i64; 4] = [0, 8 * 60_000, 0, 3_600_000];

#[test]
fn crash() {
    let scenarios = number("ROUNDS", 2);
    let seeds: Vec<u64> = (0..u64::try_from(scenarios).unwrap()).collect();
    let mut states: BTreeMap<String, usize> = BTreeMap::new();
    for seeds in seeds.chunks(AT_A_TIME) {
        let start = |seed: &u64| {
            std::thread::spawn({
                let seed = *seed;
                move || scenario(seed)
            })
        };
        let running: Vec<_> = seeds.iter().map(start).collect();
        // All are waited for, so that none leaves a runner behind.
        let ended: Vec<_> = running.into_iter().map(std::thread::JoinHandle::join).collect();
        for (seed, ended) in seeds.iter().zip(ended) {
            let found = ended.unwrap_or_else(|_| panic!("scenario {seed} failed"));
            for (state, many) in found {
                *states.entry(state).or_default() += many;
            }
        }
    }
    println!(
        "{scenarios} rounds of {BOOKINGS} bookings, each with {KILLS} kills, a store that is held, a full disk and a lost \
         answer: {states:?}, none lost, none doubled"
    );
}

fn scenario(seed: u64) -> BTreeMap<String, usize> {
    let delay = Delay { base: Duration::from_millis(20), jitter: Duration::from_millis(30) };
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let lost = u32::try_from(random.below(12)).unwrap() + 1;
    let world = World::with(BOOKINGS, AHEAD, None, delay, |settings| {
        settings.clock_skew_millis = SKEWS[usize::try_from(seed).unwrap() % SKEWS.len()];
        settings.faults.push(Fault { step: SiteStep::Submit, nth: lost, kind: FaultKind::LoseAnswer });
    });
    let begin = world.opening.minus(AHEAD);
    let process = Arc::new(AtomicU32::new(0));
    let mut moment = || {
        let from = begin.plus(Duration::from_micros(random.below(AHEAD.as_micros() as u64 + 1_000_000)));
        (from, Duration::from_micros(200_000 + random.below(2_800_000)))
    };
    let (held, full) = (moment(), moment());
    let faults = [
        std::thread::spawn({
            let database = world.database.clone();
            move || hold(&database, held)
        }),
        std::thread::spawn({
            let process = Arc::clone(&process);
            move || fill_disk(&process, full)
        }),
    ];
    let mut kills: Vec<_> = (0..KILLS)
        .map(|kill| {
            let micros = if kill % 2 == 0 {
                // From a second before the opening to two after it.
                AHEAD.as_micros() as u64 - 1_000_000 + random.below(3_000_000)
            } else {
                random.below(AHEAD.as_micros() as u64 + 4_000_000)
            };
            begin.plus(Duration::from_micros(micros))
        })
        .collect();
    kills.sort();
    for kill in kills {
        let daemon = world.daemon("crash");
        process.store(daemon.process(), Ordering::Relaxed);
        sleep_until(kill);
        daemon.kill();
    }
    let daemon = world.daemon("crash");
    process.store(daemon.process(), Ordering::Relaxed);
    for fault in faults {
        fault.join().unwrap();
    }
    world.wait_until_over();
    daemon.stop();
    let outcome = world.compare();
    assert!(outcome.wrong.is_empty(), "scenario {seed}: {:#?}\n{}", outcome.wrong, world.logs());
    outcome.states
}

/// Another process writes to the file for a while.
fn hold(database: &str, (from, long): (SeoulTime, Duration)) {
    sleep_until(from);
    let options = SqliteConnectOptions::new().filename(database).busy_timeout(Duration::from_secs(20));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut other = SqliteConnection::connect_with(&options).await.unwrap();
        let held = other.begin_with("BEGIN EXCLUSIVE").await.unwrap();
        std::thread::sleep(long);
        held.rollback().await.unwrap();
    });
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

/// xorshift: the same kills for the same seed.
struct Random(u64);

impl Random {
    fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % most
    }
}
