//! Buses: a [`Notifier`] wakes subscriptions, an [`EventBus`] carries committed events to listeners.
//!
//! | what you need | what to take |
//! | --- | --- |
//! | Subscriptions that are live in milliseconds, within one process | [`MemoryEventBus`] |
//! | The same, in several processes | PostgreSQL's store, which wakes by itself; otherwise the notifier of a broker, such as that of `eventsource-redis` |
//! | Committed events in listeners of this process, best effort | [`MemoryEventBus`], [`EventBus::subscribe`] |
//! | Committed events in other programs, at least once | a relay, such as that of `eventsource-redis` |
//! | Every event exactly once, into a read model | a projection: it reads the log, and a bus only wakes it |

mod error;
mod event_bus;
mod memory;
mod notifier;
mod receiver;

pub use error::BusError;
pub use event_bus::{BusSubscriber, BusSubscription, EventBus};
pub use memory::MemoryEventBus;
pub use notifier::{Notifier, Wake};
