//! Problems that a look at the stores finds.

use serde::{Deserialize, Serialize};

/// How bad a [`Finding`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FindingLevel {
    /// It is good to know. Nothing has to be done.
    Note,
    /// Something will not work, or costs more than it has to.
    Warning,
    /// Something does not work.
    Error,
}

/// A problem: what it is, why it matters, and what mends it.
///
/// ```
/// use eventsource::projection::{Finding, FindingLevel};
///
/// let finding = Finding::warning(
///     "the write-ahead log has 900 MiB",
///     "each read looks at it",
///     "end the transaction that keeps it",
/// );
/// assert_eq!(finding.level, FindingLevel::Warning);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Finding {
    /// How bad it is.
    pub level: FindingLevel,
    /// What is found.
    pub what: String,
    /// Why it matters.
    pub why: String,
    /// The command, the SQL or the action that mends it.
    pub remedy: String,
}

impl Finding {
    /// Creates a finding.
    #[must_use]
    pub fn new(
        level: FindingLevel,
        what: impl Into<String>,
        why: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self { level, what: what.into(), why: why.into(), remedy: remedy.into() }
    }

    /// Creates an error.
    #[must_use]
    pub fn error(what: impl Into<String>, why: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(FindingLevel::Error, what, why, remedy)
    }

    /// Creates a warning.
    #[must_use]
    pub fn warning(what: impl Into<String>, why: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(FindingLevel::Warning, what, why, remedy)
    }

    /// Says that a table of a next generation is left over.
    #[cfg(feature = "_sql")]
    pub(crate) fn left_over(table: &str, drop: &str) -> Self {
        Self::warning(
            format!("the table `{table}` is left over from a rebuild side by side that has ended"),
            "it takes space",
            format!("`{drop}`"),
        )
    }

    /// Creates a note.
    #[must_use]
    pub fn note(what: impl Into<String>, why: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(FindingLevel::Note, what, why, remedy)
    }
}
