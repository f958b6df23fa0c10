//! The only randomness of the stand-in: numbers from a seed (SplitMix64).

/// Numbers that follow from a seed.
#[derive(Clone, Debug)]
pub(crate) struct Seeded(u64);

impl Seeded {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mixed(self.0)
    }

    /// A number from 0 up to, not including, `end`; 0 if `end` is 0.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next().checked_rem(end).unwrap_or_default()
    }

    /// A share from 0 up to, not including, 1.
    pub(crate) fn share(&mut self) -> f64 {
        share_of_bits(self.next())
    }

    /// So many hexadecimal digits.
    pub(crate) fn hex(&mut self, digits: usize) -> String {
        let mut text = String::new();
        while text.len() < digits {
            text.push_str(&format!("{:016x}", self.next()));
        }
        text.truncate(digits);
        text
    }
}

/// A share between 0 and 1 that follows from a seed and a key: the same each time it is asked for.
pub(crate) fn share_of(seed: u64, key: &str) -> f64 {
    // FNV-1a over the key, then one round of mixing.
    let hash = key.bytes().fold(0xCBF2_9CE4_8422_2325_u64 ^ seed, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
    });
    share_of_bits(mixed(hash))
}

fn share_of_bits(bits: u64) -> f64 {
    let bits = u32::try_from(bits >> 32).unwrap_or_default();
    f64::from(bits) / (f64::from(u32::MAX) + 1.0)
}

fn mixed(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_numbers() {
        let (mut a, mut b) = (Seeded::new(7), Seeded::new(7));
        assert_eq!(a.hex(32), b.hex(32));
        assert_ne!(a.next(), Seeded::new(8).next());
        assert_eq!(a.below(0), 0);
    }

    #[test]
    fn shares_are_spread() {
        let below_half = (0..1000).filter(|n| share_of(1, &n.to_string()) < 0.5).count();
        assert!((400..600).contains(&below_half), "{below_half}");
    }
}
