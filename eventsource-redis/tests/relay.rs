//! The relay: every event reaches the stream, through outages and crashes of the server.
#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

mod world;

use std::collections::BTreeSet;
use std::time::Duration;

use eventsource::prelude::*;
use eventsource_redis::{RedisNotifier, RedisRelay};
use eventsource_tests::domain::{Seen, bump};
use eventsource_tests::redis::Keeps;
use eventsource_tests::wait::{DEADLINE, eventually};
use world::{World, append};

fn often() -> SubscriptionConfig {
    SubscriptionConfig::from_beginning().poll_interval(Duration::from_millis(20))
}

/// The positions of a log with so many events.
fn all(count: u64) -> Vec<u64> {
    (1..=count).collect()
}

#[tokio::test]
async fn relay_publishes_every_event_once_in_order_over_a_restart_of_its_process() {
    let (world, store, checkpoints) = (World::start(), MemoryEventStore::new(), MemoryCheckpoints::new());
    for round in 1..=2 {
        let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), checkpoints.clone());
        let relay = manager.subscribe(RedisRelay::new(&world.client(), store.clone()), often()).await.unwrap();
        append(&store, 3).await;
        manager.start().await.unwrap();
        let last = append(&store, 2).await;
        relay.wait_for(last[1].position()).within(DEADLINE).await.unwrap();
        assert_eq!(world.positions().await, all(round * 5));
        manager.stop().await.unwrap();
    }
    let entries = world.entries("shop:events").await;
    let log = store.read_log(Position::START, &EventFilter::all(), PageLimit::events(100)).await.unwrap().events;
    for (entry, event) in entries.iter().zip(&log) {
        let text = |field: &str| entry.get::<String>(field).unwrap();
        assert_eq!(text("id"), event.id().to_string());
        assert_eq!((text("type"), text("payload")), ("OrderPlaced".to_owned(), event.payload().to_owned()));
        assert_eq!(
            (text("aggregate_type"), text("aggregate_id")),
            ("Order".to_owned(), event.aggregate_id().to_string())
        );
        assert_eq!((text("version"), text("schema_version")), ("1".to_owned(), "1".to_owned()));
        assert_eq!(text("metadata"), r#"{"tenant":"acme"}"#);
        assert_eq!(text("recorded_at").parse::<chrono::DateTime<chrono::Utc>>().unwrap(), event.recorded_at());
    }
}

#[tokio::test]
async fn relay_publishes_only_what_passes_its_filter_and_a_reset_publishes_it_again() {
    let (world, store) = (World::start(), MemoryEventStore::new());
    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    let relay = RedisRelay::new(&world.client(), store.clone()).named("bumps").filter(EventFilter::types(["Bumped"]));
    let relay = manager.subscribe(relay, often()).await.unwrap();
    manager.start().await.unwrap();
    append(&store, 2).await;
    let last = bump(&store, 1..=2).await;
    relay.wait_for(last).within(DEADLINE).await.unwrap();
    assert_eq!(world.positions().await, [3, 4]);
    manager.stop().await.unwrap();
    relay.reset().await.unwrap();
    manager.start().await.unwrap();
    relay.wait_for(last).within(DEADLINE).await.unwrap();
    assert_eq!(world.positions().await, [3, 4, 3, 4]);
}

#[tokio::test]
async fn outage_of_the_server_is_waited_out_and_named() {
    let (world, store) = (World::start(), MemoryEventStore::new());
    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    let relay = manager.subscribe(RedisRelay::new(&world.client(), store.clone()), often()).await.unwrap();
    manager.start().await.unwrap();
    relay.wait_for(append(&store, 1).await[0].position()).within(DEADLINE).await.unwrap();
    world.server.kill();
    let last = append(&store, 20).await[19].position();
    eventually("the state names the outage", || async {
        let status = relay.inspect().await;
        status.state.name() == "waiting" && status.state.reason().unwrap().contains("cannot be reached")
    })
    .await;
    world.server.resume();
    relay.wait_for(last).within(DEADLINE).await.unwrap();
    assert_eq!(relay.inspect().await.dead_letters.unwrap(), 0);
    assert_eq!(world.positions().await, all(21));
}

/// The server is killed again and again while events are appended.
async fn killed_under_load(keeps: Keeps) {
    let (world, store) = (World::that_keeps(keeps), MemoryEventStore::new());
    // A store that does not wake by itself, as one of another process.
    let silent = eventsource::testing::faults::FaultyEventStore::new(store.clone(), &Default::default()).silent();
    let manager = SubscriptionManager::new(silent, RedisNotifier::new(&world.client()), MemoryCheckpoints::new());
    let config = SubscriptionConfig::from_beginning().poll_interval(Duration::from_millis(250));
    let relay = manager.subscribe(RedisRelay::new(&world.client(), store.clone()), config.clone()).await.unwrap();
    let seen = manager.subscribe(Seen::default(), config).await.unwrap();
    manager.start().await.unwrap();

    let notifier = RedisNotifier::new(&world.client());
    let writer = tokio::spawn({
        let store = store.clone();
        async move {
            let mut last = Position::START;
            for n in 1..=400 {
                last = bump(&store, [n]).await;
                let at =
                    store.read_log(Position::new(last.value() - 1), &EventFilter::all(), PageLimit::events(1)).await;
                // The append stays, whether the notification succeeds or not.
                let _ = notifier.notify(&at.unwrap().events).await;
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            last
        }
    });
    for n in 1..=3 {
        eventually("some events are in the stream", || async { world.positions().await.len() > 20 * n }).await;
        world.server.kill();
        tokio::time::sleep(Duration::from_millis(50)).await;
        world.server.resume();
        if keeps == Keeps::Nothing {
            eventually("what was lost is published again", || async { world.positions().await.len() > 20 * n }).await;
        }
    }
    let last = writer.await.unwrap();
    seen.wait_for(last).within(DEADLINE).await.unwrap();
    assert_eq!(seen.read().await.numbers(), all(400), "a projection sees each event once");
    relay.wait_for(last).within(DEADLINE).await.unwrap();
    let published: BTreeSet<_> = world.positions().await.into_iter().collect();
    assert_eq!(published, (1..=400).collect(), "each event is in the stream at least once");
    assert_eq!((relay.inspect().await.dead_letters.unwrap(), seen.inspect().await.dead_letters.unwrap()), (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn server_killed_under_load_misses_no_event() {
    killed_under_load(Keeps::Everything).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn server_that_lost_everything_under_load_gets_every_event_again() {
    killed_under_load(Keeps::Nothing).await;
}
