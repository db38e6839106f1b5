//! Dead letters as rows.

use std::collections::BTreeMap;

use sqlx::PgConnection;
use uuid::Uuid;

use super::statements;
use crate::backend::postgres::store::PostgresDatabase;
use crate::backend::sql::projection::{
    LetterRows, LetterStatement, Value, bind_values, letter_counts, letter_field, letter_from_json,
};
use crate::backend::sql::store::{Failure, clamped, unsigned};
use crate::event::{Position, StreamId};
use crate::projection::{DeadLetter, LetterCounts, LetterFilter, LetterQuery};

/// Returns the letters of the subscription `name` that `query` asks for.
pub(super) async fn page(
    db: &PostgresDatabase,
    conn: &mut PgConnection,
    name: &str,
    query: LetterQuery,
) -> Result<Vec<DeadLetter>, Failure> {
    let sql = match query.filter {
        LetterFilter::All => statements::LETTERS,
        LetterFilter::Parking => statements::PARKING_LETTERS,
        LetterFilter::Released => statements::RELEASED_LETTERS,
        LetterFilter::Dismissed => statements::DISMISSED_LETTERS,
        LetterFilter::Failed(_) => statements::FAILED_LETTERS,
        LetterFilter::Event(_) => statements::LETTERS_OF_EVENT,
    };
    let (after, limit) = (clamped(query.after.value()), clamped(query.limit as u64));
    let field = letter_field(query.filter);
    let mut query = sqlx::query_as(db.sql(sql)).bind(name).bind(after).bind(limit);
    if let Some(field) = field {
        query = query.bind(field);
    }
    letters(name, query.persistent(db.names_statements()).fetch_all(conn).await?)
}

pub(super) async fn forget_some(
    db: &PostgresDatabase,
    name: &str,
    after: i64,
    before: &str,
    limit: i64,
) -> Result<Option<(u64, i64)>, Failure> {
    let mut session = db.session().await?;
    let query = sqlx::query_as(db.sql(statements::FORGET_DISMISSED)).bind(name).bind(after).bind(before).bind(limit);
    let (deleted, last): (i64, Option<i64>) = query.persistent(db.names_statements()).fetch_one(&mut *session).await?;
    session.end().await?;
    let deleted = unsigned(deleted, "a number of dead letters")?;
    Ok(last.map(|last| (deleted, last)))
}

/// Returns the letter at `position`.
pub(super) async fn at(
    db: &PostgresDatabase,
    conn: &mut PgConnection,
    name: &str,
    position: Position,
) -> Result<Option<DeadLetter>, Failure> {
    let query = sqlx::query_as(db.sql(statements::LETTER)).bind(name).bind(clamped(position.value()));
    Ok(letters(name, query.persistent(db.names_statements()).fetch_all(conn).await?)?.pop())
}

/// Returns the letters behind which any of `streams` is parked.
pub(super) async fn parked(
    db: &PostgresDatabase,
    conn: &mut PgConnection,
    name: &str,
    streams: &[StreamId],
) -> Result<Vec<DeadLetter>, Failure> {
    let (kinds, ids) = columns(streams);
    let query = sqlx::query_as(db.sql(statements::PARKED)).bind(name).bind(kinds).bind(ids);
    letters(name, query.persistent(db.names_statements()).fetch_all(conn).await?)
}

/// Returns how many letters wait, for each of the subscriptions `names`.
pub(super) async fn counts(
    db: &PostgresDatabase,
    conn: &mut PgConnection,
    names: &[&str],
) -> Result<BTreeMap<String, LetterCounts>, Failure> {
    let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
    let query =
        sqlx::query_as(db.sql(statements::LETTER_COUNTS)).bind(names).bind(clamped(LetterCounts::MOST as u64 + 1));
    letter_counts(query.persistent(db.names_statements()).fetch_all(conn).await?)
}

/// Returns the lines of the query plan with which the letters of the subscription `name` are counted.
pub(super) async fn explain_counts(
    db: &PostgresDatabase,
    conn: &mut PgConnection,
    name: &str,
) -> Result<Vec<String>, Failure> {
    let sql = format!("EXPLAIN {}", statements::LETTER_COUNTS);
    let query =
        sqlx::query_scalar(db.sql(&sql)).bind(vec![name.to_owned()]).bind(clamped(LetterCounts::MOST as u64 + 1));
    Ok(query.persistent(db.names_statements()).fetch_all(conn).await?)
}

fn letters(name: &str, rows: Vec<(String, i64)>) -> Result<Vec<DeadLetter>, Failure> {
    rows.into_iter().map(|(json, held)| letter_from_json(name, &json, held)).collect()
}

/// Returns the types and the ids of the streams.
fn columns<'s>(streams: impl IntoIterator<Item = &'s StreamId>) -> (Vec<String>, Vec<Uuid>) {
    streams.into_iter().map(|stream| (stream.aggregate_type().to_owned(), stream.aggregate_id())).unzip()
}

impl LetterRows for (&PostgresDatabase, &mut PgConnection) {
    async fn execute(&mut self, statement: LetterStatement, values: &[Value<'_>]) -> Result<(), Failure> {
        let (db, conn) = self;
        let query = sqlx::query(db.sql(match statement {
            LetterStatement::Insert => statements::INSERT_LETTER,
            LetterStatement::Hold => statements::HOLD_BEHIND_LETTER,
        }));
        let query = bind_values!(query, values);
        query.persistent(db.names_statements()).execute(&mut **conn).await?;
        Ok(())
    }
    async fn release(&mut self, name: &str, streams: &[&StreamId]) -> Result<(), Failure> {
        let (db, conn) = self;
        let (kinds, ids) = columns(streams.iter().copied());
        let query = sqlx::query(db.sql(statements::RELEASE_STREAMS)).bind(name).bind(kinds).bind(ids);
        query.persistent(db.names_statements()).execute(&mut **conn).await?;
        Ok(())
    }
}
