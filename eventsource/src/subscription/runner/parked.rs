//! The streams that are parked behind dead letters, and the events that are never applied.
//!
//! A few letters are all held in memory. Where there are more than [`MOST_IN_MEMORY`], only those of the streams of one page
//! are, which are looked up before the page is applied: memory and the time of a start do not grow with the letters.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::event::{Position, RecordedEvent, StreamId};
use crate::projection::{DeadLetter, LetterChange, LetterCounts, LetterQuery, Letters};

/// So many letters are held in memory at most, where they are stored elsewhere.
pub(super) const MOST_IN_MEMORY: usize = 1_000;

/// The streams that are parked behind dead letters, and the events that are never applied.
#[derive(Debug, Default)]
pub(super) struct Parked {
    /// The letters behind which streams are parked, as far as they are known.
    letters: Letters,
    known: LetterKnowledge,
    /// Only where the log may be replayed: otherwise they lie behind.
    dismissed: BTreeSet<Position>,
    replays: bool,
}

/// Which letters are known.
#[derive(Debug, Default)]
enum LetterKnowledge {
    #[default]
    All,
    /// Those of the streams that were looked up last, and those that follow next.
    Some {
        /// How many there are in all.
        counts: LetterCounts,
        /// Whether all of them were counted: the counts follow each change then.
        is_exact: bool,
        /// Whether one may be stored that follows next, and is not known.
        hides_released: bool,
    },
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
    /// All letters of a subscription, which may begin anew without forgetting them (`replays`).
    pub(super) fn all(letters: Vec<DeadLetter>, replays: bool) -> Self {
        let mut parked = Self { replays, ..Self::default() };
        for letter in letters {
            parked.change(&if letter.parks() { LetterChange::Keep(letter) } else { LetterChange::Dismiss(letter) });
        }
        parked
    }

    /// So many letters, none of which is known yet.
    pub(super) fn some(counts: LetterCounts) -> Self {
        let is_exact = counts.is_exact();
        Self { known: LetterKnowledge::Some { counts, is_exact, hides_released: true }, ..Self::default() }
    }

    /// Follows a change that is stored, to a stream that is known.
    pub(super) fn change(&mut self, change: &LetterChange) {
        let before = self.letters.counts();
        match change {
            LetterChange::Dismiss(letter) => {
                if self.replays {
                    self.dismissed.insert(letter.position);
                }
                if self.letter(&letter.stream).is_some_and(|parked| parked.position == letter.position) {
                    self.letters.change(&LetterChange::Release { stream: letter.stream.clone() });
                }
            }
            change => self.letters.change(change),
        }
        let after = self.letters.counts();
        if let LetterKnowledge::Some { counts, is_exact: true, .. } = &mut self.known {
            counts.waiting = (counts.waiting + after.waiting).saturating_sub(before.waiting);
            counts.held = (counts.held + after.held).saturating_sub(before.held);
        }
    }

    /// Whether the letters of all streams are known. Where they have become too many, they are forgotten first.
    pub(super) fn knows_all(&mut self) -> bool {
        let counts = self.letters.counts();
        if matches!(self.known, LetterKnowledge::All) && !self.replays && counts.waiting > MOST_IN_MEMORY {
            self.known = LetterKnowledge::Some { counts, is_exact: true, hides_released: false };
        }
        matches!(self.known, LetterKnowledge::All)
    }

    /// `letters` are those of the streams that come next. What was known of others is forgotten.
    pub(super) fn know_only(&mut self, letters: Vec<DeadLetter>) {
        self.letters.keep_released();
        self.learn(letters);
    }

    /// These letters are stored.
    pub(super) fn learn(&mut self, letters: Vec<DeadLetter>) {
        letters.into_iter().for_each(|letter| self.letters.change(&LetterChange::Keep(letter)));
    }

    /// Whether a letter may be stored that follows next, and none is known.
    pub(super) fn hides_released(&self) -> bool {
        matches!(self.known, LetterKnowledge::Some { hides_released: true, .. }) && self.letters.released().is_none()
    }

    /// All letters that follow next are known.
    pub(super) fn shows_released(&mut self) {
        if let LetterKnowledge::Some { hides_released, .. } = &mut self.known {
            *hides_released = false;
        }
    }

    /// Whether letters were left uncounted at the start.
    pub(super) const fn is_uncounted(&self) -> bool {
        matches!(self.known, LetterKnowledge::Some { is_exact: false, .. })
    }

    /// They were counted again.
    pub(super) fn count(&mut self, counted: LetterCounts) {
        if let LetterKnowledge::Some { counts, is_exact, .. } = &mut self.known {
            *counts = counted;
            *is_exact = counted.is_exact();
        }
    }

    /// How many letters there are, and how many events wait behind them. Not all were counted where there are more than
    /// [`LetterCounts::MOST`], and were so when the subscription started.
    pub(super) fn counts(&self) -> LetterCounts {
        match &self.known {
            LetterKnowledge::All => self.letters.counts(),
            LetterKnowledge::Some { counts, .. } => *counts,
        }
    }

    /// The letter behind which `stream` is parked, if it is known.
    pub(super) fn letter(&self, stream: &StreamId) -> Option<&DeadLetter> {
        self.letters.parked(stream)
    }

    /// The letters that `query` asks for, of those that are known.
    pub(super) fn page(&self, query: LetterQuery) -> Vec<DeadLetter> {
        self.letters.page(query)
    }

    /// The first letter that is to follow without being asked for, if it is known.
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

    /// Whether `event` is never applied again.
    pub(super) fn is_dismissed(&self, event: &RecordedEvent) -> bool {
        self.dismissed.contains(&event.position())
    }

    /// Takes what is not to be applied out of `events`.
    pub(super) fn sift<'a>(&self, events: &'a [Arc<RecordedEvent>]) -> Sifted<'a> {
        if (self.letters.parks_nothing() && self.dismissed.is_empty()) || events.iter().all(|event| self.applies(event))
        {
            return Sifted { events: events.into(), indexes: None };
        }
        let applied = events.iter().enumerate().filter(|(_, event)| self.applies(event));
        let (indexes, events): (Vec<_>, Vec<_>) = applied.map(|(index, event)| (index, Arc::clone(event))).unzip();
        Sifted { events: events.into(), indexes: Some(indexes) }
    }

    /// What is to be stored of those `events` that wait behind letters. What was passed before, up to `seen`, is stored.
    pub(super) fn hold(&self, events: &[Arc<RecordedEvent>], seen: Position) -> Vec<LetterChange> {
        let mut more: HashMap<&StreamId, u64> = HashMap::new();
        if !self.letters.parks_nothing() {
            for event in events.iter().filter(|event| event.position() > seen && self.holds(event)) {
                *more.entry(event.stream()).or_default() += 1;
            }
        }
        more.into_iter().map(|(stream, more)| LetterChange::Hold { stream: stream.clone(), more }).collect()
    }
}
