//! A swamped site: what happens to requests when more people ask than the machines can serve.
//!
//! At an opening such sites queue, drop and time out. What happens to each request is drawn from the seed in
//! the order of the requests, so that a run can be repeated. Files are spared: they need no script.

use std::time::Duration;

use super::seeded::Seeded;
use crate::value::date::SeoulTime;

/// A swamped site, on the site's clock. The three shares are parts of 1; what they leave is answered well.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Swamp {
    /// From this instant.
    pub from: SeoulTime,
    /// Until this one.
    pub until: SeoulTime,
    /// The share of requests that a gateway answers with 502, 503 or 504, a third each. A 502 or 503 comes at
    /// once and nothing was done. A 504 comes after [`Swamp::longest`], and **the script did its work**.
    pub errors: f64,
    /// The share of connections that are reset without a byte of an answer: half of them before the script,
    /// half of them after it did its work.
    pub resets: f64,
    /// The share of scripts that take longer than others, by up to [`Swamp::longest`]. They read the clock
    /// when others would; each holds its worker until it ends.
    pub slow: f64,
    /// The longest that a slow script takes, and the patience of the gateway.
    pub longest: Duration,
}

/// What happens to one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// A gateway's answer of this status; no script.
    Error(u16),
    /// The script does its work; the gateway's answer says 504 after this time.
    TimedOut(Duration),
    /// The connection is reset; no script.
    ResetBefore,
    /// The script does its work, then the connection is reset.
    ResetAfter,
    /// The script takes this much longer.
    Slow(Duration),
}

impl Trouble {
    /// How much longer the script holds its worker.
    pub(super) fn longer(self) -> Duration {
        match self {
            Self::TimedOut(longer) | Self::Slow(longer) => longer,
            Self::Error(_) | Self::ResetBefore | Self::ResetAfter => Duration::ZERO,
        }
    }
}

impl Swamp {
    /// What happens to the next request. Each takes three numbers of the seed, whatever happens to it.
    pub(super) fn draw(&self, seeded: &mut Seeded) -> Option<Trouble> {
        let (lot, kind, length) = (seeded.share(), seeded.below(6), seeded.share());
        let longest = self.longest.min(Duration::from_secs(24 * 3600));
        if lot < self.errors {
            return Some(match kind % 3 {
                0 => Trouble::Error(502),
                1 => Trouble::Error(503),
                _ => Trouble::TimedOut(longest),
            });
        }
        if lot < self.errors + self.resets {
            return Some(if kind % 2 == 0 { Trouble::ResetBefore } else { Trouble::ResetAfter });
        }
        (lot < self.errors + self.resets + self.slow).then(|| Trouble::Slow(longest.mul_f64(length)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn swamp(errors: f64, resets: f64, slow: f64) -> Swamp {
        let from = SeoulTime::from_unix_micros(0);
        Swamp { from, until: from, errors, resets, slow, longest: Duration::from_secs(30) }
    }

    #[test]
    fn the_shares_are_kept_and_the_seed_decides() {
        let draws = |seed| {
            let mut seeded = Seeded::new(seed);
            (0..3_000).map(|_| swamp(0.3, 0.2, 0.1).draw(&mut seeded)).collect::<Vec<_>>()
        };
        let drawn = draws(1);
        assert_eq!(drawn, draws(1));
        assert_ne!(drawn, draws(2));
        let count = |of: fn(&Trouble) -> bool| drawn.iter().flatten().filter(|trouble| of(trouble)).count();
        for (seen, wanted) in [
            (count(|t| matches!(t, Trouble::Error(502))), 300),
            (count(|t| matches!(t, Trouble::Error(503))), 300),
            (count(|t| matches!(t, Trouble::TimedOut(_))), 300),
            (count(|t| matches!(t, Trouble::ResetBefore)), 300),
            (count(|t| matches!(t, Trouble::ResetAfter)), 300),
            (count(|t| matches!(t, Trouble::Slow(_))), 300),
            (drawn.iter().filter(|trouble| trouble.is_none()).count(), 1_200),
        ] {
            assert!(seen.abs_diff(wanted) < wanted / 4, "{seen} of {wanted}");
        }
        let longest = drawn.iter().flatten().map(|trouble| trouble.longer()).max().unwrap();
        assert_eq!(longest, Duration::from_secs(30));
    }
}
