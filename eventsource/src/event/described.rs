//! The descriptors by which the catalogue knows aggregates and projections: names and events, nothing that runs.

use super::EventDescriptor;

/// How the catalogue knows an aggregate that `#[aggregate]` made.
#[derive(Debug, Clone, Copy)]
pub struct AggregateDescriptor {
    name: &'static str,
    rust_type: &'static str,
    events: &'static [&'static EventDescriptor],
}

impl AggregateDescriptor {
    /// The aggregate `name` of the type `rust_type`. `#[aggregate]` calls this.
    #[must_use]
    pub const fn new(name: &'static str, rust_type: &'static str, events: &'static [&'static EventDescriptor]) -> Self {
        Self { name, rust_type, events }
    }

    /// The type under which its streams are stored.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The path of the Rust type.
    #[must_use]
    pub const fn rust_type(&self) -> &'static str {
        self.rust_type
    }

    /// The events that it declares.
    #[must_use]
    pub const fn events(&self) -> &'static [&'static EventDescriptor] {
        self.events
    }
}

/// How the catalogue knows a projection that `#[projection]` made.
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
    /// The projection `name` of the type `rust_type`. `#[projection]` calls this: `read_models` has a place for all that a
    /// handler asks for.
    #[must_use]
    pub const fn new(
        (name, version, kind): (&'static str, u32, &'static str),
        rust_type: &'static str,
        events: &'static [&'static EventDescriptor],
        read_models: &'static [Option<&'static str>],
    ) -> Self {
        Self { name, version, kind, rust_type, events, read_models }
    }

    /// The name under which its checkpoint is kept, unless a subscription gives it another.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Its version.
    #[must_use]
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// Where its effects go: `transactional`, `memory` or `effects`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        self.kind
    }

    /// The path of the Rust type, without its generics.
    #[must_use]
    pub const fn rust_type(&self) -> &'static str {
        self.rust_type
    }

    /// The events that it handles.
    #[must_use]
    pub const fn events(&self) -> &'static [&'static EventDescriptor] {
        self.events
    }

    /// The tables of the read models that its handlers ask for, or that it owns, sorted.
    #[must_use]
    pub fn read_models(&self) -> Vec<&'static str> {
        let mut tables: Vec<_> = self.read_models.iter().flatten().copied().collect();
        tables.sort_unstable();
        tables.dedup();
        tables
    }
}
