//! Finds dead letters: in memory if there are few, by queries if there are many.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::parked::{Keeping, MOST_IN_MEMORY, Parked};
use super::{Active, End, Owner};
use crate::event::{Position, RecordedEvent, StreamId};
use crate::projection::{CheckpointStore, DeadLetter, LetterCounts, LetterQuery};

impl<C: CheckpointStore> Owner<'_, C> {
    /// Loads the letters after a claim, and reports how many wait.
    pub(super) async fn load_letters(&mut self) -> Result<(), End> {
        self.find_letters(Keeping::Stored).await?;
        self.tell_letters();
        Ok(())
    }

    /// Loads the letters after a claim. If there are many, only counts them.
    pub(super) async fn find_letters(&mut self, keeping: Keeping) -> Result<(), End> {
        let counts = self.count_letters().await?;
        self.active.parked = if counts.waiting <= MOST_IN_MEMORY {
            Parked::all(self.letters(LetterQuery::parking()).await?, keeping)
        } else {
            Parked::some(counts, keeping)
        };
        Ok(())
    }

    /// Reports how many letters wait.
    pub(super) fn tell_letters(&self) {
        self.context.core.progress.set_letters(self.active.parked.counts());
    }

    /// Reads all stored letters that match `query`, page by page.
    pub(super) async fn letters(&mut self, query: LetterQuery) -> Result<Vec<DeadLetter>, End> {
        let (mut letters, mut next) = (Vec::new(), Some(query.limit(MOST_IN_MEMORY)));
        while let Some(query) = next {
            let page = self.letter_page(query).await?;
            next = query.next(&page);
            letters.extend(page);
        }
        Ok(letters)
    }

    /// Reads which events were dismissed that can still be met: those after the present position, in a replay, and those
    /// behind a letter.
    pub(super) async fn know_dismissed(&mut self) -> Result<(), End> {
        let first = LetterQuery::parking().limit(1);
        let first_letter = match self.active.parked.knows_all() {
            true => self.active.parked.page(first).pop(),
            false => self.letter_page(first).await?.pop(),
        };
        let position = self.active.position;
        let after = first_letter.map_or(position, |letter| position.min(letter.position));
        let mut next = Some(LetterQuery::dismissed().after(after).limit(MOST_IN_MEMORY));
        while let Some(query) = next {
            let page = self.letter_page(query).await?;
            next = query.next(&page);
            self.active.parked.know_dismissed(page.iter().map(|letter| letter.position));
        }
        Ok(())
    }

    async fn letter_page(&mut self, query: LetterQuery) -> Result<Vec<DeadLetter>, End> {
        let (core, checkpoints) = (Arc::clone(&self.context.core), Arc::clone(&self.context.checkpoints));
        self.context.retry_until_up(|| checkpoints.dead_letters(&core.name, query)).await
    }

    async fn count_letters(&mut self) -> Result<LetterCounts, End> {
        let (core, checkpoints) = (Arc::clone(&self.context.core), Arc::clone(&self.context.checkpoints));
        let names = [&*core.name];
        let mut counts = self.context.retry_until_up(|| checkpoints.letter_counts(&names)).await?;
        Ok(counts.remove(&core.name).unwrap_or_default())
    }

    /// Counts the letters again, if not all of them were counted.
    pub(super) async fn recount_letters(&mut self) -> Result<(), End> {
        if self.active.parked.is_uncounted() {
            let counts = self.count_letters().await?;
            self.active.parked.count(counts);
            self.tell_letters();
        }
        Ok(())
    }

    /// Reads which streams of `events` are parked, before the events are applied.
    pub(super) async fn know_streams(&mut self, events: &[Arc<RecordedEvent>]) -> Result<(), End> {
        if self.active.parked.knows_all() {
            return Ok(());
        }
        let streams: BTreeSet<_> = events.iter().map(|event| event.stream()).collect();
        let streams: Vec<_> = streams.into_iter().cloned().collect();
        let letters = self.stored_of(&streams).await?;
        let Active { parked, unstored, .. } = &mut *self.active;
        parked.know_only(letters);
        parked.overlay(&streams, unstored.letters());
        Ok(())
    }

    /// Forgets the letters that can be looked up again, so that they do not gather in memory.
    pub(super) fn forget_known_letters(&mut self) {
        if !self.active.parked.knows_all() {
            self.active.parked.know_only(Vec::new());
        }
    }

    /// Notes stored letters, before they change.
    pub(super) fn learn_letters(&mut self, letters: &[DeadLetter]) {
        if !self.active.parked.knows_all() {
            self.active.parked.learn(letters.to_vec());
        }
    }

    async fn stored_of(&mut self, streams: &[StreamId]) -> Result<Vec<DeadLetter>, End> {
        let (core, checkpoints) = (Arc::clone(&self.context.core), Arc::clone(&self.context.checkpoints));
        self.context.retry_until_up(|| checkpoints.parked(&core.name, streams)).await
    }

    /// Returns the first released letter: its predecessor is applied, so it follows without a request.
    pub(super) async fn released(&mut self) -> Result<Option<DeadLetter>, End> {
        if self.active.parked.hides_released() {
            let found = self.letter_page(LetterQuery::released().limit(1)).await?;
            if found.is_empty() {
                self.active.parked.shows_released();
            }
            self.active.parked.learn(found);
        }
        Ok(self.active.parked.released().cloned())
    }

    /// Returns the letter at `position`, if it parks a stream.
    pub(super) async fn letter_at(&mut self, position: Position) -> Result<Option<DeadLetter>, End> {
        let Some(before) = position.value().checked_sub(1) else { return Ok(None) };
        let page = self.page_of_parked(LetterQuery::parking().after(Position::new(before)).limit(1)).await?;
        Ok(page.into_iter().find(|letter| letter.position == position))
    }

    /// Returns the letter behind which `stream` is parked.
    pub(super) async fn letter_of(&mut self, stream: &StreamId) -> Result<Option<DeadLetter>, End> {
        if !self.active.parked.knows_all() && self.active.parked.letter(stream).is_none() {
            let stream = std::slice::from_ref(stream);
            let found = self.stored_of(stream).await?;
            let Active { parked, unstored, .. } = &mut *self.active;
            parked.learn(found);
            parked.overlay(stream, unstored.letters());
        }
        Ok(self.active.parked.letter(stream).cloned())
    }

    /// Returns a page of the letters that park streams.
    pub(super) async fn page_of_parked(&mut self, query: LetterQuery) -> Result<Vec<DeadLetter>, End> {
        if self.active.parked.knows_all() {
            return Ok(self.active.parked.page(query));
        }
        let page = self.letter_page(query).await?;
        self.active.parked.learn(page.clone());
        Ok(page)
    }
}
