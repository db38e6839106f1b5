//! What can go wrong between a typed event and its stored form.

use std::sync::Arc;

use super::{Position, StreamId, Unreadable, Unstorable};

/// An event cannot be stored, because it would not be read back equal.
#[derive(Debug, thiserror::Error)]
#[error("event `{event_type}` cannot be stored: {value}")]
#[non_exhaustive]
pub struct EncodeError {
    /// The stored name of the event.
    pub event_type: &'static str,
    /// Which value it is, and why it cannot be stored.
    pub value: Unstorable,
}

/// A stored event could not be turned into its typed form. Always a permanent failure: trying again changes nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The payload does not fit the type.
    #[error(
        "event `{event_type}` (version {version}) at position {position} of {stream} does not decode: {source}; \
         a field that older events lack needs `#[serde(default)]`, and what has another shape by now needs a type of its \
         own for what is stored, and a new version that is read from that one (`#[event(version = …, from(…))]`)"
    )]
    Payload {
        /// The stored name of the event.
        event_type: String,
        /// The schema version it was stored with.
        version: u32,
        /// Where it stands in the log.
        position: Position,
        /// The stream it belongs to.
        stream: StreamId,
        /// What serde says.
        source: serde_json::Error,
    },
    /// A part of the stored event cannot be read: another program wrote it, or the data are damaged.
    #[error(
        "event `{event_type}` at position {position} of {stream} cannot be read: {unreadable}; repair the stored event, \
         then retry, or dismiss it"
    )]
    Unreadable {
        /// The stored name of the event.
        event_type: String,
        /// Where it stands in the log.
        position: Position,
        /// The stream it belongs to.
        stream: StreamId,
        /// The part that cannot be read.
        unreadable: Arc<Unreadable>,
    },
    /// The event was stored with a schema version that is not read as the type.
    #[error(
        "event `{event_type}` at position {position} of {stream} was stored with schema version {stored}, {}",
        advice(*.stored, *.known)
    )]
    Version {
        /// The stored name of the event.
        event_type: String,
        /// The schema version it was stored with.
        stored: u32,
        /// The schema version of the type it was asked for as.
        known: u32,
        /// Where it stands in the log.
        position: Position,
        /// The stream it belongs to.
        stream: StreamId,
    },
    /// The event was asked for as another event.
    #[error("the event at position {position} of {stream} is a `{event_type}`, not a `{wanted}`")]
    OtherEvent {
        /// The stored name of the event.
        event_type: String,
        /// The stored name of the type it was asked for as.
        wanted: &'static str,
        /// Where it stands in the log.
        position: Position,
        /// The stream it belongs to.
        stream: StreamId,
    },
    /// The registry does not know the event.
    #[error(
        "event `{event_type}` (version {version}) at position {position} of {stream} is of a type that no code knows: a \
         crate that nothing names is not linked and registers nothing, so name the one that defines it once \
         (`use that_crate as _;`); an event that was renamed keeps its old name as an alias \
         (`#[event(aliases(\"{event_type}\"))]`); a catalogue made by `Registry::of`, such as that of \
         `SubscriptionManager::with_registry`, has to list it"
    )]
    Unknown {
        /// The stored name of the event.
        event_type: String,
        /// The schema version it was stored with.
        version: u32,
        /// Where it stands in the log.
        position: Position,
        /// The stream it belongs to.
        stream: StreamId,
    },
}

impl DecodeError {
    /// Returns whether the event was stored with a schema version above the newest that the program knows. Newer code wrote
    /// it: a subscription stops before such an event ([`SubscriptionState::Outdated`]) and makes no dead letter of it.
    ///
    /// [`SubscriptionState::Outdated`]: crate::subscription::SubscriptionState::Outdated
    #[must_use]
    pub const fn is_newer(&self) -> bool {
        matches!(self, Self::Version { stored, known, .. } if *stored > *known)
    }
}

/// What to do about an event of the schema version `stored`, where version `known` is the newest.
fn advice(stored: u32, known: u32) -> String {
    if stored > known {
        format!("and this program knows versions up to {known}: deploy the newer code that wrote the event")
    } else {
        format!(
            "and this program does not read that one as version {known}: name the type that it has in \
             `#[event(version = {known}, from(…))]`"
        )
    }
}
