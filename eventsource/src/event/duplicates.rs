//! Stored names that several types claim.

use std::collections::BTreeMap;
use std::fmt;

use super::EventDescriptor;

/// Two or more types that claim one stored name and version.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DuplicateEvent {
    /// The stored name.
    pub name: &'static str,
    /// The schema version.
    pub version: u32,
    /// Where each of the types is declared.
    pub places: Vec<String>,
}

impl fmt::Display for DuplicateEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, version, places } = self;
        write!(f, "event `{name}` (version {version}) is declared {} times: {}", places.len(), places.join(", and "))
    }
}

/// The catalogue contradicts itself.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// Some stored names are claimed by several types.
    #[error("{}; give one of them another `#[event(name = \"…\")]`", list(.0))]
    Duplicates(Vec<DuplicateEvent>),
}

fn list(duplicates: &[DuplicateEvent]) -> String {
    duplicates.iter().map(DuplicateEvent::to_string).collect::<Vec<_>>().join("; ")
}

/// The stored names and versions that several of `events` claim, by name or by alias.
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
