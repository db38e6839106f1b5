//! Retries dead letters in batches, between the pages of the log.
//!
//! ```text
//! a request -> [ plan a batch -> apply it in one transaction, with the changes of its letters -> a page of the log ]*
//!           -> the answer
//! ```
//!
//! A batch contains letters ordered by position, each followed by the events that wait behind it in its stream. The
//! events behind a letter were never tried before, and the first of them may fail. So the first batch of a request
//! contains at most one of them, and the number doubles with each batch that is applied.

use std::collections::{BTreeSet, VecDeque};

use super::letter_item::Item;
use super::{End, Owner};
use crate::event::{Position, StreamId};
use crate::projection::{CheckpointStore, DeadLetter, LetterChange, LetterQuery, LetterState};
use crate::subscription::requests::{Answered, Reply};
use crate::subscription::{RetryReport, SubscriptionState};

/// Letters that are being retried.
pub(super) struct Retrying {
    pub(super) scope: Scope,
    retried: RetryReport,
    /// The answer to the request; `None` for released letters, which need no request.
    answer: Option<Reply<Answered>>,
    /// The largest number of events in the next batch.
    pub(super) size: usize,
    /// How many of them may be events that waited behind letters.
    pub(super) reach: usize,
    /// How many outages were met in a row.
    pub(super) outages: u32,
    /// How many letters failed again.
    failed: usize,
    /// Whether it continues after the replay of the log.
    resumes: bool,
}

/// Which letters are retried.
pub(super) enum Scope {
    /// The letters in `(after, until]`, except events that became letters during this request.
    All { after: Position, until: Position, failed: BTreeSet<Position> },
    /// The letters of these streams, in this order.
    Streams {
        streams: VecDeque<StreamId>,
        /// The streams whose letter has failed again.
        failed: Vec<StreamId>,
    },
    /// The released letters.
    Released,
}

impl Scope {
    pub(super) fn streams(streams: impl IntoIterator<Item = StreamId>) -> Self {
        Self::Streams { streams: streams.into_iter().collect(), failed: Vec::new() }
    }
}

impl Retrying {
    fn new(scope: Scope, answer: Option<Reply<Answered>>, retried: RetryReport, size: usize) -> Self {
        Self { scope, retried, answer, size, reach: 1, outages: 0, failed: 0, resumes: false }
    }

    /// Returns the state of a subscription that retries letters. `waiting` is the number of all letters.
    pub(super) fn state(&self, waiting: usize) -> SubscriptionState {
        let left = match &self.scope {
            Scope::All { .. } => waiting.saturating_sub(self.failed),
            Scope::Streams { streams, .. } => waiting.min(streams.len()),
            Scope::Released => waiting.min(1),
        };
        SubscriptionState::RetryingLetters { applied: self.retried.applied, left }
    }

    /// Whether the last requested letter has failed.
    fn has_failed(&self) -> bool {
        let goes_on = match &self.scope {
            Scope::All { .. } => true,
            Scope::Streams { streams, .. } => !streams.is_empty(),
            Scope::Released => false,
        };
        self.failed > 0 && !goes_on
    }

    /// Makes the next batches smaller, after a batch of `tried` events was not applied.
    pub(super) fn shrink(&mut self, tried: usize) {
        self.size = (tried / 2).max(1);
        self.reach = (self.reach / 2).max(1);
    }

    /// Continues with a batch of `size` events after the replay of the log.
    pub(super) fn resume_with(&mut self, size: usize) {
        self.size = size.max(1);
        self.resumes = true;
    }

    /// Makes the next batches larger, up to `most` events.
    fn grow(&mut self, most: usize) {
        self.size = (self.size * 2).min(most);
        self.reach = (self.reach * 2).min(most);
        self.outages = 0;
    }

    /// Answers the request with what was done so far.
    pub(super) fn answer(self) {
        if let Some(answer) = self.answer {
            answer.send(Ok(self.retried));
        }
    }

    /// Moves past the letter of `item`.
    fn pass(&mut self, item: &Item) {
        if item.letter.state == LetterState::Waiting {
            self.retried.letters += 1;
            if let Scope::All { after, .. } = &mut self.scope {
                *after = item.letter.position.max(*after);
            }
        }
    }

    /// Notes that `stream` has no letter to retry any more. Returns whether it had one.
    pub(super) fn drop_stream(&mut self, stream: &StreamId) -> bool {
        let Scope::Streams { streams, .. } = &mut self.scope else { return false };
        let before = streams.len();
        streams.retain(|other| other != stream);
        streams.len() < before
    }

