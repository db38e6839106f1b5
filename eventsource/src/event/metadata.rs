//! The metadata of events.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Slice, StreamId, Unstorable, json};

/// The metadata of an event: its cause, its actor, its tenant, and free entries.
///
/// Set it for a save with [`AggregateRepository::save_with`](crate::AggregateRepository::save_with), for a command with
/// [`Execute::metadata`](crate::aggregate::Execute::metadata), for one event with
/// [`NewEvent::with_metadata`](crate::NewEvent::with_metadata), or for all events of an append with
/// [`Metadata::stamp`]. Every store returns it unchanged.
///
/// ```
/// use eventsource::Metadata;
/// use uuid::Uuid;
///
/// let (request, command) = (Uuid::now_v7(), Uuid::now_v7());
/// assert!(Metadata::new().is_empty());
/// let metadata = Metadata::new()
///     .correlation_id(request)
///     .causation_id(command)
///     .actor("alice")
///     .tenant("acme")
///     .entry("ip", "192.0.2.7");
/// assert_eq!((metadata.get_correlation_id(), metadata.get_causation_id()), (Some(request), Some(command)));
/// assert_eq!((metadata.get_actor(), metadata.get_tenant()), (Some("alice"), Some("acme")));
/// assert_eq!(metadata.get_entry("ip"), Some(&"192.0.2.7".into()));
/// assert_eq!(metadata.entries().count(), 1);
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
    /// The partition key of the event. An event sets it, and not its metadata: `NewEvent::partition_key`.
    #[serde(skip_serializing_if = "Option::is_none")]
    partition_key: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    entries: BTreeMap<String, serde_json::Value>,
    /// The key of an entry that cannot be stored, and why.
    #[serde(skip)]
    refused: Option<Box<(String, Unstorable)>>,
}

/// The levels around an entry: metadata is an object that contains an object of entries.
const LEVELS: usize = 2;

/// The path of an entry.
fn path(key: &str) -> String {
    format!("metadata.{key}")
}

impl Metadata {
    /// Creates empty metadata.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the correlation id, which all events of one business transaction share.
    ///
    /// # Examples
    /// ```
    /// use eventsource::Metadata;
    /// use uuid::Uuid;
    ///
    /// let request = Uuid::now_v7();
    /// assert_eq!(Metadata::new().correlation_id(request).get_correlation_id(), Some(request));
    /// ```
    #[must_use]
    pub fn correlation_id(mut self, id: Uuid) -> Self {
        self.correlation_id = Some(id);
        self
    }

    /// Sets the causation id: the id of the event or the command that caused this event.
    #[must_use]
    pub fn causation_id(mut self, id: Uuid) -> Self {
        self.causation_id = Some(id);
        self
    }

    /// Sets the actor: the user or the service that caused the event.
    ///
    /// # Examples
    /// ```
    /// use eventsource::Metadata;
    ///
    /// assert_eq!(Metadata::new().actor("alice").get_actor(), Some("alice"));
    /// ```
    #[must_use]
    pub fn actor(mut self, actor: impl Into<String>) -> Self {
        self.actor = Some(actor.into());
        self
    }

    /// Sets the tenant that the event belongs to. Readers can filter by it ([`EventFilter`](super::EventFilter)).
    ///
    /// An append refuses a tenant of more than [`MAX_NAME`](super::MAX_NAME) bytes, or with the character NUL.
    ///
    /// # Examples
    /// ```
    /// use eventsource::Metadata;
    ///
    /// assert_eq!(Metadata::new().tenant("acme").get_tenant(), Some("acme"));
    /// ```
    #[must_use]
    pub fn tenant(mut self, tenant: impl Into<String>) -> Self {
        self.tenant = Some(tenant.into());
        self
    }

    /// Adds a free entry, or replaces the entry with the same key.
    ///
    /// This call does not fail. An append refuses a value that could not be read back, such as NaN or a value that is
    /// nested deeper than 125 levels ([`Unstorable`]).
    ///
    /// # Examples
    /// ```
    /// use eventsource::Metadata;
    ///
    /// let metadata = Metadata::new().entry("retries", 3).entry("tags", ["a", "b"]);
    /// assert_eq!(metadata.get_entry("retries"), Some(&3.into()));
    /// ```
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

    /// Reads stored metadata. The error contains the tenant if that one is readable, because filters need it.
    #[cfg(feature = "_sql")]
    pub(crate) fn from_stored(json: &str) -> Result<Self, (serde_json::Error, Option<String>)> {
        #[derive(Deserialize)]
        struct OnlyTenant {
            tenant: Option<String>,
        }
        serde_json::from_str(json).map_err(|error| {
            // Skipped values can be nested to any depth, so this can succeed where the first call failed.
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

    /// Returns the correlation id, which all events of one business transaction share.
    #[must_use]
    pub const fn get_correlation_id(&self) -> Option<Uuid> {
        self.correlation_id
    }

    /// Returns the causation id: the id of the event or the command that caused this event.
    #[must_use]
    pub const fn get_causation_id(&self) -> Option<Uuid> {
        self.causation_id
    }

    /// Returns the actor: the user or the service that caused the event.
    #[must_use]
    pub fn get_actor(&self) -> Option<&str> {
        self.actor.as_deref()
    }

    /// Returns the tenant that the event belongs to.
    #[must_use]
    pub fn get_tenant(&self) -> Option<&str> {
        self.tenant.as_deref()
    }

    /// Returns the free entry with this key.
    #[must_use]
    pub fn get_entry(&self, key: &str) -> Option<&serde_json::Value> {
        self.entries.get(key)
    }

    /// Returns all free entries, ordered by key.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &serde_json::Value)> {
        self.entries.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// Returns whether nothing is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Sets or removes the partition key.
    pub(super) fn with_partition_key(mut self, key: Option<String>) -> Self {
        self.partition_key = key;
        self
    }

    pub(super) fn into_partition_key(self) -> Option<String> {
        self.partition_key
    }

    pub(crate) fn partition_key(&self) -> Option<&str> {
        self.partition_key.as_deref()
    }

    /// Returns the slice of an event in `stream` that has this metadata.
    pub(super) fn slice(&self, stream: &StreamId) -> Slice {
        self.partition_key().map_or_else(|| Slice::of_stream(stream), Slice::of_key)
    }

    /// Returns about the length of the metadata as JSON, in bytes; 0 if nothing is set.
    pub(crate) fn size(&self) -> usize {
        const ID: usize = 55;
        const NAME: usize = 12;
        let ids = [self.correlation_id, self.causation_id].into_iter().flatten().count() * ID;
        let names =
            [&self.actor, &self.tenant, &self.partition_key].into_iter().flatten().map(|name| name.len() + NAME);
        let entries = self.entries.iter().map(|(key, value)| key.len() + 4 + json_size(value));
        ids + names.sum::<usize>() + entries.sum::<usize>()
    }
}

/// Returns about the length of `value` as JSON, in bytes.
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
