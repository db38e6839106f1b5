//! Failures of statements, and conversions between rows and events.

use crate::event::Metadata;

/// A failed statement.
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

/// Converts a stored number, which must not be negative.
pub(crate) fn unsigned(value: i64, what: &str) -> Result<u64, Failure> {
    u64::try_from(value).map_err(|_| Failure::Corrupt(format!("{what} is {value}")))
}

/// Converts a number for the database. No stored value is larger than `i64::MAX`.
pub(crate) fn clamped(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// The failure for a log whose identity was deleted.
pub(crate) fn no_identity() -> Failure {
    Failure::Corrupt(
        "the log has no identity: the row of `eventsource_log` was deleted; restore it from a backup".to_owned(),
    )
}

/// Encodes metadata as JSON; `None` if it is empty. [`check_append`](crate::store::check_append) has checked it.
pub(crate) fn metadata_json(metadata: &Metadata) -> Result<Option<String>, Failure> {
    if metadata.is_empty() {
        return Ok(None);
    }
    let json = serde_json::to_string(metadata);
    json.map(Some).map_err(|error| Failure::Database(sqlx::Error::Encode(Box::new(error))))
}
