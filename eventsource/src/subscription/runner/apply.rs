//! Applying a page: as one batch where all goes well, around the failing event where it does not (law 5).

use std::sync::Arc;

use tracing::Instrument as _;

use super::commit::Committed;
use super::{End, Runner};
use crate::event::{Position, RecordedEvent};
use crate::projection::{CheckpointStore, CommitError, ErrorClass, HandlerError, Kind, UnitOfWork as _};
use crate::store::LogPage;
use crate::subscription::backoff::full_jitter;
use crate::subscription::shared::Applied;
use crate::subscription::{Failure, SubscriptionState};

/// How a batch ended, where the subscription goes on.
enum Batch {
    Applied,
    /// The batch is to be applied again as it was.
    Again,
    /// What some event of it has changed was refused when it was written: it is to be applied again in parts.
    InParts,
    /// The event at `index` failed. The events before it stay applied where `kept`, and were undone where not.
    Failed {
        index: usize,
        error: HandlerError,
        kept: bool,
    },
    /// The same, but by an outage, which does not count against the handler.
    Outage {
        index: usize,
        error: HandlerError,
        kept: bool,
    },
}

/// The event of a page that fails.
struct Failing {
    index: usize,
    failure: Arc<Failure>,
}

impl<C: CheckpointStore> Runner<C> {
    /// Applies a page that is not empty.
    ///
    /// An event that fails parts the page: what stands before it is applied as a batch and kept, then it runs alone,
    /// after a delay each time, and when it has succeeded the rest follows as a batch. Where it cannot be told which
    /// event it was, the page is parted in halves until it is one.
    pub(super) async fn apply_page(&mut self, page: &LogPage) -> Result<(), End> {
        let events = &page.events[..];
        let mut next = 0;
        let mut failing: Option<Failing> = None;
        let mut outages = 0;
        let mut at_most = events.len();
        while next < events.len() {
            self.heed_control().await?;
            let until = match &failing {
                None => events.len(),
                Some(failing) if failing.index == next => {
                    self.before_retry(&failing.failure).await?;
                    next + 1
                }
                Some(failing) => failing.index,
            };
            let until = until.min(next + at_most);
            let to = if until == events.len() { page.horizon } else { events[until - 1].position() };
            match self.apply_batch(&events[next..until], to).await? {
                Batch::Again => {}
                Batch::InParts => at_most = (until - next).div_ceil(2),
                Batch::Applied => {
                    next = until;
                    at_most = (at_most * 2).min(events.len());
                    outages = 0;
                    failing = failing.filter(|failing| failing.index >= next);
                }
                Batch::Failed { index, error, kept } => {
                    let index = next + index;
                    let before = failing.filter(|failing| failing.index == index);
                    let attempts = 1 + before.map_or(0, |failing| failing.failure.attempts);
                    failing = Some(Failing { index, failure: self.failure(&events[index], attempts, error) });
                    if kept {
                        next = index;
                    }
                }
                Batch::Outage { index, error, kept } => {
                    let at = events[next + index].position();
                    if kept {
                        next += index;
                    }
                    outages += 1;
                    self.outage(format!("{error} (met by the handler at position {at})"), outages).await?;
                }
            }
        }
        Ok(())
    }

    /// Waits before a failed event is tried again; faults where trying again is of no use.
    async fn before_retry(&mut self, failure: &Arc<Failure>) -> Result<(), End> {
        let policy = self.core.config.retry;
        if failure.error.class() == ErrorClass::Permanent || failure.attempts >= policy.attempts {
            return Err(End::Faulted(Arc::clone(failure)));
        }
        let delay = full_jitter(policy.first_delay, policy.max_delay, failure.attempts);
        tracing::warn!(subscription = self.core.name, position = %failure.position, ?delay, %failure, "retrying");
        let state = SubscriptionState::Retrying { failure: Arc::clone(failure), attempts: policy.attempts, delay };
        self.core.progress.fail(failure.to_string(), state);
        self.delay(delay).await
    }

    fn failure(&self, event: &RecordedEvent, attempts: u32, error: HandlerError) -> Arc<Failure> {
        Arc::new(Failure {
            subscription: self.core.name.clone(),
            position: event.position(),
            stream: event.stream().clone(),
            event_type: event.event_type().to_owned(),
            event_id: event.id(),
            attempts,
            error,
        })
    }

    /// Applies `events`, which are not empty, and moves the checkpoint to `to`.
    async fn apply_batch(&mut self, events: &[Arc<RecordedEvent>], to: Position) -> Result<Batch, End> {
        let span = tracing::info_span!(
            "batch",
            subscription = self.core.name,
            events = events.len(),
            first = events.first().map(|event| event.position().value()),
            to = to.value(),
        );
        match self.core.kind {
            Kind::Transactional => self.apply_in_transaction(events, to).instrument(span).await,
            Kind::Memory | Kind::Effects => self.apply_outside(events, to).instrument(span).await,
        }
    }

    /// The effects and the checkpoint commit together, or neither does.
    async fn apply_in_transaction(&mut self, events: &[Arc<RecordedEvent>], to: Position) -> Result<Batch, End> {
        let mut unit = self.begin().await?;
        match self.subscriber.apply(&self.core, events, &mut unit).await {
            Applied::All => {}
            Applied::Failed { index, error } => {
                unit.rollback().await;
                return Ok(Batch::Failed { index, error, kept: false });
            }
            Applied::Outage { index, error } => {
                unit.rollback().await;
                return Ok(Batch::Outage { index, error, kept: false });
            }
        }
        match self.commit(unit, to, events.len()).await? {
            Committed::Yes => {
                self.arrive(to, events.len());
                Ok(Batch::Applied)
            }
            Committed::No => Ok(Batch::Again),
            Committed::Refused(_) if events.len() > 1 => Ok(Batch::InParts),
            Committed::Refused(refused) => Ok(Batch::Failed { index: 0, error: refused.into(), kept: false }),
            Committed::TransactionEnded => Err(End::Faulted(self.transaction_ended(events))),
        }
    }

    /// Which handler it was cannot be told any more, and what it committed cannot be undone: nothing is tried again.
    fn transaction_ended(&self, events: &[Arc<RecordedEvent>]) -> Arc<Failure> {
        let error = match events {
            [first, _, ..] => HandlerError::permanent(format!(
                "{}; it was the handler of this event or of one before it, from position {} on",
                CommitError::TransactionEnded,
                first.position()
            )),
            _ => HandlerError::permanent(CommitError::TransactionEnded),
        };
        self.failure(&events[events.len() - 1], 1, error)
    }

    /// The effects are there when the handler returns. What is applied is never applied again: the checkpoint follows
    /// the last event that succeeded.
    async fn apply_outside(&mut self, events: &[Arc<RecordedEvent>], to: Position) -> Result<Batch, End> {
        let mut unit = self.checkpoints.detached();
        let applied = self.subscriber.apply(&self.core, events, &mut unit).await;
        let (done, batch) = match applied {
            Applied::All => (events.len(), Batch::Applied),
            Applied::Failed { index, error } => (index, Batch::Failed { index, error, kept: true }),
            Applied::Outage { index, error } => (index, Batch::Outage { index, error, kept: true }),
        };
        if done > 0 {
            let to = if done == events.len() { to } else { events[done - 1].position() };
            // What is applied is applied, also where a stop comes before its checkpoint is saved.
            (self.position, self.unreported) = (to, done);
            if self.core.kind == Kind::Effects {
                self.save(to).await?;
            }
            self.unreported = 0;
            self.arrive(to, done);
        }
        Ok(batch)
    }
}
