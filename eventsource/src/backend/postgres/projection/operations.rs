//! Single statements in PostgreSQL.

use super::PostgresCheckpoints;
use super::checkpoints::run;
use crate::backend::postgres::store::PostgresDatabase;
use crate::backend::sql::database::SqlDatabase;
use crate::backend::sql::projection::operations::SqlStatements;
use crate::backend::sql::store::{Action, Failure};
use crate::backend::sql::values::Value;
use crate::projection::CheckpointError;
use crate::store::WakeUpReceiver;

impl SqlStatements for PostgresCheckpoints {
    type Database = PostgresDatabase;

    async fn read<T: Send>(
        &self,
        action: Action<'_>,
        sql: &'static str,
        values: &[Value<'_>],
        convert: fn(&<PostgresDatabase as SqlDatabase>::Row) -> Result<T, Failure>,
    ) -> Result<Vec<T>, CheckpointError> {
        let rows = run!(self, action, |conn| self.database().fetch(conn, sql, values))?;
        rows.iter().map(convert).collect::<Result<_, _>>().map_err(|failure| CheckpointError::failed(action, failure))
    }

    async fn announce(&self) {
        self.database().announce_operations().await;
    }

    fn announced(&self) -> WakeUpReceiver {
        self.database().operations().listen()
    }

    async fn write(&self, action: Action<'_>, sql: &'static str, values: &[Value<'_>]) -> Result<u64, CheckpointError> {
        run!(self, action, |conn| self.database().execute(conn, sql, values))
    }
}
