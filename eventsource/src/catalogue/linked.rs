//! The descriptors that the linked crates have registered (feature `inventory`).

use crate::aggregate::AggregateDescriptor;
use crate::event::EventDescriptor;
use crate::projection::ProjectionDescriptor;

#[cfg(feature = "inventory")]
inventory::collect!(EventDescriptor);
#[cfg(feature = "inventory")]
inventory::collect!(AggregateDescriptor);
#[cfg(feature = "inventory")]
inventory::collect!(ProjectionDescriptor);

/// Defines a function that returns the registered descriptors of one kind.
macro_rules! linked {
    ($name:ident, $descriptor:ty) => {
        pub(super) fn $name() -> impl Iterator<Item = $descriptor> {
            #[cfg(feature = "inventory")]
            let linked = inventory::iter::<$descriptor>.into_iter().copied();
            #[cfg(not(feature = "inventory"))]
            let linked = std::iter::empty();
            linked
        }
    };
}

linked!(events, EventDescriptor);
linked!(aggregates, AggregateDescriptor);
linked!(projections, ProjectionDescriptor);
