//! The migrations of the tables.

use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _};

use super::error::Trouble;
use super::schema::Schema;
use super::{PostgresOpenError, statements};
use crate::backend::sql::store::{Index, Migration, Records, edited, migrations, newest};

pub(super) const MIGRATIONS: &[Migration] = migrations!();

/// Migrations are recorded in the table `eventsource_schema`.
pub(super) enum InTable {}

impl Records for InTable {
    const INSERT: &'static str = statements::INSERT_SCHEMA_VERSION;
    const APPLIED_AT: &'static str = "DEFAULT";
    const NOTE_CHECKSUM: &'static str = statements::NOTE_CHECKSUM;
}

/// Returns the indexes of the tables.
pub(super) fn indexes() -> Vec<Index> {
    crate::backend::sql::store::indexes(MIGRATIONS)
}

pub(super) fn known() -> i64 {
    newest(MIGRATIONS)
}

/// How long a migration waits for the lock of a table. Statements of other processes on the table wait behind it.
pub(super) const LOCK_TIMEOUT: &str = "SET LOCAL lock_timeout = '1s'";

/// How often a migration tries to lock the tables, and the time between two tries, in which other processes go on.
const TRIES: u32 = 30;
const PAUSE: Duration = Duration::from_secs(1);

/// Migrates the tables. While other processes use a table without a pause, it tries again for a minute.
pub(super) async fn migrate(
    conn: &mut PgConnection,
    begin: &str,
    schema: &Schema,
    database: &str,
) -> Result<(), Trouble> {
    for _ in 1..TRIES {
        match migrate_once(conn, begin, schema, database).await {
            Err(Trouble::Database(error)) if is_lock_timeout(&error) => {
                tracing::info!(%schema, database, "a table is in use: the migration tries again");
                tokio::time::sleep(PAUSE).await;
            }
            migrated => return migrated,
        }
    }
    migrate_once(conn, begin, schema, database).await
}

fn is_lock_timeout(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| error.code().as_deref() == Some("55P03"))
}

/// Migrates the tables in one transaction. If two processes start together, one waits for the other.
///
/// It uses simple queries, which work with every pooler. `begin` sets the isolation level `READ COMMITTED`: after the
/// wait, the changes of the other process must be visible.
async fn migrate_once(conn: &mut PgConnection, begin: &str, schema: &Schema, database: &str) -> Result<(), Trouble> {
    if pending_since(conn, schema, database).await?.is_none() {
        return Ok(());
    }
    let mut tx = conn.begin_with(AssertSqlSafe(begin.to_owned())).await?;
    run(&mut tx, schema, statements::LOCK_MIGRATIONS).await?;
    let version = version(&mut tx, schema).await?;
    if is_current(version, schema, database)? {
        return Ok(());
    }
    if !is_true(&mut tx, schema, statements::HAS_SCHEMA).await? {
        run(&mut tx, schema, statements::CREATE_SCHEMA).await?;
    }
    run(&mut tx, schema, LOCK_TIMEOUT).await?;
    run(&mut tx, schema, statements::CREATE_SCHEMA_TABLE).await?;
    for migration in MIGRATIONS.iter().filter(|migration| migration.version > version) {
        run(&mut tx, schema, migration.sql).await?;
        run(&mut tx, schema, &InTable::done(migration)).await?;
    }
    for migration in MIGRATIONS {
        run(&mut tx, schema, &InTable::note_checksum(migration)).await?;
    }
    tx.commit().await?;
    tracing::info!(%schema, database, from = version, to = known(), "migrated the tables");
    Ok(())
}

/// Returns the version of the tables if migrations are pending.
pub(super) async fn pending_since(
    conn: &mut PgConnection,
    schema: &Schema,
    database: &str,
) -> Result<Option<i64>, Trouble> {
    let found = version(conn, schema).await?;
    let is_current = is_current(found, schema, database)?;
    refuse_edited(conn, schema, database).await?;
    Ok((!is_current).then_some(found))
}

/// Refuses a schema that was made by another text of a migration, before any other migration is applied to it. A schema
/// older than the checksums has none.
async fn refuse_edited(conn: &mut PgConnection, schema: &Schema, database: &str) -> Result<(), Trouble> {
    if !is_true(conn, schema, statements::HAS_CHECKSUMS).await? {
        return Ok(());
    }
    let rows = sqlx::raw_sql(AssertSqlSafe(schema.sql(statements::CHECKSUMS))).fetch_all(conn).await?;
    let stored = rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?)));
    let stored: Vec<(i64, Option<i64>)> = stored.collect::<Result<_, sqlx::Error>>()?;
    edited(MIGRATIONS, &stored).map_or(Ok(()), |migration| {
        let (database, schema, name) = (database.to_owned(), schema.to_string(), migration.name);
        let migration = migration.version;
        Err(Trouble::Refused(PostgresOpenError::EditedMigration { database, schema, migration, name }))
    })
}

/// Returns the version of the tables; 0 if there are none.
async fn version(conn: &mut PgConnection, schema: &Schema) -> Result<i64, sqlx::Error> {
    if !is_true(conn, schema, statements::HAS_SCHEMA_TABLE).await? {
        return Ok(0);
    }
    let row = sqlx::raw_sql(AssertSqlSafe(schema.sql(statements::SCHEMA_VERSION))).fetch_one(conn).await?;
    Ok(row.try_get::<Option<i64>, _>(0)?.unwrap_or(0))
}

async fn run(conn: &mut PgConnection, schema: &Schema, sql: &str) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(schema.sql(sql))).execute(conn).await.map(drop)
}

pub(super) async fn is_true(conn: &mut PgConnection, schema: &Schema, sql: &str) -> Result<bool, sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(schema.sql(sql))).fetch_one(conn).await?.try_get(0)
}

fn is_current(found: i64, schema: &Schema, database: &str) -> Result<bool, Trouble> {
    let known = known();
    if found > known {
        let (database, schema) = (database.to_owned(), schema.to_string());
        return Err(Trouble::Refused(PostgresOpenError::NewerSchema { database, schema, found, known }));
    }
    Ok(found == known)
}
