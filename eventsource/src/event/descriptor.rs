//! The description of an event in the registry.

use std::any::Any;
use std::fmt;

use super::{DomainEvent, OldVersion};

/// The description of an event in the [`Registry`](super::Registry): its names, its versions, and the place in the
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
    name: &'static str,
    version: u32,
    aggregate: &'static str,
    aliases: &'static [&'static str],
    old_versions: &'static [OldVersion],
    rust_type: &'static str,
    place: Place,
    /// Whether `encode` of the event refuses values that would not be read back equal.
    is_checked: bool,
    decode: fn(u32, &str) -> Option<Result<AnyPayload, serde_json::Error>>,
    #[cfg(feature = "testing")]
    shape: fn() -> super::Shape,
}

/// A decoded event whose type is erased.
pub(super) type AnyPayload = Box<dyn Any + Send + Sync>;

/// The place in the source that declares an event.
#[derive(Clone, Copy)]
struct Place {
    file: &'static str,
    line: u32,
    package: &'static str,
    package_version: &'static str,
}

impl EventDescriptor {
    /// Describes the event `E`, whose Rust type is written `rust_type` and declared at `file:line` of `package`.
    ///
    /// The derive calls this. The shape of the event is not known.
    ///
    /// # Examples
    /// ```
    /// # use serde::{Deserialize, Serialize};
    /// use eventsource::DomainEvent;
    /// use eventsource::event::{EventDescriptor, Unstorable};
    ///
    /// #[derive(Serialize, Deserialize)]
    /// struct OrderPlaced {}
    ///
    /// // By hand, without the derive.
    /// impl DomainEvent for OrderPlaced {
    ///     const NAME: &'static str = "OrderPlaced";
    ///     const VERSION: u32 = 1;
    ///     const AGGREGATE: &'static str = "Order";
    ///     const DESCRIPTOR: EventDescriptor =
    ///         EventDescriptor::of::<Self>("OrderPlaced", (file!(), line!()), ("orders", "1.0.0"));
    ///
    ///     fn encode(&self) -> Result<String, Unstorable> { Ok(serde_json::to_string(self)?) }
    ///
    ///     fn decode(payload: &str) -> Result<Self, serde_json::Error> { serde_json::from_str(payload) }
    /// }
    ///
    /// assert_eq!(OrderPlaced::DESCRIPTOR.name(), "OrderPlaced");
    /// ```
    #[must_use]
    pub const fn of<E: DomainEvent>(
        rust_type: &'static str,
        (file, line): (&'static str, u32),
        (package, package_version): (&'static str, &'static str),
    ) -> Self {
        Self {
            name: E::NAME,
            version: E::VERSION,
            aggregate: E::AGGREGATE,
            aliases: E::ALIASES,
            old_versions: E::OLD_VERSIONS,
            rust_type,
            place: Place { file, line, package, package_version },
            is_checked: false,
            decode: decode_any::<E>,
            #[cfg(feature = "testing")]
            shape: super::Shape::unknown,
        }
    }

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
    pub(super) fn versions(&self) -> impl Iterator<Item = u32> + use<> {
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
    pub(super) fn sort_key(&self) -> (&'static str, u32, &'static str, u32, &'static str) {
        (self.name, self.version, self.place.file, self.place.line, self.rust_type)
    }

    /// Decodes `payload`, which was stored with `version`. Returns `None` if the event cannot read that version.
    pub(super) fn decode(&self, version: u32, payload: &str) -> Option<Result<AnyPayload, serde_json::Error>> {
        (self.decode)(version, payload)
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

fn decode_any<E: DomainEvent>(version: u32, payload: &str) -> Option<Result<AnyPayload, serde_json::Error>> {
    let event = if version == E::VERSION { E::decode(payload) } else { E::upcast(version, payload)? };
    Some(event.map(|event| Box::new(event) as AnyPayload))
}
