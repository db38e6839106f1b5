//! The event store in a SQLite file.

use std::sync::Arc;

use async_trait::async_trait;
use uuid::Uuid;

use super::group_commit;
use super::{SqliteDatabase, lookup, read};
use crate::backend::sql::store::Action;
use crate::event::{NewEvent, Position, RecordedEvent, StreamId};
use crate::store::{
    AppendError, Appended, Backlog, BackwardPage, EventFilter, EventLog, EventQueries, EventStore, ExpectedVersion,
    LogId, LogMark, LogPage, PageLimit, ReadStream, StoreError, StoredStream, StoredType, StreamAppend, StreamPage,
    WakeUpReceiver, check_append, check_append_all,
};

/// An event store in a SQLite file. A clone is the same store.
///
/// Appends of this process are stored in their order. Appends that arrive while another one is being stored are stored
/// together, in one commit, and each gets its own result. An append waits for writers of other processes up to
/// [`SqliteOptions::write_timeout`](super::SqliteOptions::write_timeout). Readers do not wait for writers.
///
/// ```
/// use eventsource::sqlite::{SqliteDatabase, SqliteEventStore};
/// use eventsource::{EventStore, ExpectedVersion, NewEvent, ReadStream, StreamId};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// # let path = std::env::temp_dir().join(format!("eventsource-doc-{}.db", uuid::Uuid::now_v7()));
/// let db = SqliteDatabase::open(&path).await?;
/// let store = SqliteEventStore::new(&db);
/// let stream = StreamId::new("Order", uuid::Uuid::now_v7());
/// store.append(&stream, ExpectedVersion::NoStream, vec![NewEvent::raw("OrderPlaced", 1, "{}")]).await?;
/// assert_eq!(store.read_stream(&stream, ReadStream::forward()).await?.len(), 1);
/// # db.close().await;
/// # std::fs::remove_file(path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct SqliteEventStore {
    pub(super) db: SqliteDatabase,
}

impl SqliteEventStore {
    /// Creates the event store of `db`.
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # use eventsource::sqlite::{SqliteDatabase, SqliteOptions};
    /// # let db = SqliteDatabase::open_with(SqliteOptions::new(":memory:").connections(1)).await?;
    /// use eventsource::sqlite::SqliteEventStore;
    /// use eventsource::{EventLog, Position};
    ///
    /// let store = SqliteEventStore::new(&db);
    /// assert_eq!(store.head().await?, Position::START);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn new(db: &SqliteDatabase) -> Self {
        Self { db: db.clone() }
    }

    /// Returns the query plan with which SQLite reads the log through `filter`, one element for each step. For
    /// diagnosis.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails. A retry may help after [`StoreError::Failed`] and [`StoreError::Busy`].
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # use eventsource::sqlite::{SqliteDatabase, SqliteOptions};
    /// # let db = SqliteDatabase::open_with(SqliteOptions::new(":memory:").connections(1)).await?;
    /// # use eventsource::sqlite::SqliteEventStore;
    /// # use eventsource::EventFilter;
    /// # let store = SqliteEventStore::new(&db);
    /// for step in store.explain_read_log(&EventFilter::types(["OrderPlaced"])).await? {
    ///     println!("{step}");
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn explain_read_log(&self, filter: &EventFilter) -> Result<Vec<String>, StoreError> {
        self.db.read(Action::ReadLog, || read::explain(self.db.pool(), filter)).await
    }

    /// Returns the query plan of [`EventLog::read_log_back`] with `filter`, one element for each step. For diagnosis.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails. A retry may help after [`StoreError::Failed`] and [`StoreError::Busy`].
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # use eventsource::sqlite::{SqliteDatabase, SqliteOptions};
    /// # let db = SqliteDatabase::open_with(SqliteOptions::new(":memory:").connections(1)).await?;
    /// # use eventsource::{EventFilter, sqlite::SqliteEventStore};
    /// # let store = SqliteEventStore::new(&db);
    /// println!("{}", store.explain_read_log_back(&EventFilter::all()).await?.join("\n"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn explain_read_log_back(&self, filter: &EventFilter) -> Result<Vec<String>, StoreError> {
        self.db.read(Action::ReadLog, || lookup::explain_log_back(self.db.pool(), filter)).await
    }

    /// Returns the query plan of [`EventStore::streams`], one element for each step. For diagnosis.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails. A retry may help after [`StoreError::Failed`] and [`StoreError::Busy`].
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # use eventsource::sqlite::{SqliteDatabase, SqliteOptions};
    /// # let db = SqliteDatabase::open_with(SqliteOptions::new(":memory:").connections(1)).await?;
    /// # use eventsource::sqlite::SqliteEventStore;
    /// # let store = SqliteEventStore::new(&db);
    /// println!("{}", store.explain_streams().await?.join("\n"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn explain_streams(&self) -> Result<Vec<String>, StoreError> {
        self.db.read(Action::ListStreams, || lookup::explain_streams(self.db.pool())).await
    }

    /// Returns the query plan of [`EventLog::event_types_except`], one element for each step. For diagnosis.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails. A retry may help after [`StoreError::Failed`] and [`StoreError::Busy`].
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # use eventsource::sqlite::{SqliteDatabase, SqliteOptions};
    /// # let db = SqliteDatabase::open_with(SqliteOptions::new(":memory:").connections(1)).await?;
    /// # use eventsource::sqlite::SqliteEventStore;
    /// # let store = SqliteEventStore::new(&db);
    /// println!("{}", store.explain_types().await?.join("\n"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn explain_types(&self) -> Result<Vec<String>, StoreError> {
        self.db.read(Action::FindTypes, || read::explain_types(self.db.pool())).await
    }
}

