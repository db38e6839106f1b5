//! Why a command was not executed.

use uuid::Uuid;

use super::AggregateError;
use crate::event::StreamId;
use crate::store::{AppendError, StoreError};

/// Why a command was not executed: see [`AggregateRepository::execute`](super::AggregateRepository::execute).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExecuteError<E> {
    /// The aggregate refused the command, with the error that the closure returned.
    #[error("{0}")]
    Refused(E),
    /// Other writers came between in every attempt.
    #[error(
        "{stream}: other writers came between in each of {attempts} attempts; execute the command again, or allow more \
         attempts with `Execute::retry`"
    )]
    Contended {
        /// The stream of the aggregate.
        stream: StreamId,
        /// How many attempts were made.
        attempts: u32,
        /// Why the last one was refused.
        source: AppendError,
    },
    /// The command id belongs to a command that was executed on another aggregate.
    #[error(
        "the command {command_id} was executed on {found}, and cannot be executed on {stream} as well: give each command \
         an id of its own"
    )]
    CommandUsed {
        /// The id of the command.
        command_id: Uuid,
        /// The stream of the aggregate that the command was for.
        stream: StreamId,
        /// The stream that has the events of the command.
        found: StreamId,
    },
    /// The aggregate was not loaded or not saved.
    #[error(transparent)]
    Aggregate(#[from] AggregateError),
}

impl<E> From<StoreError> for ExecuteError<E> {
    fn from(error: StoreError) -> Self {
        Self::Aggregate(error.into())
    }
}
