//! How a statement failed, and the values that go between rows and events.

use crate::event::Metadata;

/// How a statement failed.
#[derive(Debug)]
pub(crate) enum Failure {
    Database(sqlx::Error),
    Corrupt(String),
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

/// A stored number that is never negative.
pub(crate) fn unsigned(value: i64, what: &str) -> Result<u64, Failure> {
    u64::try_from(value).map_err(|_| Failure::Corrupt(format!("{what} is {value}")))
}

/// The same for the database, whose integers end earlier; no stored value lies beyond their end.
pub(crate) fn clamped(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// The row is gone that says which log this is.
pub(crate) fn no_identity() -> Failure {
    Failure::Corrupt(
        "the log has no identity: the row of `eventsource_log` was deleted; restore it from a backup".to_owned(),
    )
}

/// Metadata as JSON, `None` where it is empty. It was checked before: see [`check_append`](crate::store::check_append).
pub(crate) fn metadata_json(metadata: &Metadata) -> Result<Option<String>, Failure> {
    if metadata.is_empty() {
        return Ok(None);
    }
    let json = serde_json::to_string(metadata);
    json.map(Some).map_err(|error| Failure::Database(sqlx::Error::Encode(Box::new(error))))
}
