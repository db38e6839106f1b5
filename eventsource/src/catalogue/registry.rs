//! The registry: which events, aggregates and projections a program knows.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::{DuplicateEvent, RegistryError, Topology, duplicates, linked};
use crate::aggregate::AggregateDescriptor;
use crate::event::EventDescriptor;
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
    pub(super) events: Vec<EventDescriptor>,
    /// The indexes in `events` of each stored name, own or alias.
    pub(super) by_name: BTreeMap<&'static str, Vec<usize>>,
    duplicates: Vec<DuplicateEvent>,
    aggregates: Vec<AggregateDescriptor>,
    projections: Vec<ProjectionDescriptor>,
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
}
