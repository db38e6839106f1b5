//! What a standby knows: where the owner's checkpoint stands, and the state that the owner stored last.
//!
//! A status and a wait read the stored checkpoint themselves. This serves what asks nothing of a store: probes, and reads
//! of a durable memory projection.

use std::sync::Arc;

use super::{End, Runner};
use crate::causes::WithCauses;
use crate::projection::{CheckpointStore, ProjectionKind};

impl<C: CheckpointStore> Runner<C> {
    /// Notes where the owner's checkpoint stands and where the log ends, and takes over the state that the owner stored
    /// last. A store that does not answer is asked again at the next claim.
    pub(super) async fn follow_owner(&mut self) -> Result<(), End> {
        let (core, checkpoints) = (Arc::clone(&self.core), Arc::clone(&self.checkpoints));
        let is_known = core.log.heads().last().is_some_and(|(_, age)| age < core.config.lease / 4);
        if !is_known && let Err(error) = self.unless_stopped(core.log.head()).await? {
            tracing::debug!(subscription = core.name, error = %WithCauses(&error), "a standby cannot read the head of the log");
        }
        if core.kind == ProjectionKind::DurableMemory {
            return self.follow_state().await;
        }
        match self.unless_stopped(checkpoints.load(&core.name)).await? {
            Ok(found) => core.progress.follow(found.map(|found| found.position)),
            Err(error) => {
                tracing::debug!(subscription = core.name, error = %WithCauses(&error), "a standby cannot read the checkpoint");
            }
        }
        Ok(())
    }

    async fn follow_state(&mut self) -> Result<(), End> {
        let (core, checkpoints) = (Arc::clone(&self.core), Arc::clone(&self.checkpoints));
        let found = match self.unless_stopped(checkpoints.snapshot(&core.name)).await? {
            Ok(found) => found.filter(|found| found.fingerprint == core.fingerprint),
            Err(error) => {
                tracing::debug!(subscription = core.name, error = %WithCauses(&error), "a standby cannot read the stored state");
                return Ok(());
            }
        };
        let Some(found) = found.filter(|found| core.progress.snapshot().position != Some(found.position)) else {
            return Ok(());
        };
        // The state is not new any more: where the claim finds none that is stored, it begins from the start.
        core.in_memory.claim(self.start);
        match self.subscriber.restore(&found.state).await {
            Ok(()) => core.progress.follow(Some(found.position)),
            Err(error) => {
                core.in_memory.poison();
                core.progress.follow(None);
                tracing::warn!(subscription = core.name, %error, "a standby cannot restore the stored state");
            }
        }
        Ok(())
    }
}
