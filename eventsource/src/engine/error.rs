//! The errors of engines.

use std::error::Error;

use crate::event::{Position, StreamId};
use crate::projection::HandlerError;

/// The error of a [`ProjectionEngine`](super::ProjectionEngine).
///
/// ```
/// use eventsource::engine::EngineError;
///
/// /// Returns whether the same events can be given to the engine again.
/// fn can_retry(error: &EngineError) -> bool {
///     matches!(error, EngineError::Handler { .. } | EngineError::State(_))
/// }
/// # assert!(!can_retry(&EngineError::NoTruncateHook { projection_id: "orders".into() }));
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// A handler failed, and the event is not done: give the event to the engine again.
    #[error(
        "handler {handler} of `{projection_id}` failed for the event `{event_type}` at position {position} of {stream}: {error}"
    )]
    Handler {
        /// The name of the engine.
        projection_id: String,
        /// Which of the event's handlers failed, in the order of registration, from 1.
        handler: usize,
        /// The stored name of the event.
        event_type: String,
        /// The position of the event.
        position: Position,
        /// The stream of the event.
        stream: StreamId,
        /// The error of the handler.
        error: HandlerError,
    },
    /// The truncate hook failed. The replay has not begun, and the progress is unchanged.
    #[error("`{projection_id}` could not be emptied: {error}")]
    Truncate {
        /// The name of the engine.
        projection_id: String,
        /// The error of the hook.
        error: HandlerError,
    },
    /// The engine cannot be replayed, because it has no truncate hook. Nothing was changed.
    #[error(
        "`{projection_id}` has no truncate hook, so a replay would apply events twice: register one with `on_truncate`"
    )]
    NoTruncateHook {
        /// The name of the engine.
        projection_id: String,
    },
    /// The source of a replay failed. The events before the failure are applied: replay again from the start.
    #[error("the events for the replay of `{projection_id}` could not be read")]
    Source {
        /// The name of the engine.
        projection_id: String,
        /// The error of the source.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The progress could not be loaded or saved. After a failed save the events are applied: give the engine the same
    /// events again to save the progress; it passes them over.
    #[error(transparent)]
    State(#[from] ProjectionStateError),
}

/// The error of a [`ProjectionStateStore`](super::ProjectionStateStore).
///
/// ```
/// use eventsource::engine::ProjectionStateError;
///
/// let error = ProjectionStateError::Corrupt { projection_id: "orders".into(), what: "`position` is -1".into() };
/// assert_eq!(error.to_string(), "the stored progress of `orders` cannot be read: `position` is -1");
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProjectionStateError {
    /// The store failed. A retry may help; the source says why.
    #[error("the progress of `{projection_id}` could not be {action}")]
    Failed {
        /// The name of the engine.
        projection_id: String,
        /// What was asked: `loaded` or `saved`.
        action: &'static str,
        /// The cause.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The stored progress cannot be read: another program changed the store, or it is damaged. Delete the row and
    /// replay.
    #[error("the stored progress of `{projection_id}` cannot be read: {what}")]
    Corrupt {
        /// The name of the engine.
        projection_id: String,
        /// Which column, and its value.
        what: String,
    },
}
