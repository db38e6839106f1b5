//! Which types of events the code of a manager knows.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use super::unknown_types::Looked;
use crate::event::{EventFilter, Position, Registry};
use crate::store::{EventStore, StoreError, StoredType};

/// Which types of events the code of a manager knows: those of its catalogue, and those that its subscriptions ask for by
/// name, which may be written without one.
#[derive(Debug, Default)]
pub(super) struct Catalogue {
    registry: Option<Registry>,
    known: Mutex<Arc<BTreeSet<String>>>,
    /// What was looked at, to warn of types that no code knows.
    pub(super) looked: Mutex<Looked>,
}

/// No types besides those that are known.
pub(super) static NO_TYPES: BTreeSet<String> = BTreeSet::new();

impl Catalogue {
    /// The same, of `registry` in place of [`Registry::global`].
    pub(super) fn of(registry: Registry) -> Self {
        Self { registry: Some(registry), ..Self::default() }
    }

    pub(super) fn registry(&self) -> &Registry {
        self.registry.as_ref().unwrap_or_else(|| Registry::global())
    }

    /// Somebody asks for these.
    pub(super) fn learn(&self, filter: &EventFilter) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let known = Arc::make_mut(&mut known);
        known.extend(self.registry().events().flat_map(|event| event.names()).map(str::to_owned));
        known.extend(filter.event_types().into_iter().flatten().map(str::to_owned));
    }

    /// Returns the stored types that no code knows, without those of `besides`, of events after `after` and up to `to`: at
    /// most `limit`, in the order of their first events.
    pub(super) async fn unknown_in(
        &self,
        store: &dyn EventStore,
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
