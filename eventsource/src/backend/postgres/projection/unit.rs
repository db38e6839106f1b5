//! The unit of work in PostgreSQL.

use std::error::Error;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use sqlx::PgConnection;

use super::batch::{BatchTransaction, Unfinished};
use crate::backend::postgres::store::PostgresDatabase;
use crate::backend::postgres::store::failure::{Overtaken, code};
use crate::backend::postgres::store::verdict::verdict;
use crate::backend::sql::projection::unit::{Lent, SqlUnit, UnitDatabase, make};
use crate::backend::sql::projection::{Change, SqlScope, causes, remedy};
use crate::backend::sql::store::{Action, Failure};
use crate::event::RecordedEvent;
use crate::projection::{
    ChangesRefused, CheckpointError, CheckpointReset, CheckpointUpdate, CommitError, ConnectionPool, HandlerError,
    Inject, RawConnection, UnitOfWork,
};
use crate::store::Verdict;

/// The unit of work in PostgreSQL: the transaction in which a batch of events is handled, in the isolation level
/// `READ COMMITTED`.
///
/// Handlers can ask for its connection, as `&mut PgConnection`, and for repositories of read models. A nested
/// `conn.begin()` is a savepoint: a statement in it may fail without failing the batch. A handler that ignores a failed
/// statement outside a savepoint fails the whole transaction, which PostgreSQL then refuses to commit.
///
/// A handler cannot commit the transaction: PostgreSQL refuses it, as it refuses a violated constraint. If a handler
/// rolls the transaction back, the end of the batch detects it and nothing of the batch is kept. What the handler
/// writes after that rollback is refused, because the connection is read-only outside the unit's transaction. With
/// [`pooler_mode`](crate::postgres::PostgresOptions::pooler_mode) connections are shared, and such writes are
/// kept.
///
/// The server ends a transaction in which a handler sends no query for [`idle_in_transaction_session_timeout`](
/// crate::postgres::PostgresOptions::idle_in_transaction_session_timeout), 30 s by default: call slow services
/// in an effects projection.
///
/// [`PostgresCheckpoints`](super::PostgresCheckpoints) opens it. See [`UnitOfWork`] for what it promises.
///
/// ```no_run
/// use eventsource::postgres::PostgresCheckpoints;
/// use eventsource::projection::{CheckpointStore, Inject, UnitOfWork};
/// use eventsource::sqlx::{self, PgConnection};
///
/// # async fn example(checkpoints: PostgresCheckpoints) -> Result<(), Box<dyn std::error::Error>> {
/// let mut unit = checkpoints.begin().await?;
/// let mut conn = PgConnection::inject(&mut unit).await.map_err(|error| error.to_string())?;
/// sqlx::query("INSERT INTO orders VALUES (1)").execute(&mut *conn).await?;
/// drop(conn);
/// unit.rollback().await;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct PostgresUnit {
    unit: SqlUnit<PostgresDatabase>,
}

/// The connection of a batch, as a handler gets it. Dropping it returns it to the batch.
///
/// It dereferences to a `PgConnection`. `#[projection]` takes it for a handler that asks for a `&mut PgConnection`.
/// While it exists, a second request in the same unit of work fails.
///
/// ```no_run
/// use eventsource::projection::Inject;
/// use eventsource::postgres::{LentConnection, PostgresUnit};
/// use eventsource::sqlx::{self, PgConnection};
///
/// # async fn example(mut unit: PostgresUnit) -> Result<(), Box<dyn std::error::Error>> {
/// let mut conn: LentConnection = PgConnection::inject(&mut unit).await.map_err(|error| error.to_string())?;
/// sqlx::query("UPDATE orders SET shipped = true WHERE id = 1").execute(&mut *conn).await?;
/// drop(conn); // Now another handler of the batch can ask for it.
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct LentConnection(Lent<BatchTransaction>);

impl Deref for LentConnection {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.0
    }
}

impl DerefMut for LentConnection {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.0
    }
}

/// A handler ignored the failure of a statement.
#[derive(Debug, thiserror::Error)]
#[error(
    "a handler ignored a failed statement, after which PostgreSQL fails the whole transaction: return the error, or run \
     the statement in a nested transaction (`conn.begin()`)"
)]
struct PassedOver;

impl Inject<PostgresUnit> for PgConnection {
    type Guard = LentConnection;

    async fn inject(unit: &mut PostgresUnit) -> Result<LentConnection, HandlerError> {
        unit.unit.lend_to_handler().await.map(LentConnection)
    }
}

impl RawConnection for PgConnection {}

impl ConnectionPool for sqlx::PgPool {
    const CONNECTION: &'static str = "PgConnection";
}

