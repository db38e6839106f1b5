//! Contract suites for logs and their queries, event stores, checkpoint stores and their leases, read models and their
//! next generations, owners of tables, operations, snapshot stores, stores of the progress of engines, event buses and
//! notifiers. Each promise of a port has a case. Run them on an adapter that you write yourself.
//!
//! A macro creates one test for each case, on stores that its expression creates:
//!
//! ```
//! mod contract {
//!     eventsource::event_store_contract!(eventsource::MemoryEventStore::new());
//! }
//! ```
//!
//! You can also run all cases, or one by its name:
//!
//! ```
//! use std::sync::Arc;
//! use eventsource::{EventStore, MemoryEventStore};
//! use eventsource::testing::contract::{self, Case};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let violations = contract::run_all(async || Arc::new(MemoryEventStore::new()) as Arc<dyn EventStore>).await;
//! assert!(violations.is_empty());
//!
//! let case = Case::named("a_stale_version_is_a_conflict").unwrap();
//! case.run(Arc::new(MemoryEventStore::new())).await.unwrap();
//! # });
//! ```

mod append;
mod append_all;
mod bus;
mod bus_macros;
mod cases;
mod checkpoint_logs;
mod checkpoints;
mod commands;
mod concurrent;
mod event_queries;
mod events;
mod filled_log;
mod fixture;
mod generated;
mod generations;
mod identity;
mod leases;
mod letter_search;
mod letters;
mod listed;
mod lookups;
mod macros;
mod operations;
mod owners;
mod pages;
mod paging;
mod projection_states;
mod ranges;
mod read_log;
mod read_models;
mod read_stream;
mod round_trip;
mod slices;
mod snapshots;
mod steps;
mod values;
mod violation;

use std::sync::Arc;

pub use bus::{
    BusServerFixture, EVENT_BUS_CASES, EVENT_BUS_OUTAGE_CASES, EventBusFixture, NOTIFIER_CASES, NOTIFIER_OUTAGE_CASES,
    NotifierFixture, run_on_event_bus, run_on_event_bus_outage, run_on_notifier, run_on_notifier_outage,
};
pub use cases::{Case, EVENT_LOG_CASES, run_on_event_log};
pub use checkpoints::{CHECKPOINT_CASES, run_on_checkpoints};
pub use event_queries::{EVENT_QUERIES_CASES, run_on_event_queries};
pub use filled_log::{EventLogFixture, LogWriter};
pub use fixture::{CheckpointStoreFixture, EventStoreFixture};
#[doc(hidden)]
pub use generated::{__test_bus, __test_event_store};
pub use generations::{GENERATION_CASES, run_on_generations};
pub use identity::{an_identity_is_one_logs_own, positions_only_grow};
pub use leases::{LEASE_CASES, run_on_leases};
pub use operations::{OPERATION_CASES, run_on_operations};
pub use owners::{TABLE_OWNER_CASES, run_on_table_owners};
pub use projection_states::{PROJECTION_STATE_CASES, ProjectionStateStoreFixture, run_on_projection_states};
pub use read_models::{ContractRow, READ_MODEL_CASES, ReadModelFixture, run_on_read_models};
pub use snapshots::{SNAPSHOT_CASES, SnapshotStoreFixture, run_on_snapshots};
use violation::Verdict;
pub use violation::Violation;

use crate::store::EventStore;

/// Runs all cases of the event store's contract, each on a store that `fresh` creates. Returns the names of the failed
/// cases, each with its violation.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// use std::sync::Arc;
///
/// use eventsource::testing::contract;
/// use eventsource::{EventStore, MemoryEventStore};
///
/// let violations = contract::run_all(async || Arc::new(MemoryEventStore::new()) as Arc<dyn EventStore>).await;
/// for (case, violation) in &violations {
///     println!("{case}: {violation}");
/// }
/// assert!(violations.is_empty());
/// # });
/// ```
pub async fn run_all(fresh: impl AsyncFn() -> Arc<dyn EventStore>) -> Vec<(&'static str, Violation)> {
    let mut violations = Vec::new();
    for case in Case::all() {
        if let Err(violation) = case.run(fresh().await).await {
            violations.push((case.name(), violation));
        }
    }
    violations
}
