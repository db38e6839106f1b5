//! Effects outside, at least once: the checkpoint is saved after the batch.

use std::sync::Arc;

use async_trait::async_trait;

use super::{BatchOutcome, Delivery, outside};
use crate::event::{Position, RecordedEvent};
use crate::projection::CheckpointStore;
use crate::subscription::runner::letter_item::Item;
use crate::subscription::runner::{End, Owner};

pub(super) struct Effects;

#[async_trait]
impl<C: CheckpointStore> Delivery<C> for Effects {
    async fn apply(
        &self,
        owner: &mut Owner<'_, C>,
        events: &[Arc<RecordedEvent>],
        to: Position,
    ) -> Result<BatchOutcome, End> {
        let (part, outcome) = outside::apply(self, owner, events, to).await;
        if let Some(part) = part {
            self.save(owner, part.to, part.held).await?;
            outside::arrive(owner, part.to, part.handled);
        }
        Ok(outcome)
    }

    async fn apply_letters(&self, owner: &mut Owner<'_, C>, items: &[Item]) -> Result<BatchOutcome, End> {
        outside::apply_letters(self, owner, items, |_| true).await
    }
}
