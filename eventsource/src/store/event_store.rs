//! The trait of event stores, and the rules for its implementations.

use std::sync::Arc;

use async_trait::async_trait;
use uuid::Uuid;

use super::{
    AppendError, Appended, EventLog, ExpectedVersion, LoadSeen, PageLimit, ReadStream, StoreError, StoredStream,
    StreamAppend, check_append_all, lookup,
};
use crate::event::{NewEvent, RecordedEvent, StreamId};

/// An event store: a log of events to which a program appends, and the streams in it.
///
/// # Rules for implementations
/// * **All or nothing.** An append stores all its events or none. When one of them is readable, all of them are stored.
///   A page of the log can end between two of them.
/// * **The rules of [`EventLog`]** hold for the log.
///
/// The contract suite in `eventsource::testing` (feature `testing`) checks these rules.
///
/// # What a read returns
/// An event is *stored* when its append has returned or its transaction is committed. It is *readable* when no earlier
/// position can appear any more. In memory and in SQLite, every stored event is readable. In PostgreSQL it becomes
/// readable when the appends that began before it have ended.
///
/// | finds stored events | finds readable events |
/// | --- | --- |
/// | [`read_stream`](EventStore::read_stream), [`read_stream_page`](EventLog::read_stream_page), [`event`](EventLog::event), [`last_event`](EventLog::last_event), [`streams`](EventStore::streams), [`list_streams`](super::EventQueries::list_streams) | [`read_log`](EventLog::read_log), [`read_log_back`](EventLog::read_log_back), [`head`](EventLog::head), [`backlog`](EventLog::backlog), the other [`queries`](EventLog::queries), subscriptions |
///
/// # Examples
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use eventsource::{EventStore, ExpectedVersion, MemoryEventStore, NewEvent, ReadStream, StreamId};
///
/// let store = MemoryEventStore::new();
/// let order = StreamId::new("Order", uuid::Uuid::now_v7());
/// store.append(&order, ExpectedVersion::NoStream, vec![NewEvent::raw("OrderPlaced", 1, "{}")]).await?;
/// assert_eq!(store.read_stream(&order, ReadStream::forward()).await?.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[async_trait]
pub trait EventStore: EventLog {
    /// Appends `events` to `stream` in one transaction, if the stream has the version `expected`.
    ///
    /// Returns the stored events with their versions and positions. This crate limits neither the number nor the size
    /// of the events; the database and the memory of the process do.
    ///
    /// # Errors
    /// - [`AppendError::Conflict`] if the stream has another version. Load the stream again, decide again, append
    ///   again.
    /// - [`AppendError::DuplicateEvent`] if an id is already used. If this call repeats an earlier one, the earlier one
    ///   has stored the event. If the stream has another version too, the error is `Conflict`.
    /// - [`AppendError::Empty`], [`AppendError::ForeignEvent`] or [`AppendError::Unstorable`] if a store must refuse
    ///   the events: see [`check_append`](super::check_append). A retry does not help.
    /// - [`AppendError::Store`] if the store fails. The events can be stored nevertheless, if only the answer was lost.
    ///   Append the same events again, as [the module](super#repeat-an-append) shows: an id is stored once.
    ///
    /// After every other error, this call has stored nothing. If the future is dropped, the events can be stored.
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use eventsource::EventStore;
    ///
    /// # use eventsource::{ExpectedVersion, MemoryEventStore, NewEvent, StreamId};
    /// # let store = MemoryEventStore::new();
    /// # let order = StreamId::new("Order", uuid::Uuid::now_v7());
    /// // Only if the stream does not exist yet.
    /// let placed = vec![NewEvent::raw("OrderPlaced", 1, "{}")];
    /// let appended = store.append(&order, ExpectedVersion::NoStream, placed).await?;
    ///
    /// // Only if no other writer has appended since.
    /// let paid = vec![NewEvent::raw("OrderPaid", 1, "{}")];
    /// store.append(&order, ExpectedVersion::Exact(appended.version()), paid).await?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    async fn append(
        &self,
        stream: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError>;

