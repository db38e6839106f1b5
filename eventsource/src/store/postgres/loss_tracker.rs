//! Connections that turn out to be lost: what may be asked again is, on one that is still there.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::PostgresDatabase;
use super::failure::is_lost;
use super::verdict::verdict;
use crate::store::Verdict;
use crate::store::sql::Failure;

/// A connection that has been idle for longer is asked whether it is still there before it is used.
const IDLE_FOR: Duration = Duration::from_secs(1);

/// How long the second attempt may take: an outage is told, and not waited out here.
const PATIENCE: Duration = Duration::from_secs(1);

/// When a connection was lost, or found stale, for the last time. Whatever ended one has ended others, and whatever
/// changed behind one has changed behind others, which the pool takes for usable.
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

    fn note(&self, error: &sqlx::Error) {
        let mut last = self.state();
        let place = if verdict(error) == Verdict::StaleConnection { &mut last.stale } else { &mut last.lost };
        *place = Some(Instant::now());
    }

    /// Whether a connection that has been idle for this long may be gone, or stale. To ask it costs a round trip.
    pub(super) fn doubt(&self, idle_for: Duration) -> bool {
        let Last { lost, stale } = *self.state();
        let lately = |at: Option<Instant>| at.is_some_and(|at| at.elapsed() <= IDLE_FOR);
        idle_for > IDLE_FOR || lately(lost) || lately(stale)
    }

    /// Whether a connection of this age was made before one was found stale: it may remember the same.
    pub(super) fn is_stale(&self, age: Duration) -> bool {
        self.state().stale.is_some_and(|stale| stale.elapsed() <= age)
    }
}

/// Whether the connection is of no use any more on which something failed with `error`: it is lost, or stale.
pub(super) fn is_useless(error: &sqlx::Error) -> bool {
    is_lost(error) || verdict(error) == Verdict::StaleConnection
}

impl PostgresDatabase {
    /// The answer to a question that may be asked twice, and is where the connection on which it was asked was lost, or is
    /// stale.
    pub(crate) async fn again<T, F>(&self, ask: impl Fn() -> F) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        match ask().await {
            Err(Failure::Database(error)) if is_useless(&error) => self.once_more(error, ask()).await,
            answer => answer,
        }
    }

    /// Takes note of an error that says that a connection is stale: those that were made before are closed before they
    /// are used again.
    pub(crate) fn note_stale(&self, error: &sqlx::Error) {
        if verdict(error) == Verdict::StaleConnection {
            self.losses().note(error);
        }
    }

    /// The second attempt, after one that ended by the loss of its connection with `error`: on a connection that is
    /// there. Where that is not to be had soon, there is an outage, and the first error stands.
    pub(super) async fn once_more<T, E: From<sqlx::Error>>(
        &self,
        error: sqlx::Error,
        attempt: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        self.losses().note(&error);
        tracing::debug!(%error, "a connection is of no use any more; trying again on another one");
        timeout(PATIENCE, attempt).await.unwrap_or_else(|_| Err(error.into()))
    }
}
