//! Checkpoints in PostgreSQL.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{PostgresUnit, letters, rows};
use crate::backend::postgres::store::PostgresDatabase;
use crate::backend::sql::projection::{ForgetLetters, NotClaimed, SqlScope, forget_letters};
use crate::backend::sql::store::{Action, Failure};
use crate::event::{Position, StreamId};
use crate::projection::{
    Checkpoint, CheckpointError, CheckpointStore, Claim, ClaimError, DeadLetter, Generations, LetterCounts,
    LetterQuery, ProjectionSnapshot, TableOwners,
};

/// Keeps checkpoints in PostgreSQL. They move in the transaction in which handlers write. A clone is the same store.
///
/// The store of events wakes the subscriptions of all processes, so the manager can get a
/// [`MemoryEventBus`](crate::MemoryEventBus).
///
/// ```no_run
/// use eventsource::postgres::{PostgresCheckpoints, PostgresDatabase, PostgresEventStore};
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
    /// Creates a store of the checkpoints in `db`. It neither reads nor writes: opening the database creates the
    /// tables.
    ///
    /// ```no_run
    /// use eventsource::projection::CheckpointStore;
    /// use eventsource::postgres::{PostgresCheckpoints, PostgresDatabase};
    ///
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let db = PostgresDatabase::open("postgres://shop@localhost/shop").await?;
    /// for checkpoint in PostgresCheckpoints::new(&db).list().await? {
    ///     println!("{} is at position {}", checkpoint.name, checkpoint.position);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn new(db: &PostgresDatabase) -> Self {
        Self { db: db.clone() }
    }

    /// Returns the database, such as to close it or to read rows with SQL.
    ///
    /// ```no_run
    /// # async fn example(checkpoints: eventsource::postgres::PostgresCheckpoints) {
    /// checkpoints.database().close().await;
    /// # }
    /// ```
    #[must_use]
    pub const fn database(&self) -> &PostgresDatabase {
        &self.db
    }

    /// Returns the error of a failure. A stale connection is not used again.
    pub(super) fn failed(&self, action: Action<'_>, failure: Failure) -> CheckpointError {
        if let Failure::Database(error) = &failure {
            self.db.note_stale(error);
        }
        CheckpointError::failed(action, failure)
    }

    /// Returns the lines of PostgreSQL's query plan for [`CheckpointStore::letter_counts`] of the subscription `name`.
    /// For operators who look for a slow query.
    ///
    /// ```no_run
    /// # async fn example(checkpoints: eventsource::postgres::PostgresCheckpoints)
    /// #     -> Result<(), Box<dyn std::error::Error>> {
    /// for line in checkpoints.explain_letter_counts("orders").await? {
    ///     println!("{line}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`CheckpointError::Failed`] if the database fails: call it again.
    pub async fn explain_letter_counts(&self, name: &str) -> Result<Vec<String>, CheckpointError> {
        let explained = self.try_explain_counts(name).await;
        explained.map_err(|failure| self.failed(Action::CountLetters, failure))
    }

    async fn try_explain_counts(&self, name: &str) -> Result<Vec<String>, Failure> {
        let mut conn = self.db.shared().await?;
        let mut tx = self.db.begin_page(&mut conn).await?;
        letters::explain_counts(&self.db, &mut tx, name).await
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

    async fn try_claim(&self, claim: &Claim<'_>) -> Result<Result<Checkpoint, NotClaimed>, Failure> {
        if claim.slices.is_all() {
            let mut session = self.db.session().await?;
            let claimed = rows::claim(&self.db, &mut session, claim).await?;
            session.end().await?;
            return Ok(claimed);
        }
        // A refused claim does not raise the counter of epochs.
        let mut tx = self.db.begin().await?;
        let claimed = rows::claim(&self.db, &mut tx, claim).await?;
        if claimed.is_ok() {
            tx.commit().await?;
        }
        Ok(claimed)
    }

    async fn try_renew(&self, name: &str, epoch: u64, time: Duration) -> Result<bool, Failure> {
        let mut session = self.db.session().await?;
        let renewed = rows::renew(&self.db, &mut session, name, epoch, time).await?;
        session.end().await?;
        Ok(renewed)
    }

    async fn try_letters(&self, name: &str, query: LetterQuery) -> Result<Vec<DeadLetter>, Failure> {
        let mut conn = self.db.shared().await?;
        let mut tx = self.db.begin_page(&mut conn).await?;
        letters::page(&self.db, &mut tx, name, query).await
    }

    async fn try_letter(&self, name: &str, position: Position) -> Result<Option<DeadLetter>, Failure> {
        let mut session = self.db.session().await?;
        let found = letters::at(&self.db, &mut session, name, position).await?;
        session.end().await?;
        Ok(found)
    }

    async fn try_parked(&self, name: &str, streams: &[StreamId]) -> Result<Vec<DeadLetter>, Failure> {
        let mut session = self.db.session().await?;
        let found = letters::parked(&self.db, &mut session, name, streams).await?;
        session.end().await?;
        Ok(found)
    }

    async fn try_letter_counts(&self, names: &[&str]) -> Result<BTreeMap<String, LetterCounts>, Failure> {
        let mut conn = self.db.shared().await?;
        let mut tx = self.db.begin_page(&mut conn).await?;
        letters::counts(&self.db, &mut tx, names).await
    }

    async fn try_snapshot(&self, name: &str) -> Result<Option<ProjectionSnapshot>, Failure> {
        let mut session = self.db.session().await?;
        let found = rows::snapshot(&self.db, &mut session, name).await?;
        session.end().await?;
        Ok(found)
    }
}

