//! The loop of an owner, its position, and its public state.

use std::convert::Infallible;
use std::time::Duration;

use super::{Active, End, Owner};
use crate::event::Position;
use crate::projection::CheckpointStore;
use crate::subscription::{RebuildKind, StopReason, SubscriptionState};

impl<C: CheckpointStore> Owner<'_, C> {
    /// Applies the log until something ends that.
    pub(super) async fn work(&mut self) -> Result<Infallible, End> {
        self.resume_next().await?;
        loop {
            self.context.poll_control().await?;
            self.serve_requests().await?;
            self.serve_next().await?;
            self.is_whole()?;
            if !self.step_log().await? && self.active.retrying.is_none() {
                self.idle(Duration::MAX).await?;
            }
        }
    }

    /// Fails if the state of a memory projection is unknown.
    fn is_whole(&self) -> Result<(), End> {
        match self.context.core.in_memory.is_poisoned() {
            true => Err(End::Stopped(StopReason::StateUnknown)),
            false => Ok(()),
        }
    }

    /// Moves to `position` after `handled` applied events
    /// ([progress past other events](crate::guarantees#progress-past-other-events)).
    ///
    /// Waits see it at once. If no event was applied, the checkpoint follows with the next batch, within a second, or
    /// at the stop.
    pub(super) fn arrive(&mut self, position: Position, handled: usize) {
        let Self { context, active } = self;
        active.position = active.position.max(position);
        active.high_water = active.high_water.max(active.position);
        if active.replay.move_to(active.position) {
            tracing::info!(subscription = context.core.name, position = %active.position, "rebuilt");
        }
        let mark = active.known_log.pass(active.position);
        context.core.progress.remember(active.known_log.remembered(active.position, context.start));
        context.delivery.arrived(&context.core, active.position, mark);
        if handled > 0 {
            active.failing.success();
        }
        self.publish_applied(handled);
    }

    /// Publishes the position and the state.
    pub(super) fn publish(&mut self) {
        self.publish_applied(0);
    }

    /// Publishes the position and the state after `handled` applied events.
    pub(super) fn publish_applied(&mut self, handled: usize) {
        let state = self.active.public_state();
        self.active.has_been_live |= matches!(state, SubscriptionState::Live);
        self.active.meter.handled += handled;
        self.context.core.progress.advance(self.active.position, handled as u64, state);
    }
}

impl Active {
    /// Returns the public state: rebuilding, retrying letters, live or catching up.
    pub(super) fn public_state(&self) -> SubscriptionState {
        if let Some(target) = self.replay.target() {
            return SubscriptionState::Rebuilding { kind: RebuildKind::InPlace, target };
        }
        if let Some(retrying) = &self.retrying
            && self.is_replayed()
        {
            return retrying.state(self.parked.counts().waiting);
        }
        match self.end {
            Some(end) if self.position >= end => SubscriptionState::Live,
            _ => SubscriptionState::CatchingUp,
        }
    }

    /// Whether no replay is under way. During a replay, the events behind a letter must not be applied: earlier events
    /// are missing in the state, and the replay would apply them a second time.
    pub(super) const fn is_replayed(&self) -> bool {
        self.position.value() >= self.high_water.value()
    }
}
