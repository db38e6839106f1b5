//! The trait of event stores, and the rules for its implementations.

use std::sync::Arc;

use async_trait::async_trait;
use uuid::Uuid;

use super::lookup::LogPages;
use super::{
    AppendError, Appended, Backlog, BackwardPage, EventFilter, ExpectedVersion, LogId, LogMark, LogPage, LogStall,
    PageLimit, ReadStream, StoreError, StoredStream, StoredType, StreamAppend, StreamPage, WakeUpReceiver,
    check_append_all, lookup,
};
use crate::event::{NewEvent, Position, RecordedEvent, StreamId};
use crate::store::PAGE_BYTES;

/// An event store: the log of events, and the streams in it.
///
/// # Rules for implementations
/// * **All or nothing.** An append stores all its events or none. When one of them is readable, all of them are stored.
///   A page of the log can end between two of them.
/// * **[Order](crate::guarantees#order).** Positions increase strictly, in the order in which events become readable.
///   Within a stream, versions run from 1 without a gap, and positions increase with them.
/// * **[No gaps](crate::guarantees#no-gaps).** A store returns a position `p` as the position of an event, as the
///   [`horizon`](LogPage::horizon) of a page, or as the head. From then on, no new event can appear at or before `p`.
/// * **Positions only grow.** A position is used for one event, once. This also holds after events were deleted (by
///   another program: this trait deletes none), after the store was opened again and after its server was restarted. A
///   log that was restored from an older copy uses positions again: subscriptions detect that with a [`LogMark`].
/// * **One identity.** A log has one identity, which never changes: see [`log_id`](EventStore::log_id).
/// * **[Wake-ups carry no data](crate::guarantees#wake-ups-carry-no-data).** [`wake_ups`](EventStore::wake_ups) can
///   lose a wake-up or repeat it.
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
/// | [`read_stream`](EventStore::read_stream), [`read_stream_page`](EventStore::read_stream_page), [`event`](EventStore::event), [`last_event`](EventStore::last_event), [`streams`](EventStore::streams) | [`read_log`](EventStore::read_log), [`read_log_back`](EventStore::read_log_back), [`head`](EventStore::head), [`backlog`](EventStore::backlog), subscriptions |
///
/// # Errors of a read
/// A function that reads fails with one of these:
/// - [`StoreError::Failed`] or [`StoreError::Busy`]: the store cannot be reached, or another connection has locked it.
///   Retry. A store with a time limit of its own can also return [`StoreError::Unanswered`].
/// - [`StoreError::Corrupt`]: stored data cannot be read. Repair the store: a retry does not help.
/// - [`StoreError::InsideUnitOfWork`]: a handler calls a store that has only one connection, which the handler's own
///   batch holds. Read through the connection of the handler, or allow more connections.
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
pub trait EventStore: Send + Sync + 'static {
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
    /// of different streams have no particular order: to read your own write, wait for the largest position. Without
    /// appends, nothing happens.
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
    /// All of them are in memory at once. Use [`read_stream_page`](Self::read_stream_page) for long streams.
    ///
    /// # Errors
    /// The [errors of a read](EventStore#errors-of-a-read).
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
    async fn read_stream(&self, stream: &StreamId, read: ReadStream) -> Result<Vec<Arc<RecordedEvent>>, StoreError>;

    /// Returns the events of `stream` that `read` selects, in its direction, up to `limit`. The next page begins after
    /// the last event of this one.
    ///
    /// The default reads as many events as `limit` and `read` allow, and ignores the limit in bytes. Override it if the
    /// store can end a page by its size: that limit bounds the memory of a reader.
    ///
    /// # Errors
    /// The [errors of a read](EventStore#errors-of-a-read).
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # use eventsource::{ExpectedVersion, MemoryEventStore, NewEvent, StreamId};
    /// # let store = MemoryEventStore::new();
    /// # let order = StreamId::new("Order", uuid::Uuid::now_v7());
    /// # let events = vec![NewEvent::raw("OrderPlaced", 1, "{}"), NewEvent::raw("OrderPaid", 1, "{}")];
    /// # store.append(&order, ExpectedVersion::NoStream, events).await?;
    /// use eventsource::{EventStore, PageLimit, ReadStream};
    ///
    /// let mut from = 1;
    /// loop {
    ///     let page = store.read_stream_page(&order, ReadStream::forward().from(from), PageLimit::events(500)).await?;
    ///     for event in &page.events {
    ///         println!("{} {}", event.version(), event.event_type());
    ///         from = event.version() + 1;
    ///     }
    ///     if !page.is_full {
    ///         break;
    ///     }
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    async fn read_stream_page(
        &self,
        stream: &StreamId,
        read: ReadStream,
        limit: PageLimit,
    ) -> Result<StreamPage, StoreError> {
        let most = limit.events.max(1);
        let wanted = read.max_count().unwrap_or(usize::MAX).min(most);
        let events = self.read_stream(stream, read.limit(wanted)).await?;
        let is_full = events.len() >= most;
        Ok(StreamPage { events, is_full })
    }

    /// Returns the events of the log after the position `after` that match `filter`, in position order, up to `limit`,
    /// and how far the log was searched. The next page begins after the [`horizon`](LogPage::horizon) of this one.
    ///
    /// A store applies the filter itself, and should not hold much more than the limit in bytes while it reads.
    /// [`PageLimit::take`] ends a page at the right event.
    ///
    /// # Errors
    /// The [errors of a read](EventStore#errors-of-a-read).
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use eventsource::{EventFilter, EventStore, MemoryEventStore, PageLimit, Position};
    ///
    /// # let store = MemoryEventStore::new();
    /// let mut after = Position::START;
    /// loop {
    ///     let page = store.read_log(after, &EventFilter::all(), PageLimit::events(1_000)).await?;
    ///     for event in &page.events {
    ///         println!("{} {}", event.position(), event.event_type());
    ///     }
    ///     after = page.horizon;
    ///     if !page.is_full {
    ///         break;
    ///     }
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    async fn read_log(&self, after: Position, filter: &EventFilter, limit: PageLimit) -> Result<LogPage, StoreError>;

    /// Returns the position of the last readable event, or [`Position::START`] if no event is readable.
    ///
    /// # Errors
    /// The [errors of a read](EventStore#errors-of-a-read).
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # use eventsource::{ExpectedVersion, MemoryEventStore, NewEvent, StreamId};
    /// # let store = MemoryEventStore::new();
    /// # let order = StreamId::new("Order", uuid::Uuid::now_v7());
    /// # let events = vec![NewEvent::raw("OrderPlaced", 1, "{}"), NewEvent::raw("OrderPaid", 1, "{}")];
    /// # store.append(&order, ExpectedVersion::NoStream, events).await?;
    /// use eventsource::{EventStore, Position};
    ///
    /// assert_eq!(store.head().await?, Position::new(2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    async fn head(&self) -> Result<Position, StoreError>;

    /// Returns the identity of the log.
    ///
    /// A store must read it from the log at each call, because the log behind the store can have been replaced.
    ///
    /// # Errors
    /// The [errors of a read](EventStore#errors-of-a-read).
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
    /// // Clones of a store share its log.
    /// assert_eq!(store.log_id().await?, store.clone().log_id().await?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    async fn log_id(&self) -> Result<LogId, StoreError>;

    /// Returns the last stored event of the log at or before `to`; `None` if there is none. Subscriptions use it to
    /// detect that the [log has gone back](crate::guarantees#a-log-never-goes-back-unnoticed).
    ///
    /// The event is committed, but does not have to be readable yet ([`stalled_by`](Self::stalled_by)).
    ///
    /// # Errors
    /// The [errors of a read](EventStore#errors-of-a-read).
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # use eventsource::{ExpectedVersion, MemoryEventStore, NewEvent, StreamId};
    /// # let store = MemoryEventStore::new();
    /// # let order = StreamId::new("Order", uuid::Uuid::now_v7());
    /// # let events = vec![NewEvent::raw("OrderPlaced", 1, "{}"), NewEvent::raw("OrderPaid", 1, "{}")];
    /// # store.append(&order, ExpectedVersion::NoStream, events).await?;
    /// use eventsource::{EventStore, Position};
    ///
    /// let last = store.last_event(Position::new(100)).await?;
    /// assert_eq!(last.map(|mark| mark.position), Some(Position::new(2)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    async fn last_event(&self, to: Position) -> Result<Option<LogMark>, StoreError>;

    /// Returns the number of events after `after`, unfiltered, and the time of the oldest one. Counting stops at
    /// `limit` events, so that the call takes a bounded time.
    ///
    /// A status and the progress of a rebuild call it. The task of a subscription never does.
    ///
    /// # Errors
    /// The [errors of a read](EventStore#errors-of-a-read).
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # use eventsource::{ExpectedVersion, MemoryEventStore, NewEvent, StreamId};
    /// # let store = MemoryEventStore::new();
    /// # let order = StreamId::new("Order", uuid::Uuid::now_v7());
    /// # let events = vec![NewEvent::raw("OrderPlaced", 1, "{}"), NewEvent::raw("OrderPaid", 1, "{}")];
    /// # store.append(&order, ExpectedVersion::NoStream, events).await?;
    /// use eventsource::{EventStore, Position};
    ///
    /// let backlog = store.backlog(Position::new(1), 10_000).await?;
    /// assert_eq!(backlog.events, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    async fn backlog(&self, after: Position, limit: u64) -> Result<Backlog, StoreError>;

    /// Returns the [`backlog`](Self::backlog) of each of these positions, in their order. The status of a manager calls
    /// it once, with the positions of all its subscriptions.
    ///
    /// The default calls [`backlog`](Self::backlog) for one position after the other. Override it if the store can
    /// answer with one statement.
    ///
    /// # Errors
    /// The [errors of a read](EventStore#errors-of-a-read).
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # use eventsource::{ExpectedVersion, MemoryEventStore, NewEvent, StreamId};
    /// # let store = MemoryEventStore::new();
    /// # let order = StreamId::new("Order", uuid::Uuid::now_v7());
    /// # let events = vec![NewEvent::raw("OrderPlaced", 1, "{}"), NewEvent::raw("OrderPaid", 1, "{}")];
    /// # store.append(&order, ExpectedVersion::NoStream, events).await?;
    /// use eventsource::{EventStore, Position};
    ///
    /// let backlogs = store.backlogs(&[Position::START, Position::new(1)], 10_000).await?;
    /// assert_eq!((backlogs[0].events, backlogs[1].events), (2, 1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    async fn backlogs(&self, after: &[Position], limit: u64) -> Result<Vec<Backlog>, StoreError> {
        let mut backlogs = Vec::with_capacity(after.len());
        for &after in after {
            backlogs.push(self.backlog(after, limit).await?);
        }
        Ok(backlogs)
    }

    /// Returns up to `limit` event types in `(after, to]` that are not in `known`, ordered by first occurrence.
    /// Subscriptions use it to detect events that the program cannot decode ([unknown is
    /// explicit](crate::guarantees#unknown-is-explicit)).
    ///
    /// The default scans that part of the log. Override it if the store has an index on the type: it is called for each
    /// status, or after each page.
    ///
    /// # Errors
    /// The [errors of a read](EventStore#errors-of-a-read).
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # use eventsource::{ExpectedVersion, MemoryEventStore, NewEvent, StreamId};
    /// # let store = MemoryEventStore::new();
    /// # let order = StreamId::new("Order", uuid::Uuid::now_v7());
    /// # let events = vec![NewEvent::raw("OrderPlaced", 1, "{}"), NewEvent::raw("OrderPaid", 1, "{}")];
    /// # store.append(&order, ExpectedVersion::NoStream, events).await?;
    /// use eventsource::{EventStore, Position};
    ///
    /// let head = store.head().await?;
    /// let unknown = store.event_types_except(&["OrderPlaced"], Position::START, head, 10).await?;
    /// assert_eq!(unknown[0].name, "OrderPaid");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    async fn event_types_except(
        &self,
        known: &[&str],
        after: Position,
        to: Position,
        limit: usize,
    ) -> Result<Vec<StoredType>, StoreError> {
        let (mut found, mut after) = (Vec::<StoredType>::new(), after);
        while found.len() < limit && after < to {
            let page = self.read_log(after, &EventFilter::all(), TYPES_PAGE).await?;
            for event in page.events.iter().take_while(|event| event.position() <= to) {
                let name = event.event_type();
                if found.len() < limit && !known.contains(&name) && !found.iter().any(|stored| stored.name == name) {
                    found.push(StoredType::new(name, event.position()));
                }
            }
            if !page.is_full {
                break;
            }
            after = page.horizon;
        }
        Ok(found)
    }

    /// Returns the event with the id `id`; `None` if no event has it.
    ///
    /// Like [`read_stream`](Self::read_stream), it finds every stored event, including an event that
    /// [`read_log`](Self::read_log) cannot return yet ([`stalled_by`](Self::stalled_by)).
    ///
    /// The default scans the readable log. Override it if the store has an index on the id.
    ///
    /// # Errors
    /// The [errors of a read](EventStore#errors-of-a-read).
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # use eventsource::{ExpectedVersion, MemoryEventStore, NewEvent, StreamId};
    /// # let store = MemoryEventStore::new();
    /// # let order = StreamId::new("Order", uuid::Uuid::now_v7());
    /// # let events = vec![NewEvent::raw("OrderPlaced", 1, "{}"), NewEvent::raw("OrderPaid", 1, "{}")];
    /// # store.append(&order, ExpectedVersion::NoStream, events).await?;
    /// use eventsource::{EventStore, ReadStream};
    ///
    /// let first = &store.read_stream(&order, ReadStream::forward().limit(1)).await?[0];
    /// let found = store.event(first.id()).await?;
    /// assert_eq!(found.as_ref(), Some(first));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    async fn event(&self, id: Uuid) -> Result<Option<Arc<RecordedEvent>>, StoreError> {
        lookup::event(self, id).await
    }

    /// Returns the last events of the log before the position `before` that match `filter`, the last one first, up to
    /// `limit`.
    ///
    /// `None` begins at the end of the log. The next page begins before the last event of this one. Only events up to
    /// the [head](Self::head) are returned, so no event can appear later between two of them.
    ///
    /// The default scans the log from its start. Override it if the store can read the log backwards.
    ///
    /// # Errors
    /// The [errors of a read](EventStore#errors-of-a-read).
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # use eventsource::{ExpectedVersion, MemoryEventStore, NewEvent, StreamId};
    /// # let store = MemoryEventStore::new();
    /// # let order = StreamId::new("Order", uuid::Uuid::now_v7());
    /// # let events = vec![NewEvent::raw("OrderPlaced", 1, "{}"), NewEvent::raw("OrderPaid", 1, "{}")];
    /// # store.append(&order, ExpectedVersion::NoStream, events).await?;
    /// use eventsource::{EventFilter, EventStore, PageLimit};
    ///
    /// // The last event of the log, for example for a page that shows what happened most recently.
    /// let page = store.read_log_back(None, &EventFilter::all(), PageLimit::events(1)).await?;
    /// assert_eq!(page.events[0].event_type(), "OrderPaid");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    async fn read_log_back(
        &self,
        before: Option<Position>,
        filter: &EventFilter,
        limit: PageLimit,
    ) -> Result<BackwardPage, StoreError> {
        lookup::read_log_back(self, before, filter, limit).await
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
    /// The [errors of a read](EventStore#errors-of-a-read).
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

    /// Returns what has kept the log from being read further for an unusually long time, such as an open append; `None`
    /// if nothing does. In PostgreSQL, `PostgresOptions::horizon_warning` is that time.
    ///
    /// The default returns `None`: right for a store whose appends do not make readers wait.
    ///
    /// # Errors
    /// The [errors of a read](EventStore#errors-of-a-read).
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
    /// if let Some(stall) = store.stalled_by().await? {
    ///     eprintln!("{stall}");
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    async fn stalled_by(&self) -> Result<Option<LogStall>, StoreError> {
        Ok(None)
    }

    /// Returns a receiver of wake-ups, which the store sends after appends. A
    /// [`SubscriptionManager`](crate::SubscriptionManager) calls it.
    ///
    /// The default returns `None`: the store sends no wake-ups, and readers poll.
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
    /// let mut wake_ups = store.wake_ups().expect("the store in memory sends wake-ups");
    /// store.append(&order, ExpectedVersion::Any, vec![NewEvent::raw("OrderPaid", 1, "{}")]).await?;
    /// wake_ups.wait().await;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    fn wake_ups(&self) -> Option<WakeUpReceiver> {
        None
    }
}

/// The page size of the default scan for event types.
const TYPES_PAGE: PageLimit = PageLimit::events(1_000).within_bytes(PAGE_BYTES);

impl<S: EventStore + ?Sized> LogPages for S {
    async fn page(&self, after: Position, filter: &EventFilter, limit: PageLimit) -> Result<LogPage, StoreError> {
        self.read_log(after, filter, limit).await
    }
}
