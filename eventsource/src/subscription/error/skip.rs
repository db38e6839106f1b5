//! What a skip fails with.

use crate::event::Position;
use crate::subscription::{ManagerError, SubscriptionState};

/// The reason why a subscription did not skip events. Nothing was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SkipError {
    /// The checkpoint moved after the operator looked.
    #[error(
        "`{subscription}` is at position {position} now, and not at {from}: look whether the events still have to be \
         skipped, and ask again"
    )]
    Moved {
        /// The subscription.
        subscription: String,
        /// The position from which it was to skip.
        from: Position,
        /// The position of the checkpoint.
        position: Position,
    },
    /// The target is not after the checkpoint.
    #[error("`{subscription}` is at position {position} already: a skip goes forward only, and a rebuild goes back")]
    NotForward {
        /// The subscription.
        subscription: String,
        /// The position of the checkpoint.
        position: Position,
    },
    /// The target is after the end of the log.
    #[error("`{subscription}` cannot skip to position {to}: the log ends at {head}")]
    AfterTheEnd {
        /// The subscription.
        subscription: String,
        /// The target.
        to: Position,
        /// The last position of the log.
        head: Position,
    },
    /// A rebuild applies the events.
    #[error("`{subscription}` is being rebuilt: wait until it is complete, or cancel the rebuild first")]
    Rebuilding {
        /// The subscription.
        subscription: String,
    },
    /// A memory projection applies the whole log at each start.
    #[error("`{subscription}` is in memory and has no checkpoint: it applies the whole log at each start")]
    InMemory {
        /// The subscription.
        subscription: String,
    },
    /// The subscription does not run, or is paused.
    #[error("`{subscription}` is {state}, and skips nothing: resume or start it first")]
    NotRunning {
        /// The subscription.
        subscription: String,
        /// Its state.
        state: SubscriptionState,
    },
    /// The subscription was not started.
    #[error(transparent)]
    Manager(#[from] ManagerError),
}
