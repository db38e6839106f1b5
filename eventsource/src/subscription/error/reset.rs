//! What a reset fails with.

use crate::projection::{CheckpointError, CommitError, HandlerError};

/// The reason why a subscription was not reset. Its stored rows and its checkpoint are unchanged. The state of a memory
/// projection is unknown after `Truncate` and `Commit`.
///
/// ```
/// # use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
/// # use eventsource::prelude::*;
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// # let store = MemoryEventStore::new();
/// # let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
/// # let orders = ProjectionEngine::new("orders", MemoryProjectionStates::new()).with_state(0_u64);
/// # let orders = manager.subscribe(orders, SubscriptionConfig::from_beginning()).await?;
/// # manager.start().await?;
/// use eventsource::subscription::ResetError;
///
/// match orders.reset().await {
///     Err(ResetError::Running { .. }) => println!("stop the manager first"),
///     reset => reset?,
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResetError {
    /// The subscription runs in this process. Stop it first, for example with
    /// [`stop_one`](crate::SubscriptionManager::stop_one).
    #[error("`{subscription}` runs, and cannot be reset: stop it (`SubscriptionManager::stop_one`) first")]
    Running {
        /// The name of the subscription.
        subscription: String,
    },
    /// The projection has no truncate hook, so its read model cannot be emptied. Declare its read models
    /// (`#[projection(read_models(…))]`), or give it a method marked `#[truncate]`.
    #[error(
        "`{subscription}` cannot be reset, because its projection has no truncate hook: give it a method marked \
         `#[truncate]`, or implement `EventSubscriber::truncate`"
    )]
    NoTruncateHook {
        /// The name of the subscription.
        subscription: String,
    },
    /// The truncate hook failed, and was rolled back. The state of a memory projection is unknown. Correct the hook and
    /// reset again.
    #[error("the truncate hook of `{subscription}` failed: {error}")]
    Truncate {
        /// The name of the subscription.
        subscription: String,
        /// The error of the hook.
        error: HandlerError,
    },
    /// The checkpoint store failed before the reset was committed: try again. Or it refuses to replace a table whose
    /// columns have changed: the source says what to do.
    #[error("`{subscription}` cannot be reset: its checkpoint store failed")]
    Checkpoint {
        /// The name of the subscription.
        subscription: String,
        /// The error of the store.
        source: CheckpointError,
    },
    /// The reset could not be committed. The state of a memory projection is unknown. Try again.
    #[error("`{subscription}` cannot be reset: the commit failed")]
    Commit {
        /// The name of the subscription.
        subscription: String,
        /// Why the commit failed.
        source: CommitError,
    },
}
