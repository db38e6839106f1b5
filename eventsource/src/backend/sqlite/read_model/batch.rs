//! Read models in the transaction of a batch.

use std::sync::OnceLock;

use async_trait::async_trait;

use super::{packed, schema, statements, tables};
use crate::backend::sql::projection::unit::{BatchConnection, Lent};
use crate::backend::sql::read_model::{Generation, TableRef, Use};
use crate::backend::sqlite::projection::BatchTransaction;
use crate::backend::sqlite::store::SqliteDatabase;
use crate::read_model::select::Select;
use crate::read_model::stored::Row;
use crate::read_model::tables::{ReadTables, RowChange, WriteTables};
use crate::read_model::{ReadModelError, Table, Value};

/// The tables in the transaction of a batch.
pub(super) struct BatchTables {
    connection: BatchConnection<BatchTransaction>,
    db: SqliteDatabase,
    generation: Generation,
    /// The version of the schema. No other transaction changes it while this one writes.
    version: OnceLock<i64>,
}

impl BatchTables {
    pub(super) fn new(
        connection: BatchConnection<BatchTransaction>,
        db: &SqliteDatabase,
        generation: Generation,
    ) -> Self {
        Self { connection, db: db.clone(), generation, version: OnceLock::new() }
    }

    /// Returns the connection, and the table to use.
    async fn ready(&self, table: &'static Table) -> Result<(Lent<BatchTransaction>, TableRef), ReadModelError> {
        let table = TableRef::new(table, self.generation);
        let mut conn = self.connection.lend().map_err(ReadModelError::not_lent)?;
        let version = match self.version.get() {
            Some(version) => *version,
            None => schema::version(&mut conn, table).await?,
        };
        schema::check_at(&mut conn, &self.db, table, Use::Write, version).await?;
        let _ = self.version.set(version);
        Ok((conn, table))
    }
}

#[async_trait]
impl ReadTables for BatchTables {
    async fn load(&self, table: &'static Table, ids: &[Value]) -> Result<Vec<Row>, ReadModelError> {
        let (mut conn, table) = self.ready(table).await?;
        packed::load(&mut conn, table, ids).await
    }

    async fn select(&self, table: &'static Table, query: &Select) -> Result<Vec<Row>, ReadModelError> {
        let (mut conn, table) = self.ready(table).await?;
        tables::select(&mut conn, table, query).await
    }

    async fn count(&self, table: &'static Table, query: &Select) -> Result<u64, ReadModelError> {
        let (mut conn, table) = self.ready(table).await?;
        tables::count(&mut conn, table, query).await
    }
}

#[async_trait]
impl WriteTables for BatchTables {
    async fn merge(&self, table: &'static Table, rows: &[RowChange<'_>]) -> Result<(), ReadModelError> {
        let (mut conn, table) = self.ready(table).await?;
        tables::write(&mut conn, table, rows, statements::merge).await
    }

    async fn update(&self, table: &'static Table, rows: &[RowChange<'_>]) -> Result<(), ReadModelError> {
        let (mut conn, table) = self.ready(table).await?;
        tables::write(&mut conn, table, rows, statements::update).await
    }

    async fn delete(&self, table: &'static Table, ids: &[&Value]) -> Result<(), ReadModelError> {
        let (mut conn, table) = self.ready(table).await?;
        tables::delete(&mut conn, table, ids).await
    }

    async fn truncate(&self, table: &'static Table) -> Result<(), ReadModelError> {
        let (mut conn, table) = self.ready(table).await?;
        tables::truncate(&mut conn, table).await
    }
}
