//! What an append answers.

use std::sync::Arc;

use crate::event::{Position, RecordedEvent};

/// The events of one append, as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Appended {
    events: Vec<Arc<RecordedEvent>>,
}

impl Appended {
    /// The answer to an append of these events, which are in the order of their versions.
    #[must_use]
    pub const fn new(events: Vec<Arc<RecordedEvent>>) -> Self {
        Self { events }
    }

    /// The events, as stored.
    #[must_use]
    pub fn events(&self) -> &[Arc<RecordedEvent>] {
        &self.events
    }

    /// The version that each event got, in order.
    pub fn versions(&self) -> impl Iterator<Item = u64> {
        self.events.iter().map(|event| event.version())
    }

    /// The position that each event got, in order.
    pub fn positions(&self) -> impl Iterator<Item = Position> {
        self.events.iter().map(|event| event.position())
    }

    /// The position of the last event: wait for it to read your own write.
    #[must_use]
    pub fn position(&self) -> Position {
        self.events.last().map_or(Position::START, |event| event.position())
    }

    /// The version of the last event: the stream's version after the append.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.events.last().map_or(0, |event| event.version())
    }
}
