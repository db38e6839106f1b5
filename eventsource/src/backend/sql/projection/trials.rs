//! The parts of a trial: a savepoint after each part that is kept.

use super::NotLent;
use super::unit::{SqlUnit, UnitDatabase};
use crate::backend::sql::store::{Action, Failure};
use crate::projection::{ChangesRefused, CheckpointError, CommitError};

const SAVEPOINT: &str = "SAVEPOINT eventsource_trial";
const RELEASE: &str = "RELEASE SAVEPOINT eventsource_trial";
const UNDO: &str = "ROLLBACK TO SAVEPOINT eventsource_trial";

impl<D: UnitDatabase> SqlUnit<D> {
    /// Begins the first part, after the tables of the trial were created.
    pub(in crate::backend) async fn begin_part(&mut self) -> Result<(), CheckpointError> {
        self.run(SAVEPOINT).await.map_err(|failure| CheckpointError::failed(Action::Try, failure))
    }

    /// Keeps the present part, and begins the next one. `is_outage` judges a failure.
    pub(in crate::backend) async fn keep_part(
        &mut self,
        is_outage: impl Fn(&ChangesRefused) -> bool,
    ) -> Result<(), CommitError> {
        let flushed = self.scope().flush().await;
        self.scope_mut().forget_rows();
        if let Err(refused) = flushed {
            return Err(if is_outage(&refused) { CommitError::undone(Action::Try, refused) } else { refused.into() });
        }
        let kept = match self.run(RELEASE).await {
            Ok(()) => self.run(SAVEPOINT).await,
            Err(failure) => Err(failure),
        };
        kept.map_err(|failure| match failure {
            // A handler ignored a statement that failed.
            Failure::Database(error) if error.as_database_error().is_some() => ChangesRefused::new(error).into(),
            failure => CheckpointError::failed(Action::Try, failure).into(),
        })
    }

    /// Undoes the present part, and begins it again.
    pub(in crate::backend) async fn undo_part(&mut self) -> Result<(), CheckpointError> {
        self.scope_mut().forget_rows();
        self.run(UNDO).await.map_err(|failure| CheckpointError::failed(Action::Try, failure))
    }

    async fn run(&self, sql: &'static str) -> Result<(), Failure> {
        let mut conn = self.connection().and_then(|connection| connection.lend()).map_err(not_lent)?;
        self.database().execute(&mut conn, sql, &[]).await.map(drop)
    }
}

/// Cannot happen while the trial is open: no handler runs.
fn not_lent(error: NotLent) -> Failure {
    Failure::Corrupt(error.to_string())
}
