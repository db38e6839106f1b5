//! A standby follows the checkpoint of the owner, and the state that the owner stored last.
//!
//! This serves probes and reads of a durable memory projection, which do not ask a store. A status and a wait read the
//! stored checkpoint themselves.

use std::sync::Arc;

use super::{Context, End};
use crate::causes::with_causes;
use crate::projection::CheckpointStore;

impl<C: CheckpointStore> Context<C> {
    /// Reads the position of the owner and the end of the log, and restores the state that the owner stored last. A
    /// store that does not answer is asked again at the next claim.
    pub(super) async fn follow_owner(&mut self) -> Result<(), End> {
        let core = Arc::clone(&self.core);
        let is_known = core.log.heads().last().is_some_and(|(_, age)| age < core.config.lease / 4);
        if !is_known && let Err(error) = self.unless_stopped(core.log.head()).await? {
            let error = with_causes(&error);
            tracing::debug!(subscription = core.name, %error, "a standby cannot read the end of the log");
        }
        let delivery = self.delivery;
        delivery.follow(self).await
    }

    /// Waits as a standby, before the next attempt to claim the checkpoint.
    pub(super) async fn wait_as_standby(&mut self) -> Result<(), End> {
        self.delay(self.core.config.lease / 4).await
    }

    /// Notes the position of the owner.
    pub(super) async fn follow_checkpoint(&mut self) -> Result<(), End> {
        let (core, checkpoints) = (Arc::clone(&self.core), Arc::clone(&self.checkpoints));
        match self.unless_stopped(checkpoints.load(&core.name)).await? {
            Ok(found) => core.progress.follow(found.map(|found| found.position)),
            Err(error) => {
                let error = with_causes(&error);
                tracing::debug!(subscription = core.name, %error, "a standby cannot read the checkpoint");
            }
        }
        Ok(())
    }
}
