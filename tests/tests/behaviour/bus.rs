//! The bus inside one process.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use eventsource::bus::{BusError, BusSubscriber, BusSubscription, Notifier, Wake};
use eventsource::prelude::*;
use eventsource::testing::faults::{Faults, FaultyEventStore};
use eventsource_tests::domain::{Bumped, Noted, Seen, bump};
use eventsource_tests::wait::{DEADLINE, eventually};
use tokio::sync::Semaphore;
use uuid::Uuid;

type Received = Result<(), Box<dyn std::error::Error + Send + Sync>>;

async fn events() -> Vec<Arc<RecordedEvent>> {
    let store = MemoryEventStore::new();
    for event in [NewEvent::of(&Bumped { by: 1 }), NewEvent::of(&Noted { text: "x".into() })] {
        let event = event.unwrap();
        let stream = StreamId::new(event.aggregate_type().unwrap().to_owned(), Uuid::now_v7());
        store.append(&stream, ExpectedVersion::Any, vec![event]).await.unwrap();
    }
    store.read_log(Position::START, &EventFilter::all(), PageLimit::events(10)).await.unwrap().events
}

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

/// A subscriber that is stuck in its first event.
struct Stuck;

#[async_trait]
impl BusSubscriber for Stuck {
    async fn receive(&self, _: Arc<RecordedEvent>) -> Received {
        std::future::pending().await
    }
}

#[tokio::test]
async fn save_returns_while_a_subscriber_of_the_bus_is_stuck() {
    let (store, bus) = (MemoryEventStore::new(), MemoryEventBus::new());
    let stuck = bus.subscribe(EventFilter::all(), Arc::new(Stuck)).await.unwrap();
    let counters = AggregateRepository::<Counter>::new(store.clone(), bus.clone());
    let mut counter = counters.create_new(Uuid::now_v7());
    for n in 1..=3 {
        counter.record(Bumped { by: n });
        let saved = tokio::time::timeout(Duration::from_secs(5), counters.save(&mut counter)).await;
        assert!(saved.expect("a save waits for a subscriber of the bus").unwrap().publish_error.is_none());
    }
    assert_eq!(store.head().await.unwrap().value(), 3);
    drop(stuck);
}

#[tokio::test]
async fn one_subscribers_failure_does_not_reach_another() -> Result<(), BusError> {
    let bus = MemoryEventBus::new();
    let heard = Arc::new(AtomicUsize::new(0));
    let fails = bus.subscribe(EventFilter::all(), Arc::new(|_| async { Err("out of order".into()) })).await?;
    let panics = bus.subscribe(EventFilter::all(), Arc::new(|_| async { panic!("worse") })).await?;
    let counter = Arc::clone(&heard);
    let count = move |_| {
        counter.fetch_add(1, Ordering::SeqCst);
        async { Ok(()) }
    };
    let counts = bus.subscribe(EventFilter::types(["Bumped"]), Arc::new(count)).await?;
    bus.publish(&events().await).await?;
    bus.delivered().await;
    assert_eq!(heard.load(Ordering::SeqCst), 1, "it hears what passes its filter");
    drop(counts);
    bus.publish(&events().await).await?;
    bus.delivered().await;
    assert_eq!(heard.load(Ordering::SeqCst), 1, "and nothing once its subscription is dropped");
    drop((fails, panics));
    Ok(())
}

/// One writer: its saves are one after the other.
#[tokio::test]
async fn events_of_one_aggregate_are_received_in_the_order_of_their_versions() {
    let (store, bus) = (MemoryEventStore::new(), MemoryEventBus::new());
    let versions = Arc::new(Mutex::new(Vec::new()));
    let received = Arc::clone(&versions);
    let note = move |event: Arc<RecordedEvent>| {
        received.lock().unwrap().push(event.version());
        async { Ok(()) }
    };
    let subscription = bus.subscribe(EventFilter::all(), Arc::new(note)).await.unwrap();
    let counters = AggregateRepository::<Counter>::new(store, bus.clone());
    let mut counter = counters.create_new(Uuid::now_v7());
    for n in 0..10 {
        counter.record([Bumped { by: n }, Bumped { by: n }]);
        assert!(counters.save(&mut counter).await.unwrap().publish_error.is_none());
    }
    bus.delivered().await;
    assert_eq!(*versions.lock().unwrap(), (1..=20).collect::<Vec<_>>());
    drop(subscription);
}

/// Receives one event for each permit, and remembers what it received and missed.
struct Slow {
    permits: Semaphore,
    log: Mutex<Vec<String>>,
}

#[async_trait]
impl BusSubscriber for Slow {
    async fn receive(&self, event: Arc<RecordedEvent>) -> Received {
        self.permits.acquire().await?.forget();
        self.log.lock().unwrap().push(event.position().to_string());
        Ok(())
    }

