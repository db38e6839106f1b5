//! Dead letters as rows.

use sqlx::PgConnection;

use super::statements;
use crate::event::StreamId;
use crate::projection::sql::{letter_from_json, letter_json};
use crate::projection::{DeadLetter, LetterChange};
use crate::store::postgres::PostgresDatabase;
use crate::store::sql::{Failure, clamped};

/// The letters of a subscription, by position.
pub(super) async fn list(
    db: &PostgresDatabase,
    conn: &mut PgConnection,
    name: &str,
) -> Result<Vec<DeadLetter>, Failure> {
    let query = sqlx::query_as(db.sql(statements::LETTERS)).bind(name).persistent(db.names_statements());
    let rows: Vec<(String, i64)> = query.fetch_all(conn).await?;
    rows.into_iter().map(|(json, held)| letter_from_json(name, &json, held)).collect()
}

/// Makes `changes` to the letters of the subscription `name`.
pub(super) async fn change(
    db: &PostgresDatabase,
    conn: &mut PgConnection,
    name: &str,
    changes: &[LetterChange],
) -> Result<(), Failure> {
    for change in changes {
        match change {
            LetterChange::Keep(letter) => {
                release(db, conn, name, &letter.stream).await?;
                insert(db, conn, name, letter).await?;
            }
            LetterChange::Dismiss(letter) => insert(db, conn, name, letter).await?,
            LetterChange::Release { stream } => release(db, conn, name, stream).await?,
            LetterChange::Hold { stream, more } => {
                sqlx::query(db.sql(statements::HOLD_BEHIND_LETTER))
                    .bind(name)
                    .bind(stream.aggregate_type())
                    .bind(stream.aggregate_id())
                    .bind(clamped(*more))
                    .persistent(db.names_statements())
                    .execute(&mut *conn)
                    .await?;
            }
        }
    }
    Ok(())
}

async fn insert(
    db: &PostgresDatabase,
    conn: &mut PgConnection,
    name: &str,
    letter: &DeadLetter,
) -> Result<(), Failure> {
    sqlx::query(db.sql(statements::INSERT_LETTER))
        .bind(name)
        .bind(clamped(letter.position.value()))
        .bind(letter.stream.aggregate_type())
        .bind(letter.stream.aggregate_id())
        .bind(letter.parks())
        .bind(clamped(letter.held))
        .bind(letter_json(letter)?)
        .persistent(db.names_statements())
        .execute(conn)
        .await?;
    Ok(())
}

async fn release(db: &PostgresDatabase, conn: &mut PgConnection, name: &str, stream: &StreamId) -> Result<(), Failure> {
    sqlx::query(db.sql(statements::RELEASE_STREAM))
        .bind(name)
        .bind(stream.aggregate_type())
        .bind(stream.aggregate_id())
        .persistent(db.names_statements())
        .execute(conn)
        .await?;
    Ok(())
}
