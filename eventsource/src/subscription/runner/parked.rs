//! The streams that are parked behind dead letters, and the dismissed events.
//!
//! Up to [`MOST_IN_MEMORY`] letters are all in memory. If there are more, only the letters of the streams of one page
//! are, read before the page is applied. So the memory and the time of a start do not grow with the number of letters.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::event::{Position, RecordedEvent, StreamId};
use crate::projection::{DeadLetter, LetterChange, LetterCounts, LetterQuery, Letters};

/// The largest number of stored letters that are all in memory.
pub(super) const MOST_IN_MEMORY: usize = 1_000;

/// The streams that are parked behind dead letters, and the dismissed events.
#[derive(Debug, Default)]
pub(super) struct Parked {
    /// The known letters that park streams.
    letters: Letters,
    known: LetterKnowledge,
    /// Only filled if the log may be replayed: otherwise these positions are never read again.
    dismissed: BTreeSet<Position>,
    keeping: Keeping,
}

/// Where the letters of a subscription are kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Keeping {
    /// In the checkpoint store. Each event is read once.
    #[default]
    Stored,
    /// In the checkpoint store, with the state. The log is replayed after the state, or from its start, while the letters
    /// stay.
    WithState,
    /// In memory only. The log is replayed while the letters stay.
    InMemory,
}

/// Which letters are known.
#[derive(Debug, Default)]
enum LetterKnowledge {
    #[default]
    All,
    /// The letters of the streams that were looked up last, and the released ones.
    Some {
        /// The number of all letters.
        counts: LetterCounts,
        /// Whether all letters were counted. Then the counts follow each change.
        is_exact: bool,
        /// Whether a released letter may be stored that is not known.
        hides_released: bool,
    },
}

/// A batch without the events that must not be applied.
pub(super) struct Sifted<'a> {
    /// The events to apply.
    pub(super) events: Cow<'a, [Arc<RecordedEvent>]>,
    /// The index of each of them in the batch; `None` if all events are applied.
    indexes: Option<Vec<usize>>,
}

impl Sifted<'_> {
    /// Returns the index in the batch of the `index`th event to apply.
    pub(super) fn index(&self, index: usize) -> usize {
        self.indexes.as_ref().and_then(|indexes| indexes.get(index)).copied().unwrap_or(index)
    }
}

impl Parked {
    /// Knows all letters of a subscription.
    pub(super) fn all(letters: Vec<DeadLetter>, keeping: Keeping) -> Self {
        let mut parked = Self { keeping, ..Self::default() };
        for letter in letters {
            parked.change(&if letter.parks() { LetterChange::Keep(letter) } else { LetterChange::Dismiss(letter) });
        }
        parked
    }

    /// Adds positions of dismissed events.
    pub(super) fn know_dismissed(&mut self, positions: impl IntoIterator<Item = Position>) {
        self.dismissed.extend(positions);
    }

    /// Knows how many letters there are, but none of them yet.
    pub(super) fn some(counts: LetterCounts, keeping: Keeping) -> Self {
        let is_exact = counts.is_exact();
        Self { known: LetterKnowledge::Some { counts, is_exact, hides_released: true }, keeping, ..Self::default() }
    }

    /// Applies a change to a known stream, and counts it.
    pub(super) fn change(&mut self, change: &LetterChange) {
        let before = self.letters.counts();
        self.apply(change);
        let after = self.letters.counts();
        if let LetterKnowledge::Some { counts, is_exact: true, .. } = &mut self.known {
            counts.waiting = (counts.waiting + after.waiting).saturating_sub(before.waiting);
            counts.held = (counts.held + after.held).saturating_sub(before.held);
        }
    }

    /// Applies those of the `changes` that are about `streams`, whose stored letters are known now. The changes were counted
    /// before, and are not stored yet.
    pub(super) fn overlay(&mut self, streams: &[StreamId], changes: &[LetterChange]) {
        changes.iter().filter(|change| streams.contains(change.stream())).for_each(|change| self.apply(change));
    }

    fn apply(&mut self, change: &LetterChange) {
        match change {
            LetterChange::Dismiss(letter) => {
                if self.keeping != Keeping::Stored {
                    self.dismissed.insert(letter.position);
                }
                if self.letter(&letter.stream).is_some_and(|parked| parked.position == letter.position) {
                    self.letters.change(&LetterChange::Release { stream: letter.stream.clone() });
                }
            }
            change => self.letters.change(change),
        }
    }

