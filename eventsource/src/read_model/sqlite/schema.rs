//! The table of a model in a SQLite file.

use sqlx::{AssertSqlSafe, SqliteConnection};

use super::dialect::SqliteDialect;
use super::failure::failed;
use super::statements;
use crate::read_model::sql::{self, Found, Matching};
use crate::read_model::{ReadModelError, Table};
use crate::store::sqlite::SqliteDatabase;

/// Refuses a table that does not match its model, before anything is done with it.
pub(super) async fn check_once(
    conn: &mut SqliteConnection,
    db: &SqliteDatabase,
    table: &'static Table,
) -> Result<(), ReadModelError> {
    let matching = db.attached().get::<Matching>();
    if !matching.knows(table) {
        check(conn, table).await?;
        matching.add(table);
    }
    Ok(())
}

async fn columns(conn: &mut SqliteConnection, table: &'static Table) -> Result<Vec<Found>, ReadModelError> {
    let found: Result<Vec<(String, String, bool, bool)>, _> =
        sqlx::query_as(statements::TABLE_INFO).bind(table.name).fetch_all(conn).await;
    let found = found.map_err(|error| failed(table, "look at", error))?;
    Ok(found.into_iter().map(|(name, ty, never_null, in_key)| Found { name, ty, never_null, in_key }).collect())
}

/// Refuses a table that does not match its model, or is not there.
pub(super) async fn check(conn: &mut SqliteConnection, table: &'static Table) -> Result<(), ReadModelError> {
    sql::compare::<SqliteDialect>(table, &columns(conn, table).await?)
}

/// Creates the table, where there is none, and its indexes.
pub(super) async fn create(conn: &mut SqliteConnection, table: &'static Table) -> Result<(), ReadModelError> {
    let found = columns(conn, table).await?;
    if !found.is_empty() {
        sql::compare::<SqliteDialect>(table, &found)?;
    }
    let done = sqlx::raw_sql(AssertSqlSafe(create_sql(table))).execute(conn).await;
    done.map(drop).map_err(|error| failed(table, "create", error))
}

/// Creates the table, which must not be there, and its indexes.
pub(super) async fn create_new(conn: &mut SqliteConnection, table: &'static Table) -> Result<(), ReadModelError> {
    if !columns(conn, table).await?.is_empty() {
        let differences = vec!["there is a table of that name already, which is not its own".to_owned()];
        return Err(ReadModelError::Mismatch { table: table.name, differences });
    }
    create(conn, table).await
}

/// The statements that create the table.
pub(super) fn create_sql(table: &Table) -> String {
    sql::create(&SqliteDialect, table).0 + &indexes_sql(table)
}

/// The statements that create its indexes.
pub(super) fn indexes_sql(table: &Table) -> String {
    sql::create(&SqliteDialect, table).1.into_iter().map(|(_, index)| index).collect()
}
