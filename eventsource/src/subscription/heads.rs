//! Where the log ended, and when that was seen, by this process's own steady clock.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::event::Position;

/// How far two samples are apart at least.
const SPACING: Duration = Duration::from_millis(250);

/// How many samples are kept at most.
const SAMPLES: usize = 256;

/// Where the log ended, and when that was seen.
///
/// An event has been stored for at least as long as the log was seen to reach beyond it. No stored time has a part in
/// that, so that a clock that was wrong when an event was stored does not hide how long the event has waited.
#[derive(Debug, Default)]
pub(super) struct Heads(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    /// In the order of both.
    samples: VecDeque<Sample>,
    /// When the log was last looked at.
    looked_at: Option<Instant>,
}

#[derive(Debug, Clone, Copy)]
struct Sample {
    at: Instant,
    head: Position,
}

impl Heads {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The log reaches at least as far as `head` now.
    pub(super) fn see(&self, head: Position) {
        let at = Instant::now();
        let mut seen = self.seen();
        seen.looked_at = Some(at);
        if seen.samples.back().is_none_or(|last| last.head < head) {
            seen.add(Sample { at, head });
        }
    }

    /// The furthest head that was seen, and how long ago the log was last looked at.
    pub(super) fn last(&self) -> Option<(Position, Duration)> {
        let seen = self.seen();
        Some((seen.samples.back()?.head, seen.looked_at?.elapsed()))
    }

    /// How long ago the log was first seen to reach beyond `position`; zero where it never was.
    pub(super) fn beyond(&self, position: Position) -> Duration {
        let seen = self.seen();
        let first = seen.samples.partition_point(|sample| sample.head <= position);
        seen.samples.get(first).map_or(Duration::ZERO, |sample| sample.at.elapsed())
    }
}

impl Seen {
    /// A sample that is dropped only makes ages shorter.
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
        assert!(heads.seen().samples.len() <= SAMPLES);
    }
}
