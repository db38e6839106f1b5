//! Applying a page: as one batch where all goes well, around the failing event where it does not ([contained failure](crate::guarantees#contained-failure)).
//!
//! ```text
//! batch -> applied
//!       -> an event failed -> what stands before it, as a batch -> the event alone, with delays
//!                             -> applied -> the rest, as a batch
//!                             -> given up: by the policy a dead letter, skipped, or the end as faulted -> the rest
//! ```

use std::sync::Arc;

use tracing::Instrument as _;

use super::commit::Undone;
use super::obstructed::{Obstruction, Outcome};
use super::outdated::{Obstacle, Outdated};
use super::transaction::TransactionOutcome;
use super::{End, Runner};
use crate::event::{Position, RecordedEvent, now};
use crate::projection::{ChangesRefused, CheckpointStore, ErrorClass, HandlerError, ProjectionKind};
use crate::subscription::erased::{Applied, Met};
use crate::subscription::log::Page;
use crate::subscription::{Failure, SubscriptionState};

/// How a batch ended, where the subscription goes on.
enum BatchOutcome {
    Applied,
    /// It was undone, and no handler is to blame.
    Undone(Undone),
    /// Its events are to be applied one by one.
    OneByOne,
    /// What some event of it has changed was refused when it was written: it is to be applied again in parts.
    InParts,
    /// The event at `index` failed among others, of which one may be why: it is to run alone.
    InCompany {
        index: usize,
        error: HandlerError,
    },
    /// The event at `index` failed. The events before it stay applied where `kept`, and were undone where not.
    Failed {
        index: usize,
        error: HandlerError,
        kept: bool,
    },
    /// The same, but by an outage, which does not count against the handler.
    Outage {
        index: usize,
        met: Met,
        kept: bool,
    },
}

/// The event of a page that fails.
struct Failed {
    index: usize,
    failure: Arc<Failure>,
}

/// The event of a page that met an outage: it runs alone from then on, so that it is known which one it is.
struct Suspect {
    index: usize,
    obstruction: Option<Obstruction>,
}

