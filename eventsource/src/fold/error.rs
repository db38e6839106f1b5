//! The errors of folds.

use crate::event::{Position, StreamId};
use crate::projection::HandlerError;
use crate::store::StoreError;

/// The error of a fold. A fold keeps nothing: run it again.
///
/// ```
/// use eventsource::fold::FoldError;
///
/// fn can_retry(error: &FoldError) -> bool {
///     matches!(error, FoldError::Store(_))
/// }
/// # let _ = can_retry;
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FoldError {
    /// The store could not be read. A retry may help.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A handler failed. Failed events are not retried.
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
