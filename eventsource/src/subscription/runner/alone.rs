//! Applies the events of dead letters: as one batch, and an event that fails alone.

use std::sync::Arc;

use super::commit::Undone;
use super::obstructed::Outcome;
use super::plan::Item;
use super::transaction::TransactionOutcome;
use super::{End, Runner};
use crate::projection::{ChangesRefused, CheckpointStore, HandlerError, LetterChange, ProjectionKind};
use crate::subscription::Failure;
use crate::subscription::erased::{Applied, Met};

/// How one attempt to apply the events of letters ended.
enum Tried {
    Applied,
    /// Rolled back because of an outage.
    Undone(Undone),
    /// The changes of the handlers were refused when they were written. Rolled back.
    Refused(HandlerError),
    /// Rolled back: the events must be applied one by one.
    OneByOne(String),
    /// The event at `index` failed. The events before it stay applied if `kept`.
    Failed {
        index: usize,
        error: HandlerError,
        /// Whether the handler of an earlier event may be the cause.
        shared: bool,
        kept: bool,
    },
    /// The event at `index` met an outage. The events before it stay applied if `kept`.
    Outage {
        index: usize,
        met: Met,
        kept: bool,
    },
}

impl<C: CheckpointStore> Runner<C> {
    /// Applies a batch together with the changes of its letters. Returns whether all of it was applied. Otherwise, an
    /// event that failed has become the letter of its stream, and the rest must be planned again.
    pub(super) async fn apply_letters(&mut self, items: &[Item]) -> Result<bool, End> {
        self.poll_control().await?;
        match items {
            [] => return Ok(true),
            [item] => return self.apply_one(item, None).await,
            _ => {}
        }
        match self.try_letters(items).await? {
            Tried::Applied => {
                self.note_applied(items);
                return Ok(true);
            }
            Tried::Failed { index, error, shared, kept } => {
                // If an earlier event may be the cause, the failure does not count.
                let failure = (!shared).then(|| self.failure(&items[index].event, None, error));
                if kept {
                    self.note_applied(&items[..index]);
                } else if index > 0 && self.core.in_memory.is_poisoned() {
                    return self.replay_before(&items[index], index, failure).await.map(|()| false);
                } else if index > 0 {
                    let Tried::Applied = self.try_letters(&items[..index]).await? else {
                        self.shrink_letters(index);
                        return Ok(false);
                    };
                    self.note_applied(&items[..index]);
                }
                self.apply_one(&items[index], failure).await?;
            }
            Tried::Undone(Undone { met, waited }) => self.met_by_letters(&met, items.len(), waited).await?,
            Tried::Outage { index, met, kept } => {
                if kept {
                    self.note_applied(&items[..index]);
                }
                self.met_by_letters(&met, index.max(1), false).await?;
            }
            // It is unknown which event it was: the next batch is half as large.
            Tried::Refused(_) => self.shrink_letters(items.len()),
            Tried::OneByOne(reason) => {
                self.go_one_by_one(reason);
                self.shrink_letters(1);
            }
        }
        Ok(false)
    }

    /// A handler of a durable memory projection was cut off at `index`, and the events before it are not stored. The
    /// letters do not change: the state is restored and replayed, and the next batch ends before this event.
    async fn replay_before(&mut self, item: &Item, index: usize, failure: Option<Arc<Failure>>) -> Result<(), End> {
        if let Some(failure) = failure {
            tracing::debug!(subscription = self.core.name, position = %item.event.position(), "replaying before a retry");
            self.restart_empty(failure).await?;
            // The replay of the log skips the event: it is parked in its stream.
            self.cut_off = None;
        }
        if let Some(retrying) = &mut self.retrying {
            retrying.resume_with(index);
        }
        Ok(())
    }

