//! The stores of a database, from the database.

use super::{
    PostgresCheckpoints, PostgresDatabase, PostgresEventStore, PostgresProjectionStates, PostgresReadModels,
    PostgresSnapshots,
};
use crate::subscription::Backend;

/// The stores in the database. Each call returns another handle of the same store.
///
/// ```no_run
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// use eventsource::prelude::*;
/// use eventsource::postgres::PostgresDatabase;
///
/// let db = PostgresDatabase::open("postgres://localhost/shop").await?;
/// let manager = SubscriptionManager::new(db.event_store(), MemoryEventBus::new(), db.checkpoints());
/// # drop(manager);
/// # Ok(())
/// # }
/// ```
impl PostgresDatabase {
    /// Returns the log in the database.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// # use eventsource::postgres::PostgresDatabase;
    /// # let db = PostgresDatabase::open("postgres://localhost/shop").await?;
    /// use eventsource::{EventLog, Position};
    ///
    /// assert_eq!(db.event_store().head().await?, Position::START);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn event_store(&self) -> PostgresEventStore {
        PostgresEventStore::new(self)
    }

    /// Returns the checkpoints in the database.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// # use eventsource::postgres::PostgresDatabase;
    /// # let db = PostgresDatabase::open("postgres://localhost/shop").await?;
    /// use eventsource::CheckpointStore;
    ///
    /// assert!(db.checkpoints().load("orders").await?.is_none());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn checkpoints(&self) -> PostgresCheckpoints {
        PostgresCheckpoints::new(self)
    }

    /// Returns the read models in the database, of which it creates the tables and through which it reads them.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// # use eventsource::postgres::PostgresDatabase;
    /// # let db = PostgresDatabase::open("postgres://localhost/shop").await?;
    /// # #[cfg(feature = "macros")] {
    /// use eventsource::ReadModel;
    ///
    /// #[derive(ReadModel)]
    /// struct OrderRow {
    ///     #[read_model(id)]
    ///     id: u64,
    ///     total: i64,
    /// }
    ///
    /// let orders = db.read_models().repository::<OrderRow>();
    /// # let _ = orders;
    /// # }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn read_models(&self) -> PostgresReadModels {
        PostgresReadModels::new(self)
    }

    /// Returns the snapshots of aggregates in the database, for
    /// [`AggregateRepository::with_snapshots`](crate::AggregateRepository::with_snapshots).
    #[must_use]
    pub fn snapshots(&self) -> PostgresSnapshots {
        PostgresSnapshots::new(self)
    }

    /// Returns the progress of engines in the database, for [`ProjectionEngine::new`](crate::engine::ProjectionEngine::new).
    #[must_use]
    pub fn projection_states(&self) -> PostgresProjectionStates {
        PostgresProjectionStates::new(self)
    }
}

impl Backend for PostgresDatabase {
    type Store = PostgresEventStore;
    type Checkpoints = PostgresCheckpoints;

    fn event_store(&self) -> PostgresEventStore {
        self.event_store()
    }

    fn checkpoints(&self) -> PostgresCheckpoints {
        self.checkpoints()
    }
}
