//! What a reset fails with.

use crate::projection::{CheckpointError, CommitError, HandlerError};

/// Why a subscription was not reset. Nothing was changed.
///
/// ```no_run
/// use eventsource::subscription::ResetError;
/// # async fn example(orders: eventsource::SubscriptionHandle<u64>) -> Result<(), ResetError> {
/// match orders.reset().await {
///     Err(ResetError::Running { .. }) => println!("stop the manager first"),
///     reset => reset?,
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResetError {
    /// The subscription runs.
    #[error("`{subscription}` runs, and cannot be reset: stop the manager, or unsubscribe it, first")]
    Running {
        /// The name of the subscription.
        subscription: String,
    },
    /// The projection has no truncate hook, so its read model cannot be emptied.
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
        /// The error of the hook.
        error: HandlerError,
    },
    /// The checkpoint store failed before the reset was committed. Try again.
    #[error("`{subscription}` cannot be reset: its checkpoint store failed")]
    Checkpoint {
        /// The name of the subscription.
        subscription: String,
        /// The error of the store.
        source: CheckpointError,
    },
    /// The reset could not be committed. Try again.
    #[error("`{subscription}` cannot be reset: the commit failed")]
    Commit {
        /// The name of the subscription.
        subscription: String,
        /// Why the commit failed.
        source: CommitError,
    },
}