    /// Handles an outage of a batch. The batch is tried again, in smaller parts if the outage continues: an event that
    /// meets it again runs alone in the end, and waits until the outage is over.
    async fn met_by_letters(&mut self, met: &Met, tried: usize, waited: bool) -> Result<(), End> {
        let Some(retrying) = &mut self.retrying else { return Ok(()) };
        retrying.outages += 1;
        let in_a_row = retrying.outages;
        let is_repeated = (waited && in_a_row == 1) || self.is_repeated_at_once(met, in_a_row).await?;
        if !is_repeated {
            self.shrink_letters(tried);
        }
        Ok(())
    }

    fn shrink_letters(&mut self, tried: usize) {
        if let Some(retrying) = &mut self.retrying {
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
                && (self.core.in_memory.is_poisoned() || !self.is_tried_again(&Arc::clone(failed)).await?)
            {
                return Ok(failure);
            }
            let (met, waited) = match self.try_letters(std::slice::from_ref(item)).await? {
                Tried::Applied => return Ok(None),
                Tried::Undone(Undone { met, waited }) => (met, waited),
                Tried::Outage { met, .. } => (met, false),
                Tried::Failed { error, .. } | Tried::Refused(error) => {
                    failure = Some(self.failure(event, failure, error));
                    continue;
                }
                // It is one event already, so this counts as a failure.
                Tried::OneByOne(reason) => {
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

    /// Applies the events of `items`, which is not empty, together with the changes of their letters.
    async fn try_letters(&mut self, items: &[Item]) -> Result<Tried, End> {
        let events: Vec<_> = items.iter().map(|item| Arc::clone(&item.event)).collect();
        let (applied, tried) = if self.core.kind == ProjectionKind::Transactional {
            match self.in_transaction(&events, self.position, changes(items)).await? {
                TransactionOutcome::Committed => (items.len(), Tried::Applied),
                TransactionOutcome::Undone(undone) => (0, Tried::Undone(undone)),
                TransactionOutcome::OneByOne(reason) => (0, Tried::OneByOne(reason)),
                TransactionOutcome::Refused(refused) => (0, Tried::Refused(refused.into())),
                // The change of an earlier event was refused when this event was applied.
                TransactionOutcome::Failed { error, .. }
                    if items.len() > 1 && error.is_caused_by::<ChangesRefused>() =>
                {
                    (0, Tried::Refused(error))
                }
                TransactionOutcome::Failed { index, error, shared } => {
                    (0, Tried::Failed { index, error, shared, kept: false })
                }
                TransactionOutcome::Outage { index, met } => (0, Tried::Outage { index, met, kept: false }),
                TransactionOutcome::Ended => return Err(End::Faulted(self.transaction_ended(&events))),
            }
        } else {
            let mut unit = self.checkpoints.detached();
            let (applied, tried) = match self.subscriber.apply(&self.core, &events, &mut unit).await {
                Applied::All => (items.len(), Tried::Applied),
                Applied::Failed { index, error, .. } => {
                    // Before anything is stored: an unknown state must not be.
                    self.note_cut_off(&error);
                    // A durable state is restored, without the events that were applied since it was stored.
                    let kept = self.core.kind != ProjectionKind::DurableMemory || !self.core.in_memory.is_poisoned();
                    (if kept { index } else { 0 }, Tried::Failed { index, error, shared: false, kept })
                }
                Applied::Outage { index, met } => (index, Tried::Outage { index, met, kept: true }),
            };
            if applied > 0 {
                self.save(self.position, changes(&items[..applied])).await?;
            }
            (applied, tried)
        };
        if applied > 0 {
            self.failing.success();
            self.core.progress.advance(self.position, applied as u64, self.working());
        }
        Ok(tried)
    }
}

/// Returns the changes of the letters after all `items` are applied: for each stream, that of its last event.
fn changes(items: &[Item]) -> Vec<LetterChange> {
    let is_last =
        |index: usize, item: &Item| items.get(index + 1).is_none_or(|next| next.letter.stream != item.letter.stream);
    let last = items.iter().enumerate().filter(|(index, item)| is_last(*index, item));
    last.map(|(_, item)| item.after.clone()).collect()
}
