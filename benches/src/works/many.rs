//! Several projections on one log, next to one: it is read and decoded once.

use std::sync::Arc;
use std::time::{Duration, Instant};

use eventsource::postgres::{PostgresCheckpoints, PostgresEventStore};
use eventsource::prelude::*;
use eventsource::sqlite::{SqliteCheckpoints, SqliteEventStore};
use uuid::Uuid;

use crate::domain::{Fact, ORDER, Orders};
use crate::measure::{Pairs, compare};
use crate::places;
use crate::settings::Settings;
use crate::table::{Reach, Row, Unit};
use crate::totals::Totals;

const TEN: usize = 10;

/// So many events are appended at once, while all are live, and then so often.
const ROUND: usize = 100;

pub(super) async fn sqlite(settings: Settings) -> Vec<Row> {
    let place = places::sqlite::Place::filled(Orders::new(settings.events)).await;
    let db = place.open().await;
    let rows = ten("SQLite", &settings, SqliteEventStore::new(&db), SqliteCheckpoints::new(&db)).await;
    db.close().await;
    rows
}

pub(super) async fn postgres(settings: Settings) -> Vec<Row> {
    let place = places::postgres::Place::filled(Orders::new(settings.events)).await;
    let db = place.open().await;
    let rows = ten("PostgreSQL", &settings, PostgresEventStore::new(&db), PostgresCheckpoints::new(&db)).await;
    db.close().await;
    place.drop().await;
    rows
}

async fn ten<S, C>(store_name: &str, settings: &Settings, store: S, checkpoints: C) -> Vec<Row>
where
    S: EventStore + Clone,
    C: CheckpointStore + Clone,
{
    let name = store_name.to_lowercase().replace("postgresql", "postgres");
    let row = Row { limit: "one projection".to_owned(), reach: Reach::AtMost(2.5), unit: Unit::Time, ..Row::default() };
    let catch_up = Row {
        name: format!("many-{name}-catch-up"),
        what: format!("ten projections catch up into memory, {store_name}, an event"),
        count: settings.events,
        pairs: together(settings, &store, &checkpoints, TEN).await,
        ..row.clone()
    };
    let rounds = if settings.tiny { 2 } else { 50 };
    let run = |projections| live(store.clone(), checkpoints.clone(), projections, rounds);
    let live = Row {
        name: format!("many-{name}-live"),
        what: format!("ten live projections, {store_name}: {ROUND} events appended at once → handled by all"),
        count: rounds,
        pairs: compare(settings, || run(1), || run(TEN)).await,
        ..row
    };
    vec![catch_up, live]
}

/// So many projections catch up, next to one.
pub(super) async fn together<S, C>(settings: &Settings, store: &S, checkpoints: &C, projections: usize) -> Pairs
where
    S: EventStore + Clone,
    C: CheckpointStore + Clone,
{
    let expected = Arc::new(Totals::of(&Orders::new(settings.events).collect::<Vec<_>>()));
    let run = |projections| catch_up(store.clone(), checkpoints.clone(), projections, Arc::clone(&expected));
    compare(settings, || run(1), || run(projections)).await
}

async fn subscribe<C: CheckpointStore>(
    manager: &SubscriptionManager<C>,
    projections: usize,
    start: &SubscriptionConfig,
) -> Vec<SubscriptionHandle<Totals>> {
    let mut handles = Vec::new();
    for n in 0..projections {
        let config = start.clone().name(format!("totals-{n}"));
        handles.push(manager.subscribe(Totals::default(), config).await.unwrap());
    }
    handles
}

/// From the start of the manager until all have caught up.
async fn catch_up<S, C>(store: S, checkpoints: C, projections: usize, expected: Arc<Totals>) -> Duration
where
    S: EventStore,
    C: CheckpointStore,
{
    let manager = SubscriptionManager::new(store, MemoryEventBus::new(), checkpoints);
    let handles = subscribe(&manager, projections, &SubscriptionConfig::from_beginning()).await;
    let begun = Instant::now();
    manager.start().await.unwrap();
    for handle in &handles {
        handle.caught_up().await.unwrap();
    }
    let taken = begun.elapsed();
    for handle in &handles {
        assert_eq!(*handle.read().await, *expected);
    }
    manager.stop().await.unwrap();
    taken
}

/// From when each append has returned until all have handled it, together.
async fn live<S, C>(store: S, checkpoints: C, projections: usize, rounds: usize) -> Duration
where
    S: EventStore + Clone,
    C: CheckpointStore,
{
    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), checkpoints);
    let handles = subscribe(&manager, projections, &SubscriptionConfig::from_end()).await;
    manager.start().await.unwrap();
    for handle in &handles {
        handle.caught_up().await.unwrap();
    }
    let facts: Vec<_> = Orders::new(ROUND * rounds).collect();
    let mut taken = Duration::ZERO;
    for facts in facts.chunks(ROUND) {
        let events = facts.iter().map(Fact::new_event).collect();
        let stream = StreamId::new(ORDER, Uuid::now_v7());
        let position = store.append(&stream, ExpectedVersion::NoStream, events).await.unwrap().position();
        let appended = Instant::now();
        for handle in &handles {
            handle.wait_for(position).await.unwrap();
        }
        taken += appended.elapsed();
    }
    let expected = Totals::of(&facts);
    for handle in &handles {
        assert_eq!(*handle.read().await, expected);
    }
    manager.stop().await.unwrap();
    taken
}
