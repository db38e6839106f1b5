//! The owners of the tables of read models, in a SQLite file.

use async_trait::async_trait;
use sqlx::{AssertSqlSafe, SqliteConnection};

use super::{SqliteCheckpoints, statements};
use crate::backend::sql::projection::TextRows;
use crate::backend::sql::projection::owners::{self, Built, BuiltRow};
use crate::backend::sql::store::{Action, Failure};
use crate::projection::generation::NEXT_CHECKPOINT;
use crate::projection::{CheckpointError, HandedOver, Table, TableOwners, TableTaken};

impl TextRows for &mut SqliteConnection {
    const NOW: &'static str = "CAST(unixepoch('now', 'subsec') * 1000000 AS INTEGER)";

    async fn run(&mut self, sql: &str, values: &[&str]) -> Result<(), Failure> {
        let query = sqlx::query(AssertSqlSafe(sql.replace("{schema}.", "")));
        let query = values.iter().fold(query, |query, &value| query.bind(value.to_owned()));
        query.execute(&mut **self).await?;
        Ok(())
    }

    async fn rows(&mut self, sql: &str, values: &[&str]) -> Result<Vec<(String, String)>, Failure> {
        let query = sqlx::query_as(AssertSqlSafe(sql.replace("{schema}.", "")));
        let query = values.iter().fold(query, |query, &value| query.bind(value.to_owned()));
        Ok(query.fetch_all(&mut **self).await?)
    }
}

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
            if owners::owns(&mut *conn, name, tables).await.map_err(failed)? {
                return Ok(None);
            }
        }
        let mut writing = self.writing(action).await?;
        let taken = owners::own(&mut *writing.tx, name, tables).await.map_err(failed)?;
        if taken.is_none() {
            writing.tx.commit().await.map_err(|error| failed(error.into()))?;
        }
        Ok(taken)
    }

    async fn disown_all_but(&self, name: &str, tables: &[&'static Table]) -> Result<(), CheckpointError> {
        let action = Action::Own(name);
        let failed = |failure| CheckpointError::failed(action, failure);
        let others = {
            let mut conn = self.read_connection(action).await?;
            owners::others(&mut *conn, name, tables).await.map_err(failed)?
        };
        if others.is_empty() {
            return Ok(());
        }
        let mut writing = self.writing(action).await?;
        owners::disown(&mut *writing.tx, name, &others).await.map_err(failed)?;
        writing.tx.commit().await.map_err(|error| failed(error.into()))
    }

    async fn hand_over(&self, from: &str, to: &str) -> Result<HandedOver, CheckpointError> {
        let action = Action::HandOver(from);
        let failed = |failure| CheckpointError::failed(action, failure);
        let mut writing = self.writing(action).await?;
        let handed_over = owners::hand_over(&mut *writing.tx, from, to).await.map_err(failed)?;
        if handed_over == HandedOver::Yes {
            writing.tx.commit().await.map_err(|error| failed(error.into()))?;
        }
        Ok(handed_over)
    }
}
