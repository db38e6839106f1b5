//! An append, and what becomes of it.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Failure, clamped};
use crate::event::{NewEvent, Position};
use crate::store::{AppendError, Appended, ExpectedVersion, StoreError};

pub(crate) use crate::store::StreamAppend as Append;

/// Where an event was stored, and when.
pub(crate) type Place = (u64, Position, DateTime<Utc>);

/// What is stored of an append, or why nothing is.
pub(crate) type Outcome = Result<Vec<Place>, Refusal>;

/// What is stored of appends that belong together: where the events of each are, or which of them is refused, and why.
pub(crate) type UnitOutcome = Result<Vec<Vec<Place>>, (usize, Refusal)>;

/// What becomes of the others where one of several appends is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Together {
    /// They are stored: each is its own caller's.
    Apart,
    /// They are not stored either.
    AsOne,
}

/// The outcome of appends that belong together, where one that is refused leaves nothing of the others.
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

/// The outcome of one append, which is a unit by itself.
pub(crate) fn of_one(outcome: UnitOutcome) -> Outcome {
    outcome.map(|mut places| places.pop().unwrap_or_default()).map_err(|(_, refusal)| refusal)
}

/// What the caller of appends that belong together is answered; `failed` says how a failure is told.
pub(crate) fn answered(
    appends: Vec<Append>,
    stored: UnitOutcome,
    failed: impl FnOnce(Failure) -> StoreError,
) -> Result<Vec<Appended>, AppendError> {
    match stored {
        Ok(places) => Ok(appends.into_iter().zip(places).map(|(append, places)| append.appended(places)).collect()),
        Err((_, Refusal::Failed(failure))) => Err(failed(failure).into()),
        Err((at, refusal)) => Err(appends[at].refused(refusal, failed)),
    }
}

/// Why nothing is appended.
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
    /// The events as stored, at these places.
    pub(crate) fn appended(self, places: Vec<Place>) -> Appended {
        let record = |(event, (version, position, recorded_at)): (NewEvent, Place)| {
            Arc::new(event.record(self.stream.clone(), version, position, recorded_at))
        };
        Appended::new(self.events.into_iter().zip(places).map(record).collect())
    }

    /// The refusal as an error of the port's; `failed` says how a failure is told.
    pub(crate) fn refused(&self, refusal: Refusal, failed: impl FnOnce(Failure) -> StoreError) -> AppendError {
        let stream = self.stream.clone();
        match refusal {
            Refusal::Conflict { actual } => AppendError::Conflict { stream, expected: self.expected, actual },
            Refusal::DuplicateEvent(event_id) => AppendError::DuplicateEvent { stream, event_id },
            Refusal::Failed(failure) => failed(failure).into(),
        }
    }

    /// Between which versions the stream is as expected.
    #[cfg_attr(not(feature = "postgres"), allow(dead_code, reason = "SQLite looks up the version itself"))]
    pub(crate) fn bounds(&self) -> (i64, i64) {
        match self.expected {
            ExpectedVersion::Any => (0, i64::MAX),
            ExpectedVersion::NoStream => (0, 0),
            ExpectedVersion::StreamExists => (1, i64::MAX),
            // No stream has a version that the database cannot count to, nor one event fewer than that.
            ExpectedVersion::Exact(version) => (clamped(version), clamped(version)),
        }
    }

    /// The sum of the events' sizes, in bytes.
    pub(crate) fn size(&self) -> usize {
        self.events.iter().map(|event| event.payload().len() + event.metadata().size()).sum()
    }

    pub(crate) fn ids(&self) -> Vec<Uuid> {
        self.events.iter().map(NewEvent::id).collect()
    }
}
