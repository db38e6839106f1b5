//! Older schema versions of events.

use serde::de::DeserializeOwned;

/// An older schema version of an event, as the [`Registry`](crate::Registry) describes it. The event's type can read
/// it.
///
/// ```
/// # #[cfg(feature = "macros")] {
/// use eventsource::DomainEvent;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Deserialize)]
/// struct OrderPlacedV1 { total: u64 }
///
/// #[derive(Serialize, Deserialize, DomainEvent)]
/// #[event(aggregate = "Order", version = 2, from(OrderPlacedV1))]
/// struct OrderPlaced { cents: u64 }
///
/// impl From<OrderPlacedV1> for OrderPlaced {
///     fn from(old: OrderPlacedV1) -> Self { Self { cents: old.total * 100 } }
/// }
///
/// assert_eq!(OrderPlaced::OLD_VERSIONS[0].version(), 1);
/// # }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct OldVersion {
    version: u32,
    #[cfg(feature = "testing")]
    shape: fn() -> super::Shape,
}

impl OldVersion {
    /// Describes the schema version `version`, whose stored events are a `T`. The derive calls this.
    #[must_use]
    pub const fn of<T: DeserializeOwned>(version: u32) -> Self {
        Self {
            version,
            #[cfg(feature = "testing")]
            shape: super::Shape::of::<T>,
        }
    }

    /// Changes the number of the version.
    pub(crate) const fn numbered(mut self, version: u32) -> Self {
        self.version = version;
        self
    }

    /// Returns the number of the schema version.
    #[must_use]
    pub const fn version(&self) -> u32 {
        self.version
    }

    #[cfg(feature = "testing")]
    pub(super) const fn shape_fn(&self) -> fn() -> super::Shape {
        self.shape
    }

    /// Returns the shape in which events of this version are stored (feature `testing`).
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::DomainEvent;
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Deserialize)]
    /// # struct OrderPlacedV1 { total: u64 }
    /// # #[derive(Serialize, Deserialize, DomainEvent)]
    /// # #[event(aggregate = "Order", version = 2, from(OrderPlacedV1))]
    /// # struct OrderPlaced { cents: u64 }
    /// # impl From<OrderPlacedV1> for OrderPlaced {
    /// #     fn from(old: OrderPlacedV1) -> Self { Self { cents: old.total * 100 } }
    /// # }
    /// assert_eq!(OrderPlaced::OLD_VERSIONS[0].shape().kind("total"), Some("u64"));
    /// # }
    /// ```
    #[cfg(feature = "testing")]
    #[must_use]
    pub fn shape(&self) -> super::Shape {
        (self.shape)()
    }
}
