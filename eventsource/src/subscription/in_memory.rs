//! The checkpoint and the dead letters of a memory projection, which are not stored.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};

use super::recognise::{Recognised, Remembered};
use crate::event::{Position, StreamId};
use crate::projection::{DeadLetter, LetterChange, LetterQuery, Letters};
use crate::store::{LogId, LogMark};

/// The checkpoint of a memory projection and its dead letters. They live as long as the state. The checkpoint moves
/// with each event.
#[derive(Debug, Default)]
pub(super) struct InMemory {
    /// The position of the state plus one; 0 if the state is new. The holder of the subscriber's write lock moves it
    /// after each event, so it needs no other lock.
    moved_to: AtomicU64,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// The furthest position that the subscription had before its state was emptied.
    furthest: Position,
    /// Whether the state is unknown.
    poisoned: bool,
    /// Whether it is unknown because a handler was cut off, and not because of a reset.
    cut_off: bool,
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

    /// Marks the state as unknown, before a change that may be interrupted.
    pub(super) fn poison(&self) {
        self.inner().poisoned = true;
    }

    /// Marks the state as unknown because of a handler: emptying and replaying it cures that.
    pub(super) fn interrupt(&self) {
        let mut inner = self.inner();
        (inner.poisoned, inner.cut_off) = (true, true);
    }

    /// Marks the state as known again.
    pub(super) fn recover(&self) {
        let mut inner = self.inner();
        (inner.poisoned, inner.cut_off) = (false, false);
    }

    /// Notes that the state is empty. The letters stay: the replay skips their events.
    pub(super) fn restart_empty(&self) {
        let mut inner = self.inner();
        inner.furthest = inner.furthest.max(self.position().unwrap_or_default());
        (inner.poisoned, inner.cut_off) = (false, false);
        self.moved_to.store(0, Ordering::Release);
    }

    /// Notes that the state is empty, and forgets everything else.
    pub(super) fn reset(&self) {
        let mut inner = self.inner();
        *inner = Inner::default();
        self.moved_to.store(0, Ordering::Release);
    }

    /// Whether the state is unknown because a handler was cut off.
    pub(super) fn is_cut_off(&self) -> bool {
        self.inner().cut_off
    }

    /// Whether the state is unknown.
    pub(super) fn is_poisoned(&self) -> bool {
        self.inner().poisoned
    }
}
