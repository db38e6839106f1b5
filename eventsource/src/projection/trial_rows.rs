//! The rows of a trial.

use serde::Serialize;
use serde_json::Value;

/// The rows of a table in a trial. [`Trials::rows`](super::Trials::rows) returns it.
///
/// ```
/// use eventsource::projection::TrialRows;
///
/// let rows = TrialRows::new("orders", Vec::new());
/// assert!(rows.rows.is_empty() && !rows.more);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TrialRows {
    /// The name of the table.
    pub table: String,
    /// The rows, by id, including soft-deleted ones.
    pub rows: Vec<TrialRow>,
    /// Whether there are more rows than were asked for.
    pub more: bool,
}

/// A row of a trial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TrialRow {
    /// Its id, as text.
    pub id: String,
    /// The values of all columns, in the order of the table: also the version and the times of the row.
    pub columns: Vec<TrialValue>,
}

/// A value of a row of a trial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TrialValue {
    /// The name of the column.
    pub column: String,
    /// The value as JSON. UUIDs, times and decimal numbers are texts; of bytes it is their number.
    pub value: Value,
}

impl TrialRows {
    /// Creates the rows of a table, which are all of its rows.
    #[must_use]
    pub fn new(table: impl Into<String>, rows: Vec<TrialRow>) -> Self {
        Self { table: table.into(), rows, more: false }
    }
}

impl TrialRow {
    /// Creates it.
    #[must_use]
    pub fn new(id: impl Into<String>, columns: Vec<TrialValue>) -> Self {
        Self { id: id.into(), columns }
    }
}

impl TrialValue {
    /// Creates it.
    #[must_use]
    pub fn new(column: impl Into<String>, value: Value) -> Self {
        Self { column: column.into(), value }
    }
}
