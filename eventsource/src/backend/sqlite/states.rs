//! The progress of engines in a SQLite file (feature `sqlite`).

use async_trait::async_trait;
use chrono::DateTime;

use crate::backend::sql::states::{Row, failed, last_error, numbers, state};
use crate::backend::sql::store::Action;
use crate::backend::sqlite::store::SqliteDatabase;
use crate::backend::sqlite::store::busy::Failure;
use crate::engine::{ProjectionState, ProjectionStateError, ProjectionStateStore};
use crate::store::StoreError;

const LOAD: &str = "SELECT last_event_id, position, updated_at, events_processed, error_count, last_error, healthy \
     FROM eventsource_projection_states WHERE projection_id = ?1";
const SAVE: &str = "INSERT INTO eventsource_projection_states (projection_id, last_event_id, position, updated_at, \
     events_processed, error_count, last_error, healthy) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) \
     ON CONFLICT (projection_id) DO UPDATE SET last_event_id = excluded.last_event_id, position = excluded.position, \
     updated_at = excluded.updated_at, events_processed = excluded.events_processed, \
     error_count = excluded.error_count, last_error = excluded.last_error, healthy = excluded.healthy";

/// Keeps the progress of engines in a SQLite file. A clone is the same store.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// use eventsource::engine::ProjectionEngine;
/// use eventsource::sqlite::{SqliteDatabase, SqliteOptions, SqliteProjectionStates};
///
/// let db = SqliteDatabase::open_with(SqliteOptions::new(":memory:").connections(1)).await?;
/// let mut engine = ProjectionEngine::new("orders", SqliteProjectionStates::new(&db));
/// assert_eq!(engine.load().await?.events_processed, 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct SqliteProjectionStates {
    db: SqliteDatabase,
}

impl SqliteProjectionStates {
    /// Creates a store of the progress in `db`.
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// use eventsource::sqlite::SqliteProjectionStates;
    /// use eventsource::engine::{ProjectionState, ProjectionStateStore};
    /// # use eventsource::sqlite::{SqliteDatabase, SqliteOptions};
    ///
    /// # let db = SqliteDatabase::open_with(SqliteOptions::new(":memory:").connections(1)).await?;
    /// let states = SqliteProjectionStates::new(&db);
    /// states.save(&ProjectionState::new("orders")).await?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn new(db: &SqliteDatabase) -> Self {
        Self { db: db.clone() }
    }

    async fn try_save(&self, state: &ProjectionState) -> Result<(), StoreError> {
        let patience = self.db.patience(Action::On("save the progress of", &state.projection_id));
        let mut writing = self.db.write(&patience).await?;
        let [position, events_processed, error_count] = numbers(state);
        let save = sqlx::query(SAVE)
            .bind(&state.projection_id)
            .bind(state.last_event_id)
            .bind(position)
            .bind(state.updated_at.timestamp_micros())
            .bind(events_processed)
            .bind(error_count)
            .bind(last_error(state))
            .bind(state.health.is_healthy());
        let done = async { save.execute(&mut *writing.tx).await.map(drop).map_err(Failure::from) };
        done.await.map_err(|failure| patience.error(failure))?;
        writing.tx.commit().await.map_err(|error| patience.error(error.into()))
    }

    async fn try_load(&self, projection_id: &str) -> Result<Option<Row<i64>>, StoreError> {
        let load = || async {
            let load = sqlx::query_as(LOAD).bind(projection_id);
            load.fetch_optional(self.db.pool()).await.map_err(Failure::from)
        };
        self.db.read(Action::On("load the progress of", projection_id), load).await
    }
}

#[async_trait]
impl ProjectionStateStore for SqliteProjectionStates {
    async fn load(&self, projection_id: &str) -> Result<Option<ProjectionState>, ProjectionStateError> {
        let row = self.try_load(projection_id).await.map_err(|error| failed(projection_id, "loaded", error))?;
        row.map(|row| state(projection_id, row, DateTime::from_timestamp_micros)).transpose()
    }

    async fn save(&self, state: &ProjectionState) -> Result<(), ProjectionStateError> {
        self.try_save(state).await.map_err(|error| failed(&state.projection_id, "saved", error))
    }
}
