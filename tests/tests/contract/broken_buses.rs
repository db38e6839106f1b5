//! Event buses and notifiers, each broken in one place: every case of their contracts is failed by one of them.

use std::error::Error;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use eventsource::bus::{BusError, BusSubscriber, BusSubscription, Wake};
use eventsource::testing::contract::{EVENT_BUS_CASES, NOTIFIER_CASES, run_on_event_bus, run_on_notifier};
use eventsource::{EventBus, EventFilter, MemoryEventBus, Metadata, RecordedEvent};

use crate::killed::assert_each_case_is_killed;

/// What is broken in a bus.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Broken {
    Nothing,
    /// The events of a publish are passed in another order.
    Order,
    /// Events are passed without their metadata.
    Metadata,
    /// Every subscriber receives every event.
    Filter,
    /// A subscriber that has failed receives nothing more.
    Failure,
    /// A publish waits for a subscriber.
    Waiting,
    /// A subscription never ends.
    Endless,
    /// A subscriber that is registered again receives nothing more.
    Twice,
    /// One event of 40 is lost.
    Loss,
    /// Listeners are not woken.
    Wakes,
    /// Only the first listener is woken.
    OneListener,
    /// A listener is woken 100 times at most.
    Tired,
}

const OF_BUSES: &[(Broken, &str)] = &[
    (Broken::Order, "every_subscriber_receives_every_event_in_order"),
    (Broken::Metadata, "an_event_arrives_as_it_was_stored"),
    (Broken::Filter, "a_subscriber_receives_only_what_passes_its_filter"),
    (Broken::Failure, "a_failing_subscriber_harms_no_other_and_goes_on"),
    (Broken::Waiting, "a_stuck_subscriber_blocks_no_publisher_and_no_other"),
    (Broken::Endless, "a_dropped_subscription_receives_nothing_more"),
    (Broken::Twice, "a_subscriber_registered_twice_receives_twice_until_one_is_dropped"),
    (Broken::Loss, "concurrent_publishers_lose_nothing"),
    (Broken::Wakes, "a_publish_wakes_listeners"),
];

const OF_NOTIFIERS: &[(Broken, &str)] = &[
    (Broken::OneListener, "a_notification_wakes_every_listener"),
    (Broken::Wakes, "a_notification_wakes_every_listener"),
    (Broken::Tired, "a_burst_of_notifications_wakes_after_the_last"),
    (Broken::Endless, "a_dropped_listener_is_not_woken_again"),
];

#[derive(Clone)]
struct BrokenBus {
    inner: MemoryEventBus,
    broken: Broken,
    state: Arc<State>,
}

/// What the connections share.
#[derive(Default)]
struct State {
    published: AtomicUsize,
    listeners: AtomicUsize,
    subscribers: Mutex<Vec<Arc<dyn BusSubscriber>>>,
}

impl BrokenBus {
    fn new(broken: Broken) -> Self {
        Self { inner: MemoryEventBus::new(), broken, state: Arc::default() }
    }

    /// Returns the event as the bus passes it; `None` if it is lost.
    fn passed(&self, event: &Arc<RecordedEvent>) -> Option<Arc<RecordedEvent>> {
        match self.broken {
            Broken::Loss if self.state.published.fetch_add(1, Ordering::Relaxed) % 40 == 39 => None,
            Broken::Metadata => {
                let mut parts = event.parts().clone();
                parts.metadata = Metadata::new();
                Some(Arc::new(RecordedEvent::from(parts)))
            }
            _ => Some(Arc::clone(event)),
        }
    }

    /// Returns the subscription that the caller gets for `subscription`.
    fn ending(&self, subscription: BusSubscription) -> BusSubscription {
        if self.broken == Broken::Endless {
            std::mem::forget(subscription);
            return BusSubscription::new(|| ());
        }
        subscription
    }
}

/// A subscriber that receives nothing after its first failure.
struct UntilFailure {
    subscriber: Arc<dyn BusSubscriber>,
    has_failed: AtomicBool,
}

#[async_trait]
impl BusSubscriber for UntilFailure {
    async fn receive(&self, event: Arc<RecordedEvent>) -> Result<(), Box<dyn Error + Send + Sync>> {
        if self.has_failed.load(Ordering::Relaxed) {
            return Ok(());
        }
        let received = self.subscriber.receive(event).await;
        self.has_failed.store(received.is_err(), Ordering::Relaxed);
        received
    }
}

#[async_trait]
impl EventBus for BrokenBus {
    async fn publish(&self, events: &[Arc<RecordedEvent>]) -> Result<(), BusError> {
        let mut events: Vec<_> = events.iter().filter_map(|event| self.passed(event)).collect();
        match self.broken {
            Broken::Order => events.reverse(),
            Broken::Waiting => {
                let subscribers = self.state.subscribers.lock().unwrap_or_else(PoisonError::into_inner).clone();
                for (subscriber, event) in subscribers.iter().zip(&events) {
                    drop(subscriber.receive(Arc::clone(event)).await);
                }
            }
            _ => {}
        }
        self.inner.publish(&events).await
    }

    async fn subscribe(
        &self,
        filter: EventFilter,
        subscriber: Arc<dyn BusSubscriber>,
    ) -> Result<BusSubscription, BusError> {
        let is_known = {
            let mut known = self.state.subscribers.lock().unwrap_or_else(PoisonError::into_inner);
            let is_known = known.iter().any(|known| Arc::ptr_eq(known, &subscriber));
            known.push(Arc::clone(&subscriber));
            is_known
        };
        let (filter, subscriber) = match self.broken {
            Broken::Filter => (EventFilter::all(), subscriber),
            Broken::Failure => {
                let until_failure = UntilFailure { subscriber, has_failed: AtomicBool::new(false) };
                (filter, Arc::new(until_failure) as Arc<dyn BusSubscriber>)
            }
            Broken::Twice if is_known => return Ok(BusSubscription::new(|| ())),
            _ => (filter, subscriber),
        };
        Ok(self.ending(self.inner.subscribe(filter, subscriber).await?))
    }

    async fn wake_on_publish(&self, wake: Wake) -> Result<BusSubscription, BusError> {
        let is_first = self.state.listeners.fetch_add(1, Ordering::Relaxed) == 0;
        let (broken, count) = (self.broken, AtomicUsize::new(0));
        let wake = Arc::new(move || match broken {
            Broken::Wakes => {}
            Broken::OneListener if !is_first => {}
            Broken::Tired if count.fetch_add(1, Ordering::Relaxed) >= 100 => {}
            _ => wake(),
        });
        Ok(self.ending(self.inner.wake_on_publish(wake).await?))
    }
}

/// The clock is paused: a case that waits for what never happens ends at once.
#[tokio::test(start_paused = true)]
async fn each_case_of_event_buses_is_failed_by_a_broken_bus() {
    let fails = async |case, broken| {
        let run = async move { run_on_event_bus(case, &BrokenBus::new(broken)).await.is_err() };
        // A panic of a case is a failure as well.
        tokio::spawn(run).await.unwrap_or(true)
    };
    assert_each_case_is_killed(EVENT_BUS_CASES, Broken::Nothing, OF_BUSES, fails).await;
}

#[tokio::test(start_paused = true)]
async fn each_case_of_notifiers_is_failed_by_a_broken_notifier() {
    let fails = async |case, broken| run_on_notifier(case, &BrokenBus::new(broken)).await.is_err();
    assert_each_case_is_killed(NOTIFIER_CASES, Broken::Nothing, OF_NOTIFIERS, fails).await;
}
