//! The payload of an event: how it is decoded, once for all its readers, and the errors if it cannot be decoded.

use std::ops::Deref;
use std::sync::Arc;

use super::{DecodeError, DomainEvent, RecordedEvent};

/// The decoded payload of an event.
#[derive(Debug)]
pub enum Payload<E> {
    /// Decoded for one reader.
    Own(E),
    /// Decoded once for several subscriptions.
    Shared(Arc<E>),
}

impl<E> Payload<E> {
    /// The fast path: decodes an event that has one reader, is readable, and was stored with the current `version`.
    /// Returns `None` for any other event. The caller has checked that the event is an `E`.
    #[inline(always)]
    pub(crate) fn decode_plain(
        recorded: &RecordedEvent,
        version: u32,
        decode: impl FnOnce(&str) -> Result<E, serde_json::Error>,
    ) -> Option<Result<Self, serde_json::Error>> {
        if recorded.schema_version() != version || recorded.decoded().is_shared() || recorded.unreadable().is_some() {
            return None;
        }
        Some(decode(recorded.payload()).map(Self::Own))
    }
}

impl<E: DomainEvent> Payload<E> {
    /// Decodes the payload of `recorded`.
    ///
    /// # Errors
    /// The errors of [`Event::decode`](super::Event::decode).
    #[inline]
    pub fn decode(recorded: &RecordedEvent) -> Result<Self, DecodeError> {
        if recorded.event_type() == E::NAME
            && let Some(decoded) = Self::decode_plain(recorded, E::VERSION, E::decode)
        {
            return decoded.map_err(|source| payload_error(recorded, source));
        }
        Self::decode_otherwise(recorded)
    }

    #[inline(never)]
    pub(crate) fn decode_otherwise(recorded: &RecordedEvent) -> Result<Self, DecodeError> {
        match recorded.decoded().get_or_decode(|| payload(recorded)) {
            None => payload(recorded).map(Self::Own),
            Some(shared) => shared.map(Self::Shared),
        }
    }
}

impl<E> Deref for Payload<E> {
    type Target = E;

    #[inline]
    fn deref(&self) -> &E {
        match self {
            Self::Own(payload) => payload,
            Self::Shared(payload) => payload,
        }
    }
}

/// Decodes the payload of `recorded`.
pub(super) fn payload<E: DomainEvent>(recorded: &RecordedEvent) -> Result<E, DecodeError> {
    check_readable(recorded)?;
    if recorded.event_type() != E::NAME && !E::ALIASES.contains(&recorded.event_type()) {
        return Err(other_event(recorded, E::NAME));
    }
    let payload = if recorded.schema_version() == E::VERSION {
        E::decode(recorded.payload())
    } else {
        match E::upcast(recorded.schema_version(), recorded.payload()) {
            Some(payload) => payload,
            None => return Err(other_version(recorded, E::VERSION)),
        }
    };
    payload.map_err(|source| payload_error(recorded, source))
}

/// Refuses an event with a column that the store could not read.
#[inline]
pub(crate) fn check_readable(recorded: &RecordedEvent) -> Result<(), DecodeError> {
    match recorded.shared_unreadable() {
        None => Ok(()),
        Some(unreadable) => Err(DecodeError::Unreadable {
            event_type: recorded.event_type().to_owned(),
            position: recorded.position(),
            stream: recorded.stream().clone(),
            unreadable: Arc::clone(unreadable),
        }),
    }
}

// The cold parts of `decode`, so that they are compiled once and not for each event type.

#[cold]
fn other_event(recorded: &RecordedEvent, wanted: &'static str) -> DecodeError {
    DecodeError::OtherEvent {
        event_type: recorded.event_type().to_owned(),
        wanted,
        position: recorded.position(),
        stream: recorded.stream().clone(),
    }
}

#[cold]
pub(crate) fn other_version(recorded: &RecordedEvent, known: u32) -> DecodeError {
    DecodeError::Version {
        event_type: recorded.event_type().to_owned(),
        stored: recorded.schema_version(),
        known,
        position: recorded.position(),
        stream: recorded.stream().clone(),
    }
}

#[cold]
pub(crate) fn payload_error(recorded: &RecordedEvent, source: serde_json::Error) -> DecodeError {
    DecodeError::Payload {
        event_type: recorded.event_type().to_owned(),
        version: recorded.schema_version(),
        position: recorded.position(),
        stream: recorded.stream().clone(),
        source,
    }
}
