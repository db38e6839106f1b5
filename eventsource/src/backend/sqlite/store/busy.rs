//! Retries statements while another connection locks the database.

use std::time::Duration;

use tokio::time::{Instant, timeout};

use crate::backend::sql::store::Action;
pub(crate) use crate::backend::sql::store::Failure;
use crate::backoff::Retries;
use crate::store::StoreError;

/// Returns the primary result code, if the error came from SQLite.
pub(crate) fn result_code(error: &sqlx::Error) -> Option<i32> {
    let code = error.as_database_error()?.code()?;
    code.parse::<i32>().ok().map(|extended| extended & 0xff)
}

/// Returns whether another connection holds the lock: SQLITE_BUSY or SQLITE_LOCKED.
pub(crate) fn is_locked(error: &sqlx::Error) -> bool {
    matches!(result_code(error), Some(5 | 6))
}

/// Waits before a locked file is tried again: 5 to 10 ms.
pub(super) async fn pause() {
    const DELAY: Duration = Duration::from_millis(10);
    Retries::new(DELAY, DELAY).jitter(0.5).wait().await;
}

/// The deadline of one action.
#[derive(Debug)]
pub(crate) struct BusyDeadline<'a> {
    action: Action<'a>,
    since: Instant,
    most: Duration,
}

impl<'a> BusyDeadline<'a> {
    pub(crate) fn new(action: Action<'a>, most: Duration) -> Self {
        Self { action, since: Instant::now(), most }
    }

    pub(crate) const fn action(&self) -> Action<'a> {
        self.action
    }

    pub(crate) fn left(&self) -> Duration {
        self.most.saturating_sub(self.since.elapsed())
    }

    /// Returns whether to retry: the database is locked, and there is time left. Pauses before it returns true.
    ///
    /// SQLite itself waits for the busy timeout. The pause is for the cases in which it does not wait.
    pub(crate) async fn outlasts(&self, failure: &Failure) -> bool {
        let Failure::Database(error) = failure else { return false };
        if !is_locked(error) || self.left().is_zero() {
            return false;
        }
        let _ = timeout(self.left(), pause()).await;
        true
    }

    pub(crate) fn busy(&self) -> StoreError {
        StoreError::Busy { action: self.action.to_string(), waited: self.since.elapsed() }
    }

    pub(crate) fn error(&self, failure: Failure) -> StoreError {
        match failure {
            Failure::Database(error) if is_locked(&error) => self.busy(),
            Failure::Database(error) => StoreError::Failed { action: self.action.to_string(), source: Box::new(error) },
            Failure::Corrupt(what) => StoreError::Corrupt { what },
        }
    }
}

/// Evaluates an `async` expression of a `Result<_, Failure>` again while it fails because of a lock.
macro_rules! retry_while_busy {
    ($patience:expr, $attempt:expr) => {
        loop {
            match $attempt.await {
                Err(failure) if $patience.outlasts(&failure).await => {}
                done => break done.map_err(|failure| $patience.error(failure)),
            }
        }
    };
}
pub(crate) use retry_while_busy;
