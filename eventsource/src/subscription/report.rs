//! How reports are serialised: durations in seconds, and errors as texts.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

use super::{Failure, SubscriptionState};
use crate::causes::with_causes;

/// Serialises a duration as a number of seconds.
pub(super) fn seconds<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(time.as_secs_f64())
}

/// Serialises an optional duration as a number of seconds.
pub(super) fn maybe_seconds<S: Serializer>(time: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    time.map(|time| time.as_secs_f64()).serialize(serializer)
}

/// Serialises a text.
pub(super) fn text<S: Serializer>(text: &Arc<str>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(text)
}

/// Serialises an optional text.
pub(super) fn maybe_text<S: Serializer>(text: &Option<Arc<str>>, serializer: S) -> Result<S::Ok, S::Error> {
    text.as_deref().serialize(serializer)
}

/// Serialises the value, or `{"error": "…"}` with the error and its causes.
pub(super) fn or_error<T: Serialize, E: Error + 'static, S: Serializer>(
    result: &Result<T, Arc<E>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match result {
        Ok(found) => found.serialize(serializer),
        Err(error) => {
            let mut map = serializer.serialize_map(Some(1))?;
            map.serialize_entry("error", &with_causes(&**error))?;
            map.end()
        }
    }
}

/// A map with the name of the state in snake case as `state`, its reason as `reason`, and the fields of the state:
/// `{"state": "standing_by", "reason": "…", "owner": "…", "until": "…"}`.
impl Serialize for SubscriptionState {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("state", &self.name().replace(' ', "_"))?;
        map.serialize_entry("reason", &self.reason())?;
        match self {
            Self::Rebuilding { kind, target } => {
                map.serialize_entry("kind", kind)?;
                map.serialize_entry("target", target)?;
            }
            Self::RetryingLetters { applied, left } => {
                map.serialize_entry("applied", applied)?;
                map.serialize_entry("left", left)?;
            }
            Self::Retrying { failure, attempts, delay } => {
                map.serialize_entry("failure", &**failure)?;
                map.serialize_entry("attempts", attempts)?;
                map.serialize_entry("delay_seconds", &delay.as_secs_f64())?;
            }
            Self::Standby { owner, until } => {
                map.serialize_entry("owner", &**owner)?;
                map.serialize_entry("until", until)?;
            }
            Self::Restarting { failure, attempt, attempts, at } => {
                map.serialize_entry("failure", &**failure)?;
                map.serialize_entry("attempt", attempt)?;
                map.serialize_entry("attempts", attempts)?;
                map.serialize_entry("at", at)?;
            }
            Self::Faulted { failure } => map.serialize_entry("failure", &**failure)?,
            _ => {}
        }
        map.end()
    }
}

/// A map of its fields, with the error and its causes as a list of texts.
impl Serialize for Failure {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { subscription, position, stream, event_type, event_id, attempts, first_failed_at, error } = self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("subscription", subscription)?;
        map.serialize_entry("position", position)?;
        map.serialize_entry("stream", stream)?;
        map.serialize_entry("event_type", event_type)?;
        map.serialize_entry("event_id", event_id)?;
        map.serialize_entry("attempts", attempts)?;
        map.serialize_entry("first_failed_at", first_failed_at)?;
        map.serialize_entry("errors", &error.causes().map(ToString::to_string).collect::<Vec<_>>())?;
        map.end()
    }
}
