//! The checkpoint and the dead letters of a memory projection, which are not stored.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};

use crate::event::{Position, StreamId};
use crate::projection::search::LetterSource;
use crate::projection::{CheckpointError, DeadLetter, LetterChange, LetterQuery, Letters};
use crate::store::{LogId, LogMark};
use crate::subscription::log::recognise::{Recognised, Remembered};

/// The checkpoint of a memory projection and its dead letters. They live as long as the state. The checkpoint moves
/// with each event.
#[derive(Debug, Default)]
pub(super) struct InMemory {
    /// The position of the state plus one; 0 if the state is new. The holder of the subscriber's write lock moves it
    /// after each event, so it needs no other lock.
    moved_to: AtomicU64,
    /// A [`Cause`] as a number; 0 if the state is known.
    poisoned: AtomicU8,
    inner: Mutex<Inner>,
}

/// What the subscription knows of the state of a memory projection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MemoryHealth {
    /// Nothing was applied to it yet.
    Fresh,
    /// Every event up to this position is applied.
    At(Position),
    /// Nothing is known, for this reason.
    Poisoned(Cause),
}

/// Why the state of a memory projection is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// A reset or a restore has not ended, or failed half-way.
    Reset = 1,
    /// A handler was cut off: emptying the state and replaying the log cures that.
    CutOff = 2,
}

#[derive(Debug, Default)]
struct Inner {
    /// The furthest position that the subscription had before its state was emptied.
    furthest: Position,
    letters: Letters,
    /// The log that the state was built from.
    log: Option<LogId>,
    mark: Option<LogMark>,
}

impl InMemory {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn position(&self) -> Option<Position> {
        self.moved_to.load(Ordering::Acquire).checked_sub(1).map(Position::new)
    }

    /// Returns the position of the state (`start` if it is new), and the furthest position of the subscription.
    pub(super) fn claim(&self, start: Position) -> (Position, Position) {
        let mut inner = self.inner();
        let position = self.position().unwrap_or(start);
        self.move_to(position);
        inner.furthest = inner.furthest.max(position);
        (position, inner.furthest)
    }

    /// Returns what the subscription knows of the state.
    pub(super) fn health(&self) -> MemoryHealth {
        match self.poisoned.load(Ordering::Acquire) {
            0 => self.position().map_or(MemoryHealth::Fresh, MemoryHealth::At),
            2 => MemoryHealth::Poisoned(Cause::CutOff),
            _ => MemoryHealth::Poisoned(Cause::Reset),
        }
    }

    /// Whether no event was ever applied to the state, whether it is known or not.
    pub(super) fn is_new(&self) -> bool {
        self.position().is_none()
    }

    /// Notes that the state is at `position`. Never moves back.
    pub(super) fn move_to(&self, position: Position) {
        if self.position() < Some(position) {
            self.moved_to.store(position.value().saturating_add(1), Ordering::Release);
        }
    }

    /// Returns the known facts about the log that the state was built from.
    pub(super) fn remembered(&self, start: Position) -> Remembered {
        let inner = self.inner();
        Remembered { log: inner.log, position: self.position().unwrap_or_default(), mark: inner.mark, start }
    }

    /// Notes the log that the state is built from.
    pub(super) fn recognised(&self, found: Recognised) {
        let mut inner = self.inner();
        inner.log = Some(found.log);
        inner.mark = found.mark;
    }

    /// Notes the last known event of the log.
    pub(super) fn mark(&self, mark: Option<LogMark>) {
        self.inner().mark = mark;
    }

    /// Applies `changes` to the dead letters.
    pub(super) fn change_letters(&self, changes: &[LetterChange]) {
        let letters = &mut self.inner().letters;
        changes.iter().for_each(|change| letters.change(change));
    }

    /// Returns the dead letters that match `query`.
    pub(super) fn letters(&self, query: LetterQuery) -> Vec<DeadLetter> {
        self.inner().letters.page(query)
    }

    /// Deletes the letters that were dismissed before `before`, and returns their number.
    pub(super) fn forget_dismissed(&self, before: DateTime<Utc>) -> u64 {
        self.inner().letters.forget_dismissed(before)
    }

    /// Returns the dead letter at `position`.
    pub(super) fn letter(&self, position: Position) -> Option<DeadLetter> {
        self.inner().letters.get(position).cloned()
    }

    /// Returns the letter behind which `stream` is parked.
    pub(super) fn parked(&self, stream: &StreamId) -> Option<DeadLetter> {
        self.inner().letters.parked(stream).cloned()
    }

    /// Replaces all dead letters.
    pub(super) fn set_letters(&self, letters: &[DeadLetter]) {
        self.inner().letters = letters.iter().cloned().collect();
    }

    /// Marks the state as unknown, before a change that may be interrupted. A cause that is known stays.
    pub(super) fn poison(&self) {
        let _ = self.poisoned.compare_exchange(0, Cause::Reset as u8, Ordering::AcqRel, Ordering::Acquire);
    }

    /// Marks the state as unknown because of a handler.
    pub(super) fn interrupt(&self) {
        self.poisoned.store(Cause::CutOff as u8, Ordering::Release);
    }

    /// Marks the state as known again.
    pub(super) fn recover(&self) {
        self.poisoned.store(0, Ordering::Release);
    }

    /// Notes that the state is empty. The letters stay: the replay skips their events.
    pub(super) fn restart_empty(&self) {
        let mut inner = self.inner();
        inner.furthest = inner.furthest.max(self.position().unwrap_or_default());
        self.recover();
        self.moved_to.store(0, Ordering::Release);
    }

    /// Notes that the state is empty, and forgets everything else.
    pub(super) fn reset(&self) {
        let mut inner = self.inner();
        *inner = Inner::default();
        self.recover();
        self.moved_to.store(0, Ordering::Release);
    }

    /// Whether the state is unknown.
    pub(super) fn is_poisoned(&self) -> bool {
        matches!(self.health(), MemoryHealth::Poisoned(_))
    }
}

/// The letters have the name of the subscription that asks.
impl LetterSource for InMemory {
    async fn names(&self) -> Result<Vec<String>, CheckpointError> {
        Ok(Vec::new())
    }

    async fn page(&self, _: &str, query: LetterQuery) -> Result<Vec<DeadLetter>, CheckpointError> {
        Ok(self.letters(query))
    }
}
