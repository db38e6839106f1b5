//! The macros that create a test for each case of buses and notifiers.

/// Creates a `#[test]` for each case of the event bus's contract. The expression creates an
/// [`EventBusFixture`](crate::testing::contract::EventBusFixture), such as a bus that is `Clone`. It may await, and is
/// evaluated once for each test.
///
/// ```
/// mod on_memory {
///     eventsource::event_bus_contract!(eventsource::MemoryEventBus::new());
/// }
/// ```
#[macro_export]
macro_rules! event_bus_contract {
    ($fresh:expr) => {
        $crate::__event_bus_cases!([$crate::__bus_tests] run_on_event_bus, $fresh);
    };
}

/// Creates a `#[test]` for each case of an event bus whose server is down, as
/// [`event_bus_contract!`](crate::event_bus_contract) does. The fixture is also a
/// [`BusServerFixture`](crate::testing::contract::BusServerFixture).
///
/// ```
/// use std::sync::Arc;
///
/// use eventsource::EventBus;
/// use eventsource::testing::contract::{BusServerFixture, EventBusFixture};
///
/// struct Server;
///
/// impl EventBusFixture for Server {
///     fn connect(&self) -> Arc<dyn EventBus> {
///         # unimplemented!()
///         // Arc::new(MyBus::connect("localhost:7000"))
///     }
/// }
///
/// impl BusServerFixture for Server {
///     fn kill(&self) { /* docker kill … */ }
///     fn start(&self) { /* docker start … */ }
/// }
///
/// mod outage {
///     eventsource::event_bus_outage_contract!(super::Server);
/// }
/// ```
#[macro_export]
macro_rules! event_bus_outage_contract {
    ($fresh:expr) => {
        $crate::__event_bus_outage_cases!([$crate::__bus_tests] run_on_event_bus_outage, $fresh);
    };
}

/// Creates a `#[test]` for each case of the notifier's contract. The expression creates a
/// [`NotifierFixture`](crate::testing::contract::NotifierFixture), such as a notifier or an event bus that is `Clone`.
/// It may await, and is evaluated once for each test.
///
/// ```
/// mod on_memory {
///     eventsource::notifier_contract!(eventsource::MemoryEventBus::new());
/// }
/// ```
#[macro_export]
macro_rules! notifier_contract {
    ($fresh:expr) => {
        $crate::__notifier_cases!([$crate::__bus_tests] run_on_notifier, $fresh);
    };
}

/// Creates a `#[test]` for each case of a notifier whose server is down, as
/// [`notifier_contract!`](crate::notifier_contract) does. The fixture is also a
/// [`BusServerFixture`](crate::testing::contract::BusServerFixture).
///
/// ```
/// use std::sync::Arc;
///
/// use eventsource::bus::Notifier;
/// use eventsource::testing::contract::{BusServerFixture, NotifierFixture};
///
/// struct Server;
///
/// impl NotifierFixture for Server {
///     fn connect(&self) -> Arc<dyn Notifier> {
///         # unimplemented!()
///         // Arc::new(MyNotifier::connect("localhost:7000"))
///     }
/// }
///
/// impl BusServerFixture for Server {
///     fn kill(&self) { /* docker kill … */ }
///     fn start(&self) { /* docker start … */ }
/// }
///
/// mod outage {
///     eventsource::notifier_outage_contract!(super::Server);
/// }
/// ```
#[macro_export]
macro_rules! notifier_outage_contract {
    ($fresh:expr) => {
        $crate::__notifier_outage_cases!([$crate::__bus_tests] run_on_notifier_outage, $fresh);
    };
}
