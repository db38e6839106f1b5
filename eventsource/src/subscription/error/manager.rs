//! Why the manager did not do what was asked.

use std::time::Duration;

use super::{InsideHandler, quoted};
use crate::projection::{CheckpointError, CommitError};
use crate::subscription::SubscriptionState;

/// Why the manager did not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ManagerError {
    /// There is no tokio runtime for the subscriptions to run in.
    #[error("the manager was started outside a tokio runtime: start it from an async function that tokio runs")]
    NoRuntime,
    /// A subscription stopped, and its last checkpoint was not saved. The next start repeats what follows the one before.
    #[error("`{subscription}` stopped without saving its last checkpoint: {source}")]
    NotSaved {
        /// The name of the subscription.
        subscription: String,
        /// Why.
        source: Box<CommitError>,
    },
    /// Subscriptions were cut off in the middle of a batch.
    #[error("not stopped within {deadline:?}, and cut off in the middle of a batch: {}", quoted(subscriptions))]
    Deadline {
        /// The time limit of the stop.
        deadline: Duration,
        /// The names of the subscriptions, in their order.
        subscriptions: Vec<String>,
    },
    /// There is no such subscription.
    #[error("there is no subscription `{subscription}`; there are: {}", quoted(known))]
    Unknown {
        /// The name that was asked for.
        subscription: String,
        /// The names of the manager's subscriptions.
        known: Vec<String>,
    },
    /// A handler asked for something that waits until the handler has returned.
    #[error(transparent)]
    InsideHandler(#[from] InsideHandler),
    /// The checkpoint store failed.
    #[error("`{subscription}`: {source}")]
    Store {
        /// The name of the subscription.
        subscription: String,
        /// Why.
        source: CheckpointError,
    },
    /// The subscription does not run, so that it cannot be paused or resumed.
    #[error("`{subscription}` does not run: it is {state}")]
    NotRunning {
        /// The name of the subscription.
        subscription: String,
        /// What it is doing.
        state: SubscriptionState,
    },
    /// The operating system does not tell of signals.
    #[cfg(feature = "signals")]
    #[error("the signals that end the process cannot be heard: {source}")]
    Signals {
        /// Why.
        source: std::io::Error,
    },
}
