//! Read models as they are committed, read through the pool.

use async_trait::async_trait;

use super::failure::failed;
use super::schema;
use super::tables::Tables;
use crate::read_model::port::ReadTables;
use crate::read_model::select::Select;
use crate::read_model::stored::Row;
use crate::read_model::{ReadModelError, Table, Value};
use crate::store::postgres::{PostgresDatabase, Session};

/// The tables as they are committed.
pub(super) struct PoolTables {
    db: PostgresDatabase,
}

impl PoolTables {
    pub(super) fn new(db: &PostgresDatabase) -> Self {
        Self { db: db.clone() }
    }

    /// A connection that reads.
    pub(super) async fn session(&self, table: &'static Table) -> Result<Session, ReadModelError> {
        self.db.session().await.map_err(|error| failed(table, "read", error))
    }

    async fn ready(&self, table: &'static Table) -> Result<Session, ReadModelError> {
        let mut session = self.session(table).await?;
        schema::check_once(&mut session, &self.db, table).await?;
        Ok(session)
    }
}

async fn end<T>(session: Session, table: &'static Table, found: T) -> Result<T, ReadModelError> {
    session.end().await.map_err(|error| failed(table, "read", error))?;
    Ok(found)
}

#[async_trait]
impl ReadTables for PoolTables {
    async fn load(&self, table: &'static Table, ids: &[Value]) -> Result<Vec<Row>, ReadModelError> {
        let mut session = self.ready(table).await?;
        let found = Tables { conn: &mut session, db: &self.db }.load(table, ids).await?;
        end(session, table, found).await
    }

    async fn select(&self, table: &'static Table, query: &Select) -> Result<Vec<Row>, ReadModelError> {
        let mut session = self.ready(table).await?;
        let found = Tables { conn: &mut session, db: &self.db }.select(table, query).await?;
        end(session, table, found).await
    }

    async fn count(&self, table: &'static Table, query: &Select) -> Result<u64, ReadModelError> {
        let mut session = self.ready(table).await?;
        let found = Tables { conn: &mut session, db: &self.db }.count(table, query).await?;
        end(session, table, found).await
    }
}
