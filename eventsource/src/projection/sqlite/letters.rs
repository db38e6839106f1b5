//! Dead letters as rows.

use std::collections::BTreeMap;

use sqlx::{SqliteConnection, SqliteExecutor};

use super::statements;
use crate::event::StreamId;
use crate::projection::sql::{LetterRows, LetterStatement, LetterValue, letter_counts, letter_from_json};
use crate::projection::{DeadLetter, LetterCounts};
use crate::store::sqlite::busy::Failure;

/// The letters of a subscription, by position.
pub(super) async fn list(conn: impl SqliteExecutor<'_>, name: &str) -> Result<Vec<DeadLetter>, Failure> {
    let rows: Vec<(String, i64)> = sqlx::query_as(statements::LETTERS).bind(name).fetch_all(conn).await?;
    rows.into_iter().map(|(json, held)| letter_from_json(name, &json, held)).collect()
}

/// The letter behind which `stream` is parked.
pub(super) async fn parked(
    conn: impl SqliteExecutor<'_>,
    name: &str,
    stream: &StreamId,
) -> Result<Option<DeadLetter>, Failure> {
    let row: Option<(String, i64)> = sqlx::query_as(statements::PARKED)
        .bind(name)
        .bind(stream.aggregate_type())
        .bind(stream.aggregate_id())
        .fetch_optional(conn)
        .await?;
    row.map(|(json, held)| letter_from_json(name, &json, held)).transpose()
}

/// How many letters wait, for each subscription that has any.
pub(super) async fn counts(conn: impl SqliteExecutor<'_>) -> Result<BTreeMap<String, LetterCounts>, Failure> {
    letter_counts(sqlx::query_as(statements::LETTER_COUNTS).fetch_all(conn).await?)
}

impl LetterRows for &mut SqliteConnection {
    async fn execute(&mut self, statement: LetterStatement, values: &[LetterValue<'_>]) -> Result<(), Failure> {
        let mut query = sqlx::query(match statement {
            LetterStatement::Insert => statements::INSERT_LETTER,
            LetterStatement::Hold => statements::HOLD_BEHIND_LETTER,
            LetterStatement::Release => statements::RELEASE_STREAM,
        });
        for value in values {
            query = match *value {
                LetterValue::Text(text) => query.bind(text),
                LetterValue::Number(number) => query.bind(number),
                LetterValue::Id(id) => query.bind(id),
                LetterValue::Flag(flag) => query.bind(flag),
            };
        }
        query.execute(&mut **self).await?;
        Ok(())
    }
}
