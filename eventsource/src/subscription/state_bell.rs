//! Wakes the streams of the changes of states.

use tokio::sync::watch;

/// Wakes the streams of a manager when the state of one of its subscriptions becomes another one.
#[derive(Debug, Clone)]
pub(super) struct StateBell(watch::Sender<bool>);

impl Default for StateBell {
    fn default() -> Self {
        Self(watch::Sender::new(false))
    }
}

impl StateBell {
    pub(super) fn ring(&self) {
        self.0.send_modify(|_| {});
    }

    /// Notes that the manager was dropped.
    pub(super) fn close(&self) {
        self.0.send_replace(true);
    }

    pub(super) fn listen(&self) -> watch::Receiver<bool> {
        self.0.subscribe()
    }
}
