//! A log that only reads, and the means to fill it.

use std::ops::Deref;
use std::sync::Arc;

use async_trait::async_trait;

use super::Violation;
use crate::event::{NewEvent, StreamId};
use crate::store::{Appended, EventLog, EventStore, ExpectedVersion};

/// Stores the events of a log that only reads, for the contract of logs. Every event store is one.
///
/// A broker or a replica implements it for its tests:
///
/// ```
/// use async_trait::async_trait;
/// use eventsource::store::Appended;
/// use eventsource::testing::contract::{LogWriter, Violation};
/// use eventsource::{NewEvent, StreamId};
///
/// struct Producer;
///
/// #[async_trait]
/// impl LogWriter for Producer {
///     async fn write(&self, stream: &StreamId, events: Vec<NewEvent>) -> Result<Appended, Violation> {
///         // Send the events to the broker, and wait until the log can read them.
///         # let _ = (stream, events);
///         # unimplemented!()
///     }
/// }
/// ```
#[async_trait]
pub trait LogWriter: Send + Sync + 'static {
    /// Stores `events` at the end of `stream`, whatever its version is. Returns the stored events when the log can read
    /// them.
    ///
    /// # Errors
    /// [`Violation`] if they cannot be stored. The case fails.
    async fn write(&self, stream: &StreamId, events: Vec<NewEvent>) -> Result<Appended, Violation>;
}

#[async_trait]
impl<S: EventStore> LogWriter for S {
    async fn write(&self, stream: &StreamId, events: Vec<NewEvent>) -> Result<Appended, Violation> {
        Ok(self.append(stream, ExpectedVersion::Any, events).await?)
    }
}

/// A fresh, empty log and its writer, alone or with a value that must outlive them: `(log, writer)` or
/// `(log, writer, directory)`.
///
/// ```
/// use eventsource::MemoryEventStore;
/// use eventsource::testing::contract::EventLogFixture;
///
/// let store = MemoryEventStore::new();
/// let fixture = (store.clone(), store);
/// let _ = (fixture.log(), fixture.writer());
/// ```
pub trait EventLogFixture {
    /// Returns the log.
    fn log(&self) -> Arc<dyn EventLog>;

    /// Returns its writer.
    fn writer(&self) -> Arc<dyn LogWriter>;
}

impl<L: EventLog + Clone, W: LogWriter + Clone> EventLogFixture for (L, W) {
    fn log(&self) -> Arc<dyn EventLog> {
        Arc::new(self.0.clone())
    }

    fn writer(&self) -> Arc<dyn LogWriter> {
        Arc::new(self.1.clone())
    }
}

impl<L: EventLog + Clone, W: LogWriter + Clone, K> EventLogFixture for (L, W, K) {
    fn log(&self) -> Arc<dyn EventLog> {
        Arc::new(self.0.clone())
    }

    fn writer(&self) -> Arc<dyn LogWriter> {
        Arc::new(self.1.clone())
    }
}

/// The log of a case, with its writer.
pub(super) struct FilledLog {
    log: Arc<dyn EventLog>,
    writer: Arc<dyn LogWriter>,
}

impl FilledLog {
    pub(super) fn new(fixture: &impl EventLogFixture) -> Self {
        Self { log: fixture.log(), writer: fixture.writer() }
    }

    /// The log of an event store, which fills it.
    pub(super) fn of(store: &Arc<dyn EventStore>) -> Self {
        Self { log: Arc::<dyn EventStore>::clone(store), writer: Arc::new(Arc::clone(store)) }
    }

    pub(super) async fn append(&self, stream: &StreamId, events: Vec<NewEvent>) -> Result<Appended, Violation> {
        self.writer.write(stream, events).await
    }
}

impl Deref for FilledLog {
    type Target = dyn EventLog;

    fn deref(&self) -> &Self::Target {
        &*self.log
    }
}
