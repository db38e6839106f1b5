//! An event of a batch of letters.

use std::sync::Arc;

use crate::event::RecordedEvent;
use crate::projection::{DeadLetter, LetterChange};

/// An event of a batch of letters.
pub(super) struct Item {
    /// The letter of its stream after the earlier events of the stream are applied.
    pub(super) letter: DeadLetter,
    pub(super) event: Arc<RecordedEvent>,
    /// The change of the letter after the event is applied.
    pub(super) after: LetterChange,
}

/// Returns the changes of the letters after all `items` are applied: for each stream, that of its last event.
pub(super) fn changes(items: &[Item]) -> Vec<LetterChange> {
    let is_last =
        |index: usize, item: &Item| items.get(index + 1).is_none_or(|next| next.letter.stream != item.letter.stream);
    let last = items.iter().enumerate().filter(|(index, item)| is_last(*index, item));
    last.map(|(_, item)| item.after.clone()).collect()
}
