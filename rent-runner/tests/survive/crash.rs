use std::collections::BTreeMap;
use std::time::Duration;

use namyangju_rent::harness::Delay;

use crate::world::{World, number, sleep_until};

/// Bookings of one scenario.
const BOOKINGS: usize = 8;

/// Kills of one scenario: some in all of its time, some around its opening, where applications are under way.
const KILLS: usize = 4;

/// How long before the opening a scenario begins.
const AHEAD: Duration = Duration::from_secs(6);

/// Scenarios at a time: most of one is waiting.
const AT_A_TIME: usize = 4;

#[test]
fn crash() {
    let crashes = number("CRASHES", 2 * KILLS);
    let scenarios = crashes.div_ceil(KILLS);
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
        "{crashes} kills in {scenarios} scenarios of {BOOKINGS} bookings: {states:?}, none lost, none doubled"
    );
}

fn scenario(seed: u64) -> BTreeMap<String, usize> {
    let delay = Delay { base: Duration::from_millis(20), jitter: Duration::from_millis(30) };
    let world = World::new(BOOKINGS, AHEAD, None, delay);
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let begin = world.opening.minus(AHEAD);
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
        sleep_until(kill);
        daemon.kill();
    }
    let daemon = world.daemon("crash");
    world.wait_until_over();
    daemon.stop();
    let outcome = world.compare();
    assert!(outcome.wrong.is_empty(), "scenario {seed}: {:#?}\n{}", outcome.wrong, world.logs());
    outcome.states
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
