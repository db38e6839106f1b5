//! Answers the questions of operators.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqlitePool};
use uuid::Uuid;

use super::busy::Failure;
use super::correlation_index::exists;
use super::read::{add, explained, head, stored_types};
use super::{SqliteEventStore, row, statements};
use crate::backend::sql::store::{Action, Bisection, Filling, Probe, Probed, clamped, micros_at, unsigned};
use crate::event::{Position, StreamId};
use crate::store::{
    CorrelatedPage, EventPlace, EventQueries, PAGE_BYTES, PageLimit, StoreError, StoredType, StreamQuery,
    StreamSummary, StreamSummaryPage, query_limit,
};

#[async_trait]
impl EventQueries for SqliteEventStore {
    async fn list_streams(&self, query: &StreamQuery) -> Result<StreamSummaryPage, StoreError> {
        self.db.read(Action::ListStreams, || list_streams(self.db.pool(), query)).await
    }

    async fn list_event_types(&self, after: Option<&str>, limit: usize) -> Result<Vec<StoredType>, StoreError> {
        self.db.read(Action::FindTypes, || list_event_types(self.db.pool(), after, limit)).await
    }

    async fn correlated(
        &self,
        correlation_id: Uuid,
        after: Position,
        limit: usize,
    ) -> Result<CorrelatedPage, StoreError> {
        self.db.read(Action::FindCorrelated, || correlated(self.db.pool(), correlation_id, after, limit)).await
    }

    async fn position_at(&self, time: DateTime<Utc>) -> Result<Option<Position>, StoreError> {
        self.db.read(Action::FindTime, || position_at(self.db.pool(), time)).await
    }
}

/// A statement of a question, with its parameters.
type Query = sqlx::query::Query<'static, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>;

