//! The contract suite finds buses that break their contract.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use eventsource::bus::{BusError, BusSubscriber, BusSubscription};
use eventsource::prelude::*;
use eventsource::testing::contract::{EVENT_BUS_CASES, NOTIFIER_CASES, run_on_event_bus, run_on_notifier};

/// What is broken in a bus.
#[derive(Clone, Copy, PartialEq)]
enum Broken {
    Nothing,
    /// A publish waits for every subscriber.
    Waits,
    Filter,
    /// A subscription outlives what was returned for it.
    Drop,
    /// A subscriber that is there already is not registered again.
    Once,
    /// The end of one subscription ends all of the same subscriber.
    EndsTwins,
}

type Registered = Arc<(EventFilter, Arc<dyn BusSubscriber>)>;

type Subscribers = Arc<Mutex<Vec<Registered>>>;

/// Whether two registrations are of one subscriber.
fn are_twins(one: &Registered, other: &Registered) -> bool {
    Arc::ptr_eq(&one.1, &other.1)
}

/// A bus that calls its subscribers one after the other.
#[derive(Clone)]
struct BrokenBus(Broken, Subscribers);

#[async_trait]
impl EventBus for BrokenBus {
    async fn publish(&self, events: &[Arc<RecordedEvent>]) -> Result<(), BusError> {
        let subscribers = self.1.lock().unwrap().clone();
        for subscriber in subscribers {
            for event in events.iter().filter(|event| self.0 == Broken::Filter || subscriber.0.matches(event)).cloned()
            {
                let (subscriber, receive) = (Arc::clone(&subscriber), async move |subscriber: &dyn BusSubscriber| {
                    let _ = subscriber.receive(event).await;
                });
                let receiving = tokio::spawn(async move { receive(&*subscriber.1).await });
                if self.0 == Broken::Waits {
                    let _ = receiving.await;
                }
            }
        }
        Ok(())
    }

    async fn subscribe(
        &self,
        filter: EventFilter,
        subscriber: Arc<dyn BusSubscriber>,
    ) -> Result<BusSubscription, BusError> {
        let own: Registered = Arc::new((filter, subscriber));
        let is_there = self.1.lock().unwrap().iter().any(|other| are_twins(other, &own));
        if !(self.0 == Broken::Once && is_there) {
            self.1.lock().unwrap().push(Arc::clone(&own));
        }
        let bus = self.clone();
        Ok(BusSubscription::new(move || match bus.0 {
            Broken::Drop => {}
            Broken::EndsTwins => bus.1.lock().unwrap().retain(|other| !are_twins(other, &own)),
            _ => bus.1.lock().unwrap().retain(|subscriber| !Arc::ptr_eq(subscriber, &own)),
        }))
    }
}

async fn violated(broken: Broken) -> Vec<&'static str> {
    let mut violated = Vec::new();
    for &case in EVENT_BUS_CASES {
        if run_on_event_bus(case, &BrokenBus(broken, Arc::default())).await.is_err() {
            violated.push(case);
        }
    }
    for &case in NOTIFIER_CASES {
        if run_on_notifier(case, &BrokenBus(broken, Arc::default())).await.is_err() {
            violated.push(case);
        }
    }
    violated
}

#[tokio::test(start_paused = true)]
async fn sound_bus_violates_nothing() {
    assert_eq!(violated(Broken::Nothing).await, [] as [&str; 0]);
}

#[tokio::test(start_paused = true)]
async fn bus_that_waits_for_its_subscribers_is_found() {
    assert_eq!(violated(Broken::Waits).await, ["a_stuck_subscriber_blocks_no_publisher_and_no_other"]);
}

#[tokio::test(start_paused = true)]
async fn bus_that_does_not_filter_is_found() {
    assert_eq!(violated(Broken::Filter).await, ["a_subscriber_receives_only_what_passes_its_filter"]);
}

#[tokio::test(start_paused = true)]
async fn bus_whose_subscriptions_do_not_end_is_found() {
    let expected = ["a_dropped_subscription_receives_nothing_more", TWICE, "a_dropped_listener_is_not_woken_again"];
    assert_eq!(violated(Broken::Drop).await, expected);
}

const TWICE: &str = "a_subscriber_registered_twice_receives_twice_until_one_is_dropped";

#[tokio::test(start_paused = true)]
async fn bus_that_registers_a_subscriber_once_only_is_found() {
    assert_eq!(violated(Broken::Once).await, [TWICE]);
}

#[tokio::test(start_paused = true)]
async fn bus_that_ends_both_subscriptions_of_a_subscriber_is_found() {
    assert_eq!(violated(Broken::EndsTwins).await, [TWICE]);
}

#[tokio::test]
async fn case_that_does_not_exist_is_a_violation() {
    let bus = MemoryEventBus::new();
    assert!(run_on_event_bus("no_such_case", &bus).await.unwrap_err().to_string().contains("no case no_such_case"));
    assert!(run_on_notifier("no_such_case", &bus).await.is_err());
}
