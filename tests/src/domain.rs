//! A small domain: counters that are bumped, and notes without a projection.

use eventsource::prelude::*;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A counter was bumped by some number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Counter")]
pub struct Bumped {
    /// By how much.
    pub by: u64,
}

/// A counter was set back to zero.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Counter")]
pub struct Cleared {}

/// A note was taken, which the projections of these tests do not handle.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Note")]
pub struct Noted {
    /// What it says.
    pub text: String,
}

/// A projection in memory: what it was handed, in order.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// The position and the number of each bump.
    pub bumps: Vec<(Position, u64)>,
}

#[projection(name = "seen")]
impl Seen {
    #[handles(Bumped)]
    fn bumped(&mut self, event: &Event<Bumped>) {
        self.bumps.push((event.position(), event.by));
    }

    #[truncate]
    fn truncate(&mut self) {
        self.bumps.clear();
    }
}

impl Seen {
    /// The numbers, in the order of their events.
    pub fn numbers(&self) -> Vec<u64> {
        self.bumps.iter().map(|(_, by)| *by).collect()
    }
}

/// Appends a bump for each number, to one stream, and returns the last one's position.
pub async fn bump(store: &dyn EventStore, numbers: impl IntoIterator<Item = u64>) -> Position {
    let events = numbers.into_iter().map(|by| NewEvent::of(&Bumped { by }).unwrap()).collect();
    let stream = StreamId::new("Counter", Uuid::from_u128(1));
    store.append(&stream, ExpectedVersion::Any, events).await.unwrap().position()
}

/// Appends so many notes, each to a stream of its own, and returns the last one's position.
pub async fn note(store: &dyn EventStore, notes: usize) -> Position {
    let mut position = Position::START;
    for n in 0..notes {
        let event = NewEvent::of(&Noted { text: format!("note {n}") }).unwrap();
        let stream = StreamId::new("Note", Uuid::now_v7());
        position = store.append(&stream, ExpectedVersion::Any, vec![event]).await.unwrap().position();
    }
    position
}
