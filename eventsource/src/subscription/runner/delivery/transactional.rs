//! Effects in the transaction of the unit of work: they commit together with the checkpoint ([exactly
//! once](crate::guarantees#exactly-once)).

use std::sync::Arc;

use async_trait::async_trait;

use super::{BatchOutcome, Delivery};
use crate::event::{Position, RecordedEvent};
use crate::projection::{ChangesRefused, CheckpointStore};
use crate::subscription::runner::letter_item::{Item, changes};
use crate::subscription::runner::transaction::TransactionOutcome;
use crate::subscription::runner::{End, Owner};

pub(super) struct Transactional;

#[async_trait]
impl<C: CheckpointStore> Delivery<C> for Transactional {
    async fn apply(
        &self,
        owner: &mut Owner<'_, C>,
        events: &[Arc<RecordedEvent>],
        to: Position,
    ) -> Result<BatchOutcome, End> {
        let held = owner.active.parked.hold(events, owner.active.high_water);
        let sifted = owner.active.parked.sift(events);
        let handled = sifted.events.len();
        let ended = owner.in_transaction(&sifted.events, to, held).await?;
        if let TransactionOutcome::Committed = ended {
            owner.arrive(to, handled);
        }
        outcome(owner, ended, events, handled, |index| sifted.index(index))
    }

    async fn apply_letters(&self, owner: &mut Owner<'_, C>, items: &[Item]) -> Result<BatchOutcome, End> {
        let events: Vec<_> = items.iter().map(|item| Arc::clone(&item.event)).collect();
        let ended = owner.in_transaction(&events, owner.active.position, changes(items)).await?;
        if let TransactionOutcome::Committed = ended {
            owner.letters_applied(items.len());
        }
        outcome(owner, ended, &events, items.len(), |index| index)
    }
}

/// Returns how a batch ended of which `handled` events were given to handlers.
fn outcome<C: CheckpointStore>(
    owner: &Owner<'_, C>,
    ended: TransactionOutcome,
    events: &[Arc<RecordedEvent>],
    handled: usize,
    index_of: impl Fn(usize) -> usize,
) -> Result<BatchOutcome, End> {
    Ok(match ended {
        TransactionOutcome::Committed => BatchOutcome::Applied,
        TransactionOutcome::OneByOne(reason) => BatchOutcome::OneByOne(reason),
        TransactionOutcome::Undone(undone) => BatchOutcome::Undone(undone),
        // The change of an earlier event was refused when this event was applied.
        TransactionOutcome::Failed { error, .. } if handled > 1 && error.is_caused_by::<ChangesRefused>() => {
            BatchOutcome::InParts
        }
        TransactionOutcome::Failed { index, error, shared: true } => {
            BatchOutcome::InCompany { index: index_of(index), error }
        }
        TransactionOutcome::Failed { index, error, .. } => {
            BatchOutcome::Failed { index: index_of(index), error, kept: false }
        }
        TransactionOutcome::Outage { index, met } => BatchOutcome::Outage { index: index_of(index), met, kept: false },
        TransactionOutcome::Refused(_) if handled > 1 => BatchOutcome::InParts,
        TransactionOutcome::Refused(refused) => {
            BatchOutcome::Failed { index: index_of(0), error: refused.into(), kept: false }
        }
        TransactionOutcome::Ended => return Err(End::Faulted(owner.transaction_ended(events))),
    })
}
