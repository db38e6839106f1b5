//! The ports of a manager for measurements: observers, and the bridge to a tracer.

use super::SubscriptionManager;
use crate::projection::CheckpointStore;
use crate::subscription::observer::{Observer, Observers};
use crate::trace::{SharedBridge, TraceBridge};

impl<C: CheckpointStore> SubscriptionManager<C> {
    /// Adds an observer of the projections that are subscribed after this call. There can be several: see [`Observer`]
    /// for an example. By default there is none.
    #[must_use]
    pub fn with_observer(self, observer: impl Observer) -> Self {
        let observers = self.observers.with(observer);
        self.with_observers(observers)
    }

    /// Links the spans of batches to the traces of their events, by this bridge, for the projections that are subscribed
    /// after this call. By default there are no links. See [`trace`](crate::trace).
    #[must_use]
    pub fn with_traces(self, bridge: impl TraceBridge) -> Self {
        self.with_bridge(Some(SharedBridge::new(bridge)))
    }

    pub(super) fn with_bridge(mut self, traces: Option<SharedBridge>) -> Self {
        self.traces = traces;
        self
    }

    pub(super) fn with_observers(mut self, observers: Observers) -> Self {
        // `Self` cannot be taken apart, because it implements `Drop`.
        self.bell = self.bell.clone().with_listener(observers.clone());
        self.observers = observers;
        self
    }
}
