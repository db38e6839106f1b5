//! A backend of your own: an event store, a checkpoint store and read models on `redb`, an embedded key-value database.
//!
//! One write transaction is open at a time. A batch keeps it open from its first event to its commit, so the rows that
//! handlers write and the checkpoint are committed together.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use eventsource::event::{RecordedParts, SliceRange, now};
use eventsource::prelude::*;
use eventsource::projection::{
    Checkpoint, CheckpointError, CheckpointReset, CheckpointUpdate, Claim, ClaimError, CommitError, DeadLetter, Inject,
    LetterQuery, ProjectionSnapshot, StoredSubscription, UnitOfWork,
};
use eventsource::read_model::port::{ReadTables, RepositoryScope, Row, RowChange, Select, WriteTables};
use eventsource::read_model::{Deployment, Table, Value};
use eventsource::store::{
    Backlog, Direction, EventLog, LogId, LogMark, LogPage, PageLimit, WakeUpReceiver, WakeUpSender, check_append,
};
use eventsource::{AppendError, Appended, StoreError};
use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition, WriteTransaction};
use serde::de::DeserializeOwned;
use tokio::sync::OwnedMutexGuard;
use uuid::Uuid;

type Bytes = &'static [u8];
type Cause = Box<dyn std::error::Error + Send + Sync>;

/// The events by position, as JSON.
const EVENTS: TableDefinition<u64, Bytes> = TableDefinition::new("events");
/// The position of each event, by its id.
const IDS: TableDefinition<u128, u64> = TableDefinition::new("ids");
/// The position of each event, by the aggregate type and id of its stream and its version.
const STREAMS: TableDefinition<(&str, u128, u64), u64> = TableDefinition::new("streams");
/// The state of each subscription, by its name, as JSON.
const SUBSCRIPTIONS: TableDefinition<&str, Bytes> = TableDefinition::new("subscriptions");
/// The rows of read models, by the name of the table and the id.
const ROWS: TableDefinition<(&str, Bytes), Bytes> = TableDefinition::new("rows");
/// The columns of each read model, by the name of the table.
const SHAPES: TableDefinition<&str, &str> = TableDefinition::new("shapes");
/// The id of the log.
const LOG: TableDefinition<(), u128> = TableDefinition::new("log");

/// A database file. A clone is the same database.
#[derive(Debug, Clone)]
pub struct Redb {
    database: Arc<Database>,
    /// The one writer waits here, not in `begin_write`, which would block the thread.
    writing: Arc<tokio::sync::Mutex<()>>,
    wake_ups: Arc<WakeUpSender>,
}

impl Redb {
    /// Opens the database at `path`, or creates it with all its tables.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Cause> {
        let database = Database::create(path)?;
        let tx = database.begin_write()?;
        tx.open_table(EVENTS)?;
        tx.open_table(IDS)?;
        tx.open_table(STREAMS)?;
        tx.open_table(SUBSCRIPTIONS)?;
        tx.open_table(ROWS)?;
        tx.open_table(SHAPES)?;
        let mut log = tx.open_table(LOG)?;
        if log.get(())?.is_none() {
            log.insert((), LogId::generate().as_uuid().as_u128())?;
        }
        drop(log);
        tx.commit()?;
        Ok(Self { database: Arc::new(database), writing: Arc::default(), wake_ups: Arc::default() })
    }

    /// Returns a repository that reads the committed rows of `M`.
    pub fn repository<M: ReadModel>(&self) -> ReadRepository<M> {
        ReadRepository::new(Arc::new(self.clone()))
    }

    /// Opens the write transaction after all others have ended.
    async fn begin_write(&self) -> Result<Writing, Cause> {
        let turn = Arc::clone(&self.writing).lock_owned().await;
        Ok(Writing { tx: self.database.begin_write()?, turn })
    }

    /// Changes the stored state of the subscription `name`, in a transaction of its own. An error changes nothing.
    async fn change<T>(
        &self,
        name: &str,
        change: impl FnOnce(&mut StoredSubscription) -> Result<T, Cause> + Send,
    ) -> Result<T, Cause> {
        let writing = self.begin_write().await?;
        let mut subscription = subscription(&writing.tx.open_table(SUBSCRIPTIONS)?, name)?;
        let changed = change(&mut subscription)?;
        writing.store(name, &subscription)?;
        writing.commit().await?;
        Ok(changed)
    }

    fn subscription(&self, name: &str) -> Result<StoredSubscription, Cause> {
        subscription(&self.database.begin_read()?.open_table(SUBSCRIPTIONS)?, name)
    }
}

