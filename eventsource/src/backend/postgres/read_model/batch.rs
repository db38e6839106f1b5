//! Read models in the transaction of a batch.

use async_trait::async_trait;

use super::order::{Held, Locks};
use super::schema;
use super::tables::Tables;
use crate::backend::postgres::projection::BatchTransaction;
use crate::backend::postgres::store::PostgresDatabase;
use crate::backend::sql::projection::unit::{BatchConnection, Lent};
use crate::backend::sql::read_model::{Generation, TableRef, Use};
use crate::read_model::select::Select;
use crate::read_model::stored::Row;
use crate::read_model::tables::{ReadTables, RowChange, WriteTables};
use crate::read_model::{ReadModelError, Table, Value};

/// The tables in the transaction of a batch.
///
/// Loaded rows are locked. Rows that a query finds are not locked. Neither are rows that another batch holds and that
/// come before a row which this batch holds. If another transaction changed such a row before it is written, or still
/// holds it then, the batch is retried.
pub(super) struct BatchTables {
    connection: BatchConnection<BatchTransaction>,
    db: PostgresDatabase,
    held: Held,
    generation: Generation,
}

impl BatchTables {
    pub(super) fn new(
        connection: BatchConnection<BatchTransaction>,
        db: &PostgresDatabase,
        generation: Generation,
    ) -> Self {
        Self { connection, db: db.clone(), held: Held::default(), generation }
    }

    /// Returns the connection, and the table to use.
    async fn ready(&self, table: &'static Table) -> Result<(Lent<BatchTransaction>, TableRef), ReadModelError> {
        let table = TableRef::new(table, self.generation);
        let mut conn = self.connection.lend().map_err(ReadModelError::not_lent)?;
        schema::check_once(&mut conn, &self.db, table, Use::Write).await?;
        Ok((conn, table))
    }

    /// Returns the result. If the table did not match, it is checked again before the next batch.
    fn settle<T>(&self, table: TableRef, done: Result<T, ReadModelError>) -> Result<T, ReadModelError> {
        if let Err(ReadModelError::NoTable { .. } | ReadModelError::Mismatch { .. }) = &done {
            schema::forget(&self.db, table);
        }
        done
    }
}

fn ids(table: TableRef, rows: &[RowChange<'_>]) -> Vec<Value> {
    rows.iter().map(|change| change.row.id(table.model())).collect()
}

#[async_trait]
impl ReadTables for BatchTables {
    async fn load(&self, table: &'static Table, ids: &[Value]) -> Result<Vec<Row>, ReadModelError> {
        let (mut conn, table) = self.ready(table).await?;
        let locks = self.held.next(table.model(), ids);
        if locks == Locks::NeverWaits {
            self.held.read_only(table.model());
        }
        let done = Tables { conn: &mut conn, db: &self.db }.load_locked(table, ids, locks).await;
        self.settle(table, done)
    }

    async fn select(&self, table: &'static Table, query: &Select) -> Result<Vec<Row>, ReadModelError> {
        let (mut conn, table) = self.ready(table).await?;
        self.held.read_only(table.model());
        let done = Tables { conn: &mut conn, db: &self.db }.select(table, query).await;
        self.settle(table, done)
    }

    async fn count(&self, table: &'static Table, query: &Select) -> Result<u64, ReadModelError> {
        let (mut conn, table) = self.ready(table).await?;
        let done = Tables { conn: &mut conn, db: &self.db }.count(table, query).await;
        self.settle(table, done)
    }
}

#[async_trait]
impl WriteTables for BatchTables {
    fn holds_nan(&self) -> bool {
        true
    }

    async fn merge(&self, table: &'static Table, rows: &[RowChange<'_>]) -> Result<(), ReadModelError> {
        let (mut conn, table) = self.ready(table).await?;
        let done = Tables { conn: &mut conn, db: &self.db }
            .merge(table, rows, self.held.next(table.model(), &ids(table, rows)))
            .await;
        self.settle(table, done)
    }

    async fn update(&self, table: &'static Table, rows: &[RowChange<'_>]) -> Result<(), ReadModelError> {
        let (mut conn, table) = self.ready(table).await?;
        let done = Tables { conn: &mut conn, db: &self.db }
            .update(table, rows, self.held.again(table.model(), &ids(table, rows)))
            .await;
        self.settle(table, done)
    }

    async fn delete(&self, table: &'static Table, ids: &[&Value]) -> Result<(), ReadModelError> {
        let (mut conn, table) = self.ready(table).await?;
        let done = Tables { conn: &mut conn, db: &self.db }
            .delete(table, ids, self.held.next(table.model(), ids.iter().copied()))
            .await;
        self.settle(table, done)
    }

    async fn truncate(&self, table: &'static Table) -> Result<(), ReadModelError> {
        let (mut conn, table) = self.ready(table).await?;
        let done = Tables { conn: &mut conn, db: &self.db }.truncate(table).await;
        self.settle(table, done)
    }
}
