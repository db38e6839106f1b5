//! The questions of operators, on SQLite and PostgreSQL: a long log, the correlation index, and damaged rows.

#![allow(clippy::unwrap_used)]

mod correlation;
mod creation;
mod damaged;
mod long_log;

use eventsource::store::{EventQueries, StoreError};
use eventsource_tests::backend::{Backend as _, Postgres, Sqlite};
use eventsource_tests::fill::Fill;

/// A database with a correlation index, which the program creates.
#[allow(async_fn_in_trait, reason = "these futures stay in one task")]
trait Queried: Fill {
    async fn create_index(&self) -> Result<(), StoreError>;
    async fn has_index(&self) -> bool;
    /// The plan of a page of all streams, of a page of correlated events, and of a page of event types.
    async fn plans(&self) -> Vec<String>;
}

impl Queried for Sqlite {
    async fn create_index(&self) -> Result<(), StoreError> {
        self.db.create_correlation_index().await
    }

    async fn has_index(&self) -> bool {
        self.db.has_correlation_index().await.unwrap()
    }

    async fn plans(&self) -> Vec<String> {
        let (store, all) = (self.store(), eventsource::store::StreamQuery::all());
        vec![
            store.explain_list_streams(&all).await.unwrap().join("\n"),
            store.explain_list_streams(&eventsource::store::StreamQuery::of_type("Order")).await.unwrap().join("\n"),
            store.explain_correlated().await.unwrap().join("\n"),
            store.explain_list_event_types().await.unwrap().join("\n"),
        ]
    }
}

impl Queried for Postgres {
    async fn create_index(&self) -> Result<(), StoreError> {
        self.db.create_correlation_index().await
    }

    async fn has_index(&self) -> bool {
        self.db.has_correlation_index().await.unwrap()
    }

    async fn plans(&self) -> Vec<String> {
        use eventsource::store::StreamQuery;
        let after = eventsource::StreamId::new("Order", uuid::Uuid::from_u128(500_000));
        let (store, start) = (self.store(), eventsource::Position::START);
        vec![
            store.explain_list_streams(&StreamQuery::all().after(&after)).await.unwrap().join("\n"),
            store.explain_list_streams(&StreamQuery::of_type("Order")).await.unwrap().join("\n"),
            store.explain_correlated(uuid::Uuid::from_u128(7), start).await.unwrap().join("\n"),
            store.explain_list_event_types(Some("Type3")).await.unwrap().join("\n"),
        ]
    }
}

/// The queries of a store.
fn queries(store: &impl eventsource::EventStore) -> &dyn EventQueries {
    store.queries().unwrap()
}
