//! Look-ups: an event by its id, the log backwards, and the streams of a type.

use std::sync::Arc;

use sqlx::SqlitePool;
use uuid::Uuid;

use super::busy::Failure;
use super::packed::select;
use super::read::{add, explained, lets_nothing_pass};
use super::{row, statements};
use crate::backend::sql::store::{Filling, Found, clamped, unsigned};
use crate::event::{Position, RecordedEvent, StreamId};
use crate::store::{BackwardPage, EventFilter, PageLimit, StoredStream};

pub(super) async fn event(pool: &SqlitePool, id: Uuid) -> Result<Option<Arc<RecordedEvent>>, Failure> {
    let found = sqlx::query(statements::BY_ID).bind(id).fetch_optional(pool).await?;
    found.as_ref().map(row::event).transpose()
}

/// Reads the sizes of the events first, and then only the events that belong to the page.
pub(super) async fn log_back(
    pool: &SqlitePool,
    before: Option<Position>,
    filter: &EventFilter,
    limit: PageLimit,
) -> Result<BackwardPage, Failure> {
    let mut filling = Filling::new(limit);
    let mut to = before.map_or(i64::MAX, |before| clamped(before.value()) - 1);
    while !lets_nothing_pass(filter) && !filling.is_full() {
        let most = filling.rows();
        let query = select(statements::read_sizes_back(filter), Position::START, to, filter, most);
        let found = query.fetch_all(pool).await?.iter().map(row::size).collect::<Result<Vec<_>, _>>()?;
        let last = found.last().map(Found::position).filter(|_| found.len() == most);
        add(pool, &mut filling, found).await?;
        let Some(last) = last else { break };
        to = clamped(last.value()) - 1;
    }
    Ok(BackwardPage { is_full: filling.is_full(), events: filling.events })
}

pub(super) async fn streams(
    pool: &SqlitePool,
    aggregate_type: &str,
    after: Option<Uuid>,
    limit: usize,
) -> Result<Vec<StoredStream>, Failure> {
    // The empty id comes before every id.
    let after = after.map(|id| id.as_bytes().to_vec()).unwrap_or_default();
    let rows: Vec<(Uuid, i64)> = sqlx::query_as(statements::STREAMS)
        .bind(aggregate_type)
        .bind(after)
        .bind(clamped(limit as u64))
        .fetch_all(pool)
        .await?;
    let stored = |(id, version): (Uuid, i64)| {
        let stream = StreamId::new(aggregate_type.to_owned(), id);
        Ok(StoredStream::new(stream, unsigned(version, "the version of a stream")?))
    };
    rows.into_iter().map(stored).collect()
}

pub(super) async fn explain_log_back(pool: &SqlitePool, filter: &EventFilter) -> Result<Vec<String>, Failure> {
    if lets_nothing_pass(filter) {
        return Ok(Vec::new());
    }
    explained(pool, statements::explain(&statements::read_sizes_back(filter))).await
}

pub(super) async fn explain_streams(pool: &SqlitePool) -> Result<Vec<String>, Failure> {
    explained(pool, statements::explain(statements::STREAMS)).await
}
