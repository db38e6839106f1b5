//! The ids of the rows that are read.

use crate::read_model::stored::Row;
use crate::read_model::{IntoColumnValue, InvalidField, ReadModel, ReadModelError, Table, Value};

/// Converts an id into a value.
pub(in crate::read_model) fn value_of<M: ReadModel>(id: impl IntoColumnValue<M::Id>) -> Result<Value, ReadModelError> {
    id.into_value().map_err(|reason| {
        let field = M::TABLE.column(M::TABLE.id).map_or("", |column| column.field);
        ReadModelError::InvalidValue { table: M::TABLE.name, id: None, field: InvalidField::new(field, reason) }
    })
}

/// Returns each id once, sorted.
pub(super) fn distinct(ids: &[Value]) -> Vec<Value> {
    let mut distinct = ids.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    distinct
}

/// Returns the rows of `ids`, in their order, without the missing and the soft-deleted ones. `distinct` are the ids of
/// [`distinct`].
pub(super) fn in_order(ids: &[Value], distinct: &[Value], rows: Vec<Row>, table: &Table) -> Vec<Row> {
    let mut found = vec![None; distinct.len()];
    for row in rows.into_iter().filter(|row| row.deleted_at.is_none()) {
        if let Ok(at) = distinct.binary_search(&row.id(table)) {
            found[at] = Some(row);
        }
    }
    ids.iter().filter_map(|id| found.get(distinct.binary_search(id).ok()?)?.clone()).collect()
}
