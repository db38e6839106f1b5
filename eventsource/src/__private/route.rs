//! Recognises and decodes the events of one type, for generated code.

use std::fmt;
use std::sync::Arc;

use crate::event::{DecodeError, DomainEvent, Event, EventDescriptor, Payload, RecordedEvent, payload_error};
use crate::projection::HandlerError;
use crate::store::EventFilter;

/// Recognises and decodes the events of one type. Only an event type has one: see [`route`].
pub struct Route<E> {
    descriptor: &'static EventDescriptor,
    read: fn(&Arc<RecordedEvent>) -> Result<Event<E>, DecodeError>,
    payload: fn(&str) -> Result<E, serde_json::Error>,
    payload_otherwise: fn(&RecordedEvent) -> Result<Payload<E>, HandlerError>,
}

/// The descriptor of an event, as a constant that can be borrowed.
struct Described<E>(std::marker::PhantomData<E>);

impl<E: DomainEvent> Described<E> {
    const DESCRIPTOR: &'static EventDescriptor = &E::DESCRIPTOR;
}

/// Returns the route of `E`.
#[must_use]
pub const fn route<E: DomainEvent>() -> Route<E> {
    Route {
        descriptor: Described::<E>::DESCRIPTOR,
        read: Event::<E>::decode,
        payload: E::decode,
        payload_otherwise: otherwise::<E>,
    }
}

// Rare code, and code that does not depend on the type, stays out of the user's crate.

#[cold]
fn otherwise<E: DomainEvent>(recorded: &RecordedEvent) -> Result<Payload<E>, HandlerError> {
    Payload::decode_otherwise(recorded).map_err(HandlerError::permanent)
}

#[cold]
fn undecodable(recorded: &RecordedEvent, source: serde_json::Error) -> HandlerError {
    HandlerError::permanent(payload_error(recorded, source))
}

impl<E> Route<E> {
    /// Returns the descriptor of the event.
    #[must_use]
    pub const fn descriptor(&self) -> &'static EventDescriptor {
        self.descriptor
    }

    /// Returns the stored name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.descriptor.name()
    }

    /// Decodes `recorded`.
    ///
    /// # Errors
    /// [`DecodeError`] if it cannot be decoded.
    #[inline]
    pub fn read(&self, recorded: &Arc<RecordedEvent>) -> Result<Event<E>, DecodeError> {
        (self.read)(recorded)
    }

    /// Decodes `recorded` for a handler.
    ///
    /// # Errors
    /// A permanent error if it cannot be decoded.
    #[inline]
    pub fn decode(&self, recorded: &Arc<RecordedEvent>) -> Result<Event<E>, HandlerError> {
        (self.read)(recorded).map_err(HandlerError::permanent)
    }

    /// Decodes the payload of `recorded`, for a handler that takes only the payload. The caller has checked the stored
    /// name.
    ///
    /// # Errors
    /// A permanent error if it cannot be decoded.
    #[inline(always)]
    pub fn payload(&self, recorded: &RecordedEvent) -> Result<Payload<E>, HandlerError> {
        match Payload::decode_plain(recorded, self.descriptor.version(), self.payload) {
            Some(Ok(payload)) => Ok(payload),
            Some(Err(source)) => Err(undecodable(recorded, source)),
            None => (self.payload_otherwise)(recorded),
        }
    }
}

impl<E> fmt::Debug for Route<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Route").field("name", &self.name()).finish_non_exhaustive()
    }
}

/// Returns whether one of `events` has an alias.
#[must_use]
pub const fn aliased(events: &[&EventDescriptor]) -> bool {
    let mut at = 0;
    while at < events.len() {
        if !events[at].aliases().is_empty() {
            return true;
        }
        at += 1;
    }
    false
}

/// Returns the current stored name of `recorded`, if it is one of `events`.
#[inline]
#[must_use]
pub fn name_of<'r, const ALIASED: bool>(recorded: &'r RecordedEvent, events: &[&'static EventDescriptor]) -> &'r str {
    let stored = recorded.event_type();
    if !ALIASED {
        return stored;
    }
    let event = events.iter().find(|event| event.aliases().contains(&stored));
    event.map_or(stored, |event| event.name())
}

/// Returns a filter for all stored names of `events`.
#[must_use]
pub fn filter(events: &[&'static EventDescriptor]) -> EventFilter {
    EventFilter::types(events.iter().flat_map(|event| event.names()))
}
