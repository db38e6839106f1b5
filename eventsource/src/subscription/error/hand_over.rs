//! Why a subscription was not handed over to another name.

use crate::projection::CheckpointError;

/// The reason why a subscription was not handed over to another name. Nothing was changed.
///
/// ```
/// # use eventsource::prelude::*;
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// # let manager = SubscriptionManager::new(MemoryEventStore::new(), MemoryEventBus::new(), MemoryCheckpoints::new());
/// use eventsource::subscription::HandOverError;
///
/// match manager.hand_over("orders", "shop-orders").await {
///     Err(HandOverError::Missing { .. }) => {} // an earlier start has done it
///     handed_over => handed_over?,
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HandOverError {
    /// The manager has a subscription with one of the two names. Hand over before you subscribe, or unsubscribe it
    /// first.
    #[error("`{subscription}` is subscribed: hand over before you subscribe, or unsubscribe it first")]
    Subscribed {
        /// The name of the subscription.
        subscription: String,
    },
    /// One of the names ends with `~next` or `__next`, which is reserved for rebuilds side by side. Choose another
    /// name.
    #[error("`{subscription}` is a reserved name, used while a next generation is built: choose another name")]
    ReservedName {
        /// The reserved name.
        subscription: String,
    },
    /// There is no checkpoint with the old name. It was handed over before, or the name is wrong: compare it with
    /// [`CheckpointStore::list`](crate::projection::CheckpointStore::list).
    #[error("there is no checkpoint of `{subscription}`: `CheckpointStore::list` returns the names that exist")]
    Missing {
        /// The old name.
        subscription: String,
    },
    /// The new name has a checkpoint already. Reset that subscription if it is not needed, or choose another name.
    #[error("`{subscription}` has a checkpoint already: reset it first, or choose another name")]
    Exists {
        /// The new name.
        subscription: String,
    },
    /// A process runs the subscription, or died less than one lease ago. Stop it there, or wait for the end of the
    /// lease.
    #[error("`{subscription}` is run by {owner}: stop it there first")]
    Held {
        /// The old name.
        subscription: String,
        /// The process that owns the subscription.
        owner: String,
    },
    /// The checkpoint store does not offer it: its
    /// [`owners`](crate::projection::CheckpointStore::owners) returns `None`. Those of this crate offer it.
    #[error(
        "`{subscription}` cannot be handed over: its checkpoint store does not record which subscription owns the tables of \
         read models"
    )]
    Unsupported {
        /// The old name.
        subscription: String,
    },
    /// The checkpoint store failed. Try again.
    #[error("`{subscription}` cannot be handed over")]
    Checkpoint {
        /// The old name.
        subscription: String,
        /// The error of the store.
        source: CheckpointError,
    },
}
