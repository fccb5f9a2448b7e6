//! Chance that can be repeated.

use std::time::{SystemTime, UNIX_EPOCH};

/// A source of numbers (`SplitMix64`).
pub struct Chance(u64);

/// Returns a seed that nobody used before.
pub fn fresh_seed() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    u64::try_from(since.as_micros()).unwrap() % 1_000_000_000
}

impl Chance {
    pub fn new(seed: u64, number: u32) -> Self {
        Self(seed ^ (u64::from(number) << 32).wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    /// Returns a number below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % end
    }

    /// Whether something happens that does in `percent` of 100 cases.
    pub fn happens(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}
