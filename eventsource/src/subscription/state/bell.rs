//! Wakes the streams of the changes of states, and tells a listener of each change.

use std::fmt;
use std::sync::Arc;

use tokio::sync::watch;

use super::SubscriptionState;

/// Listens to the changes of the states of a manager's subscriptions.
pub(in crate::subscription) trait StateListener: Send + Sync {
    /// The state of `subscription` became another one. No lock is held.
    fn changed(&self, subscription: &str, from: &SubscriptionState, to: &SubscriptionState);
}

/// Wakes the streams of a manager when the state of one of its subscriptions becomes another one.
#[derive(Clone)]
pub(in crate::subscription) struct StateBell {
    wake: watch::Sender<bool>,
    listener: Option<Arc<dyn StateListener>>,
}

impl Default for StateBell {
    fn default() -> Self {
        Self { wake: watch::Sender::new(false), listener: None }
    }
}

impl StateBell {
    /// Also tells `listener` of the changes of the subscriptions that are added from now on.
    pub(in crate::subscription) fn with_listener(self, listener: impl StateListener + 'static) -> Self {
        Self { listener: Some(Arc::new(listener)), ..self }
    }

    pub(in crate::subscription) fn ring(&self) {
        self.wake.send_modify(|_| {});
    }

    /// Tells the listener of a change. The caller holds no lock: the listener may read the state.
    pub(in crate::subscription) fn tell(&self, subscription: &str, from: &SubscriptionState, to: &SubscriptionState) {
        if let Some(listener) = &self.listener {
            listener.changed(subscription, from, to);
        }
    }

    /// Notes that the manager was dropped.
    pub(in crate::subscription) fn close(&self) {
        self.wake.send_replace(true);
    }

    pub(in crate::subscription) fn listen(&self) -> watch::Receiver<bool> {
        self.wake.subscribe()
    }
}

impl fmt::Debug for StateBell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StateBell").field("has_listener", &self.listener.is_some()).finish_non_exhaustive()
    }
}
