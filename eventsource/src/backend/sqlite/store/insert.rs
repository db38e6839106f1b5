//! Stores appends. The message that begins the transaction reads all that is needed, and the last insert commits it.
//!
//! A statement is a message to the thread of the connection and one back. The messages take as long as the statement
//! itself, so an append uses as few as possible.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments as _, AssertSqlSafe, Row as _, SqliteConnection, SqlitePool};
use uuid::Uuid;

use super::busy::Failure;
use super::statements;
use crate::backend::sql::store::{Append, Outcome, Place, Refusal, Together, metadata_json, unsigned};
use crate::event::{NewEvent, Position, Slice, StreamId, now};
use crate::store::ExpectedVersion;
use crate::store::clock::stored_at;

/// The state of the log before the appends.
struct Before<'a> {
    versions: HashMap<&'a StreamId, u64>,
    head: u64,
    /// The time at which the new events are stored.
    recorded_at: DateTime<Utc>,
}

/// A row to insert.
struct New<'a> {
    stream: &'a StreamId,
    event: &'a NewEvent,
    slice: Slice,
    place: Place,
}

/// Appends in one transaction. On an error, the caller must roll back, and nothing is stored.
///
/// `together` decides whether an append with a conflict refuses the other appends too.
pub(super) async fn append_all(
    conn: &mut SqliteConnection,
    appends: &[&Append],
    together: Together,
) -> Result<Vec<Outcome>, Failure> {
    let stored = match appends {
        [append] if append.events.len() == 1 => append_one(conn, append, &append.events[0]).await?,
        appends => append_at_once(conn, appends).await?,
    };
    if let Some(outcomes) = stored {
        return Ok(outcomes);
    }
    let mut before = Before::begin(conn, appends).await?;
    let (outcomes, mut rows) = before.places(appends);
    if together == Together::AsOne && outcomes.iter().any(Result::is_err) {
        rows.clear();
    }
    let mut rest = &rows[..];
    while !rest.is_empty() {
        let rows;
        (rows, rest) = rest.split_at(rows_at_once(rest));
        let left = rest.len();
        let sql = statements::insert_events(rows.len(), left == 0);
        let mut arguments = SqliteArguments::default();
        arguments.reserve(rows.len() * statements::COLUMN_COUNT, 0);
        bind_rows(&mut arguments, rows, before.recorded_at)?;
        sqlx::query_with(AssertSqlSafe(sql), arguments).execute(&mut *conn).await?;
    }
    if rows.is_empty() {
        sqlx::raw_sql(statements::ROLLBACK).execute(conn).await?;
    }
    Ok(outcomes)
}

/// Appends an event with one statement. Returns `None` if it needs more statements, or if the statement refused it.
///
/// The statement returns no rows. A row would wake the caller early, and the caller would then wait for the commit.
async fn append_one(
    conn: &mut SqliteConnection,
    append: &Append,
    event: &NewEvent,
) -> Result<Option<Vec<Outcome>>, Failure> {
    let Some(before) = known_version(append) else { return Ok(None) };
    let recorded_at = now();
    let done = sqlx::query(statements::APPEND_ONE)
        .bind(event.id())
        .bind(append.stream.aggregate_type())
        .bind(append.stream.aggregate_id())
        .bind(signed(before)?)
        .bind(event.event_type())
        .bind(event.schema_version())
        .bind(event.occurred_at().timestamp_micros())
        .bind(recorded_at.timestamp_micros())
        .bind(event.metadata().get_tenant())
        .bind(metadata_json(event.metadata())?)
        .bind(event.payload())
        .bind(append.slices().next().map(|slice| i64::from(slice.value())))
        .execute(conn)
        .await?;
    if done.rows_affected() == 0 {
        return Ok(None);
    }
    let place = (before + 1, Position::new(unsigned(done.last_insert_rowid(), "a position")?), recorded_at);
    Ok(Some(vec![Ok(vec![place])]))
}

/// Returns the expected version of the stream, if the append names one and the new versions fit into an `i64`.
fn known_version(append: &Append) -> Option<u64> {
    let version = match append.expected {
        ExpectedVersion::NoStream => 0,
        ExpectedVersion::Exact(version) => version,
        ExpectedVersion::Any | ExpectedVersion::StreamExists => return None,
    };
    let last = version.checked_add(append.events.len() as u64)?;
    i64::try_from(last).is_ok().then_some(version)
}

