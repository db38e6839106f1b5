//! A standby follows the checkpoint of the owner, and the state that the owner stored last.
//!
//! This serves probes and reads of a durable memory projection, which do not ask a store. A status and a wait read the
//! stored checkpoint themselves.

use std::sync::Arc;

use super::{End, Runner};
use crate::causes::with_causes;
use crate::projection::{CheckpointStore, ProjectionKind};

impl<C: CheckpointStore> Runner<C> {
    /// Reads the position of the owner and the end of the log, and restores the state that the owner stored last. A
    /// store that does not answer is asked again at the next claim.
    pub(super) async fn follow_owner(&mut self) -> Result<(), End> {
        let (core, checkpoints) = (Arc::clone(&self.core), Arc::clone(&self.checkpoints));
        let is_known = core.log.heads().last().is_some_and(|(_, age)| age < core.config.lease / 4);
        if !is_known && let Err(error) = self.unless_stopped(core.log.head()).await? {
            let error = with_causes(&error);
            tracing::debug!(subscription = core.name, %error, "a standby cannot read the end of the log");
        }
        if core.kind == ProjectionKind::DurableMemory {
            return self.follow_state().await;
        }
        match self.unless_stopped(checkpoints.load(&core.name)).await? {
            Ok(found) => core.progress.follow(found.map(|found| found.position)),
            Err(error) => {
                let error = with_causes(&error);
                tracing::debug!(subscription = core.name, %error, "a standby cannot read the checkpoint");
            }
        }
        Ok(())
    }

    async fn follow_state(&mut self) -> Result<(), End> {
        let (core, checkpoints) = (Arc::clone(&self.core), Arc::clone(&self.checkpoints));
        let found = match self.unless_stopped(checkpoints.snapshot(&core.name)).await? {
            Ok(found) => found.filter(|found| found.fingerprint == core.fingerprint),
            Err(error) => {
                let error = with_causes(&error);
                tracing::debug!(subscription = core.name, %error, "a standby cannot read the stored state");
                return Ok(());
            }
        };
        let Some(found) = found.filter(|found| core.progress.snapshot().position != Some(found.position)) else {
            return Ok(());
        };
        // The state is not new any more: if the claim finds no stored state, it must empty this one.
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
