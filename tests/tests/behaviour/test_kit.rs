//! What a test of a user's gets: a bus that remembers, and events without a store.

use eventsource::prelude::*;
use eventsource::testing::{AGGREGATE_ID, EventBuilder, RecordingBus};
use eventsource_tests::domain::{Bumped, Noted};
use uuid::Uuid;

#[derive(Debug, Default)]
struct Counter(u64);

#[aggregate]
impl Counter {
    #[applies(Bumped)]
    fn bumped(&mut self, event: &Bumped) {
        self.0 += event.by;
    }
}

#[tokio::test]
async fn recording_bus_remembers_what_a_repository_saves() {
    let (store, bus) = (MemoryEventStore::new(), RecordingBus::new());
    let counters = AggregateRepository::<Counter>::new(store.clone(), bus.clone());
    let mut counter = counters.create_new(Uuid::now_v7());
    counter.record(Bumped { by: 1 });
    counter.record(Bumped { by: 2 });
    counters.save(&mut counter).await.unwrap();
    let log = store.read_log(Position::START, &EventFilter::all(), PageLimit::events(9)).await.unwrap().events;
    assert_eq!(bus.published(), log);
    assert_eq!(bus.take(), log);
    counter.record(Bumped { by: 3 });
    counters.save(&mut counter).await.unwrap();
    let versions: Vec<_> = bus.published().iter().map(|event| event.version()).collect();
    assert_eq!(versions, [3]);
}

#[tokio::test]
async fn recording_bus_wakes_a_subscription() {
    let (store, bus) = (MemoryEventStore::new(), RecordingBus::new());
    let manager = SubscriptionManager::new(store.clone(), bus.clone(), MemoryCheckpoints::new());
    let config = SubscriptionConfig::default().poll_interval(std::time::Duration::from_secs(3_600));
    let seen = manager.subscribe(eventsource_tests::domain::Seen::default(), config).await.unwrap();
    manager.start().await.unwrap();
    let counters = AggregateRepository::<Counter>::new(store, bus.clone());
    let mut counter = counters.create_new(Uuid::now_v7());
    counter.record(Bumped { by: 1 });
    let saved = counters.save(&mut counter).await.unwrap();
    seen.wait_for(saved.position).await.unwrap();
    assert_eq!(seen.read().await.numbers(), [1]);
    manager.stop().await.unwrap();
}

#[tokio::test]
async fn event_builder_makes_what_a_store_returns() {
    let mut events = EventBuilder::new();
    let first = events.record(&Bumped { by: 1 }).unwrap();
    let note = events.record(&Noted { text: "a note".to_owned() }).unwrap();
    let time = chrono::DateTime::from_timestamp(1_000, 0).unwrap();
    events.at(time).metadata(Metadata::new().tenant("acme"));
    let second = events.record(&Bumped { by: 2 }).unwrap();
    let other = events.aggregate_id(Uuid::from_u128(9)).record(&Bumped { by: 3 }).unwrap();
    let raw = events.record_raw(NewEvent::raw("Bumped", 7, "not json"), "Counter");

    let made = [&first, &note, &second, &other, &raw];
    let places: Vec<_> = made.iter().map(|event| (event.position().value(), event.version())).collect();
    assert_eq!(places, [(1, 1), (2, 1), (3, 2), (4, 1), (5, 2)]);
    assert_eq!(first.stream(), &StreamId::new("Counter", AGGREGATE_ID));
    assert_eq!((second.occurred_at(), second.metadata().get_tenant()), (time, Some("acme")));
    assert_eq!(first.metadata(), &Metadata::new());
    assert_eq!((raw.schema_version(), raw.payload()), (7, "not json"));
    assert_eq!(Event::<Bumped>::decode(&other).unwrap().by, 3);

    let stored = NewEvent::of(&Bumped { by: 1 }).unwrap();
    let store = MemoryEventStore::new();
    let stored = store.append(first.stream(), ExpectedVersion::Any, vec![stored]).await.unwrap().events()[0].clone();
    let compared = |event: &RecordedEvent| {
        (
            event.stream().clone(),
            event.position(),
            event.version(),
            event.event_type().to_owned(),
            event.payload().to_owned(),
        )
    };
    assert_eq!(compared(&first), compared(&stored));
}
