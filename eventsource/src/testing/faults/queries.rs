//! Fault injection into the questions of operators.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{FaultyEventStore, Point};
use crate::event::Position;
use crate::store::{CorrelatedPage, EventLog, EventQueries, StoreError, StoredType, StreamQuery, StreamSummaryPage};

impl<S: EventLog> FaultyEventStore<S> {
    /// Asks the wrapped store, and injects a fault.
    async fn ask<'a, T, F>(
        &'a self,
        action: &'static str,
        ask: impl FnOnce(&'a dyn EventQueries) -> F,
    ) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, StoreError>> + Send,
    {
        let queries = self.inner().queries().ok_or_else(|| StoreError::Unsupported { action: action.to_owned() })?;
        let failed = |injected| StoreError::Failed { action: action.to_owned(), source: Box::new(injected) };
        self.faults().around(Point::Queries, ask(queries), failed).await
    }
}

#[async_trait]
impl<S: EventLog> EventQueries for FaultyEventStore<S> {
    async fn list_streams(&self, query: &StreamQuery) -> Result<StreamSummaryPage, StoreError> {
        self.ask("list streams", |queries| queries.list_streams(query)).await
    }

    async fn list_event_types(&self, after: Option<&str>, limit: usize) -> Result<Vec<StoredType>, StoreError> {
        self.ask("list types of events", |queries| queries.list_event_types(after, limit)).await
    }

    async fn correlated(
        &self,
        correlation_id: Uuid,
        after: Position,
        limit: usize,
    ) -> Result<CorrelatedPage, StoreError> {
        self.ask("look for correlated events", |queries| queries.correlated(correlation_id, after, limit)).await
    }

    async fn position_at(&self, time: DateTime<Utc>) -> Result<Option<Position>, StoreError> {
        self.ask("look for the events of a time", |queries| queries.position_at(time)).await
    }
}
