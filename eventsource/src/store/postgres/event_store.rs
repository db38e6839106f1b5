//! The event store in PostgreSQL.

use std::sync::Arc;

use async_trait::async_trait;
use sqlx::PgConnection;
use uuid::Uuid;

use super::failure::store_error;
use super::{HorizonHolder, PostgresDatabase, group_commit, holders, horizon, insert, lookup, read};
use crate::event::{NewEvent, Position, RecordedEvent, StreamId};
use crate::store::sql::Action;
use crate::store::{
    AppendError, Appended, Backlog, BackwardPage, EventFilter, EventStore, ExpectedVersion, LogId, LogMark, LogPage,
    LogStall, PageLimit, ReadStream, StoreError, StoredStream, StoredType, StreamAppend, StreamPage, WakeUpReceiver,
    check_append, check_append_all,
};

/// The event store in PostgreSQL. A clone is the same store.
///
/// Writers do not wait for each other, except for one that appends to the same stream, and except that appends of one
/// process that come while others of it are being stored wait for these, and are then stored together: in one statement
/// and one commit, each with an answer of its own. Their events can be read as soon as no earlier position can still
/// appear: see [the module](super). An append whose future is dropped may be stored all the same.
///
/// Where a connection turns out to be lost, what was asked on it is asked once more on another, so that a server that
/// was started again answers at once. Of an append whose answer was lost it is found out whether it was stored.
#[derive(Debug, Clone)]
pub struct PostgresEventStore {
    db: PostgresDatabase,
}

impl PostgresEventStore {
    /// The event store in `db`.
    #[must_use]
    pub fn new(db: &PostgresDatabase) -> Self {
        Self { db: db.clone() }
    }

    /// Appends inside the transaction that `conn` has open: the events commit or vanish with whatever else it does.
    ///
    /// ```no_run
    /// # use eventsource::store::postgres::{PostgresDatabase, PostgresEventStore};
    /// # use eventsource::{ExpectedVersion, NewEvent, StreamId, sqlx};
    /// # async fn example(db: PostgresDatabase, store: PostgresEventStore, order: StreamId) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut tx = db.pool().begin().await?;
    /// sqlx::query("INSERT INTO outbox DEFAULT VALUES").execute(&mut *tx).await?;
    /// let placed = NewEvent::raw("OrderPlaced", 1, "{}");
    /// store.append_in(&mut tx, &order, ExpectedVersion::NoStream, vec![placed]).await?;
    /// tx.commit().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Append last, and commit soon: from the append to the commit nobody can read what others append meanwhile.
    /// So that a frozen process does not hold the log for ever, from then on the server ends the transaction when nothing
    /// happens in it for longer than
    /// [`idle_in_transaction_session_timeout`](super::PostgresOptions::idle_in_transaction_session_timeout).
    /// A refused append leaves the transaction as it was. Give the transaction up where the future is dropped.
    /// The commit notifies; PostgreSQL lets transactions that do commit one after the other, and does not prepare them
    /// (`PREPARE TRANSACTION`).
    ///
    /// # Errors
    /// As [`EventStore::append`], and where there is no transaction open.
    pub async fn append_in(
        &self,
        conn: &mut PgConnection,
        stream: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        check_append(stream, &events)?;
        let append = StreamAppend::new(stream.clone(), expected, events);
        match insert::inside(&self.db, conn, &append).await {
            Ok(places) => Ok(append.appended(places)),
            Err(refusal) => Err(append.refused(refusal, |failure| store_error(Action::Append(stream), failure))),
        }
    }

    /// Who appends at this moment, and so keeps what comes after from being read: the one who began first in front.
    ///
    /// Under a load there is nearly always somebody. One whose [`age`](HorizonHolder::age) grows is in the way;
    /// [`EventStore::stalled_by`], by which a subscription's status says so, and a log line name it after
    /// [`horizon_warning`](super::PostgresOptions::horizon_warning).
    ///
    /// # Errors
    /// [`StoreError`] where the store fails.
    pub async fn horizon_holders(&self) -> Result<Vec<HorizonHolder>, StoreError> {
        let held = async {
            let mut conn = self.db.shared().await?;
            holders::read(&self.db, &mut conn).await
        };
        held.await.map_err(|failure| store_error(Action::ReadHead, failure))
    }

    /// How PostgreSQL reads a page of at most `limit` events of the log after `after` through `filter`: the lines of its
    /// query plans, that for the positions nearby and that for all further ones.
    ///
    /// # Errors
    /// [`StoreError`] where the store fails.
    pub async fn explain_read_log(
        &self,
        after: Position,
        filter: &EventFilter,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        read::explain(&self.db, after, filter, limit).await.map_err(|failure| store_error(Action::ReadLog, failure))
    }

