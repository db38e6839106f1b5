//! The catalogue of the events, aggregates and projections that a program knows.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::OnceLock;

use super::{DuplicateEvent, RegistryError, Topology, duplicates, linked};
use crate::aggregate::AggregateDescriptor;
use crate::event::{
    AnyPayload, DecodeError, DomainEvent, EventDescriptor, RecordedEvent, check_readable, other_version, payload_error,
};
use crate::projection::ProjectionDescriptor;

/// The catalogue of the events, aggregates and projections that a program knows.
///
/// Projections route events without it. Use it to list what a program knows ([`events`](Registry::events)), to draw how
/// the parts depend on each other ([`topology`](Registry::topology)), to decode events whose type the caller does not
/// know ([`decode`](Registry::decode)), and to find two types with the same stored name ([`check`](Registry::check)).
///
/// [`Registry::global`] contains every event with `#[derive(DomainEvent)]` in the crates that are *linked* into the
/// program. The linker leaves out a crate that the program never names, and no error says so. Name the crate once:
/// `use orders as _;`. If that does not work (for example in a static library that another linker links), list the
/// events with [`Registry::of`].
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
    /// The indexes in `events` of each stored name, own or alias.
    by_name: BTreeMap<&'static str, Vec<usize>>,
    duplicates: Vec<DuplicateEvent>,
    aggregates: Vec<AggregateDescriptor>,
    projections: Vec<ProjectionDescriptor>,
}

/// A decoded event of any type. [`Registry::decode`] returns it, and [`downcast_ref`](AnyEvent::downcast_ref) gives the
/// typed event.
///
/// ```
/// # #[cfg(feature = "macros")] {
/// # use serde::{Deserialize, Serialize};
/// use eventsource::{AnyEvent, DomainEvent};
/// # #[derive(Serialize, Deserialize, DomainEvent)]
/// # #[event(aggregate = "Order")]
/// # struct OrderPlaced { total: u64 }
///
/// fn show(event: &AnyEvent) {
///     match event.downcast_ref::<OrderPlaced>() {
///         Some(order) => println!("an order of {}", order.total),
///         None => println!("another event: {}", event.descriptor().name()),
///     }
/// }
/// # }
/// ```
pub struct AnyEvent {
    descriptor: EventDescriptor,
    payload: AnyPayload,
}

impl AnyEvent {
    /// Returns the description of the event type.
    #[must_use]
    pub const fn descriptor(&self) -> &EventDescriptor {
        &self.descriptor
    }

