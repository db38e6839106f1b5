//! Why a wait ended before what it waited for.

use std::sync::Arc;
use std::time::Duration;

use super::place;
use crate::event::Position;
use crate::projection::{CheckpointError, DeadLetter};
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
    #[error("`{subscription}` is {state}")]
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
    #[error("`{subscription}` was not there within {deadline:?}; at {} it is {state}", place(*.position))]
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
    /// The subscription has passed the position without applying its event: the event is a dead letter, or is parked
    /// behind one. Retry the letter, or wait with
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
        /// The dead letter: of that event, or of an earlier one of its stream.
        letter: Box<DeadLetter>,
    },
    /// This process stands by for a durable memory projection, whose current state only its owner has. What can be read
    /// here is the state that the owner stored last.
    #[error(
        "only the process that runs `{subscription}` has its current state; the one here was stored at {}, and it is {state}",
        place(*.position)
    )]
    Standby {
        /// The name of the subscription.
        subscription: String,
        /// What it does in this process, such as standing by for its owner.
        state: SubscriptionState,
        /// The position of the state that can be read here.
        position: Option<Position>,
    },
    /// The checkpoint store could not be asked for dead letters.
    #[error("`{subscription}` has passed position {position}, but its dead letters cannot be read: wait again")]
    DeadLetters {
        /// The name of the subscription.
        subscription: String,
        /// The position that was waited for.
        position: Position,
        /// Why.
        source: Arc<CheckpointError>,
    },
    /// The log could not be read: its head, or the event at the position.
    #[error("`{subscription}`: {source}")]
    Store {
        /// The name of the subscription.
        subscription: String,
        /// Why.
        source: Arc<crate::store::StoreError>,
    },
}

fn held_by(position: Position, letter: &DeadLetter) -> String {
    if letter.position == position {
        return format!("is a dead letter ({letter})");
    }
    format!("is parked behind a dead letter ({letter})")
}
