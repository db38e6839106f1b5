//! The contract of event buses.

use std::collections::BTreeSet;
use std::error::Error;
use std::sync::Arc;

use async_trait::async_trait;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::super::listed::{dispatch, names};
use super::super::violation::{ensure, ensure_eq};
use super::super::{Verdict, Violation};
use super::EventBusFixture;
use super::recorder::{IN_TIME, Recorder, Woken, stored};
use crate::bus::BusSubscriber;
use crate::event::{EventFilter, RecordedEvent};
use crate::store::MemoryEventStore;

/// Passes the cases of the event bus's contract to another macro.
#[doc(hidden)]
#[macro_export]
macro_rules! __event_bus_cases {
    ([$($then:tt)*] $($with:tt)*) => {
        $($then)*! { {$($with)*}
            every_subscriber_receives_every_event_in_order
            an_event_arrives_as_it_was_stored
            a_subscriber_receives_only_what_passes_its_filter
            a_failing_subscriber_harms_no_other_and_goes_on
            a_stuck_subscriber_blocks_no_publisher_and_no_other
            a_dropped_subscription_receives_nothing_more
            a_subscriber_registered_twice_receives_twice_until_one_is_dropped
            concurrent_publishers_lose_nothing
            a_publish_wakes_listeners
        }
    };
}

/// The names of the cases of the event bus's contract, for [`run_on_event_bus`].
///
/// ```
/// use eventsource::testing::contract::EVENT_BUS_CASES;
///
/// assert!(EVENT_BUS_CASES.contains(&"a_publish_wakes_listeners"));
/// ```
pub const EVENT_BUS_CASES: &[&str] = crate::__event_bus_cases!([names]);

/// Runs the case `name` of the event bus's contract on a fresh bus. [`event_bus_contract!`](crate::event_bus_contract)
/// creates a test for each case.
///
/// ```
/// use eventsource::MemoryEventBus;
/// use eventsource::testing::contract::{EVENT_BUS_CASES, run_on_event_bus};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// run_on_event_bus(EVENT_BUS_CASES[0], &MemoryEventBus::new()).await.unwrap();
/// # });
/// ```
///
/// # Errors
/// [`Violation`] if the bus breaks the contract, or there is no such case.
pub async fn run_on_event_bus<F: EventBusFixture>(name: &str, fixture: &F) -> Result<(), Violation> {
    crate::__event_bus_cases!([dispatch] name fixture)
}

fn ids(events: &[Arc<RecordedEvent>]) -> Vec<uuid::Uuid> {
    events.iter().map(|event| event.id()).collect()
}

async fn every_subscriber_receives_every_event_in_order<F: EventBusFixture>(fixture: &F) -> Verdict {
    let (publisher, near, far) = (fixture.connect(), fixture.connect(), fixture.connect());
    let recorders = [Recorder::new(), Recorder::new(), Recorder::new()];
    let subscriptions = [
        near.subscribe(EventFilter::all(), recorders[0].clone()).await?,
        near.subscribe(EventFilter::all(), recorders[1].clone()).await?,
        far.subscribe(EventFilter::all(), recorders[2].clone()).await?,
    ];
    let store = MemoryEventStore::new();
    let mut published = Vec::new();
    for count in [1, 3, 20] {
        let events = stored(&store, "Counted", count).await?;
        publisher.publish(&events).await?;
        published.extend(events);
    }
    for (n, recorder) in recorders.iter().enumerate() {
        let received = recorder.until_all(&published).await?;
        ensure_eq!(ids(&received), ids(&published), "what subscriber {n} received, in order and each event once");
    }
    drop(subscriptions);
    Ok(())
}

async fn an_event_arrives_as_it_was_stored<F: EventBusFixture>(fixture: &F) -> Verdict {
    let (publisher, bus) = (fixture.connect(), fixture.connect());
    let recorder = Recorder::new();
    let subscription = bus.subscribe(EventFilter::all(), recorder.clone()).await?;
    let events = stored(&MemoryEventStore::new(), "Käse \u{1F9C0} 'quoted' \"twice\"", 2).await?;
    publisher.publish(&events).await?;
    let received = recorder.until_all(&events).await?;
    ensure_eq!(received, events, "the events that were received");
    drop(subscription);
    Ok(())
}

