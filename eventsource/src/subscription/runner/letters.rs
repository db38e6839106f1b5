//! Dead letters: giving an event up, and what is asked for afterwards.

use std::sync::Arc;

use super::commit::Undone;
use super::obstructed::Outcome;
use super::outdated::{Obstacle, Outdated};
use super::transaction::Transacted;
use super::{End, Runner};
use crate::event::{Position, RecordedEvent, StreamId, now};
use crate::projection::{
    CheckpointStore, DeadLetter, HandlerError, Kind, LetterChange, LetterQuery, LetterState, NotSetUp,
};
use crate::store::{PageLimit, ReadStream};
use crate::subscription::policy::FailurePolicy;
use crate::subscription::rebuilds::Outcome as RebuildOutcome;
use crate::subscription::requests::{Request, Which};
use crate::subscription::shared::Applied;
use crate::subscription::{DeadLetterError, Failure, Retried};

impl<C: CheckpointStore> Runner<C> {
    /// Does with `event`, which cannot be applied, what the policy says, and passes it over.
    pub(super) async fn give_up(
        &mut self,
        event: &RecordedEvent,
        to: Position,
        failure: Arc<Failure>,
    ) -> Result<(), End> {
        if failure.error.is_caused_by::<NotSetUp>() {
            self.check_owner().await?;
        }
        let policy = self.core.config.failures.of(failure.error.class(), self.rebuild_to.is_some());
        if policy == FailurePolicy::Stop || failure.error.is_caused_by::<NotSetUp>() {
            return Err(End::Faulted(failure));
        }
        if let Some(limit) = self.failing.count(event.position()) {
            let error = HandlerError::permanent(format!(
                "{}; {limit}, and a subscription faults rather than put the log aside (`SubscriptionConfig::failure_limit`)",
                failure.error
            ));
            return Err(End::Faulted(Arc::new(failure.with(error))));
        }
        let mut letter = self.letter(event, &failure);
        let change = match policy {
            _ if policy != FailurePolicy::Skip && event.position() < self.seen => {
                // It was applied before the replay, and so was what waits behind it now.
                letter.held = self.held_behind(&letter).await?;
                LetterChange::Keep(letter)
            }
            FailurePolicy::Skip => LetterChange::Dismiss(letter.dismissed("skipped by the policy of the subscription")),
            _ => LetterChange::Keep(letter),
        };
        self.core.progress.fail(failure.to_string(), self.working());
        self.save(to, vec![change]).await?;
        tracing::error!(subscription = self.core.name, position = %event.position(), ?policy, %failure, "gave up an event");
        self.arrive(to, 0);
        Ok(())
    }

    fn letter(&self, event: &RecordedEvent, failure: &Failure) -> DeadLetter {
        let mut letter = DeadLetter::new(&*self.core.name, event, &failure.error, failure.attempts);
        letter.first_failed_at = failure.first_failed_at;
        letter
    }

    /// Whether the state is where it was, and is not being replayed: before that, what follows a letter would be applied
    /// to less than it stands on, and again when the replay comes to it.
    pub(super) fn is_replayed(&self) -> bool {
        self.position >= self.seen
    }

    /// Applies what was released before the last stop, and not applied since, and does what was asked for meanwhile.
    pub(super) async fn serve_requests(&mut self) -> Result<(), End> {
        while self.is_replayed() {
            if let Some(outdated) = self.outdated.take() {
                return Err(End::Outdated(outdated));
            }
            // What nobody knows the state of waits to be rebuilt.
            if !self.core.in_memory.is_in_pieces()
                && let Some(DeadLetter { stream, .. }) = self.released().await?
            {
                self.follow(&stream).await?;
                continue;
            }
            let Some(request) = self.core.requests.take() else { break };
            match request {
                Request::Retry { which, answer } => answer.send(self.retry(which).await?),
                Request::Dismiss { position, reason, answer } => answer.send(self.dismiss(position, reason).await?),
                Request::CancelNext { answer } => {
                    self.drop_next(RebuildOutcome::Cancelled).await?;
                    answer.send(());
                }
                Request::Rebuild { kind, answer } => answer.send(self.rebuild(kind).await?),
            }
        }
        Ok(())
    }

