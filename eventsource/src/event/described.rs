//! The descriptions of aggregates and projections in the registry. They contain names, and no code.

use super::EventDescriptor;

/// The description of an aggregate in the [`Registry`](super::Registry). `#[aggregate]` creates it.
///
/// ```
/// # #[cfg(all(feature = "macros", feature = "inventory"))] {
/// # use serde::{Deserialize, Serialize};
/// use eventsource::{DomainEvent, Registry, aggregate};
///
/// #[derive(Serialize, Deserialize, DomainEvent)]
/// #[event(aggregate = "Voucher")]
/// struct VoucherIssued {}
///
/// #[derive(Default)]
/// struct Voucher;
///
/// #[aggregate]
/// impl Voucher {
///     #[applies(VoucherIssued)]
///     fn issued(&mut self, _: &VoucherIssued) {}
/// }
///
/// let mut aggregates = Registry::global().aggregates();
/// let voucher = aggregates.find(|aggregate| aggregate.name() == "Voucher").unwrap();
/// assert_eq!(voucher.events()[0].name(), "VoucherIssued");
/// assert!(voucher.rust_type().ends_with("Voucher"));
/// # }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct AggregateDescriptor {
    name: &'static str,
    rust_type: &'static str,
    events: &'static [&'static EventDescriptor],
}

impl AggregateDescriptor {
    /// Describes the aggregate `name` of the Rust type `rust_type`. `#[aggregate]` calls this.
    #[must_use]
    pub const fn new(name: &'static str, rust_type: &'static str, events: &'static [&'static EventDescriptor]) -> Self {
        Self { name, rust_type, events }
    }

    /// Returns the aggregate type of its streams.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Returns the path of the Rust type.
    #[must_use]
    pub const fn rust_type(&self) -> &'static str {
        self.rust_type
    }

    /// Returns the events that the aggregate declares.
    #[must_use]
    pub const fn events(&self) -> &'static [&'static EventDescriptor] {
        self.events
    }
}

/// The description of a projection in the [`Registry`](super::Registry). `#[projection]` creates it.
///
/// ```
/// # #[cfg(feature = "macros")] {
/// # use serde::{Deserialize, Serialize};
/// use eventsource::projection::Projection;
/// use eventsource::{DomainEvent, projection};
///
/// #[derive(Serialize, Deserialize, DomainEvent)]
/// #[event(aggregate = "Order")]
/// struct OrderPlaced { total: u64 }
///
/// struct Revenue(u64);
///
/// #[projection(name = "revenue")]
/// impl Revenue {
///     #[handles(OrderPlaced)]
///     fn placed(&mut self, order: &OrderPlaced) { self.0 += order.total }
/// }
///
/// let projection = Revenue::DESCRIPTOR;
/// assert_eq!((projection.name(), projection.version(), projection.kind()), ("revenue", 1, "memory"));
/// assert_eq!(projection.events()[0].name(), "OrderPlaced");
/// assert!(projection.read_models().is_empty() && projection.rust_type().ends_with("Revenue"));
/// # }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct ProjectionDescriptor {
    name: &'static str,
    version: u32,
    kind: &'static str,
    rust_type: &'static str,
    events: &'static [&'static EventDescriptor],
    read_models: &'static [Option<&'static str>],
}

impl ProjectionDescriptor {
    /// Describes the projection `name` of the Rust type `rust_type`. `#[projection]` calls this.
    ///
    /// `read_models` has one element for each parameter of a handler: the table of a repository, or `None`.
    #[must_use]
    pub const fn new(
        (name, version, kind): (&'static str, u32, &'static str),
        rust_type: &'static str,
        events: &'static [&'static EventDescriptor],
        read_models: &'static [Option<&'static str>],
    ) -> Self {
        Self { name, version, kind, rust_type, events, read_models }
    }

    /// Returns the name of the checkpoint, unless the subscription has another name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Returns the version of the projection.
    #[must_use]
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// Returns the kind of the projection: `transactional`, `memory`, `durable memory` or `effects`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        self.kind
    }

    /// Returns the path of the Rust type, without its generics.
    #[must_use]
    pub const fn rust_type(&self) -> &'static str {
        self.rust_type
    }

    /// Returns the events that the projection handles.
    #[must_use]
    pub const fn events(&self) -> &'static [&'static EventDescriptor] {
        self.events
    }

    /// Returns the tables of the read models that the projection declares, or for which its handlers take a repository.
    /// They are sorted.
    #[must_use]
    pub fn read_models(&self) -> Vec<&'static str> {
        let mut tables: Vec<_> = self.read_models.iter().flatten().copied().collect();
        tables.sort_unstable();
        tables.dedup();
        tables
    }
}
