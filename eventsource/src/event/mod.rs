//! What an event is: the typed fact, its stored form, its metadata, and the catalogue of known events.
//!
//! Nothing in this module knows a store, a projection or a subscription.

mod domain_event;
mod error;
mod filter;
mod metadata;
mod names;
mod new_event;
mod position;
mod recorded;
mod registry;
mod stream;
mod time;
mod typed;

pub use domain_event::{DomainEvent, EventDescriptor};
pub use error::{DecodeError, EncodeError};
pub use filter::EventFilter;
pub use metadata::Metadata;
pub(crate) use names::{Name, same};
pub use new_event::NewEvent;
pub use position::Position;
pub use recorded::{RecordedEvent, RecordedParts};
pub use registry::{AnyEvent, DuplicateEvent, Registry, RegistryError};
pub use stream::StreamId;
pub use time::{now, truncate_to_micros};
pub use typed::Event;
