//! What a memory projection has in place of a stored checkpoint.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};

use super::recognise::{Recognised, Remembered};
use crate::event::{Position, StreamId};
use crate::projection::{DeadLetter, LetterChange, LetterQuery, Letters};
use crate::store::{LogId, LogMark};

/// The checkpoint of a memory projection and its dead letters: they live as long as the state, and the checkpoint moves
/// with it, event by event.
#[derive(Debug, Default)]
pub(super) struct InMemory {
    /// Where the state is, plus one; 0 where it is new. It is moved after each event, by whoever has the subscriber for
    /// writing: without a lock.
    moved_to: AtomicU64,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// How far the subscription has been, before its state began anew.
    furthest: Position,
    poisoned: bool,
    /// The same, by a handler that was cut off, and not by a reset.
    cut_off: bool,
    letters: Letters,
    /// The log that the state was made from, and the last event that is known of it.
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

    /// Where the state is, or `start` where it is new; and how far the subscription has been.
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

    /// The state is at `position`, or further on.
    pub(super) fn move_to(&self, position: Position) {
        if self.position() < Some(position) {
            self.moved_to.store(position.value().saturating_add(1), Ordering::Release);
        }
    }

    /// What the state was made from, of a subscription that starts at `start`.
    pub(super) fn remembered(&self, start: Position) -> Remembered {
        let inner = self.inner();
        Remembered { log: inner.log, position: self.position().unwrap_or_default(), mark: inner.mark, start }
    }

    /// The log is the one that is remembered.
    pub(super) fn recognised(&self, found: Recognised) {
        let mut inner = self.inner();
        inner.log = Some(found.log);
        inner.mark = found.mark;
    }

    /// The last event that is known of the log.
    pub(super) fn mark(&self, mark: Option<LogMark>) {
        self.inner().mark = mark;
    }

    /// Makes `changes` to the dead letters.
    pub(super) fn change_letters(&self, changes: &[LetterChange]) {
        let letters = &mut self.inner().letters;
        changes.iter().for_each(|change| letters.change(change));
    }

    /// The dead letters that `query` asks for.
    pub(super) fn letters(&self, query: LetterQuery) -> Vec<DeadLetter> {
        self.inner().letters.page(query)
    }

    /// Forgets the letters that were dismissed before `before`, and returns their number.
    pub(super) fn forget_dismissed(&self, before: DateTime<Utc>) -> u64 {
        self.inner().letters.forget_dismissed(before)
    }

    /// The dead letter at `position`.
    pub(super) fn letter(&self, position: Position) -> Option<DeadLetter> {
        self.inner().letters.get(position).cloned()
    }

    /// The letter behind which `stream` is parked.
    pub(super) fn parked(&self, stream: &StreamId) -> Option<DeadLetter> {
        self.inner().letters.parked(stream).cloned()
    }

    /// The dead letters are these.
    pub(super) fn set_letters(&self, letters: &[DeadLetter]) {
        self.inner().letters = letters.iter().cloned().collect();
    }

    /// Something begins to change the state that may not get to its end: until then nobody knows what the state is.
    pub(super) fn poison(&self) {
        self.inner().poisoned = true;
    }

    /// The same, of a handler: the state is as good as new once it begins anew.
    pub(super) fn interrupt(&self) {
        let mut inner = self.inner();
        (inner.poisoned, inner.cut_off) = (true, true);
    }

    /// The state is what it was, after all.
    pub(super) fn recover(&self) {
        let mut inner = self.inner();
        (inner.poisoned, inner.cut_off) = (false, false);
    }

    /// The state is new, and the letters are what they were: what they keep is passed over as the log is replayed.
    pub(super) fn restart_empty(&self) {
        let mut inner = self.inner();
        inner.furthest = inner.furthest.max(self.position().unwrap_or_default());
        (inner.poisoned, inner.cut_off) = (false, false);
        self.moved_to.store(0, Ordering::Release);
    }

    /// The state is new, and so is everything else.
    pub(super) fn reset(&self) {
        let mut inner = self.inner();
        *inner = Inner::default();
        self.moved_to.store(0, Ordering::Release);
    }

    /// Whether nobody knows what the state is because a handler was cut off.
    pub(super) fn is_cut_off(&self) -> bool {
        self.inner().cut_off
    }

    /// Whether nobody knows what the state is.
    pub(super) fn is_poisoned(&self) -> bool {
        self.inner().poisoned
    }
}
