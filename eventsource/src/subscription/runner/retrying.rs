//! Retrying dead letters: in batches, in turns with the pages of the log.
//!
//! ```text
//! a request -> [ plan a batch -> apply it in one transaction, with what becomes of its letters -> a page of the log ]*
//!           -> the answer
//! ```
//!
//! A batch holds letters in the order of their positions, each with what waits behind it in its stream before the next
//! letter: the order in which one after another would be applied. Events that have waited behind letters were never tried:
//! the first batch of a request holds one of them at most, and twice as many follow with each batch that is applied.

use std::collections::BTreeSet;

use super::plan::Item;
use super::{End, Runner};
use crate::event::{Position, StreamId};
use crate::projection::{CheckpointStore, DeadLetter, LetterChange, LetterQuery, LetterState};
use crate::subscription::requests::{Answered, Reply};
use crate::subscription::{DeadLetterError, LetterSelection, RetryReport, SubscriptionState};

/// Letters that are being retried.
pub(super) struct Retrying {
    pub(super) scope: Scope,
    retried: RetryReport,
    /// Where the answer goes; `None` where nobody has asked.
    answer: Option<Reply<Answered>>,
    /// How many events the next batch holds at most.
    pub(super) size: usize,
    /// How many of them may have waited behind letters.
    pub(super) reach: usize,
    /// How many outages were met in a row.
    pub(super) outages: u32,
    /// How many letters failed again.
    failed: usize,
    /// Whether it goes on once the log is replayed.
    resumes: bool,
}

/// Which letters are retried.
pub(super) enum Scope {
    /// Those after `after` and up to `until`, but not those which failed behind others.
    All { after: Position, until: Position, failed: BTreeSet<Position> },
    /// The one of a stream.
    Stream(StreamId),
    /// Those that follow without being asked for.
    Released,
}

impl Retrying {
    fn new(scope: Scope, answer: Option<Reply<Answered>>, size: usize) -> Self {
        let retried = RetryReport { applied: 0, left: Vec::new(), more_left: false };
        Self { scope, retried, answer, size, reach: 1, outages: 0, failed: 0, resumes: false }
    }

    /// The state of a subscription that retries letters, of which `waiting` are there in all.
    pub(super) fn state(&self, waiting: usize) -> SubscriptionState {
        let left = match self.scope {
            Scope::All { .. } => waiting.saturating_sub(self.failed),
            Scope::Stream(_) | Scope::Released => waiting.min(1),
        };
        SubscriptionState::RetryingLetters { applied: self.retried.applied, left }
    }

    /// Whether the one letter that was asked for has failed.
    const fn has_failed(&self) -> bool {
        self.failed > 0 && !matches!(self.scope, Scope::All { .. })
    }

    /// The next batches are smaller: this one was not applied.
    pub(super) fn shrink(&mut self, tried: usize) {
        self.size = (tried / 2).max(1);
        self.reach = (self.reach / 2).max(1);
    }

    /// Once the log is replayed, it goes on with a batch of `size` events.
    pub(super) fn resume_with(&mut self, size: usize) {
        self.size = size.max(1);
        self.resumes = true;
    }

    /// The next batches are larger, up to `most` events.
    fn grow(&mut self, most: usize) {
        self.size = (self.size * 2).min(most);
        self.reach = (self.reach * 2).min(most);
        self.outages = 0;
    }

    /// The stored letter of `item` is taken up.
    fn pass(&mut self, item: &Item) {
        if let Scope::All { after, .. } = &mut self.scope
            && item.letter.state == LetterState::Waiting
        {
            *after = item.letter.position.max(*after);
        }
    }

    fn leave(&mut self, letter: DeadLetter) {
        if self.retried.left.len() < RetryReport::MOST_LEFT {
            self.retried.left.push(letter);
        } else {
            self.retried.more_left = true;
        }
    }
}

impl<C: CheckpointStore> Runner<C> {
    /// Begins to retry the letters that a request names. One that names none is answered.
    pub(super) async fn begin_retry(&mut self, which: LetterSelection, answer: Reply<Answered>) -> Result<(), End> {
        let letter = match &which {
            LetterSelection::All => {
                let scope = Scope::All { after: Position::START, until: self.high_water, failed: BTreeSet::new() };
                self.begin_scope(scope, Some(answer));
                return Ok(());
            }
            LetterSelection::At(position) => self.letter_at(*position).await?,
            LetterSelection::Stream(stream) => self.letter_of(stream).await?,
            LetterSelection::Event(id) => {
                let found = self.page_of_parked(LetterQuery::event(*id).limit(1)).await?;
                found.into_iter().find(DeadLetter::parks)
            }
        };
        match letter {
            Some(letter) => self.begin_scope(Scope::Stream(letter.stream), Some(answer)),
            None => answer.send(Err(self.no_such_letter(&which))),
        }
        Ok(())
    }

