//! The catalogue of the events, aggregates and projections that a program knows.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::OnceLock;

use super::descriptor::AnyPayload;
use super::typed::{check_readable, other_version, payload_error};
use super::{
    AggregateDescriptor, DecodeError, DomainEvent, DuplicateEvent, EventDescriptor, ProjectionDescriptor,
    RecordedEvent, RegistryError, Topology, duplicates, linked,
};

/// The catalogue of the events, aggregates and projections that a program knows.
///
/// Projections do not need it to route events. It answers what a program knows ([`Registry::events`]) and how it hangs
/// together ([`Registry::topology`]), decodes by stored name where the type is not known to the caller, and finds two types
/// that claim one stored name.
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
/// #[event(aggregate = "Order", name = "order.placed", aliases("order.created"))]
/// struct OrderPlaced { total: u64 }
///
/// let registry = Registry::of([OrderPlaced::DESCRIPTOR]);
/// assert_eq!(registry.find("order.created", 1).map(|event| event.name()), Some("order.placed"));
/// assert!(registry.duplicates().is_empty());
/// # }
/// ```
#[derive(Debug, Default)]
pub struct Registry {
    events: Vec<EventDescriptor>,
    /// Where in `events` a stored name is found, own or alias.
    by_name: BTreeMap<&'static str, Vec<usize>>,
    duplicates: Vec<DuplicateEvent>,
    aggregates: Vec<AggregateDescriptor>,
    projections: Vec<ProjectionDescriptor>,
}

/// An event that [`Registry::decode`] decoded: its type is found out with [`AnyEvent::downcast_ref`].
pub struct AnyEvent {
    descriptor: EventDescriptor,
    payload: AnyPayload,
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
    /// Every event, aggregate and projection of the crates that are linked into the program.
    ///
    /// Empty without the feature `inventory`; then every interface that takes a registry wants one made by [`Registry::of`].
    #[must_use]
    pub fn global() -> &'static Self {
        static GLOBAL: OnceLock<Registry> = OnceLock::new();
        GLOBAL.get_or_init(|| {
            Self::of(linked::events()).with_aggregates(linked::aggregates()).with_projections(linked::projections())
        })
    }

    /// The catalogue of exactly these events.
    #[must_use]
    pub fn of(events: impl IntoIterator<Item = EventDescriptor>) -> Self {
        let mut events: Vec<_> = events.into_iter().collect();
        events.sort_by_key(EventDescriptor::sort_key);
        events.dedup_by_key(|event| event.sort_key());
        let mut by_name = BTreeMap::<_, Vec<_>>::new();
        for (at, event) in events.iter().enumerate() {
            for name in event.names() {
                by_name.entry(name).or_default().push(at);
            }
        }
        Self { duplicates: duplicates::among(&events), events, by_name, ..Self::default() }
    }

    /// The same with these projections.
    #[must_use]
    pub fn with_projections(mut self, projections: impl IntoIterator<Item = ProjectionDescriptor>) -> Self {
        self.projections.extend(projections);
        self.projections.sort_by_key(|projection| (projection.name(), projection.rust_type()));
        self
    }

    /// The same with these aggregates.
    #[must_use]
    pub fn with_aggregates(mut self, aggregates: impl IntoIterator<Item = AggregateDescriptor>) -> Self {
        self.aggregates.extend(aggregates);
        self.aggregates.sort_by_key(|aggregate| (aggregate.name(), aggregate.rust_type()));
        self
    }

    /// Every event, by name and version.
    pub fn events(&self) -> impl Iterator<Item = &EventDescriptor> {
        self.events.iter()
    }

    /// Every projection that `#[projection]` made, by name.
    pub fn projections(&self) -> impl Iterator<Item = &ProjectionDescriptor> {
        self.projections.iter()
    }

    /// Every aggregate that `#[aggregate]` made, by name.
    pub fn aggregates(&self) -> impl Iterator<Item = &AggregateDescriptor> {
        self.aggregates.iter()
    }

    /// How events, projections and read models hang together, to be drawn.
    #[must_use]
    pub const fn topology(&self) -> Topology<'_> {
        Topology::of(self)
    }

    /// The event that is stored under `name`, its own or an alias, with `version`, its own or an older one that it reads.
    #[must_use]
    pub fn find(&self, name: &str, version: u32) -> Option<&EventDescriptor> {
        self.named(name).find(|event| event.versions().any(|own| own == version))
    }

    /// The events that are stored under `name`, own or alias.
    fn named(&self, name: &str) -> impl Iterator<Item = &EventDescriptor> {
        self.by_name.get(name).into_iter().flatten().filter_map(|at| self.events.get(*at))
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

    /// `recorded`, decoded by its stored name and version. Aliases and older versions give the newest form.
    ///
    /// # Errors
    /// [`DecodeError`] where the catalogue does not know the event, or knows other versions of it, or where the
    /// payload does not fit.
    pub fn decode(&self, recorded: &RecordedEvent) -> Result<AnyEvent, DecodeError> {
        check_readable(recorded)?;
        let version = recorded.schema_version();
        let found = self.find(recorded.event_type(), version);
        let Some((descriptor, decoded)) =
            found.and_then(|event| event.decode(version, recorded.payload()).map(|decoded| (event, decoded)))
        else {
            return Err(match self.named(recorded.event_type()).last() {
                Some(known) => other_version(recorded, known.version()),
                None => DecodeError::Unknown {
                    event_type: recorded.event_type().to_owned(),
                    version,
                    position: recorded.position(),
                    stream: recorded.stream().clone(),
                },
            });
        };
        match decoded {
            Ok(payload) => Ok(AnyEvent { descriptor: *descriptor, payload }),
            Err(source) => Err(payload_error(recorded, source)),
        }
    }
}