    fn leave(&mut self, letter: DeadLetter) {
        if self.retried.left.len() < RetryReport::MOST_LEFT {
            self.retried.left.push(letter);
        } else {
            self.retried.more_left = true;
        }
    }
}

impl<C: CheckpointStore> Owner<'_, C> {
    /// Begins to retry the letters of `scope`. `begun` is what the request has done already.
    pub(super) fn begin_scope(&mut self, scope: Scope, answer: Option<Reply<Answered>>, begun: RetryReport) {
        self.active.retrying = Some(Retrying::new(scope, answer, begun, self.most_letters()));
        self.publish();
    }

    /// Begins to apply letters that were released before the last stop. Does nothing while the state of a memory
    /// projection is unknown.
    pub(super) async fn begin_released(&mut self) -> Result<(), End> {
        if self.active.retrying.is_none()
            && !self.context.core.in_memory.is_poisoned()
            && self.released().await?.is_some()
        {
            self.begin_scope(Scope::Released, None, RetryReport::default());
        }
        Ok(())
    }

    /// Retries one batch of letters, and answers the request if it was the last batch.
    pub(super) async fn retry_batch(&mut self) -> Result<(), End> {
        self.before_letters().await?;
        let (items, is_last) = self.plan_batch().await?;
        let is_applied = self.apply_letters(&items).await?;
        self.recount_letters().await?;
        // Ends the request early if a letter failed, an event is too new for the program, or a replay is under way.
        let has_failed = self.active.retrying.as_ref().is_some_and(Retrying::has_failed);
        let resumes = self.active.retrying.as_mut().is_some_and(|retrying| std::mem::take(&mut retrying.resumes));
        let waits_for_replay = !self.active.is_replayed() && !resumes;
        if (is_last && is_applied) || has_failed || self.active.outdated.is_some() || waits_for_replay {
            self.end_retry().await?;
        }
        self.publish();
        Ok(())
    }

    /// Answers the request. Letters that were not retried are in its `left`.
    pub(super) async fn end_retry(&mut self) -> Result<(), End> {
        let Some(mut retrying) = self.active.retrying.take() else { return Ok(()) };
        match &retrying.scope {
            Scope::All { after, until, .. } => {
                let (after, until) = (*after, *until);
                let page =
                    self.page_of_parked(LetterQuery::parking().after(after).limit(RetryReport::MOST_LEFT + 1)).await?;
                for letter in page.into_iter().take_while(|letter| letter.position <= until) {
                    // More events may wait behind the letter by now: the later copy replaces the earlier one.
                    retrying.retried.left.retain(|left| left.stream != letter.stream);
                    retrying.leave(letter);
                }
            }
            Scope::Streams { streams, failed } => {
                for stream in failed.clone().into_iter().chain(streams.clone()) {
                    self.letter_of(&stream).await?.into_iter().for_each(|letter| retrying.leave(letter));
                }
            }
            Scope::Released => {}
        }
        self.publish();
        retrying.answer();
        Ok(())
    }

    /// Returns the largest number of events in a batch of letters.
    fn most_letters(&self) -> usize {
        if self.active.one_by_one { 1 } else { self.context.core.config.page_limit().events }
    }

    /// Notes events of a batch that were applied.
    pub(super) fn note_applied(&mut self, items: &[Item]) {
        let most = self.most_letters();
        if let Some(retrying) = &mut self.active.retrying {
            retrying.retried.applied += items.len() as u64;
            for item in items {
                retrying.pass(item);
                if matches!(item.after, LetterChange::Release { .. }) {
                    retrying.drop_stream(&item.letter.stream);
                }
            }
            retrying.grow(most);
        }
    }

    /// Notes an event of a batch that failed and is the letter of its stream now.
    pub(super) fn note_failed(&mut self, item: &Item) {
        let left = self.active.parked.letter(&item.letter.stream).cloned();
        let Some(retrying) = &mut self.active.retrying else { return };
        retrying.pass(item);
        retrying.failed += 1;
        if retrying.drop_stream(&item.letter.stream)
            && let Scope::Streams { failed, .. } = &mut retrying.scope
        {
            failed.push(item.letter.stream.clone());
        }
        let Scope::All { after, until, failed } = &mut retrying.scope else { return };
        let position = item.event.position();
        if position > *after && position <= *until {
            failed.insert(position);
        }
        *failed = failed.split_off(after);
        left.into_iter().for_each(|letter| retrying.leave(letter));
    }
}
