//! Converts an event to an entry of a stream, and back.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, SecondsFormat, Utc};
use eventsource::event::{Position, RecordedParts, StreamId};
use eventsource::{Metadata, RecordedEvent};
use redis::streams::StreamId as EntryParts;
use uuid::Uuid;

use crate::RedisError;

/// The fields of an entry, in the order in which they are written.
pub(crate) mod field {
    pub(crate) const ID: &str = "id";
    pub(crate) const POSITION: &str = "position";
    pub(crate) const AGGREGATE_TYPE: &str = "aggregate_type";
    pub(crate) const AGGREGATE_ID: &str = "aggregate_id";
    pub(crate) const VERSION: &str = "version";
    pub(crate) const TYPE: &str = "type";
    pub(crate) const SCHEMA_VERSION: &str = "schema_version";
    pub(crate) const OCCURRED_AT: &str = "occurred_at";
    pub(crate) const RECORDED_AT: &str = "recorded_at";
    pub(crate) const METADATA: &str = "metadata";
    pub(crate) const PAYLOAD: &str = "payload";
}

/// Returns the fields and values of an event.
pub(crate) fn fields(event: &RecordedEvent) -> Result<[(&'static str, String); 11], RedisError> {
    let lacks = || RedisError::NotAnEvent { entry: format!("of event {}", event.id()), field: field::METADATA };
    let metadata = serde_json::to_string(event.metadata()).map_err(|_| lacks())?;
    Ok([
        (field::ID, event.id().to_string()),
        (field::POSITION, event.position().value().to_string()),
        (field::AGGREGATE_TYPE, event.stream().aggregate_type().to_owned()),
        (field::AGGREGATE_ID, event.aggregate_id().to_string()),
        (field::VERSION, event.version().to_string()),
        (field::TYPE, event.event_type().to_owned()),
        (field::SCHEMA_VERSION, event.schema_version().to_string()),
        (field::OCCURRED_AT, event.occurred_at().to_rfc3339_opts(SecondsFormat::Micros, true)),
        (field::RECORDED_AT, event.recorded_at().to_rfc3339_opts(SecondsFormat::Micros, true)),
        (field::METADATA, metadata),
        (field::PAYLOAD, event.payload().to_owned()),
    ])
}

/// An entry as it was read.
pub(crate) struct Entry<'a>(pub(crate) &'a EntryParts);

impl Entry<'_> {
    /// Returns the id of the entry.
    pub(crate) fn id(&self) -> Result<EntryId, RedisError> {
        self.0.id.parse().map_err(|_| self.lacks("id"))
    }

    fn text(&self, field: &'static str) -> Result<String, RedisError> {
        self.0.get(field).ok_or_else(|| self.lacks(field))
    }

    fn parsed<T: FromStr>(&self, field: &'static str) -> Result<T, RedisError> {
        self.text(field)?.parse().map_err(|_| self.lacks(field))
    }

    fn lacks(&self, field: &'static str) -> RedisError {
        RedisError::NotAnEvent { entry: self.0.id.clone(), field }
    }

    /// Returns the position of the event, without parsing the rest.
    pub(crate) fn position(&self) -> Result<Position, RedisError> {
        self.parsed(field::POSITION).map(Position::new)
    }

    /// Returns the event.
    pub(crate) fn event(&self) -> Result<RecordedEvent, RedisError> {
        let metadata: Option<Metadata> = serde_json::from_str(&self.text(field::METADATA)?).ok();
        let stream = StreamId::new(self.text(field::AGGREGATE_TYPE)?, self.parsed(field::AGGREGATE_ID)?);
        let mut parts = RecordedParts::new(
            self.parsed::<Uuid>(field::ID)?,
            self.position()?,
            (stream, self.parsed(field::VERSION)?),
            self.text(field::TYPE)?,
            self.text(field::PAYLOAD)?,
            self.parsed::<DateTime<Utc>>(field::RECORDED_AT)?,
        );
        parts.schema_version = self.parsed(field::SCHEMA_VERSION)?;
        parts.occurred_at = self.parsed::<DateTime<Utc>>(field::OCCURRED_AT)?;
        parts.metadata = metadata.ok_or_else(|| self.lacks(field::METADATA))?;
        Ok(RecordedEvent::from(parts))
    }
}

/// The id of an entry: the server's clock in milliseconds, and a sequence number within the millisecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct EntryId {
    pub(crate) millis: u64,
    sequence: u64,
}

impl FromStr for EntryId {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (millis, sequence) = text.split_once('-').unwrap_or((text, "0"));
        Ok(Self { millis: millis.parse()?, sequence: sequence.parse()? })
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.millis, self.sequence)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by a panic")]
    use super::*;

    #[test]
    fn entry_ids_are_ordered_by_number_and_written_as_read() {
        let ids: Vec<EntryId> = ["0-0", "9-10", "10-9", "10-10"].map(|text| text.parse().unwrap()).to_vec();
        assert!(ids.is_sorted());
        assert_eq!(ids[3].to_string(), "10-10");
        assert!("10-x".parse::<EntryId>().is_err());
    }

    #[test]
    fn entry_whose_id_cannot_be_read_is_an_error() {
        for (id, is_read) in [("10-9", true), ("10-x", false), ("", false)] {
            let parts = EntryParts { id: id.to_owned(), ..EntryParts::default() };
            assert_eq!(Entry(&parts).id().is_ok(), is_read, "{id}");
        }
    }
}