#[async_trait]
impl EventLog for SqliteEventStore {
    async fn read_stream_page(
        &self,
        stream: &StreamId,
        read: ReadStream,
        limit: PageLimit,
    ) -> Result<StreamPage, StoreError> {
        self.db.read(Action::ReadStream(stream), || read::stream(self.db.pool(), stream, read, limit)).await
    }

    async fn read_log(&self, after: Position, filter: &EventFilter, limit: PageLimit) -> Result<LogPage, StoreError> {
        self.db.read(Action::ReadLog, || read::log(self.db.pool(), after, filter, limit)).await
    }

    async fn head(&self) -> Result<Position, StoreError> {
        self.db.read(Action::ReadHead, || read::head(self.db.pool())).await
    }

    async fn log_id(&self) -> Result<LogId, StoreError> {
        self.db.read(Action::ReadLogId, || read::log_id(self.db.pool())).await
    }

    async fn last_event(&self, to: Position) -> Result<Option<LogMark>, StoreError> {
        self.db.read(Action::FindEvent, || read::last_event(self.db.pool(), to)).await
    }

    async fn backlog(&self, after: Position, limit: u64) -> Result<Backlog, StoreError> {
        Ok(self.backlogs(&[after], limit).await?.pop().unwrap_or_default())
    }

    async fn backlogs(&self, after: &[Position], limit: u64) -> Result<Vec<Backlog>, StoreError> {
        self.db.read(Action::MeasureBacklog, || read::backlogs(self.db.pool(), after, limit)).await
    }

    async fn event_types_except(
        &self,
        known: &[&str],
        after: Position,
        to: Position,
        limit: usize,
    ) -> Result<Vec<StoredType>, StoreError> {
        self.db.read(Action::FindTypes, || read::event_types_except(self.db.pool(), known, after, to, limit)).await
    }

    async fn event(&self, id: Uuid) -> Result<Option<Arc<RecordedEvent>>, StoreError> {
        self.db.read(Action::FindEvent, || lookup::event(self.db.pool(), id)).await
    }

    async fn read_log_back(
        &self,
        before: Option<Position>,
        filter: &EventFilter,
        limit: PageLimit,
    ) -> Result<BackwardPage, StoreError> {
        self.db.read(Action::ReadLog, || lookup::log_back(self.db.pool(), before, filter, limit)).await
    }

    fn queries(&self) -> Option<&dyn EventQueries> {
        Some(self)
    }

    fn wake_ups(&self) -> Option<WakeUpReceiver> {
        Some(self.db.wake_ups().listen())
    }
}

#[async_trait]
impl EventStore for SqliteEventStore {
    async fn append(
        &self,
        stream: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        check_append(stream, &events)?;
        group_commit::append(&self.db, StreamAppend::new(stream.clone(), expected, events)).await
    }

    async fn append_all(&self, appends: Vec<StreamAppend>) -> Result<Vec<Appended>, AppendError> {
        check_append_all(&appends)?;
        if appends.is_empty() {
            return Ok(Vec::new());
        }
        group_commit::append_as_one(&self.db, appends).await
    }

    async fn streams(
        &self,
        aggregate_type: &str,
        after: Option<Uuid>,
        limit: usize,
    ) -> Result<Vec<StoredStream>, StoreError> {
        self.db.read(Action::ListStreams, || lookup::streams(self.db.pool(), aggregate_type, after, limit)).await
    }
}
