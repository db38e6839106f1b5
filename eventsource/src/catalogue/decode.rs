//! Decodes stored events by their name, without their Rust type.

use std::fmt;

use super::Registry;
use crate::event::{
    AnyPayload, DecodeError, DomainEvent, EventDescriptor, RecordedEvent, check_readable, other_version, payload_error,
};

/// A decoded event of any type. [`Registry::decode`] returns it, and [`downcast_ref`](AnyEvent::downcast_ref) gives the
/// typed event.
///
/// ```
/// # #[cfg(feature = "macros")] {
/// # use serde::{Deserialize, Serialize};
/// use eventsource::{AnyEvent, DomainEvent};
/// # #[derive(Serialize, Deserialize, DomainEvent)]
/// # #[event(aggregate = "Order")]
/// # struct OrderPlaced { total: u64 }
///
/// fn show(event: &AnyEvent) {
///     match event.downcast_ref::<OrderPlaced>() {
///         Some(order) => println!("an order of {}", order.total),
///         None => println!("another event: {}", event.descriptor().name()),
///     }
/// }
/// # }
/// ```
pub struct AnyEvent {
    descriptor: EventDescriptor,
    payload: AnyPayload,
}

impl AnyEvent {
    /// Returns the description of the event type.
    #[must_use]
    pub const fn descriptor(&self) -> &EventDescriptor {
        &self.descriptor
    }

    /// Returns the event if it is an `E`, or `None`.
    #[must_use]
    pub fn downcast_ref<E: DomainEvent>(&self) -> Option<&E> {
        self.payload.downcast_ref()
    }
}

impl fmt::Debug for AnyEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnyEvent").field("descriptor", &self.descriptor).finish_non_exhaustive()
    }
}

impl Registry {
    /// Returns the event type that reads events stored as `name` with the schema version `version`.
    ///
    /// Aliases and older versions are found too. Returns `None` if no type reads such events.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::DomainEvent;
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize, DomainEvent)]
    /// # #[event(aggregate = "Order")]
    /// # struct OrderPlaced { total: u64 }
    /// use eventsource::Registry;
    ///
    /// let registry = Registry::of([OrderPlaced::DESCRIPTOR]);
    /// assert!(registry.find("OrderPlaced", 1).is_some());
    /// assert!(registry.find("OrderPlaced", 2).is_none());
    /// # }
    /// ```
    #[must_use]
    pub fn find(&self, name: &str, version: u32) -> Option<&EventDescriptor> {
        self.named(name).find(|event| event.versions().any(|own| own == version))
    }

    /// Returns the event types with the stored name `name`, own or alias.
    fn named(&self, name: &str) -> impl Iterator<Item = &EventDescriptor> {
        self.by_name.get(name).into_iter().flatten().filter_map(|at| self.events.get(*at))
    }

    /// Decodes `recorded` by its stored name and schema version. Aliases and older versions give the current type.
    ///
    /// # Errors
    /// [`DecodeError`] if the registry does not contain the event, if no type reads its schema version, if a column of
    /// it cannot be read, or if the payload does not match the type. A retry does not help.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// use eventsource::event::now;
    /// use eventsource::{DomainEvent, NewEvent, Position, Registry, StreamId};
    /// use serde::{Deserialize, Serialize};
    /// use uuid::Uuid;
    ///
    /// #[derive(Serialize, Deserialize, DomainEvent)]
    /// #[event(aggregate = "Order")]
    /// struct OrderPlaced { total: u64 }
    ///
    /// let stream = StreamId::new("Order", Uuid::now_v7());
    /// let recorded = NewEvent::raw("OrderPlaced", 1, r#"{"total":150}"#).record(stream, 1, Position::new(7), now());
    /// let event = Registry::of([OrderPlaced::DESCRIPTOR]).decode(&recorded)?;
    /// assert_eq!(event.descriptor().name(), "OrderPlaced");
    /// assert_eq!(event.downcast_ref::<OrderPlaced>().map(|order| order.total), Some(150));
    /// # }
    /// # Ok::<(), eventsource::DecodeError>(())
    /// ```
    pub fn decode(&self, recorded: &RecordedEvent) -> Result<AnyEvent, DecodeError> {
        check_readable(recorded)?;
        let version = recorded.schema_version();
        let found = self.find(recorded.event_type(), version);
        let Some((descriptor, decoded)) =
            found.and_then(|event| event.decode(version, recorded.payload()).map(|decoded| (event, decoded)))
        else {
            return Err(match self.named(recorded.event_type()).last() {
                Some(known) => other_version(recorded, known.version()),
                None => DecodeError::Unknown {
                    event_type: recorded.event_type().to_owned(),
                    version,
                    position: recorded.position(),
                    stream: recorded.stream().clone(),
                },
            });
        };
        match decoded {
            Ok(payload) => Ok(AnyEvent { descriptor: *descriptor, payload }),
            Err(source) => Err(payload_error(recorded, source)),
        }
    }
}
