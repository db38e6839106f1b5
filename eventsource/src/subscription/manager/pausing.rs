//! Pauses and resumes a subscription: the pause that an operator wants is stored next to the checkpoint, and the owner of
//! the checkpoint obeys it.

use std::sync::Arc;

use super::supervised::SupervisedSubscription;
use crate::event::now;
use crate::projection::operations::{Operations, Pause};
use crate::projection::{CheckpointError, CheckpointStore};
use crate::subscription::ManagerError;
use crate::subscription::observer::RequestAction;

impl<C: CheckpointStore> SupervisedSubscription<C> {
    /// Returns where the pauses of this subscription are stored. A memory projection runs in each process by itself, so
    /// its pause is not stored.
    fn stored_pauses(&self) -> Option<&dyn Operations> {
        self.checkpoints.operations().filter(|_| self.core.facts.has_stored_checkpoint)
    }

    /// Returns whether another process owns the checkpoint.
    fn is_elsewhere(&self) -> bool {
        let state = self.core.progress.snapshot().state;
        self.core.runs_elsewhere(&state) && !state.is_restarting()
    }

    fn not_stored(&self, source: CheckpointError) -> ManagerError {
        ManagerError::PauseNotStored { subscription: self.core.name.clone(), source }
    }

    /// Stores that the subscription is to be paused, and pauses it if this process owns it. Otherwise its owner pauses
    /// it.
    pub(super) async fn pause_stored(&self, reason: Option<Arc<str>>) -> Result<(), ManagerError> {
        self.core.refuse_handler("pause it")?;
        self.core.require_running()?;
        self.store_pause(&Pause::new(&*self.core.owner, reason.as_deref().unwrap_or_default(), now())).await
    }

    /// Stores the pause, and pauses the subscription if this process owns it.
    pub(super) async fn store_pause(&self, pause: &Pause) -> Result<(), ManagerError> {
        let steering = self.steering.lock().await;
        if let Some(pauses) = self.stored_pauses() {
            pauses.pause(&self.core.name, pause).await.map_err(|source| self.not_stored(source))?;
            if self.is_elsewhere() || !self.core.is_running() {
                return Ok(());
            }
        }
        let paused = self.core.pause((!pause.reason.is_empty()).then(|| pause.reason.as_str().into()), steering).await;
        self.core.tell_request(RequestAction::Pause, paused.is_ok());
        paused
    }

    /// Removes the pause, and resumes the subscription if this process owns it. Otherwise its owner resumes it.
    pub(super) async fn resume_stored(&self) -> Result<(), ManagerError> {
        self.core.require_running()?;
        self.remove_pause().await
    }

    /// Removes the pause, and resumes the subscription if it runs in this process.
    pub(super) async fn remove_pause(&self) -> Result<(), ManagerError> {
        let _steering = self.steering.lock().await;
        self.forget_pause().await?;
        if !self.core.is_running() {
            return Ok(());
        }
        let resumed = self.core.resume();
        if !self.is_elsewhere() {
            self.core.tell_request(RequestAction::Resume, resumed.is_ok());
        }
        resumed
    }

    /// Removes the stored pause.
    pub(super) async fn forget_pause(&self) -> Result<(), ManagerError> {
        match self.stored_pauses() {
            Some(pauses) => pauses.resume(&self.core.name).await.map(drop).map_err(|source| self.not_stored(source)),
            None => Ok(()),
        }
    }

    /// Obeys the stored pause. `is_stored` says whether there was one a moment ago: if the subscription does otherwise,
    /// the pause is read again, so that a call that changes it meanwhile is not undone.
    pub(super) async fn obey_stored_pause(&self, is_stored: bool) -> Result<(), CheckpointError> {
        let Some(pauses) = self.stored_pauses() else { return Ok(()) };
        let state = self.core.progress.snapshot().state;
        if !state.is_running() || self.is_elsewhere() || self.core.is_told_to_pause() == is_stored {
            return Ok(());
        }
        // A process that will own the checkpoint obeys its pause at the claim. If it paused before, no process would own
        // it, and serve the requests about it.
        if is_stored && !self.core.is_owner() {
            return Ok(());
        }
        let _steering = self.steering.lock().await;
        match pauses.pauses().await?.get(&self.core.name) {
            Some(pause) => self.core.obey(pause),
            None => drop(self.core.resume()),
        }
        Ok(())
    }
}
