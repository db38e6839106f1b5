//! Dead letters as rows.

use sqlx::{SqliteConnection, SqliteExecutor};

use super::statements;
use crate::event::StreamId;
use crate::projection::sql::{letter_from_json, letter_json};
use crate::projection::{DeadLetter, LetterChange};
use crate::store::sql::clamped;
use crate::store::sqlite::busy::Failure;

/// The letters of a subscription, by position.
pub(super) async fn list(conn: impl SqliteExecutor<'_>, name: &str) -> Result<Vec<DeadLetter>, Failure> {
    let rows: Vec<(String, i64)> = sqlx::query_as(statements::LETTERS).bind(name).fetch_all(conn).await?;
    rows.into_iter().map(|(json, held)| letter_from_json(name, &json, held)).collect()
}

/// Makes `changes` to the letters of the subscription `name`.
pub(super) async fn change(conn: &mut SqliteConnection, name: &str, changes: &[LetterChange]) -> Result<(), Failure> {
    for change in changes {
        match change {
            LetterChange::Keep(letter) => {
                release(conn, name, &letter.stream).await?;
                insert(conn, name, letter).await?;
            }
            LetterChange::Dismiss(letter) => insert(conn, name, letter).await?,
            LetterChange::Release { stream } => release(conn, name, stream).await?,
            LetterChange::Hold { stream, more } => {
                sqlx::query(statements::HOLD_BEHIND_LETTER)
                    .bind(name)
                    .bind(stream.aggregate_type())
                    .bind(stream.aggregate_id())
                    .bind(clamped(*more))
                    .execute(&mut *conn)
                    .await?;
            }
        }
    }
    Ok(())
}

async fn insert(conn: &mut SqliteConnection, name: &str, letter: &DeadLetter) -> Result<(), Failure> {
    sqlx::query(statements::INSERT_LETTER)
        .bind(name)
        .bind(clamped(letter.position.value()))
        .bind(letter.stream.aggregate_type())
        .bind(letter.stream.aggregate_id())
        .bind(letter.parks())
        .bind(clamped(letter.held))
        .bind(letter_json(letter)?)
        .execute(conn)
        .await?;
    Ok(())
}

async fn release(conn: &mut SqliteConnection, name: &str, stream: &StreamId) -> Result<(), Failure> {
    sqlx::query(statements::RELEASE_STREAM)
        .bind(name)
        .bind(stream.aggregate_type())
        .bind(stream.aggregate_id())
        .execute(conn)
        .await?;
    Ok(())
}
