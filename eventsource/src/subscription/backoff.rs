//! Delays between attempts.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::Duration;

/// The delay before the attempt after `failures` failed ones: drawn from 0 to `first` doubled each time, at most `max`.
pub(super) fn full_jitter(first: Duration, max: Duration, failures: u32) -> Duration {
    let doublings = failures.saturating_sub(1).min(31);
    let bound = first.saturating_mul(1 << doublings).min(max);
    bound.mul_f64(random_fraction())
}

/// From 0 to 1. The hasher's keys are random for each `RandomState`, which is all the randomness that a jitter needs.
fn random_fraction() -> f64 {
    let random = RandomState::new().build_hasher().finish();
    f64::from((random >> 32) as u32) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delay_never_exceeds_its_bound_and_varies() {
        let draw = |failures| full_jitter(Duration::from_millis(100), Duration::from_secs(10), failures);
        let delays: Vec<_> = (0..100).map(|_| draw(3)).collect();
        assert!(delays.iter().all(|delay| *delay <= Duration::from_millis(400)), "{delays:?}");
        assert!(delays.iter().any(|delay| *delay != delays[0]), "{delays:?}");
        assert!((0..100).map(|_| draw(u32::MAX)).all(|delay| delay <= Duration::from_secs(10)));
    }
}
