//! Applies the events of one stream in a trial, and looks at the state after each of them.
//!
//! ```text
//! the events up to `after`, in batches -> the state -> an event -> the state -> ... -> drop the trial
//! ```
//!
//! A failed event changes nothing, and the next one is applied as if the failed one was dismissed.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::{Step, StepChanges, StepError, StepOutcome, StepState, Steps};
use crate::event::{RecordedEvent, StreamId};
use crate::projection::CheckpointStore;
use crate::store::{EventLog, PAGE_BYTES, PageLimit, ReadStream, StoreError};
use crate::subscription::plan::look::{Part, Planner};
use crate::subscription::plan::trial_run::{Ended, TrialRun};
use crate::subscription::subscription_shared::SubscriptionShared;

/// The most steps.
const MOST_STEPS: usize = 50;

/// The most events before the first step, and the size of their batches.
const MOST_BEFORE: u64 = 10_000;
const BATCH: usize = 1_000;

/// The time for all events.
const WITHIN: Duration = Duration::from_secs(4);

/// The most rows of a table, and the most bytes of all states together.
const MOST_ROWS: usize = 500;
const MOST_BYTES: usize = 4 << 20;

impl<C: CheckpointStore> Planner<C> {
    /// Applies up to `limit` events of `stream` after the version `after` one by one.
    pub(in crate::subscription) async fn steps(
        &self,
        name: &str,
        stream: &StreamId,
        after: u64,
        limit: usize,
    ) -> Result<Steps, StepError> {
        let deadline = Instant::now() + WITHIN;
        let part = self.parts.iter().find(|part| part.core.name == name).ok_or_else(|| StepError::Unknown {
            subscription: name.to_owned(),
            known: self.parts.iter().map(|part| part.core.name.clone()).collect(),
        })?;
        if after > MOST_BEFORE {
            return Err(StepError::TooFar { after, most: MOST_BEFORE });
        }
        let apart = apart(part).await?;
        let run = TrialRun::begin(&apart, &*self.checkpoints).await.map_err(|ended| ended_early(name, ended))?;
        let mut walk = Walk { log: &*self.store, core: &apart.core, stream, run: run.past_failures(), deadline };
        walk.go_to(after).await?;
        walk.steps(after, limit.clamp(1, MOST_STEPS)).await
    }
}

/// Returns the subscription with a state of its own, if it keeps one in memory.
async fn apart<C: CheckpointStore>(part: &Part<C>) -> Result<Part<C>, StepError> {
    let refused =
        |reason: &str| StepError::NotTried { subscription: part.core.name.clone(), reason: reason.to_owned() };
    let facts = part.core.facts;
    if facts.is_transactional {
        return Ok(Part { core: Arc::clone(&part.core), subscriber: Arc::clone(&part.subscriber) });
    }
    if !facts.keeps_state {
        return Err(refused("its handlers act outside of the database, so they are not called"));
    }
    if let Some(reason) = part.subscriber.not_tried().await {
        return Err(refused(&reason));
    }
    let none = "its state cannot be copied, and the one that readers see must not change: make it `Clone`, or write \
                `Subscriber::pristine`";
    let subscriber = part.subscriber.apart().await.ok_or_else(|| refused(none))?;
    let core = SubscriptionShared { name: part.core.name.clone(), ..SubscriptionShared::of_next(&part.core) };
    Ok(Part { core: Arc::new(core), subscriber })
}

/// A walk over the events of a stream.
struct Walk<'p, C: CheckpointStore> {
    log: &'p dyn EventLog,
    core: &'p SubscriptionShared,
    stream: &'p StreamId,
    run: TrialRun<'p, C>,
    deadline: Instant,
}

