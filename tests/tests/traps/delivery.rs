//! Events that come more than once, or not at all.

use super::world::*;
use std::borrow::Cow;

use eventsource::projection::{EventSubscriber, ProjectionKind, Subscriber, UnitOfWork};

/// "Ten events saved and published at once were delivered a hundred times."
#[tokio::test(start_paused = true)]
async fn concurrent_publishes_deliver_once() {
    let (store, bus) = (MemoryEventStore::new(), MemoryEventBus::new());
    let manager = SubscriptionManager::new(store.clone(), bus.clone(), MemoryCheckpoints::new());
    let handle = manager.subscribe(Kept::default(), attempts(1)).await.unwrap();
    manager.start().await.unwrap();
    let publishers: Vec<_> = (1..=10)
        .map(|n| {
            let (store, bus) = (store.clone(), bus.clone());
            tokio::spawn(async move {
                let stream = StreamId::new("Counter", Uuid::from_u128(n));
                let event = NewEvent::of(&Bumped { by: n as u64 }).unwrap();
                let appended = store.append(&stream, ExpectedVersion::Any, vec![event]).await.unwrap();
                for _ in 0..10 {
                    bus.publish(appended.events()).await.unwrap();
                }
            })
        })
        .collect();
    for publisher in publishers {
        publisher.await.unwrap();
    }
    handle.caught_up().within(DEADLINE).await.unwrap();
    tokio::time::sleep(Duration::from_secs(5)).await;
    let mut numbers = handle.read().await.numbers.clone();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=10).collect::<Vec<_>>());
}

/// "An event stored between the watermark and the subscription to the bus is not delivered until a later publish."
#[tokio::test(start_paused = true)]
async fn event_without_a_wake_up_is_delivered() {
    let store = MemoryEventStore::new();
    let silent = FaultyEventStore::new(store.clone(), &Faults::new()).silent();
    let manager = SubscriptionManager::new(silent, MemoryEventBus::new(), MemoryCheckpoints::new());
    let handle = manager.subscribe(Kept::default(), attempts(1)).await.unwrap();
    manager.start().await.unwrap();
    for n in 1..=20 {
        handle.caught_up().within(DEADLINE).await.unwrap();
        handle.wait_for(bump(&store, [n]).await).within(Duration::from_secs(1)).await.unwrap();
    }
}

/// "One that is stored during the last page of the drain is not delivered until a later publish": every wake-up is lost.
#[tokio::test(start_paused = true)]
async fn an_event_that_is_stored_while_the_last_page_is_read_is_delivered() {
    let (store, faults) = (MemoryEventStore::new(), Faults::new());
    let manager = faulty(&store, &faults);
    let handle = manager.subscribe(Kept::default(), attempts(1)).await.unwrap();
    faults.next(Point::ReadLog, Fault::DelayAnswer(Duration::from_millis(300)), 1);
    faults.next(Point::WakeUpReceiver, Fault::Fail, usize::MAX);
    manager.start().await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    let position = bump(&store, [1]).await;
    handle.wait_for(position).within(Duration::from_secs(2)).await.unwrap();
}

/// "A published event that was never appended" delivers nothing, and one that is published twice is delivered once.
#[tokio::test(start_paused = true)]
async fn published_event_without_append_delivers_nothing() {
    let (store, elsewhere) = (MemoryEventStore::new(), MemoryEventStore::new());
    let bus = MemoryEventBus::new();
    let manager = SubscriptionManager::new(store.clone(), bus.clone(), MemoryCheckpoints::new());
    let handle = manager.subscribe(Kept::default(), attempts(1)).await.unwrap();
    manager.start().await.unwrap();
    let stream = StreamId::new("Counter", Uuid::from_u128(1));
    let ghost = vec![NewEvent::of(&Bumped { by: 66 }).unwrap()];
    let ghost = elsewhere.append(&stream, ExpectedVersion::Any, ghost).await.unwrap();
    bus.publish(ghost.events()).await.unwrap();
    bus.publish(ghost.events()).await.unwrap();
    handle.wait_for(bump(&store, [1]).await).within(DEADLINE).await.unwrap();
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(handle.read().await.numbers, [1]);
}

