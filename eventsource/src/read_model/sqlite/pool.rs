//! Read models as they are committed, read through the pool.

use async_trait::async_trait;
use sqlx::Sqlite;
use sqlx::pool::PoolConnection;

use super::failure::failed;
use super::{schema, tables};
use crate::read_model::port::ReadTables;
use crate::read_model::select::Select;
use crate::read_model::stored::Row;
use crate::read_model::{ReadModelError, Table, Value};
use crate::store::sql::Action;
use crate::store::sqlite::SqliteDatabase;

/// The tables as they are committed.
pub(super) struct PoolTables {
    db: SqliteDatabase,
}

impl PoolTables {
    pub(super) fn new(db: &SqliteDatabase) -> Self {
        Self { db: db.clone() }
    }

    /// A connection that reads, unless there can be none.
    pub(super) async fn acquire(&self, table: &'static Table) -> Result<PoolConnection<Sqlite>, ReadModelError> {
        let source = |error| ReadModelError::Failed { table: table.name, action: "read", source: Box::new(error) };
        self.db.check_read(Action::ReadTable(table.name)).map_err(source)?;
        self.db.pool().acquire().await.map_err(|error| failed(table, "read", error))
    }

    async fn ready(&self, table: &'static Table) -> Result<PoolConnection<Sqlite>, ReadModelError> {
        let mut conn = self.acquire(table).await?;
        schema::check_once(&mut conn, &self.db, table).await?;
        Ok(conn)
    }
}

#[async_trait]
impl ReadTables for PoolTables {
    async fn load(&self, table: &'static Table, ids: &[Value]) -> Result<Vec<Row>, ReadModelError> {
        tables::load(&mut *self.ready(table).await?, table, ids).await
    }

    async fn select(&self, table: &'static Table, query: &Select) -> Result<Vec<Row>, ReadModelError> {
        tables::select(&mut *self.ready(table).await?, table, query).await
    }

    async fn count(&self, table: &'static Table, query: &Select) -> Result<u64, ReadModelError> {
        tables::count(&mut *self.ready(table).await?, table, query).await
    }
}