impl<C: CheckpointStore> Walk<'_, C> {
    /// Applies the events up to the version `after`.
    async fn go_to(&mut self, after: u64) -> Result<(), StepError> {
        let name = &self.core.name;
        let mut at = 0;
        while at < after {
            let wanted = usize::try_from(after - at).unwrap_or(BATCH).min(BATCH);
            let (mut events, _) = read(self.log, self.stream, at, wanted).await?;
            let Some(last) = events.last() else { return Ok(()) };
            let applied = at;
            at = last.version();
            events.retain(|event| self.core.filter.matches(event));
            match timeout_at(self.deadline, self.run.apply(&events)).await {
                Ok(done) => done.map_err(|ended| ended_early(name, ended))?,
                Err(_) => return Err(StepError::TooSlow { applied, after, within: WITHIN }),
            }
        }
        Ok(())
    }

    async fn steps(mut self, after: u64, limit: usize) -> Result<Steps, StepError> {
        let (events, more) = read(self.log, self.stream, after, limit).await?;
        let before = self.state().await?;
        let mut steps = Steps {
            format: 1,
            subscription: self.core.name.clone(),
            stream: self.stream.clone(),
            after,
            failed_before: self.run.tally.failed,
            before: before.clone(),
            steps: Vec::with_capacity(events.len()),
            more,
            cut_short: None,
        };
        let (mut present, mut bytes) = (before, 0);
        for event in &events {
            bytes += present.size();
            if let Some(reason) = too_large(&present, bytes) {
                steps.cut_short = Some(reason);
                break;
            }
            if !self.core.filter.matches(event) {
                steps.steps.push(Step::of(event, StepOutcome::PassedOver {}, StepChanges::Nothing {}));
                continue;
            }
            let (outcome, cut_short) = match timeout_at(self.deadline, self.apply(event)).await {
                Ok(applied) => applied?,
                Err(_) => {
                    steps.cut_short = Some(format!("{} s have passed", WITHIN.as_secs()));
                    break;
                }
            };
            if cut_short.is_some() {
                // It is unknown what the handler has done.
                steps.steps.push(Step::of(event, outcome, StepChanges::Hidden {}));
                steps.cut_short = cut_short;
                break;
            }
            let next = self.state().await?;
            steps.steps.push(Step::of(event, outcome, StepChanges::between(&present, &next)));
            present = next;
        }
        Ok(steps)
    }

    /// Applies one event. Also returns why no other event can be applied, if that is so.
    async fn apply(&mut self, event: &Arc<RecordedEvent>) -> Result<(StepOutcome, Option<String>), StepError> {
        self.run.tally.failures.clear();
        let cut_short = match self.run.apply(std::slice::from_ref(event)).await {
            Ok(()) => None,
            Err(Ended::CutShort(reason)) => Some(reason),
            Err(ended) => return Err(ended_early(&self.core.name, ended)),
        };
        let outcome = match self.run.tally.failures.pop() {
            Some(failed) => StepOutcome::Failed { errors: failed.errors },
            None => StepOutcome::Handled {},
        };
        Ok((outcome, cut_short))
    }

    async fn state(&mut self) -> Result<StepState, StepError> {
        match self.run.rows(MOST_ROWS).await? {
            Some(tables) => Ok(StepState::Rows { tables }),
            None => Ok(StepState::of(self.run.inspect().await)),
        }
    }
}

/// Reads up to `limit` events after a version. Also returns whether there can be more.
async fn read(
    log: &dyn EventLog,
    stream: &StreamId,
    after: u64,
    limit: usize,
) -> Result<(Vec<Arc<RecordedEvent>>, bool), StoreError> {
    let read = ReadStream::forward().from(after.saturating_add(1));
    let page = log.read_stream_page(stream, read, PageLimit::events(limit).within_bytes(PAGE_BYTES)).await?;
    Ok((page.events, page.is_full))
}

/// Returns why the states are too large for steps, if they are.
fn too_large(present: &StepState, bytes: usize) -> Option<String> {
    if let StepState::Rows { tables } = present
        && let Some(table) = tables.iter().find(|table| table.more)
    {
        return Some(format!("`{}` has more than {MOST_ROWS} rows", table.table));
    }
    (bytes > MOST_BYTES).then(|| format!("the states have more than {} MiB", MOST_BYTES >> 20))
}

fn ended_early(name: &str, ended: Ended) -> StepError {
    match ended {
        Ended::NotTried(reason) | Ended::CutShort(reason) => {
            StepError::NotTried { subscription: name.to_owned(), reason }
        }
        Ended::Failed(error) => StepError::Database(error),
    }
}
