//! The event types that the program knows: used to find stored events that it cannot decode.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use crate::catalogue::Registry;
use crate::event::{EventFilter, Position};
use crate::store::{EventLog, StoreError, StoredType};
use crate::subscription::log::looked::Looked;

/// The event types that a manager knows: those of its registry, and those that its subscriptions handle. A subscriber
/// that is written by hand can handle a type that no registry lists.
#[derive(Debug, Default)]
pub(in crate::subscription) struct Catalogue {
    registry: Option<Registry>,
    known: Mutex<Arc<BTreeSet<String>>>,
    /// The parts of the log that were searched for unknown types, to warn of them.
    pub(in crate::subscription) looked: Mutex<Looked>,
}

/// The empty set of types.
pub(in crate::subscription) static NO_TYPES: BTreeSet<String> = BTreeSet::new();

impl Catalogue {
    /// Uses `registry` in place of [`Registry::global`].
    pub(in crate::subscription) fn of(registry: Registry) -> Self {
        Self { registry: Some(registry), ..Self::default() }
    }

    pub(in crate::subscription) fn registry(&self) -> &Registry {
        self.registry.as_ref().unwrap_or_else(|| Registry::global())
    }

    /// Adds the types that a subscription with this filter handles.
    pub(in crate::subscription) fn learn(&self, filter: &EventFilter) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let known = Arc::make_mut(&mut known);
        known.extend(self.registry().events().flat_map(|event| event.names()).map(str::to_owned));
        known.extend(filter.event_types().into_iter().flatten().map(str::to_owned));
    }

    /// Returns up to `limit` unknown types of the events in `(after, to]`, without those in `besides`, ordered by first
    /// occurrence.
    pub(in crate::subscription) async fn unknown_in(
        &self,
        store: &dyn EventLog,
        after: Position,
        to: Position,
        limit: usize,
        besides: &BTreeSet<String>,
    ) -> Result<Vec<StoredType>, StoreError> {
        let known = Arc::clone(&self.known.lock().unwrap_or_else(PoisonError::into_inner));
        let known: Vec<_> = known.union(besides).map(String::as_str).collect();
        store.event_types_except(&known, after, to, limit).await
    }
}