/// Appends several events with one statement, also to different streams. Returns `None` as [`append_one`] does.
async fn append_at_once(conn: &mut SqliteConnection, appends: &[&Append]) -> Result<Option<Vec<Outcome>>, Failure> {
    let versions = appends.iter().map(|append| Some((&append.stream, known_version(append)?)));
    let Some(versions) = versions.collect::<Option<HashMap<_, _>>>() else { return Ok(None) };
    let events: usize = appends.iter().map(|append| append.events.len()).sum();
    if !(1..=statements::MOST_ROWS).contains(&events) || versions.len() < appends.len() {
        return Ok(None);
    }
    // The statement assigns the positions. They are computed here from the last one.
    let mut before = Before { versions, head: 0, recorded_at: now() };
    let expected: Vec<_> = before.versions.iter().map(|(stream, version)| (*stream, *version)).collect();
    let (mut outcomes, rows) = before.places(appends);
    let streams = statements::streams_at_once(expected.len());
    let mut arguments = SqliteArguments::default();
    arguments.reserve(streams * 4 + rows.len() * statements::COLUMN_COUNT, 0);
    for &(stream, version) in expected.iter().chain(expected.last().into_iter().cycle()).take(streams) {
        bind(&mut arguments, stream.aggregate_type())?;
        bind(&mut arguments, stream.aggregate_id())?;
        bind(&mut arguments, signed(version)?)?;
        bind(&mut arguments, before.recorded_at.timestamp_micros())?;
    }
    bind_rows(&mut arguments, &rows, before.recorded_at)?;
    let sql = AssertSqlSafe(statements::append_at_once(streams, rows.len()));
    let done = sqlx::query_with(sql, arguments).execute(conn).await?;
    if done.rows_affected() == 0 {
        return Ok(None);
    }
    let head = unsigned(done.last_insert_rowid(), "a position")?.saturating_sub(before.head);
    for (_, position, _) in outcomes.iter_mut().flatten().flatten() {
        *position = Position::new(head + position.value());
    }
    Ok(Some(outcomes))
}

