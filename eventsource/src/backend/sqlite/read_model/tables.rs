//! Reads and writes tables on a connection.

use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments as _, AssertSqlSafe, Sqlite, SqliteConnection};
// Its API is not stable, so `Cargo.toml` pins the version.
use sqlx_core::query::query_with_result;

use super::dialect::SqliteDialect;
use super::failure::failed;
use super::statements;
use super::value::{bind, bind_argument, values};
use crate::backend::sql::read_model::{self as sql, Dialect as _, Sql, TableRef};
use crate::read_model::select::Select;
use crate::read_model::stored::Row;
use crate::read_model::tables::RowChange;
use crate::read_model::{ReadModelError, Value};

/// A statement with its bound values.
type Statement<'q> = Query<'q, Sqlite, SqliteArguments>;

/// Creates a statement that is prepared once for each connection.
pub(super) fn statement<'q>(Sql { text, arguments: given }: Sql<SqliteDialect>) -> Statement<'q> {
    let mut arguments = SqliteArguments::default();
    let bound = given.iter().try_for_each(|argument| bind_argument(&mut arguments, argument));
    query_with_result(AssertSqlSafe(text), bound.map(|()| arguments))
}

/// Creates a statement that is not cached, because there are many texts.
fn unkept<'q>(sql: Sql<SqliteDialect>) -> Statement<'q> {
    statement(sql).persistent(false)
}

async fn fetch(
    conn: &mut SqliteConnection,
    table: TableRef,
    statement: Statement<'_>,
) -> Result<Vec<Row>, ReadModelError> {
    let rows = statement.fetch_all(conn).await.map_err(|error| failed(table, "read", error))?;
    rows.iter().map(|row| sql::row(values(row, table.model())?, table)).collect()
}

pub(super) async fn load(
    conn: &mut SqliteConnection,
    table: TableRef,
    ids: &[Value],
) -> Result<Vec<Row>, ReadModelError> {
    fetch(conn, table, statement(sql::load(&SqliteDialect, table, ids)?)).await
}

pub(super) async fn select(
    conn: &mut SqliteConnection,
    table: TableRef,
    query: &Select,
) -> Result<Vec<Row>, ReadModelError> {
    fetch(conn, table, unkept(sql::select(&SqliteDialect, table, query)?)).await
}

pub(super) async fn count(conn: &mut SqliteConnection, table: TableRef, query: &Select) -> Result<u64, ReadModelError> {
    let statement = unkept(sql::count(&SqliteDialect, table, query)?);
    let row = statement.fetch_one(conn).await.map_err(|error| failed(table, "read", error))?;
    let count: i64 = sqlx::Row::try_get(&row, 0).map_err(|error| failed(table, "read", error))?;
    Ok(u64::try_from(count).unwrap_or_default())
}

/// Writes rows with the statement that `sql` creates for up to a number of rows.
pub(super) async fn write(
    conn: &mut SqliteConnection,
    table: TableRef,
    rows: &[RowChange<'_>],
    sql: impl Fn(TableRef, usize) -> String,
) -> Result<(), ReadModelError> {
    let columns = table.model().all_columns().count();
    for rows in rows.chunks(at_most(columns)) {
        let mut arguments = SqliteArguments::default();
        arguments.reserve(rows.len() * columns, 0);
        let mut values = rows.iter().flat_map(|change| (0..columns).map(|column| change.row.value(column)));
        let bound = values.try_for_each(|value| bind(&mut arguments, &value));
        // A power of two, so that there are few texts and the connection caches their statements.
        let sql = AssertSqlSafe(sql(table, rows.len().next_power_of_two()));
        let done = query_with_result(sql, bound.map(|()| arguments)).execute(&mut *conn).await;
        done.map_err(|error| failed(table, "write", error))?;
    }
    Ok(())
}

/// Returns how many rows fit into one statement: the largest power of two whose values it accepts.
fn at_most(columns: usize) -> usize {
    let rows = (SqliteDialect::BIND_LIMIT / columns).max(1);
    1 << rows.ilog2()
}

pub(super) async fn delete(conn: &mut SqliteConnection, table: TableRef, ids: &[&Value]) -> Result<(), ReadModelError> {
    let ids: Vec<_> = ids.iter().map(|&id| id.clone()).collect();
    let done = statement(statements::delete(table, &ids)?).execute(conn).await;
    done.map(drop).map_err(|error| failed(table, "write", error))
}

pub(super) async fn truncate(conn: &mut SqliteConnection, table: TableRef) -> Result<(), ReadModelError> {
    let done = sqlx::query(AssertSqlSafe(statements::truncate(table))).execute(conn).await;
    done.map(drop).map_err(|error| failed(table, "empty", error))
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use sqlx::Connection as _;

    use super::*;
    use crate::read_model::tables::Before;
    use crate::read_model::{ColumnDef, ColumnKind, Table};

    const TABLE: TableRef =
        TableRef::live(&Table::new("items", &[ColumnDef::new("id", "id", ColumnKind::I64, false)], 0));

    #[tokio::test]
    async fn as_many_rows_as_before_or_a_few_more_need_no_new_statement() {
        let mut conn = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(super::super::schema::create_sql(TABLE))).execute(&mut conn).await.unwrap();
        let row = |id| Row::new(vec![Value::Int(id)], DateTime::UNIX_EPOCH);
        for (rows, statements) in [(1, 1), (1, 1), (5, 2), (7, 2), (8, 2), (9, 3), (16, 3), (6_000, 5)] {
            let rows: Vec<_> = (0..rows).map(row).collect();
            let changes: Vec<_> = rows.iter().map(|row| RowChange { row, before: Before::Unread }).collect();
            write(&mut conn, TABLE, &changes, statements::merge).await.unwrap();
            assert_eq!(conn.cached_statements_size(), statements, "{} rows", rows.len());
        }
        let count: i64 = sqlx::query_scalar("SELECT count(*) FROM items").fetch_one(&mut conn).await.unwrap();
        assert_eq!(count, 6_000);
    }
}
