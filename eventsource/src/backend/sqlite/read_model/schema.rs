//! The table of a model in a SQLite file.

use sqlx::{AssertSqlSafe, SqliteConnection};

use super::dialect::SqliteDialect;
use super::failure::failed;
use super::statements;
use crate::backend::sql::projection::owners::Built;
use crate::backend::sql::read_model::{self as sql, Found, FoundRow, TableRef, Use};
use crate::backend::sqlite::projection::owners;
use crate::backend::sqlite::store::SqliteDatabase;
use crate::read_model::{Deployment, ReadModelError};

/// Returns the version of the file's schema. Every change of a table raises it, in any process.
pub(super) async fn version(conn: &mut SqliteConnection, table: TableRef) -> Result<i64, ReadModelError> {
    let version = sqlx::query_scalar(statements::SCHEMA_VERSION).fetch_one(conn).await;
    version.map_err(|error| failed(table, "look at", error))
}

/// Fails if the table does not match its model in this version of the schema.
pub(super) async fn check_at(
    conn: &mut SqliteConnection,
    db: &SqliteDatabase,
    table: TableRef,
    usage: Use,
    version: i64,
) -> Result<(), ReadModelError> {
    let known = db.tables();
    if known.version(table, usage) != Some(version) {
        check(conn, table, usage).await?;
        known.add(table, usage, version);
    }
    Ok(())
}

pub(super) async fn columns(conn: &mut SqliteConnection, table: TableRef) -> Result<Vec<Found>, ReadModelError> {
    let found: Result<Vec<FoundRow>, _> =
        sqlx::query_as(statements::TABLE_INFO).bind(table.name()).fetch_all(conn).await;
    Ok(found.map_err(|error| failed(table, "look at", error))?.into_iter().map(Found::from).collect())
}

/// Fails if the table is missing or does not match its model as far as `usage` needs it.
pub(super) async fn check(conn: &mut SqliteConnection, table: TableRef, usage: Use) -> Result<(), ReadModelError> {
    let differences = sql::differences::<SqliteDialect>(table, &columns(conn, table).await?, usage)?;
    if differences.is_empty() {
        return Ok(());
    }
    // This only explains the error. If the query fails, the differences are enough.
    let built = owners::built(conn, &table.name()).await.ok().flatten();
    let deployment = built.map_or(Deployment::Unknown, Built::deployment);
    Err(ReadModelError::Mismatch { table: table.model().name, differences, deployment })
}

/// Creates the table and its indexes, if they are missing.
pub(super) async fn create(conn: &mut SqliteConnection, table: TableRef) -> Result<(), ReadModelError> {
    if !columns(conn, table).await?.is_empty() {
        check(conn, table, Use::Write).await?;
    }
    let done = sqlx::raw_sql(AssertSqlSafe(create_sql(table))).execute(conn).await;
    done.map(drop).map_err(|error| failed(table, "create", error))
}

/// Creates the table, which must not exist, and its indexes.
pub(super) async fn create_new(conn: &mut SqliteConnection, table: TableRef) -> Result<(), ReadModelError> {
    if !columns(conn, table).await?.is_empty() {
        let differences = vec![format!("a table `{}` exists, which this crate did not create", table.name())];
        return Err(ReadModelError::mismatch(table.model(), differences));
    }
    create(conn, table).await
}

/// Returns the statements that create the table.
pub(super) fn create_sql(table: TableRef) -> String {
    sql::create(&SqliteDialect, table).0 + &indexes_sql(table)
}

/// Returns the statements that create its indexes.
pub(super) fn indexes_sql(table: TableRef) -> String {
    sql::create(&SqliteDialect, table).1.into_iter().map(|(_, index)| index).collect()
}
