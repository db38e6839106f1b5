//! What a rebuild fails with.

use std::sync::Arc;

use super::{ManagerError, place};
use crate::event::Position;
use crate::projection::HandlerError;
use crate::subscription::SubscriptionState;

/// The reason why a rebuild did not begin, or did not complete.
///
/// The call that begins a rebuild fails with all variants except `Ended`, `Cancelled` and `Replaced`. The wait for its
/// end ([`Rebuild`](crate::subscription::Rebuild)) fails with these three, `Failed` and `Manager`.
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
/// use eventsource::subscription::RebuildError;
///
/// match orders.rebuild().await {
///     Ok(rebuild) => println!("rebuilt at position {}", rebuild.await?),
///     Err(RebuildError::NotRunning { state, .. }) => println!("ask the process that runs it, this one is {state}"),
///     Err(error) => return Err(error.into()),
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RebuildError {
    /// The projection has no truncate hook, so its read model cannot be emptied. Nothing was changed.
    ///
    /// [`rebuild`](crate::SubscriptionHandle::rebuild) lists what each kind of projection needs.
    #[error(
        "`{subscription}` cannot be rebuilt, because its projection has no truncate hook: give it a method marked \
         `#[truncate]`, or implement `EventSubscriber::truncate`"
    )]
    NoTruncateHook {
        /// The name of the subscription.
        subscription: String,
    },
    /// The truncate hook failed, or its changes could not be committed. The state of a memory projection is unknown
    /// then: correct the hook, and reset or rebuild the subscription.
    #[error("`{subscription}` cannot be rebuilt, because it cannot be emptied: {error}")]
    Truncate {
        /// The name of the subscription.
        subscription: String,
        /// The error of the hook or of the commit.
        error: HandlerError,
    },
    /// The subscription starts at the end of the log. Its start position is not stored, so there is nothing to replay.
    /// Nothing was changed.
    #[error(
        "`{subscription}` cannot be rebuilt, because it started at the end of the log, and that position is not stored: \
         subscribe it with `SubscriptionConfig::after(position)`, or reset it to start at the present end"
    )]
    StartsAtEnd {
        /// The name of the subscription.
        subscription: String,
    },
    /// The projection declares no read models, so it is unknown which tables to build. Nothing was changed.
    #[error(
        "`{subscription}` cannot be rebuilt side by side, because its projection declares no read models: name them, \
         `#[projection(read_models(…))]`, or rebuild it in place"
    )]
    NoReadModels {
        /// The name of the subscription.
        subscription: String,
    },
    /// The checkpoint store cannot build a next generation of read models, which is a second set of its tables. Those
    /// of SQLite and PostgreSQL can. Nothing was changed: rebuild in place.
    #[error(
        "`{subscription}` cannot be rebuilt side by side, because its checkpoint store keeps no generations of read \
         models: rebuild it in place"
    )]
    NoGenerations {
        /// The name of the subscription.
        subscription: String,
    },
    /// The subscription is paused, another process owns it, or it ended before the rebuild began. Nothing was changed:
    /// resume it, ask the owner, or do what the state says. A stopped subscription is no cause: a rebuild starts it.
    #[error("`{subscription}` cannot be rebuilt while it is {state}: resume it, or ask the process that runs it")]
    NotRunning {
        /// The name of the subscription.
        subscription: String,
        /// Its state.
        state: SubscriptionState,
    },
    /// The subscription ended before the rebuild was complete. Its next start continues the rebuild.
    #[error("`{subscription}` ended before its rebuild was complete, at {}: it is {state}", place(*.position))]
    Ended {
        /// The name of the subscription.
        subscription: String,
        /// The position at which it ended.
        position: Option<Position>,
        /// Its state, with the reason.
        state: SubscriptionState,
    },
    /// The rebuild was cancelled ([`Rebuild::cancel`](crate::subscription::Rebuild::cancel)). Side by side, the present
    /// read model serves. In place, the next start continues the rebuild.
    #[error("the rebuild of `{subscription}` was cancelled")]
    Cancelled {
        /// The name of the subscription.
        subscription: String,
    },
    /// Another rebuild, or a reset, has replaced this rebuild: wait for that one.
    #[error("the rebuild of `{subscription}` was replaced by another one, or by a reset")]
    Replaced {
        /// The name of the subscription.
        subscription: String,
    },
    /// The rebuild failed. The present read model was not changed. Do what the reason says, and rebuild again.
    #[error("the rebuild of `{subscription}` failed: {reason}")]
    Failed {
        /// The name of the subscription.
        subscription: String,
        /// Why, and what to do.
        reason: Arc<str>,
    },
    /// There is no such subscription, no tokio runtime, or a handler of the subscription asked.
    #[error(transparent)]
    Manager(#[from] ManagerError),
}
