//! The stores of a database, from the database.

use super::{
    SqliteCheckpoints, SqliteDatabase, SqliteEventStore, SqliteProjectionStates, SqliteReadModels, SqliteSnapshots,
};
use crate::subscription::Backend;

/// The stores in the file. Each call returns another handle of the same store.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// use eventsource::prelude::*;
/// use eventsource::sqlite::{SqliteDatabase, SqliteOptions};
///
/// let db = SqliteDatabase::open_with(SqliteOptions::new(":memory:").connections(1)).await?;
/// let manager = SubscriptionManager::new(db.event_store(), MemoryEventBus::new(), db.checkpoints());
/// # drop(manager);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
impl SqliteDatabase {
    /// Returns the log in the file.
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # use eventsource::sqlite::{SqliteDatabase, SqliteOptions};
    /// # let db = SqliteDatabase::open_with(SqliteOptions::new(":memory:").connections(1)).await?;
    /// use eventsource::{EventLog, Position};
    ///
    /// assert_eq!(db.event_store().head().await?, Position::START);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn event_store(&self) -> SqliteEventStore {
        SqliteEventStore::new(self)
    }

    /// Returns the checkpoints in the file.
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # use eventsource::sqlite::{SqliteDatabase, SqliteOptions};
    /// # let db = SqliteDatabase::open_with(SqliteOptions::new(":memory:").connections(1)).await?;
    /// use eventsource::CheckpointStore;
    ///
    /// assert!(db.checkpoints().load("orders").await?.is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn checkpoints(&self) -> SqliteCheckpoints {
        SqliteCheckpoints::new(self)
    }

    /// Returns the read models in the file, of which it creates the tables and through which it reads them.
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # use eventsource::sqlite::{SqliteDatabase, SqliteOptions};
    /// # let db = SqliteDatabase::open_with(SqliteOptions::new(":memory:").connections(1)).await?;
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
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn read_models(&self) -> SqliteReadModels {
        SqliteReadModels::new(self)
    }

    /// Returns the snapshots of aggregates in the file, for
    /// [`AggregateRepository::with_snapshots`](crate::AggregateRepository::with_snapshots).
    #[must_use]
    pub fn snapshots(&self) -> SqliteSnapshots {
        SqliteSnapshots::new(self)
    }

    /// Returns the progress of engines in the file, for [`ProjectionEngine::new`](crate::engine::ProjectionEngine::new).
    #[must_use]
    pub fn projection_states(&self) -> SqliteProjectionStates {
        SqliteProjectionStates::new(self)
    }
}

impl Backend for SqliteDatabase {
    type Store = SqliteEventStore;
    type Checkpoints = SqliteCheckpoints;

    fn event_store(&self) -> SqliteEventStore {
        self.event_store()
    }

    fn checkpoints(&self) -> SqliteCheckpoints {
        self.checkpoints()
    }
}
