//! How long a replay takes, by a sample.

use std::time::Duration;

use serde::Serialize;
use tokio::time::Instant;

use crate::event::{EventFilter, Position};
use crate::store::{EventLog, PageLimit, StoreError};

/// Whether a plan says how long a replay takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Estimates {
    /// No. The plan costs a few queries.
    #[default]
    None,
    /// By a sample of the log for each replay: up to 2,000 events or 1 s.
    Sampled,
}

/// About how long it takes to apply a part of the log.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Estimate {
    /// The time in seconds.
    pub seconds: f64,
    /// The positions to pass: the events, and the gaps between them.
    pub positions: u64,
    /// What was measured.
    pub by: EstimateBy,
}

/// What was measured for an [`Estimate`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[non_exhaustive]
#[serde(rename_all = "snake_case")]
pub enum EstimateBy {
    /// The events were read, and not handled: it takes longer.
    Reading,
    /// The handlers have applied events, in a [dry run](crate::SubscriptionManager::dry_run).
    Handling,
}

/// The largest sample.
const SAMPLE: PageLimit = PageLimit::events(500);
const MOST_EVENTS: usize = 2_000;
const MOST_TIME: Duration = Duration::from_secs(1);

impl Estimate {
    /// Returns the estimate for `positions`, if a sample of `sampled` of them took this time.
    pub(super) fn of(positions: u64, sampled: u64, took: Duration, by: EstimateBy) -> Option<Self> {
        let seconds = took.as_secs_f64() * positions as f64 / sampled as f64;
        (sampled > 0).then_some(Self { seconds, positions, by })
    }

    /// Reads a sample of the events of `filter` in `(from, to]`.
    pub(super) async fn by_reading(
        log: &dyn EventLog,
        filter: &EventFilter,
        from: Position,
        to: Position,
    ) -> Result<Option<Self>, StoreError> {
        let (begun, mut at, mut events) = (Instant::now(), from, 0);
        while at < to && events < MOST_EVENTS && begun.elapsed() < MOST_TIME {
            let page = log.read_log(at, filter, SAMPLE).await?;
            events += page.events.len();
            at = page.horizon.min(to);
            if !page.is_full {
                break;
            }
        }
        let positions = |end: Position| end.value().saturating_sub(from.value());
        Ok(Self::of(positions(to), positions(at), begun.elapsed(), EstimateBy::Reading))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn estimate_is_in_proportion_to_the_sample() {
        let estimate = Estimate::of(1_000, 100, Duration::from_secs(2), EstimateBy::Reading).unwrap();
        assert!((estimate.seconds - 20.0).abs() < f64::EPSILON, "{estimate:?}");
        assert_eq!(Estimate::of(1_000, 0, Duration::from_secs(2), EstimateBy::Reading), None);
    }
}
