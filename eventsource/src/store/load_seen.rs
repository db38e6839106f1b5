//! What a repository tells its store after a load.

/// An aggregate that a repository has loaded.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct LoadSeen<'a> {
    /// The type of the aggregate.
    pub aggregate_type: &'a str,
    /// The number of events that were replayed: those after the snapshot, if there is one.
    pub events: u64,
}

impl<'a> LoadSeen<'a> {
    /// Creates the report of a load of an aggregate of this type, which has replayed `events` events.
    #[must_use]
    pub const fn new(aggregate_type: &'a str, events: u64) -> Self {
        Self { aggregate_type, events }
    }
}