    async fn missed(&self, events: u64) {
        self.log.lock().unwrap().push(format!("missed {events}"));
    }
}

#[tokio::test]
async fn full_queue_drops_its_oldest_events_and_tells_the_subscriber() {
    let bus = MemoryEventBus::with_capacity(NonZeroUsize::new(3).unwrap());
    let slow = Arc::new(Slow { permits: Semaphore::new(0), log: Mutex::default() });
    let subscription = bus.subscribe(EventFilter::all(), slow.clone()).await.unwrap();
    let stream = StreamId::new("Counter", Uuid::now_v7());
    let numbered = (1..=20).map(|n| NewEvent::of(&Bumped { by: n }).unwrap()).collect();
    let store = MemoryEventStore::new();
    let events = store.append(&stream, ExpectedVersion::Any, numbered).await.unwrap().events().to_vec();
    bus.publish(&events[..1]).await.unwrap();
    // The first event is on its way to the subscriber, so that the queue is empty.
    tokio::task::yield_now().await;
    bus.publish(&events[1..10]).await.unwrap();
    slow.permits.add_permits(100);
    bus.delivered().await;
    bus.publish(&events[10..12]).await.unwrap();
    bus.delivered().await;
    let log = slow.log.lock().unwrap().clone();
    assert_eq!(log, ["1", "missed 6", "8", "9", "10", "11", "12"]);
    drop(subscription);
}

#[tokio::test]
async fn one_publish_larger_than_the_queue_delivers_its_newest_events() {
    let bus = MemoryEventBus::with_capacity(NonZeroUsize::MIN);
    let slow = Arc::new(Slow { permits: Semaphore::new(100), log: Mutex::default() });
    let subscription = bus.subscribe(EventFilter::all(), slow.clone()).await.unwrap();
    bus.publish(&events().await).await.unwrap();
    bus.delivered().await;
    assert_eq!(*slow.log.lock().unwrap(), ["missed 1", "2"]);
    drop(subscription);
}

#[test]
fn subscriber_receives_after_the_runtime_of_a_publisher_is_gone() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let bus = MemoryEventBus::new();
    let slow = Arc::new(Slow { permits: Semaphore::new(0), log: Mutex::default() });
    let subscription = runtime().block_on(bus.subscribe(EventFilter::all(), slow.clone())).unwrap();
    let events = runtime().block_on(async {
        let events = events().await;
        bus.publish(&events).await.unwrap();
        tokio::task::yield_now().await;
        events
    });
    // That runtime has dropped the task in the middle of the first event.
    slow.permits.add_permits(100);
    runtime().block_on(async {
        bus.publish(&events[..1]).await.unwrap();
        tokio::time::timeout(DEADLINE, bus.delivered()).await.expect("the queue is emptied again");
    });
    assert_eq!(*slow.log.lock().unwrap(), ["2", "1"]);
    drop(subscription);
    let without_runtime = futures_util::FutureExt::now_or_never(bus.publish(&events)).unwrap();
    assert!(without_runtime.is_ok(), "nothing has to run: there is no subscriber");
}

/// A notifier that cannot be reached at first.
#[derive(Clone, Default)]
struct Late {
    is_there: Arc<AtomicBool>,
    bus: MemoryEventBus,
}

#[async_trait]
impl Notifier for Late {
    async fn notify(&self, events: &[Arc<RecordedEvent>]) -> Result<(), BusError> {
        self.bus.notify(events).await
    }

    async fn listen(&self, wake: Wake) -> Result<BusSubscription, BusError> {
        match self.is_there.load(Ordering::SeqCst) {
            true => self.bus.listen(wake).await,
            false => Err(BusError::new("listen", "the notifier is not there yet")),
        }
    }
}

#[tokio::test]
async fn manager_is_woken_by_a_notifier_that_was_down_at_its_start() {
    let store = FaultyEventStore::new(MemoryEventStore::new(), &Faults::new()).silent();
    let late = Late::default();
    let manager = SubscriptionManager::new(store.clone(), late.clone(), MemoryCheckpoints::new());
    let config = SubscriptionConfig::default().poll_interval(Duration::from_secs(3_600));
    let seen = manager.subscribe(Seen::default(), config).await.unwrap();
    manager.start().await.unwrap();
    seen.caught_up().within(DEADLINE).await.unwrap();

    let missed = bump(&store, [1]).await;
    late.is_there.store(true, Ordering::SeqCst);
    seen.wait_for(missed).within(DEADLINE).await.expect("woken when the notifier is reached");
    let position = bump(&store, [2]).await;
    eventually("a notification wakes it", || async {
        late.notify(&events().await).await.unwrap();
        seen.inspect().await.position.is_some_and(|now| now >= position)
    })
    .await;
    manager.stop().await.unwrap();
}