/// The write transaction. A drop undoes it.
struct Writing {
    tx: WriteTransaction,
    turn: OwnedMutexGuard<()>,
}

impl Writing {
    fn store(&self, name: &str, subscription: &StoredSubscription) -> Result<(), Cause> {
        self.tx.open_table(SUBSCRIPTIONS)?.insert(name, &*serde_json::to_vec(subscription)?)?;
        Ok(())
    }

    /// Commits on a thread that may wait for the disk.
    async fn commit(self) -> Result<(), Cause> {
        let Self { tx, turn } = self;
        tokio::task::spawn_blocking(move || tx.commit()).await??;
        drop(turn);
        Ok(())
    }
}

fn subscription(stored: &impl ReadableTable<&'static str, Bytes>, name: &str) -> Result<StoredSubscription, Cause> {
    stored.get(name)?.map_or_else(|| Ok(StoredSubscription::default()), |found| json(found.value()))
}

fn json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Cause> {
    Ok(serde_json::from_slice(bytes)?)
}

// The event store.

fn event(stored: &[u8]) -> Result<Arc<RecordedEvent>, Cause> {
    Ok(Arc::new(RecordedEvent::from(json::<RecordedParts>(stored)?)))
}

fn failed(action: &str) -> impl Fn(Cause) -> StoreError {
    move |source| StoreError::Failed { action: action.to_owned(), source }
}

/// The error of an append: a refusal, or a failure of the database.
fn refused(cause: Cause) -> AppendError {
    cause.downcast().map_or_else(|source| failed("append")(source).into(), |refused| *refused)
}

/// Stores `events`, unless the version of the stream or an id forbids it.
fn append(
    tx: &WriteTransaction,
    stream: &StreamId,
    expected: ExpectedVersion,
    events: Vec<NewEvent>,
) -> Result<Appended, Cause> {
    let (mut log, mut ids, mut streams) = (tx.open_table(EVENTS)?, tx.open_table(IDS)?, tx.open_table(STREAMS)?);
    let (name, id) = (stream.aggregate_type(), stream.aggregate_id().as_u128());
    let last = streams.range((name, id, 0)..=(name, id, u64::MAX))?.next_back().transpose()?;
    let actual = last.map_or(0, |(key, _)| key.value().2);
    if !expected.allows(actual) {
        return Err(AppendError::Conflict { stream: stream.clone(), expected, actual }.into());
    }
    let head = log.last()?.map_or(0, |(position, _)| position.value());
    let (at, mut appended) = (now(), Vec::new());
    for (n, event) in (1..).zip(events) {
        if ids.insert(event.id().as_u128(), head + n)?.is_some() {
            return Err(AppendError::DuplicateEvent { stream: stream.clone(), event_id: event.id() }.into());
        }
        let event = event.record(stream.clone(), actual + n, Position::new(head + n), at);
        streams.insert((name, id, actual + n), head + n)?;
        log.insert(head + n, &*serde_json::to_vec(event.parts())?)?;
        appended.push(Arc::new(event));
    }
    let log = tx.open_table(LOG)?.get(())?.ok_or("the log has no id")?.value();
    Ok(Appended::new(LogId::from_uuid(Uuid::from_u128(log)), appended))
}

/// The committed log at one moment.
struct LogView(redb::ReadOnlyTable<u64, Bytes>);

impl LogView {
    fn open(db: &Redb) -> Result<Self, Cause> {
        Ok(Self(db.database.begin_read()?.open_table(EVENTS)?))
    }

    /// Returns the events after `position`.
    fn after(&self, position: Position) -> Result<impl Iterator<Item = Result<Arc<RecordedEvent>, Cause>>, Cause> {
        let from = (std::ops::Bound::Excluded(position.value()), std::ops::Bound::Unbounded);
        Ok(self.0.range::<u64>(from)?.map(|entry| event(entry?.1.value())))
    }

