//! A busy database is waited out.

use std::time::Duration;

use tokio::time::Instant;

use crate::store::StoreError;
use crate::store::sql::Action;
pub(crate) use crate::store::sql::Failure;

/// SQLite's primary result code, where the error is one of SQLite's.
pub(crate) fn result_code(error: &sqlx::Error) -> Option<i32> {
    let code = error.as_database_error()?.code()?;
    code.parse::<i32>().ok().map(|extended| extended & 0xff)
}

/// Whether another connection is in the way: SQLITE_BUSY or SQLITE_LOCKED.
pub(crate) fn is_locked(error: &sqlx::Error) -> bool {
    matches!(result_code(error), Some(5 | 6))
}

/// How long is waited for one thing, in all.
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

    /// Whether to try again: the database is locked, and there is time left. SQLite has waited already, for its busy
    /// timeout, where it could; the pause here serves the places where it does not wait.
    pub(crate) async fn outlasts(&self, failure: &Failure) -> bool {
        let Failure::Database(error) = failure else { return false };
        if !is_locked(error) || self.left().is_zero() {
            return false;
        }
        tokio::time::sleep(self.left().min(Duration::from_millis(10))).await;
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

/// Evaluates an `async` expression, which gives a `Result<_, Failure>`, until it is not the lock that it fails by.
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