    /// Whether all letters are known. Stops knowing all of them if they have become too many.
    pub(super) fn knows_all(&mut self) -> bool {
        let counts = self.letters.counts();
        let is_kept = self.keeping == Keeping::InMemory;
        if matches!(self.known, LetterKnowledge::All) && !is_kept && counts.waiting > MOST_IN_MEMORY {
            self.known = LetterKnowledge::Some { counts, is_exact: true, hides_released: false };
        }
        matches!(self.known, LetterKnowledge::All)
    }

    /// Replaces the known letters by `letters`, and keeps the released ones.
    pub(super) fn know_only(&mut self, letters: Vec<DeadLetter>) {
        self.letters.keep_released();
        self.learn(letters);
    }

    /// Adds stored letters.
    pub(super) fn learn(&mut self, letters: Vec<DeadLetter>) {
        letters.into_iter().for_each(|letter| self.letters.change(&LetterChange::Keep(letter)));
    }

    /// Whether a released letter may be stored, but none is known.
    pub(super) fn hides_released(&self) -> bool {
        matches!(self.known, LetterKnowledge::Some { hides_released: true, .. }) && self.letters.released().is_none()
    }

    /// Notes that all released letters are known.
    pub(super) fn shows_released(&mut self) {
        if let LetterKnowledge::Some { hides_released, .. } = &mut self.known {
            *hides_released = false;
        }
    }

    /// Whether not all letters were counted at the start.
    pub(super) const fn is_uncounted(&self) -> bool {
        matches!(self.known, LetterKnowledge::Some { is_exact: false, .. })
    }

    /// Notes a new count.
    pub(super) fn count(&mut self, counted: LetterCounts) {
        if let LetterKnowledge::Some { counts, is_exact, .. } = &mut self.known {
            *counts = counted;
            *is_exact = counted.is_exact();
        }
    }

    /// Returns how many letters there are, and how many events wait behind them. If there were more than
    /// [`LetterCounts::MOST`] at the start, not all are counted.
    pub(super) fn counts(&self) -> LetterCounts {
        match &self.known {
            LetterKnowledge::All => self.letters.counts(),
            LetterKnowledge::Some { counts, .. } => *counts,
        }
    }

    /// Returns the known letter behind which `stream` is parked.
    pub(super) fn letter(&self, stream: &StreamId) -> Option<&DeadLetter> {
        self.letters.parked(stream)
    }

    /// Returns the known letters that match `query`.
    pub(super) fn page(&self, query: LetterQuery) -> Vec<DeadLetter> {
        self.letters.page(query)
    }

    /// Returns the first known released letter.
    pub(super) fn released(&self) -> Option<&DeadLetter> {
        self.letters.released()
    }

    fn holds(&self, event: &RecordedEvent) -> bool {
        self.letter(event.stream()).is_some_and(|letter| event.version() >= letter.version)
    }

    /// Whether `event` is applied when it is reached.
    pub(super) fn applies(&self, event: &RecordedEvent) -> bool {
        !self.holds(event) && !self.is_dismissed(event)
    }

    /// Whether `event` is dismissed.
    pub(super) fn is_dismissed(&self, event: &RecordedEvent) -> bool {
        self.dismissed.contains(&event.position())
    }

    /// Returns `events` without those that must not be applied.
    pub(super) fn sift<'a>(&self, events: &'a [Arc<RecordedEvent>]) -> Sifted<'a> {
        if (self.letters.parks_nothing() && self.dismissed.is_empty()) || events.iter().all(|event| self.applies(event))
        {
            return Sifted { events: events.into(), indexes: None };
        }
        let applied = events.iter().enumerate().filter(|(_, event)| self.applies(event));
        let (indexes, events): (Vec<_>, Vec<_>) = applied.map(|(index, event)| (index, Arc::clone(event))).unzip();
        Sifted { events: events.into(), indexes: Some(indexes) }
    }

    /// Returns the changes that count the `events` behind letters. Events up to `passed` were counted before.
    pub(super) fn hold(&self, events: &[Arc<RecordedEvent>], passed: Position) -> Vec<LetterChange> {
        let mut more: HashMap<&StreamId, u64> = HashMap::new();
        if !self.letters.parks_nothing() {
            for event in events.iter().filter(|event| event.position() > passed && self.holds(event)) {
                *more.entry(event.stream()).or_default() += 1;
            }
        }
        more.into_iter().map(|(stream, more)| LetterChange::Hold { stream: stream.clone(), more }).collect()
    }
}