    fn head(&self) -> Result<Position, Cause> {
        Ok(self.0.last()?.map_or(Position::START, |(position, _)| Position::new(position.value())))
    }

    /// Returns the last event at or before `to`.
    fn last_event(&self, to: Position) -> Result<Option<LogMark>, Cause> {
        let Some(last) = self.0.range(..=to.value())?.next_back() else { return Ok(None) };
        Ok(Some(LogMark::of(&*event(last?.1.value())?)))
    }

    fn page(&self, after: Position, filter: &EventFilter, limit: PageLimit) -> Result<LogPage, Cause> {
        let mut broken = Ok(());
        // The first event that cannot be read ends the page, and then fails it.
        let events = self.after(after)?.map_while(|event| event.map_err(|error| broken = Err(error)).ok());
        let (events, is_full) = limit.take(events.filter(|event| filter.matches(event)));
        broken?;
        let page = LogPage::new(events, is_full, self.head()?.max(after));
        let last = self.last_event(page.horizon)?;
        Ok(page.following(self.last_event(after)?).up_to(last))
    }

    fn backlog(&self, after: Position, limit: u64) -> Result<Backlog, Cause> {
        let events = self.after(after)?.take(usize::try_from(limit).unwrap_or(usize::MAX));
        let times = events.map(|event| Ok(event?.recorded_at())).collect::<Result<Vec<_>, Cause>>()?;
        Ok(Backlog::new(times.len() as u64, times.iter().take(Backlog::LOOKED_AT).min().copied()))
    }
}

#[async_trait]
impl EventLog for Redb {
    async fn read_log(&self, after: Position, filter: &EventFilter, limit: PageLimit) -> Result<LogPage, StoreError> {
        LogView::open(self).and_then(|log| log.page(after, filter, limit)).map_err(failed("read the log"))
    }

    async fn head(&self) -> Result<Position, StoreError> {
        LogView::open(self).and_then(|log| log.head()).map_err(failed("read the end of the log"))
    }

    async fn log_id(&self) -> Result<LogId, StoreError> {
        let id = || Ok(self.database.begin_read()?.open_table(LOG)?.get(())?.ok_or("the log has no id")?.value());
        id().map(|id| LogId::from_uuid(Uuid::from_u128(id))).map_err(failed("read the id of the log"))
    }

    async fn last_event(&self, to: Position) -> Result<Option<LogMark>, StoreError> {
        LogView::open(self).and_then(|log| log.last_event(to)).map_err(failed("read the last event"))
    }

    async fn backlog(&self, after: Position, limit: u64) -> Result<Backlog, StoreError> {
        LogView::open(self).and_then(|log| log.backlog(after, limit)).map_err(failed("count events"))
    }

    fn wake_ups(&self) -> Option<WakeUpReceiver> {
        Some(self.wake_ups.listen())
    }
}

#[async_trait]
impl EventStore for Redb {
    async fn append(
        &self,
        stream: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        check_append(stream, &events)?;
        let writing = self.begin_write().await.map_err(refused)?;
        let appended = append(&writing.tx, stream, expected, events).map_err(refused)?;
        writing.commit().await.map_err(refused)?;
        self.wake_ups.wake();
        Ok(appended)
    }

    async fn read_stream(&self, stream: &StreamId, read: ReadStream) -> Result<Vec<Arc<RecordedEvent>>, StoreError> {
        let read = || {
            let tx = self.database.begin_read()?;
            let (log, streams) = (tx.open_table(EVENTS)?, tx.open_table(STREAMS)?);
            let (name, id) = (stream.aggregate_type(), stream.aggregate_id().as_u128());
            if read.from_version() > read.to_version() {
                return Ok(Vec::new());
            }
            let range = streams.range((name, id, read.from_version())..=(name, id, read.to_version()))?;
            let read_one = |entry: Result<(_, redb::AccessGuard<'_, u64>), redb::StorageError>| {
                let position = entry?.1.value();
                event(log.get(position)?.ok_or("an event of the stream is missing")?.value())
            };
            let most = read.max_count().unwrap_or(usize::MAX);
            match read.direction() {
                Direction::Forward => range.take(most).map(read_one).collect::<Result<Vec<_>, Cause>>(),
                Direction::Backward => range.rev().take(most).map(read_one).collect(),
            }
        };
        read().map_err(failed("read a stream"))
    }
}

