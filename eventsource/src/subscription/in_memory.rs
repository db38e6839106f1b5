//! The checkpoint of a memory projection.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::event::Position;

/// The checkpoint of a memory projection: it lives as long as the state, and moves with it, event by event.
#[derive(Debug, Default)]
pub(super) struct InMemory(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    position: Option<Position>,
    half_reset: bool,
}

impl InMemory {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where the state is, or `start` where it is new.
    pub(super) fn claim(&self, start: Position) -> Position {
        *self.inner().position.get_or_insert(start)
    }

    pub(super) fn is_new(&self) -> bool {
        self.inner().position.is_none()
    }

    pub(super) fn move_to(&self, position: Position) {
        self.inner().position = Some(position);
    }

    /// A truncate hook begins: until it has succeeded nobody knows what the state is.
    pub(super) fn begin_reset(&self) {
        self.inner().half_reset = true;
    }

    /// There was no truncate hook, after all.
    pub(super) fn give_up_reset(&self) {
        self.inner().half_reset = false;
    }

    /// The truncate hook has succeeded: the state is new.
    pub(super) fn end_reset(&self) {
        *self.inner() = Inner::default();
    }

    /// Whether a truncate hook has begun and not succeeded.
    pub(super) fn is_half_reset(&self) -> bool {
        self.inner().half_reset
    }
}
