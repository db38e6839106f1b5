//! The end of an ownership: saves what is applied, answers what waits, and releases the lease.

use std::time::Duration;

use super::shadow_task::end_next;
use super::{End, Owner};
use crate::event::Position;
use crate::projection::{CheckpointStore, CommitError};
use crate::subscription::StopReason;

/// The result of an ownership.
pub(super) struct Closed {
    pub(super) end: End,
    /// Fails if a stop could not save the last checkpoint.
    pub(super) saved: Result<(), CommitError>,
    /// The position of the subscription.
    pub(super) position: Position,
    /// The position of the stored checkpoint.
    pub(super) stored: Position,
}

/// The end of a runner that owned nothing.
impl From<End> for Closed {
    fn from(end: End) -> Self {
        Self { end, saved: Ok(()), position: Position::START, stored: Position::START }
    }
}

impl<C: CheckpointStore> Owner<'_, C> {
    /// Ends the ownership because of `end`.
    pub(super) async fn close(&mut self, end: End) -> Closed {
        if let End::Reclaim(_) = end {
            // There is nothing to save and no lease: the checkpoint was cleared, or is that of another generation.
            end_next(&mut self.active.next, StopReason::RebuildCancelled, None).await;
            return self.closed(end, Ok(()));
        }
        end_next(&mut self.active.next, end.reason(), None).await;
        let mut saved = Ok(());
        if let End::Stopped(_) | End::Outdated(_) = end {
            saved = self.save_before_stop().await;
        }
        if self.active.is_replaced && matches!(saved, Err(CommitError::Fenced { .. })) {
            // Its own next generation has fenced it, and has saved everything.
            saved = Ok(());
        }
        let end = match &saved {
            Err(fenced @ CommitError::Fenced { .. }) => End::Fenced(fenced.to_string().into()),
            _ => end,
        };
        if let (End::Fenced(_), Some(heartbeat)) = (&end, &mut self.active.heartbeat) {
            heartbeat.note_taken();
        }
        // Drops the answer, so that its caller does not wait any more.
        self.active.retrying = None;
        self.give_up_lease().await;
        self.closed(end, saved)
    }

    const fn closed(&self, end: End, saved: Result<(), CommitError>) -> Closed {
        Closed { end, saved, position: self.active.position, stored: self.active.saved }
    }

    /// Releases the lease, so that a standby can take over at once. Waits one lease at most for the store.
    async fn give_up_lease(&mut self) {
        if self.active.heartbeat.take().is_some() {
            let core = &self.context.core;
            let given_up = self.context.checkpoints.renew(&core.name, self.active.epoch, Duration::ZERO);
            let _ = tokio::time::timeout(core.config.lease, given_up).await;
        }
    }
}
