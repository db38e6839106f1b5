//! Wake-ups and published events: a [`Notifier`] wakes subscriptions, an [`EventBus`] carries committed events to
//! listeners.
//!
//! The stores of this crate send wake-ups themselves ([`EventLog::wake_ups`](crate::EventLog::wake_ups)): to the
//! subscriptions of their own process, and the store of PostgreSQL to those of all processes. So in most programs the
//! notifier of a [`SubscriptionManager`](crate::SubscriptionManager) has nothing to do: pass a new [`MemoryEventBus`].
//!
//! | you want | use |
//! | --- | --- |
//! | subscriptions that are live within milliseconds, in one process | `MemoryEventBus::new()` and any store of this crate |
//! | the same in several processes on PostgreSQL | `MemoryEventBus::new()` too: the store wakes its readers in all processes |
//! | the same in several processes on another store | the notifier of a broker, such as `RedisNotifier` of `eventsource-redis`; without it they poll |
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