// The checkpoints.

fn failure(action: &str) -> impl Fn(Cause) -> CheckpointError {
    move |source| CheckpointError::Failed { action: action.to_owned(), source }
}

#[async_trait]
impl CheckpointStore for Redb {
    type Unit = Unit;

    async fn load(&self, name: &str) -> Result<Option<Checkpoint>, CheckpointError> {
        let found = self.subscription(name).map_err(failure("load a checkpoint"))?;
        Ok(found.checkpoint(SliceRange::ALL).cloned())
    }

    async fn list(&self) -> Result<Vec<Checkpoint>, CheckpointError> {
        let list = || {
            let mut all = Vec::new();
            for entry in self.database.begin_read()?.open_table(SUBSCRIPTIONS)?.iter()? {
                all.extend(json::<StoredSubscription>(entry?.1.value())?.checkpoints().cloned());
            }
            Ok(all)
        };
        list().map_err(failure("list the checkpoints"))
    }

    async fn claim(&self, claim: &Claim<'_>) -> Result<Checkpoint, ClaimError> {
        let claimed = self.change(claim.name, |found| Ok(found.claim(claim, now())?)).await;
        claimed.map_err(|cause| match cause.downcast() {
            Ok(refused) => *refused,
            Err(source) => failure("claim a checkpoint")(source).into(),
        })
    }

    async fn renew(&self, name: &str, epoch: u64, time: Duration) -> Result<bool, CheckpointError> {
        let renewed = self.change(name, |found| Ok(found.renew(epoch, time, now())));
        renewed.await.map_err(failure("renew a lease"))
    }

    async fn dead_letters(&self, name: &str, query: LetterQuery) -> Result<Vec<DeadLetter>, CheckpointError> {
        Ok(self.subscription(name).map_err(failure("read dead letters"))?.letters().page(query))
    }

    async fn parked(&self, name: &str, streams: &[StreamId]) -> Result<Vec<DeadLetter>, CheckpointError> {
        let found = self.subscription(name).map_err(failure("read dead letters"))?;
        Ok(streams.iter().filter_map(|stream| found.letters().parked(stream).cloned()).collect())
    }

    async fn forget_dismissed(&self, name: &str, before: DateTime<Utc>) -> Result<u64, CheckpointError> {
        let forgotten = self.change(name, |found| Ok(found.forget_dismissed(before)));
        forgotten.await.map_err(failure("forget dismissed letters"))
    }

    async fn snapshot(&self, name: &str) -> Result<Option<ProjectionSnapshot>, CheckpointError> {
        Ok(self.subscription(name).map_err(failure("read a snapshot"))?.snapshot().cloned())
    }

    async fn begin(&self) -> Result<Unit, CheckpointError> {
        let writing = self.begin_write().await.map_err(failure("begin a batch"))?;
        let batch = Some(Batch(Arc::new(Mutex::new(Some(writing)))));
        Ok(Unit { db: self.clone(), batch, scope: RepositoryScope::default() })
    }

    fn detached(&self) -> Unit {
        Unit { db: self.clone(), batch: None, scope: RepositoryScope::default() }
    }

    fn is_durable(&self) -> bool {
        true
    }
}

/// A batch: its transaction, its repositories, and at the end its checkpoint.
pub struct Unit {
    db: Redb,
    /// `None` in a detached unit, which begins its transaction when it commits.
    batch: Option<Batch>,
    scope: RepositoryScope,
}

/// The transaction of a batch, which its repositories share. It is `None` after the batch has ended.
#[derive(Clone)]
struct Batch(Arc<Mutex<Option<Writing>>>);

