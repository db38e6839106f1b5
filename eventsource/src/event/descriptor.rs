//! The description of an event in the registry.

use std::any::Any;
use std::fmt;

use super::{OldVersion, Unstorable};

/// The description of an event in the [`Registry`](crate::Registry): its names, its versions, and the place in the
/// source that declares it.
///
/// ```
/// # #[cfg(feature = "macros")] {
/// use eventsource::DomainEvent;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize, DomainEvent)]
/// #[event(aggregate = "Order", name = "order.placed", aliases("order.created"))]
/// struct OrderPlaced {}
///
/// let event = OrderPlaced::DESCRIPTOR;
/// assert_eq!((event.name(), event.version(), event.aggregate()), ("order.placed", 1, "Order"));
/// assert_eq!(event.aliases(), ["order.created"]);
/// assert!(event.old_versions().is_empty());
/// println!("{} is declared by {}", event.rust_type(), event.place());
/// # }
/// ```
#[derive(Clone, Copy)]
pub struct EventDescriptor {
    pub(super) name: &'static str,
    pub(super) version: u32,
    pub(super) aggregate: &'static str,
    pub(super) aliases: &'static [&'static str],
    pub(super) old_versions: &'static [OldVersion],
    pub(super) rust_type: &'static str,
    pub(super) place: Place,
    /// Whether `encode` of the event refuses values that would not be read back equal.
    pub(super) is_checked: bool,
    pub(super) decode: fn(u32, &str) -> Option<Result<AnyPayload, serde_json::Error>>,
    pub(super) encode: fn(&AnyPayload) -> Option<Result<String, Unstorable>>,
    #[cfg(feature = "testing")]
    pub(super) shape: fn() -> super::Shape,
}

/// A decoded event whose type is erased.
pub(crate) type AnyPayload = Box<dyn Any + Send + Sync>;

/// The place in the source that declares an event.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) file: &'static str,
    pub(super) line: u32,
    pub(super) package: &'static str,
    pub(super) package_version: &'static str,
}

impl EventDescriptor {
    /// Marks an event that the derive encodes and decodes. Its shape is the shape of `stored`.
    pub(crate) const fn derived(self, stored: OldVersion) -> Self {
        #[cfg(not(feature = "testing"))]
        let _ = stored;
        Self {
            is_checked: true,
            #[cfg(feature = "testing")]
            shape: stored.shape_fn(),
            ..self
        }
    }

    /// Returns whether [`DomainEvent::encode`] refuses values that would not be read back equal. The derived one does.
    pub(super) const fn is_checked(&self) -> bool {
        self.is_checked
    }

    /// Returns the stored name of the event.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Returns the schema version of the event.
    #[must_use]
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// Returns the type of the aggregate that emits the event.
    #[must_use]
    pub const fn aggregate(&self) -> &'static str {
        self.aggregate
    }

    /// Returns the former stored names of the event.
    #[must_use]
    pub const fn aliases(&self) -> &'static [&'static str] {
        self.aliases
    }

    /// Returns the older schema versions that the event can read.
    #[must_use]
    pub const fn old_versions(&self) -> &'static [OldVersion] {
        self.old_versions
    }

    /// Returns the shape in which the event is stored (feature `testing`).
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::DomainEvent;
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize, DomainEvent)]
    /// # #[event(aggregate = "Order")]
    /// # struct OrderPlaced { total: u64 }
    /// assert_eq!(OrderPlaced::DESCRIPTOR.shape().kind("total"), Some("u64"));
    /// # }
    /// ```
    #[cfg(feature = "testing")]
    #[must_use]
    pub fn shape(&self) -> super::Shape {
        (self.shape)()
    }

    /// Returns every stored name that is read as this event: its own, then its aliases.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        std::iter::once(self.name).chain(self.aliases.iter().copied())
    }

    /// Returns every schema version that is read as this event.
    pub(crate) fn versions(&self) -> impl Iterator<Item = u32> + use<> {
        self.old_versions.iter().map(OldVersion::version).chain([self.version])
    }

    /// Returns the path of the Rust type.
    #[must_use]
    pub const fn rust_type(&self) -> &'static str {
        self.rust_type
    }

    /// Returns the place that declares the event, as `Type at file:line (package version)`.
    #[must_use]
    pub fn place(&self) -> String {
        let Place { file, line, package, package_version } = self.place;
        format!("{} at {file}:{line} ({package} {package_version})", self.rust_type)
    }

    /// The order of events in the registry.
    pub(crate) fn sort_key(&self) -> (&'static str, u32, &'static str, u32, &'static str) {
        (self.name, self.version, self.place.file, self.place.line, self.rust_type)
    }

    /// Decodes `payload`, which was stored with `version`. Returns `None` if the event cannot read that version.
    pub(crate) fn decode(&self, version: u32, payload: &str) -> Option<Result<AnyPayload, serde_json::Error>> {
        (self.decode)(version, payload)
    }

    /// Encodes an event that [`decode`](Self::decode) has returned. Returns `None` if another descriptor has decoded it.
    pub(crate) fn encode(&self, event: &AnyPayload) -> Option<Result<String, Unstorable>> {
        (self.encode)(event)
    }
}

impl fmt::Debug for EventDescriptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventDescriptor")
            .field("name", &self.name)
            .field("version", &self.version)
            .field("aggregate", &self.aggregate)
            .field("place", &self.place())
            .finish_non_exhaustive()
    }
}
