//! The description of an aggregate in the registry. It contains names, and no code.

use crate::event::EventDescriptor;

/// The description of an aggregate in the [`Registry`](crate::Registry). `#[aggregate]` creates it.
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
