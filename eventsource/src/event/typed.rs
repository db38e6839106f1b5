//! The typed view of an event, which a handler sees.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{DecodeError, DomainEvent, Metadata, Position, RecordedEvent, StreamId};

/// The typed view of a stored event: derefs to `E`, and knows the event's id, position, stream, times and metadata.
///
/// A handler takes `&Event<E>`, or `&E` where the payload is all it needs.
pub struct Event<E> {
    payload: Payload<E>,
    recorded: Arc<RecordedEvent>,
}

/// The payload of an event, decoded.
#[derive(Debug)]
pub enum Payload<E> {
    /// Decoded for whoever asked.
    Own(E),
    /// Of an event that several subscriptions read: it is decoded once.
    Shared(Arc<E>),
}

impl<E> Payload<E> {
    /// The way of nearly all events: they are read by one alone, and were stored as they are today, which is in `version`.
    /// `None` where this one is not so; that it is an `E` is known.
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
    /// The payload of `recorded`.
    ///
    /// # Errors
    /// As of [`Event::decode`].
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

impl<E: DomainEvent> Event<E> {
    /// The typed view of `recorded`. An event that several subscriptions read is decoded once for all of them.
    ///
    /// # Errors
    /// [`DecodeError`] where the event is another one, was stored with a schema version that is not read as `E`, or does not fit.
    pub fn decode(recorded: &Arc<RecordedEvent>) -> Result<Self, DecodeError> {
        Ok(Self { payload: Payload::decode(recorded)?, recorded: Arc::clone(recorded) })
    }

    /// The payload alone. One that is shared with other subscriptions is theirs, and is decoded once more.
    ///
    /// # Errors
    /// [`DecodeError`] where it does not decode once more.
    pub fn into_payload(self) -> Result<E, DecodeError> {
        match self.payload {
            Payload::Own(payload) => Ok(payload),
            Payload::Shared(shared) => Arc::try_unwrap(shared).or_else(|_| payload(&self.recorded)),
        }
    }
}

/// The payload of `recorded`, decoded.
fn payload<E: DomainEvent>(recorded: &RecordedEvent) -> Result<E, DecodeError> {
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

/// Refuses an event of which the store could not read a part.
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

// The cold halves of `decode`, compiled once and not once an event.

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
pub(super) fn other_version(recorded: &RecordedEvent, known: u32) -> DecodeError {
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

impl<E> Event<E> {
    /// The event as stored.
    #[must_use]
    pub const fn recorded(&self) -> &Arc<RecordedEvent> {
        &self.recorded
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.recorded.id()
    }

    /// Where it stands in the log.
    #[must_use]
    pub fn position(&self) -> Position {
        self.recorded.position()
    }

    /// The stream it belongs to.
    #[must_use]
    pub fn stream(&self) -> &StreamId {
        self.recorded.stream()
    }

    /// The aggregate it belongs to.
    #[must_use]
    pub fn aggregate_id(&self) -> Uuid {
        self.recorded.aggregate_id()
    }

    /// Its version in the stream, from 1.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.recorded.version()
    }

    /// When it occurred, as its author said.
    #[must_use]
    pub fn occurred_at(&self) -> DateTime<Utc> {
        self.recorded.occurred_at()
    }

    /// When it was stored.
    #[must_use]
    pub fn recorded_at(&self) -> DateTime<Utc> {
        self.recorded.recorded_at()
    }

    /// What is known beside the payload.
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
