//! Events: typed facts, their stored form, and their metadata.
//!
//! An event is a plain struct with `#[derive(DomainEvent)]`. A store keeps it as a [`RecordedEvent`] with a JSON
//! payload. A handler gets it back as an [`Event<E>`](Event):
//!
//! ```
//! # #[cfg(feature = "macros")] {
//! use std::sync::Arc;
//!
//! use eventsource::event::now;
//! use eventsource::{DomainEvent, Event, Metadata, NewEvent, Position, StreamId};
//! use serde::{Deserialize, Serialize};
//! use uuid::Uuid;
//!
//! #[derive(Serialize, Deserialize, DomainEvent)]
//! #[event(aggregate = "Order")]
//! struct OrderPlaced {
//!     total: u64,
//!     // Events that were stored before this field existed still decode.
//!     #[serde(default)]
//!     note: Option<String>,
//! }
//!
//! // What you append: the typed event becomes a `NewEvent` with a JSON payload.
//! let placed = OrderPlaced { total: 150, note: None };
//! let event = NewEvent::of(&placed)?.with_metadata(Metadata::new().actor("alice"));
//! assert_eq!(event.event_type(), "OrderPlaced");
//!
//! // What the store keeps. A store calls `record` when it appends; here the test does.
//! let stream = StreamId::new("Order", Uuid::now_v7());
//! let recorded = Arc::new(event.record(stream, 1, Position::new(7), now()));
//! assert_eq!(recorded.payload(), r#"{"total":150,"note":null}"#);
//!
//! // What a handler gets: the payload, and all that is stored with it.
//! let event: Event<OrderPlaced> = Event::decode(&recorded)?;
//! assert_eq!((event.total, event.version()), (150, 1));
//! assert_eq!(event.metadata().get_actor(), Some("alice"));
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # When to use what
//!
//! Use the derive for every event. Implement [`DomainEvent`] by hand only if the payload is not what serde writes.
//!
//! - A **field that older events lack** needs `#[serde(default)]`, and nothing else.
//! - A **renamed struct** keeps its stored name: `#[event(name = "OrderPlaced")]`. A **renamed event** lists the old
//!   name: `#[event(aliases("OrderCreated"))]`.
//! - A **payload of another shape** needs a new version, and a type for the old one: `#[event(version = 2,
//!   from(OrderPlacedV1))]`. See [`DomainEvent::upcast`].
//!
//! In a handler, take `&E` if the payload is enough, and `&Event<E>` if you also need the id, the position, the stream,
//! the times or the metadata. Use [`RecordedEvent`] for code that works with events of any type, such as an exporter,
//! and [`Registry::decode`](crate::Registry::decode) if such code needs the typed event. Use [`NewEvent::raw`] only to copy a log.
//!
//! Use [`Metadata`] for facts about the event (actor, tenant, correlation), and the payload for facts of the domain.
//! Use [`EventFilter`] to read only some event types, aggregates or one tenant.
//!
//! This module does not depend on stores, projections or subscriptions.

mod cloud_event;
mod decoded;
mod descriptor;
mod domain_event;
mod error;
mod filter;
pub(crate) mod json;
mod metadata;
mod name_set;
mod names;
mod new_event;
mod new_payload;
mod old_version;
mod payload;
mod position;
mod recorded;
mod recorded_parts;
mod shape;
mod slice;
mod slice_range;
mod stream;
mod time;
mod typed;
mod unreadable;
mod unstorable;

pub use cloud_event::CloudEventError;
pub(crate) use descriptor::AnyPayload;
pub use descriptor::EventDescriptor;
pub use domain_event::{DomainEvent, EventData};
pub use error::{DecodeError, EncodeError};
pub use filter::EventFilter;
pub use metadata::Metadata;
pub(crate) use names::{Name, same};
pub use new_event::NewEvent;
pub(crate) use new_payload::PAYLOAD;
pub use old_version::OldVersion;
pub use position::Position;
pub use recorded::RecordedEvent;
pub use recorded_parts::RecordedParts;
pub use shape::Shape;
pub use slice::Slice;
pub use slice_range::SliceRange;
pub use stream::StreamId;
pub(crate) use time::check_time;
pub use time::{now, truncate_to_micros};
pub use typed::Event;
pub use unreadable::Unreadable;
pub use unstorable::{MAX_DEPTH, MAX_NAME, Unstorable, UnstorableReason};
// For generated code.
#[doc(hidden)]
pub use payload::Payload;
pub(crate) use payload::{check_readable, other_version, payload_error};
