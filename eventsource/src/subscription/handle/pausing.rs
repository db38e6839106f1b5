//! Pauses and resumes a subscription.

use std::sync::Arc;

use tokio::sync::MutexGuard;

use crate::subscription::subscription_shared::{Control, SubscriptionShared};
use crate::subscription::{ManagerError, SubscriptionState};

impl SubscriptionShared {
    /// Tells the runner to pause, and waits until it has paused or was resumed. `steering` is held until the runner is
    /// told: a resume must not wait for the pause.
    pub(in crate::subscription) async fn pause(
        &self,
        reason: Option<Arc<str>>,
        steering: MutexGuard<'_, ()>,
    ) -> Result<(), ManagerError> {
        self.refuse_handler("pause it")?;
        let (mut progress, mut control) = (self.progress.listen(), self.control.subscribe());
        self.set_pause_reason(reason);
        self.tell(Control::Run, Control::Pause)?;
        drop(steering);
        loop {
            let state = progress.borrow_and_update().state.clone();
            if matches!(state, SubscriptionState::Paused) || *control.borrow_and_update() == Control::Run {
                return Ok(());
            }
            if !state.is_running() {
                return Err(ManagerError::NotRunning { subscription: self.name.clone(), state });
            }
            // `self` keeps the senders alive.
            tokio::select! {
                biased;
                _ = progress.changed() => {}
                _ = control.changed() => {}
            }
        }
    }

    /// Tells a paused runner to go on.
    pub(in crate::subscription) fn resume(&self) -> Result<(), ManagerError> {
        self.tell(Control::Pause, Control::Run)?;
        self.set_pause_reason(None);
        Ok(())
    }
}
