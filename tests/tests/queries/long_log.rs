//! A page costs a page, in a log with a million streams.

use std::time::{Duration, Instant};

use eventsource::store::StreamQuery;
use eventsource::{Position, StreamId};
use eventsource_tests::backend::{Backend as _, Postgres, Sqlite};
use eventsource_tests::fill::Fill as _;
use uuid::Uuid;

use crate::{Queried, queries};

const STREAMS: u32 = 1_000_000;

/// Returns the time of the fastest of three calls.
async fn fastest(ask: impl AsyncFn()) -> Duration {
    let mut fastest = Duration::MAX;
    for _ in 0..3 {
        let start = Instant::now();
        ask().await;
        fastest = fastest.min(start.elapsed());
    }
    fastest
}

async fn pages_cost_a_page<B: Queried>(scan: &'static str) {
    let world = B::open().await;
    world.fill(1, STREAMS).await;
    world.create_index().await.unwrap();
    let store = world.store();
    let (queries, order) = (queries(&store), |n: u32| StreamId::new("Order", Uuid::from_u128(n.into())));
    let whole = fastest(async || drop(world.ask(scan).await)).await;
    let page = fastest(async || {
        for after in [0, STREAMS / 2, STREAMS - 50] {
            for query in [StreamQuery::all(), StreamQuery::of_type("Order")] {
                let page = queries.list_streams(&query.after(&order(after)).limit(50)).await.unwrap();
                let found: Vec<_> = page.streams.iter().map(|summary| summary.stream.clone()).collect();
                assert_eq!(found, (after + 1..=after + 50).map(order).collect::<Vec<_>>());
                assert!(page.streams.iter().all(|summary| summary.version == 1 && summary.first == summary.last));
            }
        }
        assert_eq!(queries.list_event_types(None, 200).await.unwrap().len(), 10);
        let page = queries.correlated(Uuid::from_u128(7), Position::new(500_000), 50).await.unwrap();
        assert_eq!((page.events.len(), page.unsearched_to), (50, None));
        assert!(page.events.iter().all(|event| event.position().value() % 100 == 7));
    });
    let page = page.await;
    assert!(page < whole, "8 pages took {page:?}, the whole log {whole:?}");
    for second in [0, 1, 2, 777_777, STREAMS, STREAMS + 1] {
        let time = chrono::DateTime::from_timestamp(second.into(), 0).unwrap();
        let expected = (second <= STREAMS).then(|| Position::new(second.max(1).into()));
        assert_eq!(queries.position_at(time).await.unwrap(), expected, "{second}");
    }
}

#[tokio::test]
async fn page_of_a_million_streams_costs_a_page_on_sqlite() {
    pages_cost_a_page::<Sqlite>("SELECT sum(length(metadata)) FROM {schema}.eventsource_events").await;
}

#[tokio::test]
async fn page_of_a_million_streams_costs_a_page_on_postgres() {
    pages_cost_a_page::<Postgres>("SELECT sum(length(metadata::text)) FROM {schema}.eventsource_events").await;
}

#[tokio::test]
async fn queries_use_an_index_and_never_sort_on_sqlite() {
    let world = Sqlite::open().await;
    world.fill(1, 2_000).await;
    for has_index in [false, true] {
        if has_index {
            world.create_index().await.unwrap();
        }
        for analyzed in [false, true] {
            if analyzed {
                eventsource::sqlx::query("ANALYZE").execute(world.db.pool()).await.unwrap();
            }
            let plans = world.plans().await;
            for plan in &plans {
                assert!(!plan.contains("SCAN eventsource_events") && !plan.contains("TEMP B-TREE"), "{plan}");
                assert!(
                    !plan.contains("SCAN next") && !plan.contains("SCAN this") && !plan.contains("SCAN last"),
                    "{plan}"
                );
            }
            for streams in &plans[..2] {
                let probe =
                    "USING COVERING INDEX sqlite_autoindex_eventsource_events_2 ((aggregate_type,aggregate_id)>(?,?))";
                assert_eq!(streams.matches(probe).count(), 2, "{streams}");
            }
            let by = if has_index {
                "eventsource_events_by_correlation (<expr>=? AND rowid>? AND rowid<?)"
            } else {
                "PRIMARY KEY (rowid>? AND rowid<?)"
            };
            assert!(plans[2].contains(by), "{}", plans[2]);
        }
    }
}

#[tokio::test]
async fn queries_use_an_index_and_never_sort_on_postgres() {
    let world = Postgres::open().await;
    for events in [0, 20_000] {
        if events > 0 {
            world.fill(1, events).await;
        }
        assert_plans(&world, "by the primary key", "eventsource_events_pkey").await;
    }
    world.create_index().await.unwrap();
    assert_plans(&world, "without statistics", "eventsource_events_by_correlation").await;
    let analyze = format!("ANALYZE {}.eventsource_events", world.schema.name());
    eventsource::sqlx::raw_sql(eventsource::sqlx::AssertSqlSafe(analyze)).execute(world.db.pool()).await.unwrap();
    assert_plans(&world, "with statistics", "eventsource_events_by_correlation").await;
}

async fn assert_plans(world: &Postgres, when: &str, by: &str) {
    let plans = world.plans().await;
    for plan in &plans {
        assert!(!plan.contains("Seq Scan") && !plan.contains("Bitmap") && !plan.contains("Sort"), "{when}: {plan}");
    }
    for streams in &plans[..2] {
        assert_eq!(streams.matches("eventsource_events_stream_version_key").count(), 4, "{when}: {streams}");
    }
    assert!(plans[2].contains(by), "{when}: {}", plans[2]);
    assert!(plans[3].matches("eventsource_events_by_event_type").count() >= 2, "{when}: {}", plans[3]);
}
