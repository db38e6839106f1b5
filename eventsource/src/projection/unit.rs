//! The unit of work: the transaction in which one batch is applied and its checkpoint moves.

use std::error::Error;
use std::future::Future;
use std::sync::Arc;

use super::{ChangesRefused, Checkpoint, CheckpointError, CheckpointReset, CheckpointUpdate};
use crate::event::RecordedEvent;
use crate::store::{ReentrancyMark, Verdict};

/// The transaction in which one batch of events is applied and its checkpoint moves.
///
/// A [`CheckpointStore`](super::CheckpointStore) opens it, the runtime commits it, and handlers get from it what they
/// ask for: one implementation of [`Inject`](super::Inject) for each type.
///
/// # Contract
/// * Dropping it, or [`rollback`](UnitOfWork::rollback), undoes everything.
/// * [`commit`](UnitOfWork::commit) proves that the transaction is still the one that the unit began ([exactly
///   once](crate::guarantees#exactly-once)). If a handler ended the transaction, the commit fails and the checkpoint
///   does not move.
///
/// # Examples
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// use eventsource::Position;
/// use eventsource::memory::MemoryCheckpoints;
/// use eventsource::projection::{CheckpointStore, CheckpointUpdate, Claim, CommitError, UnitOfWork};
///
/// let checkpoints = MemoryCheckpoints::new();
/// let owned = checkpoints.claim(&Claim::new("orders", "orders v1: OrderPlaced", Position::START)).await?;
/// checkpoints.claim(&Claim::new("orders", "orders v1: OrderPlaced", Position::START)).await?;
///
/// // Another owner has claimed the checkpoint since: this one is fenced.
/// let update = CheckpointUpdate::new("orders", owned.epoch, Position::START, Position::new(7));
/// let error = checkpoints.begin().await?.commit(&update).await.unwrap_err();
/// assert!(matches!(error, CommitError::Fenced { .. }));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
pub trait UnitOfWork: Send + 'static {
    /// Moves the checkpoint and commits, both or neither.
    ///
    /// # Errors
    /// Nothing is committed after every error except [`CommitError::Failed`].
    /// * [`CommitError::Fenced`] if the checkpoint has another position or owner: the caller stops.
    /// * [`CommitError::TransactionEnded`], [`CommitError::SessionChanged`] and [`CommitError::Refused`] if a handler
    ///   is the cause: the caller applies the events one by one to find it.
    /// * [`CommitError::Failed`] if the store failed, possibly after the commit: the caller reads the checkpoint to
    ///   find out. If the cause is [`ChangesRefused`], nothing is committed.
    fn commit(self, step: &CheckpointUpdate) -> impl Future<Output = Result<(), CommitError>> + Send;

    /// Removes a checkpoint, its dead letters and its snapshot, fences its owner, and commits: all or nothing. If
    /// [`CheckpointReset::rebuild_to`] is set, the next claim creates a checkpoint that is being rebuilt up to it.
    ///
    /// # Errors
    /// Those of [`commit`](UnitOfWork::commit) except `Fenced`, and [`CommitError::NotOwned`] if the request names
    /// another owner.
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// use eventsource::Position;
    /// use eventsource::memory::MemoryCheckpoints;
    /// use eventsource::projection::{CheckpointReset, CheckpointStore, Claim, UnitOfWork};
    ///
    /// let checkpoints = MemoryCheckpoints::new();
    /// checkpoints.claim(&Claim::new("orders", "orders v1", Position::START)).await?;
    /// checkpoints.begin().await?.clear(&CheckpointReset::new("orders")).await?;
    /// assert_eq!(checkpoints.load("orders").await?, None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    fn clear(self, clear: &CheckpointReset) -> impl Future<Output = Result<(), CommitError>> + Send;

    /// Undoes everything.
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// use eventsource::memory::MemoryCheckpoints;
    /// use eventsource::projection::{CheckpointStore, UnitOfWork};
    ///
    /// let unit = MemoryCheckpoints::new().begin().await?;
    /// unit.rollback().await; // what handlers wrote through the unit is gone
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    fn rollback(self) -> impl Future<Output = ()> + Send;

    /// Called before the first event of a batch. A unit of work may read ahead the rows that `events` need. The default
    /// does nothing.
    fn begin_batch(&mut self, events: &[Arc<RecordedEvent>]) {
        let _ = events;
    }

    /// Called before each event. The default does nothing.
    fn begin_event(&mut self, event: &RecordedEvent) {
        let _ = event;
    }

    /// Returns whether the transaction is still the one that the unit began, as far as it knows without a query. The
    /// runtime asks after each event, to name the handler that ended it. The default is `true`.
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// use eventsource::memory::MemoryCheckpoints;
    /// use eventsource::projection::{CheckpointStore, UnitOfWork};
    ///
    /// let unit = MemoryCheckpoints::new().begin().await?;
    /// assert!(unit.is_intact());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    fn is_intact(&self) -> bool {
        true
    }

    /// Returns whether the handler of an earlier event may have changed what the last one got, such as the session of a
    /// connection. Then the last one's failure counts only if it fails again alone. The default is `false`.
    fn is_shared(&self) -> bool {
        false
    }

    /// Returns the lock that the open unit holds, if any. Handlers run with its mark: a call inside a handler that
    /// would wait for the lock fails instead of waiting for itself. The default is `None`.
    fn held_lock(&self) -> Option<ReentrancyMark> {
        None
    }

    /// Returns what `error`, with which a handler failed in this unit, or one of its causes means: what caused it, and
    /// what to do. `None`, the default, if it is not an error of the unit's database.
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// use eventsource::memory::MemoryCheckpoints;
    /// use eventsource::projection::{CheckpointStore, UnitOfWork};
    ///
    /// let unit = MemoryCheckpoints::new().detached();
    /// assert_eq!(unit.verdict(&std::fmt::Error), None, "not an error of a database");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    fn verdict(&self, error: &(dyn Error + 'static)) -> Option<Verdict> {
        let _ = error;
        None
    }

    /// Returns whether `error` is an outage, so that the handler is not the cause: see [`Verdict::is_outage`].
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// use eventsource::memory::MemoryCheckpoints;
    /// use eventsource::projection::{CheckpointStore, UnitOfWork};
    ///
    /// let unit = MemoryCheckpoints::new().detached();
    /// assert!(!unit.is_outage(&std::fmt::Error));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    fn is_outage(&self, error: &(dyn Error + 'static)) -> bool {
        self.verdict(error).is_some_and(Verdict::is_outage)
    }

    /// Returns what an operator can do about `error`, if the database does not say it. The default is `None`.
    fn remedy(&self, error: &(dyn Error + 'static)) -> Option<&'static str> {
        let _ = error;
        None
    }
}

/// The reason why a unit of work did not commit.
///
/// ```
/// use eventsource::projection::{ChangesRefused, CommitError};
///
/// let error = CommitError::from(ChangesRefused::new(std::io::Error::other("a constraint is violated")));
/// assert!(matches!(error, CommitError::Refused(_)));
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CommitError {
    /// The checkpoint has another owner or another position. Nothing was changed: this owner is fenced and stops.
    #[error(
        "the checkpoint of `{}` was expected at position {} in epoch {}, but {}: another owner has taken it over",
        .step.name, .step.from, .step.epoch, whereabouts(.found.as_deref())
    )]
    Fenced {
        /// The update that was not applied.
        step: Box<CheckpointUpdate>,
        /// The checkpoint that was found; `None` if it was reset.
        found: Option<Box<Checkpoint>>,
    },
    /// The checkpoint has another owner than the request names. Nothing was changed.
    #[error("the checkpoint of `{}` was not cleared: another owner has taken it over", .clear.name)]
    NotOwned {
        /// The request.
        clear: Box<CheckpointReset>,
    },
    /// A handler ended the transaction. The checkpoint was not moved.
    #[error(
        "a handler ended the batch's transaction itself, with COMMIT or ROLLBACK or by leaving a transaction of its \
         own open; the runtime commits, together with the checkpoint: remove the statement"
    )]
    TransactionEnded,
    /// The database refused changes of handlers at the end of the batch, such as for a constraint that is checked at
    /// the commit. Nothing was changed.
    #[error(transparent)]
    Refused(#[from] ChangesRefused),
    /// A handler changed its connection, in a batch of several events: the handlers of later events would see it.
    /// Nothing was changed. The events are applied again, each in a unit of work of its own.
    #[error(
        "a handler changed its connection ({changed}), which later events would see: they are applied one by one, which \
         is slow; change nothing that outlives the handler"
    )]
    SessionChanged {
        /// What was changed, such as `search_path`.
        changed: String,
    },
    /// The store failed, possibly after the commit. If the cause is [`ChangesRefused`], it failed before.
    #[error(transparent)]
    Failed(#[from] CheckpointError),
}

fn whereabouts(checkpoint: Option<&Checkpoint>) -> String {
    match checkpoint {
        Some(found) => format!("is at position {} in epoch {}", found.position, found.epoch),
        None => "was reset".to_owned(),
    }
}
