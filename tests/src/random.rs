//! Randomness with a seed that is printed, so that a failing run can be repeated.

use std::time::Duration;

/// Random numbers from a seed (SplitMix64).
#[derive(Debug)]
pub struct Random(u64);

impl Random {
    /// From the environment variable `EVENTSOURCE_SEED`, or from the clock; printed either way.
    pub fn from_environment() -> Self {
        let clock = || std::time::UNIX_EPOCH.elapsed().map_or(1, |since| since.as_nanos() as u64);
        let seed = std::env::var("EVENTSOURCE_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(clock);
        println!("EVENTSOURCE_SEED={seed}");
        Self(seed)
    }

    /// From this seed.
    pub fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    /// The next random number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number from 0 up to, and without, `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.number() % end
    }

    /// A time from zero up to `longest`.
    pub fn delay(&mut self, longest: Duration) -> Duration {
        Duration::from_micros(self.below(longest.as_micros().max(1) as u64))
    }
}
