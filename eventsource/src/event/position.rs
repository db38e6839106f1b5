//! Where an event stands in the whole log.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Where an event stands in the whole log.
///
/// Positions are strictly increasing in the order in which events became readable ([order](crate::guarantees#order)), they are ordered, and
/// they are otherwise opaque: two neighbours in the log need not differ by one, and positions of two logs cannot
/// be compared.
///
/// ```
/// use eventsource::Position;
/// assert!(Position::START < Position::new(1));
/// assert_eq!(Position::new(7).to_string(), "7");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Position(u64);

impl Position {
    /// Before the first event of every log.
    pub const START: Self = Self(0);

    /// The position that a store calls `value`. Meant for authors of stores, and for positions kept elsewhere.
    #[must_use]
    pub const fn new(value: u64) -> Self {
        Self(value)
    }

    /// The number by which the store knows this position. Do not calculate with it.
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
