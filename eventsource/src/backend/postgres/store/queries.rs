//! Answers the questions of operators.
//!
//! A list of streams contains stored events. The other answers end at the horizon, which is read first, in a statement of
//! its own.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use super::read::{Query, add, is_text, stored_types};
use super::time::Time;
use super::{PostgresDatabase, PostgresEventStore, correlation_index, horizon, statements};
use crate::backend::sql::store::{
    Action, Bisection, Failure, Filling, Found, Probe, Probed, clamped, micros_at, unsigned,
};
use crate::event::{Position, StreamId, check_time};
use crate::store::{
    CorrelatedPage, EventPlace, EventQueries, PAGE_BYTES, PageLimit, StoreError, StoredType, StreamQuery,
    StreamSummary, StreamSummaryPage, query_limit,
};

#[async_trait]
impl EventQueries for PostgresEventStore {
    async fn list_streams(&self, query: &StreamQuery) -> Result<StreamSummaryPage, StoreError> {
        self.db.read(Action::ListStreams, || list_streams(&self.db, query)).await
    }

    async fn list_event_types(&self, after: Option<&str>, limit: usize) -> Result<Vec<StoredType>, StoreError> {
        self.db.read(Action::FindTypes, || list_event_types(&self.db, after, limit)).await
    }

    async fn correlated(
        &self,
        correlation_id: Uuid,
        after: Position,
        limit: usize,
    ) -> Result<CorrelatedPage, StoreError> {
        self.db.read(Action::FindCorrelated, || correlated(&self.db, correlation_id, after, limit)).await
    }

    async fn position_at(&self, time: DateTime<Utc>) -> Result<Option<Position>, StoreError> {
        self.db.read(Action::FindTime, || position_at(&self.db, time)).await
    }
}

/// Returns `text` up to its first NUL. PostgreSQL cannot represent more of it. The stored texts after `text` are those
/// after this part, because no stored text contains NUL.
fn until_nul(text: &str) -> &str {
    text.split('\0').next().unwrap_or_default()
}

/// Returns the statement that lists the streams of `query`; `None` if no stream can match it.
pub(super) fn stream_page(db: &PostgresDatabase, query: &StreamQuery, statement: fn(&str) -> String) -> Option<Query> {
    if query.aggregate_type().is_some_and(|wanted| !is_text(wanted)) {
        return None;
    }
    let (aggregate_type, after) = query.start();
    // The next entry of the index after this one begins the next stream. Versions begin at 1.
    let (id, version) = match after {
        _ if !is_text(aggregate_type) => (Uuid::max(), i64::MAX),
        Some(id) => (id, i64::MAX),
        None => (Uuid::nil(), 0),
    };
    let sql = if query.aggregate_type().is_some() { statements::STREAM_PAGE_OF_TYPE } else { statements::STREAM_PAGE };
    let page = sqlx::query(db.sql(&statement(sql)))
        .bind(until_nul(aggregate_type).to_owned())
        .bind(id)
        .bind(version)
        .bind(clamped(query.max_count() as u64))
        .persistent(db.names_statements());
    Some(match query.aggregate_type() {
        Some(wanted) => page.bind(wanted.to_owned()),
        None => page,
    })
}

/// Lists stored streams. Their events can be after the horizon.
async fn list_streams(db: &PostgresDatabase, query: &StreamQuery) -> Result<StreamSummaryPage, Failure> {
    let Some(page) = stream_page(db, query, str::to_owned) else {
        return Ok(StreamSummaryPage::new(Vec::new(), query));
    };
    let mut conn = db.shared().await?;
    let mut tx = db.begin_page(&mut conn).await?;
    let rows = page.fetch_all(&mut *tx).await?;
    tx.rollback().await?;
    let streams = rows.iter().map(summary).collect::<Result<_, _>>()?;
    Ok(StreamSummaryPage::new(streams, query))
}

fn summary(row: &PgRow) -> Result<StreamSummary, Failure> {
    let place = |position: usize, time: usize| {
        let position = Position::new(unsigned(row.try_get(position)?, "a position")?);
        // A time that cannot be read is a failure of its event, and not of this call.
        let recorded_at = row.try_get::<Time, _>(time).ok().map(|time| time.0);
        Ok::<_, Failure>(EventPlace::new(position, recorded_at))
    };
    let stream = StreamId::new(row.try_get::<String, _>(0)?, row.try_get(1)?);
    let version = unsigned(row.try_get(4)?, "the version of a stream")?;
    Ok(StreamSummary::new(stream, version, place(2, 3)?, place(5, 6)?))
}

