//! An event store with fault injection.

use std::sync::Arc;

use async_trait::async_trait;
use uuid::Uuid;

use super::{Fault, Faults, Injected, Point};
use crate::event::{EventFilter, NewEvent, Position, RecordedEvent, StreamId};
use crate::store::{
    AppendError, Appended, Backlog, BackwardPage, EventLog, EventQueries, EventStore, ExpectedVersion, LoadSeen, LogId,
    LogMark, LogPage, LogStall, PageLimit, ReadStream, StoreError, StoredStream, StoredType, StreamAppend, StreamPage,
    WakeUpReceiver,
};

/// Wraps an event store and injects faults into its calls. See the [module](super) for an example.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use eventsource::testing::faults::{Fault, Faults, FaultyEventStore, Point};
/// use eventsource::{EventLog, MemoryEventStore};
///
/// let faults = Faults::new();
/// let store = FaultyEventStore::new(MemoryEventStore::new(), &faults);
/// faults.next(Point::Head, Fault::Fail, 1);
/// assert!(store.head().await.is_err());
/// assert!(store.head().await.is_ok());
/// # });
/// ```
#[derive(Debug, Clone)]
pub struct FaultyEventStore<S> {
    inner: S,
    faults: Faults,
    wakes: bool,
}

impl<S> FaultyEventStore<S> {
    /// Wraps `inner`. `faults` decides what fails.
    ///
    /// ```
    /// use eventsource::MemoryEventStore;
    /// use eventsource::testing::faults::{Faults, FaultyEventStore};
    ///
    /// let store = FaultyEventStore::new(MemoryEventStore::new(), &Faults::new());
    /// # let _ = store;
    /// ```
    pub fn new(inner: S, faults: &Faults) -> Self {
        Self { inner, faults: faults.clone(), wakes: true }
    }

    /// Gives no wake-ups, so that subscriptions only poll.
    ///
    /// ```
    /// use eventsource::MemoryEventStore;
    /// use eventsource::testing::faults::{Faults, FaultyEventStore};
    ///
    /// let store = FaultyEventStore::new(MemoryEventStore::new(), &Faults::new()).silent();
    /// # let _ = store;
    /// ```
    #[must_use]
    pub fn silent(mut self) -> Self {
        self.wakes = false;
        self
    }

    /// Returns the wrapped store.
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// use eventsource::testing::faults::{Fault, Faults, FaultyEventStore, Point};
    /// use eventsource::{EventLog, MemoryEventStore};
    ///
    /// let faults = Faults::new();
    /// let store = FaultyEventStore::new(MemoryEventStore::new(), &faults);
    /// faults.next(Point::Head, Fault::Fail, 1);
    /// assert!(store.inner().head().await.is_ok(), "no fault is injected into the wrapped store");
    /// # });
    /// ```
    pub const fn inner(&self) -> &S {
        &self.inner
    }
}

impl<S> FaultyEventStore<S> {
    pub(super) const fn faults(&self) -> &Faults {
        &self.faults
    }
}

fn failed(action: &'static str) -> impl FnOnce(Injected) -> StoreError {
    move |injected| StoreError::Failed { action: action.into(), source: Box::new(injected) }
}

#[async_trait]
impl<S: EventLog> EventLog for FaultyEventStore<S> {
    async fn read_stream_page(
        &self,
        stream: &StreamId,
        read: ReadStream,
        limit: PageLimit,
    ) -> Result<StreamPage, StoreError> {
        let call = self.inner.read_stream_page(stream, read, limit);
        self.faults.around(Point::ReadStream, call, failed("read a stream")).await
    }

    async fn read_log(&self, after: Position, filter: &EventFilter, limit: PageLimit) -> Result<LogPage, StoreError> {
        let call = self.inner.read_log(after, filter, limit);
        self.faults.around(Point::ReadLog, call, failed("read the log")).await
    }

    async fn head(&self) -> Result<Position, StoreError> {
        self.faults.around(Point::Head, self.inner.head(), failed("read the head of the log")).await
    }

    async fn log_id(&self) -> Result<LogId, StoreError> {
        self.faults.around(Point::LogId, self.inner.log_id(), failed("read the identity of the log")).await
    }

    async fn last_event(&self, to: Position) -> Result<Option<LogMark>, StoreError> {
        self.faults.around(Point::LastEvent, self.inner.last_event(to), failed("look for an event")).await
    }

    async fn backlog(&self, after: Position, limit: u64) -> Result<Backlog, StoreError> {
        self.faults.around(Point::Backlog, self.inner.backlog(after, limit), failed("measure the backlog")).await
    }

    async fn backlogs(&self, after: &[Position], limit: u64) -> Result<Vec<Backlog>, StoreError> {
        self.faults.around(Point::Backlog, self.inner.backlogs(after, limit), failed("measure the backlog")).await
    }

    async fn event_types_except(
        &self,
        known: &[&str],
        after: Position,
        to: Position,
        limit: usize,
    ) -> Result<Vec<StoredType>, StoreError> {
        let call = self.inner.event_types_except(known, after, to, limit);
        self.faults.around(Point::TypesBeside, call, failed("look for types of events")).await
    }

    async fn event(&self, id: Uuid) -> Result<Option<Arc<RecordedEvent>>, StoreError> {
        self.faults.around(Point::Event, self.inner.event(id), failed("look for an event by its id")).await
    }

    async fn read_log_back(
        &self,
        before: Option<Position>,
        filter: &EventFilter,
        limit: PageLimit,
    ) -> Result<BackwardPage, StoreError> {
        let call = self.inner.read_log_back(before, filter, limit);
        self.faults.around(Point::ReadLog, call, failed("read the log backwards")).await
    }

    async fn stalled_by(&self) -> Result<Option<LogStall>, StoreError> {
        self.inner.stalled_by().await
    }

    fn queries(&self) -> Option<&dyn EventQueries> {
        self.inner.queries().map(|_| self as &dyn EventQueries)
    }

    fn wake_ups(&self) -> Option<WakeUpReceiver> {
        let inner = self.inner.wake_ups().filter(|_| self.wakes)?;
        let faults = self.faults.clone();
        Some(inner.repeated(move || match faults.draw(Point::WakeUpReceiver) {
            None => 1,
            Some(Fault::Duplicate) => 2,
            Some(_) => 0,
        }))
    }
}

#[async_trait]
impl<S: EventStore> EventStore for FaultyEventStore<S> {
    async fn append(
        &self,
        stream: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        let call = self.inner.append(stream, expected, events);
        self.faults.around(Point::Append, call, |injected| failed("append")(injected).into()).await
    }

    async fn append_all(&self, appends: Vec<StreamAppend>) -> Result<Vec<Appended>, AppendError> {
        let call = self.inner.append_all(appends);
        self.faults.around(Point::Append, call, |injected| failed("append")(injected).into()).await
    }

    async fn read_stream(&self, stream: &StreamId, read: ReadStream) -> Result<Vec<Arc<RecordedEvent>>, StoreError> {
        let call = self.inner.read_stream(stream, read);
        self.faults.around(Point::ReadStream, call, failed("read a stream")).await
    }

    async fn streams(
        &self,
        aggregate_type: &str,
        after: Option<Uuid>,
        limit: usize,
    ) -> Result<Vec<StoredStream>, StoreError> {
        let call = self.inner.streams(aggregate_type, after, limit);
        self.faults.around(Point::Streams, call, failed("list streams")).await
    }

    fn note_load(&self, seen: &LoadSeen<'_>) {
        self.inner.note_load(seen);
    }
}
