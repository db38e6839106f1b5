//! The migrations of the tables.

use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection};

use super::error::Trouble;
use super::{SqliteOpenError, SqliteOptions, statements};
use crate::backend::sql::store::{Index, Migration, Records, edited, migrations, newest};

pub(super) const MIGRATIONS: &[Migration] = migrations!();

/// Migrations are recorded in the table `eventsource_schema`.
pub(super) enum InTable {}

impl Records for InTable {
    const INSERT: &'static str = statements::INSERT_SCHEMA_VERSION;
    const APPLIED_AT: &'static str = statements::NOW_IN_MICROS;
    const NOTE_CHECKSUM: &'static str = statements::NOTE_CHECKSUM;
}

/// Migrates the tables in one transaction. If two processes open a new file, one waits for the other.
pub(super) async fn migrate(conn: &mut SqliteConnection, options: &SqliteOptions) -> Result<(), Trouble> {
    // Without a lock, so that a file in use opens at once.
    let Some(found) = pending_since(conn, options).await? else { return Ok(()) };
    if !options.migrate_on_open {
        let path = options.shown_path();
        return Err(Trouble::Refused(SqliteOpenError::NotMigrated { path, found, known: known() }));
    }
    let mut tx = conn.begin_with(statements::BEGIN).await?;
    let version = version(&mut tx).await?;
    if is_current(version, options)? {
        return Ok(());
    }
    sqlx::query(statements::CREATE_SCHEMA_TABLE).execute(&mut *tx).await?;
    for migration in MIGRATIONS.iter().filter(|migration| migration.version > version) {
        sqlx::raw_sql(migration.sql).execute(&mut *tx).await?;
        sqlx::raw_sql(AssertSqlSafe(InTable::done(migration))).execute(&mut *tx).await?;
    }
    for migration in MIGRATIONS {
        sqlx::raw_sql(AssertSqlSafe(InTable::note_checksum(migration))).execute(&mut *tx).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Returns the indexes of the tables.
pub(super) fn indexes() -> Vec<Index> {
    crate::backend::sql::store::indexes(MIGRATIONS)
}

pub(super) fn known() -> i64 {
    newest(MIGRATIONS)
}

/// Returns the version of the tables if migrations are pending.
pub(super) async fn pending_since(
    conn: &mut SqliteConnection,
    options: &SqliteOptions,
) -> Result<Option<i64>, Trouble> {
    let found = version(conn).await?;
    let is_current = is_current(found, options)?;
    refuse_edited(conn, options).await?;
    Ok((!is_current).then_some(found))
}

/// Refuses a database that was made by another text of a migration, before any other migration is applied to it. A
/// database older than the checksums has none.
async fn refuse_edited(conn: &mut SqliteConnection, options: &SqliteOptions) -> Result<(), Trouble> {
    let has_checksums: bool = sqlx::query_scalar(statements::HAS_CHECKSUMS).fetch_one(&mut *conn).await?;
    if !has_checksums {
        return Ok(());
    }
    let stored: Vec<(i64, Option<i64>)> = sqlx::query_as(statements::CHECKSUMS).fetch_all(conn).await?;
    edited(MIGRATIONS, &stored).map_or(Ok(()), |migration| {
        let (path, name) = (options.shown_path(), migration.name);
        Err(Trouble::Refused(SqliteOpenError::EditedMigration { path, migration: migration.version, name }))
    })
}

/// Returns the version of the tables; 0 if there are none.
async fn version(conn: &mut SqliteConnection) -> Result<i64, sqlx::Error> {
    let exists: bool = sqlx::query_scalar(statements::HAS_SCHEMA_TABLE).fetch_one(&mut *conn).await?;
    if !exists {
        return Ok(0);
    }
    let version: Option<i64> = sqlx::query_scalar(statements::SCHEMA_VERSION).fetch_one(conn).await?;
    Ok(version.unwrap_or(0))
}

fn is_current(found: i64, options: &SqliteOptions) -> Result<bool, Trouble> {
    let known = known();
    if found > known {
        return Err(Trouble::Refused(SqliteOpenError::NewerSchema { path: options.shown_path(), found, known }));
    }
    Ok(found == known)
}
