//! The write side.

use std::sync::Arc;

use async_trait::async_trait;
use eventsource::AggregateError;
use eventsource::bus::{BusError, BusSubscriber, BusSubscription};
use eventsource::causes;
use eventsource::prelude::*;
use eventsource::store::AppendError;
use eventsource_tests::domain::{Bumped, Cleared};
use eventsource_tests::wait::DEADLINE;
use uuid::Uuid;

#[derive(Debug, Default)]
struct Counter {
    value: u64,
}

impl Aggregate for Counter {
    const TYPE: &'static str = "Counter";
    type Events = (Bumped, Cleared);
}

impl Applies<Bumped> for Counter {
    fn apply(&mut self, event: &Bumped) {
        self.value += event.by;
    }
}

impl Applies<Cleared> for Counter {
    fn apply(&mut self, _: &Cleared) {
        self.value = 0;
    }
}

/// A bus that cannot be reached.
struct DeadBus;

#[async_trait]
impl EventBus for DeadBus {
    async fn publish(&self, _: &[Arc<RecordedEvent>]) -> Result<(), BusError> {
        Err(BusError::new("publish", "the bus is dead"))
    }

    async fn subscribe(&self, _: EventFilter, _: Arc<dyn BusSubscriber>) -> Result<BusSubscription, BusError> {
        Err(BusError::new("subscribe", "the bus is dead"))
    }
}

fn repository(store: &MemoryEventStore) -> AggregateRepository<Counter> {
    AggregateRepository::new(store.clone(), MemoryEventBus::new())
}

/// A decision that is refused by hand, without `execute`.
#[tokio::test]
async fn refused_decision_leaves_version_state_and_events() {
    fn clear(counter: &mut AggregateRoot<Counter>) -> Result<(), &'static str> {
        if counter.value > 1 {
            return Err("it has counted too far");
        }
        counter.record(Cleared {});
        Ok(())
    }
    let counters = repository(&MemoryEventStore::new());
    let mut counter = counters.create_new(Uuid::now_v7());
    counter.record(Bumped { by: 2 });
    assert!(clear(&mut counter).is_err());
    assert_eq!((counter.version(), counter.uncommitted().len(), counter.value), (1, 1, 2));
    let saved = counters.save(&mut counter).await.unwrap();
    assert_eq!(saved.version, 1);
}

#[tokio::test]
async fn aggregate_is_created_saved_loaded_and_saved_again() {
    let store = MemoryEventStore::new();
    let counters = repository(&store);
    let id = Uuid::now_v7();
    assert!(!counters.exists(id).await.unwrap());
    let error = counters.load(id).await.unwrap_err();
    assert!(matches!(&error, AggregateError::NotFound { stream } if stream.aggregate_id() == id), "{error}");
    assert_eq!(counters.load_or_create(id).await.unwrap().version(), 0);

    let mut counter = counters.create_new(id);
    counter.record(Bumped { by: 2 });
    counter.record(Bumped { by: 3 });
    assert_eq!((counter.value, counter.version(), counter.uncommitted().len()), (5, 2, 2));
    assert_eq!(counter.uncommitted()[1].downcast_ref::<Bumped>(), Some(&Bumped { by: 3 }));
    let saved = counters.save(&mut counter).await.unwrap();
    assert_eq!((saved.version, saved.position), (2, Position::new(2)));
    assert!(counter.uncommitted().is_empty() && saved.publish_error.is_none());
    assert!(counters.exists(id).await.unwrap());

    let nothing = counters.save(&mut counter).await.unwrap();
    assert_eq!((nothing.version, nothing.position), (2, Position::new(2)), "nothing to save is not an error");

    let mut loaded = counters.load(id).await.unwrap();
    assert_eq!((loaded.value, loaded.version()), (5, 2));
    loaded.record(Cleared {});
    assert_eq!(counters.save(&mut loaded).await.unwrap().version, 3);
    assert_eq!(counters.load_or_create(id).await.unwrap().value, 0);
}

