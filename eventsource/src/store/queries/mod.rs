//! The trait of the questions that operators ask about a log, and the limit of its pages.

mod correlated;
mod streams;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use uuid::Uuid;

pub use self::correlated::CorrelatedPage;
pub use self::streams::{EventPlace, StreamQuery, StreamSummary, StreamSummaryPage};
use super::{StoreError, StoredType};
use crate::event::Position;

/// The maximum number of items in a page of [`EventQueries`]: 200. A larger limit is lowered to it, and 0 counts as 1.
pub const MAX_QUERY_LIMIT: usize = 200;

/// Returns the limit of a page: from 1 to [`MAX_QUERY_LIMIT`].
pub(crate) const fn query_limit(limit: usize) -> usize {
    if limit == 0 {
        1
    } else if limit > MAX_QUERY_LIMIT {
        MAX_QUERY_LIMIT
    } else {
        limit
    }
}

/// Questions about a log that operators ask. [`EventLog::queries`](crate::EventLog::queries) returns it, if the log can
/// answer them. The stores of this crate can.
///
/// Each call takes a bounded time: it reads one page by an index, for any length of the log.
///
/// | question | answer |
/// | --- | --- |
/// | which streams exist | [`list_streams`](Self::list_streams) |
/// | which event types are stored | [`list_event_types`](Self::list_event_types) |
/// | which events belong to one business transaction | [`correlated`](Self::correlated) |
/// | where in the log a time is | [`position_at`](Self::position_at) |
/// | what happened most recently | [`EventLog::read_log_back`](crate::EventLog::read_log_back) |
/// | which event has this id | [`EventLog::event`](crate::EventLog::event) |
/// | the events of a stream | [`EventLog::read_stream_page`](crate::EventLog::read_stream_page) |
///
/// # Rules for implementations
/// * A page has at most [`MAX_QUERY_LIMIT`] items. A larger limit is lowered to it, and 0 counts as 1.
/// * A name that no store can hold, such as one with the character NUL, matches nothing. It is not an error.
/// * [`list_streams`](Self::list_streams) finds stored events. The other functions find
///   [readable](crate::EventStore#what-a-read-returns) events.
///
/// The contract suite [`event_queries_contract!`](crate::event_queries_contract) (feature `testing`) checks these
/// rules.
///
/// # Examples
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use eventsource::store::StreamQuery;
/// use eventsource::{EventLog, MemoryEventStore, StoreError};
///
/// async fn print_streams(log: &dyn EventLog) -> Result<(), StoreError> {
///     let Some(queries) = log.queries() else { return Ok(()) };
///     let page = queries.list_streams(&StreamQuery::all().limit(50)).await?;
///     for stream in &page.streams {
///         println!("{} has version {}", stream.stream, stream.version);
///     }
///     Ok(())
/// }
/// print_streams(&MemoryEventStore::new()).await?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[async_trait]
pub trait EventQueries: Send + Sync {
    /// Returns the streams that `query` selects, ordered by aggregate type and id.
    ///
    /// The pages are not one snapshot: a stream that is created between two calls is found only if it comes later in
    /// the order. The page contains stored streams, so an event of it can be after the
    /// [head](crate::EventLog::head).
    ///
    /// # Errors
    /// The [errors of a read](crate::EventLog#errors-of-a-read).
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # use eventsource::{ExpectedVersion, NewEvent, StreamId};
    /// use eventsource::store::{EventQueries, StreamQuery};
    /// use eventsource::{EventStore, MemoryEventStore};
    ///
    /// # let store = MemoryEventStore::new();
    /// # for _ in 0..3 {
    /// #     let order = StreamId::new("Order", uuid::Uuid::now_v7());
    /// #     store.append(&order, ExpectedVersion::NoStream, vec![NewEvent::raw("OrderPlaced", 1, "{}")]).await?;
    /// # }
    /// let mut query = StreamQuery::of_type("Order").limit(2);
    /// let mut found = 0;
    /// loop {
    ///     let page = store.list_streams(&query).await?;
    ///     found += page.streams.len();
    ///     match page.streams.last() {
    ///         Some(last) if page.is_full => query = query.after(&last.stream),
    ///         _ => break,
    ///     }
    /// }
    /// assert_eq!(found, 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    async fn list_streams(&self, query: &StreamQuery) -> Result<StreamSummaryPage, StoreError>;

