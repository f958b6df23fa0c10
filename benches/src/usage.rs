//! What a process costs, by the kernel's own books.

use std::fs;
use std::time::Duration;

/// Length of a tick in `/proc/PID/stat`: 100 a second on every Linux a program of these days runs on.
const TICK: Duration = Duration::from_millis(10);

/// Memory of a process in KiB, shared pages counted by its part of them; `self` is this one.
pub fn pss_kib(process: &str) -> Option<u64> {
    field(&fs::read_to_string(format!("/proc/{process}/smaps_rollup")).ok()?, "Pss:")
}

/// The most memory that a process had resident at any time, in KiB.
pub fn peak_kib(process: &str) -> Option<u64> {
    field(&fs::read_to_string(format!("/proc/{process}/status")).ok()?, "VmHWM:")
}

/// Processor time of a process and its threads, in steps of 10 ms.
pub fn cpu(process: &str) -> Option<Duration> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name in brackets may hold blanks.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let user: u32 = fields.next()?.parse().ok()?;
    let system: u32 = fields.next()?.parse().ok()?;
    Some(TICK * (user + system))
}

fn field(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_a_cost() {
        assert!(pss_kib("self").is_some_and(|kib| kib > 100));
        assert!(peak_kib("self") >= pss_kib("self"));
        assert!(cpu("self").is_some());
    }
}
