//! Connections that turn out to be lost: what may be asked again is, on one that is still there.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::PostgresDatabase;
use super::failure::is_lost;
use crate::store::sql::Failure;

/// A connection that has been idle for longer is asked whether it is still there before it is used.
const IDLE_FOR: Duration = Duration::from_secs(1);

/// How long the second attempt may take: an outage is told, and not waited out here.
const PATIENCE: Duration = Duration::from_secs(1);

/// When a connection was lost for the last time. Whatever ended one has ended others, which the pool takes for usable.
#[derive(Debug, Clone, Default)]
pub(super) struct Losses(Arc<Mutex<Option<Instant>>>);

impl Losses {
    fn note(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// Whether a connection that has been idle for this long may be gone. To ask it costs a round trip.
    pub(super) fn doubt(&self, idle_for: Duration) -> bool {
        let lost = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        idle_for > IDLE_FOR || lost.is_some_and(|lost| lost.elapsed() <= IDLE_FOR)
    }
}

impl PostgresDatabase {
    /// The answer to a question that may be asked twice, and is where the connection was lost on which it was asked.
    pub(super) async fn again<T, F>(&self, ask: impl Fn() -> F) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        match ask().await {
            Err(Failure::Database(error)) if is_lost(&error) => self.once_more(error, ask()).await,
            answer => answer,
        }
    }

    /// The second attempt, after one that ended by the loss of its connection with `error`: on a connection that is
    /// there. Where that is not to be had soon, there is an outage, and the first error stands.
    pub(super) async fn once_more<T, E: From<sqlx::Error>>(
        &self,
        error: sqlx::Error,
        attempt: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        self.losses().note();
        tracing::debug!(%error, "a connection was lost; trying again on another one");
        timeout(PATIENCE, attempt).await.unwrap_or_else(|_| Err(error.into()))
    }
}
