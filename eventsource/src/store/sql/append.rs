//! An append, and what becomes of it.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Failure, clamped};
use crate::event::{NewEvent, Position, StreamId};
use crate::store::{AppendError, Appended, ExpectedVersion, StoreError};

/// What is to be appended.
#[derive(Debug, Clone)]
pub(crate) struct Append {
    pub(crate) stream: StreamId,
    pub(crate) expected: ExpectedVersion,
    pub(crate) events: Vec<NewEvent>,
}

/// Where an event was stored, and when.
pub(crate) type Place = (u64, Position, DateTime<Utc>);

/// What is stored of an append, or why nothing is.
pub(crate) type Outcome = Result<Vec<Place>, Refusal>;

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
