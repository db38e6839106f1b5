//! When a wait looks at a stored checkpoint again.

use std::future::pending;
use std::time::Duration;

use tokio::time::sleep;

use crate::store::WakeUpReceiver;

/// The polls of a stored checkpoint that another process moves.
pub(super) struct Polls {
    /// Woken by an append: the owner will move the checkpoint soon.
    wake_up: Option<WakeUpReceiver>,
    delay: Duration,
}

impl Polls {
    const SHORTEST: Duration = Duration::from_millis(20);
    const LONGEST: Duration = Duration::from_millis(200);

    pub(super) const fn new(wake_up: Option<WakeUpReceiver>) -> Self {
        Self { wake_up, delay: Self::SHORTEST }
    }

    /// Waits until the next poll, or for ever if `is_polled` is false.
    pub(super) async fn next(&mut self, is_polled: bool) {
        if !is_polled {
            return pending().await;
        }
        let appended = async {
            match &mut self.wake_up {
                Some(wake_up) => wake_up.wait().await,
                None => pending().await,
            }
        };
        self.delay = tokio::select! {
            () = appended => Self::SHORTEST,
            () = sleep(self.delay) => (self.delay * 2).min(Self::LONGEST),
        };
    }
}
