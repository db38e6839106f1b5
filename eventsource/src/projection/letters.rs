//! The dead letters of one subscription as a value.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{DeadLetter, LetterChange, LetterCounts, LetterQuery, LetterState};
use crate::event::{Position, StreamId};

/// The dead letters of one subscription as a value, for checkpoint stores that have no table of letters. A question about
/// a stream or a position is a look-up by key.
///
/// Collect it from the stored letters, and store [`iter`](Self::iter) again after the changes of an update. With serde it is
/// a sequence of letters.
///
/// ```
/// use eventsource::projection::{LetterCounts, LetterQuery, Letters};
///
/// let letters: Letters = Vec::new().into_iter().collect();
/// assert_eq!(letters.counts(), LetterCounts::default());
/// assert!(letters.page(LetterQuery::all()).is_empty());
/// ```
#[derive(Debug, Clone, Default)]
pub struct Letters {
    letters: BTreeMap<Position, DeadLetter>,
    /// The positions of the letters behind which streams are parked.
    parked: HashMap<StreamId, Position>,
    released: BTreeSet<Position>,
    /// The number of events that wait behind all letters.
    held: u64,
}

impl FromIterator<DeadLetter> for Letters {
    fn from_iter<I: IntoIterator<Item = DeadLetter>>(letters: I) -> Self {
        let mut all = Self::default();
        letters.into_iter().for_each(|letter| all.insert(letter));
        all
    }
}

impl Serialize for Letters {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for Letters {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let stored = Vec::<DeadLetter>::deserialize(deserializer)?;
        let mut all = Self::default();
        for letter in stored {
            all.check(&letter).map_err(de::Error::custom)?;
            all.insert(letter);
        }
        Ok(all)
    }
}

/// Two stored letters exclude each other.
#[derive(Debug, thiserror::Error)]
enum TwoLetters {
    #[error("the subscription `{subscription}` has two dead letters at position {position}")]
    At { subscription: String, position: Position },
    #[error("{stream} is parked behind two dead letters of the subscription `{subscription}`, at {one} and {two}")]
    Of { subscription: String, stream: StreamId, one: Position, two: Position },
}

impl Letters {
    /// Returns why the stored `letter` cannot be one of these.
    fn check(&self, letter: &DeadLetter) -> Result<(), TwoLetters> {
        let (subscription, position) = (letter.subscription.clone(), letter.position);
        if self.letters.contains_key(&position) {
            return Err(TwoLetters::At { subscription, position });
        }
        match self.parked.get(&letter.stream).filter(|_| letter.parks()) {
            Some(&one) => Err(TwoLetters::Of { subscription, stream: letter.stream.clone(), one, two: position }),
            None => Ok(()),
        }
    }

    /// Applies a change of a [`CheckpointUpdate`](super::CheckpointUpdate).
    ///
    /// # Examples
    /// ```
    /// use eventsource::projection::{CheckpointUpdate, Letters};
    ///
    /// fn apply(letters: &mut Letters, update: &CheckpointUpdate) {
    ///     update.letters.iter().for_each(|change| letters.change(change));
    /// }
    /// ```
    pub fn change(&mut self, change: &LetterChange) {
        match change {
            LetterChange::Keep(letter) => {
                self.release(&letter.stream);
                self.insert(letter.clone());
            }
            LetterChange::Hold { stream, more } => {
                let letter = self.parked.get(stream).and_then(|position| self.letters.get_mut(position));
                if let Some(letter) = letter {
                    letter.held += more;
                    self.held += more;
                }
            }
            LetterChange::Release { stream } => self.release(stream),
            LetterChange::Dismiss(letter) => self.insert(letter.clone()),
        }
    }

    /// Stores `letter`, in place of the one at its position.
    pub(crate) fn insert(&mut self, letter: DeadLetter) {
        self.remove(letter.position);
        if letter.parks() {
            self.parked.insert(letter.stream.clone(), letter.position);
            self.held += letter.held;
        }
        if letter.state == LetterState::Released {
            self.released.insert(letter.position);
        }
        self.letters.insert(letter.position, letter);
    }

    fn release(&mut self, stream: &StreamId) {
        if let Some(&position) = self.parked.get(stream) {
            self.remove(position);
        }
    }

    fn remove(&mut self, position: Position) {
        let Some(letter) = self.letters.remove(&position) else { return };
        self.released.remove(&position);
        if letter.parks() {
            self.parked.remove(&letter.stream);
            self.held = self.held.saturating_sub(letter.held);
        }
    }

    /// Renames the subscription of all letters.
    pub(crate) fn rename(&mut self, name: &str) {
        self.letters.values_mut().for_each(|letter| name.clone_into(&mut letter.subscription));
    }