    async fn retry(&mut self, which: Which) -> Result<Result<Retried, DeadLetterError>, End> {
        let wanted: Vec<_> = match &which {
            Which::All => self.parked_streams().await?,
            Which::At(position) => self.letter_at(*position).await?.into_iter().map(|letter| letter.stream).collect(),
            Which::Stream(stream) => self.letter_of(stream).await?.into_iter().map(|letter| letter.stream).collect(),
        };
        if wanted.is_empty() && !matches!(which, Which::All) {
            return Ok(Err(self.no_such_letter(&which)));
        }
        let mut retried = Retried { applied: 0, left: Vec::new() };
        for stream in wanted {
            if self.is_replayed() {
                retried.applied += self.follow(&stream).await?;
                self.recount_letters().await?;
            }
            retried.left.extend(self.letter_of(&stream).await?);
        }
        Ok(Ok(retried))
    }

    async fn parked_streams(&mut self) -> Result<Vec<StreamId>, End> {
        let (mut streams, mut next) = (Vec::new(), Some(LetterQuery::parking()));
        while let Some(query) = next {
            let page = self.page_of_parked(query).await?;
            next = query.next(&page);
            streams.extend(page.into_iter().map(|letter| letter.stream));
        }
        Ok(streams)
    }

    async fn dismiss(&mut self, position: Position, reason: String) -> Result<Result<Retried, DeadLetterError>, End> {
        let Some(letter) = self.letter_at(position).await? else {
            return Ok(Err(self.no_such_letter(&Which::At(position))));
        };
        let (_, after) = self.waiting(&letter).await?;
        let stream = letter.stream.clone();
        let mut changes = vec![LetterChange::Dismiss(letter.clone().dismissed(reason))];
        changes.extend(after.map(|event| self.next_letter(&letter, &event)));
        self.save(self.position, changes).await?;
        let applied = self.follow(&stream).await?;
        Ok(Ok(Retried { applied, left: self.letter_of(&stream).await?.into_iter().collect() }))
    }

    fn no_such_letter(&self, which: &Which) -> DeadLetterError {
        DeadLetterError::Unknown { subscription: self.core.name.clone(), which: which.to_string() }
    }

    /// Applies the letter of `stream`, and then what waits behind it, in order, until one fails, which becomes the
    /// letter. Each commits together with what is left to do: who is killed goes on from there. Returns how many events
    /// were applied.
    async fn follow(&mut self, stream: &StreamId) -> Result<u64, End> {
        let mut applied = 0;
        while let Some(letter) = self.letter_of(stream).await? {
            self.heed_control().await?;
            let (event, after) = self.waiting(&letter).await?;
            let next = match after {
                Some(after) => self.next_letter(&letter, &after),
                None => LetterChange::Release { stream: stream.clone() },
            };
            let Some(event) = event else {
                // What the projection asks for has changed: nothing of it waits any more.
                self.save(self.position, vec![next]).await?;
                continue;
            };
            match self.apply_alone(&event, next).await? {
                None => applied += 1,
                Some(failure) => {
                    if let Some(outdated) = Outdated::of(&failure.error, Obstacle::Letter(event.position())) {
                        self.core.progress.note(Arc::clone(&outdated.reason));
                        // A letter that failed before waits as it is. One that is to follow would be tried again for ever.
                        if letter.state == LetterState::Released {
                            self.outdated = Some(outdated);
                        }
                        break;
                    }
                    let mut failed = self.letter(&event, &failure);
                    failed.held = letter.held;
                    failed.attempts = letter.attempts.saturating_add(failure.attempts);
                    if letter.attempts > 0 {
                        failed.first_failed_at = letter.first_failed_at;
                    }
                    self.save(self.position, vec![LetterChange::Keep(failed)]).await?;
                    if self.core.in_memory.is_in_pieces() {
                        self.begin_anew(failure).await?;
                    }
                    break;
                }
            }
        }
        Ok(applied)
    }

    /// The letter that takes the place of `letter`, once that is no more.
    fn next_letter(&self, letter: &DeadLetter, event: &RecordedEvent) -> LetterChange {
        let held = letter.held.saturating_sub(1);
        LetterChange::Keep(DeadLetter { held, ..DeadLetter::released(&*self.core.name, event, now()) })
    }

    /// The event of `letter`, and the next one that waits behind it.
    async fn waiting(
        &mut self,
        letter: &DeadLetter,
    ) -> Result<(Option<Arc<RecordedEvent>>, Option<Arc<RecordedEvent>>), End> {
        let (mut own, mut next) = (None, None);
        self.look_at_waiting(&letter.stream, letter.version, |event| {
            let place = if event.version() == letter.version { &mut own } else { &mut next };
            *place = Some(Arc::clone(event));
            next.is_none()
        })
        .await?;
        Ok((own, next))
    }

