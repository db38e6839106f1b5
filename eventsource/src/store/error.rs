//! The errors of stores.

use std::error::Error;

use uuid::Uuid;

use super::{ExpectedVersion, StreamVersion};
use crate::event::{StreamId, Unstorable};

/// An append failed. Except after [`AppendError::Store`], this call has stored nothing.
///
/// If several errors apply, [`Conflict`](Self::Conflict) comes before a stored id
/// ([`DuplicateEvent`](Self::DuplicateEvent)). See [the module](super#repeat-an-append) for how to repeat an append.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use eventsource::{AppendError, EventStore, ExpectedVersion, MemoryEventStore, NewEvent, StreamId};
///
/// let store = MemoryEventStore::new();
/// let order = StreamId::new("Order", uuid::Uuid::now_v7());
/// let paid = vec![NewEvent::raw("OrderPaid", 1, "{}")];
/// match store.append(&order, ExpectedVersion::Exact(1), paid).await {
///     Err(AppendError::Conflict { actual, .. }) => println!("load again: the order is at version {actual}"),
///     other => panic!("{other:?}"),
/// }
/// # });
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AppendError {
    /// The stream has another version than expected, because another writer has appended. Load again, decide again,
    /// append again.
    #[error("{stream}: expected {expected}, but {}", StreamVersion(*.actual))]
    Conflict {
        /// The stream.
        stream: StreamId,
        /// The version that was expected.
        expected: ExpectedVersion,
        /// The version of the stream; 0 if it does not exist.
        actual: u64,
    },
    /// An event with this id exists already: a stored event, or another event of the same append. If this append
    /// repeats an earlier one, the earlier one has stored the event, and you are done. Otherwise, give the event a new
    /// id.
    #[error("{stream}: an event with the id {event_id} exists already")]
    DuplicateEvent {
        /// The stream of the append.
        stream: StreamId,
        /// The id.
        event_id: Uuid,
    },
    /// The append has no events. Leave it out.
    #[error("{stream}: an append needs at least one event")]
    Empty {
        /// The stream of the append.
        stream: StreamId,
    },
    /// An event belongs to another aggregate type than the stream. Append it to a stream of its own type.
    #[error(
        "{stream}: event `{event_type}` belongs to the aggregate `{aggregate_type}`; append it to a stream of that type"
    )]
    ForeignEvent {
        /// The stream of the append.
        stream: StreamId,
        /// The stored name of the event.
        event_type: String,
        /// The aggregate type of the event.
        aggregate_type: String,
    },
    /// An event has a value that could not be read back from every store. Change the value, or the type of its field.
    #[error("{stream}: event `{event_type}` cannot be stored: {value}")]
    Unstorable {
        /// The stream of the append.
        stream: StreamId,
        /// The stored name of the event.
        event_type: String,
        /// The id of the event.
        event_id: Uuid,
        /// The path of the value, and why it cannot be stored.
        value: Box<Unstorable>,
    },
    /// A stream occurs twice in one append to several streams. Put all its events into one part.
    #[error("{stream} occurs twice in one append to several streams: put all its events into one part")]
    StreamTwice {
        /// The stream.
        stream: StreamId,
    },
    /// The store failed. The events can be stored nevertheless, if only the answer was lost. Append the same events
    /// again, with the same ids, as [the module](super#repeat-an-append) shows.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A store failed.
///
/// Retry a read after [`Failed`](Self::Failed), [`Busy`](Self::Busy) and [`Unanswered`](Self::Unanswered). Retry an
/// append only with the same events: see [the module](super#repeat-an-append). The other errors need a change of the
/// program or a repair of the store.
///
/// The store in PostgreSQL returns `Failed`, also if no connection was free in time, and `Corrupt`. The store in SQLite
/// also returns `Busy` and `InsideUnitOfWork`. In a [handler](crate::HandlerError), the unit of work classifies the
/// source of `Failed`: a lost connection is an outage.
///
/// ```
/// use std::time::Duration;
///
/// use eventsource::StoreError;
///
/// fn can_retry(error: &StoreError) -> bool {
///     matches!(error, StoreError::Failed { .. } | StoreError::Busy { .. } | StoreError::Unanswered { .. })
/// }
/// let busy = StoreError::Busy { action: "read the log".to_owned(), waited: Duration::from_secs(30) };
/// assert!(can_retry(&busy));
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The store failed; the source says why: for example no connection, or a statement that the server refused. A
    /// retry may help.
    #[error("the event store could not {action}")]
    Failed {
        /// The action, such as `append to Order/…`.
        action: String,
        /// The error of the database or the driver.
        source: Box<dyn Error + Send + Sync>,
    },
    /// Another connection has locked the store for longer than the store waits. Retry. Only SQLite: see
    /// `SqliteOptions::write_timeout`.
    #[error("the event store could not {action}: another connection has locked it for {waited:?}; retry")]
    Busy {
        /// The action, such as `append to Order/…`.
        action: String,
        /// How long the store has waited.
        waited: std::time::Duration,
    },
    /// The store did not answer in time: the server hangs, or another session holds a lock. A retry may help.
    ///
    /// The status of a subscription returns it after 3 s. The stores of this crate never return it.
    #[error(
        "the event store could not {action}: the server did not answer within {waited:?}; look for a server that \
         hangs, or a session that locks the log"
    )]
    Unanswered {
        /// The action, such as `append to Order/…`.
        action: String,
        /// How long the store has waited.
        waited: std::time::Duration,
    },
    /// A handler has called a store in SQLite, and the call would wait for the commit of the handler's own batch. Write
    /// through the connection of the handler, or append in an effects projection. In PostgreSQL a handler can append:
    /// in its transaction with `PostgresEventStore::append_in`.
    #[error(
        "the event store could not {action}: this handler runs inside the transaction of its batch, which locks the \
         database {database}, so the two would wait for each other for ever; write through the connection that the \
         handler gets, or append outside the projection"
    )]
    InsideUnitOfWork {
        /// The action, such as `append to Order/…`.
        action: String,
        /// The database.
        database: String,
    },
    /// The store does not support this action. Use another store, or another function.
    #[error("the event store cannot {action}: this kind of store does not support it")]
    Unsupported {
        /// The action, such as `append to several streams in one transaction`.
        action: String,
    },
    /// Stored data cannot be read back: another program has changed it, or it is damaged. The text names its place.
    /// Correct that row by SQL, or restore it from a backup.
    #[error("the event store contains data that cannot be read: {what}")]
    Corrupt {
        /// The data, and its place.
        what: String,
    },
}