    fn begin_scope(&mut self, scope: Scope, answer: Option<Reply<Answered>>) {
        self.retrying = Some(Retrying::new(scope, answer, self.most_letters()));
        self.core.progress.set_state(self.working());
    }

    /// Begins to apply what was released before the last stop, and not applied since. What nobody knows the state of waits
    /// to be rebuilt.
    pub(super) async fn begin_released(&mut self) -> Result<(), End> {
        if self.retrying.is_none() && !self.core.in_memory.is_poisoned() && self.released().await?.is_some() {
            self.begin_scope(Scope::Released, None);
        }
        Ok(())
    }

    /// Gives the event at `position` up, and begins to apply what waits behind it.
    pub(super) async fn dismiss(
        &mut self,
        position: Position,
        reason: String,
        answer: Reply<Answered>,
    ) -> Result<(), End> {
        let Some(letter) = self.letter_at(position).await? else {
            answer.send(Err(self.no_such_letter(&LetterSelection::At(position))));
            return Ok(());
        };
        let next = self.first_behind(&letter).await?;
        let stream = letter.stream.clone();
        let mut changes = vec![LetterChange::Dismiss(letter.clone().dismissed(reason))];
        changes.extend(next.map(|event| LetterChange::Keep(self.next_letter(&letter, &event))));
        self.save(self.position, changes).await?;
        self.begin_scope(Scope::Stream(stream), Some(answer));
        Ok(())
    }

    fn no_such_letter(&self, which: &LetterSelection) -> DeadLetterError {
        DeadLetterError::Unknown { subscription: self.core.name.clone(), which: which.clone() }
    }

    /// Retries one batch of letters, and answers the request where none is left.
    pub(super) async fn retry_batch(&mut self) -> Result<(), End> {
        let (items, is_last) = self.plan_batch().await?;
        let is_applied = self.apply_letters(&items).await?;
        self.recount_letters().await?;
        // What follows an event that cannot be read, or a state that is being replayed, waits for another time.
        let has_failed = self.retrying.as_ref().is_some_and(Retrying::has_failed);
        let resumes = self.retrying.as_mut().is_some_and(|retrying| std::mem::take(&mut retrying.resumes));
        let is_held_up = !self.is_replayed() && !resumes;
        if (is_last && is_applied) || has_failed || self.outdated.is_some() || is_held_up {
            self.end_retry().await?;
        }
        self.core.progress.set_state(self.working());
        Ok(())
    }

    /// Answers the request. What it has not come to is left.
    pub(super) async fn end_retry(&mut self) -> Result<(), End> {
        let Some(mut retrying) = self.retrying.take() else { return Ok(()) };
        match &retrying.scope {
            Scope::All { after, until, .. } => {
                let (after, until) = (*after, *until);
                let page =
                    self.page_of_parked(LetterQuery::parking().after(after).limit(RetryReport::MOST_LEFT + 1)).await?;
                for letter in page.into_iter().take_while(|letter| letter.position <= until) {
                    // More may wait behind a letter by now than when it failed.
                    retrying.retried.left.retain(|left| left.stream != letter.stream);
                    retrying.leave(letter);
                }
            }
            Scope::Stream(stream) => {
                let stream = stream.clone();
                retrying.retried.left.extend(self.letter_of(&stream).await?);
            }
            Scope::Released => {}
        }
        self.core.progress.set_state(self.working());
        if let Some(answer) = retrying.answer {
            answer.send(Ok(retrying.retried));
        }
        Ok(())
    }

    /// How many events a batch of letters holds at most.
    fn most_letters(&self) -> usize {
        if self.one_by_one { 1 } else { self.core.config.page_limit().events }
    }

    /// Takes note of events of a batch that were applied.
    pub(super) fn note_applied(&mut self, items: &[Item]) {
        let most = self.most_letters();
        if let Some(retrying) = &mut self.retrying {
            retrying.retried.applied += items.len() as u64;
            items.iter().for_each(|item| retrying.pass(item));
            retrying.grow(most);
        }
    }

    /// Takes note of an event of a batch that failed, and is the letter of its stream now.
    pub(super) fn note_failed(&mut self, item: &Item) {
        let left = self.parked.letter(&item.letter.stream).cloned();
        let Some(retrying) = &mut self.retrying else { return };
        retrying.pass(item);
        retrying.failed += 1;
        let Scope::All { after, until, failed } = &mut retrying.scope else { return };
        let position = item.event.position();
        if position > *after && position <= *until {
            failed.insert(position);
        }
        *failed = failed.split_off(after);
        left.into_iter().for_each(|letter| retrying.leave(letter));
    }
}
