//! What a projection has at one time.

use serde::Serialize;
use serde_json::Value;

use crate::projection::{Inspected, TrialRow, TrialRows};

/// What a projection has at one time.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum StepState {
    /// The rows of its read models.
    Rows {
        /// The tables.
        tables: Vec<TrialRows>,
    },
    /// Its state in memory, as JSON.
    Json {
        /// The state.
        state: Value,
    },
    /// Its state in memory, as text.
    Text {
        /// The state.
        state: String,
    },
    /// Its state in memory cannot be shown: its type implements neither `Serialize` nor `Debug`.
    Hidden {},
}

impl StepState {
    pub(super) fn of(inspected: Option<Inspected>) -> Self {
        match inspected {
            Some(Inspected::Json(state)) => Self::Json { state },
            Some(Inspected::Text(state)) => Self::Text { state },
            None => Self::Hidden {},
        }
    }

    /// Returns how many bytes it has as JSON, about.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Rows { tables } => tables.iter().flat_map(|table| &table.rows).map(row_size).sum(),
            Self::Json { state } => size(state),
            Self::Text { state } => state.len(),
            Self::Hidden {} => 0,
        }
    }
}

fn row_size(row: &TrialRow) -> usize {
    row.columns.iter().map(|value| value.column.len() + size(&value.value)).sum()
}

/// Returns about how many bytes a value has as JSON.
fn size(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 8,
        Value::String(text) => text.len() + 2,
        Value::Array(values) => values.iter().map(size).sum::<usize>() + 2,
        Value::Object(map) => map.iter().map(|(key, value)| key.len() + size(value) + 4).sum::<usize>() + 2,
    }
}
