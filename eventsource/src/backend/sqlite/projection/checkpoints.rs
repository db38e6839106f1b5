//! Checkpoints in a SQLite file.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sqlx::Sqlite;
use sqlx::pool::PoolConnection;

use super::sightings::Sightings;
use super::{SqliteUnit, claim, letters};
use crate::backend::sql::projection::{ForgetLetters, SqlScope, forget_letters, letter_pages, rows, search};
use crate::backend::sql::store::Action;
use crate::backend::sqlite::store::busy::Failure;
use crate::backend::sqlite::store::{SqliteDatabase, Writing};
use crate::event::{Position, StreamId};
use crate::projection::operations::Operations;
use crate::projection::{
    Checkpoint, CheckpointError, CheckpointStore, Claim, ClaimError, DeadLetter, Finding, Generations, LetterCounts,
    LetterGroups, LetterKey, LetterPage, LetterQuery, LetterSearch, ProjectionSnapshot, TableOwners, Trials,
};
use crate::store::StoreError;

/// Keeps checkpoints in a SQLite file. They move in the transaction in which handlers write. A clone is the same store.
///
/// ```
/// use eventsource::Position;
/// use eventsource::sqlite::{SqliteCheckpoints, SqliteDatabase};
/// use eventsource::projection::{CheckpointUpdate, CheckpointStore, Claim, Inject, UnitOfWork};
/// use eventsource::sqlx::{self, SqliteConnection};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// # let path = std::env::temp_dir().join(format!("eventsource-doc-{}.db", uuid::Uuid::now_v7()));
/// let db = SqliteDatabase::open(&path).await?;
/// let checkpoints = SqliteCheckpoints::new(&db);
/// let mine = checkpoints.claim(&Claim::new("orders", "v1", Position::START)).await?;
///
/// let mut unit = checkpoints.begin().await?;
/// let mut conn = SqliteConnection::inject(&mut unit).await.map_err(|error| error.to_string())?;
/// sqlx::query("CREATE TABLE orders (id INTEGER PRIMARY KEY)").execute(&mut *conn).await?;
/// drop(conn);
/// unit.commit(&CheckpointUpdate::new("orders", mine.epoch, mine.position, Position::new(7))).await?;
/// # db.close().await;
/// # std::fs::remove_file(path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct SqliteCheckpoints {
    db: SqliteDatabase,
    /// The leases of other owners that this process has seen.
    sightings: Arc<Sightings>,
}

impl SqliteCheckpoints {
    /// Creates a store of the checkpoints in `db`. It neither reads nor writes: opening the database creates the
    /// tables.
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// use eventsource::sqlite::{SqliteCheckpoints, SqliteDatabase, SqliteEventStore, SqliteOptions};
    /// use eventsource::{MemoryEventBus, SubscriptionManager};
    ///
    /// let db = SqliteDatabase::open_with(SqliteOptions::new(":memory:").connections(1)).await?;
    /// let (store, checkpoints) = (SqliteEventStore::new(&db), SqliteCheckpoints::new(&db));
    /// let manager = SubscriptionManager::new(store, MemoryEventBus::new(), checkpoints);
    /// # let _ = manager;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn new(db: &SqliteDatabase) -> Self {
        Self { db: db.clone(), sightings: Arc::default() }
    }

    /// Returns the database, such as to close it or to read rows with SQL.
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # use eventsource::sqlite::{SqliteCheckpoints, SqliteDatabase, SqliteOptions};
    /// # let db = SqliteDatabase::open_with(SqliteOptions::new(":memory:").connections(1)).await?;
    /// let checkpoints = SqliteCheckpoints::new(&db);
    /// checkpoints.database().close().await;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub const fn database(&self) -> &SqliteDatabase {
        &self.db
    }

    pub(crate) fn sightings(&self) -> &Sightings {
        &self.sightings
    }

    /// Returns a connection that reads.
    pub(crate) async fn read_connection(&self, action: Action<'_>) -> Result<PoolConnection<Sqlite>, CheckpointError> {
        self.db.check_read(action).map_err(|error| CheckpointError::of(action, error))?;
        self.db.pool().acquire().await.map_err(|error| CheckpointError::failed(action, error.into()))
    }

    /// Commits what was written, unless it failed.
    pub(super) async fn commit<T>(
        action: Action<'_>,
        writing: Writing,
        written: Result<T, Failure>,
    ) -> Result<T, CheckpointError> {
        let written = written.map_err(|failure| CheckpointError::failed(action, failure))?;
        writing.tx.commit().await.map_err(|error| CheckpointError::failed(action, error.into()))?;
        Ok(written)
    }
}

/// Reads on a connection, and again while another connection locks the file.
macro_rules! read {
    ($checkpoints:expr, $action:expr, |$conn:ident| $read:expr) => {{
        let read = || async {
            let mut conn = $checkpoints.database().pool().acquire().await?;
            let $conn = &mut *conn;
            $read.await
        };
        $checkpoints.database().read($action, read).await.map_err(|error| CheckpointError::of($action, error))
    }};
}
pub(super) use read;

#[async_trait]
impl CheckpointStore for SqliteCheckpoints {
    type Unit = SqliteUnit;

