//! Appending: one statement, which is a transaction by itself or a part of the caller's.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::{AssertSqlSafe, PgConnection};
use uuid::Uuid;

use super::failure::{code, is_collision, is_lost};
use super::{PostgresDatabase, statements};
use crate::event::{NewEvent, Position, StreamId, now};
use crate::store::sql::{Failure, clamped, metadata_json, unsigned};
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

/// `append_in` was called outside a transaction.
#[derive(Debug, thiserror::Error)]
#[error("the connection has no transaction open: begin one, and commit it after the append")]
struct NoTransaction;

/// How often an append is tried again where another one came between.
const MOST_TRIES: u32 = 100;

/// What is to be appended.
pub(super) struct Append<'a> {
    pub(super) db: &'a PostgresDatabase,
    pub(super) stream: &'a StreamId,
    pub(super) expected: ExpectedVersion,
    pub(super) events: Vec<NewEvent>,
}

/// The stream's version before, and an event's version, position and time; without these three where none is stored.
type Row = (i64, Option<i64>, Option<i64>, Option<DateTime<Utc>>);

/// Where an event was stored.
type Stored = (u64, Position, DateTime<Utc>);

impl Append<'_> {
    /// Appends in a transaction of its own.
    ///
    /// Where the connection is lost, it is tried once more, and nothing can be stored twice: the events' ids are unique.
    /// What is refused then may be refused because of the first attempt, whose answer was lost; it is looked up.
    pub(super) async fn alone(self) -> Result<Appended, Refusal> {
        let stored = match self.tries().await {
            Err(Refusal::Failed(Failure::Database(error))) if is_lost(&error) => {
                match self.db.once_more(error, self.tries()).await {
                    Err(refusal @ (Refusal::Conflict { .. } | Refusal::DuplicateEvent(_))) => {
                        self.stored_before().await?.ok_or(refusal)?
                    }
                    tried => tried?,
                }
            }
            tried => tried?,
        };
        Ok(self.appended(stored))
    }

    async fn alone_once(&self) -> Result<Vec<Stored>, Refusal> {
        let mut session = self.db.session().await?;
        let stored = self.attempt(&mut session).await?;
        session.end().await?;
        Ok(stored)
    }

    async fn tries(&self) -> Result<Vec<Stored>, Refusal> {
        let mut tries = 0;
        loop {
            tries += 1;
            let error = match self.alone_once().await {
                Err(Refusal::Failed(Failure::Database(error))) => error,
                answer => return answer,
            };
            if is_collision(&error) && tries < MOST_TRIES {
                tokio::time::sleep(Duration::from_millis(tries.into())).await;
                continue;
            }
            let mut session = self.db.session().await?;
            let judged = self.judge(&mut session, error, tries).await;
            session.end().await?;
            judged?;
        }
    }

    /// Appends inside the transaction that `conn` has open. Where it is refused, the transaction is as it was.
    pub(super) async fn inside(self, conn: &mut PgConnection) -> Result<Appended, Refusal> {
        let mut tries = 0;
        loop {
            tries += 1;
            sqlx::raw_sql(AssertSqlSafe(self.db.savepoint_sql().to_owned())).execute(&mut *conn).await.map_err(
                |error| {
                    let alone = code(&error).as_deref() == Some("25P01");
                    if alone { sqlx::Error::Configuration(Box::new(NoTransaction)) } else { error }
                },
            )?;
            let refusal = match self.attempt(conn).await {
                Ok(stored) => {
                    let done = format!("{}; {}", statements::RELEASE, self.db.announcer().notify_in_transaction());
                    sqlx::raw_sql(AssertSqlSafe(done)).execute(&mut *conn).await?;
                    return Ok(self.appended(stored));
                }
                Err(refusal) => refusal,
            };
            sqlx::raw_sql(statements::UNDO).execute(&mut *conn).await?;
            match refusal {
                Refusal::Failed(Failure::Database(error)) => self.judge(conn, error, tries).await?,
                refusal => return Err(refusal),
            }
        }
    }

    async fn attempt(&self, conn: &mut PgConnection) -> Result<Vec<Stored>, Refusal> {
        let Self { db, stream, expected, events } = self;
        let (lowest, highest) = bounds(*expected);
        let metadata = events.iter().map(|event| metadata_json(event.metadata())).collect::<Result<Vec<_>, _>>()?;
        let rows: Vec<Row> = sqlx::query_as(db.sql(statements::APPEND))
            .bind(stream.aggregate_type())
            .bind(stream.aggregate_id())
            .bind(lowest)
            .bind(highest)
            .bind(now())
            .bind(self.ids())
            .bind(events.iter().map(NewEvent::event_type).collect::<Vec<_>>())
            .bind(events.iter().map(|event| i64::from(event.schema_version())).collect::<Vec<_>>())
            .bind(events.iter().map(NewEvent::occurred_at).collect::<Vec<_>>())
            .bind(events.iter().map(|event| event.metadata().get_tenant()).collect::<Vec<_>>())
            .bind(metadata)
            .bind(events.iter().map(NewEvent::payload).collect::<Vec<_>>())
            .persistent(db.names_statements())
            .fetch_all(conn)
            .await?;
        let places: Vec<_> = rows
            .iter()
            .filter_map(|&(_, version, position, recorded_at)| Some((version?, position?, recorded_at?)))
            .map(stored)
            .collect::<Result<_, Failure>>()?;
        if places.len() == events.len() {
            return Ok(places);
        }
        let before = rows.first().map_or(0, |row| row.0);
        Err(Refusal::Conflict { actual: unsigned(before, "the version of a stream")? })
    }

    /// What the error means, which has undone the attempt: `Ok` to try again.
    async fn judge(&self, conn: &mut PgConnection, error: sqlx::Error, tries: u32) -> Result<(), Refusal> {
        let constraint = error.as_database_error().and_then(|error| error.constraint()).unwrap_or_default();
        match constraint {
            "eventsource_events_stream_version_key" => {
                let actual = self.version(conn).await?;
                if !self.expected.allows(actual) {
                    return Err(Refusal::Conflict { actual });
                }
            }
            "eventsource_events_event_id_key" => {
                if let Some(id) = self.taken(conn).await? {
                    return Err(Refusal::DuplicateEvent(id));
                }
            }
            _ => return Err(error.into()),
        }
        if tries < MOST_TRIES { Ok(()) } else { Err(error.into()) }
    }

    async fn version(&self, conn: &mut PgConnection) -> Result<u64, Failure> {
        let version = sqlx::query_scalar(self.db.sql(statements::VERSION))
            .bind(self.stream.aggregate_type())
            .bind(self.stream.aggregate_id())
            .persistent(self.db.names_statements())
            .fetch_one(conn)
            .await?;
        unsigned(version, "the version of a stream")
    }

    /// The first of the ids that is taken.
    async fn taken(&self, conn: &mut PgConnection) -> Result<Option<Uuid>, Failure> {
        let taken: Vec<Uuid> = sqlx::query_scalar(self.db.sql(statements::TAKEN_IDS))
            .bind(self.ids())
            .persistent(self.db.names_statements())
            .fetch_all(conn)
            .await?;
        Ok(self.events.iter().map(NewEvent::id).find(|id| taken.contains(id)))
    }

    /// Where the events are stored, if all of them are, in this stream.
    async fn stored_before(&self) -> Result<Option<Vec<Stored>>, Failure> {
        let mut session = self.db.session().await?;
        let rows: Vec<(i64, i64, DateTime<Utc>)> = sqlx::query_as(self.db.sql(statements::STORED))
            .bind(self.ids())
            .bind(self.stream.aggregate_type())
            .bind(self.stream.aggregate_id())
            .persistent(self.db.names_statements())
            .fetch_all(&mut *session)
            .await?;
        session.end().await?;
        let stored: Vec<_> = rows.into_iter().map(stored).collect::<Result<_, _>>()?;
        Ok(Some(stored).filter(|stored| stored.len() == self.events.len()))
    }

    fn ids(&self) -> Vec<Uuid> {
        self.events.iter().map(NewEvent::id).collect()
    }

    fn appended(self, stored: Vec<Stored>) -> Appended {
        let record = |(event, (version, position, recorded_at)): (NewEvent, Stored)| {
            Arc::new(event.record(self.stream.clone(), version, position, recorded_at))
        };
        Appended::new(self.events.into_iter().zip(stored).map(record).collect())
    }
}

fn stored((version, position, recorded_at): (i64, i64, DateTime<Utc>)) -> Result<Stored, Failure> {
    let version = unsigned(version, "the version of a stream")?;
    Ok((version, Position::new(unsigned(position, "a position")?), recorded_at))
}

/// Between which versions a stream is as expected.
fn bounds(expected: ExpectedVersion) -> (i64, i64) {
    match expected {
        ExpectedVersion::Any => (0, i64::MAX),
        ExpectedVersion::NoStream => (0, 0),
        ExpectedVersion::StreamExists => (1, i64::MAX),
        // No stream has a version that the database cannot count to, nor one event fewer than that.
        ExpectedVersion::Exact(version) => (clamped(version), clamped(version)),
    }
}
