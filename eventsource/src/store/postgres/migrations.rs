//! The migrations of the tables.

use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _};

use super::error::Trouble;
use super::schema::Schema;
use super::{PostgresOpenError, statements};

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

pub(super) fn known() -> i64 {
    MIGRATIONS.last().map_or(0, |migration| migration.version)
}

/// Migrates the tables in one transaction. If two processes start together, one waits for the other.
///
/// It uses simple queries, which work with every pooler. `begin` sets the isolation level `READ COMMITTED`: after the
/// wait, the changes of the other process must be visible.
pub(super) async fn migrate(
    conn: &mut PgConnection,
    begin: &str,
    schema: &Schema,
    database: &str,
) -> Result<(), Trouble> {
    if is_current(version(conn, schema).await?, schema, database)? {
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
    run(&mut tx, schema, statements::CREATE_SCHEMA_TABLE).await?;
    for migration in MIGRATIONS.iter().filter(|migration| migration.version > version) {
        run(&mut tx, schema, migration.sql).await?;
        let done = format!("{} ({}, '{}')", statements::INSERT_SCHEMA_VERSION, migration.version, migration.name);
        run(&mut tx, schema, &done).await?;
    }
    tx.commit().await?;
    tracing::info!(%schema, database, from = version, to = known(), "migrated the tables");
    Ok(())
}

/// Returns the version of the tables; 0 if there are none.
pub(super) async fn version(conn: &mut PgConnection, schema: &Schema) -> Result<i64, sqlx::Error> {
    if !is_true(conn, schema, statements::HAS_SCHEMA_TABLE).await? {
        return Ok(0);
    }
    let row = sqlx::raw_sql(AssertSqlSafe(schema.sql(statements::SCHEMA_VERSION))).fetch_one(conn).await?;
    Ok(row.try_get::<Option<i64>, _>(0)?.unwrap_or(0))
}

async fn run(conn: &mut PgConnection, schema: &Schema, sql: &str) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(schema.sql(sql))).execute(conn).await.map(drop)
}

async fn is_true(conn: &mut PgConnection, schema: &Schema, sql: &str) -> Result<bool, sqlx::Error> {
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
