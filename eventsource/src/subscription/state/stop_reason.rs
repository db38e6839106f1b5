//! The reasons of a stop.

use std::fmt;

use serde::Serialize;

/// The reason why a subscription stopped.
///
/// ```
/// use eventsource::subscription::StopReason;
///
/// assert_eq!(StopReason::ManagerStopped.to_string(), "the manager was stopped");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// The manager was stopped.
    ManagerStopped,
    /// The subscription was [unsubscribed](crate::subscription::SubscriptionManager::unsubscribe).
    Unsubscribed,
    /// It was stopped by its name ([`stop_one`](crate::subscription::SubscriptionManager::stop_one)), and not with the manager.
    StoppedByName,
    /// The manager was stopped with a deadline, and the deadline passed before the batch ended. The next start applies
    /// the batch again. The lease was not released, so a standby takes over when it expires.
    DeadlinePassed,
    /// The manager was dropped.
    ManagerDropped,
    /// The tokio runtime was shut down while the subscription ran. Start the manager in another runtime, or restart the
    /// process.
    RuntimeShutDown,
    /// The task of the subscription panicked outside a handler: in a store, or in the `Display` of an error. Correct
    /// the panic, and start the subscription again.
    RunnerPanicked,
    /// The state of a memory projection is unknown: the truncate hook of a reset or a rebuild failed, or a handler was
    /// cut off and the projection can neither be copied nor truncated. Reset or rebuild the subscription.
    StateUnknown,
    /// It was told to [restart](crate::subscription::SubscriptionHandle::restart), and starts again when it has ended.
    Restarting,
    /// Its rebuild in place was cancelled, which halts it. The next start continues the rebuild.
    RebuildCancelled,
}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ManagerStopped => "the manager was stopped",
            Self::Unsubscribed => "it was unsubscribed",
            Self::StoppedByName => "it was stopped by its name: start it by its name, or start the manager",
            Self::DeadlinePassed => "the manager was stopped with a deadline, which passed before the batch ended",
            Self::ManagerDropped => "the manager was dropped",
            Self::RuntimeShutDown => "the tokio runtime was shut down",
            Self::RunnerPanicked => "its task panicked outside a handler, perhaps in a store",
            Self::Restarting => "it is being restarted",
            Self::RebuildCancelled => "its rebuild was cancelled: the next start continues it",
            Self::StateUnknown => {
                "its state is not known, after a reset that failed half-way or a handler that was cut off: reset it"
            }
        })
    }
}
