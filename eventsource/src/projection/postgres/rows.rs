//! Checkpoints as rows.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::statements;
use crate::event::{Position, now};
use crate::projection::{Advance, Checkpoint};
use crate::store::postgres::PostgresDatabase;
use crate::store::sql::{Failure, unsigned};

type Row = (String, i64, i64, String, DateTime<Utc>);

fn checkpoint((name, position, epoch, fingerprint, updated_at): Row) -> Result<Checkpoint, Failure> {
    let position = Position::new(unsigned(position, &format!("the position of the checkpoint `{name}`"))?);
    let epoch = unsigned(epoch, &format!("the epoch of the checkpoint `{name}`"))?;
    Ok(Checkpoint::new(name, position, epoch, fingerprint, updated_at))
}

pub(super) async fn load(
    db: &PostgresDatabase,
    conn: &mut PgConnection,
    name: &str,
) -> Result<Option<Checkpoint>, Failure> {
    let query = sqlx::query_as(db.sql(statements::LOAD)).bind(name).persistent(db.names_statements());
    let row: Option<Row> = query.fetch_optional(conn).await?;
    row.map(checkpoint).transpose()
}

pub(super) async fn list(db: &PostgresDatabase, conn: &mut PgConnection) -> Result<Vec<Checkpoint>, Failure> {
    let query = sqlx::query_as(db.sql(statements::LIST)).persistent(db.names_statements());
    let rows: Vec<Row> = query.fetch_all(conn).await?;
    rows.into_iter().map(checkpoint).collect()
}

pub(super) async fn claim(
    db: &PostgresDatabase,
    conn: &mut PgConnection,
    name: &str,
    fingerprint: &str,
    start: Position,
) -> Result<Checkpoint, Failure> {
    let query = sqlx::query_as(db.sql(statements::CLAIM))
        .bind(name)
        .bind(signed(start)?)
        .bind(fingerprint)
        .bind(now())
        .persistent(db.names_statements());
    checkpoint(query.fetch_one(conn).await?)
}

/// Whether the step was taken.
pub(super) async fn advance(db: &PostgresDatabase, conn: &mut PgConnection, step: &Advance) -> Result<bool, Failure> {
    // What the database cannot count to is the position of no checkpoint, and the epoch of no owner.
    let (Ok(from), Ok(epoch)) = (signed(step.from), i64::try_from(step.epoch)) else { return Ok(false) };
    let done = sqlx::query(db.sql(statements::ADVANCE))
        .bind(signed(step.to)?)
        .bind(now())
        .bind(&step.name)
        .bind(from)
        .bind(epoch)
        .persistent(db.names_statements())
        .execute(conn)
        .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn clear(db: &PostgresDatabase, conn: &mut PgConnection, name: &str) -> Result<(), Failure> {
    let query = sqlx::query(db.sql(statements::CLEAR)).bind(name).bind(now()).persistent(db.names_statements());
    query.execute(conn).await?;
    Ok(())
}

fn signed(position: Position) -> Result<i64, Failure> {
    i64::try_from(position.value()).map_err(|error| Failure::Database(sqlx::Error::Encode(Box::new(error))))
}
