//! Dead letters: gives up an event by the policy, and serves the requests of operators.

use std::sync::Arc;

use super::letter_item::Item;
use super::observed::ToldLetter;
use super::outdated::{Obstacle, Outdated};
use super::{End, Owner};
use crate::event::{Position, RecordedEvent, StreamId, now};
use crate::projection::{CheckpointStore, DeadLetter, HandlerError, LetterChange, LetterState, NotSetUp};
use crate::store::{PageLimit, ReadStream};
use crate::subscription::Failure;
use crate::subscription::config::FailurePolicy;
use crate::subscription::observer::{LetterStep, RequestAction};
use crate::subscription::rebuild::tracked::Outcome as RebuildOutcome;
use crate::subscription::requests::Request;

impl<C: CheckpointStore> Owner<'_, C> {
    /// Gives up `event`, which cannot be applied, as the policy says, and moves to `to`.
    pub(super) async fn give_up(
        &mut self,
        event: &RecordedEvent,
        to: Position,
        failure: Arc<Failure>,
    ) -> Result<(), End> {
        if failure.error.is_caused_by::<NotSetUp>() {
            self.check_owner().await?;
        }
        let policy = self.context.core.config.failures.of(failure.error.class(), self.active.replay.target().is_some());
        if policy == FailurePolicy::Stop || failure.error.is_caused_by::<NotSetUp>() {
            return Err(End::Faulted(failure));
        }
        if let Some(limit) = self.active.failing.count(event.position()) {
            let error = HandlerError::permanent(format!(
                "{}; {limit}: the subscription faults, so that not every event becomes a dead letter \
                 (`SubscriptionConfig::failure_limit`)",
                failure.error
            ));
            return Err(End::Faulted(Arc::new(failure.with(error))));
        }
        let mut letter = self.letter(event, &failure);
        let change = match policy {
            _ if policy != FailurePolicy::Skip && event.position() < self.active.high_water => {
                // The event was applied before the replay, and so were the events that now wait behind it.
                letter.held = self.held_behind(&letter).await?;
                LetterChange::Keep(letter)
            }
            FailurePolicy::Skip => LetterChange::Dismiss(letter.dismissed("skipped by the policy of the subscription")),
            _ => LetterChange::Keep(letter),
        };
        self.context.core.progress.note(failure.to_string().into());
        self.publish();
        self.save(to, vec![change]).await?;
        tracing::error!(subscription = self.context.core.name, position = %event.position(), ?policy, %failure, "gave up an event");
        self.context.tell_letter(&ToldLetter {
            step: if policy == FailurePolicy::Skip { LetterStep::Skipped } else { LetterStep::Kept },
            position: event.position(),
            event_type: event.event_type(),
            failure: Some(&failure),
        });
        self.arrive(to, 0);
        Ok(())
    }

    fn letter(&self, event: &RecordedEvent, failure: &Failure) -> DeadLetter {
        let mut letter = DeadLetter::new(&*self.context.core.name, event, &failure.error, failure.attempts);
        letter.first_failed_at = failure.first_failed_at;
        letter
    }

    /// Serves requests. Retries one batch of letters: if some are left, the next page of the log comes first.
    pub(super) async fn serve_requests(&mut self) -> Result<(), End> {
        while self.active.is_replayed() {
            if let Some(outdated) = self.active.outdated.take() {
                return Err(End::Outdated(outdated));
            }
            self.begin_released().await?;
            let requests = &self.context.core.requests;
            // Letters are retried for one request after another.
            let request = if self.active.retrying.is_some() { requests.take_unless_letters() } else { requests.take() };
            match request {
                Some(Request::Retry { which, answer }) => {
                    self.before_letters().await?;
                    self.begin_retry(which, answer).await?;
                    self.context.core.tell_request(RequestAction::Retry, self.active.retrying.is_some());
                }
                Some(Request::Dismiss { which, reason, answer }) => {
                    self.before_letters().await?;
                    self.dismiss(which, &reason, answer).await?;
                    self.context.core.tell_request(RequestAction::Dismiss, self.active.retrying.is_some());
                }
                Some(Request::CancelNext { answer }) => {
                    self.drop_next(RebuildOutcome::Cancelled).await?;
                    answer.send(());
                    self.context.core.tell_request(RequestAction::CancelRebuild, true);
                }
                Some(Request::Rebuild { how, answer }) => self.rebuild(how, answer).await?,
                Some(Request::Skip { skip, answer }) => self.skip(skip, answer).await?,
                None if self.active.retrying.is_none() => break,
                None => {
                    self.retry_batch().await?;
                    if self.active.retrying.is_some() {
                        break;
                    }
                }
            }
        }
        Ok(())
    }

    pub(super) async fn before_letters(&mut self) -> Result<(), End> {
        let delivery = self.context.delivery;
        delivery.before_letters(self).await
    }

    /// Stores the event of `item`, which failed, as the letter of its stream.
    pub(super) async fn keep_failed(&mut self, item: &Item, failure: Arc<Failure>) -> Result<(), End> {
        let Item { letter, event, .. } = item;
        if let Some(outdated) = Outdated::of(&failure.error, Obstacle::Letter(event.position())) {
            self.context.core.progress.note(Arc::clone(&outdated.reason));
            // A letter that failed before waits unchanged. An event behind a letter would be retried for ever.
            if letter.state == LetterState::Released {
                self.active.outdated = Some(outdated);
            }
            return Ok(());
        }
        let mut failed = self.letter(event, &failure);
        failed.held = letter.held;
        failed.attempts = letter.attempts.saturating_add(failure.attempts);
        if letter.attempts > 0 {
            failed.first_failed_at = letter.first_failed_at;
        }
        self.save(self.active.position, vec![LetterChange::Keep(failed)]).await?;
        self.context.tell_letter(&ToldLetter {
            step: LetterStep::FailedAgain,
            position: event.position(),
            event_type: event.event_type(),
            failure: Some(&failure),
        });
        if self.context.core.in_memory.is_poisoned() {
            self.restart_empty(failure).await?;
        }
        Ok(())
    }

    /// Returns the letter of `event`, which replaces `letter` after that is applied or dismissed.
    pub(super) fn next_letter(&self, letter: &DeadLetter, event: &RecordedEvent) -> DeadLetter {
        let held = letter.held.saturating_sub(1);
        DeadLetter { held, ..DeadLetter::released(&*self.context.core.name, event, now()) }
    }

    /// Returns the first event that waits behind `letter`.
    pub(super) async fn first_behind(&mut self, letter: &DeadLetter) -> Result<Option<Arc<RecordedEvent>>, End> {
        let mut first = None;
        self.look_at_waiting(&letter.stream, letter.version + 1, |event| {
            first = Some(Arc::clone(event));
            false
        })
        .await?;
        Ok(first)
    }

    /// Counts the events behind `letter` that the subscription has passed.
    async fn held_behind(&mut self, letter: &DeadLetter) -> Result<u64, End> {
        let mut held = 0;
        self.look_at_waiting(&letter.stream, letter.version + 1, |_| {
            held += 1;
            true
        })
        .await?;
        Ok(held)
    }

    /// Calls `look` with each event of `stream`, from version `from` on, that the subscription has passed and must
    /// still apply, in order, until `look` returns false.
    pub(super) async fn look_at_waiting(
        &mut self,
        stream: &StreamId,
        mut from: u64,
        mut look: impl FnMut(&Arc<RecordedEvent>) -> bool + Send,
    ) -> Result<(), End> {
        const PAGE: PageLimit = PageLimit::events(200).within_bytes(1024 * 1024);
        let core = Arc::clone(&self.context.core);
        loop {
            let read = ReadStream::forward().from(from);
            let page = self.context.retry_until_up(|| core.store.read_stream_page(stream, read, PAGE)).await?;
            for event in &page.events {
                if event.position() > self.active.high_water {
                    return Ok(());
                }
                if core.filter.matches(event) && !self.active.parked.is_dismissed(event) && !look(event) {
                    return Ok(());
                }
            }
            match page.events.last() {
                Some(last) if page.is_full => from = last.version() + 1,
                _ => return Ok(()),
            }
        }
    }
}
