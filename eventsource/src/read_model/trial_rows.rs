//! The rows of a trial, as operators see them.

use serde_json::Value as Json;

use super::compare::RowPages;
use super::select::{By, Expr, Select};
use super::stored::Row;
use super::{ReadModelError, Table, Value};
use crate::projection::{TrialRow, TrialRows, TrialValue};

/// Returns the first `most` rows of `table`, by id.
pub(crate) async fn trial_rows(
    table: &'static Table,
    mut pages: impl RowPages,
    most: usize,
) -> Result<TrialRows, ReadModelError> {
    let order = vec![By { column: table.id, descending: false }];
    let limit = Some(most as u64 + 1);
    let mut rows = pages.page(&Select { condition: Expr::And(Vec::new()), order, limit, offset: 0 }).await?;
    let more = rows.len() > most;
    rows.truncate(most);
    let mut found = TrialRows::new(table.name, rows.iter().map(|row| trial_row(table, row)).collect());
    found.more = more;
    Ok(found)
}

fn trial_row(table: &Table, row: &Row) -> TrialRow {
    let value = |(at, column): (usize, &super::ColumnDef)| TrialValue::new(column.name, json(&row.value(at)));
    let id = match row.id(table) {
        Value::Text(text) => text,
        other => other.to_string(),
    };
    TrialRow::new(id, table.all_columns().enumerate().map(value).collect())
}

fn json(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        Value::Int(value) => Json::from(*value),
        Value::Float(value) => Json::from(*value),
        Value::Text(text) => Json::String(text.clone()),
        Value::Json(text) => serde_json::from_str(text).unwrap_or_else(|_| Json::String(text.clone())),
        other => Json::String(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use serde_json::json;

    use super::*;
    use crate::read_model::{ColumnDef, ColumnKind};

    static TABLE: Table = Table::new(
        "orders",
        &[ColumnDef::new("id", "id", ColumnKind::I64, false), ColumnDef::new("more", "more", ColumnKind::Json, false)],
        0,
    );

    struct Rows(Vec<Row>);

    impl RowPages for Rows {
        async fn page(&mut self, query: &Select) -> Result<Vec<Row>, ReadModelError> {
            Ok(query.apply(&self.0))
        }
    }

    #[tokio::test]
    async fn rows_are_ordered_by_id_and_limited() {
        let row = |id| Row::new(vec![Value::Int(id), Value::Json(format!(r#"{{"n":{id}}}"#))], DateTime::UNIX_EPOCH);
        let found = trial_rows(&TABLE, Rows(vec![row(3), row(1), row(2)]), 2).await.unwrap();
        let ids: Vec<_> = found.rows.iter().map(|row| &*row.id).collect();
        assert_eq!((ids, found.more), (vec!["1", "2"], true));
        let columns = &found.rows[0].columns;
        assert_eq!((&*columns[1].column, &columns[1].value), ("more", &json!({ "n": 1 })));
        assert_eq!((&*columns[2].column, &columns[2].value), ("version", &json!(1)));
        assert_eq!((columns.len(), &columns[5].value), (6, &Json::Null));
        assert!(!trial_rows(&TABLE, Rows(vec![row(3)]), 1).await.unwrap().more);
    }
}
