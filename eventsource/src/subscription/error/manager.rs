//! What the manager fails with.

use std::time::Duration;

use super::{InsideHandler, quoted};
use crate::projection::{CheckpointError, CommitError};
use crate::subscription::SubscriptionState;

/// The reason why the manager did not do what a caller asked for.
///
/// ```
/// # use eventsource::prelude::*;
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// # let manager = SubscriptionManager::new(MemoryEventStore::new(), MemoryEventBus::new(), MemoryCheckpoints::new());
/// use eventsource::subscription::ManagerError;
///
/// let error = manager.pause("orders").await.unwrap_err();
/// assert!(matches!(error, ManagerError::Unknown { .. }), "{error}");
/// # });
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ManagerError {
    /// The call needs a tokio runtime, and there is none. Call it from an async function that tokio runs.
    #[error("the manager was started outside a tokio runtime: start it from an async function that tokio runs")]
    NoRuntime,
    /// The manager only [plans](crate::SubscriptionManager::planning). Create one without it to run the subscriptions.
    #[error("this manager only plans, and runs nothing: create it without `planning`")]
    OnlyPlans,
    /// A subscription stopped, but its last checkpoint was not saved. The next start continues from the checkpoint
    /// before. Nothing needs to be done, but an effects projection may handle some events again.
    #[error(
        "`{subscription}` stopped without saving its last checkpoint: its next start continues from the one before"
    )]
    NotSaved {
        /// The name of the subscription.
        subscription: String,
        /// Why the commit failed.
        source: Box<CommitError>,
    },
    /// Subscriptions did not stop in time, and were cut off in the middle of a batch. The next start repeats these
    /// batches: transactional and memory projections lose and double nothing, an effects projection repeats its
    /// effects.
    #[error("not stopped within {deadline:?}, and cut off in the middle of a batch: {}", quoted(subscriptions))]
    Deadline {
        /// The time limit of the stop.
        deadline: Duration,
        /// The names of the subscriptions that were cut off.
        subscriptions: Vec<String>,
    },
    /// The manager has no subscription with this name.
    #[error("there is no subscription `{subscription}`; there are: {}", quoted(known))]
    Unknown {
        /// The name that was asked for.
        subscription: String,
        /// The names of the manager's subscriptions.
        known: Vec<String>,
    },
    /// A handler asked for something that waits until the handler has returned. It would never end. Ask from another
    /// task.
    #[error(transparent)]
    InsideHandler(#[from] InsideHandler),
    /// The checkpoint store failed while a rebuild side by side was cancelled. The new tables, whose names end with
    /// `__next`, and their checkpoint may still exist. Do not drop them by hand: the next start of the subscription
    /// continues the rebuild, and the next cancel, rebuild or reset drops them.
    #[error("the unfinished rebuild of `{subscription}` cannot be dropped")]
    Store {
        /// The name of the subscription.
        subscription: String,
        /// The error of the store.
        source: CheckpointError,
    },
    /// The checkpoint store failed while a pause was stored or removed. Nothing was changed: try again.
    #[error("the pause of `{subscription}` cannot be stored or removed")]
    PauseNotStored {
        /// The name of the subscription.
        subscription: String,
        /// The error of the store.
        source: CheckpointError,
    },
    /// The subscription does not run, or ended before it did what it was asked. The state says why: start or resume it.
    #[error("`{subscription}` does not run: it is {state}")]
    NotRunning {
        /// The name of the subscription.
        subscription: String,
        /// Its state.
        state: SubscriptionState,
    },
    /// The process cannot listen for signals. Build the tokio runtime with `enable_all`.
    #[cfg(feature = "signals")]
    #[error("cannot listen for the signals that end the process")]
    Signals {
        /// The error of the operating system, or of the tokio runtime.
        source: std::io::Error,
    },
}
