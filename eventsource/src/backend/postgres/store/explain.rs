//! The query plans of the event store, for diagnosis.

use uuid::Uuid;

use super::failure::store_error;
use super::{PostgresEventStore, correlation_index, horizon, lookup, queries, read, statements};
use crate::backend::sql::store::Action;
use crate::event::{EventFilter, Position};
use crate::store::{StoreError, StreamQuery};

impl PostgresEventStore {
    /// Returns the query plans with which PostgreSQL reads a page of at most `limit` events after `after` through
    /// `filter`. Each element is one line.
    ///
    /// It runs `EXPLAIN`, which plans the query and does not execute it. The store reads a page in two steps, so there
    /// are two plans: the first one for the positions next to `after`, the second one for the rest. For diagnosis.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails. It can be retried.
    ///
    /// # Examples
    /// ```no_run
    /// # use eventsource::postgres::PostgresEventStore;
    /// use eventsource::{EventFilter, Position};
    ///
    /// # async fn example(store: PostgresEventStore) -> Result<(), Box<dyn std::error::Error>> {
    /// for line in store.explain_read_log(Position::START, &EventFilter::types(["OrderPlaced"]), 100).await? {
    ///     println!("{line}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn explain_read_log(
        &self,
        after: Position,
        filter: &EventFilter,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        read::explain(&self.db, after, filter, limit).await.map_err(|failure| store_error(Action::ReadLog, failure))
    }

    /// Returns the query plan of [`EventLog::read_log_back`](crate::EventLog::read_log_back) for a page of at most `limit` events before `before`
    /// that match `filter`. Each element is one line. For diagnosis.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails. It can be retried.
    ///
    /// # Examples
    /// ```no_run
    /// # use eventsource::postgres::PostgresEventStore;
    /// use eventsource::EventFilter;
    ///
    /// # async fn example(store: PostgresEventStore) -> Result<(), Box<dyn std::error::Error>> {
    /// println!("{}", store.explain_read_log_back(None, &EventFilter::all(), 100).await?.join("\n"));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn explain_read_log_back(
        &self,
        before: Option<Position>,
        filter: &EventFilter,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        let plan = lookup::explain_log_back(&self.db, before, filter, limit).await;
        plan.map_err(|failure| store_error(Action::ReadLog, failure))
    }

    /// Returns the query plan of [`EventStore::streams`](crate::EventStore::streams) for at most `limit` streams of the type `aggregate_type` after
    /// the id `after`. Each element is one line. For diagnosis.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails. It can be retried.
    ///
    /// # Examples
    /// ```no_run
    /// # use eventsource::postgres::PostgresEventStore;
    /// # async fn example(store: PostgresEventStore) -> Result<(), Box<dyn std::error::Error>> {
    /// println!("{}", store.explain_streams("Order", None, 100).await?.join("\n"));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn explain_streams(
        &self,
        aggregate_type: &str,
        after: Option<Uuid>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        let plan = lookup::explain_streams(&self.db, aggregate_type, after, limit).await;
        plan.map_err(|failure| store_error(Action::ListStreams, failure))
    }

    /// Returns the query plan of [`EventLog::event_types_except`](crate::EventLog::event_types_except). Each element is one line. For diagnosis.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails. It can be retried.
    ///
    /// # Examples
    /// ```no_run
    /// # use eventsource::postgres::PostgresEventStore;
    /// # async fn example(store: PostgresEventStore) -> Result<(), Box<dyn std::error::Error>> {
    /// println!("{}", store.explain_types().await?.join("\n"));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn explain_types(&self) -> Result<Vec<String>, StoreError> {
        read::explain_types(&self.db).await.map_err(|failure| store_error(Action::FindTypes, failure))
    }

    /// Returns the query plan of [`EventQueries::list_streams`](crate::store::EventQueries::list_streams). Each element
    /// is one line. For diagnosis.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails. It can be retried.
    ///
    /// # Examples
    /// ```no_run
    /// # use eventsource::{postgres::PostgresEventStore, store::StreamQuery};
    /// # async fn example(store: PostgresEventStore) -> Result<(), Box<dyn std::error::Error>> {
    /// println!("{}", store.explain_list_streams(&StreamQuery::all()).await?.join("\n"));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn explain_list_streams(&self, query: &StreamQuery) -> Result<Vec<String>, StoreError> {
        let Some(page) = queries::stream_page(&self.db, query, statements::explain) else { return Ok(Vec::new()) };
        read::plan(&self.db, page).await.map_err(|failure| store_error(Action::ListStreams, failure))
    }

    /// Returns the query plan of [`EventQueries::list_event_types`](crate::store::EventQueries::list_event_types) after
    /// the name `after`. Each element is one line. For diagnosis.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails. It can be retried.
    pub async fn explain_list_event_types(&self, after: Option<&str>) -> Result<Vec<String>, StoreError> {
        let plan = async {
            let head = horizon::read(&self.db).await?;
            let sql = statements::explain(statements::TYPE_PAGE);
            read::plan(&self.db, queries::type_page(&self.db, &sql, after, head, 100)).await
        };
        plan.await.map_err(|failure| store_error(Action::FindTypes, failure))
    }

    /// Returns the query plan of [`EventQueries::correlated`](crate::store::EventQueries::correlated). It depends on
    /// whether the correlation index is complete. Each element is one line. For diagnosis.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails. It can be retried.
    pub async fn explain_correlated(&self, correlation_id: Uuid, after: Position) -> Result<Vec<String>, StoreError> {
        let plan = async {
            let head = horizon::read(&self.db).await?;
            let mut session = self.db.session().await?;
            let is_ready = correlation_index::is_ready(&self.db, &mut session).await?;
            session.end().await?;
            let sql = if is_ready { statements::CORRELATED } else { statements::CORRELATED_BY_SCAN };
            let sql = statements::explain(sql);
            read::plan(&self.db, queries::correlated_in(&self.db, &sql, after, head, 100, correlation_id)).await
        };
        plan.await.map_err(|failure| store_error(Action::FindCorrelated, failure))
    }
}
