//! An append and its outcome.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::Failure;
use crate::event::{NewEvent, Position, Slice};
use crate::store::{AppendError, Appended, LogId, StoreError};

pub(crate) use crate::store::StreamAppend as Append;

/// The version, the position and the time of a stored event.
pub(crate) type Place = (u64, Position, DateTime<Utc>);

/// The places of the events of an append, or the reason why it is refused.
pub(crate) type Outcome = Result<Vec<Place>, Refusal>;

/// The places of the events of each append in one unit, or the index of the refused append and the reason.
pub(crate) type UnitOutcome = Result<Vec<Vec<Place>>, (usize, Refusal)>;

/// Whether a refused append in a transaction of several appends refuses the others too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Together {
    /// No: each append belongs to another caller.
    Apart,
    /// Yes: nothing is stored.
    AsOne,
}

/// Joins the outcomes of the appends in one unit: one refused append refuses all. A conflict comes before other
/// refusals.
pub(crate) fn as_one(outcomes: Vec<Outcome>) -> UnitOutcome {
    let conflict = |outcome: &Outcome| matches!(outcome, Err(Refusal::Conflict { .. }));
    let refused = outcomes.iter().position(conflict);
    let mut places = Vec::with_capacity(outcomes.len());
    for (at, outcome) in outcomes.into_iter().enumerate() {
        match outcome {
            Err(refusal) if refused.is_none_or(|refused| refused == at) => return Err((at, refusal)),
            outcome => places.push(outcome.unwrap_or_default()),
        }
    }
    Ok(places)
}

/// Returns the outcome of a unit with one append.
pub(crate) fn of_one(outcome: UnitOutcome) -> Outcome {
    outcome.map(|mut places| places.pop().unwrap_or_default()).map_err(|(_, refusal)| refusal)
}

/// Returns the result for the caller of a unit. `failed` converts a failure to an error.
pub(crate) fn answered(
    log: LogId,
    appends: Vec<Append>,
    stored: UnitOutcome,
    failed: impl FnOnce(Failure) -> StoreError,
) -> Result<Vec<Appended>, AppendError> {
    match stored {
        Ok(places) => {
            Ok(appends.into_iter().zip(places).map(|(append, places)| append.appended(log, places)).collect())
        }
        Err((_, Refusal::Failed(failure))) => Err(failed(failure).into()),
        Err((at, refusal)) => Err(appends[at].refused(refusal, failed)),
    }
}

/// The reason why an append is refused.
#[derive(Debug)]
pub(crate) enum Refusal {
    Conflict { actual: u64 },
    DuplicateEvent(Uuid),
    Failed(Failure),
}

impl<F: Into<Failure>> From<F> for Refusal {
    fn from(failure: F) -> Self {
        Self::Failed(failure.into())
    }
}

impl Append {
    /// Returns the stored events, with their places.
    pub(crate) fn appended(self, log: LogId, places: Vec<Place>) -> Appended {
        let slices: Vec<_> = self.slices().collect();
        let record = |((event, slice), (version, position, recorded_at)): ((NewEvent, Slice), Place)| {
            Arc::new(event.record_in(slice, self.stream.clone(), version, position, recorded_at))
        };
        Appended::new(log, self.events.into_iter().zip(slices).zip(places).map(record).collect())
    }

    /// Converts a refusal to an error. `failed` converts a failure.
    pub(crate) fn refused(&self, refusal: Refusal, failed: impl FnOnce(Failure) -> StoreError) -> AppendError {
        let stream = self.stream.clone();
        match refusal {
            Refusal::Conflict { actual } => AppendError::Conflict { stream, expected: self.expected, actual },
            Refusal::DuplicateEvent(event_id) => AppendError::DuplicateEvent { stream, event_id },
            Refusal::Failed(failure) => failed(failure).into(),
        }
    }

    /// Returns the sum of the sizes of the events, in bytes.
    pub(crate) fn size(&self) -> usize {
        self.events.iter().map(|event| event.payload().len() + event.metadata().size()).sum()
    }

    pub(crate) fn ids(&self) -> Vec<Uuid> {
        self.events.iter().map(NewEvent::id).collect()
    }
}
