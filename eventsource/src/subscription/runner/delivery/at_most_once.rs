//! Effects outside, at most once: the checkpoint is saved before the handler of each event is called, and no handler is
//! called again without the request of an operator.
//!
//! A crash in a handler loses the effect of its event. An outage counts as a failure: whether the effect happened before
//! it is unknown.

use std::slice;
use std::sync::Arc;

use async_trait::async_trait;

use super::{BatchOutcome, Delivery};
use crate::event::{Position, RecordedEvent};
use crate::projection::{CheckpointStore, Delivered, HandlerError};
use crate::subscription::erased::{Applied, Met};
use crate::subscription::runner::letter_item::{Item, changes};
use crate::subscription::runner::{End, Owner};

pub(super) struct AtMostOnce;

#[async_trait]
impl<C: CheckpointStore> Delivery<C> for AtMostOnce {
    async fn apply(
        &self,
        owner: &mut Owner<'_, C>,
        events: &[Arc<RecordedEvent>],
        to: Position,
    ) -> Result<BatchOutcome, End> {
        let mut from = 0;
        for (index, event) in events.iter().enumerate() {
            if !owner.active.parked.applies(event) {
                continue;
            }
            let held = owner.active.parked.hold(&events[from..index], owner.active.high_water);
            self.save(owner, event.position(), held).await?;
            if let Some(before) = events[from..index].last() {
                owner.arrive(before.position(), 0);
            }
            if let Some(error) = call(owner, event).await {
                return Ok(BatchOutcome::Failed { index, error, kept: true });
            }
            owner.arrive(event.position(), 1);
            from = index + 1;
        }
        let held = owner.active.parked.hold(&events[from..], owner.active.high_water);
        if !held.is_empty() {
            self.save(owner, to, held).await?;
        }
        owner.arrive(to, 0);
        Ok(BatchOutcome::Applied)
    }

    async fn apply_letters(&self, owner: &mut Owner<'_, C>, items: &[Item]) -> Result<BatchOutcome, End> {
        for (index, item) in items.iter().enumerate() {
            self.save(owner, owner.active.position, changes(slice::from_ref(item))).await?;
            if let Some(error) = call(owner, &item.event).await {
                return Ok(BatchOutcome::Failed { index, error, kept: true });
            }
            owner.letters_applied(1);
        }
        Ok(BatchOutcome::Applied)
    }

    fn retries(&self) -> bool {
        false
    }
}

/// Calls the handler of `event`, whose checkpoint is saved. Returns the error, if it failed.
async fn call<C: CheckpointStore>(owner: &mut Owner<'_, C>, event: &Arc<RecordedEvent>) -> Option<HandlerError> {
    let mut unit = owner.context.checkpoints.detached();
    match owner.call_handlers(slice::from_ref(event), Delivered::Log, &mut unit).await {
        Applied::All => None,
        Applied::Failed { error, .. } | Applied::Outage { met: Met { error, .. }, .. } => Some(error),
    }
}
