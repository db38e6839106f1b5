//! Why a wait ended before what it waited for.

use std::sync::Arc;
use std::time::Duration;

use super::{because, place};
use crate::event::Position;
use crate::subscription::{Failure, StopReason, SubscriptionState};

/// Why a wait ended before what it waited for.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum WaitError {
    /// The subscription was not started, so that nothing would ever come.
    #[error("`{subscription}` is not started: call `start()` on the manager first")]
    NotStarted {
        /// The name of the subscription.
        subscription: String,
    },
    /// The subscription stopped.
    #[error("`{subscription}` stopped at {}: {reason}", place(*.position))]
    Stopped {
        /// The name of the subscription.
        subscription: String,
        /// Where it stopped.
        position: Option<Position>,
        /// Why.
        reason: StopReason,
    },
    /// The subscription faulted.
    #[error("`{}` is faulted: {failure}", .failure.subscription)]
    Faulted {
        /// What failed.
        failure: Arc<Failure>,
    },
    /// The subscription is not run as things are.
    #[error("`{subscription}` is refused: {reason}")]
    Refused {
        /// The name of the subscription.
        subscription: String,
        /// Why, and the remedy.
        reason: Arc<str>,
    },
    /// The subscription was fenced twice within a minute, and has ended.
    #[error("`{subscription}` is {state}{}", because(.state))]
    Fenced {
        /// The name of the subscription.
        subscription: String,
        /// Its state, with the reason and the remedy.
        state: SubscriptionState,
    },
    /// The program is older than an event in the log, and the projection lives in its memory.
    #[error("`{subscription}` is outdated: {reason}")]
    Outdated {
        /// The name of the subscription.
        subscription: String,
        /// What is newer, both versions, and the remedy.
        reason: Arc<str>,
    },
    /// A handler of the subscription waits for the subscription, which waits for the handler.
    #[error("a handler of `{subscription}` waits for `{subscription}` itself, which would never end")]
    InsideHandler {
        /// The name of the subscription.
        subscription: String,
    },
    /// The deadline passed.
    #[error("`{subscription}` was not there within {deadline:?}; it is {state} at {}{}", place(*.position), because(.state))]
    Deadline {
        /// The name of the subscription.
        subscription: String,
        /// The deadline.
        deadline: Duration,
        /// What the subscription was doing then.
        state: SubscriptionState,
        /// Where it was then.
        position: Option<Position>,
    },
    /// The log could not be asked for its head.
    #[error("`{subscription}`: {source}")]
    Store {
        /// The name of the subscription.
        subscription: String,
        /// Why.
        source: Arc<crate::store::StoreError>,
    },
}
