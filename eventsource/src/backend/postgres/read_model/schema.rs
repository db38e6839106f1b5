//! The table of a model in PostgreSQL.

use sqlx::postgres::PgDatabaseError;
use sqlx::{AssertSqlSafe, PgConnection};

use super::dialect::PostgresDialect;
use super::failure::failed;
use super::statements;
use crate::backend::postgres::projection::owners;
use crate::backend::postgres::store::PostgresDatabase;
use crate::backend::sql::projection::owners::Built;
use crate::backend::sql::read_model::{self as sql, Dialect as _, Found, FoundRow, TableRef, Use};
use crate::read_model::{Deployment, ReadModelError};

/// Checks, before the first use of a table, that it matches its model.
pub(super) async fn check_once(
    conn: &mut PgConnection,
    db: &PostgresDatabase,
    table: TableRef,
    usage: Use,
) -> Result<(), ReadModelError> {
    let known = db.tables();
    if known.matching.version(table, usage).is_none() {
        check(conn, db, table, usage).await?;
        known.matching.add(table, usage, ());
    }
    Ok(())
}

/// Forgets that the table matched.
pub(super) fn forget(db: &PostgresDatabase, table: TableRef) {
    db.tables().matching.forget(table);
}

/// Checks again that the table matches its model, after the server refused a statement or a value did not fit.
pub(super) async fn check_again(
    conn: &mut PgConnection,
    db: &PostgresDatabase,
    table: TableRef,
) -> Result<(), ReadModelError> {
    forget(db, table);
    check_once(conn, db, table, Use::Read).await
}

/// Fails if the table is missing or does not match its model as far as `usage` needs it.
pub(super) async fn check(
    conn: &mut PgConnection,
    db: &PostgresDatabase,
    table: TableRef,
    usage: Use,
) -> Result<(), ReadModelError> {
    let differences = sql::differences::<PostgresDialect<'_>>(table, &columns(conn, db, table).await?, usage)?;
    if differences.is_empty() {
        return Ok(());
    }
    // This only explains the error. If the query fails, the differences are enough.
    let built = owners::built(db, conn, &table.name()).await.ok().flatten();
    let deployment = built.map_or(Deployment::Unknown, Built::deployment);
    Err(ReadModelError::Mismatch { table: table.model().name, differences, deployment })
}

async fn columns(
    conn: &mut PgConnection,
    db: &PostgresDatabase,
    table: TableRef,
) -> Result<Vec<Found>, ReadModelError> {
    let query = sqlx::query_as(statements::COLUMNS).bind(db.schema()).bind(table.name());
    let found = query.persistent(db.names_statements()).fetch_all(conn).await;
    let found: Vec<FoundRow> = found.map_err(|error| failed(table, "look at", error))?;
    Ok(found.into_iter().map(Found::from).collect())
}

/// Returns whether `error` says that a row with an inserted id exists already.
pub(super) async fn is_taken_id(db: &PostgresDatabase, table: TableRef, error: &sqlx::Error) -> bool {
    let error = error.as_database_error().and_then(|error| error.try_downcast_ref::<PgDatabaseError>());
    let Some(error) = error.filter(|error| error.code() == UNIQUE_VIOLATION) else { return false };
    let Ok(mut session) = db.session().await else { return false };
    let query = sqlx::query_scalar(statements::IS_PRIMARY_KEY).bind(error.schema()).bind(error.table());
    let query = query.bind(error.constraint()).bind(PostgresDialect(db.schema()).table(table));
    query.persistent(db.names_statements()).fetch_one(&mut *session).await.unwrap_or_default()
}

const UNIQUE_VIOLATION: &str = "23505";

/// Returns the names of the indexes of the table.
pub(super) async fn indexes(
    conn: &mut PgConnection,
    db: &PostgresDatabase,
    table: TableRef,
) -> Result<Vec<String>, sqlx::Error> {
    let query = sqlx::query_scalar(statements::INDEXES).bind(db.schema()).bind(table.name());
    query.persistent(db.names_statements()).fetch_all(conn).await
}

/// Returns the statements that create the table or its missing indexes.
async fn missing(conn: &mut PgConnection, db: &PostgresDatabase, table: TableRef) -> Result<String, ReadModelError> {
    let (create, mut missing) = sql::create(&PostgresDialect(db.schema()), table);
    let found = columns(conn, db, table).await?;
    if found.is_empty() {
        return Ok(all(create, missing));
    }
    check(conn, db, table, Use::Write).await?;
    let indexes = indexes(conn, db, table).await.map_err(|error| failed(table, "look at", error))?;
    missing.retain(|(index, _)| !indexes.contains(index));
    Ok(all(String::new(), missing))
}

fn all(create: String, indexes: Vec<(String, String)>) -> String {
    indexes.into_iter().fold(create, |all, (_, index)| all + &index)
}

/// Returns whether a table of that name exists.
pub(super) async fn exists(
    conn: &mut PgConnection,
    db: &PostgresDatabase,
    table: TableRef,
) -> Result<bool, ReadModelError> {
    Ok(!columns(conn, db, table).await?.is_empty())
}

/// Creates the table, which must not exist, and its indexes.
pub(super) async fn create_new(
    conn: &mut PgConnection,
    db: &PostgresDatabase,
    table: TableRef,
) -> Result<(), ReadModelError> {
    if exists(conn, db, table).await? {
        let differences = vec![format!("a table `{}` exists, which this crate did not create", table.name())];
        return Err(ReadModelError::mismatch(table.model(), differences));
    }
    let done = sqlx::raw_sql(AssertSqlSafe(create_sql(db, table))).execute(conn).await;
    done.map(drop).map_err(|error| failed(table, "create", error))
}

/// Returns the statements that create the table.
pub(super) fn create_sql(db: &PostgresDatabase, table: TableRef) -> String {
    let (create, indexes) = sql::create(&PostgresDialect(db.schema()), table);
    all(create, indexes)
}

/// Creates the table and its indexes, if they are missing. It needs the right to create only then.
pub(super) async fn create(db: &PostgresDatabase, table: TableRef) -> Result<(), ReadModelError> {
    let failed = |error| failed(table, "create", error);
    let mut tx = db.begin().await.map_err(failed)?;
    if missing(&mut tx, db, table).await?.is_empty() {
        return tx.commit().await.map_err(failed);
    }
    let lock = sqlx::query(statements::LOCK_CREATION).bind(db.schema()).bind(table.name());
    lock.persistent(db.names_statements()).execute(&mut *tx).await.map_err(failed)?;
    let missing = missing(&mut tx, db, table).await?;
    sqlx::raw_sql(AssertSqlSafe(missing)).execute(&mut *tx).await.map_err(failed)?;
    tx.commit().await.map_err(failed)
}
