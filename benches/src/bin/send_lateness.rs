//! How late a program wakes up against the instant it wants to send at.
//!
//!     cargo run --release -p benches --bin send_lateness -- [shots] [margin in us]
//!
//! Beside each other, on one thread: the library's own way (sleep until 2.5 ms before, then spin, as
//! `clock/mod.rs` does it) and tokio's sleep alone. The two take turns, so that both meet the same machine.
//! What the machine did meanwhile is printed below: how often the kernel took the processor away from
//! this program, how long the host took it away from the machine, and in how many shots the sleep alone
//! overran the margin of 2.5 ms. Another margin (in us, at most 20000) shows what it would buy.

use std::time::Duration;

use benches::{Seeded, machine, quantile};
use namyangju_rent::clock::{Clock, SystemClock};

/// As in the library's `clock/mod.rs`.
const SPIN_MICROS: u64 = 2_500;

/// How often the kernel took the processor away, and the ticks (10 ms) that the host took, so far.
fn taken_away() -> (u64, u64) {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let field = |line: &str, at: usize| line.split_whitespace().nth(at).and_then(|n| n.parse().ok());
    let status = read("/proc/self/status");
    let switches = status.lines().find(|line| line.starts_with("nonvoluntary_ctxt_switches"));
    let stat = read("/proc/stat");
    let steal = stat.lines().next().and_then(|line| field(line, 8));
    (switches.and_then(|line| field(line, 1)).unwrap_or_default(), steal.unwrap_or_default())
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut number = |default: u64| arguments.next().map_or(default, |a| a.parse().expect("a whole number"));
    let (shots, margin) = (number(300), number(SPIN_MICROS).min(20_000));
    let spin = Duration::from_micros(margin);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut random = Seeded(2026);
    let (mut spun, mut slept, mut overrun) = (Vec::new(), Vec::new(), 0);
    let before = taken_away();
    println!("{shots} shots each, 20 to 60 ms ahead; {}\n", machine());
    runtime.block_on(async {
        let clock = SystemClock;
        let late = |target: Duration| clock.monotonic().saturating_sub(target).as_secs_f64() * 1e6;
        for _ in 0..shots {
            let ahead = Duration::from_secs_f64(random.between(0.020, 0.060));
            let target = clock.monotonic() + ahead;
            clock.sleep(ahead - spin).await;
            overrun += u32::from(clock.monotonic() > target);
            clock.spin_until(target);
            spun.push(late(target));

            let target = clock.monotonic() + ahead;
            clock.sleep(ahead).await;
            slept.push(late(target));
        }
    });
    println!("| way | p50 us | p99 us | max us |");
    println!("| --- | --: | --: | --: |");
    for (way, figures) in
        [(format!("sleep, then spin {margin} us"), &mut spun), ("tokio's sleep alone".to_owned(), &mut slept)]
    {
        println!(
            "| {way} | {:.1} | {:.1} | {:.1} |",
            quantile(figures, 0.5),
            quantile(figures, 0.99),
            quantile(figures, 1.0),
        );
    }
    let after = taken_away();
    println!(
        "\nprocessor taken away by the kernel: {} times; by the host: {} ms; sleeps longer than the margin: {overrun}; load after: {}",
        after.0 - before.0,
        (after.1 - before.1) * 10,
        machine().rsplit(' ').next().unwrap_or_default()
    );
}
