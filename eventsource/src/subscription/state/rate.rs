//! The rate at which a subscription applies events.

use std::time::Duration;

use tokio::time::Instant;

/// The number of seconds that are counted.
const SECONDS: u64 = 10;

/// Counts the events of the last 10 seconds, one number for each second.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::subscription) struct Rate {
    /// When the first event was counted. Seconds are counted from here.
    first_at: Option<Instant>,
    /// The second of the last count.
    second: u64,
    counts: [u64; SECONDS as usize],
}

impl Rate {
    /// Counts events that were applied now.
    pub(in crate::subscription) fn count(&mut self, events: u64) {
        if events == 0 {
            return;
        }
        let now = Instant::now();
        let first_at = *self.first_at.get_or_insert(now);
        let second = now.duration_since(first_at).as_secs();
        self.forget_until(second);
        if let Some(count) = self.counts.get_mut(index(second)) {
            *count += events;
        }
    }

    /// Returns the mean number of events a second, over the last 10 s. If the first event was counted later, over the
    /// time since then, and at least over 1 s.
    pub(in crate::subscription) fn per_second(mut self) -> f64 {
        let Some(first_at) = self.first_at else { return 0.0 };
        let elapsed = first_at.elapsed();
        self.forget_until(elapsed.as_secs());
        let older = Duration::from_secs(elapsed.as_secs().saturating_sub(SECONDS - 1));
        let counted = (elapsed - older).max(Duration::from_secs(1));
        self.counts.iter().sum::<u64>() as f64 / counted.as_secs_f64()
    }

    /// Clears the counts of the seconds after the last count, up to `second`.
    fn forget_until(&mut self, second: u64) {
        let missed = second.saturating_sub(self.second).min(SECONDS);
        for ago in 0..missed {
            if let Some(count) = self.counts.get_mut(index(second - ago)) {
                *count = 0;
            }
        }
        self.second = self.second.max(second);
    }
}

const fn index(second: u64) -> usize {
    (second % SECONDS) as usize
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn rate_is_the_mean_of_the_last_seconds_and_falls_to_zero() {
        let mut rate = Rate::default();
        assert_eq!(rate.per_second(), 0.0);
        rate.count(50);
        assert_eq!(rate.per_second(), 50.0, "less than a second counts as one");
        for _ in 0..20 {
            advance(Duration::from_millis(500)).await;
            rate.count(50);
        }
        let steady = rate.per_second();
        assert!((95.0..=115.0).contains(&steady), "{steady}");
        advance(Duration::from_secs(5)).await;
        let falling = rate.per_second();
        assert!((30.0..=60.0).contains(&falling), "{falling}");
        advance(Duration::from_secs(5)).await;
        assert_eq!(rate.per_second(), 0.0);
        advance(Duration::from_secs(1_000)).await;
        rate.count(10);
        assert!((1.0..=10.0).contains(&rate.per_second()), "{rate:?}");
    }
}
