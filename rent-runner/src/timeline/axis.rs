//! From instants to places: one scale for all that happened, with the stretches cut out in which nothing did.

/// A pause that is longer than this is cut out of the axis, in microseconds.
const CUT: i64 = 400_000;

/// The part of the axis that one cut takes.
const CUT_SHARE: f64 = 0.06;

/// An axis from 0 to 1.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    /// Stretches of time, each with the place where it begins.
    stretches: Vec<Stretch>,
    /// The share of the axis for a microsecond.
    scale: f64,
}

#[derive(Clone, Copy, Debug)]
struct Stretch {
    from: i64,
    to: i64,
    at: f64,
}

/// A pause that was cut out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cut {
    /// Where it is, from 0 to 1, and how wide.
    pub(super) at: f64,
    pub(super) share: f64,
    /// How long it is, in microseconds.
    pub(super) micros: i64,
}

#[expect(clippy::cast_precision_loss, reason = "a picture needs no more than 52 bits of a microsecond")]
fn real(micros: i64) -> f64 {
    micros as f64
}

impl Axis {
    /// An axis that shows each of these stretches of time.
    pub(super) fn new(mut shown: Vec<(i64, i64)>) -> Self {
        shown.sort_unstable();
        let mut stretches: Vec<Stretch> = Vec::new();
        for (from, to) in shown {
            match stretches.last_mut() {
                Some(last) if from.saturating_sub(last.to) <= CUT => last.to = last.to.max(to),
                _ => stretches.push(Stretch { from, to, at: 0.0 }),
            }
        }
        let shortest =
            stretches.iter().map(|stretch| stretch.to.saturating_sub(stretch.from)).sum::<i64>() / 20;
        // A moment has no length: it gets a little room on both sides.
        for stretch in &mut stretches {
            let room = shortest.max(1_000) / 2;
            stretch.from = stretch.from.saturating_sub(room);
            stretch.to = stretch.to.saturating_add(room);
        }
        let cuts = stretches.len().saturating_sub(1);
        let share = CUT_SHARE.min(0.4 / real(i64::try_from(cuts.max(1)).unwrap_or(1)));
        let all: i64 = stretches.iter().map(|stretch| stretch.to.saturating_sub(stretch.from)).sum();
        let free = 1.0 - share * real(i64::try_from(cuts).unwrap_or(0));
        let scale = free / real(all.max(1));
        let mut at = 0.0;
        for stretch in &mut stretches {
            stretch.at = at;
            at += real(stretch.to.saturating_sub(stretch.from)) * scale + share;
        }
        Self { stretches, scale }
    }

    /// Where an instant is, from 0 to 1.
    pub(super) fn place(&self, micros: i64) -> f64 {
        let stretch =
            self.stretches.iter().rev().find(|stretch| stretch.from <= micros).or(self.stretches.first());
        let Some(stretch) = stretch else { return 0.0 };
        let inside = micros.clamp(stretch.from, stretch.to).saturating_sub(stretch.from);
        (stretch.at + real(inside) * self.scale).clamp(0.0, 1.0)
    }

    pub(super) fn cuts(&self) -> Vec<Cut> {
        let pairs = self.stretches.iter().zip(self.stretches.iter().skip(1));
        pairs
            .map(|(before, after)| {
                let at = before.at + real(before.to.saturating_sub(before.from)) * self.scale;
                Cut { at, share: after.at - at, micros: after.from.saturating_sub(before.to) }
            })
            .collect()
    }

    /// Round instants to be named on the axis, about so many.
    pub(super) fn ticks(&self, about: i64) -> Vec<i64> {
        let all: i64 = self.stretches.iter().map(|stretch| stretch.to.saturating_sub(stretch.from)).sum();
        let wanted = (all / about.max(1)).max(1_000);
        let step = (0..12).flat_map(|power| [1, 2, 5].map(|digit| digit * 10_i64.pow(power)));
        let step = step.into_iter().find(|step| *step >= wanted).unwrap_or(wanted);
        let mut ticks = Vec::new();
        for stretch in &self.stretches {
            let mut tick = stretch.from.div_euclid(step).saturating_add(1).saturating_mul(step);
            while tick <= stretch.to && ticks.len() < 40 {
                ticks.push(tick);
                tick = tick.saturating_add(step);
            }
        }
        ticks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_are_cut_out_and_the_order_is_kept() {
        let axis = Axis::new(vec![(0, 100_000), (-20_000, 20_000), (5_000_000, 5_100_000)]);
        let places = [-20_000, 0, 100_000, 5_000_000, 5_100_000].map(|at| axis.place(at));
        assert!(places.windows(2).all(|pair| pair[0] < pair[1]), "{places:?}");
        // Both stretches are about as wide, and the pause takes little.
        assert!(places[3] - places[2] < 0.2, "{places:?}");
        let cuts = axis.cuts();
        assert_eq!(cuts.len(), 1);
        assert!((4_800_000..4_900_001).contains(&cuts[0].micros), "{cuts:?}");
    }

    #[test]
    fn any_instants_have_a_place() {
        for shown in [vec![], vec![(0, 0)], vec![(i64::MIN, i64::MAX)], vec![(7, 7), (i64::MAX, i64::MAX)]] {
            let axis = Axis::new(shown);
            for at in [i64::MIN, -1, 0, 1, i64::MAX] {
                assert!((0.0..=1.0).contains(&axis.place(at)));
            }
            assert!(axis.ticks(5).len() <= 41);
            axis.cuts();
        }
    }
}
