//! The last horizon that was found, which serves whoever reads what lies far before it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::event::Position;

/// The last horizon that was found. What lies before a horizon never changes ([no gaps](crate::guarantees#no-gaps)), so that a page that ends before one
/// needs none of its own, if its connection is not younger than that.
///
/// A new connection may lead to a server that was started again, or to another one that has taken its place, and that does
/// not know of the last commits: positions are then drawn once more. So it makes the horizon forgotten.
#[derive(Debug, Clone, Default)]
pub(super) struct HorizonCache(Arc<Mutex<CachedHorizon>>);

#[derive(Debug, Default)]
struct CachedHorizon {
    connections: Connections,
    horizon: Position,
}

/// How many connections have been made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Connections(u64);

impl HorizonCache {
    fn state(&self) -> MutexGuard<'_, CachedHorizon> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection was made: before anybody uses it.
    pub(super) fn connected(&self) {
        let mut state = self.state();
        *state = CachedHorizon { connections: Connections(state.connections.0 + 1), horizon: Position::START };
    }

    /// What to ask before a horizon is read, for [`note`](Self::note).
    pub(super) fn connections(&self) -> Connections {
        self.state().connections
    }

    /// `horizon` was read, on a connection that was made already when there were so many `connections`, or is lost.
    pub(super) fn note(&self, connections: Connections, horizon: Position) {
        let mut state = self.state();
        if state.connections == connections {
            state.horizon = state.horizon.max(horizon);
        }
    }

    /// Whoever asks holds the connection already on which it goes on to read.
    pub(super) fn horizon(&self) -> Position {
        self.state().horizon
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_connection_makes_it_forgotten() {
        let (known, horizon) = (HorizonCache::default(), Position::new(7));
        let before = known.connections();
        known.note(before, horizon);
        assert_eq!(known.horizon(), horizon);
        known.connected();
        assert_eq!(known.horizon(), Position::START);
        known.note(before, horizon);
        assert_eq!(known.horizon(), Position::START, "it was read on an older connection");
        known.note(known.connections(), horizon);
        assert_eq!(known.horizon(), horizon);
    }
}
