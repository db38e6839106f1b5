//! The owners of the tables of read models, in PostgreSQL.

use async_trait::async_trait;
use sqlx::PgConnection;

use super::{PostgresCheckpoints, statements};
use crate::backend::postgres::store::PostgresDatabase;
use crate::backend::sql::projection::owners::{self, Built, BuiltRow};
use crate::backend::sql::store::{Action, Failure};
use crate::projection::generation::NEXT_CHECKPOINT;
use crate::projection::{CheckpointError, HandedOver, MissingTable, Table, TableOwners, TableTaken};

/// Returns the subscription that built the table; `None` if no subscription owns it.
pub(in crate::backend) async fn built(
    db: &PostgresDatabase,
    conn: &mut PgConnection,
    table: &str,
) -> Result<Option<Built>, sqlx::Error> {
    let query = sqlx::query_as::<_, BuiltRow>(db.sql(statements::BUILT)).bind(table).bind(NEXT_CHECKPOINT);
    Ok(query.persistent(db.names_statements()).fetch_optional(conn).await?.map(Built::from))
}

impl PostgresCheckpoints {
    async fn try_own(&self, name: &str, tables: &[&'static Table]) -> Result<Option<TableTaken>, Failure> {
        let db = self.database();
        let mut tx = db.begin().await?;
        let taken = match owners::owns(db, &mut tx, name, tables).await? {
            true => None,
            false => owners::own(db, &mut tx, name, tables).await?,
        };
        if taken.is_none() {
            tx.commit().await?;
        }
        Ok(taken)
    }

    async fn try_taken(&self, name: &str, tables: &[&'static Table]) -> Result<Option<TableTaken>, Failure> {
        let mut tx = self.database().begin().await?;
        let taken = owners::taken(self.database(), &mut tx, name, tables).await?;
        tx.commit().await?;
        Ok(taken)
    }

    async fn try_missing(&self) -> Result<Vec<MissingTable>, Failure> {
        let mut session = self.database().session().await?;
        owners::missing(self.database(), &mut session).await
    }

    async fn try_disown(&self, name: &str, tables: &[&'static Table]) -> Result<(), Failure> {
        let db = self.database();
        let mut tx = db.begin().await?;
        let others = owners::others(db, &mut tx, name, tables).await?;
        owners::disown(db, &mut tx, name, &others).await?;
        Ok(tx.commit().await?)
    }

    async fn try_hand_over(&self, from: &str, to: &str) -> Result<HandedOver, Failure> {
        let db = self.database();
        let mut tx = db.begin().await?;
        let handed_over = owners::hand_over(db, &mut tx, from, to).await?;
        if handed_over == HandedOver::Yes {
            tx.commit().await?;
        }
        Ok(handed_over)
    }
}

#[async_trait]
impl TableOwners for PostgresCheckpoints {
    async fn own(&self, name: &str, tables: &[&'static Table]) -> Result<Option<TableTaken>, CheckpointError> {
        let owned = self.try_own(name, tables).await;
        owned.map_err(|failure| self.failed(Action::Own(name), failure))
    }

    async fn taken(&self, name: &str, tables: &[&'static Table]) -> Result<Option<TableTaken>, CheckpointError> {
        let taken = self.try_taken(name, tables).await;
        taken.map_err(|failure| self.failed(Action::Own(name), failure))
    }

    async fn missing(&self) -> Result<Vec<MissingTable>, CheckpointError> {
        let missing = self.try_missing().await;
        missing.map_err(|failure| self.failed(Action::List, failure))
    }

    async fn disown_all_but(&self, name: &str, tables: &[&'static Table]) -> Result<(), CheckpointError> {
        let disowned = self.try_disown(name, tables).await;
        disowned.map_err(|failure| self.failed(Action::Own(name), failure))
    }

    async fn hand_over(&self, from: &str, to: &str) -> Result<HandedOver, CheckpointError> {
        let handed_over = self.try_hand_over(from, to).await;
        handed_over.map_err(|failure| self.failed(Action::HandOver(from), failure))
    }
}
