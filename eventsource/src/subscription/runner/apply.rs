//! Applies a page: as one batch, or in parts if an event fails. `batch_plan.rs` decides which events come next; an event
//! whose retries are spent becomes a dead letter, is skipped, or stops the subscription, by its policy.

use std::ops::Range;
use std::sync::Arc;

use super::batch_plan::{BatchPlan, Step};
use super::commit::Undone;
use super::delivery::{BatchOutcome, RestartError};
use super::obstructed::{Obstruction, Outcome};
use super::outdated::{Obstacle, Outdated};
use super::{End, Owner};
use crate::event::{RecordedEvent, now};
use crate::projection::{CheckpointStore, ErrorClass, HandlerError};
use crate::subscription::Failure;
use crate::subscription::erased::Met;
use crate::subscription::log::Page;
use crate::subscription::state::progress::Interruption;

/// The plan of a page.
type Plan = BatchPlan<Arc<Failure>, Obstruction>;

impl<C: CheckpointStore> Owner<'_, C> {
    /// Applies a page that is not empty, in the batches of a [`BatchPlan`]. Returns false if an operator skipped events,
    /// so that the rest of the page was not applied.
    pub(super) async fn apply_page(&mut self, page: &Page) -> Result<bool, End> {
        let events = page.events();
        self.know_streams(events).await?;
        let mut plan = Plan::new(events.len(), if self.active.one_by_one { 1 } else { events.len() });
        self.plan_cut_off(&mut plan, events);
        loop {
            self.context.poll_control().await?;
            // In a replay, its stream may have been parked before the event is reached again.
            if let Some(index) = plan.failed().filter(|index| !self.active.parked.applies(&events[*index])) {
                plan.take_failure(index);
            }
            if self.serve_skip().await? {
                return Ok(false);
            }
            let Some(Step { events: batch, failed }) = plan.step() else { return Ok(true) };
            self.active.known_log.comes_to(page.mark_at(page.end_of(batch.end)));
            if let Some(failure) = failed.map(Arc::clone) {
                if let Some(outdated) = Outdated::of(&failure.error, Obstacle::Event(failure.position)) {
                    return Err(End::Outdated(outdated));
                }
                if !self.is_tried_again(&failure).await? {
                    self.give_up_planned(&mut plan, page, batch.start, failure).await?;
                    continue;
                }
            }
            match self.apply_batch(&events[batch.clone()], page.end_of(batch.end)).await? {
                BatchOutcome::Applied => plan.applied(batch.end),
                BatchOutcome::OneByOne(reason) => {
                    self.go_one_by_one(reason);
                    plan.go_one_by_one();
                }
                BatchOutcome::InParts => {
                    plan.halve(&batch);
                    tracing::debug!(
                        subscription = self.context.core.name,
                        ?batch,
                        "a change was refused: applying in parts"
                    );
                }
                BatchOutcome::InCompany { index, error } => {
                    let index = batch.start + index;
                    // The failure does not count. The note is its only trace if the event succeeds alone.
                    let failure = self.failure_of(&events[index], error);
                    tracing::debug!(subscription = self.context.core.name, %failure, "failed among others: it runs alone");
                    self.context
                        .core
                        .progress
                        .note(format!("{failure} (in a batch with others; it runs alone next)").into());
                    plan.suspect(index, None);
                }
                BatchOutcome::Failed { index, error, kept } => {
                    let index = batch.start + index;
                    let failure = self.failure(&events[index], plan.take_failure(index), error);
                    if self.context.core.in_memory.is_poisoned() {
                        self.restart_empty(failure).await?;
                        return Ok(true);
                    }
                    plan.fail(index, failure);
                    if kept {
                        plan.kept(index);
                    }
                }
                BatchOutcome::Undone(undone) => self.plan_undone(&mut plan, page, batch, undone).await?,
                BatchOutcome::Outage { index, met, kept } => {
                    let index = batch.start + index;
                    let is_alone = index == batch.start && (kept || batch.len() == 1);
                    if kept {
                        plan.kept(index);
                    }
                    self.plan_outage(&mut plan, page, index, is_alone, met).await?;
                }
            }
        }
    }

    /// Handles an outage that rolled back `batch`, of which it is unknown which event is the cause.
    async fn plan_undone(
        &mut self,
        plan: &mut Plan,
        page: &Page,
        batch: Range<usize>,
        Undone { met, waited }: Undone,
    ) -> Result<(), End> {
        let outages = plan.outage();
        if self.is_repeated_at_once(&met, outages).await? || (waited && outages == 1) {
            return Ok(());
        }
        if batch.len() == 1 {
            return self.plan_met_alone(plan, page, batch.start, met, outages).await;
        }
        plan.halve(&batch);
        if !waited {
            self.met_among_others(&page.events()[batch.end - 1], &met, outages).await?;
        }
        Ok(())
    }

    /// Handles an outage that the event at `index` met.
    async fn plan_outage(
        &mut self,
        plan: &mut Plan,
        page: &Page,
        index: usize,
        is_alone: bool,
        met: Met,
    ) -> Result<(), End> {
        let outages = plan.outage();
        if self.is_repeated_at_once(&met, outages).await? {
            return Ok(());
        }
        if is_alone {
            return self.plan_met_alone(plan, page, index, met, outages).await;
        }
        self.met_among_others(&page.events()[index], &met, outages).await?;
        plan.suspect(index, plan.obstruction(index));
        Ok(())
    }

    /// Handles an outage that the event at `index` met while it ran alone.
    async fn plan_met_alone(
        &mut self,
        plan: &mut Plan,
        page: &Page,
        index: usize,
        met: Met,
        outages: u32,
    ) -> Result<(), End> {
        match self.met_alone(&page.events()[index], plan.obstruction(index), met, outages).await? {
            Outcome::Waited(obstruction) => plan.suspect(index, obstruction),
            Outcome::GivenUp(failure) => self.give_up_planned(plan, page, index, failure).await?,
        }
        Ok(())
    }

    async fn give_up_planned(
        &mut self,
        plan: &mut Plan,
        page: &Page,
        index: usize,
        failure: Arc<Failure>,
    ) -> Result<(), End> {
        self.give_up(&page.events()[index], page.end_of(index + 1), failure).await?;
        plan.gave_up(index);
        Ok(())
    }

    /// Plans the event of the page that failed before a memory projection was emptied and replayed.
    fn plan_cut_off(&mut self, plan: &mut Plan, events: &[Arc<RecordedEvent>]) {
        let Some(position) = self.active.cut_off.as_ref().map(|failure| failure.position) else { return };
        if let Some(index) = events.iter().position(|event| event.position() == position)
            && let Some(failure) = self.active.cut_off.take()
        {
            plan.fail(index, failure);
        }
    }

    /// Waits for the delay before the next attempt, and returns true. Returns false if there is no further attempt.
    pub(super) async fn is_tried_again(&mut self, failure: &Arc<Failure>) -> Result<bool, End> {
        let policy = self.context.core.config.retry;
        let is_last = failure.attempts >= policy.attempts || !self.context.delivery.retries();
        if failure.error.class() == ErrorClass::Permanent || is_last {
            return Ok(false);
        }
        let delay = policy.backoff.delay(failure.attempts, self.context.core.chance.draw());
        tracing::warn!(subscription = self.context.core.name, position = %failure.position, ?delay, %failure, "retrying");
        let (failure, attempts) = (Arc::clone(failure), policy.attempts);
        self.context.core.progress.interrupt(Interruption::Retrying { failure, attempts, delay });
        self.context.delay(delay).await?;
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
            subscription: self.context.core.name.clone(),
            position: event.position(),
            stream: event.stream().clone(),
            event_type: event.event_type().to_owned(),
            event_id: event.id(),
            attempts: 1,
            first_failed_at: now(),
            error,
        }
    }

    /// From now on, applies each event in a batch of its own.
    pub(super) fn go_one_by_one(&mut self, reason: String) {
        tracing::warn!(subscription = self.context.core.name, reason, "applying events one by one from now on");
        self.context.core.progress.note(reason.into());
        self.active.one_by_one = true;
    }

    /// Restores the stored state of a memory projection, or empties it, after a handler was cut off with this failure.
    /// The log is replayed from there. The replay skips the events of dead letters.
    pub(super) async fn restart_empty(&mut self, failure: Arc<Failure>) -> Result<(), End> {
        let delivery = self.context.delivery;
        if let Err(error) = delivery.restart(self).await {
            let error = match error {
                RestartError::Ended(end) => return Err(end),
                RestartError::Impossible(error) => error,
            };
            let error = HandlerError::permanent(format!(
                "{}; the state of the projection is unknown now, and the log cannot be replayed into it: give the \
                 projection a method marked `#[truncate]` that empties it, or derive `Clone` for it if its state is not \
                 behind a lock or an atomic ({error})",
                failure.error
            ));
            return Err(End::Faulted(Arc::new(failure.with(error))));
        }
        tracing::warn!(subscription = self.context.core.name, %failure, from = %self.active.position, "a handler was cut off: replaying");
        self.context.core.progress.note(failure.to_string().into());
        self.publish();
        self.active.cut_off = Some(failure);
        Ok(())
    }
}
