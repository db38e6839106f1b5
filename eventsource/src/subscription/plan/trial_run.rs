//! Applies events to one projection, in a trial or to its fresh state, and notes which of them fail.
//!
//! ```text
//! a batch -> all applied: keep it
//!         -> the event at `index` failed: undo, apply those before it again and keep them, then note the failure of the
//!            event if it fails first in its batch, and hold back its stream
//!         -> a change was refused when it was written: undo, and apply the batch in halves
//! ```

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::look::Part;
use super::{FailedEvent, PlanError};
use crate::event::{RecordedEvent, StreamId};
use crate::projection::{
    CheckpointError, CheckpointStore, CommitError, Delivered, ErrorClass, HandlerError, HandlerPanicked,
    HandlerTimedOut, Inspected, NotSetUp, TrialRows, Trials,
};
use crate::subscription::erased::Applied;

/// How often an event is tried that may succeed the next time.
const ATTEMPTS: u32 = 3;
const PAUSE: Duration = Duration::from_millis(50);

/// A projection that fails more often is not tried further.
const MOST_FAILURES: u64 = 10_000;

/// The most failed events that are described.
pub(super) const DESCRIBED: usize = 100;

/// Why the rest of the log is not applied.
pub(super) enum Ended {
    /// The projection cannot be tried, for this reason.
    NotTried(String),
    /// Only a part of the log was applied, for this reason.
    CutShort(String),
    Failed(PlanError),
}

impl<E: Into<PlanError>> From<E> for Ended {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// What has happened so far.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) applied: u64,
    pub(super) failed: u64,
    /// Events behind a failed event of their stream.
    pub(super) held: u64,
    /// The first failed events.
    pub(super) failures: Vec<FailedEvent>,
}

/// One projection, and where its effects go.
pub(super) struct TrialRun<'p, C: CheckpointStore> {
    part: &'p Part<C>,
    /// `None` for a projection that keeps its state in memory.
    trials: Option<&'p dyn Trials<C::Unit>>,
    pub(super) unit: C::Unit,
    pub(super) tally: Tally,
    failed_streams: BTreeSet<StreamId>,
    /// Whether the events behind a failed event of their stream are not applied.
    holds_streams: bool,
}

/// How a batch ended.
enum Outcome {
    Applied,
    /// The event at `index` failed. Those before it stay applied if `kept`.
    Failed {
        index: usize,
        error: HandlerError,
        kept: bool,
    },
    /// A change of one of the events was refused.
    InParts,
}

impl<'p, C: CheckpointStore> TrialRun<'p, C> {
    /// Begins with empty tables, or with the state as it was subscribed.
    pub(super) async fn begin(part: &'p Part<C>, checkpoints: &'p C) -> Result<Self, Ended> {
        if let Some(reason) = part.subscriber.not_tried().await {
            return Err(Ended::NotTried(reason));
        }
        let (trials, unit) = if part.core.facts.is_transactional {
            let none = "the checkpoint store cannot apply events without a change (`CheckpointStore::trials`)";
            let trials = checkpoints.trials().ok_or_else(|| Ended::NotTried(none.to_owned()))?;
            let unit = match trials.begin_trial(&part.core.tables).await {
                Ok(unit) => unit,
                Err(CheckpointError::Refused { reason, .. }) => return Err(Ended::NotTried(reason.to_string())),
                Err(error) => return Err(error.into()),
            };
            (Some(trials), unit)
        } else {
            let mut unit = checkpoints.detached();
            // It may have been tried before.
            if !part.core.in_memory.is_new()
                && let Err(error) = part.subscriber.restart_empty(&mut unit).await
            {
                return Err(Ended::NotTried(format!("its state in memory cannot be emptied: {error}")));
            }
            part.core.in_memory.claim(crate::event::Position::START);
            (None, unit)
        };
        Ok(Self { part, trials, unit, tally: Tally::default(), failed_streams: BTreeSet::new(), holds_streams: true })
    }

    /// Lets the events behind a failed event be applied, as if the failed one was dismissed.
    pub(super) fn past_failures(self) -> Self {
        Self { holds_streams: false, ..self }
    }

    /// Returns the first `most` rows of each table; `None` for a projection that keeps its state in memory.
    pub(super) async fn rows(&mut self, most: usize) -> Result<Option<Vec<TrialRows>>, CheckpointError> {
        let Some(trials) = self.trials else { return Ok(None) };
        let mut tables = Vec::with_capacity(self.part.core.tables.len());
        for table in &self.part.core.tables {
            tables.push(trials.rows(&mut self.unit, table, most).await?);
        }
        Ok(Some(tables))
    }

