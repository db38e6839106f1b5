//! Delays between attempts.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::Duration;

/// Delays that grow from attempt to attempt.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Backoff {
    first: Duration,
    max: Duration,
    /// By how much a delay grows each time, at least 1.
    pub(super) factor: f64,
    /// How much of a delay is drawn at random, from 0 to 1.
    pub(super) jitter: f64,
}

impl Backoff {
    /// Delays that double from `first` to `max`, drawn from 0 to that.
    pub(super) const fn new(first: Duration, max: Duration) -> Self {
        Self { first, max, factor: 2.0, jitter: 1.0 }
    }

    /// The delay before the attempt after `failures` failed ones.
    pub(super) fn delay(&self, failures: u32) -> Duration {
        let steps = i32::try_from(failures.saturating_sub(1)).unwrap_or(i32::MAX);
        let grown = self.first.as_secs_f64() * self.factor.powi(steps);
        let bound = Duration::try_from_secs_f64(grown).unwrap_or(self.max).min(self.max);
        bound.mul_f64(1.0 - self.jitter * random_fraction())
    }
}

/// From 0 to 1. The hasher's keys are random for each `RandomState`, which is all the randomness that a jitter needs.
fn random_fraction() -> f64 {
    let random = RandomState::new().build_hasher().finish();
    f64::from((random >> 32) as u32) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BACKOFF: Backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(10));

    #[test]
    fn a_delay_never_exceeds_its_bound_and_varies() {
        let delays: Vec<_> = (0..100).map(|_| BACKOFF.delay(3)).collect();
        assert!(delays.iter().all(|delay| *delay <= Duration::from_millis(400)), "{delays:?}");
        assert!(delays.iter().any(|delay| *delay != delays[0]), "{delays:?}");
        assert!((0..100).map(|_| BACKOFF.delay(u32::MAX)).all(|delay| delay <= Duration::from_secs(10)));
    }

    #[test]
    fn factor_and_jitter_are_heeded() {
        let steady = Backoff { factor: 3.0, jitter: 0.0, ..BACKOFF };
        let delays: Vec<_> = (1..=6).map(|failures| steady.delay(failures).as_millis()).collect();
        assert_eq!(delays, [100, 300, 900, 2_700, 8_100, 10_000]);
        let half = Backoff { jitter: 0.5, ..steady };
        assert!((0..100).map(|_| half.delay(2)).all(|delay| (150..=300).contains(&delay.as_millis())));
    }
}
