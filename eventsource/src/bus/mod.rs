//! The event bus: tells others that events were stored.

mod memory;
mod port;

pub use memory::MemoryEventBus;
pub use port::{BusError, BusSubscriber, BusSubscription, EventBus};
