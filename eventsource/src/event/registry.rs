//! The catalogue of the events that a program knows.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::OnceLock;

use super::typed::{other_version, payload_error};
use super::{DecodeError, DomainEvent, EventDescriptor, RecordedEvent};

/// The catalogue of the events that a program knows.
///
/// Projections do not need it to route events. It answers what a program knows ([`Registry::events`]), decodes by
/// stored name where the type is not known to the caller, and finds two types that claim one stored name.
///
/// [`Registry::global`] holds each event with `#[derive(DomainEvent)]` in the crates that are *linked* into the
/// program. A crate that nothing names is not linked and registers nothing, silently: name it once, with
/// `use orders as _;`. Where that is not wanted, or does not work (static libraries linked by another linker),
/// [`Registry::of`] lists the events explicitly.
///
/// ```
/// # #[cfg(feature = "macros")] {
/// use eventsource::{DomainEvent, Registry};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize, DomainEvent)]
/// #[event(aggregate = "Order", name = "order.placed", version = 2)]
/// struct OrderPlaced { total: u64 }
///
/// let registry = Registry::of([OrderPlaced::DESCRIPTOR]);
/// assert_eq!(registry.find("order.placed", 2).map(|event| event.aggregate()), Some("Order"));
/// assert!(registry.duplicates().is_empty());
/// # }
/// ```
#[derive(Debug, Default)]
pub struct Registry {
    events: BTreeMap<&'static str, Vec<EventDescriptor>>,
    duplicates: Vec<DuplicateEvent>,
}

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

/// An event that [`Registry::decode`] decoded: its type is found out with [`AnyEvent::downcast_ref`].
pub struct AnyEvent {
    descriptor: EventDescriptor,
    payload: Box<dyn Any + Send + Sync>,
}

impl AnyEvent {
    /// What the catalogue knows of the event.
    #[must_use]
    pub const fn descriptor(&self) -> &EventDescriptor {
        &self.descriptor
    }

    /// The event, where it is an `E`.
    #[must_use]
    pub fn downcast_ref<E: DomainEvent>(&self) -> Option<&E> {
        self.payload.downcast_ref()
    }
}

impl fmt::Debug for AnyEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnyEvent").field("descriptor", &self.descriptor).finish_non_exhaustive()
    }
}

impl Registry {
    /// Every event of the crates that are linked into the program.
    ///
    /// Empty without the feature `inventory`; then every interface that takes a registry wants one made by [`Registry::of`].
    #[must_use]
    pub fn global() -> &'static Self {
        static GLOBAL: OnceLock<Registry> = OnceLock::new();
        GLOBAL.get_or_init(|| Self::of(linked_events()))
    }

    /// The catalogue of exactly these events.
    #[must_use]
    pub fn of(events: impl IntoIterator<Item = EventDescriptor>) -> Self {
        let mut all: Vec<_> = events.into_iter().collect();
        all.sort_by_key(EventDescriptor::sort_key);
        all.dedup_by_key(|event| event.sort_key());
        let duplicates = all
            .chunk_by(|a, b| (a.name(), a.version()) == (b.name(), b.version()))
            .filter(|same| same.len() > 1)
            .map(|same| DuplicateEvent {
                name: same[0].name(),
                version: same[0].version(),
                places: same.iter().map(EventDescriptor::place).collect(),
            })
            .collect();
        let mut events = BTreeMap::<_, Vec<_>>::new();
        for event in all {
            events.entry(event.name()).or_default().push(event);
        }
        Self { events, duplicates }
    }

    /// Every event, by name and version.
    pub fn events(&self) -> impl Iterator<Item = &EventDescriptor> {
        self.events.values().flatten()
    }

    /// The event stored under `name` with `version`.
    #[must_use]
    pub fn find(&self, name: &str, version: u32) -> Option<&EventDescriptor> {
        self.events.get(name)?.iter().find(|event| event.version() == version)
    }

    /// The stored names that several types claim.
    #[must_use]
    pub fn duplicates(&self) -> &[DuplicateEvent] {
        &self.duplicates
    }

    /// Whether every stored name is claimed by one type only.
    ///
    /// # Errors
    /// [`RegistryError::Duplicates`] with every name that is not, and both places.
    pub fn check(&self) -> Result<(), RegistryError> {
        if self.duplicates.is_empty() { Ok(()) } else { Err(RegistryError::Duplicates(self.duplicates.clone())) }
    }

    /// `recorded`, decoded by its stored name and version.
    ///
    /// # Errors
    /// [`DecodeError`] where the catalogue does not know the event, or knows another version of it, or where the
    /// payload does not fit.
    pub fn decode(&self, recorded: &RecordedEvent) -> Result<AnyEvent, DecodeError> {
        let Some(descriptor) = self.find(recorded.event_type(), recorded.schema_version()) else {
            let known = self.events.get(recorded.event_type()).and_then(|versions| versions.last());
            return Err(match known {
                Some(known) => other_version(recorded, known.version()),
                None => DecodeError::Unknown {
                    event_type: recorded.event_type().to_owned(),
                    version: recorded.schema_version(),
                    position: recorded.position(),
                    stream: recorded.stream().clone(),
                },
            });
        };
        match descriptor.decode(recorded.payload()) {
            Ok(payload) => Ok(AnyEvent { descriptor: *descriptor, payload }),
            Err(source) => Err(payload_error(recorded, source)),
        }
    }
}

#[cfg(feature = "inventory")]
mod linked {
    use super::EventDescriptor;

    inventory::collect!(EventDescriptor);

    pub(super) fn linked_events() -> impl Iterator<Item = EventDescriptor> {
        inventory::iter::<EventDescriptor>.into_iter().copied()
    }
}

#[cfg(not(feature = "inventory"))]
mod linked {
    use super::EventDescriptor;

    pub(super) fn linked_events() -> impl Iterator<Item = EventDescriptor> {
        std::iter::empty()
    }
}

use linked::linked_events;
