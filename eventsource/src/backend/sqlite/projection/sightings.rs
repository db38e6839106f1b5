//! The leases of other owners that a process has seen, measured by its own monotonic clock.
//!
//! A lease in a SQLite file ends at a time of the host's clock, and that clock may be changed while the owner works. So
//! another owner gets the lease only after the lease was seen to stay unchanged: a living owner renews it three times
//! before it ends, whatever the clock says.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::event::now;

/// The number of lease times without a renewal after which an owner counts as gone although its lease has not ended by
/// the clock. Then the clock was set back, or the owner's clock was ahead.
const UNRENEWED: u32 = 3;

/// A lease as it is stored. Each renewal makes it a different value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sighted {
    pub(super) epoch: i64,
    /// The end of the lease, in microseconds since 1970.
    pub(super) until: i64,
}

/// The leases of other owners that were seen, by the name of the checkpoint.
#[derive(Debug, Default)]
pub(crate) struct Sightings(Mutex<HashMap<String, (Sighted, Instant)>>);

impl Sightings {
    fn all(&self) -> MutexGuard<'_, HashMap<String, (Sighted, Instant)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that the checkpoint `name` has this lease now.
    pub(super) fn see(&self, name: &str, lease: Sighted) {
        let mut all = self.all();
        if all.get(name).is_none_or(|(seen, _)| *seen != lease) {
            all.insert(name.to_owned(), (lease, Instant::now()));
        }
    }

    /// Forgets the lease: the checkpoint `name` was claimed.
    pub(super) fn forget(&self, name: &str) {
        self.all().remove(name);
    }

    /// Returns the lease on the checkpoint `name` if its owner counts as gone, for a claim that asks for a lease of
    /// `time`. Either the lease ended by the clock and was not renewed for half of `time`, or it was not renewed for
    /// three times `time`.
    pub(super) fn abandoned(&self, name: &str, time: Duration) -> Option<Sighted> {
        let (lease, since) = self.all().get(name).copied()?;
        let has_run_out = lease.until <= now().timestamp_micros();
        let patience = if has_run_out { time / 2 } else { time * UNRENEWED };
        (since.elapsed() >= patience).then_some(lease)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEASE: Duration = Duration::from_secs(4);

    fn lease(epoch: i64, seconds_left: i64) -> Sighted {
        Sighted { epoch, until: now().timestamp_micros() + seconds_left * 1_000_000 }
    }

    #[tokio::test(start_paused = true)]
    async fn owner_that_renews_is_alive_for_every_clock() {
        let sightings = Sightings::default();
        for second in 0..60 {
            // By a clock that was set back an hour, the lease has always ended.
            sightings.see("rows", lease(1, second - 3_600));
            tokio::time::advance(Duration::from_secs(1)).await;
            assert_eq!(sightings.abandoned("rows", LEASE), None);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn lease_that_runs_out_is_abandoned_and_one_far_ahead_after_three_leases() {
        let sightings = Sightings::default();
        let (over, ahead) = (lease(1, -1), lease(1, 3_600));
        sightings.see("over", over);
        sightings.see("ahead", ahead);
        assert_eq!(sightings.abandoned("over", LEASE), None);
        tokio::time::advance(LEASE / 2).await;
        assert_eq!((sightings.abandoned("over", LEASE), sightings.abandoned("ahead", LEASE)), (Some(over), None));
        tokio::time::advance(LEASE * 3).await;
        assert_eq!(sightings.abandoned("ahead", LEASE), Some(ahead));
        sightings.forget("over");
        assert_eq!(sightings.abandoned("over", LEASE), None);
    }
}
