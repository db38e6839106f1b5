//! Repeats calls on another connection, after theirs was lost or stale.

use std::future::Future;
use std::time::Duration;

use tokio::time::timeout;

use super::PostgresDatabase;
use super::failure::store_error;
use super::loss_tracker::is_useless;
use super::verdict::verdict;
use crate::backend::sql::store::{Action, Failure};
use crate::store::{StoreError, Verdict};

/// The limit of the second attempt. An outage is returned to the caller, and not waited out here.
pub(crate) const ONCE_MORE_WITHIN: Duration = Duration::from_secs(1);

impl PostgresDatabase {
    /// Runs a read, and repeats it once if its connection was lost or stale.
    pub(crate) async fn again<T, F>(&self, ask: impl Fn() -> F) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        match ask().await {
            Err(Failure::Database(error)) if is_useless(&error) => self.once_more(error, ask()).await,
            answer => answer,
        }
    }

    /// As [`again`](Self::again), with the error of `action`.
    pub(crate) async fn read<T, F>(&self, action: Action<'_>, ask: impl Fn() -> F) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        self.again(ask).await.map_err(|failure| store_error(action, failure))
    }

    /// Notes that a connection is stale, if `error` says so. Connections that were opened before are then closed before
    /// their next use.
    pub(crate) fn note_stale(&self, error: &sqlx::Error) {
        if verdict(error) == Verdict::StaleConnection {
            self.losses().note(error);
        }
    }

    /// Notes that a connection is lost or stale, if `error` says so, and returns whether it does.
    pub(crate) fn note_useless(&self, error: &sqlx::Error) -> bool {
        let is_useless = is_useless(error);
        if is_useless {
            self.losses().note(error);
        }
        is_useless
    }

    /// Runs the second attempt, after the first one has lost its connection with `error`. If it does not end in time,
    /// there is an outage, and the first error is returned.
    pub(super) async fn once_more<T, E: From<sqlx::Error>>(
        &self,
        error: sqlx::Error,
        attempt: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        self.losses().note(&error);
        tracing::debug!(%error, "a connection is lost or stale; retrying on another one");
        timeout(ONCE_MORE_WITHIN, attempt).await.unwrap_or_else(|_| Err(error.into()))
    }
}