async fn a_subscriber_receives_only_what_passes_its_filter<F: EventBusFixture>(fixture: &F) -> Verdict {
    let (publisher, bus) = (fixture.connect(), fixture.connect());
    let (some, all, none) = (Recorder::new(), Recorder::new(), Recorder::new());
    let subscriptions = [
        bus.subscribe(EventFilter::types(["Wanted"]).tenant("acme"), some.clone()).await?,
        bus.subscribe(EventFilter::all(), all.clone()).await?,
        bus.subscribe(EventFilter::types(["Wanted"]).tenant("other"), none.clone()).await?,
    ];
    let store = MemoryEventStore::new();
    let mut published = stored(&store, "Other", 2).await?;
    published.extend(stored(&store, "Wanted", 2).await?);
    published.extend(stored(&store, "Other", 1).await?);
    publisher.publish(&published).await?;
    all.until_all(&published).await?;
    let received = some.until_all(&published[2..4]).await?;
    ensure_eq!(ids(&received), ids(&published[2..4]), "the events that match the filter");
    ensure_eq!(none.received().len(), 0, "events that match the filter of another tenant");
    drop(subscriptions);
    Ok(())
}

/// Fails for one event, panics for another, and records all.
struct Failing {
    recorder: Arc<Recorder>,
}

#[async_trait]
impl BusSubscriber for Failing {
    async fn receive(&self, event: Arc<RecordedEvent>) -> Result<(), Box<dyn Error + Send + Sync>> {
        self.recorder.receive(Arc::clone(&event)).await?;
        #[allow(clippy::panic, reason = "the bus must contain a panic")]
        match event.event_type() {
            "Panics" => panic!("a subscriber of the contract panics on purpose"),
            "Fails" => Err("a subscriber of the contract fails on purpose".into()),
            _ => Ok(()),
        }
    }
}

async fn a_failing_subscriber_harms_no_other_and_goes_on<F: EventBusFixture>(fixture: &F) -> Verdict {
    let (publisher, bus) = (fixture.connect(), fixture.connect());
    let (failing, sound) = (Recorder::new(), Recorder::new());
    let subscriptions = [
        bus.subscribe(EventFilter::all(), Arc::new(Failing { recorder: Arc::clone(&failing) })).await?,
        bus.subscribe(EventFilter::all(), sound.clone()).await?,
    ];
    let store = MemoryEventStore::new();
    let mut published = Vec::new();
    for event_type in ["Fails", "Panics", "Counted"] {
        let events = stored(&store, event_type, 2).await?;
        publisher.publish(&events).await?;
        published.extend(events);
    }
    let received = sound.until_all(&published).await?;
    ensure_eq!(ids(&received), ids(&published), "what the other subscriber received");
    failing.until_all(&published[4..]).await?;
    drop(subscriptions);
    Ok(())
}

/// Never returns from its first event.
struct Stuck;

#[async_trait]
impl BusSubscriber for Stuck {
    async fn receive(&self, _: Arc<RecordedEvent>) -> Result<(), Box<dyn Error + Send + Sync>> {
        std::future::pending().await
    }
}

async fn a_stuck_subscriber_blocks_no_publisher_and_no_other<F: EventBusFixture>(fixture: &F) -> Verdict {
    let (publisher, bus) = (fixture.connect(), fixture.connect());
    let recorder = Recorder::new();
    let subscriptions = [
        bus.subscribe(EventFilter::all(), Arc::new(Stuck)).await?,
        bus.subscribe(EventFilter::all(), recorder.clone()).await?,
    ];
    let store = MemoryEventStore::new();
    // More than the queue of a subscriber is likely to hold.
    for _ in 0..30 {
        let events = stored(&store, "Counted", 100).await?;
        let published = timeout(IN_TIME, publisher.publish(&events)).await;
        published.map_err(|_| Violation::new("a publish waited for a subscriber that is stuck"))??;
        recorder.until_all(&events[99..]).await?;
    }
    drop(subscriptions);
    Ok(())
}

