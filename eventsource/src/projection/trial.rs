//! Trials: events are applied in a transaction that is never committed.

use async_trait::async_trait;

use super::{Checkpoint, CheckpointError, CommitError, Table, TableComparison, TrialRows};

/// Applies events in a unit of work that is never committed, to find out what handlers do. A
/// [`CheckpointStore`](super::CheckpointStore) that stores read models implements it.
///
/// # Contract
/// * **Nothing is changed.** The tables of a trial, and all rows in them, are seen only in its unit of work. When the unit
///   is dropped, or its process is killed, nothing of the trial is left.
/// * **No process waits.** A trial holds no lock that another reader or writer of the database needs.
/// * Handlers get repositories of the trial's tables, and nothing else: no other table, and no connection.
///
/// # Examples
/// ```
/// # #[cfg(all(feature = "macros", feature = "sqlite"))]
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// use eventsource::{ReadModel, Repository};
/// use eventsource::projection::{CheckpointStore, Inject, UnitOfWork};
/// use eventsource::sqlite::SqliteCheckpoints;
/// # use eventsource::sqlite::{SqliteDatabase, SqliteOptions};
/// # #[derive(ReadModel)]
/// # #[read_model(table = "orders")]
/// # struct OrderRow { #[read_model(id)] id: u64 }
///
/// # let db = SqliteDatabase::open_with(SqliteOptions::new(":memory:").connections(1)).await?;
/// let checkpoints = SqliteCheckpoints::new(&db);
/// let trials = checkpoints.trials().ok_or("no trials")?;
/// let mut unit = trials.begin_trial(&[OrderRow::TABLE]).await?;
/// let mut orders = Repository::<OrderRow>::inject(&mut unit).await.map_err(|error| error.to_string())?;
/// orders.save(OrderRow { id: 7 }).await?;
/// drop(orders);
/// trials.keep(&mut unit).await?; // the handlers of later events see the row
/// unit.rollback().await; // no other reader has seen it
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[async_trait]
pub trait Trials<U>: Send + Sync {
    /// Opens a unit of work on new, empty `tables`, which exist only in it.
    ///
    /// # Errors
    /// [`CheckpointError::Refused`] if the tables cannot be created: the reason says what to do.
    /// [`CheckpointError::Failed`] if the store fails: call it again.
    async fn begin_trial(&self, tables: &[&'static Table]) -> Result<U, CheckpointError>;

    /// Writes what handlers have changed in `unit` since the last call of this or of [`undo`](Self::undo), for the handlers
    /// of later events.
    ///
    /// # Errors
    /// [`CommitError::Refused`] if the database refuses a change: call [`undo`](Self::undo). [`CommitError::Failed`] if the
    /// store fails: the trial has ended.
    async fn keep(&self, unit: &mut U) -> Result<(), CommitError>;

    /// Undoes what handlers have changed in `unit` since the last call of [`keep`](Self::keep) or of this.
    ///
    /// # Errors
    /// [`CheckpointError::Failed`] if the store fails: the trial has ended.
    async fn undo(&self, unit: &mut U) -> Result<(), CheckpointError>;

    /// Looks at the checkpoint of the subscription `name` and at all tables that readers see, as they are at one time.
    /// [`compare`](Self::compare) compares with this time, also if the owner of the checkpoint goes on. A second call looks
    /// again. Returns the checkpoint; `None` if there is none.
    ///
    /// # Errors
    /// Those of [`CheckpointStore::load`](super::CheckpointStore::load).
    async fn look(&self, unit: &mut U, name: &str) -> Result<Option<Checkpoint>, CheckpointError>;

    /// Ends the last [`look`](Self::look), so that the database need not keep its time.
    fn look_away(&self, unit: &mut U);

    /// Compares the rows of `table` that readers saw at the last [`look`](Self::look) with those of the trial. Describes up
    /// to `most` rows that differ.
    ///
    /// # Errors
    /// [`CheckpointError::Refused`] if the table that readers see does not match its model, or there was no look.
    /// [`CheckpointError::Failed`] if the store fails: the trial has ended.
    async fn compare(
        &self,
        unit: &mut U,
        table: &'static Table,
        most: usize,
    ) -> Result<TableComparison, CheckpointError>;

    /// Returns the first `most` rows of `table` in the trial, by id: what the handlers have written, as far as it was
    /// [kept](Self::keep).
    ///
    /// # Errors
    /// [`CheckpointError::Failed`] if the store fails: the trial has ended.
    async fn rows(&self, unit: &mut U, table: &'static Table, most: usize) -> Result<TrialRows, CheckpointError>;
}
