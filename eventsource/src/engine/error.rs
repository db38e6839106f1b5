//! How an engine fails.

use std::error::Error;

use crate::event::{Position, StreamId};
use crate::projection::HandlerError;

/// How [`ProjectionEngine`](super::ProjectionEngine) fails.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// A handler failed. The engine has not passed the event: hand it the event again.
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
    /// The truncate hook failed. The replay has not begun; the progress is as before.
    #[error("`{projection_id}` could not be emptied: {error}")]
    Truncate {
        /// The name of the engine.
        projection_id: String,
        /// The error of the hook.
        error: HandlerError,
    },
    /// A replay was asked of an engine that cannot be emptied.
    #[error(
        "`{projection_id}` has no truncate hook, so a replay would apply events twice: register one with `on_truncate`"
    )]
    NoTruncateHook {
        /// The name of the engine.
        projection_id: String,
    },
    /// The source of a replay failed. The events before it are applied: replay again from the start.
    #[error("the events for the replay of `{projection_id}` could not be read")]
    Source {
        /// The name of the engine.
        projection_id: String,
        /// The error of the source.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The progress could not be loaded or saved. The events are applied: hand the engine the same events again, which it
    /// passes over, to save the progress.
    #[error(transparent)]
    State(#[from] ProjectionStateError),
}

/// How a [`ProjectionStateStore`](super::ProjectionStateStore) fails.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProjectionStateError {
    /// The store failed. Trying again may help.
    #[error("the progress of `{projection_id}` could not be {action}")]
    Failed {
        /// The name of the engine.
        projection_id: String,
        /// What was asked: `loaded` or `saved`.
        action: &'static str,
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The stored progress cannot be read: the store was changed from outside, or is damaged. Delete the row and replay.
    #[error("the stored progress of `{projection_id}` cannot be read: {what}")]
    Corrupt {
        /// The name of the engine.
        projection_id: String,
        /// Which part, and what it is.
        what: String,
    },
}
