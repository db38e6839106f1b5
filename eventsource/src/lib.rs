//! Turns an event log into read models.
extern crate self as eventsource;
pub mod aggregate;
pub mod bus;
pub mod event;
pub mod prelude;
pub mod projection;
pub mod store;
pub mod subscription;
pub use aggregate::{Aggregate, AggregateError, AggregateRepository, AggregateRoot, Applies, Saved};
pub use bus::{EventBus, MemoryEventBus};
pub use event::{
    AnyEvent, DecodeError, DomainEvent, EncodeError, Event, EventDescriptor, EventFilter, Metadata, NewEvent, Position,
    RecordedEvent, Registry, RegistryError, StreamId,
};
pub use projection::{
    Checkpoint, CheckpointStore, EventSubscriber, HandlerError, Inject, Kind, MemoryCheckpoints, Subscriber, UnitOfWork,
};
#[cfg(feature = "sqlite")]
pub use sqlx;
pub use store::{
    AppendError, Appended, EventStore, ExpectedVersion, LogPage, MemoryEventStore, ReadStream, StoreError,
};
pub use subscription::{
    SubscriptionConfig, SubscriptionHandle, SubscriptionManager, SubscriptionState, SubscriptionStatus, WaitError,
};
#[doc(hidden)]
pub mod __private;
#[cfg(feature = "macros")]
pub use eventsource_macros::{DomainEvent, handles, projection, truncate};
