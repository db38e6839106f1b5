//! Stores of the progress of engines: what each of them holds to.

use eventsource::engine::{MemoryProjectionStates, ProjectionEngine, ProjectionStateStore};
use eventsource::postgres::PostgresProjectionStates;
use eventsource::prelude::*;
use eventsource::sqlite::SqliteProjectionStates;
use eventsource_tests::backend::{Backend, Postgres, Sqlite};

use crate::events::{Deposited, deposits};

/// What each store has to hold to.
async fn store_keeps_what_it_is_given(states: impl ProjectionStateStore + Clone) {
    assert!(states.load("sum").await.unwrap().is_none());
    let engine = |name: &str| {
        ProjectionEngine::new(name, states.clone()).with_state(0).update::<Deposited>(|sum, event| {
            *sum += event.cents;
            if event.cents == 9 { Err(HandlerError::permanent("nine\0 is refused")) } else { Ok(()) }
        })
    };
    let events = deposits([1, 2, 9]).await;
    let mut sum = engine("sum");
    sum.process_events(&events[..2]).await.unwrap();
    assert_eq!(states.load("sum").await.unwrap().as_ref(), sum.progress());

    sum.process_events(&events).await.unwrap_err();
    let stored = states.load("sum").await.unwrap().unwrap();
    assert_eq!((stored.error_count, stored.position), (1, events[1].position()));
    assert!(!stored.health.is_healthy());
    assert!(stored.last_error.unwrap().starts_with("nine"));

    engine("other").process_events(&events[..1]).await.unwrap();
    assert_eq!(states.load("sum").await.unwrap().unwrap().events_processed, 2);
    assert_eq!(states.load("other").await.unwrap().unwrap().events_processed, 1);
}

#[tokio::test]
async fn memory_keeps_what_it_is_given() {
    store_keeps_what_it_is_given(MemoryProjectionStates::new()).await;
}

#[tokio::test]
async fn sqlite_keeps_what_it_is_given() {
    let backend = Sqlite::open().await;
    store_keeps_what_it_is_given(SqliteProjectionStates::new(&backend.db)).await;
}

#[tokio::test]
async fn postgres_keeps_what_it_is_given() {
    let backend = Postgres::open().await;
    store_keeps_what_it_is_given(PostgresProjectionStates::new(&backend.db)).await;
}
