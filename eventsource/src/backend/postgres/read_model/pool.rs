//! The committed rows, read through the pool.

use std::future::Future;

use async_trait::async_trait;
use sqlx::Connection as _;

use super::failure::failed;
use super::schema;
use super::tables::Tables;
use crate::backend::postgres::store::verdict::verdict;
use crate::backend::postgres::store::{ONCE_MORE_WITHIN, PostgresDatabase, StatementConnection};
use crate::backend::sql::read_model::{TableRef, Use};
use crate::read_model::select::Select;
use crate::read_model::stored::Row;
use crate::read_model::tables::ReadTables;
use crate::read_model::{ReadModelError, Table, Value};
use crate::store::Verdict;

/// The committed tables.
pub(super) struct PoolTables {
    db: PostgresDatabase,
}

impl PoolTables {
    pub(super) fn new(db: &PostgresDatabase) -> Self {
        Self { db: db.clone() }
    }

    /// Returns a connection that reads.
    pub(super) async fn session(&self, table: TableRef) -> Result<StatementConnection, ReadModelError> {
        self.db.session().await.map_err(|error| failed(table, "read", error))
    }

    /// Returns whether the connection was lost or stale. If so, it is noted, so that others are checked before their next
    /// use.
    fn is_lost(&self, error: &ReadModelError) -> bool {
        let ReadModelError::Failed { source, .. } = error else { return false };
        source.downcast_ref().is_some_and(|source| self.db.note_useless(source))
    }

    async fn ready(&self, table: TableRef) -> Result<StatementConnection, ReadModelError> {
        let mut session = self.session(table).await?;
        schema::check_once(&mut session, &self.db, table, Use::Read).await?;
        Ok(session)
    }

    /// Returns what was read. If that failed possibly because the table was replaced, checks the table again: fails if
    /// it does not match its model; otherwise returns `None`, which asks for one more attempt.
    async fn settle<T>(
        &self,
        mut session: StatementConnection,
        table: TableRef,
        attempt: Attempt,
        read: Result<T, ReadModelError>,
    ) -> Result<Option<T>, ReadModelError> {
        let error = match read {
            Ok(found) => {
                session.end().await.map_err(|error| failed(table, "read", error))?;
                return Ok(Some(found));
            }
            Err(error) if may_be_replaced(&error) => error,
            Err(error) => return Err(error),
        };
        // Its prepared statements belong to the old table. In a transaction, they end with it.
        let _ = session.clear_cached_statements().await;
        drop(session);
        schema::check_again(&mut *self.session(table).await?, &self.db, table).await?;
        match attempt {
            Attempt::First => Ok(None),
            Attempt::Second => Err(error),
        }
    }
}

/// The number of the attempt. After the second one, the table is not the cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Attempt {
    First,
    Second,
}

impl Attempt {
    const BOTH: [Self; 2] = [Self::First, Self::Second];
}

/// Returns whether the cause may be that the table was replaced.
fn may_be_replaced(error: &ReadModelError) -> bool {
    match error {
        ReadModelError::NoTable { .. } | ReadModelError::Mismatch { .. } | ReadModelError::Corrupt { .. } => true,
        ReadModelError::Failed { source, .. } => {
            source.downcast_ref().is_some_and(|source| verdict(source) == Verdict::StaleConnection)
        }
        _ => false,
    }
}

/// Reads, in up to two attempts: the second one if the table was replaced, or the connection was lost.
macro_rules! read {
    ($self:ident, $table:ident, $tables:ident => $read:expr) => {{
        let mut lost = None;
        for attempt in Attempt::BOTH {
            let once = async {
                let mut session = $self.ready($table).await?;
                let mut $tables = Tables { conn: &mut session, db: &$self.db };
                let read = $read.await;
                $self.settle(session, $table, attempt, read).await
            };
            match patiently(lost.take(), once).await {
                Ok(Some(found)) => return Ok(found),
                Ok(None) => {}
                Err(error) if attempt == Attempt::First && $self.is_lost(&error) => lost = Some(error),
                Err(error) => return Err(error),
            }
        }
        // Not reached: the second attempt returns.
        Err(ReadModelError::NoTable { table: $table.model().name })
    }};
}

/// Runs an attempt. After one that has lost its connection, it returns that error if there is an outage: it does not wait
/// for the end of it.
async fn patiently<T>(
    lost: Option<ReadModelError>,
    attempt: impl Future<Output = Result<T, ReadModelError>>,
) -> Result<T, ReadModelError> {
    match lost {
        None => attempt.await,
        Some(error) => tokio::time::timeout(ONCE_MORE_WITHIN, attempt).await.unwrap_or(Err(error)),
    }
}

#[async_trait]
impl ReadTables for PoolTables {
    async fn load(&self, table: &'static Table, ids: &[Value]) -> Result<Vec<Row>, ReadModelError> {
        let table = TableRef::live(table);
        read!(self, table, tables => tables.load(table, ids))
    }

    async fn select(&self, table: &'static Table, query: &Select) -> Result<Vec<Row>, ReadModelError> {
        let table = TableRef::live(table);
        read!(self, table, tables => tables.select(table, query))
    }

    async fn count(&self, table: &'static Table, query: &Select) -> Result<u64, ReadModelError> {
        let table = TableRef::live(table);
        read!(self, table, tables => tables.count(table, query))
    }
}
