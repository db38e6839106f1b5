//! Delays between two attempts to reach the server.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::Duration;

const FIRST: Duration = Duration::from_millis(20);
const MAX: Duration = Duration::from_secs(1);

/// Delays that double from 20 ms to 1 s, each drawn at random from its upper half, so that many clients of a server do
/// not come back at the same time.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The delay before the next attempt.
    pub(crate) fn next(&mut self) -> Duration {
        let bound = FIRST.saturating_mul(1 << self.failures.min(16)).min(MAX);
        self.failures = self.failures.saturating_add(1);
        let drawn = RandomState::new().build_hasher().finish() as u32;
        bound.mul_f64(0.5 + 0.5 * f64::from(drawn) / f64::from(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_to_their_bound_and_vary() {
        let mut backoff = Backoff::default();
        let delays: Vec<_> = (0..40).map(|_| backoff.next()).collect();
        assert!(delays[0] <= FIRST && delays[0] >= FIRST / 2, "{delays:?}");
        assert!(delays.iter().all(|delay| *delay <= MAX), "{delays:?}");
        assert!(delays[10..].iter().all(|delay| *delay >= MAX / 2), "{delays:?}");
        assert!(delays[10..].iter().any(|delay| *delay != delays[10]), "{delays:?}");
    }
}
