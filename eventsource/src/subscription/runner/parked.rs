//! The streams that are parked behind dead letters, and the events that are never applied.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::event::{Position, RecordedEvent, StreamId};
use crate::projection::{DeadLetter, LetterChange, LetterState};

/// The streams that are parked behind dead letters, and the events that are never applied.
#[derive(Debug, Default)]
pub(super) struct Parked {
    streams: HashMap<StreamId, DeadLetter>,
    /// Only where the log may be replayed: otherwise they lie behind.
    dismissed: BTreeSet<Position>,
    replays: bool,
}

/// A batch, without the events that are not applied in it.
pub(super) struct Sifted<'a> {
    /// The events to apply.
    pub(super) events: Cow<'a, [Arc<RecordedEvent>]>,
    /// Where each of them stands in the batch; `None` where all are applied.
    indexes: Option<Vec<usize>>,
}

impl Sifted<'_> {
    /// Where in the batch the event stands that is the `index`th to apply.
    pub(super) fn index(&self, index: usize) -> usize {
        self.indexes.as_ref().and_then(|indexes| indexes.get(index)).copied().unwrap_or(index)
    }
}

impl Parked {
    /// What `letters` say, to a subscription that may begin anew without forgetting them (`replays`).
    pub(super) fn new(letters: Vec<DeadLetter>, replays: bool) -> Self {
        let mut parked = Self { replays, ..Self::default() };
        for letter in letters {
            parked.change(&if letter.parks() { LetterChange::Keep(letter) } else { LetterChange::Dismiss(letter) });
        }
        parked
    }

    /// Follows a change that is stored.
    pub(super) fn change(&mut self, change: &LetterChange) {
        match change {
            LetterChange::Keep(letter) => drop(self.streams.insert(letter.stream.clone(), letter.clone())),
            LetterChange::Hold { stream, more } => {
                if let Some(letter) = self.streams.get_mut(stream) {
                    letter.held += more;
                }
            }
            LetterChange::Release { stream } => drop(self.streams.remove(stream)),
            LetterChange::Dismiss(letter) => {
                if self.replays {
                    self.dismissed.insert(letter.position);
                }
                if self.streams.get(&letter.stream).is_some_and(|parked| parked.position == letter.position) {
                    self.streams.remove(&letter.stream);
                }
            }
        }
    }

    /// The letter behind which `stream` is parked.
    pub(super) fn letter(&self, stream: &StreamId) -> Option<&DeadLetter> {
        self.streams.get(stream)
    }

    /// The letters behind which streams are parked, by position.
    pub(super) fn letters(&self) -> Vec<&DeadLetter> {
        let mut letters: Vec<_> = self.streams.values().collect();
        letters.sort_unstable_by_key(|letter| letter.position);
        letters
    }

    /// A stream whose letter is to follow without being asked for.
    pub(super) fn released(&self) -> Option<StreamId> {
        let released = self.streams.values().filter(|letter| letter.state == LetterState::Released);
        released.min_by_key(|letter| letter.position).map(|letter| letter.stream.clone())
    }

    fn holds(&self, event: &RecordedEvent) -> bool {
        self.streams.get(event.stream()).is_some_and(|letter| event.version() >= letter.version)
    }

    /// Whether `event` is applied when it is reached.
    pub(super) fn applies(&self, event: &RecordedEvent) -> bool {
        !self.holds(event) && !self.is_dismissed(event)
    }

    /// Whether `event` is never applied again.
    pub(super) fn is_dismissed(&self, event: &RecordedEvent) -> bool {
        self.dismissed.contains(&event.position())
    }

    /// Takes what is not to be applied out of `events`.
    pub(super) fn sift<'a>(&self, events: &'a [Arc<RecordedEvent>]) -> Sifted<'a> {
        if (self.streams.is_empty() && self.dismissed.is_empty()) || events.iter().all(|event| self.applies(event)) {
            return Sifted { events: events.into(), indexes: None };
        }
        let applied = events.iter().enumerate().filter(|(_, event)| self.applies(event));
        let (indexes, events): (Vec<_>, Vec<_>) = applied.map(|(index, event)| (index, Arc::clone(event))).unzip();
        Sifted { events: events.into(), indexes: Some(indexes) }
    }

    /// What is to be stored of those `events` that wait behind letters. What was passed before, up to `seen`, is stored.
    pub(super) fn hold(&self, events: &[Arc<RecordedEvent>], seen: Position) -> Vec<LetterChange> {
        let mut more: HashMap<&StreamId, u64> = HashMap::new();
        if !self.streams.is_empty() {
            for event in events.iter().filter(|event| event.position() > seen && self.holds(event)) {
                *more.entry(event.stream()).or_default() += 1;
            }
        }
        more.into_iter().map(|(stream, more)| LetterChange::Hold { stream: stream.clone(), more }).collect()
    }
}
