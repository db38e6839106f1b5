//! Read models in the transaction of a batch.

use async_trait::async_trait;

use super::{schema, statements, tables};
use crate::projection::sqlite::{BatchConnection, LentConnection};
use crate::read_model::port::{ReadTables, RowChange, WriteTables};
use crate::read_model::select::Select;
use crate::read_model::stored::Row;
use crate::read_model::{ReadModelError, Table, Value};
use crate::store::sqlite::SqliteDatabase;

/// The tables in the transaction of a batch.
pub(super) struct BatchTables {
    connection: BatchConnection,
    db: SqliteDatabase,
}

impl BatchTables {
    pub(super) fn new(connection: BatchConnection, db: &SqliteDatabase) -> Self {
        Self { connection, db: db.clone() }
    }

    async fn ready(&self, table: &'static Table) -> Result<LentConnection, ReadModelError> {
        let mut conn = self.connection.lend().map_err(ReadModelError::not_lent)?;
        schema::check_once(&mut conn, &self.db, table).await?;
        Ok(conn)
    }
}

#[async_trait]
impl ReadTables for BatchTables {
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

#[async_trait]
impl WriteTables for BatchTables {
    async fn merge(&self, table: &'static Table, rows: &[RowChange<'_>]) -> Result<(), ReadModelError> {
        tables::write(&mut *self.ready(table).await?, table, rows, statements::merge).await
    }

    async fn update(&self, table: &'static Table, rows: &[RowChange<'_>]) -> Result<(), ReadModelError> {
        tables::write(&mut *self.ready(table).await?, table, rows, statements::update).await
    }

    async fn delete(&self, table: &'static Table, ids: &[&Value]) -> Result<(), ReadModelError> {
        tables::delete(&mut *self.ready(table).await?, table, ids).await
    }

    async fn truncate(&self, table: &'static Table) -> Result<(), ReadModelError> {
        tables::truncate(&mut *self.ready(table).await?, table).await
    }
}
