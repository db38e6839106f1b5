//! Reads dead letters, on every database.

use std::collections::BTreeMap;

use super::CheckpointDatabase;
use super::letters::field;
use crate::backend::sql::database::SqlRow as _;
use crate::backend::sql::store::{Failure, clamped, unsigned};
use crate::backend::sql::values::Value;
use crate::event::{Position, StreamId};
use crate::projection::{DeadLetter, LetterCounts, LetterFilter, LetterQuery};

/// Returns the letters of the subscription `name` that `query` asks for.
pub(in crate::backend) async fn page<D: CheckpointDatabase>(
    db: &D,
    conn: &mut D::Connection,
    name: &str,
    query: LetterQuery,
) -> Result<Vec<DeadLetter>, Failure> {
    let sql = match query.filter {
        LetterFilter::All => D::LETTERS.all,
        LetterFilter::Parking => D::LETTERS.parking,
        LetterFilter::Released => D::LETTERS.released,
        LetterFilter::Dismissed => D::LETTERS.dismissed,
        LetterFilter::Failed(_) => D::LETTERS.failed,
        LetterFilter::Event(_) => D::LETTERS.of_event,
    };
    let (after, limit) = (clamped(query.after.value()), clamped(query.limit as u64));
    let field = field(query.filter);
    let mut values = vec![Value::Text(name), Value::Number(after), Value::Number(limit)];
    values.extend(field.as_deref().map(Value::Text));
    letters::<D>(name, &db.fetch(conn, sql, &values).await?)
}

/// Returns the letter at `position`.
pub(in crate::backend) async fn at<D: CheckpointDatabase>(
    db: &D,
    conn: &mut D::Connection,
    name: &str,
    position: Position,
) -> Result<Option<DeadLetter>, Failure> {
    let values = [Value::Text(name), Value::Number(clamped(position.value()))];
    Ok(letters::<D>(name, &db.fetch(conn, D::LETTERS.at, &values).await?)?.pop())
}

/// Returns the letters behind which any of `streams` is parked.
pub(in crate::backend) async fn parked<D: CheckpointDatabase>(
    db: &D,
    conn: &mut D::Connection,
    name: &str,
    streams: &[StreamId],
) -> Result<Vec<DeadLetter>, Failure> {
    let streams: Vec<_> = streams.iter().collect();
    let values = [Value::Text(name), Value::Streams(&streams)];
    letters::<D>(name, &db.fetch(conn, D::LETTERS.parked, &values).await?)
}

/// Returns how many letters wait and how many events wait behind them, for each of the subscriptions `names`.
/// Subscriptions without letters are left out.
pub(in crate::backend) async fn counts<D: CheckpointDatabase>(
    db: &D,
    conn: &mut D::Connection,
    names: &[&str],
) -> Result<BTreeMap<String, LetterCounts>, Failure> {
    let count = |number| unsigned(number, "a number of dead letters");
    let values = [Value::Texts(names), Value::Number(clamped(LetterCounts::MOST as u64 + 1))];
    let mut counts = BTreeMap::new();
    for row in db.fetch(conn, D::LETTERS.counts, &values).await? {
        let waiting = usize::try_from(count(row.number(1)?)?).unwrap_or(usize::MAX);
        if waiting > 0 {
            counts.insert(row.text(0)?, LetterCounts { waiting, held: count(row.number(2)?)? });
        }
    }
    Ok(counts)
}

fn letters<D: CheckpointDatabase>(name: &str, rows: &[D::Row]) -> Result<Vec<DeadLetter>, Failure> {
    rows.iter().map(|row| letter(name, &row.text(0)?, row.number(1)?)).collect()
}

/// Parses the dead letter of the subscription `name` that is stored as `json`.
pub(super) fn letter(name: &str, json: &str, held: i64) -> Result<DeadLetter, Failure> {
    let letter: DeadLetter =
        serde_json::from_str(json).map_err(|error| Failure::Corrupt(format!("a dead letter of `{name}`: {error}")))?;
    Ok(DeadLetter { subscription: name.to_owned(), held: unsigned(held, "what waits behind a dead letter")?, ..letter })
}
