//! Reading and writing tables on a connection.

use sqlx::{AssertSqlSafe, SqliteConnection};

use super::failure::failed;
use super::statements::{self, Sql};
use super::value::{Statement, bind, values};
use crate::read_model::select::Select;
use crate::read_model::stored::Row;
use crate::read_model::{ReadModelError, Table, Value};

/// How many values SQLite binds to a statement, as sqlx builds it.
pub(super) const BIND_LIMIT: usize = 32_766;

/// A statement that is not kept: its text depends on how many rows there are.
fn statement<'q>(sql: String, values: impl IntoIterator<Item = Value>) -> Statement<'q> {
    let statement = sqlx::query(AssertSqlSafe(sql)).persistent(false);
    values.into_iter().fold(statement, bind)
}

async fn fetch(
    conn: &mut SqliteConnection,
    table: &'static Table,
    statement: Statement<'_>,
) -> Result<Vec<Row>, ReadModelError> {
    let rows = statement.fetch_all(conn).await.map_err(|error| failed(table, "read", error))?;
    rows.iter().map(|row| Row::from_all(values(row, table)?, table)).collect()
}

pub(super) async fn load(
    conn: &mut SqliteConnection,
    table: &'static Table,
    ids: &[Value],
) -> Result<Vec<Row>, ReadModelError> {
    let mut rows = Vec::new();
    for ids in ids.chunks(BIND_LIMIT) {
        let statement = statement(statements::load(table, ids.len()), ids.iter().cloned());
        rows.append(&mut fetch(conn, table, statement).await?);
    }
    Ok(rows)
}

pub(super) async fn select(
    conn: &mut SqliteConnection,
    table: &'static Table,
    query: &Select,
) -> Result<Vec<Row>, ReadModelError> {
    let Sql { text, values } = statements::select(table, query);
    fetch(conn, table, statement(text, values)).await
}

pub(super) async fn count(
    conn: &mut SqliteConnection,
    table: &'static Table,
    query: &Select,
) -> Result<u64, ReadModelError> {
    let Sql { text, values } = statements::count(table, query);
    let row = statement(text, values).fetch_one(conn).await.map_err(|error| failed(table, "read", error))?;
    let count: i64 = sqlx::Row::try_get(&row, 0).map_err(|error| failed(table, "read", error))?;
    Ok(u64::try_from(count).unwrap_or_default())
}

/// Writes rows by the statement that `sql` makes for so many.
pub(super) async fn write(
    conn: &mut SqliteConnection,
    table: &'static Table,
    rows: &[&Row],
    sql: impl Fn(&Table, usize) -> String,
) -> Result<(), ReadModelError> {
    let columns = table.all_columns().count();
    for rows in rows.chunks((BIND_LIMIT / columns).max(1)) {
        let values = rows.iter().flat_map(|row| (0..columns).map(|column| row.value(column)));
        let statement = statement(sql(table, rows.len()), values);
        statement.execute(&mut *conn).await.map_err(|error| failed(table, "write", error))?;
    }
    Ok(())
}

pub(super) async fn delete(
    conn: &mut SqliteConnection,
    table: &'static Table,
    ids: &[&Value],
) -> Result<(), ReadModelError> {
    for ids in ids.chunks(BIND_LIMIT) {
        let statement = statement(statements::delete(table, ids.len()), ids.iter().map(|&id| id.clone()));
        statement.execute(&mut *conn).await.map_err(|error| failed(table, "write", error))?;
    }
    Ok(())
}

pub(super) async fn truncate(conn: &mut SqliteConnection, table: &'static Table) -> Result<(), ReadModelError> {
    let done = statement(statements::truncate(table), []).execute(conn).await;
    done.map(drop).map_err(|error| failed(table, "empty", error))
}
