//! Two versions of a program, and the database that the first one has filled.

use eventsource::Inject;
use eventsource::prelude::*;
use eventsource::subscription::{OnChange, SubscriptionManager};
use eventsource_tests::backend::Backend;
use eventsource_tests::deployment::{First, FirstRow, Second, SecondRow};
use eventsource_tests::domain::{Bumped, Noted, Seen};
use eventsource_tests::sums::{BumpSums, SumRow};
use uuid::Uuid;

/// The stream of a counter.
pub(crate) fn counter(number: u64) -> StreamId {
    StreamId::new("Counter", Uuid::from_u128(u128::from(number)))
}

/// Appends a bump to the counter of its last digit.
pub(crate) async fn bump(store: &impl EventStore, by: u64) -> Position {
    let event = NewEvent::of(&Bumped { by }).unwrap();
    store.append(&counter(by % 10), ExpectedVersion::Any, vec![event]).await.unwrap().position()
}

/// Runs version 1 of the program until it has applied twenty bumps, and stops it.
pub(crate) async fn run_first<B: Backend>(world: &B)
where
    Repository<FirstRow>: Inject<<B::Checkpoints as CheckpointStore>::Unit>,
    Repository<SumRow>: Inject<<B::Checkpoints as CheckpointStore>::Unit>,
{
    for by in 1..=20 {
        bump(&world.store(), by).await;
    }
    world.ensure_tables(&First).await;
    world.ensure_tables(&BumpSums).await;
    let manager = world.manager();
    let first = manager.subscribe(First, SubscriptionConfig::from_beginning()).await.unwrap();
    let sums = manager.subscribe(BumpSums, SubscriptionConfig::from_beginning()).await.unwrap();
    manager.start().await.unwrap();
    first.caught_up().await.unwrap();
    sums.caught_up().await.unwrap();
    manager.stop().await.unwrap();
}

/// Returns a manager that plans.
pub(crate) fn planning<B: Backend>(world: &B) -> SubscriptionManager<B::Checkpoints> {
    world.manager().planning()
}

/// Returns a manager that plans version 2 of the program: a changed projection, an unchanged and a new one.
pub(crate) async fn second<B: Backend>(world: &B, on_change: OnChange) -> SubscriptionManager<B::Checkpoints>
where
    Repository<SecondRow>: Inject<<B::Checkpoints as CheckpointStore>::Unit>,
    Repository<SumRow>: Inject<<B::Checkpoints as CheckpointStore>::Unit>,
{
    let manager = planning(world);
    let config = SubscriptionConfig::from_beginning().on_change(on_change);
    manager.subscribe(Second, config).await.unwrap();
    manager.subscribe(BumpSums, SubscriptionConfig::from_beginning()).await.unwrap();
    manager.subscribe(Seen::default(), SubscriptionConfig::from_beginning()).await.unwrap();
    manager
}

/// Appends an event that the program knows and nothing handles, and one of an unknown type.
pub(crate) async fn strangers(store: &impl EventStore) {
    let stream = StreamId::new("Note", Uuid::from_u128(1));
    let noted = NewEvent::of(&Noted { text: "hello".into() }).unwrap();
    let events = vec![noted, NewEvent::raw("Forgotten", 1, "{}")];
    store.append(&stream, ExpectedVersion::NoStream, events).await.unwrap();
}
