//! Single statements in a SQLite file.

use super::SqliteCheckpoints;
use super::checkpoints::read;
use crate::backend::sql::database::SqlDatabase;
use crate::backend::sql::projection::operations::SqlStatements;
use crate::backend::sql::store::{Action, Failure};
use crate::backend::sql::values::Value;
use crate::backend::sqlite::store::SqliteDatabase;
use crate::projection::CheckpointError;
use crate::store::WakeUpReceiver;

impl SqlStatements for SqliteCheckpoints {
    type Database = SqliteDatabase;

    async fn read<T: Send>(
        &self,
        action: Action<'_>,
        sql: &'static str,
        values: &[Value<'_>],
        convert: fn(&<SqliteDatabase as SqlDatabase>::Row) -> Result<T, Failure>,
    ) -> Result<Vec<T>, CheckpointError> {
        let rows = read!(self, action, |conn| self.database().fetch(conn, sql, values))?;
        rows.iter().map(convert).collect::<Result<_, _>>().map_err(|failure| CheckpointError::failed(action, failure))
    }

    async fn announce(&self) {
        self.database().operations().wake();
    }

    fn announced(&self) -> WakeUpReceiver {
        self.database().operations().listen()
    }

    async fn write(&self, action: Action<'_>, sql: &'static str, values: &[Value<'_>]) -> Result<u64, CheckpointError> {
        let mut writing = self.writing(action).await?;
        let written = self.database().execute(&mut writing.tx, sql, values).await;
        Self::commit(action, writing, written).await
    }
}
