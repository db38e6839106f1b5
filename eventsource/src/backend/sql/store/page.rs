//! Pages that are limited in bytes.
//!
//! A statement returns small events as a whole, and only the position and the size of large ones. The large events that
//! belong to the page are read by themselves.

use std::collections::HashMap;
use std::sync::Arc;

use crate::event::{Position, RecordedEvent};
use crate::store::{PageLimit, Room};

/// A payload or metadata up to this size, in bytes, is returned with its row.
pub(crate) const SMALL: usize = 8_192;

/// The minimum number of rows for one statement, for any limit in bytes.
const FEWEST_ROWS: usize = 32;

/// An event that a statement has returned.
#[derive(Debug)]
pub(crate) enum Found {
    /// The whole event.
    Event(Arc<RecordedEvent>),
    /// The position and the size in bytes. The event is read by itself.
    Large(Position, usize),
}

impl Found {
    pub(crate) fn position(&self) -> Position {
        match self {
            Self::Event(event) => event.position(),
            Self::Large(position, _) => *position,
        }
    }

    fn size(&self) -> usize {
        match self {
            Self::Event(event) => event.size(),
            Self::Large(_, size) => *size,
        }
    }
}

/// A page that is filled by one statement after the other.
#[derive(Debug)]
pub(crate) struct Filling {
    room: Room,
    rows: usize,
    pub(crate) events: Vec<Arc<RecordedEvent>>,
}

impl Filling {
    pub(crate) fn new(limit: PageLimit) -> Self {
        let rows = (limit.bytes / SMALL).max(FEWEST_ROWS);
        Self { room: Room::new(limit), rows, events: Vec::new() }
    }

    /// Returns the maximum number of rows for the next statement. It keeps the excess over the limit in bytes small.
    pub(crate) fn rows(&self) -> usize {
        self.room.events().min(self.rows)
    }

    pub(crate) const fn is_full(&self) -> bool {
        self.room.is_full()
    }

    /// Returns the events of `found` that belong to the page.
    pub(crate) fn admit(&mut self, mut found: Vec<Found>) -> Vec<Found> {
        let count = found.iter().take_while(|found| self.room.admits(found.size())).count();
        found.truncate(count);
        found
    }

    /// Adds the events of `found`, in their order. `read` contains the large ones. A large event that was deleted
    /// meanwhile is left out.
    pub(crate) fn add(&mut self, found: Vec<Found>, read: Vec<Arc<RecordedEvent>>) {
        let mut read: HashMap<_, _> = read.into_iter().map(|event| (event.position(), event)).collect();
        self.events.extend(found.into_iter().filter_map(|found| match found {
            Found::Event(event) => Some(event),
            Found::Large(position, _) => read.remove(&position),
        }));
    }
}

/// Returns the positions of the large events in `found`.
pub(crate) fn large(found: &[Found]) -> Vec<Position> {
    found.iter().filter(|found| matches!(found, Found::Large(..))).map(Found::position).collect()
}
