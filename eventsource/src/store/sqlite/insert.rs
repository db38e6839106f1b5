//! Appending: what an append finds is read when the transaction begins, and it ends with the last insert.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments as _, AssertSqlSafe, Row as _, SqliteConnection, SqlitePool};
use uuid::Uuid;

use super::busy::Failure;
use super::statements;
use crate::event::{NewEvent, Position, StreamId, now};
use crate::store::ExpectedVersion;
use crate::store::clock::stored_at;
use crate::store::sql::{Append, Outcome, Place, Refusal, Together, metadata_json, unsigned};

/// What appends find.
struct Before<'a> {
    versions: HashMap<&'a StreamId, u64>,
    head: u64,
    /// When the new events are stored.
    recorded_at: DateTime<Utc>,
}

/// A row to be.
struct New<'a> {
    stream: &'a StreamId,
    event: &'a NewEvent,
    place: Place,
}

/// Appends in one transaction, which has to be rolled back where this is an error: then nothing of it all is stored.
/// Where an append finds its stream at another version, `together` says what becomes of the others.
///
/// A statement is a message to the connection's thread and another one back, which takes as long as the statement. So
/// the transaction begins with what is read, and ends with what is written.
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

/// Appends an event by one statement; not where that takes more than one, or is refused.
///
/// The statement has no rows: the first would wake who waits for the answer, who then would wait for the commit.
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
        .execute(conn)
        .await?;
    if done.rows_affected() == 0 {
        return Ok(None);
    }
    let place = (before + 1, Position::new(unsigned(done.last_insert_rowid(), "a position")?), recorded_at);
    Ok(Some(vec![Ok(vec![place])]))
}

/// At which version the stream is to be, where the append says so; not where SQLite does not count so far.
fn known_version(append: &Append) -> Option<u64> {
    let version = match append.expected {
        ExpectedVersion::NoStream => 0,
        ExpectedVersion::Exact(version) => version,
        ExpectedVersion::Any | ExpectedVersion::StreamExists => return None,
    };
    let last = version.checked_add(append.events.len() as u64)?;
    i64::try_from(last).is_ok().then_some(version)
}

/// The same of many events, and of appends to different streams.
async fn append_at_once(conn: &mut SqliteConnection, appends: &[&Append]) -> Result<Option<Vec<Outcome>>, Failure> {
    let versions = appends.iter().map(|append| Some((&append.stream, known_version(append)?)));
    let Some(versions) = versions.collect::<Option<HashMap<_, _>>>() else { return Ok(None) };
    let events: usize = appends.iter().map(|append| append.events.len()).sum();
    if !(1..=statements::MOST_ROWS).contains(&events) || versions.len() < appends.len() {
        return Ok(None);
    }
    // Positions are counted from the head, which only the statement knows.
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

/// How many of `rows`, which are not empty, one statement takes: those that it holds once more while it runs.
fn rows_at_once(rows: &[New<'_>]) -> usize {
    const MOST_BYTES: usize = 8 * 1024 * 1024;
    let mut bytes = 0;
    let fit = rows.iter().take(statements::MOST_ROWS).take_while(|row| {
        bytes += row.event.payload().len();
        bytes <= MOST_BYTES
    });
    fit.count().max(1)
}

/// Where an event was stored.
fn place((version, position, recorded_at): (i64, i64, i64)) -> Result<Place, Failure> {
    let recorded_at = DateTime::from_timestamp_micros(recorded_at)
        .ok_or_else(|| Failure::Corrupt(format!("the event at position {position}, column `recorded_at`")))?;
    let version = unsigned(version, "the version of a stream")?;
    Ok((version, Position::new(unsigned(position, "a position")?), recorded_at))
}

/// Where the events are stored, if all of them are, in this stream.
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
    /// Begins a transaction that may write, and reads.
    async fn begin(conn: &mut SqliteConnection, appends: &[&'a Append]) -> Result<Self, Failure> {
        let mut streams: Vec<&StreamId> = appends.iter().map(|append| &append.stream).collect();
        streams.sort_unstable();
        streams.dedup();
        let asked = statements::streams_at_once(streams.len());
        let mut arguments = SqliteArguments::default();
        // A few statements serve all counts: the last stream is asked for as often as it takes.
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

    /// Where the events of these appends go, and the rows.
    fn places(&mut self, appends: &[&'a Append]) -> (Vec<Outcome>, Vec<New<'a>>) {
        let mut rows = Vec::with_capacity(appends.iter().map(|append| append.events.len()).sum());
        let outcomes = appends.iter().map(|append| self.place(append, &mut rows)).collect();
        (outcomes, rows)
    }

    /// Where the events of an append go, after those of the appends before it.
    fn place(&mut self, append: &'a Append, rows: &mut Vec<New<'a>>) -> Outcome {
        let version = self.versions.entry(&append.stream).or_default();
        if !append.expected.allows(*version) {
            return Err(Refusal::Conflict { actual: *version });
        }
        let mut places = Vec::with_capacity(append.events.len());
        for event in &append.events {
            *version += 1;
            self.head += 1;
            let place = (*version, Position::new(self.head), self.recorded_at);
            rows.push(New { stream: &append.stream, event, place });
            places.push(place);
        }
        Ok(places)
    }
}

fn bind_rows(arguments: &mut SqliteArguments, rows: &[New<'_>], recorded_at: DateTime<Utc>) -> Result<(), Failure> {
    for New { stream, event, place: (version, position, _) } in rows {
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
    }
    Ok(())
}

fn bind<'q, T>(arguments: &mut SqliteArguments, value: T) -> Result<(), Failure>
where
    T: sqlx::Encode<'q, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>,
{
    arguments.add(value).map_err(|error| Failure::Database(sqlx::Error::Encode(error)))
}

/// The first of these ids that is taken.
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
