//! Metrics through the crate [`metrics`](https://docs.rs/metrics) (feature `metrics`).
//!
//! [`Metrics`] is an observer of the write side and of the subscriptions. It writes to the recorder that the program
//! has installed, such as the one of `metrics-exporter-prometheus`. [`ALL`] lists every metric with its kind, its unit
//! and its labels; `docs/metrics.md` in the repository is the same list.
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
//! use std::time::Duration;
//!
//! use eventsource::metrics::Metrics;
//! use eventsource::prelude::*;
//! use eventsource::store::Observed;
//!
//! // After the recorder is installed.
//! let metrics = Metrics::new();
//! let store = Observed::new(MemoryEventStore::new()).observer(metrics.clone());
//! let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new())
//!     .with_observer(metrics.clone());
//! // Gauges, such as the lag. The task ends when the manager is dropped.
//! tokio::spawn(metrics.sample_every(Duration::from_secs(10), &manager));
//! # });
//! ```
//!
//! # Gauges
//! The gauges are set by [`Metrics::sample_every`], and not by a scrape: a scrape of the recorder costs no query. A sample
//! reads what the subscriptions of this process know. It asks the event store whether the log is stalled, and the
//! checkpoint store for one dead letter of each subscription that has some. It counts nothing in a database.
//!
//! Each process reports its own view. A standby reports the position that it has read from the checkpoint, and no dead
//! letters. So a dashboard takes the maximum over the processes: `max by (eventsource_subscription_name) (…)`.
//!
//! # Labels
//! Labels are names of subscriptions, aggregates, event types and kinds of errors. No label contains an id of a stream or
//! of an event, or the text of an error. The name of an event type that the [`Registry`] does not know
//! becomes `_other`.

mod appends;
mod batches;
mod gauges;
pub mod names;
mod table;

pub use self::table::{ALL, Kind, MetricInfo, Unit, describe};

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex};

use crate::catalogue::Registry;

/// Writes metrics. See [the module](self) for an example.
///
/// Clones are the same observer.
#[derive(Clone)]
pub struct Metrics(Arc<Shared>);

struct Shared {
    /// The event types that may be labels.
    event_types: BTreeSet<String>,
    /// The subscriptions whose gauges were set.
    known: Mutex<HashMap<String, gauges::Known>>,
}

impl Metrics {
    /// Creates the observer, and [describes](describe) all metrics to the recorder. The event types of
    /// [`Registry::global`] can be labels.
    #[must_use]
    pub fn new() -> Self {
        Self::of(Registry::global())
    }

    /// Creates the observer, with the event types of `registry` as possible labels.
    #[must_use]
    pub fn of(registry: &Registry) -> Self {
        describe();
        let event_types = registry.events().map(|event| event.name().to_owned()).collect();
        Self(Arc::new(Shared { event_types, known: Mutex::default() }))
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").field("event_types", &self.0.event_types.len()).finish_non_exhaustive()
    }
}
