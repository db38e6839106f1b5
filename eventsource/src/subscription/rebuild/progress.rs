//! How far a rebuild is.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::event::Position;
use crate::subscription::RebuildKind;
use crate::subscription::report::maybe_seconds;

/// The progress of a rebuild. The numbers of events are `None` if the event store did not answer.
///
/// ```
/// # use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
/// # use eventsource::prelude::*;
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// # let store = MemoryEventStore::new();
/// # let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
/// # let orders = ProjectionEngine::new("orders", MemoryProjectionStates::new()).with_state(0_u64);
/// # let orders = manager.subscribe(orders, SubscriptionConfig::from_beginning()).await?;
/// # manager.start().await?;
/// let rebuild = orders.rebuild().await?;
/// let progress = rebuild.progress().await;
/// println!("{progress}"); // in place: 4000 of 10000 events (40 %), 2000 a second, 3s left
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct RebuildProgress {
    /// In place or side by side.
    pub kind: RebuildKind,
    /// The position that the rebuild has passed.
    pub position: Position,
    /// The end of the log when the rebuild began. The replay is complete when it has passed this position.
    pub target: Position,
    /// How many stored events the rebuild has passed.
    pub events_done: Option<u64>,
    /// How many stored events there are up to the target.
    pub events_total: Option<u64>,
    /// How many events a second the rebuild has passed since it began or continued in this process.
    pub rate: Option<f64>,
    /// How long the rest takes at that rate; `None` before the first events are passed, and without an answer of the
    /// event store. Serialised as `time_left_seconds`.
    #[serde(rename = "time_left_seconds", serialize_with = "maybe_seconds")]
    pub time_left: Option<Duration>,
}

impl RebuildProgress {
    pub(in crate::subscription) const fn new(kind: RebuildKind, position: Position, target: Position) -> Self {
        Self { kind, position, target, events_done: None, events_total: None, rate: None, time_left: None }
    }
}

/// For example `in place: 4000 of 10000 events (40 %), 2000 a second, 3s left`.
impl fmt::Display for RebuildProgress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.kind)?;
        match (self.events_done, self.events_total) {
            (Some(done), Some(total)) => {
                let percent = (done * 100).checked_div(total).unwrap_or(100);
                write!(f, "{done} of {total} events ({percent} %)")?;
            }
            _ => write!(f, "position {} of {}", self.position, self.target)?,
        }
        if let Some(rate) = self.rate {
            write!(f, ", {rate:.0} a second")?;
        }
        if let Some(left) = self.time_left {
            write!(f, ", {left:.0?} left")?;
        }
        Ok(())
    }
}