    /// Returns the event if it is an `E`, or `None`.
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
    /// Returns the registry of every event, aggregate and projection in the linked crates.
    ///
    /// It is empty without the feature `inventory`. Then build a registry with [`Registry::of`], and give it to every
    /// function that takes one.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(all(feature = "macros", feature = "inventory"))] {
    /// # use serde::{Deserialize, Serialize};
    /// use eventsource::{DomainEvent, Registry};
    ///
    /// #[derive(Serialize, Deserialize, DomainEvent)]
    /// #[event(aggregate = "Voucher")]
    /// struct VoucherRedeemed {}
    ///
    /// assert!(Registry::global().find("VoucherRedeemed", 1).is_some());
    /// # }
    /// ```
    #[must_use]
    pub fn global() -> &'static Self {
        static GLOBAL: OnceLock<Registry> = OnceLock::new();
        GLOBAL.get_or_init(|| {
            Self::of(linked::events()).with_aggregates(linked::aggregates()).with_projections(linked::projections())
        })
    }

    /// Creates a registry of exactly these events.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::DomainEvent;
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize, DomainEvent)]
    /// # #[event(aggregate = "Order")]
    /// # struct OrderPlaced { total: u64 }
    /// use eventsource::Registry;
    ///
    /// let registry = Registry::of([OrderPlaced::DESCRIPTOR]);
    /// assert_eq!(registry.events().count(), 1);
    /// # }
    /// ```
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

    /// Adds projections.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::DomainEvent;
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize, DomainEvent)]
    /// # #[event(aggregate = "Order")]
    /// # struct OrderPlaced { total: u64 }
    /// use eventsource::projection::Projection;
    /// use eventsource::{Registry, projection};
    ///
    /// struct Revenue(u64);
    ///
    /// #[projection]
    /// impl Revenue {
    ///     #[handles(OrderPlaced)]
    ///     fn placed(&mut self, order: &OrderPlaced) { self.0 += order.total }
    /// }
    ///
    /// let registry = Registry::of([OrderPlaced::DESCRIPTOR]).with_projections([Revenue::DESCRIPTOR]);
    /// assert_eq!(registry.projections().map(|projection| projection.name()).collect::<Vec<_>>(), ["Revenue"]);
    /// # }
    /// ```
    #[must_use]
    pub fn with_projections(mut self, projections: impl IntoIterator<Item = ProjectionDescriptor>) -> Self {
        self.projections.extend(projections);
        self.projections.sort_by_key(|projection| (projection.name(), projection.rust_type()));
        self
    }

    /// Adds aggregates.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::DomainEvent;
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize, DomainEvent)]
    /// # #[event(aggregate = "Order")]
    /// # struct OrderPlaced { total: u64 }
    /// use eventsource::Registry;
    /// use eventsource::catalogue::AggregateDescriptor;
    ///
    /// let order = AggregateDescriptor::new("Order", "Order", &[&OrderPlaced::DESCRIPTOR]);
    /// let registry = Registry::of([OrderPlaced::DESCRIPTOR]).with_aggregates([order]);
    /// assert_eq!(registry.aggregates().map(|aggregate| aggregate.name()).collect::<Vec<_>>(), ["Order"]);
    /// # }
    /// ```
    #[must_use]
    pub fn with_aggregates(mut self, aggregates: impl IntoIterator<Item = AggregateDescriptor>) -> Self {
        self.aggregates.extend(aggregates);
        self.aggregates.sort_by_key(|aggregate| (aggregate.name(), aggregate.rust_type()));
        self
    }

    /// Returns every event, ordered by name and version.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::DomainEvent;
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize, DomainEvent)]
    /// # #[event(aggregate = "Order")]
    /// # struct OrderPlaced { total: u64 }
    /// use eventsource::Registry;
    ///
    /// for event in Registry::of([OrderPlaced::DESCRIPTOR]).events() {
    ///     println!("{} v{}: {}", event.name(), event.version(), event.place());
    /// }
    /// # }
    /// ```
    pub fn events(&self) -> impl Iterator<Item = &EventDescriptor> {
        self.events.iter()
    }

    /// Returns every registered projection, ordered by name. `#[projection]` registers projections.
    ///
    /// # Examples
    /// ```
    /// use eventsource::Registry;
    ///
    /// for projection in Registry::global().projections() {
    ///     println!("{} ({})", projection.name(), projection.kind());
    /// }
    /// ```
    pub fn projections(&self) -> impl Iterator<Item = &ProjectionDescriptor> {
        self.projections.iter()
    }

    /// Returns every registered aggregate, ordered by name. `#[aggregate]` registers aggregates.
    ///
    /// # Examples
    /// ```
    /// use eventsource::Registry;
    ///
    /// for aggregate in Registry::global().aggregates() {
    ///     println!("{} declares {} events", aggregate.name(), aggregate.events().len());
    /// }
    /// ```
    pub fn aggregates(&self) -> impl Iterator<Item = &AggregateDescriptor> {
        self.aggregates.iter()
    }

    /// Returns how events, aggregates, projections and read models depend on each other, for a drawing.
    ///
    /// # Examples
    /// ```
    /// use eventsource::Registry;
    ///
    /// println!("{}", Registry::global().topology().mermaid());
    /// ```
    #[must_use]
    pub const fn topology(&self) -> Topology<'_> {
        Topology::of(self.events.as_slice(), self.aggregates.as_slice(), self.projections.as_slice())
    }

    /// Returns the event type that reads events stored as `name` with the schema version `version`.
    ///
    /// Aliases and older versions are found too. Returns `None` if no type reads such events.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::DomainEvent;
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize, DomainEvent)]
    /// # #[event(aggregate = "Order")]
    /// # struct OrderPlaced { total: u64 }
    /// use eventsource::Registry;
    ///
    /// let registry = Registry::of([OrderPlaced::DESCRIPTOR]);
    /// assert!(registry.find("OrderPlaced", 1).is_some());
    /// assert!(registry.find("OrderPlaced", 2).is_none());
    /// # }
    /// ```
    #[must_use]
    pub fn find(&self, name: &str, version: u32) -> Option<&EventDescriptor> {
        self.named(name).find(|event| event.versions().any(|own| own == version))
    }

    /// Returns the event types with the stored name `name`, own or alias.
    fn named(&self, name: &str) -> impl Iterator<Item = &EventDescriptor> {
        self.by_name.get(name).into_iter().flatten().filter_map(|at| self.events.get(*at))
    }

    /// Returns the stored names that several types use.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::DomainEvent;
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize, DomainEvent)]
    /// # #[event(aggregate = "Order")]
    /// # struct OrderPlaced { total: u64 }
    /// use eventsource::Registry;
    ///
    /// assert!(Registry::of([OrderPlaced::DESCRIPTOR]).duplicates().is_empty());
    /// # }
    /// ```
    #[must_use]
    pub fn duplicates(&self) -> &[DuplicateEvent] {
        &self.duplicates
    }

    /// Checks that only one type uses each stored name. Call it in a test.
    ///
    /// # Errors
    /// [`RegistryError::Duplicates`] with every name that several types use, and the place of each type. Give all but
    /// one of the types another name.
    ///
    /// # Examples
    /// ```
    /// # use eventsource::Registry;
    /// assert!(Registry::of([]).check().is_ok());
    /// ```
    pub fn check(&self) -> Result<(), RegistryError> {
        if self.duplicates.is_empty() { Ok(()) } else { Err(RegistryError::Duplicates(self.duplicates.clone())) }
    }

    /// Decodes `recorded` by its stored name and schema version. Aliases and older versions give the current type.
    ///
    /// # Errors
    /// [`DecodeError`] if the registry does not contain the event, if no type reads its schema version, if a column of
    /// it cannot be read, or if the payload does not match the type. A retry does not help.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// use eventsource::event::now;
    /// use eventsource::{DomainEvent, NewEvent, Position, Registry, StreamId};
    /// use serde::{Deserialize, Serialize};
    /// use uuid::Uuid;
    ///
    /// #[derive(Serialize, Deserialize, DomainEvent)]
    /// #[event(aggregate = "Order")]
    /// struct OrderPlaced { total: u64 }
    ///
    /// let stream = StreamId::new("Order", Uuid::now_v7());
    /// let recorded = NewEvent::raw("OrderPlaced", 1, r#"{"total":150}"#).record(stream, 1, Position::new(7), now());
    /// let event = Registry::of([OrderPlaced::DESCRIPTOR]).decode(&recorded)?;
    /// assert_eq!(event.descriptor().name(), "OrderPlaced");
    /// assert_eq!(event.downcast_ref::<OrderPlaced>().map(|order| order.total), Some(150));
    /// # }
    /// # Ok::<(), eventsource::DecodeError>(())
    /// ```
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
