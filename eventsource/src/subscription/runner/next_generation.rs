//! The next generation of the read models, in the checkpoint store.

use std::sync::Arc;

use crate::causes::with_causes;
use crate::event::Position;
use crate::projection::{Checkpoint, CheckpointError, CheckpointStore, Generations};

/// The answer of a store that was not an outage.
pub(super) enum Judged<T> {
    Done(T),
    /// It is final, for this reason.
    Refused(Arc<str>),
}

/// Tells a refusal, which is final, from an outage.
pub(super) fn judged<T>(answer: Result<T, CheckpointError>) -> Result<Judged<T>, CheckpointError> {
    match answer {
        Ok(answer) => Ok(Judged::Done(answer)),
        Err(error) => refusal(error).map(Judged::Refused),
    }
}

/// Returns the reason of a refusal. Fails if `error` is an outage.
pub(super) fn refusal(error: CheckpointError) -> Result<Arc<str>, CheckpointError> {
    match error {
        CheckpointError::Refused { reason, .. } => Ok(reason),
        error @ CheckpointError::Corrupt { .. } => Ok(with_causes(&error).into()),
        error => Err(error),
    }
}

/// Returns the target of a next generation. After it has reached its target, its position counts.
pub(super) fn target(next: &Checkpoint) -> Position {
    next.rebuild_to.unwrap_or(next.position)
}

/// Returns the generations of the checkpoint store.
pub(super) fn generations<C: CheckpointStore>(checkpoints: &C) -> Result<&dyn Generations<C::Unit>, CheckpointError> {
    checkpoints.generations().ok_or_else(|| CheckpointError::Failed {
        action: "build a next generation".to_owned(),
        source: "the checkpoint store keeps no generations of read models".into(),
    })
}
