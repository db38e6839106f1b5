//! Turns an event log into read models.
pub mod event;
pub mod projection;
pub mod store;
#[cfg(feature = "testing")]
pub mod testing;
pub use event::{
    AnyEvent, DecodeError, DomainEvent, EncodeError, Event, EventDescriptor, Metadata, NewEvent, Position,
    RecordedEvent, Registry, RegistryError, StreamId,
};
pub use projection::HandlerError;
#[cfg(feature = "sqlite")]
pub use sqlx;
pub use store::{
    AppendError, Appended, EventFilter, EventStore, ExpectedVersion, LogPage, MemoryEventStore, ReadStream, StoreError,
};
#[doc(hidden)]
pub mod __private;
#[cfg(feature = "macros")]
pub use eventsource_macros::{DomainEvent, handles, projection, truncate};
