//! The last known horizon, for readers that are far behind it.
//!
//! Events before a horizon never change ([no gaps](crate::guarantees#no-gaps)). So a page that ends before a known
//! horizon does not have to read the horizon again.
//!
//! A new connection can lead to a server that was restarted, or to another server that has replaced it. That server may
//! not have the last commits, and may use their positions again. So each new connection clears the cache.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::event::Position;

/// The last known horizon.
#[derive(Debug, Clone, Default)]
pub(super) struct HorizonCache(Arc<Mutex<CachedHorizon>>);

#[derive(Debug, Default)]
struct CachedHorizon {
    connections: Connections,
    horizon: Position,
}

/// The number of connections that have been opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Connections(u64);

impl HorizonCache {
    fn state(&self) -> MutexGuard<'_, CachedHorizon> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Clears the cache for a new connection. Must be called before the connection is used.
    pub(super) fn connected(&self) {
        let mut state = self.state();
        *state = CachedHorizon { connections: Connections(state.connections.0 + 1), horizon: Position::START };
    }

    /// Returns the number of connections. Call it before a horizon is read, and pass it to [`note`](Self::note).
    pub(super) fn connections(&self) -> Connections {
        self.state().connections
    }

    /// Stores `horizon`, unless a connection was opened since there were `connections` connections.
    pub(super) fn note(&self, connections: Connections, horizon: Position) {
        let mut state = self.state();
        if state.connections == connections {
            state.horizon = state.horizon.max(horizon);
        }
    }

    /// Returns the known horizon. The caller must already have the connection with which it reads.
    pub(super) fn horizon(&self) -> Position {
        self.state().horizon
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn horizon_cache_is_cleared_by_a_new_connection() {
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
