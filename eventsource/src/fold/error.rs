//! How a fold fails.

use crate::event::{Position, StreamId};
use crate::projection::HandlerError;
use crate::store::StoreError;

/// How a fold fails. Nothing is kept of it: run it again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FoldError {
    /// The store could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A handler failed.
    #[error("`{projection}` failed for the event `{event_type}` at position {position} of {stream}: {error}")]
    Handler {
        /// The name of the projection.
        projection: String,
        /// The stored name of the event.
        event_type: String,
        /// The position of the event.
        position: Position,
        /// The stream of the event.
        stream: StreamId,
        /// The error of the handler.
        error: HandlerError,
    },
}
