//! What is asked of one subscription, by its name.

use std::sync::Arc;

use super::SubscriptionManager;
use crate::projection::CheckpointStore;
use crate::subscription::core::Control;
use crate::subscription::slot::{Operations as _, Slot};
use crate::subscription::{
    DeadLetters, ManagerError, Rebuild, RebuildError, RebuildKind, SubscriptionState, SubscriptionStatus,
};

impl<C: CheckpointStore> SubscriptionManager<C> {
    /// Pauses the subscription `name`, and returns when the batch that it applies has ended, or when a resume has
    /// overtaken the pause.
    ///
    /// # Errors
    /// [`ManagerError::Unknown`]; [`ManagerError::NotRunning`] where it does not run, or ends before it pauses;
    /// [`ManagerError::InsideHandler`] in a handler of it, which would wait for itself.
    pub async fn pause(&self, name: &str) -> Result<(), ManagerError> {
        let core = Arc::clone(&self.slot(name)?.core);
        core.refuse_handler("pause it")?;
        let (mut progress, mut control) = (core.progress.listen(), core.control.subscribe());
        core.tell(Control::Run, Control::Pause)?;
        loop {
            let state = progress.borrow_and_update().state.clone();
            if matches!(state, SubscriptionState::Paused) || *control.borrow_and_update() == Control::Run {
                return Ok(());
            }
            if !state.is_running() {
                return Err(ManagerError::NotRunning { subscription: core.name.clone(), state });
            }
            // The senders live in `core`.
            tokio::select! {
                biased;
                _ = progress.changed() => {}
                _ = control.changed() => {}
            }
        }
    }

    /// Lets the paused subscription `name` go on where it was. One that runs goes on running.
    ///
    /// # Errors
    /// [`ManagerError::Unknown`]; [`ManagerError::NotRunning`] where it is not started, or has ended.
    pub async fn resume(&self, name: &str) -> Result<(), ManagerError> {
        self.slot(name)?.core.tell(Control::Pause, Control::Run)
    }

    /// What the subscription `name` tells of itself.
    ///
    /// # Errors
    /// [`ManagerError::Unknown`].
    pub async fn status(&self, name: &str) -> Result<SubscriptionStatus, ManagerError> {
        Ok(self.slot(name)?.status().await)
    }

    /// The events that the subscription `name` could not apply: list, retry or dismiss them.
    ///
    /// # Errors
    /// [`ManagerError::Unknown`].
    pub fn dead_letters(&self, name: &str) -> Result<DeadLetters, ManagerError> {
        let slot = self.slot(name)?;
        Ok(DeadLetters::new(Arc::clone(&slot.core), slot))
    }

    /// Builds the read model of the subscription `name` anew, in place: see
    /// [`SubscriptionHandle::rebuild`](crate::subscription::SubscriptionHandle::rebuild).
    ///
    /// # Errors
    /// [`RebuildError`]; nothing was changed.
    pub async fn rebuild(&self, name: &str) -> Result<Rebuild, RebuildError> {
        self.begin_rebuild(name, RebuildKind::InPlace).await
    }

    /// Builds the read models of the subscription `name` anew, beside those that serve: see
    /// [`SubscriptionHandle::rebuild_side_by_side`](crate::subscription::SubscriptionHandle::rebuild_side_by_side).
    ///
    /// # Errors
    /// [`RebuildError`]; nothing was changed.
    pub async fn rebuild_side_by_side(&self, name: &str) -> Result<Rebuild, RebuildError> {
        self.begin_rebuild(name, RebuildKind::SideBySide).await
    }

    async fn begin_rebuild(&self, name: &str, kind: RebuildKind) -> Result<Rebuild, RebuildError> {
        let slot = self.slot(name)?;
        let tracked = slot.rebuild(kind).await?;
        Ok(Rebuild::new(Arc::clone(&slot.core), slot, tracked))
    }

    pub(super) fn slot(&self, name: &str) -> Result<Arc<Slot<C>>, ManagerError> {
        let slots = self.slots();
        slots.get(name).cloned().ok_or_else(|| ManagerError::Unknown {
            subscription: name.to_owned(),
            known: slots.keys().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
        })
    }
}
