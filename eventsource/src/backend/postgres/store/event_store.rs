//! The event store in PostgreSQL.

use std::sync::Arc;

use async_trait::async_trait;
use sqlx::PgConnection;
use uuid::Uuid;

use super::failure::store_error;
use super::{HorizonHolder, PostgresDatabase, group_commit, holders, horizon, insert, lookup, read};
use crate::backend::sql::store::Action;
use crate::event::{NewEvent, Position, RecordedEvent, StreamId};
use crate::store::{
    AppendError, Appended, Backlog, BackwardPage, EventFilter, EventLog, EventQueries, EventStore, ExpectedVersion,
    LogId, LogMark, LogPage, LogStall, PageLimit, ReadStream, StoreError, StoredStream, StoredType, StreamAppend,
    StreamPage, WakeUpReceiver, check_append, check_append_all,
};

/// An event store in PostgreSQL. A clone is the same store.
///
/// Writers do not wait for each other, except when they append to the same stream (and at the commit of
/// [`append_in`](Self::append_in)). Appends of one process that arrive while another one is being stored are stored
/// together, in one statement and one commit, and each gets its own result. Events can be read as soon as no earlier
/// position can still appear: see [the module](crate::postgres). The store wakes the subscriptions of all processes.
///
/// An append whose future is dropped may still be stored. A web server drops the future of a handler when its client
/// disconnects: append in a task of its own (`tokio::spawn`) if the outcome must be known.
///
/// If a connection is lost, the call is repeated once on another connection. So the first calls after a restart of the
/// server succeed, although the old connections are closed. While the server is down, a call fails when
/// [`acquire_timeout`](super::PostgresOptions::acquire_timeout) has passed, 10 s by default. If the answer to an append
/// was lost, the store looks up whether it was stored. It returns [`AppendError::Store`] only if it cannot find out.
///
/// ```no_run
/// use eventsource::postgres::{PostgresDatabase, PostgresEventStore};
/// use eventsource::{EventStore, ExpectedVersion, NewEvent, StreamId};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let db = PostgresDatabase::open("postgres://shop@localhost/shop").await?;
/// let store = PostgresEventStore::new(&db);
/// let order = StreamId::new("Order", uuid::Uuid::now_v7());
/// store.append(&order, ExpectedVersion::NoStream, vec![NewEvent::raw("OrderPlaced", 1, "{}")]).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct PostgresEventStore {
    pub(super) db: PostgresDatabase,
}

impl PostgresEventStore {
    /// Creates the event store of `db`.
    ///
    /// # Examples
    /// ```no_run
    /// use eventsource::postgres::{PostgresDatabase, PostgresEventStore};
    ///
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let db = PostgresDatabase::open("postgres://shop@localhost/shop").await?;
    /// let store = PostgresEventStore::new(&db);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn new(db: &PostgresDatabase) -> Self {
        Self { db: db.clone() }
    }

    /// Appends in the open transaction of `conn`. The events are committed or rolled back with the other changes of the
    /// transaction.
    ///
    /// ```no_run
    /// # use eventsource::postgres::{PostgresDatabase, PostgresEventStore};
    /// # use eventsource::{ExpectedVersion, NewEvent, StreamId, sqlx};
    /// # type Result = std::result::Result<(), Box<dyn std::error::Error>>;
    /// # async fn example(db: PostgresDatabase, store: PostgresEventStore, order: StreamId) -> Result {
    /// let mut tx = db.pool().begin().await?;
    /// sqlx::query("INSERT INTO outbox DEFAULT VALUES").execute(&mut *tx).await?;
    /// let placed = NewEvent::raw("OrderPlaced", 1, "{}");
    /// store.append_in(&mut tx, &order, ExpectedVersion::NoStream, vec![placed]).await?;
    /// tx.commit().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// `conn` can come from any pool, if it is a connection to the database of this store. The returned position
    /// exists only after the commit: wait for it only then. An [`AggregateRepository`](crate::AggregateRepository)
    /// cannot save in your transaction: append the events that it would save.
    ///
    /// - Append last, and commit soon. Until the commit, readers cannot read events that other transactions append
    ///   after this append, so the subscriptions of all processes wait. You can append to several streams; append in
    ///   the same order of streams everywhere, because two transactions could otherwise deadlock.
    /// - From the append on, the server ends the transaction if it is idle for longer than
    ///   [`idle_in_transaction_session_timeout`](super::PostgresOptions::idle_in_transaction_session_timeout). So a
    ///   frozen process cannot hold the log back without end. The setting ends with the transaction.
    /// - The append runs in a savepoint. After [`AppendError::Conflict`] or another refusal, the transaction is as
    ///   before: you can go on and commit it. If the future is dropped, roll the transaction back.
    /// - If a concurrent transaction has appended to the same stream, the call waits until that one ends.
    /// - The commit notifies other processes. PostgreSQL commits transactions that notify one after the other, and
    ///   cannot prepare them (`PREPARE TRANSACTION`). [`EventStore::append`] notifies after its commit instead, so its
    ///   commits do not wait for each other.
    /// - If the answer to your `COMMIT` is lost, look up the id of an event with [`EventLog::event`].
    ///
    /// # Errors
    /// The errors of [`EventStore::append`]. A conflict is an error of this call, and not of the commit.
    /// [`AppendError::Store`] means that the database failed, or that `conn` has no open transaction
    /// ([`StoreError::Failed`], whose source says so): begin one first. After [`AppendError::Store`], roll the
    /// transaction back.
    pub async fn append_in(
        &self,
        conn: &mut PgConnection,
        stream: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        check_append(stream, &events)?;
        let append = StreamAppend::new(stream.clone(), expected, events);
        let failed = |failure| store_error(Action::Append(stream), failure);
        let log = read::log_of_appends(&self.db).await.map_err(failed)?;
        match insert::inside(&self.db, conn, &append).await {
            Ok(places) => Ok(append.appended(log, places)),
            Err(refusal) => Err(append.refused(refusal, failed)),
        }
    }

    /// Returns the transactions that append at this moment, and so hold back the events after them, the oldest first.
    ///
    /// Under load there is nearly always one. A transaction whose [`age`](HorizonHolder::age) grows is a problem: see
    /// [`HorizonHolder`] for how to end it. After
    /// [`horizon_warning`](super::PostgresOptions::horizon_warning), a log line and [`EventLog::stalled_by`] name it,
    /// and the status of every subscription shows it.
    ///
    /// # Errors
    /// [`StoreError`] if the store fails. It can be retried.
    ///
    /// # Examples
    /// ```no_run
    /// # use eventsource::postgres::PostgresEventStore;
    /// use std::time::Duration;
    ///
    /// # async fn example(store: PostgresEventStore) -> Result<(), Box<dyn std::error::Error>> {
    /// for holder in store.horizon_holders().await? {
    ///     if holder.age.is_some_and(|age| age > Duration::from_secs(60)) {
    ///         eprintln!("end this transaction: {holder}");
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn horizon_holders(&self) -> Result<Vec<HorizonHolder>, StoreError> {
        let held = async {
            let mut conn = self.db.shared().await?;
            holders::read(&self.db, &mut conn).await
        };
        held.await.map_err(|failure| store_error(Action::ReadHead, failure))
    }
}

