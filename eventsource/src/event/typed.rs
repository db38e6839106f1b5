//! The typed view of a stored event, which a handler gets.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::payload::{Payload, payload};
use super::{DecodeError, DomainEvent, Metadata, Position, RecordedEvent, StreamId};

/// The typed view of a stored event. It derefs to `E`, and has the id, position, stream, times and metadata of the
/// event.
///
/// A handler takes `&Event<E>`, or `&E` if the payload is enough.
///
/// ```
/// # #[cfg(feature = "macros")] {
/// use eventsource::{DomainEvent, Event, projection};
/// use serde::{Deserialize, Serialize};
/// use uuid::Uuid;
///
/// #[derive(Serialize, Deserialize, DomainEvent)]
/// #[event(aggregate = "Order")]
/// struct OrderPlaced { total: u64 }
///
/// struct Largest { order: Option<Uuid>, total: u64 }
///
/// #[projection]
/// impl Largest {
///     #[handles(OrderPlaced)]
///     fn placed(&mut self, event: &Event<OrderPlaced>) {
///         if event.total > self.total {
///             self.total = event.total;
///             self.order = Some(event.aggregate_id());
///         }
///     }
/// }
/// # }
/// ```
pub struct Event<E> {
    payload: Payload<E>,
    recorded: Arc<RecordedEvent>,
}

impl<E: DomainEvent> Event<E> {
    /// Decodes `recorded`. An event that several subscriptions read is decoded once for all of them.
    ///
    /// Aliases and older schema versions of `E` are decoded too.
    ///
    /// # Errors
    /// [`DecodeError`] if the event is of another type, was stored with a schema version that `E` cannot read, has a
    /// column that cannot be read, or has a payload that does not match `E`. A retry does not help.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// use std::sync::Arc;
    ///
    /// use eventsource::event::now;
    /// use eventsource::{DomainEvent, Event, NewEvent, Position, StreamId};
    /// use serde::{Deserialize, Serialize};
    /// use uuid::Uuid;
    ///
    /// #[derive(Serialize, Deserialize, DomainEvent)]
    /// #[event(aggregate = "Order")]
    /// struct OrderPlaced { total: u64 }
    ///
    /// let stream = StreamId::new("Order", Uuid::now_v7());
    /// let event = NewEvent::of(&OrderPlaced { total: 150 })?.record(stream, 1, Position::new(7), now());
    /// let event = Event::<OrderPlaced>::decode(&Arc::new(event))?;
    /// assert_eq!((event.total, event.position()), (150, Position::new(7)));
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn decode(recorded: &Arc<RecordedEvent>) -> Result<Self, DecodeError> {
        Ok(Self { payload: Payload::decode(recorded)?, recorded: Arc::clone(recorded) })
    }

    /// Returns the payload. If other subscriptions share it, it is decoded once more.
    ///
    /// # Errors
    /// [`DecodeError`] if the second decoding fails.
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
    /// # let stored = NewEvent::raw("OrderPlaced", 1, r#"{"total":150}"#).record(stream, 1, Position::new(7), now());
    /// let event = Event::<OrderPlaced>::decode(&std::sync::Arc::new(stored))?;
    /// let order: OrderPlaced = event.into_payload()?;
    /// assert_eq!(order.total, 150);
    /// # }
    /// # Ok::<(), eventsource::DecodeError>(())
    /// ```
    pub fn into_payload(self) -> Result<E, DecodeError> {
        match self.payload {
            Payload::Own(payload) => Ok(payload),
            Payload::Shared(shared) => Arc::try_unwrap(shared).or_else(|_| payload(&self.recorded)),
        }
    }
}

impl<E> Event<E> {
    /// Returns the stored event.
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
    /// # let stored = NewEvent::raw("OrderPlaced", 1, r#"{"total":150}"#).record(stream, 1, Position::new(7), now());
    /// let event = Event::<OrderPlaced>::decode(&std::sync::Arc::new(stored))?;
    /// assert_eq!(event.recorded().payload(), r#"{"total":150}"#);
    /// // The parts of the stored event are also on the event itself.
    /// assert_eq!((event.id(), event.position()), (event.recorded().id(), Position::new(7)));
    /// assert_eq!((event.stream(), event.version()), (event.recorded().stream(), 1));
    /// assert_eq!(event.aggregate_id(), event.stream().aggregate_id());
    /// assert!(event.occurred_at() <= event.recorded_at() && event.metadata().is_empty());
    /// # }
    /// # Ok::<(), eventsource::DecodeError>(())
    /// ```
    #[must_use]
    pub const fn recorded(&self) -> &Arc<RecordedEvent> {
        &self.recorded
    }

    /// Returns the id of the event.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.recorded.id()
    }

    /// Returns the position in the log.
    #[must_use]
    pub fn position(&self) -> Position {
        self.recorded.position()
    }

    /// Returns the stream that the event belongs to.
    #[must_use]
    pub fn stream(&self) -> &StreamId {
        self.recorded.stream()
    }

    /// Returns the id of the aggregate that the event belongs to.
    #[must_use]
    pub fn aggregate_id(&self) -> Uuid {
        self.recorded.aggregate_id()
    }

    /// Returns the version in the stream, from 1.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.recorded.version()
    }

    /// Returns the time at which the event occurred, as its writer set it.
    #[must_use]
    pub fn occurred_at(&self) -> DateTime<Utc> {
        self.recorded.occurred_at()
    }

    /// Returns the time at which the store stored the event.
    #[must_use]
    pub fn recorded_at(&self) -> DateTime<Utc> {
        self.recorded.recorded_at()
    }

    /// Returns the metadata.
    #[must_use]
    pub fn metadata(&self) -> &Metadata {
        self.recorded.metadata()
    }
}

impl<E> Deref for Event<E> {
    type Target = E;

    #[inline]
    fn deref(&self) -> &E {
        &self.payload
    }
}

impl<E: fmt::Debug> fmt::Debug for Event<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event").field("payload", &**self).field("recorded", &self.recorded).finish()
    }
}
