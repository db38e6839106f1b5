//! Checkpoints and read models in memory. The stores are lost when the last clone is dropped.
//!
//! | type | what it is |
//! | --- | --- |
//! | [`MemoryCheckpoints`] | checkpoints, and the rows of read models that commit together with them |
//! | [`MemoryReadModels`] | reads the committed rows |
//! | [`MemoryUnit`] | the unit of work, for which handlers can take repositories |
//!
//! The event store in memory is [`MemoryEventStore`](crate::MemoryEventStore), the bus is
//! [`MemoryEventBus`](crate::MemoryEventBus).

mod checkpoints;
mod read_models;
mod tables;

pub use checkpoints::{MemoryCheckpoints, MemoryUnit};
pub use read_models::MemoryReadModels;
