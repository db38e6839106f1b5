//! Snapshots of aggregates: the trait of their stores, and the policy that decides when they are taken.

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