    /// How many events wait behind `letter`, of those that the subscription has passed.
    async fn held_behind(&mut self, letter: &DeadLetter) -> Result<u64, End> {
        let mut held = 0;
        self.look_at_waiting(&letter.stream, letter.version + 1, |_| {
            held += 1;
            true
        })
        .await?;
        Ok(held)
    }

    /// Shows `look` the events of `stream` from the version `from` on that the subscription has passed and that are still
    /// to be applied, in order, for as long as it wants more.
    async fn look_at_waiting(
        &mut self,
        stream: &StreamId,
        mut from: u64,
        mut look: impl FnMut(&Arc<RecordedEvent>) -> bool + Send,
    ) -> Result<(), End> {
        const PAGE: PageLimit = PageLimit::events(200).within_bytes(1024 * 1024);
        let core = Arc::clone(&self.core);
        loop {
            let read = ReadStream::forward().from(from);
            let page = self.ask(|| core.store.read_stream_page(stream, read, PAGE)).await?;
            for event in &page.events {
                if event.position() > self.seen {
                    return Ok(());
                }
                if core.filter.matches(event) && !self.parked.is_dismissed(event) && !look(event) {
                    return Ok(());
                }
            }
            match page.events.last() {
                Some(last) if page.is_full => from = last.version() + 1,
                _ => return Ok(()),
            }
        }
    }

    /// Applies `event`, with retries, together with what becomes of its letter. Returns the failure, where it failed.
    async fn apply_alone(
        &mut self,
        event: &Arc<RecordedEvent>,
        change: LetterChange,
    ) -> Result<Option<Arc<Failure>>, End> {
        let mut failure: Option<Arc<Failure>> = None;
        let (mut outages, mut obstruction) = (0, None);
        loop {
            if let Some(failed) = &failure
                && (self.core.in_memory.is_in_pieces() || !self.is_tried_again(&Arc::clone(failed)).await?)
            {
                return Ok(failure);
            }
            let error = match self.try_alone(event, &change).await? {
                Tried::Done => {
                    self.failing.success();
                    self.core.progress.advance(self.position, 1, self.working());
                    return Ok(None);
                }
                Tried::Outage(Undone { met, waited }) => {
                    outages += 1;
                    if self.is_repeated_at_once(&met, outages).await? || (waited && outages == 1) {
                        continue;
                    }
                    match self.met_alone(event, obstruction, met, outages).await? {
                        Outcome::Waited(obstructed) => obstruction = obstructed,
                        Outcome::GivenUp(failure) => return Ok(Some(failure)),
                    }
                    continue;
                }
                Tried::Failed(error) => error,
            };
            self.note_cut_off(&error);
            failure = Some(self.failure(event, failure, error));
        }
    }

    async fn try_alone(&mut self, event: &Arc<RecordedEvent>, change: &LetterChange) -> Result<Tried, End> {
        let (events, changes) = (std::slice::from_ref(event), vec![change.clone()]);
        if self.core.kind == Kind::Transactional {
            return Ok(match self.in_transaction(events, self.position, changes).await? {
                Transacted::Committed => Tried::Done,
                Transacted::Undone(undone) => Tried::Outage(undone),
                // One event is not one of several.
                Transacted::OneByOne(reason) => Tried::Failed(HandlerError::transient(reason)),
                Transacted::Refused(refused) => Tried::Failed(refused.into()),
                Transacted::Failed { error, .. } => Tried::Failed(error),
                Transacted::Outage { met, .. } => Tried::Outage(Undone { met, waited: false }),
                Transacted::Ended => return Err(End::Faulted(self.transaction_ended(events))),
            });
        }
        let mut unit = self.checkpoints.detached();
        Ok(match self.subscriber.apply(&self.core, events, &mut unit).await {
            Applied::All => {
                self.save(self.position, changes).await?;
                Tried::Done
            }
            Applied::Failed { error, .. } => Tried::Failed(error),
            Applied::Outage { met, .. } => Tried::Outage(Undone { met, waited: false }),
        })
    }
}

/// How one call for one event ended.
enum Tried {
    Done,
    Outage(Undone),
    Failed(HandlerError),
}
