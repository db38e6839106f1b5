//! Why an aggregate was not loaded or saved.

use crate::event::{DecodeError, EncodeError, Position, RecordedEvent, StreamId};
use crate::store::{AppendError, StoreError};

/// Why an aggregate was not loaded or saved. After a failed save it still has its uncommitted events.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AggregateError {
    /// There is no such aggregate.
    #[error("{stream} does not exist")]
    NotFound {
        /// Its stream.
        stream: StreamId,
    },
    /// The aggregate has not come as far as the version that was asked for.
    #[error("{stream} has no version {wanted}: it is at version {actual}")]
    NoSuchVersion {
        /// Its stream.
        stream: StreamId,
        /// The version that was asked for.
        wanted: u64,
        /// Its version.
        actual: u64,
    },
    /// Its stream holds an event that the aggregate does not declare.
    #[error(
        "{stream} holds the event `{event_type}` at position {position}, which its aggregate does not declare: apply it in the `#[aggregate]` block, or add it to `type Events`"
    )]
    UndeclaredEvent {
        /// Its stream.
        stream: StreamId,
        /// The stored name of the event.
        event_type: String,
        /// Where it stands in the log.
        position: Position,
    },
    /// A stored event does not decode.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// A recorded event cannot be encoded.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// The append was refused; most often because somebody else wrote ([`AppendError::Conflict`]).
    #[error(transparent)]
    Append(#[from] AppendError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl AggregateError {
    /// The stream of `event` holds an event that its aggregate does not declare.
    pub(crate) fn undeclared(event: &RecordedEvent) -> Self {
        Self::UndeclaredEvent {
            stream: event.stream().clone(),
            event_type: event.event_type().to_owned(),
            position: event.position(),
        }
    }
}
