//! The event store in memory: for tests, examples, and programs that need no durability.

mod log;
mod queries;

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use async_trait::async_trait;
use uuid::Uuid;

use self::log::Log;
use super::{
    AppendError, Appended, Backlog, BackwardPage, EventFilter, EventLog, EventQueries, EventStore, ExpectedVersion,
    LogId, LogMark, LogPage, PageLimit, ReadStream, StoreError, StoredStream, StoredType, StreamAppend, StreamPage,
    WakeUpReceiver, WakeUpSender, check_append, check_append_all,
};
use crate::event::{NewEvent, Position, RecordedEvent, StreamId};

/// An event store in memory. It follows all rules of [`EventStore`]. Clones share one log, which is lost with the last
/// clone.
///
/// ```
/// use eventsource::{EventLog, EventStore, ExpectedVersion, MemoryEventStore, NewEvent, StreamId};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let store = MemoryEventStore::new();
/// let stream = StreamId::new("Order", uuid::Uuid::now_v7());
/// let appended = store.append(&stream, ExpectedVersion::NoStream, vec![NewEvent::raw("OrderPlaced", 1, "{}")]).await?;
/// assert_eq!(store.head().await?, appended.position());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, Default)]
pub struct MemoryEventStore {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    log: RwLock<Log>,
    wake_ups: WakeUpSender,
}

impl MemoryEventStore {
    /// Creates a store with an empty log.
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use eventsource::{EventLog, MemoryEventStore, Position};
    ///
    /// assert_eq!(MemoryEventStore::new().head().await?, Position::START);
    /// # Ok::<(), eventsource::StoreError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Deletes all events after `position`, like a restore from an older backup: their positions and ids can be used
    /// again.
    ///
    /// For tests of code that reads a log (feature `testing`).
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # use eventsource::{ExpectedVersion, MemoryEventStore, NewEvent, StreamId};
    /// # let store = MemoryEventStore::new();
    /// # let order = StreamId::new("Order", uuid::Uuid::now_v7());
    /// # let events = vec![NewEvent::raw("OrderPlaced", 1, "{}"), NewEvent::raw("OrderPaid", 1, "{}")];
    /// # store.append(&order, ExpectedVersion::NoStream, events).await?;
    /// use eventsource::{EventLog, EventStore, Position};
    ///
    /// store.lose_after(Position::new(1));
    /// assert_eq!(store.head().await?, Position::new(1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[cfg(feature = "testing")]
    pub fn lose_after(&self, position: Position) {
        self.write().lose_after(position);
    }

    // A poisoned lock is fine: `Log::append` checks everything before its first change.
    fn read(&self) -> RwLockReadGuard<'_, Log> {
        self.shared.log.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Log> {
        self.shared.log.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl EventLog for MemoryEventStore {
    async fn read_stream_page(
        &self,
        stream: &StreamId,
        read: ReadStream,
        limit: PageLimit,
    ) -> Result<StreamPage, StoreError> {
        Ok(self.read().read_stream_page(stream, read, limit))
    }

    async fn read_log(&self, after: Position, filter: &EventFilter, limit: PageLimit) -> Result<LogPage, StoreError> {
        Ok(self.read().read_log(after, filter, limit))
    }

    async fn head(&self) -> Result<Position, StoreError> {
        Ok(self.read().head())
    }

    async fn log_id(&self) -> Result<LogId, StoreError> {
        Ok(self.read().id())
    }

    async fn last_event(&self, to: Position) -> Result<Option<LogMark>, StoreError> {
        Ok(self.read().last_event(to))
    }

    async fn backlog(&self, after: Position, limit: u64) -> Result<Backlog, StoreError> {
        Ok(self.read().backlog(after, limit))
    }

    async fn event_types_except(
        &self,
        known: &[&str],
        after: Position,
        to: Position,
        limit: usize,
    ) -> Result<Vec<StoredType>, StoreError> {
        Ok(self.read().event_types_except(known, after, to, limit))
    }

    async fn event(&self, id: Uuid) -> Result<Option<Arc<RecordedEvent>>, StoreError> {
        Ok(self.read().event(id))
    }

    async fn read_log_back(
        &self,
        before: Option<Position>,
        filter: &EventFilter,
        limit: PageLimit,
    ) -> Result<BackwardPage, StoreError> {
        Ok(self.read().read_log_back(before, filter, limit))
    }

    fn queries(&self) -> Option<&dyn EventQueries> {
        Some(self)
    }

    fn wake_ups(&self) -> Option<WakeUpReceiver> {
        Some(self.shared.wake_ups.listen())
    }
}

#[async_trait]
impl EventStore for MemoryEventStore {
    async fn append(
        &self,
        stream: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        check_append(stream, &events)?;
        let appended = self.write().append(stream, expected, events)?;
        self.shared.wake_ups.wake();
        Ok(appended)
    }

    async fn append_all(&self, appends: Vec<StreamAppend>) -> Result<Vec<Appended>, AppendError> {
        check_append_all(&appends)?;
        if appends.is_empty() {
            return Ok(Vec::new());
        }
        let appended = self.write().append_all(appends)?;
        self.shared.wake_ups.wake();
        Ok(appended)
    }

    async fn read_stream(&self, stream: &StreamId, read: ReadStream) -> Result<Vec<Arc<RecordedEvent>>, StoreError> {
        Ok(self.read().read_stream(stream, read))
    }

    async fn streams(
        &self,
        aggregate_type: &str,
        after: Option<Uuid>,
        limit: usize,
    ) -> Result<Vec<StoredStream>, StoreError> {
        Ok(self.read().streams(aggregate_type, after, limit))
    }
}
