//! What `#[projection]` states about a projection for the catalogue and for the compiler.

use super::ProjectionKind;
use crate::event::EventDescriptor;

/// A projection that `#[projection]` made. It describes what it handles without an instance.
///
/// ```
/// # #[cfg(feature = "macros")] {
/// # use eventsource::prelude::*;
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Serialize, Deserialize, DomainEvent)]
/// # #[event(aggregate = "Order")]
/// # struct OrderPlaced { total: u64 }
/// # #[derive(Clone, Default)]
/// # struct Revenue(u64);
/// # #[projection(name = "revenue")]
/// # impl Revenue {
/// #     #[handles(OrderPlaced)]
/// #     fn placed(&mut self, order: &OrderPlaced) { self.0 += order.total }
/// # }
/// use eventsource::projection::Projection;
///
/// assert_eq!(Revenue::DESCRIPTOR.name(), "revenue");
/// # }
/// ```
pub trait Projection {
    /// The entry of the catalogue.
    const DESCRIPTOR: ProjectionDescriptor;
}

/// States that `Self` handles `E` with its handler number `AT`. `#[projection]` implements it.
///
/// It is a bound where a projection must handle an event, so that the compiler rejects one that does not. Two handlers
/// for one event, one of them behind an alias of the type, would be two implementations of one trait. The number makes
/// them different, so that the compiler reports only the check that the macro generates. A caller leaves the number to
/// the compiler:
///
/// ```
/// # #[cfg(feature = "macros")] {
/// # use eventsource::prelude::*;
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Serialize, Deserialize, DomainEvent)]
/// # #[event(aggregate = "Order")]
/// # struct OrderPlaced { total: u64 }
/// # #[derive(Clone, Default)]
/// # struct Revenue(u64);
/// # #[projection(name = "revenue")]
/// # impl Revenue {
/// #     #[handles(OrderPlaced)]
/// #     fn placed(&mut self, order: &OrderPlaced) { self.0 += order.total }
/// # }
/// use eventsource::projection::Handles;
///
/// fn counts_orders<P: Handles<OrderPlaced, AT>, const AT: usize>(projection: P) -> P {
///     projection
/// }
///
/// let revenue = counts_orders(Revenue::default());
/// # let _ = revenue;
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "the projection `{Self}` does not handle `{E}`",
    label = "`{Self}` has no handler for it",
    note = "add a method with `#[handles({E})]` to the `#[projection]` block of `{Self}`, or leave the event out"
)]
pub trait Handles<E, const AT: usize> {}

/// The description of a projection in the [`Registry`](crate::Registry). `#[projection]` creates it.
///
/// ```
/// # #[cfg(feature = "macros")] {
/// # use serde::{Deserialize, Serialize};
/// use eventsource::projection::Projection;
/// use eventsource::{DomainEvent, ProjectionKind, projection};
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
/// assert_eq!((projection.name(), projection.version(), projection.kind()), ("revenue", 1, ProjectionKind::Memory));
/// assert_eq!(projection.events()[0].name(), "OrderPlaced");
/// assert!(projection.read_models().is_empty() && projection.rust_type().ends_with("Revenue"));
/// # }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct ProjectionDescriptor {
    name: &'static str,
    version: u32,
    kind: ProjectionKind,
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
        name: &'static str,
        version: u32,
        kind: ProjectionKind,
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

    /// Returns the kind of the projection.
    #[must_use]
    pub const fn kind(&self) -> ProjectionKind {
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
