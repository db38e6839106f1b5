//! Errors of encoding and decoding events.

use std::sync::Arc;

use super::{Position, StreamId, Unreadable, Unstorable};

/// An event cannot be stored, because it would not be read back equal. [`NewEvent::of`](super::NewEvent::of) returns
/// it.
///
/// Nothing was stored. Change the value, or the type of the field.
///
/// ```
/// # #[cfg(feature = "macros")] {
/// use eventsource::{DomainEvent, NewEvent};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize, DomainEvent)]
/// #[event(aggregate = "Order")]
/// struct Priced { price: f64 }
///
/// let error = NewEvent::of(&Priced { price: f64::NAN }).unwrap_err();
/// assert_eq!((error.event_type, error.value.path.as_str()), ("Priced", "payload.price"));
/// # }
/// ```
#[derive(Debug, thiserror::Error)]
#[error("event `{event_type}` cannot be stored: {value}")]
#[non_exhaustive]
pub struct EncodeError {
    /// The stored name of the event.
    pub event_type: &'static str,
    /// The path of the value, and why it cannot be stored.
    pub value: Unstorable,
}

/// A stored event could not be decoded. This is a permanent failure: a retry does not help.
///
/// ```
/// # #[cfg(feature = "macros")] {
/// use std::sync::Arc;
///
/// use eventsource::event::now;
/// use eventsource::{DecodeError, DomainEvent, Event, NewEvent, Position, StreamId};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Debug, Serialize, Deserialize, DomainEvent)]
/// #[event(aggregate = "Order")]
/// struct OrderPlaced { total: u64 }
///
/// let stream = StreamId::new("Order", uuid::Uuid::now_v7());
/// let recorded = Arc::new(NewEvent::raw("OrderPlaced", 2, "{}").record(stream, 1, Position::new(1), now()));
/// // A newer version of the program has stored it.
/// let error = Event::<OrderPlaced>::decode(&recorded).unwrap_err();
/// assert!(matches!(&error, DecodeError::Version { stored: 2, known: 1, .. }) && error.is_newer());
/// # }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The payload does not match the type. Give new fields a default, or raise the version of the event.
    #[error(
        "event `{event_type}` (version {version}) at position {position} of {stream} does not decode (if older events \
         lack a field, give it `#[serde(default)]`; if the payload has another shape, raise the version and name the \
         type of the old payload, `#[event(version = …, from(…))]`)"
    )]
    Payload {
        /// The stored name of the event.
        event_type: String,
        /// The schema version with which the event was stored.
        version: u32,
        /// The position of the event in the log.
        position: Position,
        /// The stream that the event belongs to.
        stream: StreamId,
        /// The error of serde.
        source: serde_json::Error,
    },
    /// A column of the stored event cannot be read: another program wrote it, or the data is damaged. Repair the event.
    #[error(
        "event `{event_type}` at position {position} of {stream} cannot be read: {unreadable}; repair the stored \
         event and retry, or dismiss the dead letter"
    )]
    Unreadable {
        /// The stored name of the event.
        event_type: String,
        /// The position of the event in the log.
        position: Position,
        /// The stream that the event belongs to.
        stream: StreamId,
        /// The column that cannot be read, and why.
        unreadable: Arc<Unreadable>,
    },
    /// The type cannot read the schema version with which the event was stored. Deploy the newer program, or name the
    /// type of the older version in `from(…)`.
    #[error(
        "event `{event_type}` at position {position} of {stream} was stored with schema version {stored}, {}",
        advice(*.stored, *.known)
    )]
    Version {
        /// The stored name of the event.
        event_type: String,
        /// The schema version with which the event was stored.
        stored: u32,
        /// The schema version of the type.
        known: u32,
        /// The position of the event in the log.
        position: Position,
        /// The stream that the event belongs to.
        stream: StreamId,
    },
    /// The event is of another type than the caller asked for. Compare [`RecordedEvent::event_type`] first.
    ///
    /// [`RecordedEvent::event_type`]: crate::RecordedEvent::event_type
    #[error("the event at position {position} of {stream} is a `{event_type}`, not a `{wanted}`")]
    OtherEvent {
        /// The stored name of the event.
        event_type: String,
        /// The stored name of the type that the caller asked for.
        wanted: &'static str,
        /// The position of the event in the log.
        position: Position,
        /// The stream that the event belongs to.
        stream: StreamId,
    },
    /// No event of the registry has the stored name of the event. Link the crate that defines it, or add an alias.
    #[error(
        "event `{event_type}` (version {version}) at position {position} of {stream} has a type that this program does \
         not know. If another crate defines the event, name that crate once (`use that_crate as _;`): otherwise it is \
         not linked and registers nothing. If the event was renamed, keep its old name \
         (`#[event(aliases(\"{event_type}\"))]`). If you give `SubscriptionManager::with_registry` a registry of \
         `Registry::of`, add the event to it"
    )]
    Unknown {
        /// The stored name of the event.
        event_type: String,
        /// The schema version with which the event was stored.
        version: u32,
        /// The position of the event in the log.
        position: Position,
        /// The stream that the event belongs to.
        stream: StreamId,
    },
}

impl DecodeError {
    /// Returns whether the event has a newer schema version than this program knows.
    ///
    /// Newer code wrote the event. A subscription stops before it ([`SubscriptionState::Outdated`]) and keeps no dead
    /// letter for it.
    ///
    /// [`SubscriptionState::Outdated`]: crate::subscription::SubscriptionState::Outdated
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::DomainEvent;
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize, DomainEvent)]
    /// # #[event(aggregate = "Order")]
    /// # struct OrderPlaced { total: u64 }
    /// # use eventsource::event::now;
    /// # use eventsource::{Event, NewEvent, Position, StreamId};
    /// # let stream = StreamId::new("Order", uuid::Uuid::now_v7());
    /// let newer = NewEvent::raw("OrderPlaced", 2, "{}").record(stream, 1, Position::new(1), now());
    /// let error = Event::<OrderPlaced>::decode(&std::sync::Arc::new(newer)).map(drop).unwrap_err();
    /// assert!(error.is_newer());
    /// # }
    /// ```
    #[must_use]
    pub const fn is_newer(&self) -> bool {
        matches!(self, Self::Version { stored, known, .. } if *stored > *known)
    }
}

/// Returns what to do about an event of version `stored`, if the program knows versions up to `known`.
fn advice(stored: u32, known: u32) -> String {
    if stored > known {
        format!("and this program knows versions up to {known}: deploy the newer code that wrote the event")
    } else {
        format!(
            "which this program cannot convert to version {known}: name the type of the old version in \
             `#[event(version = {known}, from(…))]`"
        )
    }
}
