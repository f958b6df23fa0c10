//! What the measuring programs share. The micro benches live in `benches/`, the programs in `src/bin/`.

pub mod by_hand;
pub mod clients;
pub mod plan;
pub mod plot;
pub mod process_tree;
pub mod site_process;
pub mod turn_clock;
pub mod usage;

use std::fs;
use std::path::Path;
use std::process::Command;

/// Whatever ends a measurement.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The value at a part (0 to 1) of some figures: the smallest that is not less than that part of them.
pub fn quantile(figures: &mut [f64], part: f64) -> f64 {
    figures.sort_by(f64::total_cmp);
    let rank = (part * figures.len() as f64).ceil() as usize;
    figures.get(rank.saturating_sub(1)).copied().unwrap_or(f64::NAN)
}

/// The middle of some figures; half of them are not greater.
pub fn median(figures: &[f64]) -> f64 {
    quantile(&mut figures.to_vec(), 0.5)
}

/// Makes sure, before a long measurement, that its results can be kept in a file.
///
/// # Errors
/// What the system says.
pub fn keep_ready(file: &str) -> Result<(), Failure> {
    let path = Path::new(file);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .map_err(|error| format!("{file}: {error}"))?;
    Ok(())
}

/// The machine in one line: cores, processor, kernel, compiler, load at this moment.
pub fn machine() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(0, |n| n.get());
    let cpu = read("/proc/cpuinfo")
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map(|rest| rest.trim_start_matches([' ', '\t', ':']).to_owned())
        .unwrap_or_else(|| "unknown processor".to_owned());
    let kernel = read("/proc/sys/kernel/osrelease");
    let rustc = Command::new("rustc").arg("--version").output().map(|o| o.stdout).unwrap_or_default();
    let load = read("/proc/loadavg").split(' ').next().unwrap_or_default().to_owned();
    format!(
        "{cores} cores, {cpu}, Linux {}, {}, load {load}",
        kernel.trim(),
        String::from_utf8_lossy(&rustc).trim()
    )
}

/// A small seeded generator (splitmix64), so that a run can be repeated to the bit.
pub struct Seeded(pub u64);

impl Seeded {
    /// The next number of `0.0..1.0`.
    pub fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// The next number of `low..high`.
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_figures_that_occurred() {
        let mut figures = vec![4.0, 1.0, 3.0, 2.0];
        assert_eq!([0.0, 0.5, 0.75, 0.99].map(|p| quantile(&mut figures, p)), [1.0, 2.0, 3.0, 4.0]);
        assert!(quantile(&mut [], 0.5).is_nan());
    }
}
