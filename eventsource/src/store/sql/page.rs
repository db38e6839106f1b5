//! A page that is bounded in bytes: small events come with their rows, large ones are read once it is known that they
//! belong to the page.

use std::collections::HashMap;
use std::sync::Arc;

use crate::event::{Position, RecordedEvent};
use crate::store::{PageLimit, Room};

/// Up to this size, in bytes, a payload (and likewise the metadata) comes with its row.
pub(crate) const SMALL: usize = 8_192;

/// How many rows are read by one statement at least, however few bytes a page may have.
const FEWEST_ROWS: usize = 32;

/// An event that a statement has found.
#[derive(Debug)]
pub(crate) enum Found {
    /// The whole event.
    Event(Arc<RecordedEvent>),
    /// Where it stands, and its size: it is read by itself.
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

/// A page while it is filled, by one statement after the other.
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

    /// How many rows the next statement reads at most: what comes with them exceeds the limit in bytes by little.
    pub(crate) fn rows(&self) -> usize {
        self.room.events().min(self.rows)
    }

    pub(crate) const fn is_full(&self) -> bool {
        self.room.is_full()
    }

    /// Those of `found` that belong to the page.
    pub(crate) fn admit(&mut self, mut found: Vec<Found>) -> Vec<Found> {
        let count = found.iter().take_while(|found| self.room.admits(found.size())).count();
        found.truncate(count);
        found
    }

    /// Adds the events of `found`, in that order. The large ones among them were `read` by themselves; one that is not
    /// there any more is left out.
    pub(crate) fn add(&mut self, found: Vec<Found>, read: Vec<Arc<RecordedEvent>>) {
        let mut read: HashMap<_, _> = read.into_iter().map(|event| (event.position(), event)).collect();
        self.events.extend(found.into_iter().filter_map(|found| match found {
            Found::Event(event) => Some(event),
            Found::Large(position, _) => read.remove(&position),
        }));
    }
}

/// The positions of the large events among `found`.
pub(crate) fn large(found: &[Found]) -> Vec<Position> {
    found.iter().filter(|found| matches!(found, Found::Large(..))).map(Found::position).collect()
}
