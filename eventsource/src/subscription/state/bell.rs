//! Wakes the streams of the changes of states.

use tokio::sync::watch;

/// Wakes the streams of a manager when the state of one of its subscriptions becomes another one.
#[derive(Debug, Clone)]
pub(in crate::subscription) struct StateBell(watch::Sender<bool>);

impl Default for StateBell {
    fn default() -> Self {
        Self(watch::Sender::new(false))
    }
}

impl StateBell {
    pub(in crate::subscription) fn ring(&self) {
        self.0.send_modify(|_| {});
    }

    /// Notes that the manager was dropped.
    pub(in crate::subscription) fn close(&self) {
        self.0.send_replace(true);
    }

    pub(in crate::subscription) fn listen(&self) -> watch::Receiver<bool> {
        self.0.subscribe()
    }
}