    /// Returns up to `limit` event types that are stored, ordered by name, each with the position of its first event.
    ///
    /// Pass `None` for the first page, and the last name of a page for the next one. A page with fewer types than the
    /// limit is the last one. [`EventLog::event_types_except`](crate::EventLog::event_types_except) finds the types
    /// that a program does not know.
    ///
    /// # Errors
    /// The [errors of a read](crate::EventLog#errors-of-a-read).
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # use eventsource::{EventStore, ExpectedVersion, NewEvent, StreamId};
    /// use eventsource::MemoryEventStore;
    /// use eventsource::store::EventQueries;
    ///
    /// # let store = MemoryEventStore::new();
    /// # let order = StreamId::new("Order", uuid::Uuid::now_v7());
    /// # store.append(&order, ExpectedVersion::NoStream, vec![NewEvent::raw("OrderPlaced", 1, "{}")]).await?;
    /// let types = store.list_event_types(None, 100).await?;
    /// assert_eq!(types[0].name, "OrderPlaced");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    async fn list_event_types(&self, after: Option<&str>, limit: usize) -> Result<Vec<StoredType>, StoreError>;

    /// Returns up to `limit` events after the position `after` with this
    /// [correlation id](crate::Metadata::correlation_id), in position order.
    ///
    /// The page also ends at 8 MiB. The next page begins after the last event of this one.
    ///
    /// In SQLite and PostgreSQL, an index finds the events if it exists
    /// (`SqliteDatabase::create_correlation_index`, `PostgresDatabase::create_correlation_index`). Without it, only the
    /// last [`CorrelatedPage::SEARCHED_WITHOUT_INDEX`] events of the log are searched, and
    /// [`CorrelatedPage::unsearched_to`] says so.
    ///
    /// # Errors
    /// The [errors of a read](crate::EventLog#errors-of-a-read).
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # use eventsource::{EventStore, ExpectedVersion, NewEvent, StreamId};
    /// use eventsource::store::EventQueries;
    /// use eventsource::{MemoryEventStore, Metadata, Position};
    ///
    /// let request = uuid::Uuid::now_v7();
    /// # let store = MemoryEventStore::new();
    /// # let order = StreamId::new("Order", uuid::Uuid::now_v7());
    /// # let placed = NewEvent::raw("OrderPlaced", 1, "{}").with_metadata(Metadata::new().correlation_id(request));
    /// # store.append(&order, ExpectedVersion::NoStream, vec![placed]).await?;
    /// let page = store.correlated(request, Position::START, 100).await?;
    /// assert_eq!((page.events.len(), page.unsearched_to), (1, None));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    async fn correlated(
        &self,
        correlation_id: Uuid,
        after: Position,
        limit: usize,
    ) -> Result<CorrelatedPage, StoreError>;

    /// Returns the position of the first event that was stored at or after `time`; `None` if there is none.
    ///
    /// It is found by a binary search over the positions, which assumes that times grow with positions. The clocks of
    /// several writers differ, so the time of an event can be before the time of an earlier event. The result is then
    /// exact only up to that difference: the returned event was stored at or after `time`, the event before it was stored
    /// before `time`, and other events next to them can be on the wrong side.
    ///
    /// # Errors
    /// The [errors of a read](crate::EventLog#errors-of-a-read).
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # use eventsource::{EventStore, ExpectedVersion, NewEvent, StreamId};
    /// use chrono::{TimeDelta, Utc};
    /// use eventsource::store::EventQueries;
    /// use eventsource::{EventFilter, EventLog, MemoryEventStore, PageLimit, Position};
    ///
    /// # let store = MemoryEventStore::new();
    /// # let order = StreamId::new("Order", uuid::Uuid::now_v7());
    /// # store.append(&order, ExpectedVersion::NoStream, vec![NewEvent::raw("OrderPlaced", 1, "{}")]).await?;
    /// // The events of the last hour.
    /// let hour_ago = Utc::now() - TimeDelta::hours(1);
    /// if let Some(first) = store.position_at(hour_ago).await? {
    ///     let after = Position::new(first.value() - 1);
    ///     let page = store.read_log(after, &EventFilter::all(), PageLimit::events(100)).await?;
    ///     assert_eq!(page.events.len(), 1);
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    async fn position_at(&self, time: DateTime<Utc>) -> Result<Option<Position>, StoreError>;
}
