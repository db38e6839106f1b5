//! Checkpoints in PostgreSQL.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{PostgresUnit, claim, letters};
use crate::backend::postgres::store::PostgresDatabase;
use crate::backend::sql::projection::{
    ClaimAnswer, ForgetLetters, SqlScope, forget_letters, letter_pages, rows, search,
};
use crate::backend::sql::store::{Action, Failure};
use crate::event::{Position, StreamId};
use crate::projection::operations::Operations;
use crate::projection::{
    Checkpoint, CheckpointError, CheckpointStore, Claim, ClaimError, DeadLetter, Finding, Generations, LetterCounts,
    LetterGroups, LetterKey, LetterPage, LetterQuery, LetterSearch, ProjectionSnapshot, TableOwners, Trials,
};

/// Runs one statement, or several that only read.
macro_rules! run {
    ($checkpoints:expr, $action:expr, |$conn:ident| $work:expr) => {{
        let done = async {
            let mut session = $checkpoints.database().session().await?;
            let $conn = &mut *session;
            let done = $work.await?;
            session.end().await?;
            Ok(done)
        };
        done.await.map_err(|failure| $checkpoints.failed($action, failure))
    }};
}
pub(super) use run;

/// Reads a page of rows.
macro_rules! read_page {
    ($checkpoints:expr, $action:expr, |$conn:ident| $read:expr) => {{
        let found = async {
            let mut conn = $checkpoints.database().shared().await?;
            let mut tx = $checkpoints.database().begin_page(&mut conn).await?;
            let $conn = &mut *tx;
            $read.await
        };
        found.await.map_err(|failure| $checkpoints.failed($action, failure))
    }};
}

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
        read_page!(self, Action::CountLetters, |conn| letters::explain_counts(&self.db, conn, name))
    }

    /// Claims a part. A refused claim does not raise the counter of epochs: the transaction is rolled back.
    async fn claim_part(&self, claim: &Claim<'_>) -> Result<ClaimAnswer, Failure> {
        let mut tx = self.db.begin().await?;
        let claimed = claim::claim(&self.db, &mut tx, claim).await?;
        if let ClaimAnswer::Claimed(_) = claimed {
            tx.commit().await?;
        }
        Ok(claimed)
    }
}

#[async_trait]
impl CheckpointStore for PostgresCheckpoints {
    type Unit = PostgresUnit;

    async fn load(&self, name: &str) -> Result<Option<Checkpoint>, CheckpointError> {
        run!(self, Action::Load(name), |conn| rows::load(&self.db, conn, name))
    }

    async fn list(&self) -> Result<Vec<Checkpoint>, CheckpointError> {
        run!(self, Action::List, |conn| rows::list(&self.db, conn))
    }

    async fn claim(&self, claim: &Claim<'_>) -> Result<Checkpoint, ClaimError> {
        let action = Action::Claim(claim.name);
        let claimed = if claim.slices.is_all() {
            run!(self, action, |conn| claim::claim(&self.db, conn, claim))?
        } else {
            self.claim_part(claim).await.map_err(|failure| self.failed(action, failure))?
        };
        claimed.of(claim.name)
    }

    async fn renew(&self, name: &str, epoch: u64, time: Duration) -> Result<bool, CheckpointError> {
        run!(self, Action::Renew(name), |conn| rows::renew(&self.db, conn, name, epoch, time))
    }

    async fn dead_letters(&self, name: &str, query: LetterQuery) -> Result<Vec<DeadLetter>, CheckpointError> {
        read_page!(self, Action::Letters(name), |conn| letter_pages::page(&self.db, conn, name, query))
    }

    async fn dead_letter(&self, name: &str, position: Position) -> Result<Option<DeadLetter>, CheckpointError> {
        run!(self, Action::Letters(name), |conn| letter_pages::at(&self.db, conn, name, position))
    }

    async fn parked(&self, name: &str, streams: &[StreamId]) -> Result<Vec<DeadLetter>, CheckpointError> {
        run!(self, Action::Letters(name), |conn| letter_pages::parked(&self.db, conn, name, streams))
    }

    async fn letter_counts(&self, names: &[&str]) -> Result<BTreeMap<String, LetterCounts>, CheckpointError> {
        read_page!(self, Action::CountLetters, |conn| letter_pages::counts(&self.db, conn, names))
    }

    async fn find_letters(
        &self,
        search: &LetterSearch,
        after: Option<&LetterKey>,
        limit: usize,
    ) -> Result<LetterPage, CheckpointError> {
        read_page!(self, Action::SearchLetters, |conn| search::find(&self.db, conn, search, after, limit))
    }

    async fn letter_groups(&self, search: &LetterSearch) -> Result<LetterGroups, CheckpointError> {
        read_page!(self, Action::SearchLetters, |conn| search::group(&self.db, conn, search))
    }

    async fn forget_dismissed(&self, name: &str, before: DateTime<Utc>) -> Result<u64, CheckpointError> {
        forget_letters(Dismissed { checkpoints: self, name }, before).await
    }

    async fn diagnose(&self) -> Result<Vec<Finding>, CheckpointError> {
        let action = Action::On("look for problems of", self.db.schema());
        run!(self, action, |conn| self.db.diagnose(conn))
    }

    async fn snapshot(&self, name: &str) -> Result<Option<ProjectionSnapshot>, CheckpointError> {
        run!(self, Action::On("read the snapshot of", name), |conn| rows::snapshot(&self.db, conn, name))
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

    fn trials(&self) -> Option<&dyn Trials<PostgresUnit>> {
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
