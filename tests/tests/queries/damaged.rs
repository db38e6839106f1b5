//! Rows that another program has changed: they do not make a question fail, or the error names their place.

use eventsource::store::{StoreError, StreamQuery};
use eventsource::{EventStore as _, ExpectedVersion, Metadata, NewEvent, Position, StreamId};
use eventsource_tests::backend::{Backend as _, Postgres, Sql as _, Sqlite};
use eventsource_tests::fill::Fill as _;
use uuid::Uuid;

use crate::{Queried, queries};

/// Metadata without a readable correlation id, and with unusual ones.
async fn is_answered<B: Queried>(damage: &[&'static str]) {
    for &sql in damage {
        for has_index in [false, true] {
            let world = B::open().await;
            world.fill(1, 20).await;
            world.execute(sql).await;
            if has_index {
                world.create_index().await.unwrap();
            }
            let store = world.store();
            let found = async |id: u128| {
                let page = queries(&store).correlated(Uuid::from_u128(id), Position::START, 200).await.unwrap();
                page.events.iter().map(|event| event.position().value()).collect::<Vec<_>>()
            };
            assert_eq!((found(6).await, found(7).await, found(8).await), (vec![6], vec![], vec![8]), "{sql}");
            // Appends are not refused because of the index.
            let metadata = Metadata::new().correlation_id(Uuid::from_u128(7)).entry("text", "a\0b");
            let event = NewEvent::raw("OrderPlaced", 1, "{}").with_metadata(metadata);
            store
                .append(&StreamId::new("Order", Uuid::now_v7()), ExpectedVersion::NoStream, vec![event])
                .await
                .unwrap();
            assert_eq!(found(7).await, [21], "{sql}");
        }
    }
}

#[tokio::test]
async fn correlated_events_are_found_next_to_damaged_metadata_on_sqlite() {
    is_answered::<Sqlite>(&[
        "UPDATE eventsource_events SET metadata = 'nonsense' WHERE position = 7",
        "UPDATE eventsource_events SET metadata = NULL WHERE position = 7",
        "UPDATE eventsource_events SET metadata = '[1, 2]' WHERE position = 7",
        "UPDATE eventsource_events SET metadata = '{\"correlation_id\":{\"a\":1}}' WHERE position = 7",
        "UPDATE eventsource_events SET metadata = '{\"correlation_id\":null}' WHERE position = 7",
        "UPDATE eventsource_events SET metadata = '{\"correlation_id\":\"' || hex(zeroblob(10000)) || '\"}' \
             WHERE position = 7",
    ])
    .await;
}

#[tokio::test]
async fn correlated_events_are_found_next_to_damaged_metadata_on_postgres() {
    is_answered::<Postgres>(&[
        "UPDATE eventsource_events SET metadata = NULL WHERE position = 7",
        "UPDATE eventsource_events SET metadata = '[1, 2]' WHERE position = 7",
        "UPDATE eventsource_events SET metadata = '7' WHERE position = 7",
        "UPDATE eventsource_events SET metadata = '{\"correlation_id\":{\"a\":1}}' WHERE position = 7",
        "UPDATE eventsource_events SET metadata = '{\"correlation_id\":null}' WHERE position = 7",
        "UPDATE eventsource_events SET metadata = '{\"correlation_id\":\"a\\u0000b\"}' WHERE position = 7",
        "UPDATE eventsource_events SET metadata = '{\"a\":\"\\ud800\"}' WHERE position = 7",
        "UPDATE eventsource_events SET metadata = '{\"correlation_id\":\"00000000-0000-0000-0000-000000000007-8\"}' \
             WHERE position = 7",
        "UPDATE eventsource_events SET metadata = json_build_object('correlation_id', (SELECT string_agg(md5(n::text), '') \
             FROM generate_series(1, 1000) AS n)) WHERE position = 7",
    ])
    .await;
}

#[tokio::test]
async fn stream_without_a_readable_id_or_time_does_not_end_a_list_on_sqlite() {
    let world = Sqlite::open().await;
    world.fill(1, 5).await;
    world.execute("UPDATE eventsource_events SET aggregate_id = x'41' WHERE position = 2").await;
    world.execute("UPDATE eventsource_events SET recorded_at = 9223372036854775807 WHERE position = 4").await;
    let store = world.store();
    let page = queries(&store).list_streams(&StreamQuery::all()).await.unwrap();
    let places: Vec<_> = page.streams.iter().map(|summary| summary.first).collect();
    assert_eq!(places.iter().map(|place| place.position.value()).collect::<Vec<_>>(), [1, 3, 4, 5]);
    assert_eq!(places.iter().filter(|place| place.recorded_at.is_none()).count(), 1);
    // A name that is not UTF-8 has no place in the order of names: the error says where it is.
    world.execute("UPDATE eventsource_events SET aggregate_type = CAST(x'ff' AS TEXT) WHERE position = 5").await;
    let error = queries(&store).list_streams(&StreamQuery::all()).await.unwrap_err();
    assert!(matches!(&error, StoreError::Corrupt { what } if what.contains("position 5")), "{error}");
    let page = queries(&store).list_streams(&StreamQuery::of_type("Order")).await.unwrap();
    assert_eq!(page.streams.len(), 3);
}

#[tokio::test]
async fn time_that_is_infinite_does_not_end_a_list_on_postgres() {
    let world = Postgres::open().await;
    world.fill(1, 5).await;
    world.execute("UPDATE eventsource_events SET recorded_at = 'infinity' WHERE position = 5").await;
    let store = world.store();
    let page = queries(&store).list_streams(&StreamQuery::all()).await.unwrap();
    let unknown: Vec<_> = page.streams.iter().filter(|summary| summary.last.recorded_at.is_none()).collect();
    assert_eq!((page.streams.len(), unknown.len(), unknown[0].last.position), (5, 1, Position::new(5)));
    let at = chrono::DateTime::from_timestamp(1_000, 0).unwrap();
    assert_eq!(queries(&store).position_at(at).await.unwrap(), Some(Position::new(5)));
}
