//! What keeps the log from being read further.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::event::Position;

/// Somebody keeps what is stored after a position from being read, and has done so for longer than the store takes for
/// normal: an append that is not committed yet, for example.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LogStall {
    /// Nothing after this position can be read.
    pub after: Position,
    /// For how long the store has seen it held there. Serialised as `seconds`.
    #[serde(rename = "seconds", serialize_with = "seconds")]
    pub lasted: Duration,
    /// Who it is, in the words of the store; the one who is most in the way first.
    pub by: Vec<String>,
}

impl LogStall {
    /// Held back after `after`, for as long as `lasted`, by these.
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