    /// Returns the state in memory, if it can be shown.
    pub(super) async fn inspect(&mut self) -> Option<Inspected> {
        self.part.subscriber.inspect().await
    }

    /// Applies `events`, in order, except those that fail and those behind them.
    pub(super) async fn apply(&mut self, events: &[Arc<RecordedEvent>]) -> Result<(), Ended> {
        let mut events = self.without_held(events);
        let (mut at, mut most, mut attempts) = (0, events.len(), 0);
        while at < events.len() {
            let batch = at..events.len().min(at.saturating_add(most));
            let (index, error, kept) = match self.attempt(&events[batch.clone()]).await? {
                Outcome::Applied => {
                    self.tally.applied += batch.len() as u64;
                    at = batch.end;
                    most = events.len();
                    attempts = 0;
                    continue;
                }
                Outcome::InParts => {
                    most = batch.len() / 2;
                    continue;
                }
                Outcome::Failed { index, error, kept } => (index, error, kept),
            };
            if kept {
                self.tally.applied += index as u64;
                at += index;
            } else if index > 0 {
                most = index;
                continue;
            }
            attempts += 1;
            if error.class() == ErrorClass::Transient && attempts < ATTEMPTS {
                most = 1;
                tokio::time::sleep(PAUSE).await;
                continue;
            }
            self.note(&events[at], &error)?;
            events = self.without_held(&events[at + 1..]);
            at = 0;
            most = events.len();
            attempts = 0;
        }
        Ok(())
    }

    /// Returns `events` without those behind a failed event, and counts these.
    fn without_held(&mut self, events: &[Arc<RecordedEvent>]) -> Vec<Arc<RecordedEvent>> {
        let held = |event: &&Arc<RecordedEvent>| !self.failed_streams.contains(event.stream());
        let applied: Vec<_> = events.iter().filter(held).cloned().collect();
        self.tally.held += (events.len() - applied.len()) as u64;
        applied
    }

    /// Notes that an event has failed.
    fn note(&mut self, event: &RecordedEvent, error: &HandlerError) -> Result<(), Ended> {
        if self.trials.is_some() && error.is_caused_by::<NotSetUp>() {
            return Err(Ended::NotTried(error.to_string()));
        }
        self.tally.failed += 1;
        if self.tally.failures.len() < DESCRIBED {
            self.tally.failures.push(FailedEvent::of(event, error.causes().map(ToString::to_string).collect()));
        }
        if self.holds_streams {
            self.failed_streams.insert(event.stream().clone());
        }
        if self.tally.failed >= MOST_FAILURES {
            return Err(Ended::CutShort(format!("{MOST_FAILURES} events have failed")));
        }
        self.check_cut_off(error)
    }

    /// Ends after a handler that was cut off, if it is unknown what it has done.
    fn check_cut_off(&self, error: &HandlerError) -> Result<(), Ended> {
        let is_unknown = error.is_caused_by::<HandlerTimedOut>()
            || (self.trials.is_none() && error.is_caused_by::<HandlerPanicked>());
        match is_unknown {
            true => Err(Ended::CutShort(format!("a handler was cut off: {error}"))),
            false => Ok(()),
        }
    }

    /// Applies a batch.
    async fn attempt(&mut self, events: &[Arc<RecordedEvent>]) -> Result<Outcome, Ended> {
        let Part { core, subscriber } = self.part;
        let applied = subscriber.apply(core, events, Delivered::Log, &mut self.unit).await;
        let (index, error) = match (applied, self.trials) {
            (Applied::All, None) => return Ok(Outcome::Applied),
            (Applied::All, Some(trials)) => match trials.keep(&mut self.unit).await {
                Ok(()) => return Ok(Outcome::Applied),
                Err(CommitError::Refused(_)) if events.len() > 1 => {
                    trials.undo(&mut self.unit).await?;
                    return Ok(Outcome::InParts);
                }
                Err(CommitError::Refused(refused)) => (0, refused.into()),
                Err(CommitError::Failed(error)) => return Err(error.into()),
                Err(error) => (0, HandlerError::permanent(error)),
            },
            (Applied::Failed { index, error, .. }, _) => (index, error),
            (Applied::Outage { index, met }, _) => (index, met.error),
        };
        let Some(trials) = self.trials else { return Ok(Outcome::Failed { index, error, kept: true }) };
        trials.undo(&mut self.unit).await?;
        Ok(Outcome::Failed { index, error, kept: false })
    }
}