fn stream_page(query: &StreamQuery, statement: impl FnOnce(&'static str) -> String) -> Query {
    let (aggregate_type, after) = query.start();
    // The empty id comes before every id.
    let after = after.map(|id| id.as_bytes().to_vec()).unwrap_or_default();
    let sql = if query.aggregate_type().is_some() { statements::STREAM_PAGE_OF_TYPE } else { statements::STREAM_PAGE };
    let page = sqlx::query(sqlx::AssertSqlSafe(statement(sql)))
        .bind(aggregate_type.to_owned())
        .bind(after)
        .bind(clamped(query.max_count() as u64));
    match query.aggregate_type() {
        Some(wanted) => page.bind(wanted.to_owned()),
        None => page,
    }
}

async fn list_streams(pool: &SqlitePool, query: &StreamQuery) -> Result<StreamSummaryPage, Failure> {
    let rows = stream_page(query, str::to_owned).fetch_all(pool).await?;
    let streams = rows.iter().map(summary).collect::<Result<_, _>>()?;
    Ok(StreamSummaryPage::new(streams, query))
}

fn summary(row: &SqliteRow) -> Result<StreamSummary, Failure> {
    let place = |position: usize, time: usize| {
        let position = Position::new(unsigned(row.try_get(position)?, "a position")?);
        Ok::<_, Failure>(EventPlace::new(position, DateTime::from_timestamp_micros(row.try_get(time)?)))
    };
    let first = place(0, 1)?;
    let aggregate_type: String = row.try_get(2).map_err(|error| {
        Failure::Corrupt(format!("the event at position {}, column `aggregate_type`: {error}", first.position))
    })?;
    let stream = StreamId::new(aggregate_type, row.try_get(3)?);
    Ok(StreamSummary::new(stream, unsigned(row.try_get(4)?, "the version of a stream")?, first, place(5, 6)?))
}

async fn list_event_types(pool: &SqlitePool, after: Option<&str>, limit: usize) -> Result<Vec<StoredType>, Failure> {
    // The first name after another one is that name with NUL at its end.
    let from = after.map(|name| format!("{name}\0")).unwrap_or_default();
    let rows = sqlx::query_as(statements::TYPE_PAGE).bind(from).bind(clamped(query_limit(limit) as u64));
    stored_types(rows.fetch_all(pool).await?)
}

/// Reads the positions and sizes of the events first, and then only the events that belong to the page.
async fn correlated(
    pool: &SqlitePool,
    correlation_id: Uuid,
    after: Position,
    limit: usize,
) -> Result<CorrelatedPage, Failure> {
    let (sql, unsearched_to) = if exists(pool).await? {
        (statements::CORRELATED, None)
    } else {
        let most = CorrelatedPage::SEARCHED_WITHOUT_INDEX as u64;
        let last: Option<i64> =
            sqlx::query_scalar(statements::LAST_BUT).bind(clamped(most)).fetch_optional(pool).await?;
        let unsearched_to = last.map(|position| unsigned(position, "a position")).transpose()?.map(Position::new);
        (statements::CORRELATED_BY_SCAN, unsearched_to.filter(|position| *position > after))
    };
    let limit = query_limit(limit);
    let rows = correlated_in(sql.to_owned(), unsearched_to.unwrap_or(after), limit, correlation_id);
    let found = rows.fetch_all(pool).await?.iter().map(row::size).collect::<Result<Vec<_>, _>>()?;
    let mut filling = Filling::new(PageLimit::events(limit).within_bytes(PAGE_BYTES));
    add(pool, &mut filling, found).await?;
    let is_full = filling.is_full();
    Ok(CorrelatedPage::new(filling.events, is_full).searched_after(unsearched_to))
}

fn correlated_in(sql: String, after: Position, limit: usize, correlation_id: Uuid) -> Query {
    sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(clamped(after.value()))
        .bind(i64::MAX)
        .bind(clamped(limit as u64))
        .bind(correlation_id.hyphenated().to_string())
}

async fn position_at(pool: &SqlitePool, time: DateTime<Utc>) -> Result<Option<Position>, Failure> {
    let mut bisection = Bisection::new(head(pool).await?);
    while let Some(Probe { from, to }) = bisection.probe() {
        let first: Option<(i64, bool)> = sqlx::query_as(statements::FIRST_IN)
            .bind(clamped(from.value()))
            .bind(clamped(to.value()))
            .bind(micros_at(time))
            .fetch_optional(pool)
            .await?;
        let probed = |(position, is_late): (i64, bool)| {
            Ok::<_, Failure>(Probed { position: Position::new(unsigned(position, "a position")?), is_late })
        };
        bisection.note(first.map(probed).transpose()?);
    }
    Ok(bisection.found())
}

/// The query plans of the questions, for diagnosis.
impl SqliteEventStore {
    /// Returns the query plan of [`EventQueries::list_streams`], one element for each step. For diagnosis.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails. A retry may help after [`StoreError::Failed`] and [`StoreError::Busy`].
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # use eventsource::sqlite::{SqliteDatabase, SqliteOptions};
    /// # let db = SqliteDatabase::open_with(SqliteOptions::new(":memory:").connections(1)).await?;
    /// # use eventsource::{sqlite::SqliteEventStore, store::StreamQuery};
    /// # let store = SqliteEventStore::new(&db);
    /// println!("{}", store.explain_list_streams(&StreamQuery::all()).await?.join("\n"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn explain_list_streams(&self, query: &StreamQuery) -> Result<Vec<String>, StoreError> {
        self.db
            .read(Action::ListStreams, || async {
                let plan = stream_page(query, statements::explain).fetch_all(self.db.pool()).await?;
                Ok(plan.iter().map(|row| row.try_get(3)).collect::<Result<_, sqlx::Error>>()?)
            })
            .await
    }

    /// Returns the query plan of [`EventQueries::list_event_types`], one element for each step. For diagnosis.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails. A retry may help after [`StoreError::Failed`] and [`StoreError::Busy`].
    pub async fn explain_list_event_types(&self) -> Result<Vec<String>, StoreError> {
        let sql = || explained(self.db.pool(), statements::explain(statements::TYPE_PAGE));
        self.db.read(Action::FindTypes, sql).await
    }

    /// Returns the query plan of [`EventQueries::correlated`], one element for each step. It depends on whether the
    /// correlation index exists. For diagnosis.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails. A retry may help after [`StoreError::Failed`] and [`StoreError::Busy`].
    pub async fn explain_correlated(&self) -> Result<Vec<String>, StoreError> {
        self.db
            .read(Action::FindCorrelated, || async {
                let is_indexed = exists(self.db.pool()).await?;
                let sql = if is_indexed { statements::CORRELATED } else { statements::CORRELATED_BY_SCAN };
                explained(self.db.pool(), statements::explain(sql)).await
            })
            .await
    }
}