impl Batch {
    fn lock(&self) -> MutexGuard<'_, Option<Writing>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Unit {
    /// Writes the rows, changes the subscription and commits.
    async fn end(
        mut self,
        name: &str,
        change: impl FnOnce(&mut StoredSubscription) -> Result<(), CommitError> + Send,
    ) -> Result<(), CommitError> {
        let failure = failure("commit a batch");
        self.scope.flush().await?;
        let writing = match self.batch.take().map(|batch| batch.lock().take()) {
            Some(writing) => writing.ok_or(CommitError::TransactionEnded)?,
            None => self.db.begin_write().await.map_err(&failure)?,
        };
        let stored = || subscription(&writing.tx.open_table(SUBSCRIPTIONS)?, name);
        let mut subscription = stored().map_err(&failure)?;
        change(&mut subscription)?;
        writing.store(name, &subscription).map_err(&failure)?;
        Ok(writing.commit().await.map_err(&failure)?)
    }
}

impl std::fmt::Debug for Unit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Unit").field("scope", &self.scope).finish_non_exhaustive()
    }
}

impl UnitOfWork for Unit {
    async fn commit(self, update: &CheckpointUpdate) -> Result<(), CommitError> {
        self.end(&update.name, |subscription| subscription.update(update, now())).await
    }

    async fn clear(self, reset: &CheckpointReset) -> Result<(), CommitError> {
        self.end(&reset.name, |subscription| subscription.clear(reset)).await
    }

    async fn rollback(self) {}

    fn begin_batch(&mut self, events: &[Arc<RecordedEvent>]) {
        self.scope.begin_batch(events);
    }

    fn begin_event(&mut self, event: &RecordedEvent) {
        self.scope.begin_event(event);
    }
}

impl<M: ReadModel> Inject<Unit> for Repository<M> {
    type Guard = Box<Self>;

    async fn inject(unit: &mut Unit) -> Result<Box<Self>, HandlerError> {
        let batch = unit.batch.clone().ok_or_else(|| HandlerError::permanent("there is no transaction"))?;
        Ok(Box::new(unit.scope.repository(|| Box::new(batch))))
    }
}

/// Returns the columns of `table` as a text.
fn shape(table: &Table) -> String {
    let columns = table.columns.iter().map(|column| format!("{} {:?} {}", column.name, column.kind, column.nullable));
    columns.collect::<Vec<_>>().join(", ")
}

fn key(id: &Value) -> Result<Vec<u8>, Cause> {
    Ok(postcard::to_stdvec(id)?)
}

fn error(table: &Table, action: &'static str) -> impl Fn(Cause) -> ReadModelError {
    let table = table.name;
    move |source| match source.downcast() {
        Ok(error) => *error,
        Err(source) => ReadModelError::Failed { table, action, source },
    }
}

/// Fails if the rows of `table` have other columns than its model.
fn check(table: &Table, found: Option<&str>) -> Result<(), Cause> {
    let (found, wanted) = (found.unwrap_or_default(), shape(table));
    if found.is_empty() || found == wanted {
        return Ok(());
    }
    let differences = vec![format!("its columns are {found}, not {wanted}")];
    Err(ReadModelError::Mismatch { table: table.name, differences, deployment: Deployment::Unknown }.into())
}