impl<C: CheckpointStore> Runner<C> {
    /// Applies a page that is not empty.
    ///
    /// An event that fails parts the page: what stands before it is applied as a batch and kept, then it runs alone,
    /// after a delay each time, and when it has succeeded or was given up the rest follows as a batch. Where it cannot
    /// be told which event it was, the page is parted in halves until it is one.
    pub(super) async fn apply_page(&mut self, page: &Page) -> Result<(), End> {
        let events = page.events();
        self.know_streams(events).await?;
        let mut next = 0;
        let mut failed = self.failed_before(events);
        let mut suspect: Option<Suspect> = None;
        let mut outages = 0;
        let most = |runner: &Self| if runner.one_by_one { 1 } else { events.len() };
        let mut at_most = most(self);
        while next < events.len() {
            self.poll_control().await?;
            // Where the log is replayed, its stream may have been parked before it was reached again.
            failed = failed.filter(|failed| self.parked.applies(&events[failed.index]));
            let alone = failed.as_ref().filter(|failed| failed.index == next).map(|failed| Arc::clone(&failed.failure));
            let until = match (&alone, &failed) {
                (Some(_), _) => next + 1,
                (None, Some(failed)) => failed.index,
                (None, None) => events.len(),
            };
            let until = suspect.as_ref().map_or(until, |suspect| until.min(suspect.index.max(next + 1)));
            let until = until.min(next + at_most);
            let to = if until == events.len() { page.horizon } else { events[until - 1].position() };
            self.known_log.comes_to(page.mark_at(to));
            if let Some(failure) = &alone
                && let Some(outdated) = Outdated::of(&failure.error, Obstacle::Event(failure.position))
            {
                return Err(End::Outdated(outdated));
            }
            if let Some(failure) = alone
                && !self.is_tried_again(&failure).await?
            {
                self.give_up(&events[next], to, failure).await?;
                next = until;
                failed = None;
                continue;
            }
            match self.apply_batch(&events[next..until], to).await? {
                BatchOutcome::Undone(Undone { met, waited }) => {
                    outages += 1;
                    if self.is_repeated_at_once(&met, outages).await? || (waited && outages == 1) {
                        continue;
                    }
                    let event = &events[until - 1];
                    if until - next > 1 {
                        // Which one it was cannot be told: it is parted until it is one event.
                        at_most = (until - next).div_ceil(2);
                        if !waited {
                            self.met_among_others(event, &met, outages).await?;
                        }
                        continue;
                    }
                    let before = suspect.filter(|suspect| suspect.index == next);
                    let before = before.and_then(|suspect| suspect.obstruction);
                    match self.met_alone(event, before, met, outages).await? {
                        Outcome::Waited(obstruction) => suspect = Some(Suspect { index: next, obstruction }),
                        Outcome::GivenUp(failure) => {
                            self.give_up(event, to, failure).await?;
                            (next, suspect) = (until, None);
                        }
                    }
                }
                BatchOutcome::OneByOne => at_most = most(self),
                BatchOutcome::InParts => {
                    at_most = (until - next).div_ceil(2);
                    tracing::debug!(subscription = self.core.name, at_most, "a change was refused: applying in parts");
                }
                BatchOutcome::Applied => {
                    next = until;
                    at_most = (at_most * 2).min(most(self));
                    outages = 0;
                    failed = failed.filter(|failed| failed.index >= next);
                    suspect = suspect.filter(|suspect| suspect.index >= next);
                }
                BatchOutcome::InCompany { index, error } => {
                    // It does not count, but an operator is told: nothing else keeps it where it succeeds alone.
                    let failure = self.failure_of(&events[next + index], error);
                    tracing::debug!(subscription = self.core.name, %failure, "failed among others: it runs alone");
                    self.core.progress.note(format!("{failure} (in a batch with others; it runs alone next)").into());
                    suspect = Some(Suspect { index: next + index, obstruction: None });
                }
                BatchOutcome::Failed { index, error, kept } => {
                    let index = next + index;
                    let before = failed.filter(|failed| failed.index == index);
                    let failure = self.failure(&events[index], before.map(|failed| failed.failure), error);
                    if self.core.in_memory.is_poisoned() {
                        return self.restart_empty(failure).await;
                    }
                    failed = Some(Failed { index, failure });
                    if kept {
                        next = index;
                    }
                }
                BatchOutcome::Outage { index, met, kept } => {
                    let (from, index) = (next, next + index);
                    let is_alone = index == from && (kept || until - from == 1);
                    if kept {
                        next = index;
                    }
                    outages += 1;
                    if self.is_repeated_at_once(&met, outages).await? {
                        continue;
                    }
                    let event = &events[index];
                    let before = suspect.filter(|suspect| suspect.index == index);
                    let before = before.and_then(|suspect| suspect.obstruction);
                    if !is_alone {
                        self.met_among_others(event, &met, outages).await?;
                        suspect = Some(Suspect { index, obstruction: before });
                        continue;
                    }
                    match self.met_alone(event, before, met, outages).await? {
                        Outcome::Waited(obstruction) => suspect = Some(Suspect { index, obstruction }),
                        Outcome::GivenUp(failure) => {
                            next = index + 1;
                            let to = if next == events.len() { page.horizon } else { event.position() };
                            self.give_up(event, to, failure).await?;
                            suspect = None;
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// The event of the page that had failed before a memory projection began anew.
    fn failed_before(&mut self, events: &[Arc<RecordedEvent>]) -> Option<Failed> {
        let position = self.cut_off.as_ref()?.position;
        let index = events.iter().position(|event| event.position() == position)?;
        self.cut_off.take().map(|failure| Failed { index, failure })
    }

    /// Waits before a failed event is tried again; says where trying again is of no use.
    pub(super) async fn is_tried_again(&mut self, failure: &Arc<Failure>) -> Result<bool, End> {
        let policy = self.core.config.retry;
        if failure.error.class() == ErrorClass::Permanent || failure.attempts >= policy.attempts {
            return Ok(false);
        }
        let delay = policy.backoff.delay(failure.attempts, self.core.chance.draw());
        tracing::warn!(subscription = self.core.name, position = %failure.position, ?delay, %failure, "retrying");
        let state = SubscriptionState::Retrying { failure: Arc::clone(failure), attempts: policy.attempts, delay };
        self.core.progress.fail(failure.to_string(), state);
        self.delay(delay).await?;
        Ok(true)
    }

    pub(super) fn failure(
        &self,
        event: &RecordedEvent,
        before: Option<Arc<Failure>>,
        error: HandlerError,
    ) -> Arc<Failure> {
        let mut failure = self.failure_of(event, error);
        if let Some(before) = before {
            failure.attempts += before.attempts;
            failure.first_failed_at = before.first_failed_at;
        }
        Arc::new(failure)
    }

    /// The first failure of `event`.
    pub(super) fn failure_of(&self, event: &RecordedEvent, error: HandlerError) -> Failure {
        Failure {
            subscription: self.core.name.clone(),
            position: event.position(),
            stream: event.stream().clone(),
            event_type: event.event_type().to_owned(),
            event_id: event.id(),
            attempts: 1,
            first_failed_at: now(),
            error,
        }
    }

    /// Applies `events`, which are not empty, and moves the checkpoint to `to`.
    async fn apply_batch(&mut self, events: &[Arc<RecordedEvent>], to: Position) -> Result<BatchOutcome, End> {
        let span = tracing::info_span!(
            "batch",
            subscription = self.core.name,
            events = events.len(),
            first = events.first().map(|event| event.position().value()),
            to = to.value(),
        );
        match self.core.kind {
            ProjectionKind::Transactional => self.apply_in_transaction(events, to).instrument(span).await,
            ProjectionKind::Memory | ProjectionKind::DurableMemory | ProjectionKind::Effects => {
                self.apply_outside(events, to).instrument(span).await
            }
        }
    }

    /// The effects and the checkpoint commit together, or neither does.
    async fn apply_in_transaction(&mut self, events: &[Arc<RecordedEvent>], to: Position) -> Result<BatchOutcome, End> {
        let held = self.parked.hold(events, self.high_water);
        let sifted = self.parked.sift(events);
        let (handled, first) = (sifted.events.len(), sifted.index(0));
        Ok(match self.in_transaction(&sifted.events, to, held).await? {
            TransactionOutcome::Committed => {
                self.arrive(to, handled);
                BatchOutcome::Applied
            }
            TransactionOutcome::OneByOne(reason) => {
                self.go_one_by_one(reason);
                BatchOutcome::OneByOne
            }
            TransactionOutcome::Undone(undone) => BatchOutcome::Undone(undone),
            // The event that failed came upon what an earlier one had changed.
            TransactionOutcome::Failed { error, .. } if handled > 1 && error.is_caused_by::<ChangesRefused>() => {
                BatchOutcome::InParts
            }
            TransactionOutcome::Failed { index, error, shared: true } => {
                BatchOutcome::InCompany { index: sifted.index(index), error }
            }
            TransactionOutcome::Failed { index, error, .. } => {
                BatchOutcome::Failed { index: sifted.index(index), error, kept: false }
            }
            TransactionOutcome::Outage { index, met } => {
                BatchOutcome::Outage { index: sifted.index(index), met, kept: false }
            }
            TransactionOutcome::Refused(_) if handled > 1 => BatchOutcome::InParts,
            TransactionOutcome::Refused(refused) => {
                BatchOutcome::Failed { index: first, error: refused.into(), kept: false }
            }
            TransactionOutcome::Ended => return Err(End::Faulted(self.transaction_ended(events))),
        })
    }

    /// Applies each event in a batch of its own from now on, for this reason.
    pub(super) fn go_one_by_one(&mut self, reason: String) {
        tracing::warn!(subscription = self.core.name, reason, "applying events one by one from now on");
        self.core.progress.note(reason.into());
        self.one_by_one = true;
    }

    /// The effects are there when the handler returns. What is applied is never applied again: the checkpoint follows
    /// the last event that succeeded.
    async fn apply_outside(&mut self, events: &[Arc<RecordedEvent>], to: Position) -> Result<BatchOutcome, End> {
        let sifted = self.parked.sift(events);
        let mut unit = self.checkpoints.detached();
        let applied = self.subscriber.apply(&self.core, &sifted.events, &mut unit).await;
        let (handled, passed, batch) = match applied {
            Applied::All => (sifted.events.len(), events.len(), BatchOutcome::Applied),
            Applied::Failed { index, error, .. } => {
                let at = sifted.index(index);
                self.note_cut_off(&error);
                (index, at, BatchOutcome::Failed { index: at, error, kept: true })
            }
            Applied::Outage { index, met } => {
                let at = sifted.index(index);
                (index, at, BatchOutcome::Outage { index: at, met, kept: true })
            }
        };
        if passed > 0 {
            let to = if passed == events.len() { to } else { events[passed - 1].position() };
            let held = self.parked.hold(&events[..passed], self.high_water);
            // What is applied is applied, also where a stop comes before its checkpoint is saved.
            (self.position, self.unreported) = (to, handled);
            match self.core.kind {
                ProjectionKind::Effects => self.save(to, held).await?,
                _ => self.note_letters(held),
            }
            self.unreported = 0;
            self.arrive(to, handled);
            self.handled_since += handled as u64;
            if self.handled_since >= self.core.config.snapshot_every {
                self.save_state(to).await?;
            }
        }
        Ok(batch)
    }

    /// A memory handler that was cut off has left its state in pieces.
    pub(super) fn note_cut_off(&self, error: &HandlerError) {
        if self.core.kind.is_memory() && error.is_cut_off() {
            self.core.in_memory.interrupt();
        }
    }

    /// Makes a memory projection what it was when its state was stored, or at its start, from where the log is replayed:
    /// a handler was cut off, with this failure, and has left the state in pieces. What was given up is passed over.
    pub(super) async fn restart_empty(&mut self, failure: Arc<Failure>) -> Result<(), End> {
        let begun = match self.core.kind {
            ProjectionKind::DurableMemory => self.restore().await?,
            _ => self.replay().await,
        };
        if let Err(error) = begun {
            let error = HandlerError::permanent(format!(
                "{}; the state of the projection is unknown now, and the log cannot be replayed into it: give the \
                 projection a method marked `#[truncate]` that empties it, or derive `Clone` for it where its state does \
                 not stand behind a lock or an atomic ({error})",
                failure.error
            ));
            return Err(End::Faulted(Arc::new(failure.with(error))));
        }
        tracing::warn!(subscription = self.core.name, %failure, from = %self.position, "a handler was cut off: replaying");
        self.core.progress.fail(failure.to_string(), SubscriptionState::CatchingUp);
        self.core.progress.advance(self.position, 0, SubscriptionState::CatchingUp);
        self.cut_off = Some(failure);
        Ok(())
    }
}
