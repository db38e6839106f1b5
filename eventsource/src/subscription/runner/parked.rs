//! The streams that are parked behind dead letters, and the events that are never applied.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::event::{Position, RecordedEvent, StreamId};
use crate::projection::{DeadLetter, LetterChange, LetterState};

/// The streams that are parked behind dead letters, and the events that are never applied.
#[derive(Debug, Default)]
pub(super) struct Parked {
    streams: HashMap<StreamId, ParkedStream>,
    /// Only where the log may be replayed: otherwise they lie behind.
    dismissed: BTreeSet<Position>,
    replays: bool,
}

#[derive(Debug)]
struct ParkedStream {
    letter: DeadLetter,
    /// Up to where the events that wait behind the letter are counted in it.
    counted_to: Position,
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
    /// What `letters` say that were stored when the subscription had been at `seen`, to a subscription that may begin
    /// anew without forgetting them (`replays`).
    pub(super) fn new(letters: Vec<DeadLetter>, seen: Position, replays: bool) -> Self {
        let mut parked = Self { replays, ..Self::default() };
        for letter in letters {
            parked.change(&if letter.parks() { LetterChange::Keep(letter) } else { LetterChange::Dismiss(letter) });
        }
        parked.pass(seen);
        parked
    }

    /// All up to `position` is counted that waits.
    pub(super) fn pass(&mut self, position: Position) {
        for stream in self.streams.values_mut() {
            stream.counted_to = stream.counted_to.max(position);
        }
    }

    /// Follows a change that is stored.
    pub(super) fn change(&mut self, change: &LetterChange) {
        match change {
            LetterChange::Keep(letter) => {
                let counted_to = self.streams.get(&letter.stream).map_or(letter.position, |parked| parked.counted_to);
                self.streams.insert(letter.stream.clone(), ParkedStream { letter: letter.clone(), counted_to });
            }
            LetterChange::Hold { stream, more } => {
                if let Some(parked) = self.streams.get_mut(stream) {
                    parked.letter.held += more;
                }
            }
            LetterChange::Release { stream } => drop(self.streams.remove(stream)),
            LetterChange::Dismiss(letter) => {
                if self.replays {
                    self.dismissed.insert(letter.position);
                }
                if self.streams.get(&letter.stream).is_some_and(|parked| parked.letter.position == letter.position) {
                    self.streams.remove(&letter.stream);
                }
            }
        }
    }

    /// The letter behind which `stream` is parked.
    pub(super) fn letter(&self, stream: &StreamId) -> Option<&DeadLetter> {
        self.streams.get(stream).map(|parked| &parked.letter)
    }

    /// The letters behind which streams are parked, by position.
    pub(super) fn letters(&self) -> Vec<&DeadLetter> {
        let mut letters: Vec<_> = self.streams.values().map(|parked| &parked.letter).collect();
        letters.sort_unstable_by_key(|letter| letter.position);
        letters
    }

    /// The streams whose letters are to follow without being asked for.
    pub(super) fn released(&self) -> Vec<StreamId> {
        let released = self.letters().into_iter().filter(|letter| letter.state == LetterState::Released);
        released.map(|letter| letter.stream.clone()).collect()
    }

    fn holding(&self, event: &RecordedEvent) -> Option<&ParkedStream> {
        self.streams.get(event.stream()).filter(|parked| event.version() >= parked.letter.version)
    }

    /// Takes what is not to be applied out of `events`.
    pub(super) fn sift<'a>(&self, events: &'a [Arc<RecordedEvent>]) -> Sifted<'a> {
        let is_applied =
            |event: &RecordedEvent| self.holding(event).is_none() && !self.dismissed.contains(&event.position());
        if (self.streams.is_empty() && self.dismissed.is_empty()) || events.iter().all(|event| is_applied(event)) {
            return Sifted { events: events.into(), indexes: None };
        }
        let applied = events.iter().enumerate().filter(|(_, event)| is_applied(event));
        let (indexes, events): (Vec<_>, Vec<_>) = applied.map(|(index, event)| (index, Arc::clone(event))).unzip();
        Sifted { events: events.into(), indexes: Some(indexes) }
    }

    /// What is to be stored of those `events` that wait behind letters, and are not counted yet.
    pub(super) fn hold(&self, events: &[Arc<RecordedEvent>]) -> Vec<LetterChange> {
        let mut more: HashMap<&StreamId, u64> = HashMap::new();
        if !self.streams.is_empty() {
            for event in events {
                if self.holding(event).is_some_and(|parked| event.position() > parked.counted_to) {
                    *more.entry(event.stream()).or_default() += 1;
                }
            }
        }
        more.into_iter().map(|(stream, more)| LetterChange::Hold { stream: stream.clone(), more }).collect()
    }
}
