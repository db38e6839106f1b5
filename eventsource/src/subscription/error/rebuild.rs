//! Why a rebuild was not begun, or not finished.

use std::sync::Arc;

use super::{ManagerError, place};
use crate::event::Position;
use crate::projection::HandlerError;
use crate::subscription::SubscriptionState;

/// Why a rebuild was not begun, or not finished.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RebuildError {
    /// The projection has no truncate hook, so that its read model would keep what it has. Nothing was changed.
    #[error(
        "`{subscription}` cannot be rebuilt, because its projection has no truncate hook: give it a method marked \
         `#[truncate]`, or implement `EventSubscriber::truncate`"
    )]
    NoTruncateHook {
        /// The name of the subscription.
        subscription: String,
    },
    /// The truncate hook failed, or what it did could not be committed.
    #[error("`{subscription}` cannot be rebuilt, because it cannot be emptied: {error}")]
    Truncate {
        /// The name of the subscription.
        subscription: String,
        /// How.
        error: HandlerError,
    },
    /// The subscription starts at the end of the log: it has no history to be rebuilt from, and where it started is not
    /// kept. Nothing was changed.
    #[error(
        "`{subscription}` cannot be rebuilt, because it starts at the end of the log, and where that was is not kept: \
         subscribe it with `SubscriptionConfig::after(position)`, or reset it to begin with what comes"
    )]
    StartsAtEnd {
        /// The name of the subscription.
        subscription: String,
    },
    /// The projection declares no read models, so that nobody knows what is to be built beside what serves. Nothing was
    /// changed.
    #[error(
        "`{subscription}` cannot be rebuilt side by side, because its projection declares no read models: name them, \
         `#[projection(read_models(…))]`, or rebuild it in place"
    )]
    NoReadModels {
        /// The name of the subscription.
        subscription: String,
    },
    /// The checkpoint store keeps no generations of read models. Nothing was changed.
    #[error(
        "`{subscription}` cannot be rebuilt side by side, because its checkpoint store keeps no generations of read \
         models: rebuild it in place"
    )]
    NoGenerations {
        /// The name of the subscription.
        subscription: String,
    },
    /// The subscription does not come to it: it is paused, or another process runs it. Nothing was changed.
    #[error("`{subscription}` cannot be rebuilt while it is {state}: resume it, or ask the process that runs it")]
    NotRunning {
        /// The name of the subscription.
        subscription: String,
        /// What it is doing.
        state: SubscriptionState,
    },
    /// The subscription ended before the rebuild did. Its next start goes on with it.
    #[error("`{subscription}` ended before its rebuild did, at {}: it is {state}", place(*.position))]
    Ended {
        /// The name of the subscription.
        subscription: String,
        /// Where it ended.
        position: Option<Position>,
        /// What it is doing, and why.
        state: SubscriptionState,
    },
    /// The rebuild was cancelled.
    #[error("the rebuild of `{subscription}` was cancelled")]
    Cancelled {
        /// The name of the subscription.
        subscription: String,
    },
    /// Another rebuild, or a reset, has taken its place.
    #[error("the rebuild of `{subscription}` was replaced by another one, or by a reset")]
    Replaced {
        /// The name of the subscription.
        subscription: String,
    },
    /// The rebuild failed. What serves was not changed by it.
    #[error("the rebuild of `{subscription}` failed: {reason}")]
    Failed {
        /// The name of the subscription.
        subscription: String,
        /// Why, and the remedy.
        reason: Arc<str>,
    },
    /// There is no such subscription, no tokio runtime, or a handler asked that would wait for itself.
    #[error(transparent)]
    Manager(#[from] ManagerError),
}
