//! Dead letters in the store of checkpoints.

use super::AdminError;
use super::stored::Stored;
use super::view::{EventView, FORMAT, LetterGroupsView, LetterPageView, LetterView};
use crate::event::Position;
use crate::projection::{CheckpointStore, DeadLetter, LetterKey, LetterSearch, WholeLetter};

impl<C: CheckpointStore> Stored<C> {
    pub(super) async fn letter(&self, name: &str, position: Position) -> Result<LetterView, AdminError> {
        let letter = self.checkpoints.dead_letter(name, position).await?;
        let letter = letter.ok_or_else(|| AdminError::UnknownLetter { subscription: name.to_owned(), position })?;
        self.with_event(letter).await
    }

    /// Returns the letter with its event.
    pub(super) async fn with_event(&self, letter: DeadLetter) -> Result<LetterView, AdminError> {
        let WholeLetter { letter, event } = WholeLetter::read(letter, &*self.log).await?;
        Ok(LetterView { format: FORMAT, letter, event: event.map(|event| EventView::of(&event)) })
    }

    pub(super) async fn find_letters(
        &self,
        search: &LetterSearch,
        after: Option<&LetterKey>,
        limit: usize,
    ) -> Result<LetterPageView, AdminError> {
        Ok(LetterPageView::of(self.checkpoints.find_letters(search, after, limit).await?))
    }

    pub(super) async fn letter_groups(&self, search: &LetterSearch) -> Result<LetterGroupsView, AdminError> {
        Ok(LetterGroupsView::of(self.checkpoints.letter_groups(search).await?))
    }
}
