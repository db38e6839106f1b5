//! Transactions, and connections for one statement.

use std::ops::{Deref, DerefMut};

use sqlx::pool::PoolConnection;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Postgres, Transaction};

use super::PostgresDatabase;
use crate::backend::postgres::store::statements;

/// A connection for one statement. With a pooler, a statement is several messages, and only a transaction keeps them on
/// one connection.
pub(crate) enum StatementConnection {
    Alone(PoolConnection<Postgres>),
    InTransaction(Transaction<'static, Postgres>),
}

impl PostgresDatabase {
    /// Begins a transaction.
    pub(crate) async fn begin(&self) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
        let begun = self.0.pool.begin_with(AssertSqlSafe(self.0.begin.clone())).await;
        self.named(&self.0.pool, begun).await
    }

    /// Begins a transaction that only reads, and sees the database as it is at its first statement.
    pub(crate) async fn begin_look(&self) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
        let begin = format!("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {}", self.limit_idle_sql());
        let begun = self.0.pool.begin_with(AssertSqlSafe(begin)).await;
        self.named(&self.0.pool, begun).await
    }

    /// Begins a transaction that reads a page. It can be dropped without a rollback: no other transaction waits for it.
    pub(crate) async fn begin_page<'a>(
        &self,
        conn: &'a mut PgConnection,
    ) -> Result<Transaction<'a, Postgres>, sqlx::Error> {
        conn.begin_with(AssertSqlSafe(format!("{}; {}", self.0.begin, statements::PLAN_A_PAGE))).await
    }

    /// Acquires a connection for one statement.
    pub(crate) async fn session(&self) -> Result<StatementConnection, sqlx::Error> {
        if self.0.pooler {
            return Ok(StatementConnection::InTransaction(self.begin().await?));
        }
        Ok(StatementConnection::Alone(self.shared().await?))
    }
}

impl StatementConnection {
    /// Commits the effects of the statement.
    pub(crate) async fn end(self) -> Result<(), sqlx::Error> {
        match self {
            Self::Alone(_) => Ok(()),
            Self::InTransaction(tx) => tx.commit().await,
        }
    }
}

impl Deref for StatementConnection {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        match self {
            Self::Alone(conn) => conn,
            Self::InTransaction(tx) => tx,
        }
    }
}

impl DerefMut for StatementConnection {
    fn deref_mut(&mut self) -> &mut PgConnection {
        match self {
            Self::Alone(conn) => conn,
            Self::InTransaction(tx) => tx,
        }
    }
}
