//! The last error of a subscription.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::subscription::report::text;

/// The last failure of a subscription, with its time.
///
/// ```
/// # use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
/// # use eventsource::prelude::*;
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// # let manager =
/// #     SubscriptionManager::new(MemoryEventStore::new(), MemoryEventBus::new(), MemoryCheckpoints::new());
/// # let orders = ProjectionEngine::new("orders", MemoryProjectionStates::new()).with_state(0_u64);
/// # let orders = manager.subscribe(orders, SubscriptionConfig::from_beginning()).await?;
/// assert!(orders.snapshot().last_failure.is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct LastFailure {
    /// What failed, with its causes.
    #[serde(serialize_with = "text")]
    pub error: Arc<str>,
    /// When it failed, by the clock of this process.
    pub at: DateTime<Utc>,
}

impl LastFailure {
    /// A failure that happened now.
    pub(in crate::subscription) fn now(error: Arc<str>) -> Self {
        Self { error, at: crate::event::now() }
    }
}
