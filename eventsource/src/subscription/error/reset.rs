//! Why a projection was not reset.

use crate::projection::{CheckpointError, CommitError, HandlerError};

/// Why a projection was not reset. Nothing was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResetError {
    /// The subscription runs.
    #[error("`{subscription}` runs, and cannot be reset: stop the manager, or unsubscribe it, first")]
    Running {
        /// The name of the subscription.
        subscription: String,
    },
    /// The projection has no truncate hook, so that its read model would keep what it has.
    #[error(
        "`{subscription}` cannot be reset, because its projection has no truncate hook: give it a method marked \
         `#[truncate]`, or implement `EventSubscriber::truncate`"
    )]
    NoTruncateHook {
        /// The name of the subscription.
        subscription: String,
    },
    /// The truncate hook failed.
    #[error("the truncate hook of `{subscription}` failed: {error}")]
    Truncate {
        /// The name of the subscription.
        subscription: String,
        /// How.
        error: HandlerError,
    },
    /// The unit of work could not be opened.
    #[error("`{subscription}` cannot be reset: {source}")]
    Checkpoint {
        /// The name of the subscription.
        subscription: String,
        /// Why.
        source: CheckpointError,
    },
    /// The unit of work could not be committed.
    #[error("`{subscription}` cannot be reset: {source}")]
    Commit {
        /// The name of the subscription.
        subscription: String,
        /// Why.
        source: CommitError,
    },
}
