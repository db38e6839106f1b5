//! Dead letters as rows, for every database.

use chrono::{DateTime, Datelike as _, SecondsFormat, Utc};

use super::CheckpointDatabase;
use crate::backend::sql::store::{Failure, clamped};
use crate::backend::sql::values::Value;
use crate::event::StreamId;
use crate::projection::search::without_nul;
use crate::projection::{CheckpointError, DeadLetter, ErrorClass, LetterChange, LetterFilter};

/// Returns the text that a stored letter contains if it matches `filter` by a field. In JSON a quote inside a value is
/// escaped, so the text is found only in the field itself.
pub(super) fn field(filter: LetterFilter) -> Option<String> {
    match filter {
        LetterFilter::Failed(ErrorClass::Transient) => Some(r#""class":"Transient""#.to_owned()),
        LetterFilter::Failed(ErrorClass::Permanent) => Some(r#""class":"Permanent""#.to_owned()),
        LetterFilter::Event(id) => Some(format!(r#""event_id":"{id}""#)),
        LetterFilter::All | LetterFilter::Parking | LetterFilter::Released | LetterFilter::Dismissed => None,
    }
}

/// Returns `time` as it stands in a stored letter, without the `Z`: such texts sort as their times do. Letters are
/// dismissed at the current time, so a year without four digits is before or after all of them.
fn instant(time: DateTime<Utc>) -> String {
    match time.year() {
        ..0 => String::new(),
        0..=9_999 => time.to_rfc3339_opts(SecondsFormat::AutoSi, true).trim_end_matches('Z').to_owned(),
        _ => "~".to_owned(),
    }
}

/// Returns `time`, or the nearest time that every database can store: the years 1 to 9999.
pub(super) fn searchable(time: DateTime<Utc>) -> DateTime<Utc> {
    const FIRST: i64 = -62_135_596_800;
    const LAST: i64 = 253_402_300_799;
    DateTime::from_timestamp(time.timestamp().clamp(FIRST, LAST), time.timestamp_subsec_nanos()).unwrap_or(time)
}

/// The number of letters that one transaction looks at.
const FORGET: u64 = 1_000;

/// Deletes letters in several transactions, so that no lock is held for long.
pub(in crate::backend) trait ForgetLetters {
    /// Looks at the next `limit` dismissed letters after the position `after`, deletes those that were dismissed before
    /// `before`, and returns how many it deleted and the position of the last one that it looked at; `None` if there
    /// was none.
    fn forget_some(
        &mut self,
        after: i64,
        before: &str,
        limit: i64,
    ) -> impl Future<Output = Result<Option<(u64, i64)>, CheckpointError>> + Send;
}

/// Deletes the letters that were dismissed before `before`.
pub(in crate::backend) async fn forget<R: ForgetLetters + Send>(
    mut rows: R,
    before: DateTime<Utc>,
) -> Result<u64, CheckpointError> {
    let (before, mut after, mut forgotten) = (instant(before), -1, 0);
    while let Some((deleted, last)) = rows.forget_some(after, &before, clamped(FORGET)).await? {
        forgotten += deleted;
        after = last;
    }
    Ok(forgotten)
}

/// Applies `changes` to the letters of the subscription `name`, in order. Consecutive releases take one statement.
pub(in crate::backend) async fn change<D: CheckpointDatabase>(
    db: &D,
    conn: &mut D::Connection,
    name: &str,
    changes: &[LetterChange],
) -> Result<(), Failure> {
    let are_releases = |a: &LetterChange, b: &LetterChange| released(a).is_some() && released(b).is_some();
    for changes in changes.chunk_by(are_releases) {
        let streams: Vec<_> = changes.iter().filter_map(released).collect();
        if !streams.is_empty() {
            release(db, conn, name, &streams).await?;
            continue;
        }
        for change in changes {
            match change {
                LetterChange::Keep(letter) => {
                    release(db, conn, name, &[&letter.stream]).await?;
                    insert(db, conn, name, letter).await?;
                }
                LetterChange::Dismiss(letter) => insert(db, conn, name, letter).await?,
                LetterChange::Release { stream } => release(db, conn, name, &[stream]).await?,
                LetterChange::Hold { stream, more } => {
                    let [name, kind, id] = place(name, stream);
                    let more = Value::Number(clamped(*more));
                    db.execute(conn, D::LETTERS.hold, &[name, kind, id, more]).await?;
                }
            }
        }
    }
    Ok(())
}

const fn released(change: &LetterChange) -> Option<&StreamId> {
    match change {
        LetterChange::Release { stream } => Some(stream),
        _ => None,
    }
}

/// Deletes the letters of the subscription `name` behind which `streams` are parked, in one statement.
async fn release<D: CheckpointDatabase>(
    db: &D,
    conn: &mut D::Connection,
    name: &str,
    streams: &[&StreamId],
) -> Result<(), Failure> {
    db.execute(conn, D::LETTERS.release, &[Value::Text(name), Value::Streams(streams)]).await.map(drop)
}

async fn insert<D: CheckpointDatabase>(
    db: &D,
    conn: &mut D::Connection,
    name: &str,
    letter: &DeadLetter,
) -> Result<(), Failure> {
    let json = letter_json(letter)?;
    let [name, kind, id] = place(name, &letter.stream);
    let position = Value::Number(clamped(letter.position.value()));
    let (parks, held) = (Value::Flag(letter.parks()), Value::Number(clamped(letter.held)));
    let (event_type, error) = (without_nul(&letter.event_type), letter.error_line());
    let [event_type, error] = [Value::Text(&event_type), Value::Text(&error)];
    let failed_at = Value::Time(searchable(letter.last_failed_at));
    let values = [name, position, kind, id, parks, held, Value::Text(&json), event_type, error, failed_at];
    db.execute(conn, D::LETTERS.insert, &values).await.map(drop)
}

/// Serialises a dead letter as JSON. The number of held events has its own column.
fn letter_json(letter: &DeadLetter) -> Result<String, Failure> {
    serde_json::to_string(letter).map_err(|error| Failure::Database(sqlx::Error::Encode(Box::new(error))))
}

fn place<'a>(name: &'a str, stream: &'a StreamId) -> [Value<'a>; 3] {
    [Value::Text(name), Value::Text(stream.aggregate_type()), Value::Id(stream.aggregate_id())]
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn instants_are_ordered_as_their_times() {
        let start = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
        let mut times = vec![DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC];
        for micros in [0, 1, 10, 1_000, 123_456, 500_000, 999_999, 1_000_000, 1_000_001, 60_000_000] {
            times.push(start + TimeDelta::microseconds(micros));
        }
        for (one, other) in times.iter().flat_map(|one| times.iter().map(move |other| (*one, *other))) {
            assert_eq!(instant(one).cmp(&instant(other)), one.cmp(&other), "{one} {other}");
        }
    }

    #[test]
    fn fields_are_found_in_the_text_of_a_letter() {
        let event = crate::event::NewEvent::raw("Placed", 1, "{}");
        let stream = StreamId::new("Order", Uuid::nil());
        let event = event.record(stream, 1, crate::event::Position::START, crate::event::now());
        let error = crate::projection::HandlerError::permanent(r#""class":"Transient""#);
        let letter = DeadLetter::new("orders", &event, &error, 1).dismissed("known");
        let text = letter_json(&letter).unwrap();
        let is_found = |filter| text.contains(&field(filter).unwrap());
        assert!(is_found(LetterFilter::Failed(ErrorClass::Permanent)), "{text}");
        assert!(!is_found(LetterFilter::Failed(ErrorClass::Transient)), "{text}");
        assert!(is_found(LetterFilter::Event(event.id())), "{text}");
        assert!(!is_found(LetterFilter::Event(Uuid::nil())), "{text}");
    }
}
