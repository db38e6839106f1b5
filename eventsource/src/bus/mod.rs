//! Wake-ups and published events: a [`Notifier`] wakes subscriptions, an [`EventBus`] carries committed events to
//! listeners.
//!
//! | you want | use |
//! | --- | --- |
//! | subscriptions that are live within milliseconds, in one process | [`MemoryEventBus`] |
//! | the same in several processes | the store of PostgreSQL, which wakes its readers; for other stores the notifier of a broker, such as `RedisNotifier` of `eventsource-redis` |
//! | committed events in listeners of this process, best effort | [`MemoryEventBus`], [`EventBus::subscribe`] |
//! | committed events in other programs, at least once | a relay, such as `RedisRelay` of `eventsource-redis` |
//! | every event exactly once, in a read model | a [projection](mod@crate::projection): it reads the log, and a bus only wakes it |

mod error;
mod event_bus;
mod memory;
mod notifier;
mod receiver;
mod subscription;

pub use error::BusError;
pub use event_bus::{BusSubscriber, EventBus};
pub use memory::MemoryEventBus;
pub use notifier::Notifier;
pub use subscription::{BusSubscription, Wake};