#[async_trait]
impl CheckpointStore for PostgresCheckpoints {
    type Unit = PostgresUnit;

    async fn load(&self, name: &str) -> Result<Option<Checkpoint>, CheckpointError> {
        self.try_load(name).await.map_err(|failure| self.failed(Action::Load(name), failure))
    }

    async fn list(&self) -> Result<Vec<Checkpoint>, CheckpointError> {
        self.try_list().await.map_err(|failure| self.failed(Action::List, failure))
    }

    async fn claim(&self, claim: &Claim<'_>) -> Result<Checkpoint, ClaimError> {
        let claimed = self.try_claim(claim).await;
        let claimed = claimed.map_err(|failure| self.failed(Action::Claim(claim.name), failure))?;
        claimed.map_err(|why| why.of(claim.name))
    }

    async fn renew(&self, name: &str, epoch: u64, time: Duration) -> Result<bool, CheckpointError> {
        let renewed = self.try_renew(name, epoch, time).await;
        renewed.map_err(|failure| self.failed(Action::Renew(name), failure))
    }

    async fn dead_letters(&self, name: &str, query: LetterQuery) -> Result<Vec<DeadLetter>, CheckpointError> {
        self.try_letters(name, query).await.map_err(|failure| self.failed(Action::Letters(name), failure))
    }

    async fn dead_letter(&self, name: &str, position: Position) -> Result<Option<DeadLetter>, CheckpointError> {
        self.try_letter(name, position).await.map_err(|failure| self.failed(Action::Letters(name), failure))
    }

    async fn parked(&self, name: &str, streams: &[StreamId]) -> Result<Vec<DeadLetter>, CheckpointError> {
        self.try_parked(name, streams).await.map_err(|failure| self.failed(Action::Letters(name), failure))
    }

    async fn letter_counts(&self, names: &[&str]) -> Result<BTreeMap<String, LetterCounts>, CheckpointError> {
        self.try_letter_counts(names).await.map_err(|failure| self.failed(Action::CountLetters, failure))
    }

    async fn forget_dismissed(&self, name: &str, before: DateTime<Utc>) -> Result<u64, CheckpointError> {
        forget_letters(Dismissed { checkpoints: self, name }, before).await
    }

    async fn snapshot(&self, name: &str) -> Result<Option<ProjectionSnapshot>, CheckpointError> {
        self.try_snapshot(name).await.map_err(|failure| self.failed(Action::Snapshot(name), failure))
    }

    async fn begin(&self) -> Result<PostgresUnit, CheckpointError> {
        let unit = PostgresUnit::begin(&self.db, SqlScope::default()).await;
        unit.map_err(|error| self.failed(Action::Begin, error.into()))
    }

    fn detached(&self) -> PostgresUnit {
        PostgresUnit::detached(&self.db)
    }

    fn generations(&self) -> Option<&dyn Generations<PostgresUnit>> {
        Some(self)
    }

    fn owners(&self) -> Option<&dyn TableOwners> {
        Some(self)
    }

    fn is_durable(&self) -> bool {
        true
    }
}

/// Access to the dismissed letters of the subscription `name`.
struct Dismissed<'a> {
    checkpoints: &'a PostgresCheckpoints,
    name: &'a str,
}

impl ForgetLetters for Dismissed<'_> {
    async fn forget_some(
        &mut self,
        after: i64,
        before: &str,
        limit: i64,
    ) -> Result<Option<(u64, i64)>, CheckpointError> {
        let forgotten = letters::forget_some(self.checkpoints.database(), self.name, after, before, limit).await;
        forgotten.map_err(|failure| self.checkpoints.failed(Action::ForgetLetters(self.name), failure))
    }
}
