//! What one event has changed: the difference of two states.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::StepState;
use crate::projection::{TrialRow, TrialRows};

/// What one event has changed.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum StepChanges {
    /// Nothing.
    Nothing {},
    /// Rows of the read models.
    Rows {
        /// The rows, by table and id.
        rows: Vec<RowChange>,
    },
    /// The state in memory.
    Json {
        /// The state before the event.
        before: Value,
        /// The state after it.
        after: Value,
    },
    /// The state in memory, as text.
    Text {
        /// The state before the event.
        before: String,
        /// The state after it.
        after: String,
    },
    /// The state cannot be shown.
    Hidden {},
}

/// A row that an event has changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RowChange {
    /// The table.
    pub table: String,
    /// The id of the row, as text.
    pub id: String,
    /// How it has changed.
    pub kind: RowChangeKind,
    /// The columns that have changed; of a new or a deleted row, all of them.
    pub columns: Vec<ValueChange>,
}

/// How a row has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[non_exhaustive]
#[serde(rename_all = "snake_case")]
pub enum RowChangeKind {
    /// It is new.
    Inserted,
    /// Some of its values are others. A soft deletion is a change of `deleted_at`.
    Changed,
    /// It is gone.
    Deleted,
}

/// A value that has changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ValueChange {
    /// The name of the column.
    pub column: String,
    /// The value before the event. `None`: there was no row.
    pub before: Option<Value>,
    /// The value after it. `None`: there is no row.
    pub after: Option<Value>,
}

impl StepChanges {
    /// Returns the difference of two states of one projection.
    pub(super) fn between(before: &StepState, after: &StepState) -> Self {
        match (before, after) {
            (StepState::Hidden {}, _) | (_, StepState::Hidden {}) => Self::Hidden {},
            (before, after) if before == after => Self::Nothing {},
            (StepState::Rows { tables: before }, StepState::Rows { tables: after }) => {
                Self::Rows { rows: before.iter().zip(after).flat_map(|(before, after)| rows(before, after)).collect() }
            }
            (StepState::Json { state: before }, StepState::Json { state: after }) => {
                Self::Json { before: before.clone(), after: after.clone() }
            }
            (StepState::Text { state: before }, StepState::Text { state: after }) => {
                Self::Text { before: before.clone(), after: after.clone() }
            }
            _ => Self::Hidden {},
        }
    }
}

fn rows(before: &TrialRows, after: &TrialRows) -> Vec<RowChange> {
    let mut rows: BTreeMap<&str, (Option<&TrialRow>, Option<&TrialRow>)> = BTreeMap::new();
    for row in &before.rows {
        rows.entry(&row.id).or_default().0 = Some(row);
    }
    for row in &after.rows {
        rows.entry(&row.id).or_default().1 = Some(row);
    }
    let changed = rows.into_iter().filter(|(_, (before, after))| before != after);
    changed.map(|(id, (old, new))| change(&after.table, id, old, new)).collect()
}

fn change(table: &str, id: &str, before: Option<&TrialRow>, after: Option<&TrialRow>) -> RowChange {
    let kind = match (before, after) {
        (None, _) => RowChangeKind::Inserted,
        (_, None) => RowChangeKind::Deleted,
        _ => RowChangeKind::Changed,
    };
    let names = after.or(before).into_iter().flat_map(|row| &row.columns).map(|value| &value.column);
    let value = |row: Option<&TrialRow>, at: usize| row?.columns.get(at).map(|value| value.value.clone());
    let columns = names.enumerate().map(|(at, column)| ValueChange {
        column: column.clone(),
        before: value(before, at),
        after: value(after, at),
    });
    let columns = columns.filter(|change| change.before != change.after).collect();
    RowChange { table: table.to_owned(), id: id.to_owned(), kind, columns }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::projection::TrialValue;

    fn table(rows: &[(&str, u64)]) -> StepState {
        let row = |(id, total): &(&str, u64)| {
            TrialRow::new(*id, vec![TrialValue::new("id", json!(id)), TrialValue::new("total", json!(total))])
        };
        StepState::Rows { tables: vec![TrialRows::new("orders", rows.iter().map(row).collect())] }
    }

    #[test]
    fn each_kind_of_change_of_a_row_is_named() {
        let changes =
            StepChanges::between(&table(&[("a", 1), ("b", 2), ("c", 3)]), &table(&[("a", 1), ("b", 7), ("d", 4)]));
        let StepChanges::Rows { rows } = changes else { panic!("{changes:?}") };
        let kinds: Vec<_> = rows.iter().map(|row| (&*row.id, row.kind, row.columns.len())).collect();
        assert_eq!(
            kinds,
            [("b", RowChangeKind::Changed, 1), ("c", RowChangeKind::Deleted, 2), ("d", RowChangeKind::Inserted, 2)]
        );
        let total = ValueChange { column: "total".into(), before: Some(json!(2)), after: Some(json!(7)) };
        assert_eq!(rows[0].columns, [total]);
    }

    #[test]
    fn equal_states_have_no_change_and_hidden_ones_say_so() {
        assert_eq!(StepChanges::between(&table(&[("a", 1)]), &table(&[("a", 1)])), StepChanges::Nothing {});
        assert_eq!(StepChanges::between(&StepState::Hidden {}, &StepState::Hidden {}), StepChanges::Hidden {});
    }
}
