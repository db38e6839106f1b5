//! Samples of the end of the log, with the time of the process's monotonic clock.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::event::Position;

/// The least time between two samples.
const SPACING: Duration = Duration::from_millis(250);

/// The largest number of samples.
const SAMPLES: usize = 256;

/// Samples of the end of the log.
///
/// An event is at least as old as the first sample beyond it. This does not depend on the stored time of the event, so
/// a wrong clock at the time of the append does not hide how long the event has waited.
#[derive(Debug, Default)]
pub(in crate::subscription) struct Heads(Mutex<Samples>);

#[derive(Debug, Default)]
struct Samples {
    /// Ordered by time and by position.
    samples: VecDeque<Sample>,
    /// When the end of the log was last read.
    looked_at: Option<Instant>,
}

#[derive(Debug, Clone, Copy)]
struct Sample {
    at: Instant,
    head: Position,
}

impl Heads {
    fn lock(&self) -> MutexGuard<'_, Samples> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that the log ends at `head` now, or beyond it.
    pub(in crate::subscription) fn see(&self, head: Position) {
        let at = Instant::now();
        let mut known = self.lock();
        known.looked_at = Some(at);
        if known.samples.back().is_none_or(|last| last.head < head) {
            known.add(Sample { at, head });
        }
    }

    /// Returns the furthest end, and how long ago the end was last read.
    pub(in crate::subscription) fn last(&self) -> Option<(Position, Duration)> {
        let known = self.lock();
        Some((known.samples.back()?.head, known.looked_at?.elapsed()))
    }

    /// Returns the furthest end that was seen up to `time`.
    pub(in crate::subscription) fn seen_until(&self, time: Instant) -> Option<Position> {
        let known = self.lock();
        let count = known.samples.partition_point(|sample| sample.at <= time);
        Some(known.samples.get(count.checked_sub(1)?)?.head)
    }

    /// Returns the age of the first sample beyond `position`, and zero if there is none.
    pub(in crate::subscription) fn beyond(&self, position: Position) -> Duration {
        let known = self.lock();
        let first = known.samples.partition_point(|sample| sample.head <= position);
        known.samples.get(first).map_or(Duration::ZERO, |sample| sample.at.elapsed())
    }
}

impl Samples {
    /// Adds a sample. Drops others if there are too many: that only makes ages shorter.
    fn add(&mut self, sample: Sample) {
        let before_last = self.samples.len().checked_sub(2).and_then(|index| self.samples.get(index));
        if before_last.is_some_and(|before| sample.at - before.at < SPACING) {
            self.samples.pop_back();
        }
        if self.samples.len() >= SAMPLES {
            let mut n = 0;
            self.samples.retain(|_| {
                n += 1;
                n > SAMPLES / 2 || n % 2 == 0
            });
        }
        self.samples.push_back(sample);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn age_of_an_event_is_since_the_log_was_seen_beyond_it() {
        let heads = Heads::default();
        assert_eq!((heads.last(), heads.beyond(Position::START)), (None, Duration::ZERO));
        for second in 1..=1_000 {
            heads.see(Position::new(second * 10));
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        assert_eq!(heads.last(), Some((Position::new(10_000), Duration::from_secs(1))));
        assert_eq!(heads.beyond(Position::new(9_995)), Duration::from_secs(1));
        assert_eq!(heads.beyond(Position::new(9_000)), Duration::from_secs(100));
        let (oldest, at_most) = (heads.beyond(Position::START), Duration::from_secs(1_000));
        assert!(Duration::from_secs(300) < oldest && oldest <= at_most, "{oldest:?}");
        assert_eq!(heads.beyond(Position::new(10_000)), Duration::ZERO);
        assert!(heads.lock().samples.len() <= SAMPLES);
    }
}
