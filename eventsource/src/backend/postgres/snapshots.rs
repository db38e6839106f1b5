//! Snapshots of aggregates in PostgreSQL (feature `postgres`).

use async_trait::async_trait;
use sqlx::Postgres;
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use uuid::Uuid;

use crate::aggregate::{AggregateSnapshot, SnapshotStore};
use crate::backend::postgres::store::PostgresDatabase;
use crate::backend::postgres::store::failure::store_error;
use crate::backend::sql::store::{Action, Failure, clamped, unsigned};
use crate::event::StreamId;
use crate::store::StoreError;

const LOAD: &str = "SELECT version, event_id, shape, state FROM {schema}.eventsource_aggregate_snapshots \
     WHERE aggregate_type = $1 AND aggregate_id = $2 ORDER BY shape = $3 DESC, version DESC LIMIT 1";
const SAVE: &str = "INSERT INTO {schema}.eventsource_aggregate_snapshots AS own \
     (aggregate_type, aggregate_id, shape, version, event_id, state) VALUES ($1, $2, $3, $4, $5, $6) \
     ON CONFLICT (aggregate_type, aggregate_id, shape) DO UPDATE SET version = excluded.version, \
     event_id = excluded.event_id, state = excluded.state, taken_at = excluded.taken_at \
     WHERE excluded.version >= own.version";
const DISCARD: &str = "DELETE FROM {schema}.eventsource_aggregate_snapshots \
     WHERE aggregate_type = $1 AND aggregate_id = $2 AND shape = $3 AND version = $4 AND event_id = $5";
const DELETE: &str =
    "DELETE FROM {schema}.eventsource_aggregate_snapshots WHERE aggregate_type = $1 AND aggregate_id = $2";
const DELETE_ALL: &str = "DELETE FROM {schema}.eventsource_aggregate_snapshots WHERE aggregate_type = $1";

/// A store for snapshots of aggregates in PostgreSQL. A clone is the same store.
///
/// ```no_run
/// use eventsource::postgres::{PostgresDatabase, PostgresSnapshots};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let db = PostgresDatabase::open("postgres://shop@localhost/shop").await?;
/// let snapshots = PostgresSnapshots::new(&db);
/// # let _ = snapshots;
/// # Ok(())
/// # }
/// ```
///
/// Give it to [`AggregateRepository::with_snapshots`](crate::AggregateRepository::with_snapshots).
#[derive(Debug, Clone)]
pub struct PostgresSnapshots {
    db: PostgresDatabase,
}

impl PostgresSnapshots {
    /// Creates the store of the snapshots in `db`.
    ///
    /// # Examples
    /// ```no_run
    /// # use eventsource::postgres::PostgresDatabase;
    /// use eventsource::postgres::PostgresSnapshots;
    ///
    /// # fn example(db: PostgresDatabase) {
    /// let snapshots = PostgresSnapshots::new(&db);
    /// # }
    /// ```
    #[must_use]
    pub fn new(db: &PostgresDatabase) -> Self {
        Self { db: db.clone() }
    }

    async fn find(&self, stream: &StreamId, shape: &str) -> Result<Option<AggregateSnapshot>, Failure> {
        let mut session = self.db.session().await?;
        let load = sqlx::query_as(self.db.sql(LOAD)).persistent(self.db.names_statements());
        let load = load.bind(stream.aggregate_type()).bind(stream.aggregate_id()).bind(shape);
        let row: Option<(i64, Uuid, String, String)> = load.fetch_optional(&mut *session).await?;
        session.end().await?;
        row.map(|(version, event_id, shape, state)| {
            let version = unsigned(version, "the version of a snapshot")?;
            Ok(AggregateSnapshot::new(stream.clone(), version, event_id, shape, state))
        })
        .transpose()
    }

    /// Runs a statement, and returns the number of changed rows.
    async fn write(&self, action: Action<'_>, query: Query<'_, Postgres, PgArguments>) -> Result<u64, StoreError> {
        let write = async {
            let mut session = self.db.session().await?;
            let done = query.persistent(self.db.names_statements()).execute(&mut *session).await?;
            session.end().await?;
            Ok(done.rows_affected())
        };
        write.await.map_err(|error: sqlx::Error| store_error(action, error.into()))
    }
}

#[async_trait]
impl SnapshotStore for PostgresSnapshots {
    async fn load(&self, stream: &StreamId, shape: &str) -> Result<Option<AggregateSnapshot>, StoreError> {
        let found = self.db.again(|| self.find(stream, shape)).await;
        found.map_err(|failure| store_error(Action::LoadSnapshot(stream), failure))
    }

    async fn save(&self, snapshot: &AggregateSnapshot) -> Result<bool, StoreError> {
        let AggregateSnapshot { stream, version, event_id, shape, state } = snapshot;
        let query = sqlx::query(self.db.sql(SAVE)).bind(stream.aggregate_type()).bind(stream.aggregate_id());
        let query = query.bind(shape).bind(clamped(*version)).bind(event_id).bind(state);
        Ok(self.write(Action::SaveSnapshot(stream), query).await? > 0)
    }

    async fn discard(&self, snapshot: &AggregateSnapshot) -> Result<(), StoreError> {
        let AggregateSnapshot { stream, version, event_id, shape, .. } = snapshot;
        let query = sqlx::query(self.db.sql(DISCARD)).bind(stream.aggregate_type()).bind(stream.aggregate_id());
        let query = query.bind(shape).bind(clamped(*version)).bind(event_id);
        self.write(Action::DeleteSnapshots, query).await.map(drop)
    }

    async fn delete(&self, stream: &StreamId) -> Result<u64, StoreError> {
        let query = sqlx::query(self.db.sql(DELETE)).bind(stream.aggregate_type()).bind(stream.aggregate_id());
        self.write(Action::DeleteSnapshots, query).await
    }

    async fn delete_all(&self, aggregate_type: &str) -> Result<u64, StoreError> {
        let query = sqlx::query(self.db.sql(DELETE_ALL)).bind(aggregate_type);
        self.write(Action::DeleteSnapshots, query).await
    }
}
