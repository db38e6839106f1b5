//! How generated code writes and reads an event.

use std::fmt;

use crate::event::{EventData, EventDescriptor, OldVersion, PAYLOAD, Unstorable, json};

/// How an event is written and read. A type that serde does not know has no such thing: see [`stored`].
pub struct Stored<E> {
    encode: fn(&E) -> Result<String, Unstorable>,
    decode: fn(&str) -> Result<E, serde_json::Error>,
    known: OldVersion,
}

/// How an `E` is written and read.
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
    /// Which value would not be read back equal.
    pub fn encode(&self, event: &E) -> Result<String, Unstorable> {
        (self.encode)(event)
    }

    /// The event in `payload`.
    ///
    /// # Errors
    /// What serde says.
    pub fn decode(&self, payload: &str) -> Result<E, serde_json::Error> {
        (self.decode)(payload)
    }

    /// The descriptor with the shape of the event.
    #[must_use]
    pub const fn describe(&self, descriptor: EventDescriptor) -> EventDescriptor {
        descriptor.derived(self.known)
    }

    /// What the catalogue knows of an older version that is read in the same way.
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

/// What stands in the methods of an event with a mistake, which does not compile.
#[allow(clippy::unreachable)]
#[cold]
pub fn never() -> ! {
    unreachable!()
}
