//! Tells the observers how batches and commits ended.

use std::sync::Arc;
use std::time::Duration;

use super::commit::Committed;
use super::delivery::BatchOutcome;
use super::{Context, End, Owner};
use crate::event::{Position, RecordedEvent};
use crate::projection::CheckpointStore;
use crate::store::Verdict;
use crate::subscription::erased::Met;
use crate::subscription::observer::{BatchSource, CommitFailure, CommitSeen, FailureKind};

impl<C: CheckpointStore> Context<C> {
    /// Tells of a commit that has ended.
    pub(super) fn tell_commit(
        &self,
        position: Position,
        events: usize,
        duration: Duration,
        result: &Result<Committed, End>,
    ) {
        let failure = match result {
            Ok(Committed::Yes) => None,
            Ok(Committed::No(_)) => Some(CommitFailure::Outage),
            Ok(Committed::Refused(_)) => Some(CommitFailure::Refused),
            Ok(Committed::OneByOne(_) | Committed::TransactionEnded) => Some(CommitFailure::Session),
            Err(End::Fenced(_)) => Some(CommitFailure::Fenced),
            // The runner stops before it knows the outcome.
            Err(_) => Some(CommitFailure::Outage),
        };
        let seen = CommitSeen {
            subscription: self.core.observed_name(),
            generation: self.core.generation(),
            position,
            events,
            duration,
            failure,
        };
        self.tell(|observer| observer.commit(&seen));
    }
}

impl<C: CheckpointStore> Owner<'_, C> {
    /// Tells how a batch ended. `was_live` says whether the owner had reached the end of the log before the batch. If the
    /// batch has ended the runner, [`tell_settled`](Self::tell_settled) tells what was committed.
    pub(super) fn tell_batch(
        &mut self,
        source: BatchSource,
        events: &[Arc<RecordedEvent>],
        to: Position,
        was_live: bool,
        outcome: &Result<BatchOutcome, End>,
    ) {
        if self.context.core.observers.is_empty() {
            return;
        }
        let (passed, failure) = match outcome {
            Ok(BatchOutcome::Applied) => (events.len(), None),
            Ok(BatchOutcome::InParts | BatchOutcome::OneByOne(_)) => (0, None),
            Ok(BatchOutcome::Undone(undone)) => (0, Some((kind_of(&undone.met), None, &undone.met.error))),
            Ok(BatchOutcome::Outage { index, met, kept }) => {
                (if *kept { *index } else { 0 }, Some((kind_of(met), events.get(*index), &met.error)))
            }
            Ok(BatchOutcome::InCompany { index, error }) => {
                (0, Some((FailureKind::of(error), events.get(*index), error)))
            }
            Ok(BatchOutcome::Failed { index, error, kept }) => {
                (if *kept { *index } else { 0 }, Some((FailureKind::of(error), events.get(*index), error)))
            }
            Err(End::Faulted(failure)) => (0, Some((FailureKind::of(&failure.error), None, &failure.error))),
            Err(_) => return,
        };
        if let Some((kind, event, error)) = failure {
            self.context.tell_attempt(kind, event.map(|event| &**event), error);
        }
        let oldest = events.first().filter(|_| was_live && source == BatchSource::Log).map(|event| event.recorded_at());
        self.tell_meter(source, events.len(), passed, to, failure.map(|(kind, ..)| kind), oldest);
    }
}

fn kind_of(met: &Met) -> FailureKind {
    match met.verdict {
        Verdict::Conflict | Verdict::StaleConnection => FailureKind::Transient,
        _ => FailureKind::Outage,
    }
}
