//! How a rebuild is done.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The way in which a read model is rebuilt.
///
/// A *generation* is one set of the tables of a projection, with its checkpoint. The *present* one serves.
///
/// ```
/// use eventsource::subscription::RebuildKind;
///
/// assert_eq!(RebuildKind::SideBySide.to_string(), "side by side");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
#[serde(rename_all = "snake_case")]
pub enum RebuildKind {
    /// The read model is emptied, and the log is replayed into it.
    InPlace,
    /// A new generation of its tables is built, and replaces the present one when it is complete.
    SideBySide,
}

impl fmt::Display for RebuildKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InPlace => "in place",
            Self::SideBySide => "side by side",
        })
    }
}
