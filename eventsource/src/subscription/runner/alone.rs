//! Applying the events of letters: as one batch where all goes well, and the one that fails alone.

use std::sync::Arc;

use super::commit::Undone;
use super::obstructed::Outcome;
use super::plan::Item;
use super::transaction::TransactionOutcome;
use super::{End, Runner};
use crate::projection::{ChangesRefused, CheckpointStore, HandlerError, LetterChange, ProjectionKind};
use crate::subscription::Failure;
use crate::subscription::erased::{Applied, Met};

/// How one call for the events of letters ended.
enum Tried {
    Applied,
    /// It was undone, and no handler is to blame.
    Undone(Undone),
    /// What handlers had changed was refused when it was written. Nothing of it was kept.
    Refused(HandlerError),
    /// Nothing of it was kept: the events are to be applied one by one.
    OneByOne(String),
    /// The event at `index` failed. Those before it stay applied where `kept`.
    Failed {
        index: usize,
        error: HandlerError,
        /// Whether the handler of an earlier event may be why.
        shared: bool,
        kept: bool,
    },
    /// The same, but by an outage.
    Outage {
        index: usize,
        met: Met,
        kept: bool,
    },
}

impl<C: CheckpointStore> Runner<C> {
    /// Applies a batch, together with what becomes of its letters. Returns whether all of it was applied: an event that
    /// failed is its stream's letter then, and what was not applied is to be planned again.
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
                // Where an earlier one may be why, it does not count.
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
            // Which event it was cannot be told: the next batch is half of it.
            Tried::Refused(_) => self.shrink_letters(items.len()),
            Tried::OneByOne(reason) => {
                self.go_one_by_one(reason);
                self.shrink_letters(1);
            }
        }
        Ok(false)
    }

    /// A handler of a durable memory projection was cut off at `index`, and what was applied before is not stored. Nothing is
    /// told of the letters: the state begins anew from what is stored, and the next batch ends before that event.
    async fn replay_before(&mut self, item: &Item, index: usize, failure: Option<Arc<Failure>>) -> Result<(), End> {
        if let Some(failure) = failure {
            tracing::debug!(subscription = self.core.name, position = %item.event.position(), "replaying before a retry");
            self.restart_empty(failure).await?;
            // The event waits in its stream, and is not come upon in the log.
            self.cut_off = None;
        }
        if let Some(retrying) = &mut self.retrying {
            retrying.resume_with(index);
        }
        Ok(())
    }

    /// A batch met an outage. It is tried again, in smaller parts where that does not pass in a moment: the event that meets
    /// it again runs alone then, and waits the outage out.
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

    /// Applies one event, which has failed once with `failure`, if at all. Returns whether it was applied.
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

    /// Applies the event of `item`, with retries, together with what becomes of its letter. Returns the failure, where it
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
                // One event is not one of several.
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

    /// Applies the events of `items`, which are not empty, together with what becomes of their letters.
    async fn try_letters(&mut self, items: &[Item]) -> Result<Tried, End> {
        let events: Vec<_> = items.iter().map(|item| Arc::clone(&item.event)).collect();
        let (applied, tried) = if self.core.kind == ProjectionKind::Transactional {
            match self.in_transaction(&events, self.position, changes(items)).await? {
                TransactionOutcome::Committed => (items.len(), Tried::Applied),
                TransactionOutcome::Undone(undone) => (0, Tried::Undone(undone)),
                TransactionOutcome::OneByOne(reason) => (0, Tried::OneByOne(reason)),
                TransactionOutcome::Refused(refused) => (0, Tried::Refused(refused.into())),
                // The event that failed came upon what an earlier one had changed.
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
                    // Before anything is stored: a state in pieces is not.
                    self.note_cut_off(&error);
                    // A state that was stored begins anew from there, without what was applied since.
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

/// What becomes of the letters of `items` once all of these are applied: of each stream, what its last event says.
fn changes(items: &[Item]) -> Vec<LetterChange> {
    let is_last =
        |index: usize, item: &Item| items.get(index + 1).is_none_or(|next| next.letter.stream != item.letter.stream);
    let last = items.iter().enumerate().filter(|(index, item)| is_last(*index, item));
    last.map(|(_, item)| item.after.clone()).collect()
}
