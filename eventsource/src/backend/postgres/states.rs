//! The progress of engines in PostgreSQL (feature `postgres`).

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::backend::postgres::store::PostgresDatabase;
use crate::backend::sql::states::{Row, failed, last_error, numbers, state};
use crate::engine::{ProjectionState, ProjectionStateError, ProjectionStateStore};

const LOAD: &str = "SELECT last_event_id, position, updated_at, events_processed, error_count, last_error, healthy \
     FROM {schema}.eventsource_projection_states WHERE projection_id = $1";
const SAVE: &str = "INSERT INTO {schema}.eventsource_projection_states (projection_id, last_event_id, position, \
     updated_at, events_processed, error_count, last_error, healthy) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
     ON CONFLICT (projection_id) DO UPDATE SET last_event_id = excluded.last_event_id, position = excluded.position, \
     updated_at = excluded.updated_at, events_processed = excluded.events_processed, \
     error_count = excluded.error_count, last_error = excluded.last_error, healthy = excluded.healthy";

/// Keeps the progress of engines in PostgreSQL. A clone is the same store.
///
/// ```no_run
/// use eventsource::engine::ProjectionEngine;
/// use eventsource::postgres::{PostgresDatabase, PostgresProjectionStates};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let db = PostgresDatabase::open("postgres://shop@localhost/shop").await?;
/// let engine = ProjectionEngine::new("orders", PostgresProjectionStates::new(&db));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct PostgresProjectionStates {
    db: PostgresDatabase,
}

impl PostgresProjectionStates {
    /// Creates a store of the progress in `db`.
    #[must_use]
    pub fn new(db: &PostgresDatabase) -> Self {
        Self { db: db.clone() }
    }

    async fn try_load(&self, projection_id: &str) -> Result<Option<Row<DateTime<Utc>>>, sqlx::Error> {
        let mut session = self.db.session().await?;
        let load = sqlx::query_as(self.db.sql(LOAD)).persistent(self.db.names_statements()).bind(projection_id);
        let row = load.fetch_optional(&mut *session).await?;
        session.end().await?;
        Ok(row)
    }

    async fn try_save(&self, state: &ProjectionState) -> Result<(), sqlx::Error> {
        let mut session = self.db.session().await?;
        let [position, events_processed, error_count] = numbers(state);
        let save = sqlx::query(self.db.sql(SAVE))
            .persistent(self.db.names_statements())
            .bind(&state.projection_id)
            .bind(state.last_event_id)
            .bind(position)
            .bind(state.updated_at)
            .bind(events_processed)
            .bind(error_count)
            .bind(last_error(state))
            .bind(state.health.is_healthy());
        save.execute(&mut *session).await?;
        session.end().await
    }
}

#[async_trait]
impl ProjectionStateStore for PostgresProjectionStates {
    async fn load(&self, projection_id: &str) -> Result<Option<ProjectionState>, ProjectionStateError> {
        let row = self.try_load(projection_id).await.map_err(|error| failed(projection_id, "loaded", error))?;
        row.map(|row| state(projection_id, row, Some)).transpose()
    }

    async fn save(&self, state: &ProjectionState) -> Result<(), ProjectionStateError> {
        self.try_save(state).await.map_err(|error| failed(&state.projection_id, "saved", error))
    }
}
