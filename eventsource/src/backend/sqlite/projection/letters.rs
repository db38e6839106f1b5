//! Dead letters as rows.

use std::collections::BTreeMap;

use sqlx::{SqliteConnection, SqliteExecutor};

use super::statements;
use crate::backend::sql::projection::{
    LetterRows, LetterStatement, Value, bind_values, letter_counts, letter_field, letter_from_json,
};
use crate::backend::sql::store::clamped;
use crate::backend::sqlite::store::busy::Failure;
use crate::event::{Position, StreamId};
use crate::projection::{DeadLetter, LetterCounts, LetterFilter, LetterQuery};

/// Returns the letters of the subscription `name` that `query` asks for.
pub(super) async fn page(
    conn: impl SqliteExecutor<'_>,
    name: &str,
    query: LetterQuery,
) -> Result<Vec<DeadLetter>, Failure> {
    let field = letter_field(query.filter);
    let mut rows = sqlx::query_as(match query.filter {
        LetterFilter::All => statements::LETTERS,
        LetterFilter::Parking => statements::PARKING_LETTERS,
        LetterFilter::Released => statements::RELEASED_LETTERS,
        LetterFilter::Dismissed => statements::DISMISSED_LETTERS,
        LetterFilter::Failed(_) => statements::FAILED_LETTERS,
        LetterFilter::Event(_) => statements::LETTERS_OF_EVENT,
    })
    .bind(name)
    .bind(clamped(query.after.value()))
    .bind(clamped(query.limit as u64));
    if let Some(field) = field {
        rows = rows.bind(field);
    }
    letters(name, rows.fetch_all(conn).await?)
}

pub(super) async fn forget_some(
    conn: &mut SqliteConnection,
    name: &str,
    after: i64,
    before: &str,
    limit: i64,
) -> Result<Option<(u64, i64)>, Failure> {
    let last = sqlx::query_scalar(statements::DISMISSED_UP_TO).bind(name).bind(after).bind(limit);
    let last: Option<i64> = last.fetch_one(&mut *conn).await?;
    let Some(last) = last else { return Ok(None) };
    let deleted = sqlx::query(statements::FORGET_DISMISSED).bind(name).bind(after).bind(last).bind(before);
    Ok(Some((deleted.execute(conn).await?.rows_affected(), last)))
}

/// Returns the letter at `position`.
pub(super) async fn at(
    conn: impl SqliteExecutor<'_>,
    name: &str,
    position: Position,
) -> Result<Option<DeadLetter>, Failure> {
    let query = sqlx::query_as(statements::LETTER).bind(name).bind(clamped(position.value()));
    let rows: Vec<Row> = query.fetch_all(conn).await?;
    Ok(letters(name, rows)?.pop())
}

/// Returns the letters behind which any of `streams` is parked.
pub(super) async fn parked(
    conn: impl SqliteExecutor<'_>,
    name: &str,
    streams: &[StreamId],
) -> Result<Vec<DeadLetter>, Failure> {
    let query = sqlx::query_as(statements::PARKED).bind(name).bind(json(streams));
    letters(name, query.fetch_all(conn).await?)
}

/// Returns how many letters wait, for each of the subscriptions `names`.
pub(super) async fn counts(
    conn: impl SqliteExecutor<'_>,
    names: &[&str],
) -> Result<BTreeMap<String, LetterCounts>, Failure> {
    let query = sqlx::query_as(statements::LETTER_COUNTS).bind(serde_json::Value::from(names).to_string());
    letter_counts(query.bind(clamped(LetterCounts::MOST as u64 + 1)).fetch_all(conn).await?)
}

type Row = (String, i64);

fn letters(name: &str, rows: Vec<Row>) -> Result<Vec<DeadLetter>, Failure> {
    rows.into_iter().map(|(json, held)| letter_from_json(name, &json, held)).collect()
}

/// Returns the streams as a JSON array of types and ids, the ids in hexadecimal.
fn json<'s>(streams: impl IntoIterator<Item = &'s StreamId>) -> String {
    let pair = |stream: &StreamId| {
        serde_json::Value::from(vec![stream.aggregate_type().to_owned(), stream.aggregate_id().simple().to_string()])
    };
    streams.into_iter().map(pair).collect::<serde_json::Value>().to_string()
}

impl LetterRows for &mut SqliteConnection {
    async fn execute(&mut self, statement: LetterStatement, values: &[Value<'_>]) -> Result<(), Failure> {
        let query = sqlx::query(match statement {
            LetterStatement::Insert => statements::INSERT_LETTER,
            LetterStatement::Hold => statements::HOLD_BEHIND_LETTER,
        });
        let query = bind_values!(query, values);
        query.execute(&mut **self).await?;
        Ok(())
    }
    async fn release(&mut self, name: &str, streams: &[&StreamId]) -> Result<(), Failure> {
        let query = sqlx::query(statements::RELEASE_STREAMS).bind(name).bind(json(streams.iter().copied()));
        query.execute(&mut **self).await?;
        Ok(())
    }
}
