//! Checkpoints in PostgreSQL.

use async_trait::async_trait;

use super::{PostgresUnit, rows};
use crate::event::Position;
use crate::projection::{Checkpoint, CheckpointError, CheckpointStore};
use crate::store::postgres::PostgresDatabase;
use crate::store::sql::{Action, Failure};

/// Checkpoints in PostgreSQL, in which they move together with what handlers write. A clone is the same store.
///
/// ```no_run
/// use eventsource::projection::postgres::PostgresCheckpoints;
/// use eventsource::store::postgres::{PostgresDatabase, PostgresEventStore};
/// use eventsource::{MemoryEventBus, SubscriptionManager};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let db = PostgresDatabase::open("postgres://shop@localhost/shop").await?;
/// let (store, checkpoints) = (PostgresEventStore::new(&db), PostgresCheckpoints::new(&db));
/// let manager = SubscriptionManager::new(store, MemoryEventBus::new(), checkpoints);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct PostgresCheckpoints {
    db: PostgresDatabase,
}

impl PostgresCheckpoints {
    /// The checkpoints in `db`.
    #[must_use]
    pub fn new(db: &PostgresDatabase) -> Self {
        Self { db: db.clone() }
    }

    /// The database that they are in.
    #[must_use]
    pub const fn database(&self) -> &PostgresDatabase {
        &self.db
    }

    async fn try_load(&self, name: &str) -> Result<Option<Checkpoint>, Failure> {
        let mut session = self.db.session().await?;
        let found = rows::load(&self.db, &mut session, name).await?;
        session.end().await?;
        Ok(found)
    }

    async fn try_list(&self) -> Result<Vec<Checkpoint>, Failure> {
        let mut session = self.db.session().await?;
        let found = rows::list(&self.db, &mut session).await?;
        session.end().await?;
        Ok(found)
    }

    async fn try_claim(&self, name: &str, fingerprint: &str, start: Position) -> Result<Checkpoint, Failure> {
        let mut session = self.db.session().await?;
        let claimed = rows::claim(&self.db, &mut session, name, fingerprint, start).await?;
        session.end().await?;
        Ok(claimed)
    }
}

#[async_trait]
impl CheckpointStore for PostgresCheckpoints {
    type Unit = PostgresUnit;

    async fn load(&self, name: &str) -> Result<Option<Checkpoint>, CheckpointError> {
        self.try_load(name).await.map_err(|failure| CheckpointError::failed(Action::Load(name), failure))
    }

    async fn list(&self) -> Result<Vec<Checkpoint>, CheckpointError> {
        self.try_list().await.map_err(|failure| CheckpointError::failed(Action::List, failure))
    }

    async fn claim(&self, name: &str, fingerprint: &str, start: Position) -> Result<Checkpoint, CheckpointError> {
        let claimed = self.try_claim(name, fingerprint, start).await;
        claimed.map_err(|failure| CheckpointError::failed(Action::Claim(name), failure))
    }

    async fn begin(&self) -> Result<PostgresUnit, CheckpointError> {
        let unit = PostgresUnit::begin(&self.db).await;
        unit.map_err(|error| CheckpointError::failed(Action::Begin, error.into()))
    }

    fn detached(&self) -> PostgresUnit {
        PostgresUnit::detached(&self.db)
    }

    fn is_durable(&self) -> bool {
        true
    }
}
