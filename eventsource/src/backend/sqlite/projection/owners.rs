//! The owners of the tables of read models, in a SQLite file.

use async_trait::async_trait;
use sqlx::SqliteConnection;

use super::{SqliteCheckpoints, statements};
use crate::backend::sql::projection::owners::{self, Built, BuiltRow};
use crate::backend::sql::store::Action;
use crate::projection::generation::NEXT_CHECKPOINT;
use crate::projection::{CheckpointError, HandedOver, MissingTable, Table, TableOwners, TableTaken};

/// Returns the subscription that built the table; `None` if no subscription owns it.
pub(in crate::backend) async fn built(conn: &mut SqliteConnection, table: &str) -> Result<Option<Built>, sqlx::Error> {
    let query = sqlx::query_as::<_, BuiltRow>(statements::BUILT).bind(table).bind(NEXT_CHECKPOINT);
    Ok(query.fetch_optional(conn).await?.map(Built::from))
}

#[async_trait]
impl TableOwners for SqliteCheckpoints {
    async fn own(&self, name: &str, tables: &[&'static Table]) -> Result<Option<TableTaken>, CheckpointError> {
        let action = Action::Own(name);
        let failed = |failure| CheckpointError::failed(action, failure);
        {
            let mut conn = self.read_connection(action).await?;
            if owners::owns(self.database(), &mut conn, name, tables).await.map_err(failed)? {
                return Ok(None);
            }
        }
        let mut writing = self.writing(action).await?;
        let taken = owners::own(self.database(), &mut writing.tx, name, tables).await.map_err(failed)?;
        if taken.is_none() {
            writing.tx.commit().await.map_err(|error| failed(error.into()))?;
        }
        Ok(taken)
    }

    async fn taken(&self, name: &str, tables: &[&'static Table]) -> Result<Option<TableTaken>, CheckpointError> {
        let action = Action::Own(name);
        let mut conn = self.read_connection(action).await?;
        let taken = owners::taken(self.database(), &mut conn, name, tables).await;
        taken.map_err(|failure| CheckpointError::failed(action, failure))
    }

    async fn missing(&self) -> Result<Vec<MissingTable>, CheckpointError> {
        let action = Action::List;
        let mut conn = self.read_connection(action).await?;
        let missing = owners::missing(self.database(), &mut conn).await;
        missing.map_err(|failure| CheckpointError::failed(action, failure))
    }

    async fn disown_all_but(&self, name: &str, tables: &[&'static Table]) -> Result<(), CheckpointError> {
        let action = Action::Own(name);
        let failed = |failure| CheckpointError::failed(action, failure);
        let others = {
            let mut conn = self.read_connection(action).await?;
            owners::others(self.database(), &mut conn, name, tables).await.map_err(failed)?
        };
        if others.is_empty() {
            return Ok(());
        }
        let mut writing = self.writing(action).await?;
        owners::disown(self.database(), &mut writing.tx, name, &others).await.map_err(failed)?;
        writing.tx.commit().await.map_err(|error| failed(error.into()))
    }

    async fn hand_over(&self, from: &str, to: &str) -> Result<HandedOver, CheckpointError> {
        let action = Action::HandOver(from);
        let failed = |failure| CheckpointError::failed(action, failure);
        let mut writing = self.writing(action).await?;
        let handed_over = owners::hand_over(self.database(), &mut writing.tx, from, to).await.map_err(failed)?;
        if handed_over == HandedOver::Yes {
            writing.tx.commit().await.map_err(|error| failed(error.into()))?;
        }
        Ok(handed_over)
    }
}
