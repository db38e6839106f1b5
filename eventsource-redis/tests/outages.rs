//! What a user sees while the server is down, frozen, or has other data under the key.
#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

mod world;

use std::time::{Duration, Instant};

use eventsource::bus::BusError;
use eventsource::causes;
use eventsource::prelude::*;
use eventsource_redis::{RedisClient, RedisError, RedisEventBus, RedisGroup, RedisNotifier, RedisOptions};
use eventsource_tests::domain::Bumped;
use eventsource_tests::wait::{DEADLINE, eventually};
use uuid::Uuid;
use world::{World, append};

#[derive(Default)]
struct Counter(u64);

impl Aggregate for Counter {
    const TYPE: &'static str = "Counter";
    type Events = (Bumped,);
}

impl Applies<Bumped> for Counter {
    fn apply(&mut self, event: &Bumped) {
        self.0 += event.by;
    }
}

fn cause(error: &BusError) -> &RedisError {
    error.source.downcast_ref().unwrap()
}

#[tokio::test]
async fn save_succeeds_in_time_and_names_a_server_that_is_down() {
    let (world, store) = (World::start(), MemoryEventStore::new());
    let client = world.client();
    world.server.kill();
    let server = format!("127.0.0.1:{}", world.server.port());
    let id = Uuid::now_v7();
    let (by_notifier, by_bus) = (
        AggregateRepository::<Counter>::new(store.clone(), RedisNotifier::new(&client)),
        AggregateRepository::<Counter>::new(store.clone(), RedisEventBus::new(&client)),
    );
    for (repository, version) in [(&by_notifier, 1), (&by_bus, 2)] {
        let mut counter = repository.load_or_create(id).await.unwrap();
        counter.record(Bumped { by: 1 });
        let start = Instant::now();
        let saved = repository.save(&mut counter).await.unwrap();
        assert!(start.elapsed() < Duration::from_secs(10));
        let error = saved.publish_error.unwrap();
        assert!(causes(&error).to_string().contains(&server) && cause(&error).is_outage(), "{error}");
        assert_eq!(
            (saved.version, repository.load(id).await.unwrap().version()),
            (version, version),
            "the append stays"
        );
    }
    let listening = by_notifier_listen(&client).await;
    assert!(listening.to_string().contains("could not listen"), "{listening}");
}

async fn by_notifier_listen(client: &RedisClient) -> BusError {
    RedisNotifier::new(client).listen(std::sync::Arc::new(|| ())).await.unwrap_err()
}

#[tokio::test]
async fn server_that_does_not_answer_costs_one_timeout_and_not_one_a_call() {
    let (world, store) = (World::start(), MemoryEventStore::new());
    let timeout = Duration::from_millis(300);
    let client = RedisClient::open(world.options().timeout(timeout)).unwrap();
    let (bus, notifier) = (RedisEventBus::new(&client), RedisNotifier::new(&client));
    let events = append(&store, 1).await;
    bus.publish(&events).await.unwrap();
    world.server.freeze();
    let start = Instant::now();
    let late = bus.publish(&events).await.unwrap_err();
    assert!(start.elapsed() >= timeout && start.elapsed() < DEADLINE, "{:?}", start.elapsed());
    assert!(matches!(cause(&late), RedisError::TimedOut { after, .. } if *after == timeout), "{late}");
    let start = Instant::now();
    for _ in 0..100 {
        notifier.notify(&events).await.unwrap_err();
    }
    assert!(start.elapsed() < timeout * 50, "100 calls took {:?}", start.elapsed());
    world.server.thaw();
    eventually("it is reached again", || async { bus.publish(&events).await.is_ok() }).await;
}

#[tokio::test]
async fn first_call_after_a_restart_of_the_server_succeeds() {
    let (world, store) = (World::start(), MemoryEventStore::new());
    let client = world.client();
    let (bus, notifier) = (RedisEventBus::new(&client), RedisNotifier::new(&client));
    let events = append(&store, 1).await;
    for _ in 0..3 {
        bus.publish(&events).await.unwrap();
        world.server.kill();
        world.server.resume();
        notifier.notify(&events).await.unwrap();
    }
}

#[tokio::test]
async fn key_with_other_data_is_named_by_the_error_of_the_server() {
    let (world, store) = (World::start(), MemoryEventStore::new());
    let mut plain = world.plain().await;
    let _: () = redis::cmd("SET").arg("shop:events").arg("other").query_async(&mut plain).await.unwrap();
    let bus = RedisEventBus::new(&world.client());
    let refused = bus.publish(&append(&store, 1).await).await.unwrap_err();
    assert!(matches!(cause(&refused), RedisError::Refused { code, .. } if code == "WRONGTYPE"), "{refused:?}");
    assert!(!cause(&refused).is_outage());
    let group = RedisGroup::new(&world.client(), "billing");
    let handler = |_| async { Ok(()) };
    let refused = group.subscribe(EventFilter::all(), std::sync::Arc::new(handler)).await.unwrap_err();
    let text = causes(&refused).to_string();
    assert!(text.contains("billing") && text.contains("WRONGTYPE"), "{text}");
    // The connection is sound.
    world.client().ping().await.unwrap();
}

#[tokio::test]
async fn address_that_cannot_be_read_is_an_error_without_the_password() {
    let error = RedisClient::open(RedisOptions::new("http://user:secret@host/")).unwrap_err();
    assert!(matches!(error, RedisError::Address { .. }), "{error:?}");
    assert!(error.to_string().contains("redis://") && !format!("{error} {error:?}").contains("secret"), "{error:?}");
    let client = RedisClient::open(RedisOptions::new("redis://user:secret@127.0.0.1:1/")).unwrap();
    let error = client.ping().await.unwrap_err();
    assert!(error.to_string().contains("127.0.0.1:1"), "{error}");
    assert!(!format!("{client:?} {error:?}").contains("secret"));
}

#[tokio::test]
async fn events_older_than_the_age_are_removed() {
    let (world, store) = (World::start(), MemoryEventStore::new());
    let age = Duration::from_millis(300);
    let client = RedisClient::open(world.options().max_age(age)).unwrap();
    let bus = RedisEventBus::new(&client);
    bus.publish(&append(&store, 1_000).await).await.unwrap();
    assert_eq!(world.positions().await.len(), 1_000, "nothing is old yet");
    let published = Instant::now();
    eventually("the age passes", || async { published.elapsed() > age }).await;
    let events = append(&store, 1).await;
    eventually("the old ones are removed", || async {
        bus.publish(&events).await.unwrap();
        world.positions().await.len() < 300
    })
    .await;
    assert!(world.positions().await.ends_with(&[1_001]));
}
