//! Encodes and decodes an event, for generated code.

use std::fmt;

use crate::event::{EventData, EventDescriptor, OldVersion, PAYLOAD, Unstorable, json};

/// Encodes and decodes an event. Only a type with serde's traits has one: see [`stored`].
pub struct Stored<E> {
    encode: fn(&E) -> Result<String, Unstorable>,
    decode: fn(&str) -> Result<E, serde_json::Error>,
    known: OldVersion,
}

/// Returns the codec of `E`.
#[must_use]
pub const fn stored<E: EventData>() -> Stored<E> {
    Stored { encode: to_json::<E>, decode: from_json::<E>, known: OldVersion::of::<E>(0) }
}

fn to_json<E: EventData>(event: &E) -> Result<String, Unstorable> {
    json::encode(PAYLOAD, event)
}

fn from_json<E: EventData>(payload: &str) -> Result<E, serde_json::Error> {
    serde_json::from_str(payload)
}

impl<E> Stored<E> {
    /// Returns the event as JSON.
    ///
    /// # Errors
    /// [`Unstorable`] if a value would not be read back equal.
    pub fn encode(&self, event: &E) -> Result<String, Unstorable> {
        (self.encode)(event)
    }

    /// Decodes the event from `payload`.
    ///
    /// # Errors
    /// The error of serde.
    pub fn decode(&self, payload: &str) -> Result<E, serde_json::Error> {
        (self.decode)(payload)
    }

    /// Adds the shape of the event to its descriptor.
    #[must_use]
    pub const fn describe(&self, descriptor: EventDescriptor) -> EventDescriptor {
        descriptor.derived(self.known)
    }

    /// Describes an older version that is decoded in the same way.
    #[must_use]
    pub const fn version(&self, version: u32) -> OldVersion {
        self.known.numbered(version)
    }
}

impl<E> fmt::Debug for Stored<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stored")
    }
}

/// The body of the methods of an event with a mistake, which does not compile.
#[allow(clippy::unreachable)]
#[cold]
pub fn never() -> ! {
    unreachable!()
}
