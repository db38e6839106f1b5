//! The migrations of the tables.

use sqlx::{Connection as _, SqliteConnection};

use super::error::Trouble;
use super::{SqliteOpenError, SqliteOptions, statements};
use crate::event::now;

struct Migration {
    version: i64,
    name: &'static str,
    sql: &'static str,
}

/// In order. A released migration is never changed. Add a new one.
const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        name: "events_and_checkpoints",
        sql: include_str!("migrations/0001_events_and_checkpoints.sql"),
    },
    Migration {
        version: 2,
        name: "dead_letters_leases_snapshots",
        sql: include_str!("migrations/0002_dead_letters_leases_snapshots.sql"),
    },
    Migration { version: 3, name: "log_identity", sql: include_str!("migrations/0003_log_identity.sql") },
    Migration { version: 4, name: "read_models", sql: include_str!("migrations/0004_read_models.sql") },
    Migration { version: 7, name: "projection_states", sql: include_str!("migrations/0007_projection_states.sql") },
    Migration { version: 8, name: "letters_by_key", sql: include_str!("migrations/0008_letters_by_key.sql") },
    Migration { version: 9, name: "aggregate_snapshots", sql: include_str!("migrations/0009_aggregate_snapshots.sql") },
];

/// Migrates the tables in one transaction. If two processes open a new file, one waits for the other.
pub(super) async fn migrate(conn: &mut SqliteConnection, options: &SqliteOptions) -> Result<(), Trouble> {
    // Without a lock, so that a file in use opens at once.
    if is_current(version(conn).await?, options)? {
        return Ok(());
    }
    if !options.migrate_on_open {
        let (path, found) = (options.shown_path(), version(conn).await?);
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
        sqlx::query(statements::INSERT_SCHEMA_VERSION)
            .bind(migration.version)
            .bind(migration.name)
            .bind(now().timestamp_micros())
            .execute(&mut *tx)
            .await?;
    }
    tx.commit().await?;
    Ok(())
}

fn known() -> i64 {
    MIGRATIONS.last().map_or(0, |migration| migration.version)
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
