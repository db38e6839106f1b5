//! The log of events: the traits [`EventLog`] and [`EventStore`], and the stores that implement them.
//!
//! A *stream* contains the events of one business object, such as one order: see [`StreamId`](crate::StreamId). You
//! append events to a stream with the version that you expect the stream to have. You read one stream in the order of
//! its versions, or the whole log in the order of its positions. A program creates its events with
//! [`NewEvent::of`](crate::NewEvent::of) from typed events; this example uses raw ones, to be short:
//!
//! ```
//! # #[cfg(feature = "sqlite")]
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! use eventsource::sqlite::{SqliteDatabase, SqliteEventStore, SqliteOptions};
//! use eventsource::{AppendError, EventFilter, EventLog, EventStore, ExpectedVersion, NewEvent, PageLimit, Position};
//! use eventsource::{ReadStream, StreamId};
//! use uuid::Uuid;
//!
//! // One connection: each connection to a database in memory has a database of its own.
//! let db = SqliteDatabase::open_with(SqliteOptions::new(":memory:").connections(1)).await?;
//! let store = SqliteEventStore::new(&db);
//!
//! // Two events in one transaction, for a stream that does not exist yet.
//! let order = StreamId::new("Order", Uuid::now_v7());
//! let events = vec![NewEvent::raw("OrderPlaced", 1, "{}"), NewEvent::raw("OrderPaid", 1, "{}")];
//! let appended = store.append(&order, ExpectedVersion::NoStream, events).await?;
//! assert_eq!(appended.version(), 2);
//!
//! // Another writer still expects version 1. Nothing is stored: load again, decide again, append again.
//! let late = vec![NewEvent::raw("OrderCancelled", 1, "{}")];
//! let conflict = store.append(&order, ExpectedVersion::Exact(1), late).await.unwrap_err();
//! assert!(matches!(conflict, AppendError::Conflict { actual: 2, .. }));
//!
//! // One stream, the last event first.
//! let last = store.read_stream(&order, ReadStream::backward().limit(1)).await?;
//! assert_eq!(last[0].event_type(), "OrderPaid");
//!
//! // The log, in pages. The next page begins after the horizon of this one.
//! let filter = EventFilter::types(["OrderPlaced"]);
//! let page = store.read_log(Position::START, &filter, PageLimit::events(100)).await?;
//! assert_eq!((page.events.len(), page.horizon), (1, appended.position()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```
//!
//! # When to use what
//!
//! - [`MemoryEventStore`] keeps its log in memory. Use it for tests and examples.
//! - `SqliteEventStore` (feature `sqlite`) keeps its log in a file. Use it for programs on one machine: a desktop
//!   program, a small service, or a test that needs transactional projections. Several processes can share the file;
//!   one of them writes at a time.
//! - `PostgresEventStore` (feature `postgres`) keeps its log in PostgreSQL. Use it if processes on several machines
//!   append or project.
//! - Implement [`EventLog`] and [`EventStore`] to use another database, or [`EventLog`] alone for a log that only
//!   reads: it is all that subscriptions need. The contract suites in `eventsource::testing` (feature `testing`) check
//!   your implementation.
//!
//! All three stores send wake-ups to the readers of their own process, and the store of PostgreSQL also to other
//! processes. So a [`MemoryEventBus`](crate::MemoryEventBus) is the right argument of
//! [`SubscriptionManager::new`](crate::SubscriptionManager::new) in most programs: see [`bus`](crate::bus).
//!
//! A page or a tool for operators lists streams, follows a correlation id and finds the events of a time with
//! [`EventQueries`].
//!
//! Most programs append with [`AggregateRepository`](crate::AggregateRepository), which loads, decides and appends with
//! the expected version, and read with a [subscription](crate::subscription). Call a store directly to import or export
//! events, to append to [several streams](EventStore::append_all) at once, or to [look up](EventLog::event) an event.
//!
//! Use [`ExpectedVersion::Exact`] if the events depend on the state of the stream. Use [`ExpectedVersion::NoStream`] to
//! create a stream exactly once, and [`ExpectedVersion::Any`] only for events that are true in any state.
//!
//! # Repeat an append
//!
//! After [`AppendError::Store`] the events may be stored. Append the same [`NewEvent`](crate::NewEvent) values again:
//! an id is stored once, so nothing is stored twice. Keep a clone of them, because an append consumes its events, and
//! do not create them again, because [`NewEvent::of`](crate::NewEvent::of) draws a new id. The second call returns
//! [`AppendError::Conflict`] or [`AppendError::DuplicateEvent`] if the first one has stored the events, or if another
//! writer was faster. [`EventLog::event`] finds out which:
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! use eventsource::{AppendError, EventLog, EventStore, ExpectedVersion, MemoryEventStore, NewEvent, StreamId};
//!
//! let store = MemoryEventStore::new();
//! let order = StreamId::new("Order", uuid::Uuid::now_v7());
//! let events = vec![NewEvent::raw("OrderPlaced", 1, "{}")];
//! let mut result = store.append(&order, ExpectedVersion::NoStream, events.clone()).await;
//! for _ in 0..3 {
//!     let Err(AppendError::Store(_)) = &result else { break };
//!     result = store.append(&order, ExpectedVersion::NoStream, events.clone()).await;
//! }
//! match result {
//!     Ok(appended) => println!("stored at {}", appended.position()),
//!     Err(AppendError::Conflict { .. } | AppendError::DuplicateEvent { .. })
//!         if store.event(events[0].id()).await?.is_some() =>
//!     {
//!         println!("stored by an earlier attempt");
//!     }
//!     Err(error) => return Err(error.into()),
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```
//!
//! With an [`AggregateRepository`](crate::AggregateRepository), give the command a [command
//! id](crate::aggregate::Execute::command_id) instead: a command that is sent again is stored once.
//!
//! # For authors of stores
//!
//! These items are only for code that implements a store: [`check_append`], [`check_append_all`],
//! [`LogPage::following`], [`LogPage::up_to`], [`PageLimit::take`], [`ReentrancyMark`], [`StreamVersion`],
//! [`WakeUpSender`], and every constructor that says "used by stores".

mod append_token;
mod appended;
mod check;
pub(crate) mod clock;
mod error;
mod event_log;
mod event_store;
mod expected;
mod limit;
mod load_seen;
mod log_id;
mod log_stall;
mod lookup;
mod memory;
mod observed;
mod page;
mod queries;
mod read_stream;
mod reentrancy;
mod shared;
mod stream_append;
mod summary;
mod verdict;
mod wakeup;

pub use crate::event::EventFilter;
pub use append_token::{AppendToken, AppendTokenError};
pub use appended::Appended;
pub(crate) use check::check_name;
pub use check::{check_append, check_append_all};
pub use error::{AppendError, StoreError};
pub use event_log::EventLog;
pub use event_store::EventStore;
pub use expected::{ExpectedVersion, StreamVersion};
pub use limit::PageLimit;
pub(crate) use limit::{PAGE_BYTES, Room};
pub use load_seen::LoadSeen;
pub use log_id::{LogId, LogMark};
pub use log_stall::LogStall;
pub use lookup::{BackwardPage, StoredStream};
pub use memory::MemoryEventStore;
pub use observed::{AppendFailure, AppendSeen, Observed, WriteObserver};
pub use page::{LogPage, StreamPage};
pub(crate) use queries::query_limit;
pub use queries::{
    CorrelatedPage, EventPlace, EventQueries, MAX_QUERY_LIMIT, StreamQuery, StreamSummary, StreamSummaryPage,
};
pub use read_stream::{Direction, ReadStream};
pub use reentrancy::ReentrancyMark;
pub use stream_append::StreamAppend;
pub use summary::{Backlog, StoredType};
pub use verdict::Verdict;
pub use wakeup::{WakeUpReceiver, WakeUpSender};
