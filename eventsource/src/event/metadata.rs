//! What is known about an event beside its payload.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{NewEvent, RecordedEvent, Unstorable, json};

/// What is known about an event beside its payload: why it happened, by whom, for whom.
///
/// It is set per save (`AggregateRepository::save_with`) or per append ([`Metadata::stamp`]), and every store gives it back as it was.
///
/// ```
/// use eventsource::Metadata;
/// use uuid::Uuid;
///
/// let request = Uuid::now_v7();
/// let metadata = Metadata::new().correlation_id(request).actor("alice").tenant("acme").entry("ip", "192.0.2.7");
/// assert_eq!(metadata.get_tenant(), Some("acme"));
/// assert_eq!(metadata.get_entry("ip"), Some(&"192.0.2.7".into()));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Metadata {
    #[serde(skip_serializing_if = "Option::is_none")]
    correlation_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    causation_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    actor: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    entries: BTreeMap<String, serde_json::Value>,
    /// The key of an entry that cannot be stored, and why.
    #[serde(skip)]
    refused: Option<Box<(String, Unstorable)>>,
}

/// Metadata is stored as an object with an object of the entries in it.
const LEVELS: usize = 2;

/// The path of an entry.
fn path(key: &str) -> String {
    format!("metadata.{key}")
}

impl Metadata {
    /// Nothing known.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The metadata of something that happens because of `event`, as a handler that appends or sends writes it.
    ///
    /// The causation is the event's id; the correlation is the event's own, or the event's id where it has none
    /// and so starts the chain. Actor, tenant and free entries are not inherited.
    #[must_use]
    pub fn caused_by(event: &RecordedEvent) -> Self {
        Self::new().causation_id(event.id()).correlation_id(event.metadata().get_correlation_id().unwrap_or(event.id()))
    }

    /// With the id that all events of one business transaction share.
    #[must_use]
    pub fn correlation_id(mut self, id: Uuid) -> Self {
        self.correlation_id = Some(id);
        self
    }

    /// With the id of the event or command that caused this one.
    #[must_use]
    pub fn causation_id(mut self, id: Uuid) -> Self {
        self.causation_id = Some(id);
        self
    }

    /// With who did it.
    #[must_use]
    pub fn actor(mut self, actor: impl Into<String>) -> Self {
        self.actor = Some(actor.into());
        self
    }

    /// With the tenant for whom it was done. Stores can filter by it.
    #[must_use]
    pub fn tenant(mut self, tenant: impl Into<String>) -> Self {
        self.tenant = Some(tenant.into());
        self
    }

    /// With one more free entry; a later one under the same key replaces the earlier.
    ///
    /// An append refuses a value that could not be read back, such as NaN or a value that is nested deeper than 125 levels
    /// ([`Unstorable`]).
    #[must_use]
    pub fn entry(mut self, key: impl Into<String>, value: impl Serialize) -> Self {
        let key = key.into();
        self.refused = self.refused.filter(|refused| refused.0 != key);
        match json::to_value(&path(&key), &value, LEVELS) {
            Ok(value) => drop(self.entries.insert(key, value)),
            Err(refused) => self.refused = Some(Box::new((key, refused))),
        }
        self
    }

    /// Reads metadata as it was stored. Where that fails, the error comes with what the text tells of the tenant, by which
    /// events are filtered.
    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    pub(crate) fn from_stored(json: &str) -> Result<Self, (serde_json::Error, Option<String>)> {
        #[derive(Deserialize)]
        struct OnlyTenant {
            tenant: Option<String>,
        }
        serde_json::from_str(json).map_err(|error| {
            // Values that are passed over may be nested to any depth.
            let tenant = serde_json::from_str::<OnlyTenant>(json).ok().and_then(|only| only.tenant);
            (error, tenant)
        })
    }

    /// Refuses entries that could not be read back.
    pub(crate) fn check(&self) -> Result<(), Unstorable> {
        if let Some(refused) = &self.refused {
            return Err(refused.1.clone());
        }
        for (key, value) in &self.entries {
            if value.is_array() || value.is_object() {
                json::check_value(&path(key), value, LEVELS)?;
            }
        }
        Ok(())
    }

    /// The id that all events of one business transaction share.
    #[must_use]
    pub const fn get_correlation_id(&self) -> Option<Uuid> {
        self.correlation_id
    }

    /// The id of the event or command that caused this one.
    #[must_use]
    pub const fn get_causation_id(&self) -> Option<Uuid> {
        self.causation_id
    }

    /// Who did it.
    #[must_use]
    pub fn get_actor(&self) -> Option<&str> {
        self.actor.as_deref()
    }

    /// The tenant for whom it was done.
    #[must_use]
    pub fn get_tenant(&self) -> Option<&str> {
        self.tenant.as_deref()
    }

    /// The free entry under `key`.
    #[must_use]
    pub fn get_entry(&self, key: &str) -> Option<&serde_json::Value> {
        self.entries.get(key)
    }

    /// All free entries, by key.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &serde_json::Value)> {
        self.entries.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// About how long it is as JSON, in bytes: 0 where nothing is known.
    pub(crate) fn size(&self) -> usize {
        const ID: usize = 55;
        const NAME: usize = 12;
        let ids = [self.correlation_id, self.causation_id].into_iter().flatten().count() * ID;
        let names = [&self.actor, &self.tenant].into_iter().flatten().map(|name| name.len() + NAME);
        let entries = self.entries.iter().map(|(key, value)| key.len() + 4 + json_size(value));
        ids + names.sum::<usize>() + entries.sum::<usize>()
    }

    /// `events`, each with this metadata: the way to set it per append.
    #[must_use]
    pub fn stamp(&self, events: Vec<NewEvent>) -> Vec<NewEvent> {
        events.into_iter().map(|event| event.with_metadata(self.clone())).collect()
    }
}

/// About how long `value` is as JSON.
fn json_size(value: &serde_json::Value) -> usize {
    use serde_json::Value::{Array, Bool, Null, Number, Object, String};
    match value {
        Null | Bool(_) => 5,
        Number(_) => 8,
        String(text) => text.len() + 2,
        Array(values) => 2 + values.iter().map(|value| json_size(value) + 1).sum::<usize>(),
        Object(values) => 2 + values.iter().map(|(key, value)| key.len() + 4 + json_size(value)).sum::<usize>(),
    }
}
