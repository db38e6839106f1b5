//! The unit of work: the transaction in which one batch is applied and its checkpoint moves.

use std::error::Error;
use std::future::Future;
use std::sync::Arc;

use super::{ChangesRefused, Checkpoint, CheckpointError, CheckpointReset, CheckpointUpdate};
use crate::event::RecordedEvent;
use crate::store::{ReentrancyMark, Verdict};

/// The transaction in which one batch of events is applied and its checkpoint moves.
///
/// What it lends to handlers is said by [`Inject`](super::Inject), one implementation for each type that is lent.
///
/// # Laws
/// * Dropping it, or [`rollback`](UnitOfWork::rollback), undoes everything.
/// * [`commit`](UnitOfWork::commit) proves that the transaction is still the one that the unit began ([exactly once](crate::guarantees#exactly-once)): a
///   handler that ended it itself has made that impossible, and the checkpoint stays where it is.
pub trait UnitOfWork: Send + 'static {
    /// Moves the checkpoint and commits, both or neither.
    ///
    /// # Errors
    /// [`CommitError`]; after each but [`CommitError::Failed`] nothing is committed. `Failed` leaves it open: the
    /// caller reads the checkpoint back to find out.
    fn commit(self, step: &CheckpointUpdate) -> impl Future<Output = Result<(), CommitError>> + Send;

    /// Removes a checkpoint, its dead letters and its snapshot, fences its owner, and commits, all or nothing. The
    /// next claim makes a checkpoint that is being rebuilt up to [`CheckpointReset::rebuild_to`].
    ///
    /// # Errors
    /// As [`commit`](UnitOfWork::commit); [`CommitError::NotOwned`] where the owner is another one than was named.
    fn clear(self, clear: &CheckpointReset) -> impl Future<Output = Result<(), CommitError>> + Send;

    /// Undoes everything.
    fn rollback(self) -> impl Future<Output = ()> + Send;

    /// The batch is going to consist of `events`. A unit of work may read ahead what they are about.
    fn begin_batch(&mut self, events: &[Arc<RecordedEvent>]) {
        let _ = events;
    }

    /// `event` is handled next: what is lent from now on is lent for it.
    fn begin_event(&mut self, event: &RecordedEvent) {
        let _ = event;
    }

    /// Whether the transaction is still the one that the unit began, as far as can be told without asking the
    /// database. It is asked after each event, so that the handler that ended it can be named.
    fn is_intact(&self) -> bool {
        true
    }

    /// Whether the handler of an earlier event may have changed what was lent for the last one, such as the session of a
    /// connection: its failure counts only where it fails again alone.
    fn is_shared(&self) -> bool {
        false
    }

    /// The lock that the unit holds while it is open, where it holds one: handlers run marked with it, so that what
    /// would wait for that lock from inside a handler is refused and does not wait for itself.
    fn held_lock(&self) -> Option<ReentrancyMark> {
        None
    }

    /// What `error`, with which a handler failed in this unit, or a cause of it, says: who is to blame, and what helps.
    /// `None`, the default, where it is no error of the unit's database.
    fn verdict(&self, error: &(dyn Error + 'static)) -> Option<Verdict> {
        let _ = error;
        None
    }

    /// Whether `error` says nothing about the handler: see [`Verdict::is_outage`].
    fn is_outage(&self, error: &(dyn Error + 'static)) -> bool {
        self.verdict(error).is_some_and(Verdict::is_outage)
    }

    /// What an operator can do about `error`, where the database does not say it.
    fn remedy(&self, error: &(dyn Error + 'static)) -> Option<&'static str> {
        let _ = error;
        None
    }
}

/// Why a unit of work did not commit.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CommitError {
    /// The checkpoint belongs to another owner, or is somewhere else. Nothing was changed.
    #[error(
        "the checkpoint of `{}` was expected at position {} in epoch {}, but {}: another runner has taken it over",
        .step.name, .step.from, .step.epoch, whereabouts(.found.as_ref())
    )]
    Fenced {
        /// The step that was not taken.
        step: Box<CheckpointUpdate>,
        /// The checkpoint that was found; `None` where it was reset.
        found: Option<Checkpoint>,
    },
    /// The checkpoint that was to be cleared belongs to another owner. Nothing was changed.
    #[error("the checkpoint of `{}` was not cleared: another runner has taken it over", .clear.name)]
    NotOwned {
        /// What was asked for.
        clear: Box<CheckpointReset>,
    },
    /// A handler ended the transaction itself. The checkpoint was not moved.
    #[error(
        "a handler ended the batch's transaction itself, with COMMIT or ROLLBACK or by leaving a transaction of its \
         own open; the runtime commits, together with the checkpoint: remove the statement"
    )]
    TransactionEnded,
    /// What handlers had changed was refused at the end of the batch, such as by a constraint that is checked at the
    /// commit. Nothing was changed.
    #[error(transparent)]
    Refused(#[from] ChangesRefused),
    /// A handler changed its connection in a batch of several events, so that what it left would reach the handlers of
    /// the events after it. Nothing was changed: the events are to be applied again, each in a unit of its own.
    #[error(
        "a handler changed its connection ({changed}), which would reach the events after it: they are applied one by one, \
         which is slow; change nothing that outlives the handler"
    )]
    SessionChanged {
        /// What was changed, such as `search_path`.
        changed: String,
    },
    /// The store failed, perhaps after it had committed; before that, where the cause is [`ChangesRefused`].
    #[error(transparent)]
    Failed(#[from] CheckpointError),
}

fn whereabouts(checkpoint: Option<&Checkpoint>) -> String {
    match checkpoint {
        Some(found) => format!("is at position {} in epoch {}", found.position, found.epoch),
        None => "was reset".to_owned(),
    }
}
