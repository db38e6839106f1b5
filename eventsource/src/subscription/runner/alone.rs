//! Applies the events of dead letters: as one batch, and an event that fails alone.

use std::sync::Arc;

use super::commit::Undone;
use super::delivery::BatchOutcome;
use super::letter_item::Item;
use super::obstructed::Outcome;
use super::{End, Owner};
use crate::projection::{CheckpointStore, HandlerError};
use crate::subscription::Failure;
use crate::subscription::erased::Met;
use crate::subscription::observer::BatchSource;

impl<C: CheckpointStore> Owner<'_, C> {
    /// Applies a batch together with the changes of its letters. Returns whether all of it was applied. Otherwise, an
    /// event that failed has become the letter of its stream, and the rest must be planned again.
    pub(super) async fn apply_letters(&mut self, items: &[Item]) -> Result<bool, End> {
        self.context.poll_control().await?;
        match items {
            [] => return Ok(true),
            [item] => return self.apply_one(item, None).await,
            _ => {}
        }
        match self.try_letters(items).await? {
            BatchOutcome::Applied => {
                self.note_applied(items);
                return Ok(true);
            }
            BatchOutcome::Failed { index, error, kept } => {
                let failure = self.failure(&items[index].event, None, error);
                return self.apply_failed(items, index, Some(failure), kept).await.map(|()| false);
            }
            // An earlier event may be the cause, so the failure does not count.
            BatchOutcome::InCompany { index, .. } => {
                return self.apply_failed(items, index, None, false).await.map(|()| false);
            }
            BatchOutcome::Undone(Undone { met, waited }) => self.met_by_letters(&met, items.len(), waited).await?,
            BatchOutcome::Outage { index, met, kept } => {
                if kept {
                    self.note_applied(&items[..index]);
                }
                self.met_by_letters(&met, index.max(1), false).await?;
            }
            // It is unknown which event it was: the next batch is half as large.
            BatchOutcome::InParts => self.shrink_letters(items.len()),
            BatchOutcome::OneByOne(reason) => {
                self.go_one_by_one(reason);
                self.shrink_letters(1);
            }
        }
        Ok(false)
    }

    /// Applies the events before `index`, unless they stay applied, and then the event at `index` alone, which failed with
    /// `failure`.
    async fn apply_failed(
        &mut self,
        items: &[Item],
        index: usize,
        failure: Option<Arc<Failure>>,
        kept: bool,
    ) -> Result<(), End> {
        if kept {
            self.note_applied(&items[..index]);
        } else if index > 0 && self.context.core.in_memory.is_poisoned() {
            return self.replay_before(&items[index], index, failure).await;
        } else if index > 0 {
            let BatchOutcome::Applied = self.try_letters(&items[..index]).await? else {
                self.shrink_letters(index);
                return Ok(());
            };
            self.note_applied(&items[..index]);
        }
        self.apply_one(&items[index], failure).await?;
        Ok(())
    }

    /// A handler of a durable memory projection was cut off at `index`, and the events before it are not stored. The
    /// letters do not change: the state is restored and replayed, and the next batch ends before this event.
    async fn replay_before(&mut self, item: &Item, index: usize, failure: Option<Arc<Failure>>) -> Result<(), End> {
        if let Some(failure) = failure {
            tracing::debug!(subscription = self.context.core.name, position = %item.event.position(), "replaying before a retry");
            self.restart_empty(failure).await?;
            // The replay of the log skips the event: it is parked in its stream.
            self.active.cut_off = None;
        }
        if let Some(retrying) = &mut self.active.retrying {
            retrying.resume_with(index);
        }
        Ok(())
    }

    /// Handles an outage of a batch. The batch is tried again, in smaller parts if the outage continues: an event that
    /// meets it again runs alone in the end, and waits until the outage is over.
    async fn met_by_letters(&mut self, met: &Met, tried: usize, waited: bool) -> Result<(), End> {
        let Some(retrying) = &mut self.active.retrying else { return Ok(()) };
        retrying.outages += 1;
        let in_a_row = retrying.outages;
        let is_repeated = (waited && in_a_row == 1) || self.is_repeated_at_once(met, in_a_row).await?;
        if !is_repeated {
            self.shrink_letters(tried);
        }
        Ok(())
    }

    fn shrink_letters(&mut self, tried: usize) {
        if let Some(retrying) = &mut self.active.retrying {
            retrying.shrink(tried);
        }
    }

    /// Applies one event, which may have failed before with `failure`. Returns whether it was applied.
    async fn apply_one(&mut self, item: &Item, failure: Option<Arc<Failure>>) -> Result<bool, End> {
        match self.apply_alone(item, failure).await? {
            None => {
                self.note_applied(std::slice::from_ref(item));
                Ok(true)
            }
            Some(failure) => {
                self.keep_failed(item, failure).await?;
                self.note_failed(item);
                Ok(false)
            }
        }
    }

    /// Applies the event of `item`, with retries, together with the change of its letter. Returns the failure, if it
    /// failed.
    async fn apply_alone(&mut self, item: &Item, before: Option<Arc<Failure>>) -> Result<Option<Arc<Failure>>, End> {
        let (event, mut failure) = (&item.event, before);
        let (mut outages, mut obstruction) = (0, None);
        loop {
            if let Some(failed) = &failure
                && (self.context.core.in_memory.is_poisoned() || !self.is_tried_again(&Arc::clone(failed)).await?)
            {
                return Ok(failure);
            }
            let (met, waited) = match self.try_letters(std::slice::from_ref(item)).await? {
                BatchOutcome::Applied => return Ok(None),
                BatchOutcome::Undone(Undone { met, waited }) => (met, waited),
                BatchOutcome::Outage { met, .. } => (met, false),
                BatchOutcome::Failed { error, .. } | BatchOutcome::InCompany { error, .. } => {
                    failure = Some(self.failure(event, failure, error));
                    continue;
                }
                // It is one event, which has no parts.
                BatchOutcome::InParts => continue,
                // It is one event already, so this counts as a failure.
                BatchOutcome::OneByOne(reason) => {
                    failure = Some(self.failure(event, failure, HandlerError::transient(reason)));
                    continue;
                }
            };
            outages += 1;
            if self.is_repeated_at_once(&met, outages).await? || (waited && outages == 1) {
                continue;
            }
            match self.met_alone(event, obstruction, met, outages).await? {
                Outcome::Waited(obstructed) => obstruction = obstructed,
                Outcome::GivenUp(failure) => return Ok(Some(failure)),
            }
        }
    }

    /// Notes that this many events of letters were applied, and their changes saved.
    pub(super) fn letters_applied(&mut self, applied: usize) {
        self.active.failing.success();
        self.publish_applied(applied);
    }

    /// Applies the events of `items`, which is not empty, together with the changes of their letters.
    async fn try_letters(&mut self, items: &[Item]) -> Result<BatchOutcome, End> {
        let delivery = self.context.delivery;
        let outcome = delivery.apply_letters(self, items).await;
        if !self.context.core.observers.is_empty() {
            let events: Vec<_> = items.iter().map(|item| Arc::clone(&item.event)).collect();
            self.tell_batch(BatchSource::Letters, &events, self.active.position, false, &outcome);
        }
        outcome
    }
}