    /// Removes all letters except the released ones.
    pub(crate) fn keep_released(&mut self) {
        let released: Vec<_> = self.released.iter().filter_map(|at| self.letters.remove(at)).collect();
        *self = released.into_iter().collect();
    }

    /// Returns all letters, by position.
    ///
    /// # Examples
    /// ```
    /// use eventsource::projection::Letters;
    ///
    /// assert_eq!(Letters::default().iter().count(), 0);
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = &DeadLetter> {
        self.letters.values()
    }

    /// Removes the letters that were dismissed before `before`, and returns their number.
    pub fn forget_dismissed(&mut self, before: DateTime<Utc>) -> u64 {
        let is_old = |letter: &DeadLetter| matches!(letter.state, LetterState::Dismissed { at, .. } if at < before);
        let count = self.letters.len();
        self.letters.retain(|_, letter| !is_old(letter));
        (count - self.letters.len()) as u64
    }

    /// Returns the letter at `position`.
    #[must_use]
    pub fn get(&self, position: Position) -> Option<&DeadLetter> {
        self.letters.get(&position)
    }

    /// Returns the letter behind which `stream` is parked.
    #[must_use]
    pub fn parked(&self, stream: &StreamId) -> Option<&DeadLetter> {
        self.letters.get(self.parked.get(stream)?)
    }

    /// Returns the first released letter.
    pub(crate) fn released(&self) -> Option<&DeadLetter> {
        self.letters.get(self.released.first()?)
    }

    /// Returns the letters that `query` asks for.
    #[must_use]
    pub fn page(&self, query: LetterQuery) -> Vec<DeadLetter> {
        let LetterQuery { filter, after, limit } = query;
        let letters = self.letters.range((Bound::Excluded(after), Bound::Unbounded)).map(|(_, letter)| letter);
        letters.filter(|letter| filter.matches(letter)).take(limit).cloned().collect()
    }

    /// Returns how many streams are parked and how many events wait.
    #[must_use]
    pub fn counts(&self) -> LetterCounts {
        LetterCounts { waiting: self.parked.len(), held: self.held }
    }

    /// Returns whether no stream is parked.
    pub(crate) fn parks_nothing(&self) -> bool {
        self.parked.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::projection::ErrorClass;

    fn letter(position: u64, stream: u128, held: u64, state: LetterState) -> DeadLetter {
        DeadLetter {
            subscription: "orders".into(),
            position: Position::new(position),
            stream: StreamId::new("Order", Uuid::from_u128(stream)),
            version: position,
            event_type: "Placed".into(),
            event_id: Uuid::from_u128(u128::from(position)),
            errors: Vec::new(),
            class: ErrorClass::Permanent,
            attempts: 1,
            first_failed_at: DateTime::UNIX_EPOCH,
            last_failed_at: DateTime::UNIX_EPOCH,
            held,
            state,
        }
    }

    #[test]
    fn letters_count_what_changes_leave() {
        let mut letters: Letters =
            [letter(3, 1, 2, LetterState::Waiting), letter(5, 2, 4, LetterState::Waiting)].into_iter().collect();
        assert_eq!(letters.counts(), LetterCounts { waiting: 2, held: 6 });
        let stream = StreamId::new("Order", Uuid::from_u128(1));
        letters.change(&LetterChange::Hold { stream: stream.clone(), more: 3 });
        assert_eq!(letters.counts().held, 9);
        letters.change(&LetterChange::Keep(letter(7, 1, 4, LetterState::Released)));
        assert_eq!(letters.counts(), LetterCounts { waiting: 2, held: 8 });
        assert_eq!(letters.get(Position::new(3)), None);
        assert_eq!(letters.released().map(|letter| letter.position), Some(Position::new(7)));
        letters.change(&LetterChange::Dismiss(letter(5, 2, 4, LetterState::Waiting).dismissed("known")));
        assert_eq!(letters.counts(), LetterCounts { waiting: 1, held: 4 });
        assert_eq!(letters.page(LetterQuery::dismissed()).len(), 1);
        letters.change(&LetterChange::Release { stream });
        assert!(letters.parks_nothing() && letters.released().is_none());
        assert_eq!(letters.counts(), LetterCounts::default());
    }

    #[test]
    fn pages_are_by_position() {
        let letters: Letters = (1..=5).map(|n| letter(n, u128::from(n), 0, LetterState::Waiting)).collect();
        let page =
            |query: LetterQuery| letters.page(query).iter().map(|letter| letter.position.value()).collect::<Vec<_>>();
        assert_eq!(page(LetterQuery::parking().limit(2)), [1, 2]);
        assert_eq!(page(LetterQuery::parking().after(Position::new(2)).limit(2)), [3, 4]);
        assert!(page(LetterQuery::parking().after(Position::new(5))).is_empty());
    }
}
