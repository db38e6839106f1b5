//! Applies a batch in one transaction: the changes of the handlers and the step of the checkpoint are committed
//! together ([exactly once](crate::guarantees#exactly-once)).

use std::sync::Arc;

use super::commit::{Committed, Undone};
use super::{End, Owner};
use crate::event::{Position, RecordedEvent};
use crate::projection::{
    ChangesRefused, CheckpointStore, CommitError, Delivered, HandlerError, LetterChange, UnitOfWork as _,
};
use crate::subscription::Failure;
use crate::subscription::erased::{Applied, Met};

/// How a transaction ended. It was rolled back unless it was committed.
pub(super) enum TransactionOutcome {
    Committed,
    /// Rolled back because of an outage.
    Undone(Undone),
    /// The events must be applied one by one, for this reason.
    OneByOne(String),
    /// The changes of the handlers were refused when they were written.
    Refused(ChangesRefused),
    /// The handler of the event at `index` failed.
    Failed {
        index: usize,
        error: HandlerError,
        /// Whether the handler of an earlier event may be the cause.
        shared: bool,
    },
    /// The event at `index` met an outage.
    Outage {
        index: usize,
        met: Met,
    },
    /// A handler had ended the transaction: its changes are lost, or the handler has committed them.
    Ended,
}

impl<C: CheckpointStore> Owner<'_, C> {
    /// Applies `events` and moves the checkpoint to `to`, with changes of dead letters.
    pub(super) async fn in_transaction(
        &mut self,
        events: &[Arc<RecordedEvent>],
        to: Position,
        letters: Vec<LetterChange>,
    ) -> Result<TransactionOutcome, End> {
        let mut unit = self.begin().await?;
        let watch = self.context.watch();
        match watch.tell(|| running(events), self.call_handlers(events, Delivered::Log, &mut unit)).await {
            Applied::All => {}
            Applied::Failed { index, error, shared } => {
                // A statement of a handler that was cut off may still run: do not wait for its end.
                if error.is_cut_off() {
                    drop(unit)
                } else {
                    unit.rollback().await
                }
                return Ok(TransactionOutcome::Failed { index, error, shared });
            }
            Applied::Outage { index, met } => {
                unit.rollback().await;
                return Ok(TransactionOutcome::Outage { index, met });
            }
        }
        Ok(match self.commit(unit, self.step(to, letters), Some(events.len())).await? {
            Committed::Yes => TransactionOutcome::Committed,
            Committed::No(undone) => TransactionOutcome::Undone(undone),
            Committed::OneByOne(reason) => TransactionOutcome::OneByOne(reason),
            Committed::Refused(refused) => TransactionOutcome::Refused(refused),
            Committed::TransactionEnded => TransactionOutcome::Ended,
        })
    }

    /// The failure after a handler ended the transaction. It is unknown which handler it was, and its commit cannot be
    /// rolled back, so nothing is tried again.
    pub(super) fn transaction_ended(&self, events: &[Arc<RecordedEvent>]) -> Arc<Failure> {
        let error = match events {
            [first, _, ..] => HandlerError::permanent(format!(
                "{}; it was the handler of this event or of one before it, from position {} on",
                CommitError::TransactionEnded,
                first.position()
            )),
            _ => HandlerError::permanent(CommitError::TransactionEnded),
        };
        self.failure(&events[events.len() - 1], None, error)
    }
}

/// Describes handlers that do not return.
fn running(events: &[Arc<RecordedEvent>]) -> String {
    match events {
        [only] => format!("the handler of event `{}` at position {} has run", only.event_type(), only.position()),
        [first, .., last] => {
            format!("the handlers of the events at positions {} to {} have run", first.position(), last.position())
        }
        [] => "an empty batch has run".to_owned(),
    }
}