/// Returns how many of `rows`, which are not empty, one statement inserts. It limits the memory for the copies of the
/// rows.
fn rows_at_once(rows: &[New<'_>]) -> usize {
    const MOST_BYTES: usize = 8 * 1024 * 1024;
    let mut bytes = 0;
    let fit = rows.iter().take(statements::MOST_ROWS).take_while(|row| {
        bytes += row.event.payload().len();
        bytes <= MOST_BYTES
    });
    fit.count().max(1)
}

/// Reads the place of a stored event.
fn place((version, position, recorded_at): (i64, i64, i64)) -> Result<Place, Failure> {
    let recorded_at = DateTime::from_timestamp_micros(recorded_at)
        .ok_or_else(|| Failure::Corrupt(format!("the event at position {position}, column `recorded_at`")))?;
    let version = unsigned(version, "the version of a stream")?;
    Ok((version, Position::new(unsigned(position, "a position")?), recorded_at))
}

/// Returns the places of the events of an append, if all of them are stored in its stream.
pub(super) async fn stored_before(pool: &SqlitePool, append: &Append) -> Result<Option<Vec<Place>>, Failure> {
    let mut places = Vec::with_capacity(append.events.len());
    for id in append.ids() {
        let row: Option<(i64, i64, i64)> = sqlx::query_as(statements::STORED)
            .bind(id)
            .bind(append.stream.aggregate_type())
            .bind(append.stream.aggregate_id())
            .fetch_optional(pool)
            .await?;
        let Some(row) = row else { return Ok(None) };
        places.push(place(row)?);
    }
    Ok(Some(places))
}

impl<'a> Before<'a> {
    /// Begins a write transaction, and reads the state of the log.
    async fn begin(conn: &mut SqliteConnection, appends: &[&'a Append]) -> Result<Self, Failure> {
        let mut streams: Vec<&StreamId> = appends.iter().map(|append| &append.stream).collect();
        streams.sort_unstable();
        streams.dedup();
        let asked = statements::streams_at_once(streams.len());
        let mut arguments = SqliteArguments::default();
        // Few different statements stay prepared, so the last stream is read repeatedly to fill up the count.
        let last = streams.last().into_iter();
        for stream in streams.iter().chain(last.cycle()).take(asked) {
            bind(&mut arguments, stream.aggregate_type())?;
            bind(&mut arguments, stream.aggregate_id())?;
        }
        let sql = statements::begin_append(asked);
        let rows = sqlx::query_with(AssertSqlSafe(sql), arguments).fetch_all(conn).await?;
        let mut rows = rows.iter();
        let (head, recorded_at): (Option<i64>, Option<i64>) = match rows.next() {
            Some(row) => (row.try_get(0)?, row.try_get(1)?),
            None => (None, None),
        };
        let last = recorded_at.and_then(DateTime::from_timestamp_micros);
        let mut versions = HashMap::with_capacity(streams.len());
        for (stream, row) in streams.into_iter().zip(rows) {
            let version: Option<i64> = row.try_get(0)?;
            versions.insert(stream, unsigned(version.unwrap_or(0), "the version of a stream")?);
        }
        Ok(Self {
            versions,
            head: unsigned(head.unwrap_or(0), "the head of the log")?,
            recorded_at: stored_at(now(), last),
        })
    }

    /// Returns the outcome of each append, and the rows to insert.
    fn places(&mut self, appends: &[&'a Append]) -> (Vec<Outcome>, Vec<New<'a>>) {
        let mut rows = Vec::with_capacity(appends.iter().map(|append| append.events.len()).sum());
        let outcomes = appends.iter().map(|append| self.place(append, &mut rows)).collect();
        (outcomes, rows)
    }

    /// Assigns the places of the events of one append, after the appends before it.
    fn place(&mut self, append: &'a Append, rows: &mut Vec<New<'a>>) -> Outcome {
        let version = self.versions.entry(&append.stream).or_default();
        if !append.expected.allows(*version) {
            return Err(Refusal::Conflict { actual: *version });
        }
        let mut places = Vec::with_capacity(append.events.len());
        for (event, slice) in append.events.iter().zip(append.slices()) {
            *version += 1;
            self.head += 1;
            let place = (*version, Position::new(self.head), self.recorded_at);
            rows.push(New { stream: &append.stream, event, slice, place });
            places.push(place);
        }
        Ok(places)
    }
}

fn bind_rows(arguments: &mut SqliteArguments, rows: &[New<'_>], recorded_at: DateTime<Utc>) -> Result<(), Failure> {
    for New { stream, event, slice, place: (version, position, _) } in rows {
        bind(arguments, signed(position.value())?)?;
        bind(arguments, event.id())?;
        bind(arguments, stream.aggregate_type())?;
        bind(arguments, stream.aggregate_id())?;
        bind(arguments, signed(*version)?)?;
        bind(arguments, event.event_type())?;
        bind(arguments, event.schema_version())?;
        bind(arguments, event.occurred_at().timestamp_micros())?;
        bind(arguments, recorded_at.timestamp_micros())?;
        bind(arguments, event.metadata().get_tenant())?;
        bind(arguments, metadata_json(event.metadata())?)?;
        bind(arguments, event.payload())?;
        bind(arguments, i64::from(slice.value()))?;
    }
    Ok(())
}

fn bind<'q, T>(arguments: &mut SqliteArguments, value: T) -> Result<(), Failure>
where
    T: sqlx::Encode<'q, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>,
{
    arguments.add(value).map_err(|error| Failure::Database(sqlx::Error::Encode(error)))
}

/// Returns the first of these ids that is already stored.
pub(super) async fn taken(conn: &mut SqliteConnection, ids: &[Uuid]) -> Result<Option<Uuid>, Failure> {
    for &id in ids {
        if sqlx::query_scalar(statements::HAS_EVENT).bind(id).fetch_one(&mut *conn).await? {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

fn signed(value: u64) -> Result<i64, Failure> {
    i64::try_from(value)
        .map_err(|_| Failure::Corrupt(format!("the log ends at {value}, where SQLite counts no further")))
}
