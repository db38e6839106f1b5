//! Reports that the log cannot be read further.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::event::Position;

/// Reports that the log cannot be read further for an unusually long time, for example because of an open append.
/// Events after the stall are stored and not readable. They do not count as lag, so alert on a stall as well as on the
/// lag.
///
/// [`EventLog::stalled_by`](super::EventLog::stalled_by) returns it, and the status of a subscription shows it.
///
/// ```
/// use std::time::Duration;
///
/// use eventsource::Position;
/// use eventsource::store::LogStall;
///
/// let stall = LogStall::new(Position::new(7), Duration::from_secs(3), vec!["transaction 42".to_owned()]);
/// assert_eq!(stall.to_string(), "nothing after position 7 can be read, for 3.0 s now: transaction 42");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LogStall {
    /// The position after which nothing can be read.
    pub after: Position,
    /// How long the store has observed the stall. Serialised as `seconds`.
    #[serde(rename = "seconds", serialize_with = "seconds")]
    pub lasted: Duration,
    /// Descriptions of what holds the log back. The most important one comes first. In PostgreSQL each is the text of a
    /// `HorizonHolder`, with the process id of the server: that page says how to end it.
    pub by: Vec<String>,
}

impl LogStall {
    /// Creates a report: nothing after the position `after` could be read for the duration `lasted`. `by` describes the
    /// causes. Used by stores.
    #[must_use]
    pub fn new(after: Position, lasted: Duration, by: Vec<String>) -> Self {
        Self { after, lasted, by }
    }
}

impl fmt::Display for LogStall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { after, lasted, by } = self;
        write!(f, "nothing after position {after} can be read, for {:.1} s now", lasted.as_secs_f64())?;
        let Some((first, others)) = by.split_first() else { return Ok(()) };
        write!(f, ": {first}")?;
        if others.is_empty() { Ok(()) } else { write!(f, " (and {} more)", others.len()) }
    }
}

fn seconds<S: serde::Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(time.as_secs_f64())
}
