//! The questions of operators, on SQLite and PostgreSQL: a long log, the correlation index, and damaged rows.

#![allow(clippy::unwrap_used)]

mod correlation;
mod creation;
mod damaged;
mod long_log;

use eventsource::store::{EventQueries, StoreError};
use eventsource_tests::backend::{Backend as _, Postgres, Sql, Sqlite};

/// A database with a correlation index, which the program creates.
#[allow(async_fn_in_trait, reason = "these futures stay in one task")]
trait Queried: Sql {
    /// Stores events by one statement. Each has its own stream: `Order` with the id `n`, from `from` to `to`. It has the
    /// correlation id `n % 100`, and the type `Type` with the last digit of `n`.
    async fn fill(&self, from: u32, to: u32);
    async fn create_index(&self) -> Result<(), StoreError>;
    async fn has_index(&self) -> bool;
    /// The plan of a page of all streams, of a page of correlated events, and of a page of event types.
    async fn plans(&self) -> Vec<String>;
}

impl Queried for Sqlite {
    async fn fill(&self, from: u32, to: u32) {
        let sql = "WITH RECURSIVE numbers (n) AS (SELECT ?1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?2) \
                   INSERT INTO eventsource_events (position, event_id, aggregate_type, aggregate_id, version, event_type, \
                   schema_version, occurred_at, recorded_at, metadata, payload) \
                   SELECT n, unhex(printf('%032x', n)), 'Order', unhex(printf('%032x', n)), 1, 'Type' || (n % 10), 1, \
                   n * 1000000, n * 1000000, \
                   printf('{\"correlation_id\":\"00000000-0000-0000-0000-%012x\"}', n % 100), '{}' FROM numbers";
        eventsource::sqlx::query(sql).bind(from).bind(to).execute(self.db.pool()).await.unwrap();
    }

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
    async fn fill(&self, from: u32, to: u32) {
        let sql = "INSERT INTO {schema}.eventsource_events (event_id, aggregate_type, aggregate_id, version, event_type, \
                   schema_version, occurred_at, recorded_at, metadata, payload) \
                   SELECT lpad(to_hex(n), 32, '0')::uuid, 'Order', lpad(to_hex(n), 32, '0')::uuid, 1, 'Type' || (n % 10), 1, \
                   to_timestamp(n), to_timestamp(n), json_build_object('correlation_id', \
                   lpad(to_hex(n % 100), 32, '0')::uuid), '{}' FROM generate_series($1::int, $2::int) AS n ORDER BY n";
        let sql = eventsource::sqlx::AssertSqlSafe(sql.replace("{schema}", self.schema.name()));
        eventsource::sqlx::query(sql).bind(from as i32).bind(to as i32).execute(self.db.pool()).await.unwrap();
    }

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
