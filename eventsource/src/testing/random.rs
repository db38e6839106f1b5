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
    ///
    /// ```
    /// use eventsource::testing::Random;
    ///
    /// let mut random = Random::from_environment(); // repeat a run with EVENTSOURCE_SEED=…
    /// assert!(random.below(6) < 6);
    /// ```
    #[must_use]
    pub fn from_environment() -> Self {
        let clock = || std::time::UNIX_EPOCH.elapsed().map_or(1, |since| since.as_nanos() as u64);
        let seed = std::env::var("EVENTSOURCE_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(clock);
        println!("EVENTSOURCE_SEED={seed}");
        Self(seed)
    }

    /// Creates a generator from this seed.
    ///
    /// ```
    /// use eventsource::testing::Random;
    ///
    /// assert_eq!(Random::new(7).number(), Random::new(7).number());
    /// ```
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Returns the next random number.
    ///
    /// ```
    /// use eventsource::testing::Random;
    ///
    /// let mut random = Random::new(42);
    /// assert_ne!(random.number(), random.number());
    /// ```
    pub const fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        mixed(self.0)
    }

    /// Returns a number from 0 to `end - 1`; 0 if `end` is 0.
    ///
    /// ```
    /// use eventsource::testing::Random;
    ///
    /// let die = 1 + Random::new(42).below(6);
    /// assert!((1..=6).contains(&die));
    /// ```
    pub const fn below(&mut self, end: u64) -> u64 {
        let number = self.number();
        if end == 0 { 0 } else { number % end }
    }

    /// Returns `true` with this probability, from 0 to 1.
    ///
    /// ```
    /// use eventsource::testing::Random;
    ///
    /// let mut random = Random::new(42);
    /// assert!(random.chance(1.0) && !random.chance(0.0));
    /// ```
    pub fn chance(&mut self, probability: f64) -> bool {
        (self.number() >> 11) as f64 / (1_u64 << 53) as f64 <= probability && probability > 0.0
    }

    /// Returns a time from zero up to, but not including, `longest`, in whole microseconds. It is zero if `longest` is
    /// zero.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use eventsource::testing::Random;
    ///
    /// let longest = Duration::from_millis(20);
    /// assert!(Random::new(42).delay(longest) < longest);
    /// ```
    pub fn delay(&mut self, longest: Duration) -> Duration {
        Duration::from_micros(self.below(longest.as_micros().max(1) as u64))
    }
}