async fn a_dropped_subscription_receives_nothing_more<F: EventBusFixture>(fixture: &F) -> Verdict {
    let (publisher, bus) = (fixture.connect(), fixture.connect());
    let (ended, other) = (Recorder::new(), Recorder::new());
    let subscription = bus.subscribe(EventFilter::all(), ended.clone()).await?;
    let kept = bus.subscribe(EventFilter::all(), other.clone()).await?;
    let store = MemoryEventStore::new();
    let first = stored(&store, "Counted", 2).await?;
    publisher.publish(&first).await?;
    ended.until_all(&first).await?;
    drop(subscription);
    let second = stored(&store, "Counted", 2).await?;
    publisher.publish(&second).await?;
    other.until_all(&second).await?;
    ensure_eq!(ids(&ended.received()), ids(&first), "what was received before the subscription was dropped");
    drop(kept);
    Ok(())
}

/// Copies are counted after a subscriber that was added last has received the last event.
async fn a_subscriber_registered_twice_receives_twice_until_one_is_dropped<F: EventBusFixture>(fixture: &F) -> Verdict {
    let (publisher, bus) = (fixture.connect(), fixture.connect());
    let recorder = Recorder::new();
    let dropped = bus.subscribe(EventFilter::all(), recorder.clone()).await?;
    let kept = bus.subscribe(EventFilter::all(), recorder.clone()).await?;
    let store = MemoryEventStore::new();
    let first = stored(&store, "Counted", 3).await?;
    publisher.publish(&first).await?;
    let received = recorder.until("each event twice", |received| received.len() >= 2 * first.len()).await?;
    for event in &first {
        let copies = received.iter().filter(|received| received.id() == event.id()).count();
        ensure_eq!(copies, 2, "how often a subscriber that is registered twice received an event");
    }
    drop(dropped);
    let other = Recorder::new();
    let last = bus.subscribe(EventFilter::all(), other.clone()).await?;
    let second = stored(&store, "Counted", 3).await?;
    publisher.publish(&second).await?;
    other.until_all(&second).await?;
    recorder.until_all(&second).await?;
    let received = ids(&recorder.received()).split_off(2 * first.len());
    ensure_eq!(received, ids(&second), "what was received after one of two subscriptions was dropped, in order");
    drop((kept, last));
    Ok(())
}

async fn concurrent_publishers_lose_nothing<F: EventBusFixture>(fixture: &F) -> Verdict {
    let bus = fixture.connect();
    let recorder = Recorder::new();
    let subscription = bus.subscribe(EventFilter::all(), recorder.clone()).await?;
    let store = MemoryEventStore::new();
    let mut publishers = JoinSet::new();
    for _ in 0..8 {
        let (publisher, store) = (fixture.connect(), store.clone());
        publishers.spawn(async move {
            let mut published = Vec::new();
            for _ in 0..10 {
                let events = stored(&store, "Counted", 2).await?;
                publisher.publish(&events).await?;
                published.extend(events);
            }
            Ok::<_, Violation>(published)
        });
    }
    let mut each = Vec::new();
    while let Some(published) = publishers.join_next().await {
        each.push(published??);
    }
    let received = recorder.until_all(&each.concat()).await?;
    ensure_eq!(received.len(), 160, "events received, each once");
    for published in &each {
        let own: BTreeSet<_> = ids(published).into_iter().collect();
        let received: Vec<_> = ids(&received).into_iter().filter(|id| own.contains(id)).collect();
        ensure_eq!(received, ids(published), "the events of one publisher, in its order");
    }
    drop(subscription);
    Ok(())
}

async fn a_publish_wakes_listeners<F: EventBusFixture>(fixture: &F) -> Verdict {
    let (publisher, bus) = (fixture.connect(), fixture.connect());
    let woken = Woken::new();
    let subscription = bus.wake_on_publish(woken.wake()).await?;
    let store = MemoryEventStore::new();
    for _ in 0..3 {
        let before = woken.count();
        publisher.publish(&stored(&store, "Counted", 1).await?).await?;
        woken.more_than(before, "after a publish").await?;
    }
    ensure!(woken.count() >= 3, "three publishes were {} wake-ups", woken.count());
    drop(subscription);
    Ok(())
}
