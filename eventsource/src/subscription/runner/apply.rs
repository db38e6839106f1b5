//! Applies a page: as one batch, or in parts if an event fails ([contained
//! failure](crate::guarantees#contained-failure)).
//!
//! ```text
//! batch -> applied
//!       -> an event failed -> the events before it, as a batch -> the event alone, with delays
//!                             -> applied -> the rest, as a batch
//!                             -> retries spent -> by policy: dead letter or skipped -> the rest; or stop as faulted
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

/// How a batch ended, if the subscription continues.
enum BatchOutcome {
    Applied,
    /// Rolled back because of an outage.
    Undone(Undone),
    /// Rolled back: its events must be applied one by one.
    OneByOne,
    /// Rolled back: a change of one of its events was refused when it was written. It must be applied again in parts.
    InParts,
    /// Rolled back: the event at `index` failed, perhaps because of an earlier event. It must run alone.
    InCompany {
        index: usize,
        error: HandlerError,
    },
    /// The event at `index` failed. The events before it stay applied if `kept`, and were rolled back otherwise.
    Failed {
        index: usize,
        error: HandlerError,
        kept: bool,
    },
    /// The event at `index` met an outage, which does not count as a failure. `kept` as above.
    Outage {
        index: usize,
        met: Met,
        kept: bool,
    },
}

/// An event of a page that failed.
struct Failed {
    index: usize,
    failure: Arc<Failure>,
}

/// An event of a page that met an outage. It runs alone next, to find out whether it is the cause.
struct Suspect {
    index: usize,
    obstruction: Option<Obstruction>,
}

impl<C: CheckpointStore> Runner<C> {
    /// Applies a page that is not empty.
    ///
    /// If an event fails, the events before it are applied as a batch. Then the event runs alone, after a delay each
    /// time. After it has succeeded, or its retries are spent, the rest follows as a batch. If it is unknown which
    /// event is the cause, the page is halved until one event is left.
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
            // In a replay, its stream may have been parked before the event is reached again.
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
                        // It is unknown which event is the cause: halve the batch.
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
                    // The failure does not count. The note is its only trace if the event succeeds alone.
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

    /// Returns the event of the page that failed before a memory projection was emptied and replayed.
    fn failed_before(&mut self, events: &[Arc<RecordedEvent>]) -> Option<Failed> {
        let position = self.cut_off.as_ref()?.position;
        let index = events.iter().position(|event| event.position() == position)?;
        self.cut_off.take().map(|failure| Failed { index, failure })
    }

    /// Waits for the delay before the next attempt, and returns true. Returns false if there is no further attempt.
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

    /// Creates the first failure of `event`.
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

    /// Applies `events`, which is not empty, and moves the checkpoint to `to`.
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

    /// Applies a batch whose effects and checkpoint are committed together.
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
            // The change of an earlier event was refused when this event was applied.
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

    /// From now on, applies each event in a batch of its own.
    pub(super) fn go_one_by_one(&mut self, reason: String) {
        tracing::warn!(subscription = self.core.name, reason, "applying events one by one from now on");
        self.core.progress.note(reason.into());
        self.one_by_one = true;
    }

    /// Applies a batch without a transaction. The effects of an event exist when its handler returns, so the checkpoint
    /// always moves to the last event that succeeded.
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
            // Before the checkpoint is saved: a stop in between must know what was applied.
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

    /// Marks the state of a memory projection as unknown if its handler was cut off.
    pub(super) fn note_cut_off(&self, error: &HandlerError) {
        if self.core.kind.is_memory() && error.is_cut_off() {
            self.core.in_memory.interrupt();
        }
    }

    /// Restores the stored state of a memory projection, or empties it, after a handler was cut off with this failure.
    /// The log is replayed from there. The replay skips the events of dead letters.
    pub(super) async fn restart_empty(&mut self, failure: Arc<Failure>) -> Result<(), End> {
        let begun = match self.core.kind {
            ProjectionKind::DurableMemory => self.restore().await?,
            _ => self.replay().await,
        };
        if let Err(error) = begun {
            let error = HandlerError::permanent(format!(
                "{}; the state of the projection is unknown now, and the log cannot be replayed into it: give the \
                 projection a method marked `#[truncate]` that empties it, or derive `Clone` for it if its state is not \
                 behind a lock or an atomic ({error})",
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
