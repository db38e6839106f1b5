//! The names that most programs use: `use eventsource::prelude::*;`.

pub use crate::aggregate::{Aggregate, AggregateRepository, AggregateRoot, Applies};
pub use crate::backend::memory::{MemoryCheckpoints, MemoryReadModels};
pub use crate::bus::{EventBus, MemoryEventBus, Notifier};
pub use crate::catalogue::Registry;
pub use crate::event::{DomainEvent, Event, EventFilter, Metadata, NewEvent, Position, RecordedEvent, StreamId};
#[cfg(feature = "macros")]
pub use crate::macros::{DomainEvent, aggregate, applies, handles, projection, truncate};
pub use crate::projection::{CheckpointStore, EventSubscriber, HandlerError, ProjectionKind, Subscriber, UnitOfWork};
pub use crate::read_model::{Query, ReadModel, ReadModelError, ReadRepository, Repository};
pub use crate::store::{EventLog, EventStore, ExpectedVersion, MemoryEventStore, PageLimit, ReadStream};
pub use crate::subscription::{SubscriptionConfig, SubscriptionHandle, SubscriptionManager, SubscriptionState};
