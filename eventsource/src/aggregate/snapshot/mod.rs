//! Snapshots of aggregates: the port to where they are kept, when they are taken, and how they are used.

mod error;
mod memory;
mod policy;
mod store;
mod taken;

pub use error::SnapshotError;
pub use memory::MemorySnapshots;
pub use policy::SnapshotPolicy;
pub use store::{AggregateSnapshot, SnapshotStore};
pub(super) use taken::Snapshots;
