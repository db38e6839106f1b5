//! Servers of buses, each broken in one place: every case of the contracts of buses and notifiers whose server is down is
//! failed by one of them.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use eventsource::bus::{BusError, BusSubscriber, BusSubscription, Notifier, Wake};
use eventsource::testing::contract::{
    BusServerFixture, EVENT_BUS_OUTAGE_CASES, EventBusFixture, NOTIFIER_OUTAGE_CASES, NotifierFixture,
    run_on_event_bus_outage, run_on_notifier_outage,
};
use eventsource::{EventBus, EventFilter, MemoryEventBus, RecordedEvent};

use crate::killed::assert_each_case_is_killed;

/// What is broken in a bus whose server can be down.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Broken {
    Nothing,
    /// A publish to a dead server succeeds.
    Success,
    /// A publish to a dead server waits for ever.
    Waiting,
    /// A subscription ends with its server.
    Subscriptions,
    /// A listener is not woken when its server is back.
    Wakes,
    /// A listener that began while the server was down is never woken.
    Listeners,
}

const OF_BUSES: &[(Broken, &str)] = &[
    (Broken::Success, "a_publish_to_a_dead_server_fails_in_time_and_the_append_stays"),
    (Broken::Waiting, "a_publish_to_a_dead_server_fails_in_time_and_the_append_stays"),
    (Broken::Subscriptions, "a_subscription_receives_again_after_its_server_is_back"),
];

const OF_NOTIFIERS: &[(Broken, &str)] = &[
    (Broken::Success, "a_notification_to_a_dead_server_fails_in_time"),
    (Broken::Waiting, "a_notification_to_a_dead_server_fails_in_time"),
    (Broken::Wakes, "a_listener_is_woken_when_its_server_is_back"),
    (Broken::Listeners, "a_listener_that_began_while_the_server_was_down_is_woken"),
];

/// A server, and a connection to it.
#[derive(Clone)]
struct Server(Arc<State>);

struct State {
    broken: Broken,
    is_dead: AtomicBool,
    bus: Mutex<MemoryEventBus>,
    listeners: Mutex<Vec<Wake>>,
}

impl Server {
    fn new(broken: Broken) -> Self {
        let is_dead = AtomicBool::new(false);
        Self(Arc::new(State { broken, is_dead, bus: Mutex::default(), listeners: Mutex::default() }))
    }

    fn is_dead(&self) -> bool {
        self.0.is_dead.load(Ordering::Relaxed)
    }

    fn bus(&self) -> MemoryEventBus {
        self.0.bus.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn listeners(&self) -> MutexGuard<'_, Vec<Wake>> {
        self.0.listeners.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl BusServerFixture for Server {
    fn kill(&self) {
        self.0.is_dead.store(true, Ordering::Relaxed);
        if self.0.broken == Broken::Subscriptions {
            *self.0.bus.lock().unwrap_or_else(PoisonError::into_inner) = MemoryEventBus::new();
        }
    }

    fn start(&self) {
        self.0.is_dead.store(false, Ordering::Relaxed);
        if self.0.broken != Broken::Wakes {
            self.listeners().iter().for_each(|wake| wake());
        }
    }
}

impl EventBusFixture for Server {
    fn connect(&self) -> Arc<dyn EventBus> {
        Arc::new(Connection(self.clone()))
    }
}

struct Connection(Server);

#[async_trait]
impl EventBus for Connection {
    async fn publish(&self, events: &[Arc<RecordedEvent>]) -> Result<(), BusError> {
        match self.0.0.broken {
            Broken::Success if self.0.is_dead() => Ok(()),
            Broken::Waiting if self.0.is_dead() => std::future::pending().await,
            _ if self.0.is_dead() => Err(BusError::new("publish", io::Error::from(io::ErrorKind::ConnectionRefused))),
            _ => self.0.bus().publish(events).await,
        }
    }

    async fn subscribe(
        &self,
        filter: EventFilter,
        subscriber: Arc<dyn BusSubscriber>,
    ) -> Result<BusSubscription, BusError> {
        self.0.bus().subscribe(filter, subscriber).await
    }

    async fn wake_on_publish(&self, wake: Wake) -> Result<BusSubscription, BusError> {
        if self.0.0.broken == Broken::Listeners && self.0.is_dead() {
            return Ok(BusSubscription::new(|| ()));
        }
        self.0.listeners().push(Arc::clone(&wake));
        self.0.bus().wake_on_publish(wake).await
    }
}

impl NotifierFixture for Server {
    fn connect(&self) -> Arc<dyn Notifier> {
        Arc::new(Connection(self.clone()))
    }
}

/// The clock is paused: a case that waits for what never happens ends at once.
#[tokio::test(start_paused = true)]
async fn each_case_of_a_dead_server_of_a_bus_is_failed_by_a_broken_bus() {
    let fails = async |case, broken| run_on_event_bus_outage(case, &Server::new(broken)).await.is_err();
    assert_each_case_is_killed(EVENT_BUS_OUTAGE_CASES, Broken::Nothing, OF_BUSES, fails).await;
}

#[tokio::test(start_paused = true)]
async fn each_case_of_a_dead_server_of_a_notifier_is_failed_by_a_broken_notifier() {
    let fails = async |case, broken| run_on_notifier_outage(case, &Server::new(broken)).await.is_err();
    assert_each_case_is_killed(NOTIFIER_OUTAGE_CASES, Broken::Nothing, OF_NOTIFIERS, fails).await;
}