    /// Appends to several streams in one transaction: everything is stored, or nothing.
    ///
    /// Returns the stored events of each append, in the order of `appends`. Each stream can occur once. The positions
    /// of different streams have no particular order: to read your own write, wait for the latest of the
    /// [tokens](super::AppendToken::latest). Without appends, nothing happens.
    ///
    /// The default appends to one stream, and refuses several ([`StoreError::Unsupported`]). Override it if the store
    /// has transactions.
    ///
    /// # Errors
    /// The errors of [`append`](Self::append) for the append that is refused, and [`AppendError::StreamTwice`] if a
    /// stream occurs twice.
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use eventsource::store::StreamAppend;
    /// use eventsource::{EventStore, ExpectedVersion, MemoryEventStore, NewEvent, StreamId};
    /// use uuid::Uuid;
    ///
    /// let (from, to) = (StreamId::new("Account", Uuid::now_v7()), StreamId::new("Account", Uuid::now_v7()));
    /// let withdrawn = vec![NewEvent::raw("Withdrawn", 1, r#"{"amount":5}"#)];
    /// let deposited = vec![NewEvent::raw("Deposited", 1, r#"{"amount":5}"#)];
    /// let store = MemoryEventStore::new();
    /// let appended = store
    ///     .append_all(vec![
    ///         // The balance was read at version 0, and must not have changed. A deposit is right in any state.
    ///         StreamAppend::new(from, ExpectedVersion::Exact(0), withdrawn),
    ///         StreamAppend::new(to, ExpectedVersion::Any, deposited),
    ///     ])
    ///     .await?;
    /// let last = appended.iter().map(|appended| appended.position()).max();
    /// assert_eq!((appended.len(), last.is_some()), (2, true));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    async fn append_all(&self, mut appends: Vec<StreamAppend>) -> Result<Vec<Appended>, AppendError> {
        check_append_all(&appends)?;
        if appends.len() > 1 {
            let action = "append to several streams in one transaction".to_owned();
            return Err(StoreError::Unsupported { action }.into());
        }
        let Some(StreamAppend { stream, expected, events }) = appends.pop() else { return Ok(Vec::new()) };
        Ok(vec![self.append(&stream, expected, events).await?])
    }

    /// Returns the events of `stream` that `read` selects, in its direction. A stream that does not exist has no
    /// events.
    ///
    /// All of them are in memory at once. Use [`read_stream_page`](EventLog::read_stream_page) for long streams. The
    /// default reads them as one page.
    ///
    /// # Errors
    /// The [errors of a read](EventLog#errors-of-a-read).
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use eventsource::{EventStore, ReadStream};
    ///
    /// # use eventsource::{ExpectedVersion, MemoryEventStore, NewEvent, StreamId};
    /// # let store = MemoryEventStore::new();
    /// # let order = StreamId::new("Order", uuid::Uuid::now_v7());
    /// # let events = vec![NewEvent::raw("OrderPlaced", 1, "{}"), NewEvent::raw("OrderPaid", 1, "{}")];
    /// # store.append(&order, ExpectedVersion::NoStream, events).await?;
    /// let last = store.read_stream(&order, ReadStream::backward().limit(1)).await?;
    /// assert_eq!(last[0].version(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    async fn read_stream(&self, stream: &StreamId, read: ReadStream) -> Result<Vec<Arc<RecordedEvent>>, StoreError> {
        Ok(self.read_stream_page(stream, read, PageLimit::events(usize::MAX)).await?.events)
    }

    /// Returns up to `limit` streams of the type `aggregate_type` with their versions, ordered by id. With a limit of 0
    /// there are none.
    ///
    /// Pass `None` for the first page, and the last id of a page for the next one. The pages are not one snapshot: a
    /// stream that is created between two calls is found only if its id comes later in the order.
    ///
    /// The default scans the log. Override it if the store has an index on the streams.
    ///
    /// # Errors
    /// The [errors of a read](EventLog#errors-of-a-read).
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # use eventsource::{ExpectedVersion, MemoryEventStore, NewEvent, StreamId};
    /// # let store = MemoryEventStore::new();
    /// # let order = StreamId::new("Order", uuid::Uuid::now_v7());
    /// # let events = vec![NewEvent::raw("OrderPlaced", 1, "{}"), NewEvent::raw("OrderPaid", 1, "{}")];
    /// # store.append(&order, ExpectedVersion::NoStream, events).await?;
    /// use eventsource::EventStore;
    ///
    /// let mut after = None;
    /// loop {
    ///     let page = store.streams("Order", after, 100).await?;
    ///     for stored in &page {
    ///         println!("{} has {} events", stored.stream, stored.version);
    ///     }
    ///     let Some(last) = page.last() else { break };
    ///     after = Some(last.stream.aggregate_id());
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    async fn streams(
        &self,
        aggregate_type: &str,
        after: Option<Uuid>,
        limit: usize,
    ) -> Result<Vec<StoredStream>, StoreError> {
        lookup::streams(self, aggregate_type, after, limit).await
    }

    /// Notes that a repository has loaded an aggregate. Does nothing by default; [`Observed`](super::Observed) tells its
    /// observers. A store that wraps another one passes it on.
    fn note_load(&self, _seen: &LoadSeen<'_>) {}
}