type RowKey = (&'static str, Bytes);

/// Returns the rows of `table` with these ids.
fn load(rows: &impl ReadableTable<RowKey, Bytes>, table: &Table, ids: &[Value]) -> Result<Vec<Row>, Cause> {
    let mut found = Vec::new();
    for id in ids {
        if let Some(row) = rows.get((table.name, &*key(id)?))? {
            found.push(postcard::from_bytes(row.value())?);
        }
    }
    Ok(found)
}

/// Returns all rows of `table`.
fn scan(rows: &impl ReadableTable<RowKey, Bytes>, table: &Table) -> Result<Vec<Row>, Cause> {
    let mut all = Vec::new();
    for entry in rows.range::<(&str, &[u8])>((table.name, &[][..])..)? {
        let (key, row) = entry?;
        if key.value().0 != table.name {
            break;
        }
        all.push(postcard::from_bytes(row.value())?);
    }
    Ok(all)
}

/// Stores a row, in place of the one with its id.
fn put(rows: &mut redb::Table<'_, RowKey, Bytes>, table: &Table, row: &Row) -> Result<(), Cause> {
    rows.insert((table.name, &*key(&row.id(table))?), &*postcard::to_stdvec(row)?)?;
    Ok(())
}

impl Redb {
    /// Calls `read` with the committed rows, after a check of the columns of `table`.
    fn read_rows<T>(
        &self,
        table: &'static Table,
        read: impl FnOnce(&redb::ReadOnlyTable<RowKey, Bytes>) -> Result<T, Cause>,
    ) -> Result<T, ReadModelError> {
        let rows = || {
            let tx = self.database.begin_read()?;
            check(table, tx.open_table(SHAPES)?.get(table.name)?.as_ref().map(|found| found.value()))?;
            read(&tx.open_table(ROWS)?)
        };
        rows().map_err(error(table, "read"))
    }
}

#[async_trait]
impl ReadTables for Redb {
    async fn load(&self, table: &'static Table, ids: &[Value]) -> Result<Vec<Row>, ReadModelError> {
        self.read_rows(table, |rows| load(rows, table, ids))
    }

    async fn select(&self, table: &'static Table, query: &Select) -> Result<Vec<Row>, ReadModelError> {
        Ok(query.apply(&self.read_rows(table, |rows| scan(rows, table))?))
    }

    async fn count(&self, table: &'static Table, query: &Select) -> Result<u64, ReadModelError> {
        Ok(query.count(&self.read_rows(table, |rows| scan(rows, table))?))
    }
}

impl Batch {
    /// Calls `work` with the rows in the transaction of the batch. The first call for a table stores its columns.
    fn with_rows<T>(
        &self,
        table: &'static Table,
        action: &'static str,
        work: impl FnOnce(&mut redb::Table<'_, RowKey, Bytes>) -> Result<T, Cause>,
    ) -> Result<T, ReadModelError> {
        let guard = self.lock();
        let ended = || ReadModelError::NotLent { reason: "the batch has ended".to_owned() };
        let tx = &guard.as_ref().ok_or_else(ended)?.tx;
        let work = || {
            let mut shapes = tx.open_table(SHAPES)?;
            check(table, shapes.get(table.name)?.as_ref().map(|found| found.value()))?;
            shapes.insert(table.name, &*shape(table))?;
            work(&mut tx.open_table(ROWS)?)
        };
        work().map_err(error(table, action))
    }
}

#[async_trait]
impl ReadTables for Batch {
    async fn load(&self, table: &'static Table, ids: &[Value]) -> Result<Vec<Row>, ReadModelError> {
        self.with_rows(table, "read", |rows| load(rows, table, ids))
    }

    async fn select(&self, table: &'static Table, query: &Select) -> Result<Vec<Row>, ReadModelError> {
        Ok(query.apply(&self.with_rows(table, "read", |rows| scan(rows, table))?))
    }

    async fn count(&self, table: &'static Table, query: &Select) -> Result<u64, ReadModelError> {
        Ok(query.count(&self.with_rows(table, "read", |rows| scan(rows, table))?))
    }
}

#[async_trait]
impl WriteTables for Batch {
    async fn merge(&self, table: &'static Table, changes: &[RowChange<'_>]) -> Result<(), ReadModelError> {
        self.with_rows(table, "write to", |rows| {
            for change in changes {
                let stored = load(rows, table, &[change.row.id(table)])?.pop();
                put(rows, table, &change.row.clone().onto(stored))?;
            }
            Ok(())
        })
    }

    async fn update(&self, table: &'static Table, changes: &[RowChange<'_>]) -> Result<(), ReadModelError> {
        self.with_rows(table, "write to", |rows| changes.iter().try_for_each(|change| put(rows, table, change.row)))
    }

    async fn delete(&self, table: &'static Table, ids: &[&Value]) -> Result<(), ReadModelError> {
        self.with_rows(table, "write to", |rows| {
            for id in ids {
                rows.remove((table.name, &*key(id)?))?;
            }
            Ok(())
        })
    }

    /// Ends the transaction also if a handler has kept a repository.
    fn close(&self) {
        self.lock().take();
    }

    /// The columns may have changed since the rows were written, as in a rebuild.
    async fn truncate(&self, table: &'static Table) -> Result<(), ReadModelError> {
        if let Some(writing) = self.lock().as_ref() {
            let forget = || writing.tx.open_table(SHAPES)?.remove(table.name).map(drop).map_err(Cause::from);
            forget().map_err(error(table, "empty"))?;
        }
        self.with_rows(table, "empty", |rows| Ok(rows.retain(|(name, _), _| name != table.name)?))
    }
}
