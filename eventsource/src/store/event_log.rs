//! The trait of logs: what can be read of the events, and the rules for its implementations.

use std::sync::Arc;

use async_trait::async_trait;
use uuid::Uuid;

use super::lookup::{self, LogPages};
use super::{
    Backlog, BackwardPage, EventFilter, EventQueries, LogId, LogMark, LogPage, LogStall, PageLimit, ReadStream,
    StoreError, StoredType, StreamPage, WakeUpReceiver,
};
use crate::event::{Position, RecordedEvent, StreamId};

/// A log of events that can be read: what a [`SubscriptionManager`](crate::SubscriptionManager) needs.
///
/// An [`EventStore`](super::EventStore) is a log that also appends. A log that only reads is, for example, a topic of a
/// broker or a read replica: implement this trait alone for it.
///
/// # Rules for implementations
/// * **[Order](crate::guarantees#order).** Positions increase strictly, in the order in which events become readable.
///   Within a stream, versions run from 1 without a gap, and positions increase with them.
/// * **[No gaps](crate::guarantees#no-gaps).** A log returns a position `p` as the position of an event, as the
///   [`horizon`](LogPage::horizon) of a page, or as the head. From then on, no new event can appear at or before `p`.
/// * **Positions only grow.** A position is used for one event, once. This also holds after events were deleted (by
///   another program: no trait of this crate deletes any), after the log was opened again and after its server was
///   restarted. A log that was restored from an older copy uses positions again: subscriptions detect that with a
///   [`LogMark`].
/// * **One identity.** A log has one identity, which never changes: see [`log_id`](EventLog::log_id).
/// * **[Wake-ups carry no data](crate::guarantees#wake-ups-carry-no-data).** [`wake_ups`](EventLog::wake_ups) can lose
///   a wake-up or repeat it.
///
/// The contract suite [`event_log_contract!`](crate::event_log_contract) (feature `testing`) checks these rules.
///
/// # Errors of a read
/// A function that reads fails with one of these:
/// - [`StoreError::Failed`] or [`StoreError::Busy`]: the store cannot be reached, or another connection has locked it.
///   Retry. A store with a time limit of its own can also return [`StoreError::Unanswered`].
/// - [`StoreError::Corrupt`]: stored data cannot be read. Repair the store: a retry does not help.
/// - [`StoreError::InsideUnitOfWork`]: a handler calls a store that has only one connection, which the handler's own
///   batch holds. Read through the connection of the handler, or allow more connections.
#[async_trait]
pub trait EventLog: Send + Sync + 'static {
    /// Returns the events of the log after the position `after` that match `filter`, in position order, up to `limit`,
    /// and how far the log was searched. The next page begins after the [`horizon`](LogPage::horizon) of this one.
    ///
    /// A store applies the filter itself, and should not hold much more than the limit in bytes while it reads.
    /// [`PageLimit::take`] ends a page at the right event.
    ///
    /// # Errors
    /// The [errors of a read](EventLog#errors-of-a-read).
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use eventsource::{EventFilter, EventLog, MemoryEventStore, PageLimit, Position};
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

    /// Returns the position of the last readable event of this log, or [`Position::START`] if no event is readable.
    ///
    /// It is the head of one log. A system with several logs has one head for each: positions of two logs have no
    /// order.
    ///
    /// # Errors
    /// The [errors of a read](EventLog#errors-of-a-read).
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use eventsource::{EventLog, MemoryEventStore, Position};
    ///
    /// assert_eq!(MemoryEventStore::new().head().await?, Position::START);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    async fn head(&self) -> Result<Position, StoreError>;

    /// Returns the identity of the log.
    ///
    /// A store must read it from the log at each call, because the log behind the store can have been replaced.
    ///
    /// # Errors
    /// The [errors of a read](EventLog#errors-of-a-read).
    async fn log_id(&self) -> Result<LogId, StoreError>;

    /// Returns the last stored event of the log at or before `to`; `None` if there is none. Subscriptions use it to
    /// detect that the [log has gone back](crate::guarantees#a-log-never-goes-back-unnoticed).
    ///
    /// The event is committed, but does not have to be readable yet ([`stalled_by`](Self::stalled_by)).
    ///
    /// # Errors
    /// The [errors of a read](EventLog#errors-of-a-read).
    async fn last_event(&self, to: Position) -> Result<Option<LogMark>, StoreError>;

    /// Returns the number of events of this log after `after`, unfiltered, and the time of the oldest one. Counting stops at
    /// `limit` events, so that the call takes a bounded time.
    ///
    /// It is the backlog of one log, also in a system with several logs. A status and the progress of a rebuild call
    /// it. The task of a subscription never does.
    ///
    /// # Errors
    /// The [errors of a read](EventLog#errors-of-a-read).
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # use eventsource::{EventStore, ExpectedVersion, NewEvent, StreamId};
    /// # let store = MemoryEventStore::new();
    /// # let order = StreamId::new("Order", uuid::Uuid::now_v7());
    /// # let events = vec![NewEvent::raw("OrderPlaced", 1, "{}"), NewEvent::raw("OrderPaid", 1, "{}")];
    /// # store.append(&order, ExpectedVersion::NoStream, events).await?;
    /// use eventsource::{EventLog, MemoryEventStore, Position};
    ///
    /// assert_eq!(store.backlog(Position::new(1), 10_000).await?.events, 1);
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
    /// The [errors of a read](EventLog#errors-of-a-read).
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
    /// The [errors of a read](EventLog#errors-of-a-read).
    async fn event_types_except(
        &self,
        known: &[&str],
        after: Position,
        to: Position,
        limit: usize,
    ) -> Result<Vec<StoredType>, StoreError> {
        lookup::event_types_except(self, known, after, to, limit).await
    }

    /// Returns the event with the id `id`; `None` if no event has it.
    ///
    /// A log that is an [`EventStore`](super::EventStore) finds every stored event, including an event that
    /// [`read_log`](Self::read_log) cannot return yet ([`stalled_by`](Self::stalled_by)).
    ///
    /// The default scans the readable log. Override it if the store has an index on the id.
    ///
    /// # Errors
    /// The [errors of a read](EventLog#errors-of-a-read).
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use eventsource::{EventLog, MemoryEventStore};
    ///
    /// let unknown = uuid::Uuid::now_v7();
    /// assert_eq!(MemoryEventStore::new().event(unknown).await?, None);
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
    /// The [errors of a read](EventLog#errors-of-a-read).
    #[doc = include_str!("event_log/read_log_back.md")]
    async fn read_log_back(
        &self,
        before: Option<Position>,
        filter: &EventFilter,
        limit: PageLimit,
    ) -> Result<BackwardPage, StoreError> {
        lookup::read_log_back(self, before, filter, limit).await
    }

    /// Returns the events of `stream` that `read` selects, in its direction, up to `limit`. The next page begins after
    /// the last event of this one.
    ///
    /// A subscription calls it to retry the events behind a dead letter. The default scans the log. Override it if the
    /// log has an index on the streams.
    ///
    /// # Errors
    /// The [errors of a read](EventLog#errors-of-a-read).
    #[doc = include_str!("event_log/read_stream_page.md")]
    async fn read_stream_page(
        &self,
        stream: &StreamId,
        read: ReadStream,
        limit: PageLimit,
    ) -> Result<StreamPage, StoreError> {
        lookup::stream_page(self, stream, read, limit).await
    }

    /// Returns what has kept the log from being read further for an unusually long time, such as an open append; `None`
    /// if nothing does. In PostgreSQL, `PostgresOptions::horizon_warning` is that time.
    ///
    /// The default returns `None`: right for a store whose appends do not make readers wait.
    ///
    /// # Errors
    /// The [errors of a read](EventLog#errors-of-a-read).
    async fn stalled_by(&self) -> Result<Option<LogStall>, StoreError> {
        Ok(None)
    }

    /// Returns what answers the questions of operators about this log: which streams exist, which events belong
    /// together, and where in the log a time is. The stores of this crate return it.
    ///
    /// The default returns `None`: the log cannot answer them.
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use eventsource::{EventLog, MemoryEventStore};
    ///
    /// let store = MemoryEventStore::new();
    /// if let Some(queries) = store.queries() {
    ///     assert!(queries.list_event_types(None, 100).await?.is_empty());
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    fn queries(&self) -> Option<&dyn EventQueries> {
        None
    }

    /// Returns a receiver of wake-ups, which the store sends after appends. A
    /// [`SubscriptionManager`](crate::SubscriptionManager) calls it.
    ///
    /// The default returns `None`: the store sends no wake-ups, and readers poll.
    fn wake_ups(&self) -> Option<WakeUpReceiver> {
        None
    }
}

impl<L: EventLog + ?Sized> LogPages for L {
    async fn page(&self, after: Position, filter: &EventFilter, limit: PageLimit) -> Result<LogPage, StoreError> {
        self.read_log(after, filter, limit).await
    }
}
