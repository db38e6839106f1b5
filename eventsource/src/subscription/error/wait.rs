//! What a wait fails with.

use std::sync::Arc;
use std::time::Duration;

use super::place;
use crate::event::Position;
use crate::projection::{CheckpointError, DeadLetter};
use crate::store::LogId;
use crate::subscription::{Failure, StopReason, SubscriptionState};

/// The reason why a wait ended before the subscription was at its position.
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
/// use std::time::Duration;
/// use eventsource::subscription::WaitError;
///
/// match orders.caught_up().within(Duration::from_secs(5)).await {
///     Err(WaitError::Deadline { state, .. }) => println!("not yet caught up: {state}"),
///     caught_up => drop(caught_up?),
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum WaitError {
    /// The subscription is not started. Start the manager first.
    #[error("`{subscription}` is not started: call `start()` on the manager first")]
    NotStarted {
        /// The name of the subscription.
        subscription: String,
    },
    /// The subscription stopped before the position. The next start continues: wait again after it.
    #[error("`{subscription}` stopped at {}: {reason}", place(*.position))]
    Stopped {
        /// The name of the subscription.
        subscription: String,
        /// The position at which it stopped.
        position: Option<Position>,
        /// Why it stopped.
        reason: StopReason,
    },
    /// The subscription faulted before the position. Fix the cause, and start it again
    /// ([`SubscriptionState::Faulted`]).
    #[error("`{}` is faulted: {failure}", .failure.subscription)]
    Faulted {
        /// What failed.
        failure: Arc<Failure>,
    },
    /// The subscription may not run, or the log is not the one that it has applied. The reason says what to do
    /// ([`SubscriptionState::Refused`]).
    #[error("`{subscription}` is refused: {reason}")]
    Refused {
        /// The name of the subscription.
        subscription: String,
        /// Why, and what to do.
        reason: Arc<str>,
    },
    /// The subscription was fenced twice within a minute, and has stopped. Start it again
    /// ([`SubscriptionState::FencedAgain`]).
    #[error("`{subscription}` is {state}")]
    Fenced {
        /// The name of the subscription.
        subscription: String,
        /// Its state, with the reason and what to do.
        state: SubscriptionState,
    },
    /// The program is older than an event in the log, and the projection is of the kind *memory*, so no other process
    /// can pass the event for it. Deploy the newer program.
    #[error("`{subscription}` is outdated: {reason}")]
    Outdated {
        /// The name of the subscription.
        subscription: String,
        /// What is newer, both versions, and what to do.
        reason: Arc<str>,
    },
    /// A handler of the subscription waited for its own subscription, which would never end.
    #[error("a handler of `{subscription}` waits for `{subscription}` itself, which would never end")]
    InsideHandler {
        /// The name of the subscription.
        subscription: String,
    },
    /// The deadline passed ([`Wait::within`](crate::subscription::Wait::within)). The state says what the subscription
    /// does.
    #[error("`{subscription}` did not get there within {deadline:?}; at {} it is {state}", place(*.position))]
    Deadline {
        /// The name of the subscription.
        subscription: String,
        /// The deadline.
        deadline: Duration,
        /// The state of the subscription after the deadline.
        state: SubscriptionState,
        /// The position of the subscription after the deadline.
        position: Option<Position>,
    },
    /// The subscription has passed the position without applying its event: the event is a dead letter, or is parked
    /// behind one. Retry or dismiss the letter, or wait with
    /// [`wait_for_passed`](crate::subscription::SubscriptionHandle::wait_for_passed).
    #[error(
        "`{subscription}` has passed position {position} without applying its event, which {}: retry or dismiss the letter",
        held_by(*.position, .letter)
    )]
    Held {
        /// The name of the subscription.
        subscription: String,
        /// The position that was waited for.
        position: Position,
        /// The dead letter of this event, or of an earlier event of its stream.
        letter: Box<DeadLetter>,
    },
    /// This process is a standby for a durable memory projection. Only the owner has the current state. Here you can
    /// read the state that the owner stored last.
    #[error(
        "only the process that runs `{subscription}` has its current state; the one here was stored at {}, and it is {state}",
        place(*.position)
    )]
    Standby {
        /// The name of the subscription.
        subscription: String,
        /// The state in this process.
        state: SubscriptionState,
        /// The position of the state that can be read in this process.
        position: Option<Position>,
    },
    /// The wait is for an append to another log, such as with the token of a test system. Waiting again does not help:
    /// answer with a client error, or read without waiting.
    #[error(
        "`{subscription}` reads the log {found}, and the append that is waited for is in the log {expected}: do not wait for it here"
    )]
    OtherLog {
        /// The name of the subscription.
        subscription: String,
        /// The log of the append.
        expected: LogId,
        /// The log that the subscription reads.
        found: LogId,
    },
    /// The checkpoint store failed, so it is unknown whether the event is a dead letter. Wait again.
    #[error("`{subscription}` has passed position {position}, but its dead letters cannot be read: wait again")]
    DeadLetters {
        /// The name of the subscription.
        subscription: String,
        /// The position that was waited for.
        position: Position,
        /// The error of the checkpoint store.
        source: Arc<CheckpointError>,
    },
    /// The event store failed: the end of the log, or the event at the position, could not be read. Wait again.
    #[error("`{subscription}` cannot be waited for, because the log cannot be read: wait again")]
    Store {
        /// The name of the subscription.
        subscription: String,
        /// The error of the event store.
        source: Arc<crate::store::StoreError>,
    },
}

fn held_by(position: Position, letter: &DeadLetter) -> String {
    if letter.position == position {
        return format!("is a dead letter ({letter})");
    }
    format!("is parked behind a dead letter ({letter})")
}