/// "Catch-up ends early where a batch is filtered out."
#[tokio::test(start_paused = true)]
async fn a_page_of_other_peoples_events_does_not_end_the_catch_up() {
    let store = MemoryEventStore::new();
    for n in 1..=3 {
        note(&store, 50).await;
        bump(&store, [n]).await;
    }
    let manager = manager(&store);
    let handle = manager.subscribe(Kept::default(), attempts(1).batch_size(2)).await.unwrap();
    manager.start().await.unwrap();
    handle.caught_up().within(DEADLINE).await.unwrap();
    assert_eq!(handle.read().await.numbers, [1, 2, 3]);
    let end = note(&store, 5).await;
    handle.wait_for(end).within(DEADLINE).await.unwrap();
}

/// A subscriber that asks for everything.
struct All(Arc<Mutex<Vec<String>>>);

impl Subscriber for All {
    const KIND: ProjectionKind = ProjectionKind::Effects;

    fn name(&self) -> Cow<'static, str> {
        "all".into()
    }

    fn subscribed_to(&self) -> EventFilter {
        EventFilter::all()
    }
}

impl<U: UnitOfWork> EventSubscriber<U> for All {
    async fn handle(&mut self, event: &Arc<RecordedEvent>, _: &mut U) -> Result<(), HandlerError> {
        self.0.lock().unwrap().push(event.event_type().to_owned());
        Ok(())
    }
}

/// "Who names no event types gets all of history and nothing that is new."
#[tokio::test(start_paused = true)]
async fn unfiltered_subscriber_gets_every_event() {
    let store = MemoryEventStore::new();
    let manager = manager(&store);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let handle = manager.subscribe(All(Arc::clone(&seen)), attempts(1)).await.unwrap();
    bump(&store, [1]).await;
    manager.start().await.unwrap();
    handle.caught_up().within(DEADLINE).await.unwrap();
    bump(&store, [2]).await;
    note(&store, 1).await;
    handle.caught_up().within(DEADLINE).await.unwrap();
    assert_eq!(*seen.lock().unwrap(), ["Bumped", "Bumped", "Noted"]);
}

/// "A failing tail event is delivered again at every wake-up; with `batch_size=1` for ever."
#[tokio::test(start_paused = true)]
async fn a_failing_last_event_is_not_delivered_for_ever() {
    let store = MemoryEventStore::new();
    let manager = manager(&store);
    let done = Done::default();
    done.script.next(2, [Act::Transient; 100]);
    let handle = manager.subscribe(done.clone(), attempts(3).batch_size(1)).await.unwrap();
    manager.start().await.unwrap();
    handle.wait_for_passed(bump(&store, [1, 2]).await).within(DEADLINE).await.unwrap();
    for n in 0..10 {
        bump_at(&store, 2, [10 + n]).await;
        handle.caught_up().within(DEADLINE).await.unwrap();
    }
    assert_eq!(done.script.calls(2), 3);
}

/// "A failing or slow subscriber" stops no other.
#[tokio::test(start_paused = true)]
async fn failing_or_hanging_sibling_stops_no_other() {
    let store = MemoryEventStore::new();
    let manager = manager(&store);
    let (failing, hanging) = (Kept::default(), Kept::default());
    failing.script.next(1, [Act::Transient; 1_000]);
    hanging.script.next(1, [Act::Hang; 1_000]);
    manager.subscribe(failing, attempts(1_000).name("failing")).await.unwrap();
    manager.subscribe(hanging, attempts(1_000).name("hanging")).await.unwrap();
    let handle = manager.subscribe(Kept::default(), attempts(1)).await.unwrap();
    manager.start().await.unwrap();
    let position = bump(&store, [1, 2]).await;
    handle.wait_for(position).within(Duration::from_millis(100)).await.unwrap();
    assert_eq!(handle.read().await.numbers, [1, 2]);
}
