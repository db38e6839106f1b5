//! Snapshots of aggregates in a SQLite file (feature `sqlite`).

use async_trait::async_trait;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments as _, Encode, Sqlite, Type};
use uuid::Uuid;

use crate::aggregate::{AggregateSnapshot, SnapshotStore};
use crate::backend::sql::store::{Action, clamped, unsigned};
use crate::backend::sqlite::store::SqliteDatabase;
use crate::backend::sqlite::store::busy::Failure;
use crate::event::{StreamId, now};
use crate::store::StoreError;

const LOAD: &str = "SELECT version, event_id, shape, state FROM eventsource_aggregate_snapshots \
     WHERE aggregate_type = ?1 AND aggregate_id = ?2 ORDER BY shape = ?3 DESC, version DESC LIMIT 1";
const SAVE: &str = "INSERT INTO eventsource_aggregate_snapshots \
     (aggregate_type, aggregate_id, shape, version, event_id, state, taken_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) \
     ON CONFLICT (aggregate_type, aggregate_id, shape) DO UPDATE SET version = excluded.version, \
     event_id = excluded.event_id, state = excluded.state, taken_at = excluded.taken_at \
     WHERE excluded.version >= eventsource_aggregate_snapshots.version";
const DISCARD: &str = "DELETE FROM eventsource_aggregate_snapshots \
     WHERE aggregate_type = ?1 AND aggregate_id = ?2 AND shape = ?3 AND version = ?4 AND event_id = ?5";
const DELETE: &str = "DELETE FROM eventsource_aggregate_snapshots WHERE aggregate_type = ?1 AND aggregate_id = ?2";
const DELETE_ALL: &str = "DELETE FROM eventsource_aggregate_snapshots WHERE aggregate_type = ?1";

/// A store for snapshots of aggregates in a SQLite file. A clone is the same store.
///
/// ```
/// use eventsource::sqlite::{SqliteDatabase, SqliteOptions, SqliteSnapshots};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let db = SqliteDatabase::open_with(SqliteOptions::new(":memory:").connections(1)).await?;
/// let snapshots = SqliteSnapshots::new(&db);
/// # let _ = snapshots;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
///
/// Give it to [`AggregateRepository::with_snapshots`](crate::AggregateRepository::with_snapshots).
#[derive(Debug, Clone)]
pub struct SqliteSnapshots {
    db: SqliteDatabase,
}

impl SqliteSnapshots {
    /// Creates the store of the snapshots in `db`.
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # use eventsource::sqlite::{SqliteDatabase, SqliteOptions};
    /// # let db = SqliteDatabase::open_with(SqliteOptions::new(":memory:").connections(1)).await?;
    /// use eventsource::aggregate::SnapshotStore;
    /// use eventsource::sqlite::SqliteSnapshots;
    ///
    /// let snapshots = SqliteSnapshots::new(&db);
    /// assert_eq!(snapshots.delete_all("Account").await?, 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn new(db: &SqliteDatabase) -> Self {
        Self { db: db.clone() }
    }

    /// Runs a statement, and returns the number of changed rows.
    async fn write(
        &self,
        action: Action<'_>,
        sql: &'static str,
        arguments: Result<SqliteArguments, Failure>,
    ) -> Result<u64, StoreError> {
        let patience = self.db.patience(action);
        let arguments = arguments.map_err(|failure| patience.error(failure))?;
        let mut writing = self.db.write(&patience).await?;
        let done = sqlx::query_with(sql, arguments).execute(&mut *writing.tx).await;
        let rows = done.map_err(|error| patience.error(error.into()))?.rows_affected();
        writing.tx.commit().await.map_err(|error| patience.error(error.into()))?;
        Ok(rows)
    }
}

/// The arguments of a statement.
struct Bound(Result<SqliteArguments, Failure>);

impl Bound {
    fn stream(stream: &StreamId) -> Self {
        Self(Ok(SqliteArguments::default())).and(stream.aggregate_type()).and(stream.aggregate_id())
    }

    fn and<'q, T: Encode<'q, Sqlite> + Type<Sqlite>>(self, value: T) -> Self {
        Self(self.0.and_then(|mut arguments| match arguments.add(value) {
            Ok(()) => Ok(arguments),
            Err(error) => Err(Failure::Database(sqlx::Error::Encode(error))),
        }))
    }
}

#[async_trait]
impl SnapshotStore for SqliteSnapshots {
    async fn load(&self, stream: &StreamId, shape: &str) -> Result<Option<AggregateSnapshot>, StoreError> {
        let find = || async {
            let load = sqlx::query_as(LOAD).bind(stream.aggregate_type()).bind(stream.aggregate_id()).bind(shape);
            let row: Option<(i64, Uuid, String, String)> = load.fetch_optional(self.db.pool()).await?;
            row.map(|(version, event_id, shape, state)| {
                let version = unsigned(version, "the version of a snapshot")?;
                Ok::<_, Failure>(AggregateSnapshot::new(stream.clone(), version, event_id, shape, state))
            })
            .transpose()
        };
        self.db.read(Action::LoadSnapshot(stream), find).await
    }

    async fn save(&self, snapshot: &AggregateSnapshot) -> Result<bool, StoreError> {
        let AggregateSnapshot { stream, version, event_id, shape, state } = snapshot;
        let bound = Bound::stream(stream).and(shape.as_str()).and(clamped(*version)).and(*event_id);
        let bound = bound.and(state.as_str()).and(now().timestamp_micros());
        Ok(self.write(Action::SaveSnapshot(stream), SAVE, bound.0).await? > 0)
    }

    async fn discard(&self, snapshot: &AggregateSnapshot) -> Result<(), StoreError> {
        let AggregateSnapshot { stream, version, event_id, shape, .. } = snapshot;
        let bound = Bound::stream(stream).and(shape.as_str()).and(clamped(*version)).and(*event_id);
        self.write(Action::DeleteSnapshots, DISCARD, bound.0).await.map(drop)
    }

    async fn delete(&self, stream: &StreamId) -> Result<u64, StoreError> {
        self.write(Action::DeleteSnapshots, DELETE, Bound::stream(stream).0).await
    }

    async fn delete_all(&self, aggregate_type: &str) -> Result<u64, StoreError> {
        let bound = Bound(Ok(SqliteArguments::default())).and(aggregate_type);
        self.write(Action::DeleteSnapshots, DELETE_ALL, bound.0).await
    }
}
