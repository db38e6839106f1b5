//! Consumer groups: at least once, shared, with retries and a place for what fails.
#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

mod world;

use std::error::Error;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use eventsource::bus::BusSubscriber;
use eventsource::prelude::*;
use eventsource_redis::{RedisEventBus, RedisGroup};
use eventsource_tests::redis::Keeps;
use eventsource_tests::wait::eventually;
use world::{World, append};

type Received = Result<(), Box<dyn Error + Send + Sync>>;

/// Remembers the positions that it received, and fails for some.
#[derive(Default)]
struct Handler {
    received: Mutex<Vec<u64>>,
    fails_at: Option<u64>,
    hangs_at: Option<u64>,
}

impl Handler {
    fn received(&self) -> Vec<u64> {
        self.received.lock().unwrap().clone()
    }
}

#[async_trait]
impl BusSubscriber for Handler {
    async fn receive(&self, event: Arc<RecordedEvent>) -> Received {
        let position = event.position().value();
        self.received.lock().unwrap().push(position);
        if self.hangs_at == Some(position) {
            return std::future::pending().await;
        }
        if self.fails_at == Some(position) {
            return Err("out of order".into());
        }
        Ok(())
    }
}

async fn published(world: &World, count: usize) -> MemoryEventStore {
    let store = MemoryEventStore::new();
    let bus = RedisEventBus::new(&world.client());
    for event in append(&store, count).await {
        bus.publish(&[event]).await.unwrap();
    }
    store
}

#[tokio::test]
async fn consumers_of_a_group_share_its_events_and_each_group_has_all() {
    let world = World::start();
    let (one, other, alone) =
        (Arc::new(Handler::default()), Arc::new(Handler::default()), Arc::new(Handler::default()));
    let billing = RedisGroup::new(&world.client(), "billing");
    let consumers = [
        billing.subscribe(EventFilter::all(), one.clone()).await.unwrap(),
        billing.subscribe(EventFilter::all(), other.clone()).await.unwrap(),
        RedisGroup::new(&world.client(), "mail").subscribe(EventFilter::all(), alone.clone()).await.unwrap(),
    ];
    published(&world, 100).await;
    eventually("both groups have all", || async {
        one.received().len() + other.received().len() >= 100 && alone.received().len() >= 100
    })
    .await;
    let mut shared = [one.received(), other.received()].concat();
    shared.sort_unstable();
    let all: Vec<_> = (1..=100).collect();
    assert_eq!((shared, alone.received()), (all.clone(), all));
    drop(consumers);
}

#[tokio::test]
async fn group_begins_with_the_oldest_event_or_at_the_end_and_goes_on_where_it_was() {
    let world = World::start();
    published(&world, 3).await;
    let (oldest, end, filtered) =
        (Arc::new(Handler::default()), Arc::new(Handler::default()), Arc::new(Handler::default()));
    let from_end = RedisGroup::new(&world.client(), "end").from_end();
    let at_end = from_end.subscribe(EventFilter::all(), end.clone()).await.unwrap();
    let group = RedisGroup::new(&world.client(), "oldest");
    let consumer = group.subscribe(EventFilter::all(), oldest.clone()).await.unwrap();
    let none = RedisGroup::new(&world.client(), "none");
    let none = none.subscribe(EventFilter::types(["Other"]), filtered.clone()).await.unwrap();
    eventually("the old ones", || async { oldest.received() == [1, 2, 3] }).await;
    drop(consumer);
    published(&world, 2).await;
    eventually("the new ones", || async { end.received() == [1, 2] }).await;
    let consumer = group.subscribe(EventFilter::all(), oldest.clone()).await.unwrap();
    eventually("it goes on", || async { oldest.received() == [1, 2, 3, 1, 2] }).await;
    assert!(filtered.received().is_empty());
    drop((at_end, consumer, none));
}

#[tokio::test]
async fn event_that_fails_is_retried_then_kept_apart_and_the_consumer_goes_on() {
    let world = World::start();
    let handler = Arc::new(Handler { fails_at: Some(2), ..Handler::default() });
    let mut plain = world.plain().await;
    let _: String =
        redis::cmd("XADD").arg("shop:events").arg("*").arg("no").arg("event").query_async(&mut plain).await.unwrap();
    published(&world, 3).await;
    let group = RedisGroup::new(&world.client(), "billing").attempts(3);
    let consumer = group.subscribe(EventFilter::all(), handler.clone()).await.unwrap();
    eventually("it goes on", || async { handler.received() == [1, 2, 2, 2, 3] }).await;
    let failed = world.entries("shop:events:failed:billing").await;
    let errors: Vec<String> = failed.iter().map(|entry| entry.get("error").unwrap()).collect();
    assert!(errors[0].contains("is not an event: its field"), "{errors:?}");
    assert_eq!(errors[1..], ["out of order"]);
    assert_eq!(failed[1].get::<u64>("position"), Some(2), "the event is kept as it was");
    drop(consumer);
}

#[tokio::test]
async fn events_of_a_consumer_that_is_stuck_are_given_to_another() {
    let world = World::start();
    let stuck = Arc::new(Handler { hangs_at: Some(1), ..Handler::default() });
    published(&world, 3).await;
    let group = RedisGroup::new(&world.client(), "billing").claim_after(Duration::from_millis(200));
    let one = group.subscribe(EventFilter::all(), stuck.clone()).await.unwrap();
    eventually("the first has them", || async { stuck.received() == [1] }).await;
    let heir = Arc::new(Handler::default());
    let other = group.subscribe(EventFilter::all(), heir.clone()).await.unwrap();
    eventually("the other has them", || async { heir.received() == [1, 2, 3] }).await;
    drop((one, other));
}

#[tokio::test]
async fn consumer_goes_on_after_its_server_was_killed() {
    for keeps in [Keeps::Everything, Keeps::Nothing] {
        let world = World::that_keeps(keeps);
        let handler = Arc::new(Handler::default());
        let group = RedisGroup::new(&world.client(), "billing").claim_after(Duration::from_millis(200));
        let consumer = group.subscribe(EventFilter::all(), handler.clone()).await.unwrap();
        published(&world, 1).await;
        eventually("the first", || async { !handler.received().is_empty() }).await;
        world.server.kill();
        world.server.resume();
        published(&world, 2).await;
        eventually("those after the restart", || async { handler.received().ends_with(&[1, 2]) }).await;
        drop(consumer);
    }
}
