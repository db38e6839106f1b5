//! What can go wrong with a subscription, outside its handlers.

use std::sync::Arc;
use std::time::Duration;

use super::{Failure, StopReason, SubscriptionState};
use crate::event::{DuplicateEvent, Position};
use crate::projection::{CheckpointError, CommitError, HandlerError};

/// Why a projection was not subscribed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SubscribeError {
    /// The manager has a subscription of this name.
    #[error(
        "there is a subscription `{subscription}` already: give one of them another name (`SubscriptionConfig::name`)"
    )]
    DuplicateName {
        /// The name.
        subscription: String,
    },
    /// Its name, or that of a table that it declares, is what next generations are called.
    #[error(
        "`{subscription}` cannot be subscribed: `{reserved}` is what the next generation of something is called while it \
         is being built; give it another name"
    )]
    ReservedName {
        /// The name of the subscription.
        subscription: String,
        /// The name that it cannot have.
        reserved: String,
    },
    /// The stored name of an event that the projection handles is claimed by several types.
    #[error("`{subscription}` cannot be subscribed: {duplicate}; give one of them another `#[event(name = \"…\")]`")]
    DuplicateEvent {
        /// The name of the subscription.
        subscription: String,
        /// The event, and the places that declare it.
        duplicate: DuplicateEvent,
    },
    /// A start was asked for, but there is a durable checkpoint, and it decides.
    #[error(
        "`{subscription}` has a checkpoint at position {position}, so that it cannot start {wanted}: subscribe it \
         with `SubscriptionConfig::default()` to go on from there, or subscribe it so and call `reset()` on the handle \
         to begin anew"
    )]
    CheckpointExists {
        /// The name of the subscription.
        subscription: String,
        /// Where the checkpoint is.
        position: Position,
        /// Which start was asked for.
        wanted: String,
    },
    /// The projection has changed since its checkpoint was made (law 8).
    #[error(
        "`{subscription}` cannot be subscribed, because the projection has changed: its checkpoint was made by \
         `{stored}`, and it is `{current}` now; go back to the projection as it was, give the subscription another name \
         (`SubscriptionConfig::name`), or say what is to happen (`SubscriptionConfig::on_change`)"
    )]
    Changed {
        /// The name of the subscription.
        subscription: String,
        /// The fingerprint of the projection that made the checkpoint.
        stored: String,
        /// The fingerprint of the projection as it is.
        current: String,
    },
    /// The checkpoint store failed.
    #[error("`{subscription}` cannot be subscribed: {source}")]
    Checkpoint {
        /// The name of the subscription.
        subscription: String,
        /// Why.
        source: CheckpointError,
    },
}

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
    /// Another runner has taken the subscription over.
    #[error("`{subscription}` is fenced: {reason}")]
    Fenced {
        /// The name of the subscription.
        subscription: String,
        /// How that was found out.
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

fn because(state: &SubscriptionState) -> String {
    state.reason().map_or_else(String::new, |reason| format!(": {reason}"))
}

fn place(position: Option<Position>) -> String {
    position.map_or_else(|| "no position yet".to_owned(), |position| format!("position {position}"))
}

/// Why a projection was not reset. Nothing was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResetError {
    /// The subscription runs.
    #[error("`{subscription}` runs, and cannot be reset: stop the manager, or unsubscribe it, first")]
    Running {
        /// The name of the subscription.
        subscription: String,
    },
    /// The projection has no truncate hook, so that its read model would keep what it has.
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
        /// How.
        error: HandlerError,
    },
    /// The unit of work could not be opened.
    #[error("`{subscription}` cannot be reset: {source}")]
    Checkpoint {
        /// The name of the subscription.
        subscription: String,
        /// Why.
        source: CheckpointError,
    },
    /// The unit of work could not be committed.
    #[error("`{subscription}` cannot be reset: {source}")]
    Commit {
        /// The name of the subscription.
        subscription: String,
        /// Why.
        source: CommitError,
    },
}

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
    #[error("`{subscription}` ended before its rebuild did, at {}: it is {state}{}", place(*.position), because(.state))]
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
    #[error("not stopped within {deadline:?}, and cut off in the middle of a batch: {subscriptions}")]
    Deadline {
        /// How long they had.
        deadline: Duration,
        /// Their names.
        subscriptions: String,
    },
    /// There is no such subscription.
    #[error("there is no subscription `{subscription}`; there are: {known}")]
    Unknown {
        /// The name that was asked for.
        subscription: String,
        /// The names that there are.
        known: String,
    },
    /// A handler asked for something that waits until the handler has returned.
    #[error(
        "a handler of `{subscription}` asked the manager to {action}, which waits for the handler itself: ask from \
         outside, or from a task of its own"
    )]
    InsideHandler {
        /// The name of the subscription.
        subscription: String,
        /// What was asked.
        action: &'static str,
    },
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
}
