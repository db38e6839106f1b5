//! Reading and writing tables on a connection.

use sqlx::{AssertSqlSafe, SqliteConnection};

use super::dialect::SqliteDialect;
use super::failure::failed;
use super::statements;
use super::value::{Statement, bind, bind_argument, values};
use crate::read_model::port::RowChange;
use crate::read_model::select::Select;
use crate::read_model::sql::{self, Dialect as _, Sql};
use crate::read_model::stored::Row;
use crate::read_model::{ReadModelError, Table, Value};

/// A statement that is not kept: there are many texts.
fn statement<'q>(Sql { text, arguments }: Sql) -> Statement<'q> {
    let statement = sqlx::query(AssertSqlSafe(text)).persistent(false);
    arguments.into_iter().fold(statement, bind_argument)
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
    fetch(conn, table, statement(sql::load(&SqliteDialect, table, ids)?)).await
}

pub(super) async fn select(
    conn: &mut SqliteConnection,
    table: &'static Table,
    query: &Select,
) -> Result<Vec<Row>, ReadModelError> {
    fetch(conn, table, statement(sql::select(&SqliteDialect, table, query)?)).await
}

pub(super) async fn count(
    conn: &mut SqliteConnection,
    table: &'static Table,
    query: &Select,
) -> Result<u64, ReadModelError> {
    let statement = statement(sql::count(&SqliteDialect, table, query)?);
    let row = statement.fetch_one(conn).await.map_err(|error| failed(table, "read", error))?;
    let count: i64 = sqlx::Row::try_get(&row, 0).map_err(|error| failed(table, "read", error))?;
    Ok(u64::try_from(count).unwrap_or_default())
}

/// Writes rows by the statement that `sql` makes for so many.
pub(super) async fn write(
    conn: &mut SqliteConnection,
    table: &'static Table,
    rows: &[RowChange<'_>],
    sql: impl Fn(&Table, usize) -> String,
) -> Result<(), ReadModelError> {
    let columns = table.all_columns().count();
    for rows in rows.chunks((SqliteDialect::BIND_LIMIT / columns).max(1)) {
        let values = rows.iter().flat_map(|change| (0..columns).map(|column| change.row.value(column)));
        let statement = sqlx::query(AssertSqlSafe(sql(table, rows.len()))).persistent(false);
        let done = values.fold(statement, bind).execute(&mut *conn).await;
        done.map_err(|error| failed(table, "write", error))?;
    }
    Ok(())
}

pub(super) async fn delete(
    conn: &mut SqliteConnection,
    table: &'static Table,
    ids: &[&Value],
) -> Result<(), ReadModelError> {
    let ids: Vec<_> = ids.iter().map(|&id| id.clone()).collect();
    let done = statement(statements::delete(table, &ids)?).execute(conn).await;
    done.map(drop).map_err(|error| failed(table, "write", error))
}

pub(super) async fn truncate(conn: &mut SqliteConnection, table: &'static Table) -> Result<(), ReadModelError> {
    let done = sqlx::query(AssertSqlSafe(statements::truncate(table))).execute(conn).await;
    done.map(drop).map_err(|error| failed(table, "empty", error))
}