#[async_trait]
impl EventLog for PostgresEventStore {
    async fn read_stream_page(
        &self,
        stream: &StreamId,
        read: ReadStream,
        limit: PageLimit,
    ) -> Result<StreamPage, StoreError> {
        self.db.read(Action::ReadStream(stream), || read::stream(&self.db, stream, read, limit)).await
    }

    async fn read_log(&self, after: Position, filter: &EventFilter, limit: PageLimit) -> Result<LogPage, StoreError> {
        self.db.read(Action::ReadLog, || read::log(&self.db, after, filter, limit)).await
    }

    async fn head(&self) -> Result<Position, StoreError> {
        self.db.read(Action::ReadHead, || read::head(&self.db)).await
    }

    async fn log_id(&self) -> Result<LogId, StoreError> {
        self.db.read(Action::ReadLogId, || read::log_id(&self.db)).await
    }

    async fn last_event(&self, to: Position) -> Result<Option<LogMark>, StoreError> {
        self.db.read(Action::FindEvent, || read::last_event(&self.db, to)).await
    }

    async fn backlog(&self, after: Position, limit: u64) -> Result<Backlog, StoreError> {
        Ok(self.backlogs(&[after], limit).await?.pop().unwrap_or_default())
    }

    async fn backlogs(&self, after: &[Position], limit: u64) -> Result<Vec<Backlog>, StoreError> {
        self.db.read(Action::MeasureBacklog, || read::backlogs(&self.db, after, limit)).await
    }

    async fn event_types_except(
        &self,
        known: &[&str],
        after: Position,
        to: Position,
        limit: usize,
    ) -> Result<Vec<StoredType>, StoreError> {
        self.db.read(Action::FindTypes, || read::event_types_except(&self.db, known, after, to, limit)).await
    }

    async fn event(&self, id: Uuid) -> Result<Option<Arc<RecordedEvent>>, StoreError> {
        self.db.read(Action::FindEvent, || lookup::event(&self.db, id)).await
    }

    async fn read_log_back(
        &self,
        before: Option<Position>,
        filter: &EventFilter,
        limit: PageLimit,
    ) -> Result<BackwardPage, StoreError> {
        self.db.read(Action::ReadLog, || lookup::log_back(&self.db, before, filter, limit)).await
    }

    /// Returns a stall that has lasted for [`horizon_warning`](super::PostgresOptions::horizon_warning), as observed by
    /// the readers of this database value. A process that reads no log observes none: call
    /// [`horizon_holders`](PostgresEventStore::horizon_holders) there.
    async fn stalled_by(&self) -> Result<Option<LogStall>, StoreError> {
        self.db.read(Action::ReadHead, || horizon::stalled_by(&self.db)).await
    }

    fn queries(&self) -> Option<&dyn EventQueries> {
        Some(self)
    }

    fn wake_ups(&self) -> Option<WakeUpReceiver> {
        Some(self.db.wake_ups().listen())
    }
}

#[async_trait]
impl EventStore for PostgresEventStore {
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
        self.db.read(Action::ListStreams, || lookup::streams(&self.db, aggregate_type, after, limit)).await
    }
}
