//! Rows from the values of their columns.

use super::table_ref::TableRef;
use crate::read_model::stored::Row;
use crate::read_model::{ReadModelError, Value};

/// Creates a row from the values of all columns.
pub(in crate::backend) fn row(mut all: Vec<Value>, table: TableRef) -> Result<Row, ReadModelError> {
    let model = table.model();
    let corrupt = |what| ReadModelError::Corrupt { table: model.name, what };
    let framework = all.split_off(model.columns.len().min(all.len()));
    let [Value::Int(version), Value::Timestamp(created_at), Value::Timestamp(updated_at), deleted_at] = &framework[..]
    else {
        return Err(corrupt("a row without version and times".to_owned()));
    };
    let deleted_at = match deleted_at {
        Value::Timestamp(time) => Some(*time),
        _ => None,
    };
    let version = u64::try_from(*version).map_err(|_| corrupt(format!("a row with the version {version}")))?;
    Ok(Row { values: all, version, created_at: *created_at, updated_at: *updated_at, deleted_at })
}
