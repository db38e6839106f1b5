//! The committed rows, read through the pool.

use async_trait::async_trait;
use sqlx::pool::PoolConnection;
use sqlx::{Sqlite, SqliteConnection};

use super::failure::failed;
use super::{packed, schema, tables};
use crate::backend::sql::read_model::{TableRef, Use};
use crate::backend::sql::store::Action;
use crate::backend::sqlite::store::SqliteDatabase;
use crate::read_model::select::Select;
use crate::read_model::stored::Row;
use crate::read_model::tables::ReadTables;
use crate::read_model::{ReadModelError, Table, Value};

/// The committed tables.
pub(super) struct PoolTables {
    db: SqliteDatabase,
}

impl PoolTables {
    pub(super) fn new(db: &SqliteDatabase) -> Self {
        Self { db: db.clone() }
    }

    /// Returns a connection that reads.
    pub(super) async fn acquire(&self, table: TableRef) -> Result<PoolConnection<Sqlite>, ReadModelError> {
        let source =
            |error| ReadModelError::Failed { table: table.model().name, action: "read", source: Box::new(error) };
        self.db.check_read(Action::On("read the table", table.model().name)).map_err(source)?;
        self.db.pool().acquire().await.map_err(|error| failed(table, "read", error))
    }

    /// Returns a connection, and the version of the schema in which the table matches its model.
    async fn ready(&self, table: TableRef) -> Result<(PoolConnection<Sqlite>, i64), ReadModelError> {
        let mut conn = self.acquire(table).await?;
        let version = match self.db.tables().version(table, Use::Read) {
            Some(version) => version,
            None => self.look(&mut conn, table).await?,
        };
        Ok((conn, version))
    }

    /// Checks the table. Returns the version of the schema at which it was checked.
    async fn look(&self, conn: &mut SqliteConnection, table: TableRef) -> Result<i64, ReadModelError> {
        // Read first, so that a change between the two statements is found by the next check.
        let version = schema::version(conn, table).await?;
        schema::check_at(conn, &self.db, table, Use::Read, version).await?;
        Ok(version)
    }

    /// Returns what was read; `None` if the schema changed meanwhile. Then the table is checked again, and the call
    /// fails if it does not match.
    async fn settle<T>(
        &self,
        mut conn: PoolConnection<Sqlite>,
        table: TableRef,
        version: i64,
        read: Result<T, ReadModelError>,
    ) -> Result<Option<T>, ReadModelError> {
        if schema::version(&mut conn, table).await? == version {
            return read.map(Some);
        }
        self.look(&mut conn, table).await?;
        Ok(None)
    }
}

#[async_trait]
impl ReadTables for PoolTables {
    async fn load(&self, table: &'static Table, ids: &[Value]) -> Result<Vec<Row>, ReadModelError> {
        let table = TableRef::live(table);
        loop {
            let (mut conn, version) = self.ready(table).await?;
            let read = packed::load(&mut conn, table, ids).await;
            if let Some(rows) = self.settle(conn, table, version, read).await? {
                return Ok(rows);
            }
        }
    }

    async fn select(&self, table: &'static Table, query: &Select) -> Result<Vec<Row>, ReadModelError> {
        let table = TableRef::live(table);
        loop {
            let (mut conn, version) = self.ready(table).await?;
            let read = tables::select(&mut conn, table, query).await;
            if let Some(rows) = self.settle(conn, table, version, read).await? {
                return Ok(rows);
            }
        }
    }

    async fn count(&self, table: &'static Table, query: &Select) -> Result<u64, ReadModelError> {
        let table = TableRef::live(table);
        loop {
            let (mut conn, version) = self.ready(table).await?;
            let read = tables::count(&mut conn, table, query).await;
            if let Some(count) = self.settle(conn, table, version, read).await? {
                return Ok(count);
            }
        }
    }
}
