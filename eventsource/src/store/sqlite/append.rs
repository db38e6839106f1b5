//! Appending.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sqlx::{AssertSqlSafe, SqliteConnection};
use uuid::Uuid;

use super::busy::Failure;
use super::statements;
use crate::event::{NewEvent, Position, RecordedEvent, StreamId, now};
use crate::store::sql::{metadata_json, unsigned};
use crate::store::{Appended, ExpectedVersion};

/// Why nothing is appended.
pub(super) enum Refusal {
    Conflict { actual: u64 },
    DuplicateEvent(Uuid),
    Failed(Failure),
}

impl<F: Into<Failure>> From<F> for Refusal {
    fn from(failure: F) -> Self {
        Self::Failed(failure.into())
    }
}

/// Appends inside a transaction that may write, which the caller rolls back where it is refused.
pub(super) async fn append(
    conn: &mut SqliteConnection,
    stream: &StreamId,
    expected: ExpectedVersion,
    events: Vec<NewEvent>,
) -> Result<Appended, Refusal> {
    let before = Before::read(conn, stream).await?;
    if !expected.allows(before.version) {
        return Err(Refusal::Conflict { actual: before.version });
    }
    let events: Vec<_> = (1..)
        .zip(events)
        .map(|(n, event)| {
            let position = Position::new(before.head + n);
            Arc::new(event.record(stream.clone(), before.version + n, position, before.recorded_at))
        })
        .collect();
    let mut rest = &events[..];
    while !rest.is_empty() {
        let (rows, after) = rest.split_at(statements::rows_at_once(rest.len()));
        insert(conn, rows).await?;
        rest = after;
    }
    Ok(Appended::new(events))
}

/// What an append finds.
struct Before {
    version: u64,
    head: u64,
    /// When the new events are stored: the clock may step back, stored times do not.
    recorded_at: DateTime<Utc>,
}

impl Before {
    async fn read(conn: &mut SqliteConnection, stream: &StreamId) -> Result<Self, Failure> {
        let (version, head, recorded_at): (Option<i64>, Option<i64>, Option<i64>) =
            sqlx::query_as(statements::BEFORE_APPEND)
                .bind(stream.aggregate_type())
                .bind(stream.aggregate_id())
                .fetch_one(conn)
                .await?;
        let last = recorded_at.and_then(DateTime::from_timestamp_micros);
        Ok(Self {
            version: unsigned(version.unwrap_or(0), "the version of a stream")?,
            head: unsigned(head.unwrap_or(0), "the head of the log")?,
            recorded_at: last.map_or_else(now, |last| now().max(last)),
        })
    }
}

async fn insert(conn: &mut SqliteConnection, rows: &[Arc<RecordedEvent>]) -> Result<(), Refusal> {
    let mut query = sqlx::query(AssertSqlSafe(statements::insert_events(rows.len())));
    for event in rows {
        query = query
            .bind(signed(event.position().value())?)
            .bind(event.id())
            .bind(event.stream().aggregate_type())
            .bind(event.aggregate_id())
            .bind(signed(event.version())?)
            .bind(event.event_type())
            .bind(event.schema_version())
            .bind(event.occurred_at().timestamp_micros())
            .bind(event.recorded_at().timestamp_micros())
            .bind(event.metadata().get_tenant())
            .bind(metadata_json(event.metadata())?)
            .bind(event.payload());
    }
    match query.execute(&mut *conn).await {
        Ok(_) => Ok(()),
        Err(error) if error.as_database_error().is_some_and(|error| error.is_unique_violation()) => {
            // The statement has undone itself: whatever id of these rows is found was there before.
            for event in rows {
                if sqlx::query_scalar(statements::HAS_EVENT).bind(event.id()).fetch_one(&mut *conn).await? {
                    return Err(Refusal::DuplicateEvent(event.id()));
                }
            }
            Err(error.into())
        }
        Err(error) => Err(error.into()),
    }
}

fn signed(value: u64) -> Result<i64, Failure> {
    i64::try_from(value)
        .map_err(|_| Failure::Corrupt(format!("the log ends at {value}, where SQLite counts no further")))
}
