//! How a state is serialised.

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

use super::SubscriptionState;

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