    /// How PostgreSQL finds the types that are stored ([`EventStore::event_types_except`]): the lines of its query plan.
    ///
    /// # Errors
    /// [`StoreError`] where the store fails.
    pub async fn explain_types(&self) -> Result<Vec<String>, StoreError> {
        read::explain_types(&self.db).await.map_err(|failure| store_error(Action::FindTypes, failure))
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

    async fn read_stream(&self, stream: &StreamId, read: ReadStream) -> Result<Vec<Arc<RecordedEvent>>, StoreError> {
        Ok(self.read_stream_page(stream, read, PageLimit::events(usize::MAX)).await?.events)
    }

    async fn read_stream_page(
        &self,
        stream: &StreamId,
        read: ReadStream,
        limit: PageLimit,
    ) -> Result<StreamPage, StoreError> {
        let page = self.db.again(|| read::stream(&self.db, stream, read, limit)).await;
        page.map_err(|failure| store_error(Action::ReadStream(stream), failure))
    }

    async fn read_log(&self, after: Position, filter: &EventFilter, limit: PageLimit) -> Result<LogPage, StoreError> {
        let page = self.db.again(|| read::log(&self.db, after, filter, limit)).await;
        page.map_err(|failure| store_error(Action::ReadLog, failure))
    }

    async fn head(&self) -> Result<Position, StoreError> {
        let head = self.db.again(|| read::head(&self.db)).await;
        head.map_err(|failure| store_error(Action::ReadHead, failure))
    }

    async fn log_id(&self) -> Result<LogId, StoreError> {
        let id = self.db.again(|| read::log_id(&self.db)).await;
        id.map_err(|failure| store_error(Action::ReadLogId, failure))
    }

    async fn last_event(&self, to: Position) -> Result<Option<LogMark>, StoreError> {
        let found = self.db.again(|| read::last_event(&self.db, to)).await;
        found.map_err(|failure| store_error(Action::FindEvent, failure))
    }

    async fn backlog(&self, after: Position, limit: u64) -> Result<Backlog, StoreError> {
        Ok(self.backlogs(&[after], limit).await?.pop().unwrap_or_default())
    }

    async fn backlogs(&self, after: &[Position], limit: u64) -> Result<Vec<Backlog>, StoreError> {
        let backlogs = self.db.again(|| read::backlogs(&self.db, after, limit)).await;
        backlogs.map_err(|failure| store_error(Action::MeasureBacklog, failure))
    }

    async fn event_types_except(
        &self,
        known: &[&str],
        after: Position,
        to: Position,
        limit: usize,
    ) -> Result<Vec<StoredType>, StoreError> {
        let found = self.db.again(|| read::event_types_except(&self.db, known, after, to, limit)).await;
        found.map_err(|failure| store_error(Action::FindTypes, failure))
    }

    async fn event(&self, id: Uuid) -> Result<Option<Arc<RecordedEvent>>, StoreError> {
        let found = self.db.again(|| lookup::event(&self.db, id)).await;
        found.map_err(|failure| store_error(Action::FindEvent, failure))
    }

    async fn read_log_back(
        &self,
        before: Option<Position>,
        filter: &EventFilter,
        limit: PageLimit,
    ) -> Result<BackwardPage, StoreError> {
        let page = self.db.again(|| lookup::log_back(&self.db, before, filter, limit)).await;
        page.map_err(|failure| store_error(Action::ReadLog, failure))
    }

    async fn streams(
        &self,
        aggregate_type: &str,
        after: Option<Uuid>,
        limit: usize,
    ) -> Result<Vec<StoredStream>, StoreError> {
        let found = self.db.again(|| lookup::streams(&self.db, aggregate_type, after, limit)).await;
        found.map_err(|failure| store_error(Action::ListStreams, failure))
    }

    /// After [`horizon_warning`](super::PostgresOptions::horizon_warning), as seen by whoever reads the log through
    /// this database's handle.
    async fn stalled_by(&self) -> Result<Option<LogStall>, StoreError> {
        let stalled_by = self.db.again(|| horizon::stalled_by(&self.db)).await;
        stalled_by.map_err(|failure| store_error(Action::ReadHead, failure))
    }

    fn wake_ups(&self) -> Option<WakeUpReceiver> {
        Some(self.db.wake_ups().listen())
    }
}
