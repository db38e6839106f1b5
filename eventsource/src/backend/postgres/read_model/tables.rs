//! Reads and writes tables on a connection.

use std::collections::BTreeMap;

use sqlx::{AssertSqlSafe, PgConnection};

use super::dialect::{Argument, PostgresDialect};
use super::failure::{failed, overtaken};
use super::order::Locks;
use super::schema;
use super::statements;
use super::value::{Statement, bind, bind_list, value, values};
use crate::backend::postgres::store::PostgresDatabase;
use crate::backend::sql::read_model::{self as sql, Sql, TableRef};
use crate::read_model::select::Select;
use crate::read_model::stored::Row;
use crate::read_model::tables::{Before, RowChange};
use crate::read_model::{ColumnDef, ColumnKind, InvalidField, InvalidValue, ReadModelError, Value};

/// The tables of a database, on one of its connections.
pub(super) struct Tables<'c> {
    pub(super) conn: &'c mut PgConnection,
    pub(super) db: &'c PostgresDatabase,
}

impl<'c> Tables<'c> {
    fn dialect(&self) -> PostgresDialect<'c> {
        PostgresDialect(self.db.schema())
    }

    fn prepare<'q>(&self, table: TableRef, text: String) -> Statement<'q> {
        let text = self.db.tables().plans.planned(table, text);
        sqlx::query(AssertSqlSafe(text)).persistent(self.db.names_statements())
    }

    fn statement<'q>(&self, table: TableRef, sql: Sql<PostgresDialect<'_>>) -> Result<Statement<'q>, ReadModelError> {
        let prepared = self.prepare(table, sql.text);
        let bound = sql.arguments.iter().try_fold(prepared, |statement, argument| match argument {
            Argument::One(kind, value) => bind(statement, *kind, value),
            Argument::List(kind, values) => bind_list(statement, *kind, values.iter()),
        });
        bound.map_err(|reason| unfit(table, None, reason))
    }

    async fn fetch(&mut self, table: TableRef, sql: Sql<PostgresDialect<'_>>) -> Result<Vec<Row>, ReadModelError> {
        let statement = self.statement(table, sql)?;
        let rows = statement.fetch_all(&mut *self.conn).await.map_err(|error| failed(table, "read", error))?;
        rows.iter().map(|row| sql::row(values(row, table.model())?, table)).collect()
    }

    pub(super) async fn load(&mut self, table: TableRef, ids: &[Value]) -> Result<Vec<Row>, ReadModelError> {
        let sql = sql::load(&self.dialect(), table, ids)?;
        self.fetch(table, sql).await
    }

    /// As [`load`](Self::load), and locks the rows until the transaction ends. With [`Locks::NeverWaits`] it does not
    /// lock rows that another transaction holds.
    pub(super) async fn load_locked(
        &mut self,
        table: TableRef,
        ids: &[Value],
        locks: Locks,
    ) -> Result<Vec<Row>, ReadModelError> {
        let mut sql = sql::load(&self.dialect(), table, ids)?;
        match locks {
            Locks::Waits | Locks::Has => sql.text = statements::load_and_lock(&self.dialect(), table),
            Locks::NeverWaits => sql.text = statements::locking_what_is_free(&self.dialect(), table, &sql.text),
        }
        self.fetch(table, sql).await
    }

    pub(super) async fn select(&mut self, table: TableRef, query: &Select) -> Result<Vec<Row>, ReadModelError> {
        let sql = sql::select(&self.dialect(), table, query)?;
        self.fetch(table, sql).await
    }

    pub(super) async fn count(&mut self, table: TableRef, query: &Select) -> Result<u64, ReadModelError> {
        let statement = self.statement(table, sql::count(&self.dialect(), table, query)?)?;
        let row = statement.fetch_one(&mut *self.conn).await.map_err(|error| failed(table, "read", error))?;
        let count: i64 = sqlx::Row::try_get(&row, 0).map_err(|error| failed(table, "read", error))?;
        Ok(u64::try_from(count).unwrap_or_default())
    }

    pub(super) async fn merge(
        &mut self,
        table: TableRef,
        rows: &[RowChange<'_>],
        locks: Locks,
    ) -> Result<(), ReadModelError> {
        for rows in chunks(rows) {
            if rows.iter().all(|change| change.before == Before::Missing) {
                self.insert(table, rows).await?;
                continue;
            }
            let sql = statements::merge(&self.dialect(), table, locks);
            let statement = bind_rows(self.prepare(table, sql), table, rows)?;
            self.note_written(table, rows.len());
            let done = statement.fetch_all(&mut *self.conn).await.map_err(|error| failed(table, "write", error))?;
            let corrupt = |what| ReadModelError::Corrupt { table: table.model().name, what };
            let id = table.model().column(table.model().id).map_or(ColumnKind::Text, |column| column.kind);
            let read = |row| Ok((value(row, 0, id)?, value(row, 1, ColumnKind::I64)?));
            let versions: BTreeMap<_, _> = done.iter().map(read).collect::<Result<_, _>>().map_err(corrupt)?;
            for change in rows.iter().filter(|change| change.before == Before::Missing) {
                let version = versions.get(&change.row.id(table.model()));
                if version.is_some_and(|version| *version != version_of(change.row.version)) {
                    return Err(overtaken(table));
                }
            }
        }
        Ok(())
    }

    /// Inserts rows. It costs half of a statement that merges into existing rows.
    async fn insert(&mut self, table: TableRef, rows: &[RowChange<'_>]) -> Result<(), ReadModelError> {
        let statement = bind_rows(self.prepare(table, statements::insert(&self.dialect(), table)), table, rows)?;
        self.note_written(table, rows.len());
        match statement.execute(&mut *self.conn).await {
            Ok(_) => Ok(()),
            Err(error) if schema::is_taken_id(self.db, table, &error).await => Err(overtaken(table)),
            Err(error) => Err(failed(table, "write", error)),
        }
    }

    fn note_written(&self, table: TableRef, rows: usize) {
        self.db.tables().plans.written(table, rows);
    }

    pub(super) async fn update(
        &mut self,
        table: TableRef,
        rows: &[RowChange<'_>],
        locks: Locks,
    ) -> Result<(), ReadModelError> {
        for rows in chunks(rows) {
            let sql = statements::update(&self.dialect(), table, locks);
            let statement = bind_rows(self.prepare(table, sql), table, rows)?;
            let found = rows.iter().map(|change| match change.before {
                Before::Version(version) => version_of(version),
                Before::Unread | Before::Missing => Value::Null,
            });
            let found: Vec<_> = found.collect();
            let statement =
                bind_list(statement, ColumnKind::I64, found.iter()).map_err(|reason| unfit(table, None, reason))?;
            let done = statement.execute(&mut *self.conn).await.map_err(|error| failed(table, "write", error))?;
            if done.rows_affected() != rows.len() as u64 {
                return Err(overtaken(table));
            }
        }
        Ok(())
    }

    pub(super) async fn delete(&mut self, table: TableRef, ids: &[&Value], locks: Locks) -> Result<(), ReadModelError> {
        let column = table.model().column(table.model().id);
        let statement = self.prepare(table, statements::delete(&self.dialect(), table, locks));
        let kind = column.map_or(ColumnKind::Text, |column| column.kind);
        let statement =
            bind_list(statement, kind, ids.iter().copied()).map_err(|reason| unfit(table, column, reason))?;
        let done = statement.execute(&mut *self.conn).await;
        done.map(drop).map_err(|error| failed(table, "write", error))
    }

    pub(super) async fn truncate(&mut self, table: TableRef) -> Result<(), ReadModelError> {
        let statement = self.prepare(table, statements::truncate(&self.dialect(), table));
        let done = statement.execute(&mut *self.conn).await;
        done.map(drop).map_err(|error| failed(table, "empty", error))
    }
}

fn version_of(version: u64) -> Value {
    Value::Int(i64::try_from(version).unwrap_or(i64::MAX))
}

fn unfit(table: TableRef, column: Option<&ColumnDef>, reason: InvalidValue) -> ReadModelError {
    let field = InvalidField::new(column.map_or("", |column| column.field), reason);
    ReadModelError::InvalidValue { table: table.model().name, id: None, field }
}

/// Binds the columns of the rows to `statement`.
fn bind_rows<'q>(
    statement: Statement<'q>,
    table: TableRef,
    rows: &[RowChange<'_>],
) -> Result<Statement<'q>, ReadModelError> {
    table.model().all_columns().enumerate().try_fold(statement, |statement, (index, column)| {
        let values: Vec<_> = rows.iter().map(|change| change.row.value(index)).collect();
        bind_list(statement, column.kind, values.iter().map(|value| &**value))
            .map_err(|reason| unfit(table, Some(column), reason))
    })
}

/// The approximate number of bytes in one statement. The server accepts a gigabyte.
const STATEMENT: usize = 64 << 20;

/// Splits the rows into parts, one for each statement.
fn chunks<'c, 'r>(rows: &'c [RowChange<'r>]) -> impl Iterator<Item = &'c [RowChange<'r>]> {
    let mut rest = rows;
    std::iter::from_fn(move || {
        let mut size = 0;
        let fits = |change: &&RowChange<'_>| {
            let fits = size < STATEMENT;
            size += change.row.values.iter().map(size_of_value).sum::<usize>();
            fits
        };
        let (now, later) = rest.split_at(rest.iter().take_while(fits).count());
        rest = later;
        (!now.is_empty()).then_some(now)
    })
}

fn size_of_value(value: &Value) -> usize {
    32 + match value {
        Value::Text(text) | Value::Json(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    #[test]
    fn rows_are_parted_by_their_size_and_none_is_lost() {
        let of = |bytes| Row::new(vec![Value::Bytes(vec![0; bytes])], DateTime::UNIX_EPOCH);
        let sizes = [STATEMENT / 2, STATEMENT / 2, 0, 3 * STATEMENT, 0, 1, STATEMENT - 100, 100, 5];
        let rows: Vec<_> = sizes.into_iter().map(of).collect();
        let changes: Vec<_> = rows.iter().map(|row| RowChange { row, before: Before::Unread }).collect();
        let parts: Vec<usize> = chunks(&changes).map(<[_]>::len).collect();
        assert_eq!(parts, [2, 2, 4, 1]);
        assert_eq!(chunks(&[]).count(), 0);
    }
}
