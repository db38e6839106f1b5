//! The trait of events, and the descriptor by which the catalogue knows one.

use std::any::Any;
use std::fmt;

use serde::{Serialize, de::DeserializeOwned};

/// A fact of the domain: a plain struct with `#[derive(DomainEvent)]`.
///
/// The derive implements this trait and registers the event in the [`Registry`](super::Registry).
///
/// ```
/// # #[cfg(feature = "macros")] {
/// use eventsource::DomainEvent;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize, DomainEvent)]
/// #[event(aggregate = "Order")]
/// struct OrderPlaced { total: u64 }
///
/// assert_eq!(OrderPlaced::NAME, "OrderPlaced");
/// assert_eq!(OrderPlaced::VERSION, 1);
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event",
    label = "not an event",
    note = "add `#[derive(DomainEvent)]` and `#[event(aggregate = \"…\")]` to `{Self}`"
)]
pub trait DomainEvent: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The name under which events of this type are stored. It is part of the stored data: it never changes.
    const NAME: &'static str;
    /// The schema version with which events of this type are stored, from 1.
    const VERSION: u32;
    /// The type of the aggregate that emits this event.
    const AGGREGATE: &'static str;
    /// How the catalogue knows this event.
    const DESCRIPTOR: EventDescriptor;

    /// The event in `payload`, which is JSON.
    ///
    /// # Errors
    /// What serde says where the payload does not fit the type.
    fn decode(payload: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(payload)
    }
}

/// How the catalogue knows an event: its names, its version, and the place in the source that declares it.
#[derive(Clone, Copy)]
pub struct EventDescriptor {
    name: &'static str,
    version: u32,
    aggregate: &'static str,
    rust_type: &'static str,
    place: Place,
    decode: fn(&str) -> Result<Box<dyn Any + Send + Sync>, serde_json::Error>,
}

/// Where an event is declared.
#[derive(Clone, Copy)]
struct Place {
    file: &'static str,
    line: u32,
    package: &'static str,
    package_version: &'static str,
}

impl EventDescriptor {
    /// The descriptor of `E`, whose type is written `rust_type` and declared at `file:line` of `package`. The derive calls this.
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
            rust_type,
            place: Place { file, line, package, package_version },
            decode: decode_any::<E>,
        }
    }

    /// The stored name of the event.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The schema version of the event.
    #[must_use]
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// The type of the aggregate that emits the event.
    #[must_use]
    pub const fn aggregate(&self) -> &'static str {
        self.aggregate
    }

    /// The path of the Rust type.
    #[must_use]
    pub const fn rust_type(&self) -> &'static str {
        self.rust_type
    }

    /// Where the event is declared, as `Type at file:line (package version)`.
    #[must_use]
    pub fn place(&self) -> String {
        let Place { file, line, package, package_version } = self.place;
        format!("{} at {file}:{line} ({package} {package_version})", self.rust_type)
    }

    /// The order in which the catalogue lists events.
    pub(super) fn sort_key(&self) -> (&'static str, u32, &'static str, u32, &'static str) {
        (self.name, self.version, self.place.file, self.place.line, self.rust_type)
    }

    /// The event in `payload`, boxed.
    pub(super) fn decode(&self, payload: &str) -> Result<Box<dyn Any + Send + Sync>, serde_json::Error> {
        (self.decode)(payload)
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

fn decode_any<E: DomainEvent>(payload: &str) -> Result<Box<dyn Any + Send + Sync>, serde_json::Error> {
    E::decode(payload).map(|event| Box::new(event) as Box<dyn Any + Send + Sync>)
}
