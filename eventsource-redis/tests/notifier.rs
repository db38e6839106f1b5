//! What the notifier sends, and when subscriptions in another process are woken.
#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

mod world;

use std::time::Duration;

use eventsource::prelude::*;
use eventsource::testing::faults::{Faults, FaultyEventStore};
use eventsource_redis::RedisNotifier;
use eventsource_tests::domain::{Seen, bump};
use eventsource_tests::wait::{DEADLINE, eventually};
use futures_util::StreamExt as _;
use futures_util::future::join_all;
use world::{World, append};

#[tokio::test]
async fn notifications_at_the_same_time_share_a_message_with_the_highest_position() {
    let (world, store) = (World::start(), MemoryEventStore::new());
    let mut plain = redis::Client::open(world.server.url()).unwrap().get_async_pubsub().await.unwrap();
    plain.subscribe("shop:wake").await.unwrap();
    let notifier = RedisNotifier::new(&world.client());
    let events = append(&store, 200).await;
    for notified in join_all(events.iter().map(|event| notifier.notify(std::slice::from_ref(event)))).await {
        notified.unwrap();
    }
    notifier.notify(&[]).await.unwrap();
    let mut positions: Vec<u64> = Vec::new();
    let mut messages = plain.into_on_message();
    while positions.last() != Some(&200) {
        let message = tokio::time::timeout(DEADLINE, messages.next()).await.unwrap().unwrap();
        positions.push(message.get_payload().unwrap());
    }
    assert!(positions.len() < 20 && positions.is_sorted(), "{positions:?}");
}

/// Nothing but the notifier wakes it: the store is silent, and is polled once an hour.
#[tokio::test]
async fn subscription_is_woken_by_another_process_and_after_an_outage() {
    let (world, store) = (World::start(), MemoryEventStore::new());
    let silent = FaultyEventStore::new(store.clone(), &Faults::new()).silent();
    let manager = SubscriptionManager::new(silent, RedisNotifier::new(&world.client()), MemoryCheckpoints::new());
    let config = SubscriptionConfig::default().poll_interval(Duration::from_secs(3_600));
    let seen = manager.subscribe(Seen::default(), config).await.unwrap();
    // The server is down when the manager starts.
    world.server.kill();
    manager.start().await.unwrap();
    seen.caught_up().within(DEADLINE).await.unwrap();
    let missed = bump(&store, [1]).await;
    world.server.resume();
    seen.wait_for(missed).within(DEADLINE).await.expect("it is woken when the server is there");

    let other = RedisNotifier::new(&world.client());
    let position = bump(&store, [2]).await;
    let events = store.read_log(missed, &EventFilter::all(), PageLimit::events(1)).await.unwrap().events;
    other.notify(&events).await.unwrap();
    seen.wait_for(position).within(DEADLINE).await.expect("it is woken by another process");

    world.server.kill();
    let position = bump(&store, [3]).await;
    assert!(other.notify(&events).await.is_err());
    world.server.resume();
    seen.wait_for(position).within(DEADLINE).await.expect("it is woken when the server is back");
    eventually("all are seen", || async { seen.read().await.numbers() == [1, 2, 3] }).await;
    manager.stop().await.unwrap();
}
