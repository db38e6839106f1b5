//! Dead letters as rows.

use std::collections::BTreeMap;

use sqlx::PgConnection;

use super::statements;
use crate::event::StreamId;
use crate::projection::sql::{LetterRows, LetterStatement, LetterValue, letter_counts, letter_from_json};
use crate::projection::{DeadLetter, LetterCounts};
use crate::store::postgres::PostgresDatabase;
use crate::store::sql::Failure;

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

/// The letter behind which `stream` is parked.
pub(super) async fn parked(
    db: &PostgresDatabase,
    conn: &mut PgConnection,
    name: &str,
    stream: &StreamId,
) -> Result<Option<DeadLetter>, Failure> {
    let query = sqlx::query_as(db.sql(statements::PARKED)).bind(name);
    let query = query.bind(stream.aggregate_type().to_owned()).bind(stream.aggregate_id());
    let row: Option<(String, i64)> = query.persistent(db.names_statements()).fetch_optional(conn).await?;
    row.map(|(json, held)| letter_from_json(name, &json, held)).transpose()
}

/// How many letters wait, for each subscription that has any.
pub(super) async fn counts(
    db: &PostgresDatabase,
    conn: &mut PgConnection,
) -> Result<BTreeMap<String, LetterCounts>, Failure> {
    let query = sqlx::query_as(db.sql(statements::LETTER_COUNTS)).persistent(db.names_statements());
    letter_counts(query.fetch_all(conn).await?)
}

impl LetterRows for (&PostgresDatabase, &mut PgConnection) {
    async fn execute(&mut self, statement: LetterStatement, values: &[LetterValue<'_>]) -> Result<(), Failure> {
        let (db, conn) = self;
        let mut query = sqlx::query(db.sql(match statement {
            LetterStatement::Insert => statements::INSERT_LETTER,
            LetterStatement::Hold => statements::HOLD_BEHIND_LETTER,
            LetterStatement::Release => statements::RELEASE_STREAM,
        }));
        for value in values {
            query = match *value {
                LetterValue::Text(text) => query.bind(text),
                LetterValue::Number(number) => query.bind(number),
                LetterValue::Id(id) => query.bind(id),
                LetterValue::Flag(flag) => query.bind(flag),
            };
        }
        query.persistent(db.names_statements()).execute(&mut **conn).await?;
        Ok(())
    }
}