    async fn load(&self, name: &str) -> Result<Option<Checkpoint>, CheckpointError> {
        read!(self, Action::Load(name), |conn| rows::load(&self.db, conn, name))
    }

    async fn list(&self) -> Result<Vec<Checkpoint>, CheckpointError> {
        read!(self, Action::List, |conn| rows::list(&self.db, conn))
    }

    async fn claim(&self, claim: &Claim<'_>) -> Result<Checkpoint, ClaimError> {
        let action = Action::Claim(claim.name);
        let mut writing = self.writing(action).await?;
        let claimed = claim::claim(&self.db, &mut writing.tx, claim, self.sightings()).await;
        let claimed = claimed.map_err(|failure| CheckpointError::failed(action, failure))?;
        // A refused claim does not raise the counter of epochs: the transaction is rolled back.
        let claimed = claimed.of(claim.name)?;
        Ok(Self::commit(action, writing, Ok(claimed)).await?)
    }

    async fn renew(&self, name: &str, epoch: u64, time: Duration) -> Result<bool, CheckpointError> {
        let action = Action::Renew(name);
        let mut writing = self.writing(action).await?;
        let renewed = rows::renew(&self.db, &mut writing.tx, name, epoch, time).await;
        Self::commit(action, writing, renewed).await
    }

    async fn dead_letters(&self, name: &str, query: LetterQuery) -> Result<Vec<DeadLetter>, CheckpointError> {
        read!(self, Action::Letters(name), |conn| letter_pages::page(&self.db, conn, name, query))
    }

    async fn dead_letter(&self, name: &str, position: Position) -> Result<Option<DeadLetter>, CheckpointError> {
        read!(self, Action::Letters(name), |conn| letter_pages::at(&self.db, conn, name, position))
    }

    async fn parked(&self, name: &str, streams: &[StreamId]) -> Result<Vec<DeadLetter>, CheckpointError> {
        read!(self, Action::Letters(name), |conn| letter_pages::parked(&self.db, conn, name, streams))
    }

    async fn letter_counts(&self, names: &[&str]) -> Result<BTreeMap<String, LetterCounts>, CheckpointError> {
        read!(self, Action::CountLetters, |conn| letter_pages::counts(&self.db, conn, names))
    }

    async fn find_letters(
        &self,
        search: &LetterSearch,
        after: Option<&LetterKey>,
        limit: usize,
    ) -> Result<LetterPage, CheckpointError> {
        read!(self, Action::SearchLetters, |conn| search::find(&self.db, conn, search, after, limit))
    }

    async fn letter_groups(&self, search: &LetterSearch) -> Result<LetterGroups, CheckpointError> {
        read!(self, Action::SearchLetters, |conn| search::group(&self.db, conn, search))
    }

    async fn forget_dismissed(&self, name: &str, before: DateTime<Utc>) -> Result<u64, CheckpointError> {
        forget_letters(Dismissed { checkpoints: self, name }, before).await
    }

    async fn diagnose(&self) -> Result<Vec<Finding>, CheckpointError> {
        let action = Action::On("look for problems of", "the file");
        let mut conn = self.read_connection(action).await?;
        self.db.diagnose(&mut conn).await.map_err(|failure| CheckpointError::failed(action, failure))
    }

    async fn snapshot(&self, name: &str) -> Result<Option<ProjectionSnapshot>, CheckpointError> {
        read!(self, Action::On("read the snapshot of", name), |conn| rows::snapshot(&self.db, conn, name))
    }

    async fn begin(&self) -> Result<SqliteUnit, CheckpointError> {
        SqliteUnit::begin(&self.db, SqlScope::default())
            .await
            .map_err(|error| CheckpointError::of(Action::Begin, error))
    }

    fn detached(&self) -> SqliteUnit {
        SqliteUnit::detached(&self.db)
    }

    fn generations(&self) -> Option<&dyn Generations<SqliteUnit>> {
        Some(self)
    }

    fn trials(&self) -> Option<&dyn Trials<SqliteUnit>> {
        Some(self)
    }

    fn owners(&self) -> Option<&dyn TableOwners> {
        Some(self)
    }

    fn operations(&self) -> Option<&dyn Operations> {
        Some(self)
    }

    fn is_durable(&self) -> bool {
        true
    }
}

impl CheckpointError {
    /// Converts an error of the event store into one of the checkpoint store.
    pub(in crate::backend) fn of(action: Action<'_>, error: StoreError) -> Self {
        let source = match error {
            StoreError::Failed { source, .. } => source,
            StoreError::Corrupt { what } => return Self::Corrupt { what },
            error => Box::new(error),
        };
        Self::Failed { action: action.to_string(), source }
    }
}

/// Access to the dismissed letters of the subscription `name`.
struct Dismissed<'a> {
    checkpoints: &'a SqliteCheckpoints,
    name: &'a str,
}

impl ForgetLetters for Dismissed<'_> {
    async fn forget_some(
        &mut self,
        after: i64,
        before: &str,
        limit: i64,
    ) -> Result<Option<(u64, i64)>, CheckpointError> {
        let action = Action::ForgetLetters(self.name);
        let mut writing = self.checkpoints.writing(action).await?;
        let forgotten = letters::forget_some(&mut writing.tx, self.name, after, before, limit).await;
        SqliteCheckpoints::commit(action, writing, forgotten).await
    }
}
