//! Random numbers from a seed that is printed, so that a failing run can be repeated.

use std::time::Duration;

use crate::random::{STEP, mixed};

/// A generator of random numbers (SplitMix64). The same seed gives the same numbers on every machine.
///
/// ```
/// use eventsource::testing::Random;
///
/// let (mut one, mut other) = (Random::new(42), Random::new(42));
/// assert_eq!(one.number(), other.number());
/// assert!(one.below(6) < 6);
/// ```
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// Takes the seed from the environment variable `EVENTSOURCE_SEED`, or else from the clock, and prints it to
    /// stdout.
    #[must_use]
    pub fn from_environment() -> Self {
        let clock = || std::time::UNIX_EPOCH.elapsed().map_or(1, |since| since.as_nanos() as u64);
        let seed = std::env::var("EVENTSOURCE_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(clock);
        println!("EVENTSOURCE_SEED={seed}");
        Self(seed)
    }

    /// Creates a generator from this seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Returns the next random number.
    pub const fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        mixed(self.0)
    }

    /// Returns a number from 0 to `end - 1`; 0 if `end` is 0.
    pub const fn below(&mut self, end: u64) -> u64 {
        let number = self.number();
        if end == 0 { 0 } else { number % end }
    }

    /// Returns `true` with this probability, from 0 to 1.
    pub fn chance(&mut self, probability: f64) -> bool {
        (self.number() >> 11) as f64 / (1_u64 << 53) as f64 <= probability && probability > 0.0
    }

    /// Returns a time between zero and `longest`.
    pub fn delay(&mut self, longest: Duration) -> Duration {
        Duration::from_micros(self.below(longest.as_micros().max(1) as u64))
    }
}
