//! What an event is: the typed fact, its stored form, its metadata, and the catalogue of what a program knows.
//!
//! Nothing in this module knows a store, a projection or a subscription.

mod cloud_event;
mod decoded;
mod described;
mod descriptor;
mod domain_event;
mod duplicates;
mod error;
mod filter;
pub(crate) mod json;
mod linked;
mod metadata;
mod name_set;
mod names;
mod new_event;
mod old_version;
mod position;
mod recorded;
mod registry;
mod shape;
mod stream;
mod time;
mod topology;
mod typed;
mod unreadable;
mod unstorable;

pub use cloud_event::CloudEventError;
pub use described::{AggregateDescriptor, ProjectionDescriptor};
pub use descriptor::EventDescriptor;
pub use domain_event::{DomainEvent, EventData};
pub use duplicates::{DuplicateEvent, RegistryError};
pub use error::{DecodeError, EncodeError};
pub use filter::EventFilter;
pub use metadata::Metadata;
pub(crate) use names::{Name, same};
pub use new_event::NewEvent;
pub(crate) use new_event::PAYLOAD;
pub use old_version::OldVersion;
pub use position::Position;
pub use recorded::{RecordedEvent, RecordedParts};
pub use registry::{AnyEvent, Registry};
pub use shape::Shape;
pub use stream::StreamId;
pub(crate) use time::check_time;
pub use time::{now, truncate_to_micros};
pub use topology::Topology;
pub use typed::Event;
pub use unreadable::Unreadable;
pub use unstorable::{MAX_DEPTH, MAX_NAME, Unstorable, UnstorableReason};
// For generated code.
#[doc(hidden)]
pub use typed::Payload;
pub(crate) use typed::{check_readable, payload_error};
