//! Tracks lost and stale connections.
//!
//! The event that broke one connection has probably broken others too, and a change that made one connection stale has
//! made others stale. The pool still takes them for usable. So after a loss, idle connections are checked before they
//! are used.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::failure::is_lost;
use super::verdict::verdict;
use crate::store::Verdict;

/// A connection that has been idle for longer is checked before it is used.
const IDLE_FOR: Duration = Duration::from_secs(1);

/// The times at which the last connection was lost, and found stale.
#[derive(Debug, Clone, Default)]
pub(super) struct LossTracker(Arc<Mutex<Last>>);

#[derive(Debug, Clone, Copy, Default)]
struct Last {
    lost: Option<Instant>,
    stale: Option<Instant>,
}

impl LossTracker {
    fn state(&self) -> MutexGuard<'_, Last> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn note(&self, error: &sqlx::Error) {
        let mut last = self.state();
        let place = if verdict(error) == Verdict::StaleConnection { &mut last.stale } else { &mut last.lost };
        *place = Some(Instant::now());
    }

    /// Returns whether a connection that has been idle for this long may be lost or stale. A check costs a round trip.
    pub(super) fn doubt(&self, idle_for: Duration) -> bool {
        let Last { lost, stale } = *self.state();
        let lately = |at: Option<Instant>| at.is_some_and(|at| at.elapsed() <= IDLE_FOR);
        idle_for > IDLE_FOR || lately(lost) || lately(stale)
    }

    /// Returns whether a connection of this age was opened before one was found stale. It may be stale too.
    pub(super) fn is_stale(&self, age: Duration) -> bool {
        self.state().stale.is_some_and(|stale| stale.elapsed() <= age)
    }
}

/// Returns whether a connection is unusable after `error`: it is lost or stale.
pub(super) fn is_useless(error: &sqlx::Error) -> bool {
    is_lost(error) || verdict(error) == Verdict::StaleConnection
}
