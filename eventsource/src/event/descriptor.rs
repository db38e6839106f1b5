//! The descriptor by which the catalogue knows an event.

use std::any::Any;
use std::fmt;

use super::{DomainEvent, OldVersion};

/// How the catalogue knows an event: its names, its version, and the place in the source that declares it.
#[derive(Clone, Copy)]
pub struct EventDescriptor {
    name: &'static str,
    version: u32,
    aggregate: &'static str,
    aliases: &'static [&'static str],
    old_versions: &'static [OldVersion],
    rust_type: &'static str,
    place: Place,
    /// Whether its `encode` refuses what would not be read back.
    is_checked: bool,
    decode: fn(u32, &str) -> Option<Result<AnyPayload, serde_json::Error>>,
    #[cfg(feature = "testing")]
    shape: fn() -> super::Shape,
}

/// An event behind its type.
pub(super) type AnyPayload = Box<dyn Any + Send + Sync>;

/// Where an event is declared.
#[derive(Clone, Copy)]
struct Place {
    file: &'static str,
    line: u32,
    package: &'static str,
    package_version: &'static str,
}

impl EventDescriptor {
    /// The descriptor of `E`, whose shape is not known, and whose type is written `rust_type` and declared at `file:line` of `package`. The derive calls this.
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

    /// The same, of an event that the derive writes and reads: its shape is that of `stored`.
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

    /// Whether [`DomainEvent::encode`] refuses what would not be read back. That of the derive does.
    pub(super) const fn is_checked(&self) -> bool {
        self.is_checked
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

    /// The names under which the event was stored before.
    #[must_use]
    pub const fn aliases(&self) -> &'static [&'static str] {
        self.aliases
    }

    /// The older schema versions that are read as this event.
    #[must_use]
    pub const fn old_versions(&self) -> &'static [OldVersion] {
        self.old_versions
    }

    /// The shape in which the event is stored (feature `testing`).
    #[cfg(feature = "testing")]
    #[must_use]
    pub fn shape(&self) -> super::Shape {
        (self.shape)()
    }

    /// Every stored name that is read as this event: its own, then its aliases.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        std::iter::once(self.name).chain(self.aliases.iter().copied())
    }

    /// Every schema version that is read as this event.
    pub(super) fn versions(&self) -> impl Iterator<Item = u32> + use<> {
        self.old_versions.iter().map(OldVersion::version).chain([self.version])
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

    /// The event in `payload`, which was stored with `version`; `None` where that version cannot be read.
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
