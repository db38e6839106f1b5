//! Stored names that several types use.

use std::collections::BTreeMap;
use std::fmt;

use crate::event::EventDescriptor;

/// Two or more types that use the same stored name and schema version.
///
/// [`Registry::duplicates`](super::Registry::duplicates) returns them.
///
/// ```
/// let registry = eventsource::Registry::of([]);
/// for duplicate in registry.duplicates() {
///     println!("{} (version {}): {:?}", duplicate.name, duplicate.version, duplicate.places);
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DuplicateEvent {
    /// The stored name.
    pub name: &'static str,
    /// The schema version.
    pub version: u32,
    /// The place of each declaration, as `Type at file:line (package version)`.
    pub places: Vec<String>,
}

impl fmt::Display for DuplicateEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, version, places } = self;
        write!(f, "event `{name}` (version {version}) is declared {} times: {}", places.len(), places.join(", and "))
    }
}

/// A [`Registry`](super::Registry) contains types that exclude each other. [`Registry::check`](super::Registry::check)
/// returns it.
///
/// ```
/// # #[cfg(feature = "macros")] {
/// use eventsource::{DomainEvent, Registry, RegistryError};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize, DomainEvent)]
/// #[event(aggregate = "Order", name = "closed")]
/// struct OrderClosed {}
///
/// #[derive(Serialize, Deserialize, DomainEvent)]
/// #[event(aggregate = "Shop", name = "closed")]
/// struct ShopClosed {}
///
/// let checked = Registry::of([OrderClosed::DESCRIPTOR, ShopClosed::DESCRIPTOR]).check();
/// assert!(matches!(checked, Err(RegistryError::Duplicates(duplicates)) if duplicates[0].name == "closed"));
/// # }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// Several types use the same stored name.
    #[error("{}; give all but one of them another `#[event(name = \"…\")]`", list(.0))]
    Duplicates(Vec<DuplicateEvent>),
}

fn list(duplicates: &[DuplicateEvent]) -> String {
    duplicates.iter().map(DuplicateEvent::to_string).collect::<Vec<_>>().join("; ")
}

/// Returns the stored names and versions that several of `events` use, as name or as alias.
pub(super) fn among(events: &[EventDescriptor]) -> Vec<DuplicateEvent> {
    let mut claims = BTreeMap::<_, Vec<&EventDescriptor>>::new();
    for event in events {
        for claim in event.names().flat_map(|name| event.versions().map(move |version| (name, version))) {
            claims.entry(claim).or_default().push(event);
        }
    }
    let twice = claims.into_iter().filter(|(_, by)| by.len() > 1);
    twice
        .map(|((name, version), by)| DuplicateEvent {
            name,
            version,
            places: by.into_iter().map(EventDescriptor::place).collect(),
        })
        .collect()
}
