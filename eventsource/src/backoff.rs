//! Delays between the attempts of what is retried.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::random::{STEP, mixed};

/// Delays that grow with each attempt.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Backoff {
    pub(crate) first: Duration,
    pub(crate) max: Duration,
    /// The factor by which each delay grows, at least 1.
    pub(crate) factor: f64,
    /// The random part of each delay, from 0 to 1.
    pub(crate) jitter: f64,
}

impl Backoff {
    /// Creates delays that double from `first` to `max`. Each one is a random value between 0 and that.
    pub(crate) const fn new(first: Duration, max: Duration) -> Self {
        Self { first, max, factor: 2.0, jitter: 1.0 }
    }

    /// The same delays, of which this part is drawn at random, from 0 to 1.
    pub(crate) const fn with_jitter(mut self, jitter: f64) -> Self {
        self.jitter = jitter;
        self
    }

    /// Returns the delay after `failures` failed attempts. `chance`, from 0 to 1, selects the jitter.
    pub(crate) fn delay(&self, failures: u32, chance: f64) -> Duration {
        let steps = i32::try_from(failures.saturating_sub(1)).unwrap_or(i32::MAX);
        let grown = self.first.as_secs_f64() * self.factor.powi(steps);
        let bound = Duration::try_from_secs_f64(grown).unwrap_or(self.max).min(self.max);
        bound.mul_f64(1.0 - self.jitter * chance)
    }
}

/// The source of the jitter of delays.
#[derive(Debug)]
pub(crate) struct Chance(AtomicU64);

impl Chance {
    /// Uses `seed`. Without a seed, uses the random keys of a hasher, which need no crate.
    pub(crate) fn new(seed: Option<u64>) -> Self {
        Self(AtomicU64::new(seed.unwrap_or_else(|| RandomState::new().build_hasher().finish())))
    }

    /// Returns a random number from 0 to 1.
    pub(crate) fn draw(&self) -> f64 {
        let state = self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        f64::from((mixed(state) >> 32) as u32) / f64::from(u32::MAX)
    }
}

/// The delays of one operation that is retried: they double from the first one to the longest, and a part of each is
/// drawn at random, so that processes which failed together do not retry together.
///
/// Subscriptions, commands and the stores of this crate retry by themselves. This type is for adapters: a broker or a
/// store of your own that connects again after a failure.
///
/// ```
/// use std::time::Duration;
/// use eventsource::Retries;
///
/// let mut retries = Retries::new(Duration::from_millis(20), Duration::from_secs(1)).jitter(0.5);
/// let first = retries.next_delay();
/// assert!(Duration::from_millis(10) <= first && first <= Duration::from_millis(20));
/// let second = retries.next_delay();
/// assert!(Duration::from_millis(20) <= second && second <= Duration::from_millis(40));
///
/// // After a success:
/// retries.reset();
/// assert!(retries.next_delay() <= Duration::from_millis(20));
/// ```
#[derive(Debug)]
pub struct Retries {
    backoff: Backoff,
    chance: Chance,
    failures: u32,
}

impl Retries {
    /// Creates delays that double from `first` to `longest`. Each one is a random value between 0 and that.
    #[must_use]
    pub fn new(first: Duration, longest: Duration) -> Self {
        Self::of(Backoff::new(first, longest))
    }

    pub(crate) fn of(backoff: Backoff) -> Self {
        Self { backoff, chance: Chance::new(None), failures: 0 }
    }

    /// Sets the part of each delay that is drawn at random: with 0.5, a delay is between half of its bound and the
    /// bound. The default is 1. A fraction below 0 counts as 0, one above 1 as 1.
    #[must_use]
    pub fn jitter(mut self, fraction: f64) -> Self {
        self.backoff = self.backoff.with_jitter(fraction.clamp(0.0, 1.0));
        self
    }

    /// Returns how long to wait before the next attempt.
    pub fn next_delay(&mut self) -> Duration {
        self.failures = self.failures.saturating_add(1);
        self.backoff.delay(self.failures, self.chance.draw())
    }

    /// Waits before the next attempt. Must be called inside a tokio runtime.
    pub async fn wait(&mut self) {
        tokio::time::sleep(self.next_delay()).await;
    }

    /// Starts again with the first delay. Call it after a success.
    pub const fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BACKOFF: Backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(10));

    #[test]
    fn a_delay_never_exceeds_its_bound_and_varies() {
        let chance = Chance::new(None);
        let delays: Vec<_> = (0..100).map(|_| BACKOFF.delay(3, chance.draw())).collect();
        assert!(delays.iter().all(|delay| *delay <= Duration::from_millis(400)), "{delays:?}");
        assert!(delays.iter().any(|delay| *delay != delays[0]), "{delays:?}");
        assert!((0..100).map(|_| BACKOFF.delay(u32::MAX, chance.draw())).all(|delay| delay <= Duration::from_secs(10)));
    }

    #[test]
    fn the_same_seed_draws_the_same_delays() {
        let [one, other] = [Chance::new(Some(7)), Chance::new(Some(7))];
        assert!((0..100).all(|_| one.draw() == other.draw()));
    }

    #[test]
    fn factor_and_jitter_are_applied() {
        let steady = Backoff { factor: 3.0, jitter: 0.0, ..BACKOFF };
        let delays: Vec<_> = (1..=6).map(|failures| steady.delay(failures, 0.7).as_millis()).collect();
        assert_eq!(delays, [100, 300, 900, 2_700, 8_100, 10_000]);
        let half = Backoff { jitter: 0.5, ..steady };
        assert!(
            [0.0, 0.3, 1.0]
                .map(|chance| half.delay(2, chance))
                .iter()
                .all(|delay| (150..=300).contains(&delay.as_millis()))
        );
    }

    #[test]
    fn retries_grow_to_their_bound_and_vary() {
        let (first, longest) = (Duration::from_millis(20), Duration::from_secs(1));
        let mut retries = Retries::new(first, longest).jitter(0.5);
        let delays: Vec<_> = (0..40).map(|_| retries.next_delay()).collect();
        assert!(delays[0] <= first && delays[0] >= first / 2, "{delays:?}");
        assert!(delays.iter().all(|delay| *delay <= longest), "{delays:?}");
        assert!(delays[10..].iter().all(|delay| *delay >= longest / 2), "{delays:?}");
        assert!(delays[10..].iter().any(|delay| *delay != delays[10]), "{delays:?}");
        retries.reset();
        assert!(retries.next_delay() <= first);
    }

    #[test]
    fn jitter_outside_of_its_range_is_its_nearest_bound() {
        let bound = Duration::from_millis(20);
        assert_eq!(Retries::new(bound, bound).jitter(-3.0).next_delay(), bound);
        let mut wide = Retries::new(bound, bound).jitter(f64::INFINITY);
        assert!((0..100).all(|_| wide.next_delay() <= bound));
    }
}
