//! What a store can fail with.

use std::error::Error;

use uuid::Uuid;

use super::{ExpectedVersion, StreamVersion};
use crate::event::{StreamId, Unstorable};

/// Why an append stored nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AppendError {
    /// The stream is at another version than expected: somebody else wrote. Load again, decide again, append again.
    #[error("{stream}: expected {expected}, but {}", StreamVersion(*.actual))]
    Conflict {
        /// The stream.
        stream: StreamId,
        /// The version that was expected.
        expected: ExpectedVersion,
        /// The version that the stream is at; 0 where it does not exist.
        actual: u64,
    },
    /// The id of an event is taken, by a stored event or by another event of the same append.
    #[error("{stream}: an event with the id {event_id} exists already")]
    DuplicateEvent {
        /// The stream that was appended to.
        stream: StreamId,
        /// The id that is taken.
        event_id: Uuid,
    },
    /// There was nothing to append.
    #[error("{stream}: an append needs at least one event")]
    Empty {
        /// The stream that was appended to.
        stream: StreamId,
    },
    /// An event belongs to another type of aggregate than the stream.
    #[error("{stream}: event `{event_type}` belongs to the aggregate `{aggregate_type}` and cannot go to this stream")]
    ForeignEvent {
        /// The stream that was appended to.
        stream: StreamId,
        /// The stored name of the event.
        event_type: String,
        /// The type of aggregate that the event belongs to.
        aggregate_type: String,
    },
    /// An event has a value that could not be read back, or that not every store can hold.
    #[error("{stream}: event `{event_type}` cannot be stored: {value}")]
    Unstorable {
        /// The stream that was appended to.
        stream: StreamId,
        /// The stored name of the event.
        event_type: String,
        /// The id of the event.
        event_id: Uuid,
        /// Which value it is, and why it cannot be stored.
        value: Box<Unstorable>,
    },
    /// A stream comes twice in one append to several streams.
    #[error("{stream} comes twice in one append to several streams: put all its events into one part")]
    StreamTwice {
        /// The stream.
        stream: StreamId,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A store failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The store did not do what was asked; the source says why. Trying again may help.
    #[error("the event store could not {action}: {source}")]
    Failed {
        /// What was asked, such as `append to Order/…`.
        action: String,
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
    /// Another connection kept the store locked for longer than the store waits. Trying again helps.
    #[error("the event store could not {action}: another connection has kept it locked for {waited:?}")]
    Busy {
        /// What was asked.
        action: String,
        /// How long the store waited.
        waited: std::time::Duration,
    },
    /// The store has not answered in time: the server hangs, or a lock holds the question. Trying again may help.
    #[error("the event store could not {action}: it has not answered for {waited:?}, as where a lock holds the log")]
    Unanswered {
        /// What was asked.
        action: String,
        /// How long the answer was waited for.
        waited: std::time::Duration,
    },
    /// A handler asked the store for something that has to wait until the handler's own batch is committed.
    #[error(
        "the event store could not {action}: this handler runs inside the transaction of its batch, which holds the \
         database {database}, and the two would wait for each other for ever; write through the connection that the \
         handler is given, or append from outside the projection"
    )]
    InsideUnitOfWork {
        /// What was asked.
        action: String,
        /// The database.
        database: String,
    },
    /// The store does not offer what was asked.
    #[error("the event store cannot {action}: this kind of store does not offer it")]
    Unsupported {
        /// What was asked.
        action: String,
    },
    /// Something stored cannot be read back: the store was changed from outside, or is damaged.
    #[error("the event store holds something that cannot be read: {what}")]
    Corrupt {
        /// What, and where.
        what: String,
    },
}
