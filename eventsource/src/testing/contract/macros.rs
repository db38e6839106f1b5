//! A test for each case.

use std::future::Future;

use super::{Case, CheckpointStoreFixture, EventStoreFixture, Violation};

/// Makes a `#[test]` of each [`Case`](crate::testing::contract::Case), which runs on the store that the expression
/// makes, alone or with what has to outlive it. The expression may await; it is evaluated anew for each test.
///
/// ```
/// mod on_memory {
///     eventsource::event_store_contract!(eventsource::MemoryEventStore::new());
/// }
/// ```
#[macro_export]
macro_rules! event_store_contract {
    ($fresh:expr) => {
        $crate::__event_store_cases!([$crate::__event_store_tests] $fresh);
    };
}

/// Makes a `#[test]` of each case of the checkpoint store's contract, as
/// [`event_store_contract!`](crate::event_store_contract) does.
///
/// ```
/// mod on_memory {
///     eventsource::checkpoint_store_contract!(eventsource::projection::MemoryCheckpoints::new());
/// }
/// ```
#[macro_export]
macro_rules! checkpoint_store_contract {
    ($fresh:expr) => {
        $crate::__checkpoint_store_cases!([$crate::__checkpoint_store_tests] $fresh);
    };
}

/// Makes a `#[test]` of each case of the contract of stores of aggregates' snapshots, which runs on the
/// [`SnapshotStoreFixture`](crate::testing::contract::SnapshotStoreFixture) that the expression makes. The expression may
/// await; it is evaluated for each test. A store that is `Clone` is a fixture, also with what has to outlive it.
///
/// ```
/// mod on_memory {
///     eventsource::snapshot_store_contract!(eventsource::aggregate::MemorySnapshots::new());
/// }
/// ```
#[macro_export]
macro_rules! snapshot_store_contract {
    ($fresh:expr) => {
        $crate::__snapshot_store_cases!([$crate::__bus_tests] run_on_snapshots, $fresh);
    };
}

/// Makes a `#[test]` of each case of the event bus's contract, which runs on the
/// [`EventBusFixture`](crate::testing::contract::EventBusFixture) that the expression makes. The expression may await; it
/// is evaluated for each test. A bus that is `Clone` is a fixture.
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

/// Makes a `#[test]` of each case of what an event bus does while its server is down, as
/// [`event_bus_contract!`](crate::event_bus_contract) does. The fixture is also a
/// [`BusServerFixture`](crate::testing::contract::BusServerFixture).
#[macro_export]
macro_rules! event_bus_outage_contract {
    ($fresh:expr) => {
        $crate::__event_bus_outage_cases!([$crate::__bus_tests] run_on_event_bus_outage, $fresh);
    };
}

/// Makes a `#[test]` of each case of the notifier's contract, which runs on the
/// [`NotifierFixture`](crate::testing::contract::NotifierFixture) that the expression makes. A notifier that is `Clone` is
/// a fixture, and so every event bus that is.
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

/// Makes a `#[test]` of each case of what a notifier does while its server is down, as
/// [`notifier_contract!`](crate::notifier_contract) does. The fixture is also a
/// [`BusServerFixture`](crate::testing::contract::BusServerFixture).
#[macro_export]
macro_rules! notifier_outage_contract {
    ($fresh:expr) => {
        $crate::__notifier_outage_cases!([$crate::__bus_tests] run_on_notifier_outage, $fresh);
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __bus_tests {
    ({ $run:ident, $fresh:expr } $($case:ident)*) => {
        $(
            #[test]
            fn $case() -> ::core::result::Result<(), $crate::testing::contract::Violation> {
                $crate::testing::contract::__test_bus(async {
                    let fixture = $fresh;
                    $crate::testing::contract::$run(stringify!($case), &fixture).await
                })
            }
        )*
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __event_store_tests {
    ({ $fresh:expr } $($module:ident :: $case:ident)*) => {
        $(
            #[test]
            fn $case() -> ::core::result::Result<(), $crate::testing::contract::Violation> {
                $crate::testing::contract::__test_event_store(stringify!($case), async { $fresh })
            }
        )*
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __checkpoint_store_tests {
    ({ $fresh:expr } $($case:ident)*) => {
        $(
            #[test]
            fn $case() -> ::core::result::Result<(), $crate::testing::contract::Violation> {
                $crate::testing::contract::__test_checkpoint_store(stringify!($case), async { $fresh })
            }
        )*
    };
}

/// What a generated test does.
#[doc(hidden)]
pub fn __test_event_store<F: EventStoreFixture>(name: &str, fresh: impl Future<Output = F>) -> Result<(), Violation> {
    let case = Case::named(name).ok_or_else(|| Violation::new(format_args!("there is no case {name}")))?;
    runtime()?.block_on(async {
        let (store, kept) = fresh.await.split();
        let verdict = case.run(store).await;
        drop(kept);
        verdict
    })
}

/// What a generated test does.
#[doc(hidden)]
pub fn __test_checkpoint_store<F: CheckpointStoreFixture>(
    name: &str,
    fresh: impl Future<Output = F>,
) -> Result<(), Violation> {
    runtime()?.block_on(async {
        let (store, kept) = fresh.await.split();
        let verdict = super::run_on_checkpoints(name, &*store).await;
        drop(kept);
        verdict
    })
}

/// What a generated test does.
#[doc(hidden)]
pub fn __test_bus(case: impl Future<Output = Result<(), Violation>>) -> Result<(), Violation> {
    runtime()?.block_on(case)
}

/// Two threads: concurrent cases need real concurrency.
fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()
}
