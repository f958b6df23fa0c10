//! How far `SiteClock` is from the truth, over simulated networks. Nothing waits: it takes milliseconds.
//!
//!     cargo run --release -p benches --bin clock_error -- [networks] [seed]
//!
//! A network has a base round trip, split between the way there and the way back (even to 65/35, either
//! way), and a site whose clock is ahead or behind by up to two seconds and cuts its `Date` to whole
//! seconds. Two shapes of jitter, drawn anew for each direction of each probe:
//!
//! - `even`: evenly from 25 % below to 25 % above the base of that direction, so that the base is the mean;
//! - `tail`: never below the base, above it by an exponential of mean 8 % of the base that is drawn again
//!   beyond 25 %, as a queue adds to a fixed length of wire.
//!
//! `floor` is half of the difference between the two base paths: what an observer with endless probes
//! would still be wrong by in the middle, because no exchange of two stamps can see it.

use std::time::Duration;

use benches::{Seeded, machine, quantile};
use namyangju_rent::SeoulTime;
use namyangju_rent::clock::{Probe, SiteClock};
use namyangju_rent::limits::{MAX_PROBES, PROBE_GAP};

/// Unix time at the monotonic zero of the simulated machine, in seconds.
const START: f64 = 1_795_658_400.0;

const JITTER: f64 = 0.25;
const TAIL_MEAN: f64 = 0.08;

#[derive(Clone, Copy)]
enum Shape {
    Even,
    Tail,
}

impl Shape {
    fn word(self) -> &'static str {
        match self {
            Self::Even => "even",
            Self::Tail => "tail",
        }
    }

    /// By what the base of one direction is multiplied.
    fn factor(self, random: &mut Seeded) -> f64 {
        match self {
            Self::Even => random.between(1.0 - JITTER, 1.0 + JITTER),
            Self::Tail => loop {
                let above = -TAIL_MEAN * (1.0 - random.unit()).ln();
                if above <= JITTER {
                    return 1.0 + above;
                }
            },
        }
    }
}

#[derive(Default)]
struct Figures {
    errors: Vec<f64>,
    floors: Vec<f64>,
    half_widths: Vec<f64>,
    probes: Vec<f64>,
    /// Networks whose bounds did not hold the truth; there must be none.
    outside: usize,
}

/// One network, measured until the clock wants no more. All times in seconds.
fn measure(rtt: f64, shape: Shape, worst: bool, random: &mut Seeded, into: &mut Figures) {
    let more = if worst { 0.65 } else { random.between(0.5, 0.65) };
    let part = if random.unit() < 0.5 { more } else { 1.0 - more };
    let (there, back) = (rtt * part, rtt * (1.0 - part));
    let ahead = random.between(-2.0, 2.0);
    let mut clock = SiteClock::new();
    let mut now = Duration::from_secs_f64(random.unit());
    while clock.wants_more() {
        let sent = clock.aim(now);
        let last = clock.probes().last();
        assert!(last.is_none_or(|last| sent >= last.sent + PROBE_GAP), "more than one probe a second");
        let dated = sent.as_secs_f64() + there * shape.factor(random);
        let answered = dated + back * shape.factor(random);
        let date = START as i64 + (dated + ahead).floor() as i64;
        let answered = Duration::from_secs_f64(answered);
        clock.add(Probe { sent, answered, date });
        now = answered;
    }
    assert!(clock.probes().len() <= MAX_PROBES, "too many probes");
    let wall = SeoulTime::from_unix_micros((START * 1e6) as i64);
    let estimate = clock.estimate(wall, Duration::ZERO).expect("it has probes");
    assert!(!estimate.cached, "an honest clock was taken for a cached one");
    let error = (estimate.ahead_micros as f64 / 1e6 - ahead).abs();
    // Both figures are cut to a microsecond.
    into.outside += usize::from(error > estimate.error_micros as f64 / 1e6 + 2e-6);
    into.errors.push(error * 1e3);
    into.floors.push((there - back).abs() / 2.0 * 1e3);
    into.half_widths.push(estimate.error_micros as f64 / 1e3);
    into.probes.push(estimate.probes as f64);
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut number = |default: u64| arguments.next().map_or(default, |a| a.parse().expect("a whole number"));
    let (networks, seed) = (number(200), number(2026));
    println!("{networks} networks a row, seed {seed}; {}\n", machine());
    println!(
        "| RTT ms | split | jitter 25 % | p50 ms | p95 ms | max ms | floor p50 | floor p95 | mean half width ms | mean probes | most probes | bounds missed the truth |"
    );
    println!("| --: | --- | --- | --: | --: | --: | --: | --: | --: | --: | --: | --: |");
    let mean = |figures: &[f64]| figures.iter().sum::<f64>() / figures.len() as f64;
    for worst in [false, true] {
        for shape in [Shape::Even, Shape::Tail] {
            for rtt in [10.0, 40.0, 120.0] {
                let mut figures = Figures::default();
                for network in 0..networks {
                    // A stream of its own for each, so that a change of the clock meets the same networks.
                    let mut random = Seeded(seed.wrapping_add(network << 32));
                    measure(rtt / 1e3, shape, worst, &mut random, &mut figures);
                }
                println!(
                    "| {rtt} | {} | {} | {:.2} | {:.2} | {:.2} | {:.2} | {:.2} | {:.2} | {:.1} | {} | {} |",
                    if worst { "all 65/35" } else { "50/50 to 65/35" },
                    shape.word(),
                    quantile(&mut figures.errors, 0.5),
                    quantile(&mut figures.errors, 0.95),
                    quantile(&mut figures.errors, 1.0),
                    quantile(&mut figures.floors, 0.5),
                    quantile(&mut figures.floors, 0.95),
                    mean(&figures.half_widths),
                    mean(&figures.probes),
                    quantile(&mut figures.probes, 1.0),
                    figures.outside,
                );
            }
        }
    }
}