#[tokio::test]
async fn a_conflict_keeps_the_uncommitted_events() {
    let store = MemoryEventStore::new();
    let counters = repository(&store);
    let id = Uuid::now_v7();
    let (mut one, mut two) = (counters.create_new(id), counters.create_new(id));
    one.record(Bumped { by: 1 });
    two.record(Bumped { by: 2 });
    counters.save(&mut one).await.unwrap();
    let error = counters.save(&mut two).await.unwrap_err();
    let AggregateError::Append(AppendError::Conflict { expected, actual, .. }) = &error else { panic!("{error}") };
    assert_eq!((*expected, *actual), (ExpectedVersion::NoStream, 1));
    assert_eq!((two.uncommitted().len(), two.value), (1, 2));

    let mut late = counters.load(id).await.unwrap();
    one.record(Bumped { by: 10 });
    counters.save(&mut one).await.unwrap();
    late.record(Bumped { by: 20 });
    let error = counters.save(&mut late).await.unwrap_err();
    assert!(error.to_string().contains("expected version 1, but it is at version 2"), "{error}");
    assert_eq!(counters.load(id).await.unwrap().value, 11);
}

#[tokio::test]
async fn a_failing_publisher_does_not_fail_a_stored_save() {
    let store = MemoryEventStore::new();
    let counters = AggregateRepository::<Counter>::new(store.clone(), DeadBus);
    let mut counter = counters.create_new(Uuid::now_v7());
    counter.record(Bumped { by: 1 });
    let saved = counters.save(&mut counter).await.unwrap();
    assert!(causes(&saved.publish_error.unwrap()).to_string().contains("the bus is dead"));
    assert!(counter.uncommitted().is_empty());
    assert_eq!(store.head().await.unwrap(), saved.position);
}

#[tokio::test]
async fn a_manager_whose_bus_is_dead_works_without_it() {
    let store = MemoryEventStore::new();
    let manager = SubscriptionManager::new(store.clone(), DeadBus, MemoryCheckpoints::new());
    let seen =
        manager.subscribe(eventsource_tests::domain::Seen::default(), SubscriptionConfig::default()).await.unwrap();
    manager.start().await.unwrap();
    seen.wait_for(eventsource_tests::domain::bump(&store, [1]).await).within(DEADLINE).await.unwrap();
}

#[tokio::test]
async fn an_event_that_the_aggregate_does_not_declare_is_an_error_with_its_place() {
    let store = MemoryEventStore::new();
    let stream = StreamId::new("Counter", Uuid::now_v7());
    store.append(&stream, ExpectedVersion::Any, vec![NewEvent::raw("Renamed", 1, "{}")]).await.unwrap();
    let error = repository(&store).load(stream.aggregate_id()).await.unwrap_err().to_string();
    assert!(error.contains("`Renamed` at position 1") && error.contains("type Events"), "{error}");
}

#[tokio::test]
async fn metadata_is_set_per_save_and_follows_a_handled_event() {
    let store = MemoryEventStore::new();
    let counters = repository(&store);
    let request = Uuid::now_v7();
    let metadata = Metadata::new().correlation_id(request).actor("alice").tenant("acme").entry("ip", "192.0.2.7");
    let mut counter = counters.create_new(Uuid::now_v7());
    counter.record(Bumped { by: 1 });
    counter.record(Bumped { by: 2 });
    counters.save_with(&mut counter, &metadata).await.unwrap();
    let stored = store.read_stream(&counter.stream(), ReadStream::forward()).await.unwrap();
    assert!(stored.iter().all(|event| *event.metadata() == metadata));

    let reaction = Metadata::caused_by(&stored[1]);
    assert_eq!(reaction.get_causation_id(), Some(stored[1].id()));
    assert_eq!(reaction.get_correlation_id(), Some(request));
    assert_eq!((reaction.get_actor(), reaction.get_tenant()), (None, None));

    counter.record(Bumped { by: 3 });
    counters.save(&mut counter).await.unwrap();
    let third = &store.read_stream(&counter.stream(), ReadStream::backward().limit(1)).await.unwrap()[0];
    assert!(third.metadata().is_empty());
    assert_eq!(Metadata::caused_by(third).get_correlation_id(), Some(third.id()), "it starts the chain");
}
