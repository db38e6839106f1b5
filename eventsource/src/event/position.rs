//! The position of an event in the log.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The position of an event in the whole log.
///
/// Positions increase strictly, in the order in which events became readable ([order](crate::guarantees#order)). You
/// can compare two positions of the same log. Apart from that a position is opaque: the positions of two neighbours can
/// differ by more than one, and positions of two logs cannot be compared.
///
/// ```
/// use eventsource::Position;
///
/// assert!(Position::START < Position::new(1));
/// assert_eq!(Position::new(7).value(), 7);
/// assert_eq!(Position::new(7).to_string(), "7");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Position(u64);

impl Position {
    /// The position before the first event of every log.
    pub const START: Self = Self(0);

    /// Creates the position with the number `value`. Used by stores, and by callers that keep positions elsewhere.
    #[must_use]
    pub const fn new(value: u64) -> Self {
        Self(value)
    }

    /// Returns the number that the store uses for this position. Do not calculate with it.
    #[must_use]
    pub const fn value(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
