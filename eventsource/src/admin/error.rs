//! What an operation of an operator fails with.

use std::time::Duration;

use uuid::Uuid;

use crate::event::Position;
use crate::projection::{CheckpointError, DeadLetter};
use crate::store::{LogId, StoreError};
use crate::subscription::plan::StepError;
use crate::subscription::{DeadLetterError, WaitError};
use crate::text::{counted, short_name};

/// What an operation of an operator fails with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AdminError {
    /// There is no such subscription: it has no checkpoint, and no manager reports it.
    #[error("there is no subscription `{subscription}`; there are: {}", listed(.known))]
    UnknownSubscription {
        /// The name that was asked for.
        subscription: String,
        /// The names of the subscriptions that exist, at most 20.
        known: Vec<String>,
    },
    /// There is no such dead letter.
    #[error("`{subscription}` has no dead letter at position {position}")]
    UnknownLetter {
        /// The subscription.
        subscription: String,
        /// The position that was asked for.
        position: Position,
    },
    /// There is no such event.
    #[error("there is no event with the id {id}")]
    UnknownEvent {
        /// The id that was asked for.
        id: Uuid,
    },
    /// There is no such request, or it was deleted 90 days after it ended.
    #[error("there is no request {id}")]
    UnknownRequest {
        /// The id that was asked for.
        id: Uuid,
    },
    /// The projection is in the memory of each process that runs it. No other process can wait for it or steer it.
    #[error("`{subscription}` is in the memory of each process that runs it: ask that process")]
    InMemory {
        /// The subscription.
        subscription: String,
    },
    /// No process served the request in time. It is withdrawn: nothing was done, and nothing will be done.
    #[error(
        "no process served `{}` for `{subscription}` within {waited:?}; nothing was done: start a process that runs \
         it, or ask again with more time", action.replace('_', " ")
    )]
    NotServed {
        /// The subscription.
        subscription: String,
        /// The name of the action.
        action: String,
        /// How long it was waited for.
        waited: Duration,
    },
    /// A process has begun the request and has not ended it in time. It goes on.
    #[error("`{}` has begun the request {id} and has not ended it within {waited:?}: it goes on, look at it later", short_name(.by))]
    Unfinished {
        /// The request.
        id: Uuid,
        /// The manager that has begun it.
        by: String,
        /// How long it was waited for.
        waited: Duration,
    },
    /// The owner did not do it.
    #[error("`{subscription}`: {reason}")]
    Refused {
        /// The subscription.
        subscription: String,
        /// The request.
        id: Uuid,
        /// Why, as the owner says it.
        reason: String,
    },
    /// The subscription did not get to the position in time.
    #[error(
        "`{subscription}` did not get to position {target} within {waited:?}: it is {state} at position {position}, \
         {} behind, {}", counted(*.behind, "event"), owned_by(.owner.as_deref(), *.is_lease_over)
    )]
    Behind {
        /// The subscription.
        subscription: String,
        /// The position that was waited for.
        target: Position,
        /// How long it was waited for.
        waited: Duration,
        /// Where the subscription is.
        position: Position,
        /// How many events are after that position, counted up to 10,001.
        behind: u64,
        /// Its state.
        state: String,
        /// The process that owns it, if there is one.
        owner: Option<String>,
        /// Whether the lease of that process is over: it was killed, hangs, or cannot reach the database. A standby takes
        /// over; without one, start a process that has the subscription.
        is_lease_over: bool,
    },
    /// The subscription has passed the event without applying it: its stream is held by a dead letter.
    #[error(
        "`{subscription}` has passed position {position} without applying its event, since {letter}: retry or dismiss it"
    )]
    Held {
        /// The subscription.
        subscription: String,
        /// The position of the event.
        position: Position,
        /// The letter that holds the stream.
        letter: Box<DeadLetter>,
    },
    /// The position belongs to another log than the one of this database.
    #[error("`{subscription}` reads the log {found}, and the position belongs to the log {expected}")]
    OtherLog {
        /// The subscription.
        subscription: String,
        /// The log of the position.
        expected: LogId,
        /// The log of this database.
        found: LogId,
    },
    /// The log went back behind the checkpoint, or was replaced.
    #[error("`{subscription}` cannot be waited for: {reason}")]
    LogLost {
        /// The subscription.
        subscription: String,
        /// What happened to the log, and what to do.
        reason: String,
    },
    /// The wait in this process ended, since the subscription cannot get to the position.
    #[error(transparent)]
    Wait(#[from] WaitError),
    /// The checkpoint store does not store requests.
    #[error(
        "this checkpoint store does not implement `CheckpointStore::operations`, so subscriptions cannot be steered"
    )]
    Unsupported,
    /// The log cannot be asked for its streams, its types of events, its correlated events, and its times.
    #[error("this event log does not implement `EventLog::queries`, so it cannot be searched")]
    NoQueries,
    /// The handlers of the projection are not in this process.
    #[error(
        "`{subscription}` cannot be stepped through without its code: open the dashboard of a process that runs it"
    )]
    NeedsCode {
        /// The subscription.
        subscription: String,
    },
    /// The projection cannot be stepped through.
    #[error(transparent)]
    Steps(#[from] StepError),
    /// The dead letters of a projection in the memory of this process cannot be read.
    #[error(transparent)]
    Letters(#[from] DeadLetterError),
    /// The store of the checkpoints failed: try again.
    #[error("the checkpoints, letters or requests cannot be read or written")]
    Checkpoints(#[from] CheckpointError),
    /// The store of the events failed: try again.
    #[error("the log cannot be read")]
    Log(#[from] StoreError),
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

fn owned_by(owner: Option<&str>, is_lease_over: bool) -> String {
    match owner {
        None => "and no process owns it".to_owned(),
        Some(owner) if is_lease_over => {
            let owner = short_name(owner);
            format!("and the lease of its owner `{owner}` is over: that process was killed, hangs, or is cut off")
        }
        Some(owner) => format!("and `{}` owns it", short_name(owner)),
    }
}