async fn list_event_types(
    db: &PostgresDatabase,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<StoredType>, Failure> {
    let head = horizon::read(db).await?;
    let page = type_page(db, statements::TYPE_PAGE, after, head, limit);
    let mut conn = db.shared().await?;
    let mut tx = db.begin_page(&mut conn).await?;
    let rows = page.fetch_all(&mut *tx).await?;
    tx.rollback().await?;
    stored_types(&rows)
}

pub(super) fn type_page(db: &PostgresDatabase, sql: &str, after: Option<&str>, head: Position, limit: usize) -> Query {
    sqlx::query(db.sql(sql))
        .bind(after.map(|name| until_nul(name).to_owned()))
        .bind(clamped(head.value()))
        .bind(clamped(query_limit(limit) as u64))
        .persistent(db.names_statements())
}

/// Reads the positions and sizes of the events first, and then only the events that belong to the page.
async fn correlated(
    db: &PostgresDatabase,
    correlation_id: Uuid,
    after: Position,
    limit: usize,
) -> Result<CorrelatedPage, Failure> {
    let head = horizon::read(db).await?;
    let mut conn = db.shared().await?;
    let mut tx = db.begin_page(&mut conn).await?;
    let (sql, unsearched_to) = if correlation_index::is_ready(db, &mut tx).await? {
        (statements::CORRELATED, None)
    } else {
        let last: Option<i64> = sqlx::query_scalar(db.sql(statements::LAST_BUT))
            .bind(clamped(head.value()))
            .bind(clamped(CorrelatedPage::SEARCHED_WITHOUT_INDEX as u64))
            .persistent(db.names_statements())
            .fetch_optional(&mut *tx)
            .await?;
        let unsearched_to = last.map(|position| unsigned(position, "a position")).transpose()?.map(Position::new);
        (statements::CORRELATED_BY_SCAN, unsearched_to.filter(|position| *position > after))
    };
    let limit = query_limit(limit);
    let query = correlated_in(db, sql, unsearched_to.unwrap_or(after), head, limit, correlation_id);
    let found = query.fetch_all(&mut *tx).await?.iter().map(found).collect::<Result<Vec<_>, _>>()?;
    let mut filling = Filling::new(PageLimit::events(limit).within_bytes(PAGE_BYTES));
    add(db, &mut tx, &mut filling, found).await?;
    tx.rollback().await?;
    let is_full = filling.is_full();
    Ok(CorrelatedPage::new(filling.events, is_full).searched_after(unsearched_to))
}

pub(super) fn correlated_in(
    db: &PostgresDatabase,
    sql: &str,
    after: Position,
    head: Position,
    limit: usize,
    correlation_id: Uuid,
) -> Query {
    sqlx::query(db.sql(sql))
        .bind(clamped(after.value()))
        .bind(clamped(head.value()))
        .bind(clamped(limit as u64))
        .bind(correlation_id.hyphenated().to_string())
        .persistent(db.names_statements())
}

fn found(row: &PgRow) -> Result<Found, Failure> {
    let position = Position::new(unsigned(row.try_get(0)?, "a position")?);
    let size = unsigned(row.try_get(1)?, "the size of an event")?;
    Ok(Found::Large(position, usize::try_from(size).unwrap_or(usize::MAX)))
}

async fn position_at(db: &PostgresDatabase, time: DateTime<Utc>) -> Result<Option<Position>, Failure> {
    let mut bisection = Bisection::new(horizon::read(db).await?);
    // PostgreSQL has no time before 4713 BC, and no event was stored before 1970.
    let time = if check_time(time).is_ok() { micros_at(time) } else { 0 };
    let Some(time) = DateTime::from_timestamp_micros(time) else { return Ok(None) };
    let mut conn = db.shared().await?;
    let mut tx = db.begin_page(&mut conn).await?;
    while let Some(Probe { from, to }) = bisection.probe() {
        let first: Option<(i64, bool)> = sqlx::query_as(db.sql(statements::FIRST_IN))
            .bind(clamped(from.value()))
            .bind(clamped(to.value()))
            .bind(time)
            .persistent(db.names_statements())
            .fetch_optional(&mut *tx)
            .await?;
        let probed = |(position, is_late): (i64, bool)| {
            Ok::<_, Failure>(Probed { position: Position::new(unsigned(position, "a position")?), is_late })
        };
        bisection.note(first.map(probed).transpose()?);
    }
    tx.rollback().await?;
    Ok(bisection.found())
}
