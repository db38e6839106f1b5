//! The tests that the macros create, and their bodies.

use std::future::Future;

use super::{Case, EventStoreFixture, Violation};

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
macro_rules! __event_log_tests {
    ({ $fresh:expr } log { $($module:ident :: $case:ident)* } store { $($of_store:ident :: $store_case:ident)* }) => {
        $crate::__bus_tests! { { run_on_event_log, $fresh } $($case)* }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __event_store_tests {
    ({ $fresh:expr } log { $($of_log:ident :: $log_case:ident)* } store { $($module:ident :: $case:ident)* }) => {
        $crate::__event_store_tests! { { $fresh } $($log_case)* $($case)* }
    };
    ({ $fresh:expr } $($case:ident)*) => {
        $(
            #[test]
            fn $case() -> ::core::result::Result<(), $crate::testing::contract::Violation> {
                $crate::testing::contract::__test_event_store(stringify!($case), async { $fresh })
            }
        )*
    };
}

/// The tests of a suite of checkpoint stores. `$store` stands for the store in `$argument`.
#[doc(hidden)]
#[macro_export]
macro_rules! __checkpoint_tests {
    ({ $run:ident($store:ident => $argument:expr), $fresh:expr } $($case:ident)*) => {
        $(
            #[test]
            fn $case() -> ::core::result::Result<(), $crate::testing::contract::Violation> {
                $crate::testing::contract::__test_bus(async {
                    let ($store, _kept) = $crate::testing::contract::CheckpointStoreFixture::split($fresh);
                    $crate::testing::contract::$run(stringify!($case), $argument).await
                })
            }
        )*
    };
}

/// The body of a generated test.
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

/// The body of a generated test.
#[doc(hidden)]
pub fn __test_bus(case: impl Future<Output = Result<(), Violation>>) -> Result<(), Violation> {
    runtime()?.block_on(case)
}

/// With two threads, since the concurrent cases need real concurrency.
fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()
}