impl ConnectionPool for sqlx::pool::PoolConnection<sqlx::Postgres> {
    const CONNECTION: &'static str = "PgConnection";
}

impl PostgresUnit {
    pub(super) async fn begin(db: &PostgresDatabase, scope: SqlScope) -> Result<Self, sqlx::Error> {
        let batch = BatchTransaction::begin(db).await?;
        Ok(Self { unit: SqlUnit::new(db, batch, scope) })
    }

    pub(super) fn detached(db: &PostgresDatabase) -> Self {
        Self { unit: SqlUnit::detached(db) }
    }

    /// Returns the part that is the same on each database.
    pub(in crate::backend) const fn unit(&mut self) -> &mut SqlUnit<PostgresDatabase> {
        &mut self.unit
    }
}

impl UnitDatabase for PostgresDatabase {
    type Batch = BatchTransaction;
    type Look = sqlx::Transaction<'static, sqlx::Postgres>;

    async fn refusal(&self, batch: &mut BatchTransaction, action: Action<'_>, refused: ChangesRefused) -> CommitError {
        if judge(&refused).is_some_and(Verdict::is_outage) {
            return CommitError::undone(action, refused);
        }
        // IN FAILED SQL TRANSACTION: an earlier statement failed.
        if causes(&refused).any(|error| error.downcast_ref().and_then(code).as_deref() == Some("25P02")) {
            return ChangesRefused::new(PassedOver).into();
        }
        // The change may have been refused because of what a handler did before.
        match batch.prove(self, false).await {
            Err(Unfinished::Ended) => CommitError::TransactionEnded,
            _ => refused.into(),
        }
    }

    async fn prove(&self, batch: &mut BatchTransaction, change: Change<'_>, several: bool) -> Result<(), CommitError> {
        batch.prove(self, several).await.map_err(|unfinished| unfinished_error(change.action(), unfinished))
    }

    async fn commit(&self, batch: &mut BatchTransaction, change: Change<'_>) -> Result<(), CommitError> {
        batch.commit().await.map_err(|unfinished| unfinished_error(change.action(), unfinished))
    }

    async fn end_detached(&self, change: Change<'_>) -> Result<(), CommitError> {
        let failed = |error: sqlx::Error| CheckpointError::failed(change.action(), error.into());
        let mut tx = self.begin().await.map_err(failed)?;
        make(self, &mut tx, change).await?;
        Ok(tx.commit().await.map_err(failed)?)
    }
}

fn unfinished_error(action: Action<'_>, unfinished: Unfinished) -> CommitError {
    match unfinished {
        Unfinished::Ended => CommitError::TransactionEnded,
        Unfinished::Aborted => ChangesRefused::new(PassedOver).into(),
        // The server answered and rolled back, such as for a constraint that is checked at the commit.
        Unfinished::Failed(Failure::Database(error))
            if error.as_database_error().is_some() && !verdict(&error).is_outage() =>
        {
            ChangesRefused::new(error).into()
        }
        Unfinished::Changed(changed) => CommitError::SessionChanged { changed },
        Unfinished::Failed(failure) => CheckpointError::failed(action, failure).into(),
    }
}

/// Returns the verdict on `error` or on one of its causes.
fn judge(error: &(dyn Error + 'static)) -> Option<Verdict> {
    causes(error).find_map(|cause| match cause.downcast_ref() {
        Some(error) => Some(verdict(error)),
        None => cause.is::<Overtaken>().then_some(Verdict::Conflict),
    })
}

impl UnitOfWork for PostgresUnit {
    async fn commit(self, step: &CheckpointUpdate) -> Result<(), CommitError> {
        self.unit.end(Change::Update(step)).await
    }

    async fn clear(self, clear: &CheckpointReset) -> Result<(), CommitError> {
        self.unit.end(Change::Reset(clear)).await
    }

    async fn rollback(self) {
        self.unit.rollback().await;
    }

    fn is_shared(&self) -> bool {
        self.unit.scope().is_shared()
    }

    fn begin_batch(&mut self, events: &[Arc<RecordedEvent>]) {
        self.unit.scope_mut().begin_batch(events);
    }

    fn begin_event(&mut self, event: &RecordedEvent) {
        self.unit.scope_mut().begin_event(event);
    }

    fn verdict(&self, error: &(dyn Error + 'static)) -> Option<Verdict> {
        causes(error).filter_map(|cause| cause.downcast_ref()).for_each(|error| self.unit.database().note_stale(error));
        judge(error)
    }

    fn remedy(&self, error: &(dyn Error + 'static)) -> Option<&'static str> {
        remedy(error)
    }
}
