//! The fields of a model, for generated code.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::column_type::unexpected;
use super::{ColumnDef, ColumnKind, ColumnType, IdType, InvalidField, InvalidValue, Value};
use crate::event::json;

/// A field of a read model: its column, and how it converts. A type that cannot be stored has none.
pub struct Field<T> {
    column: ColumnDef,
    to: fn(&T) -> Result<Value, InvalidValue>,
    from: fn(Value) -> Result<T, InvalidValue>,
}

impl<T> std::fmt::Debug for Field<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Field").field("column", &self.column).finish_non_exhaustive()
    }
}

/// Returns a field whose column has the kind of its type.
#[must_use]
#[track_caller]
pub const fn field<T: ColumnType>(column: &'static str, name: &'static str) -> Field<T> {
    assert!(T::OPTIONS < 2, "an option of an option cannot be stored: `None` and `Some(None)` would be one null");
    Field { column: ColumnDef::new(column, name, T::KIND, T::NULLABLE), to: T::to_value, from: T::from_value }
}

/// Returns the field of the id.
#[must_use]
#[track_caller]
pub const fn id_field<T: IdType>(column: &'static str, name: &'static str) -> Field<T> {
    field(column, name)
}

/// A type that a field stored as JSON can have.
#[diagnostic::on_unimplemented(
    message = "a `{Self}` cannot be stored as JSON: serde does not know it",
    label = "cannot be written and read",
    note = "derive `Serialize` and `Deserialize` for `{Self}`, and for the types inside it"
)]
pub trait JsonData: Serialize + DeserializeOwned {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned> JsonData for T {}

/// Returns a field that is stored as JSON.
#[must_use]
pub const fn json_field<T: JsonData>(column: &'static str, name: &'static str) -> Field<T> {
    Field { column: ColumnDef::new(column, name, ColumnKind::Json, false), to: to_json, from: from_json }
}

fn to_json<T: Serialize + DeserializeOwned>(field: &T) -> Result<Value, InvalidValue> {
    json::encode("", field).map(Value::Json).map_err(InvalidValue::from)
}

fn from_json<T: DeserializeOwned>(value: Value) -> Result<T, InvalidValue> {
    match value {
        Value::Json(text) => serde_json::from_str(&text).map_err(|error| InvalidValue::new(error.to_string())),
        other => Err(unexpected(&other)),
    }
}

impl<T> Field<T> {
    /// Returns the column.
    #[must_use]
    pub const fn column(&self, indexed: bool) -> ColumnDef {
        self.column.indexed(indexed)
    }

    /// Converts the field into a value for the column.
    ///
    /// # Errors
    /// [`InvalidField`] if it cannot be stored.
    pub fn to_value(&self, field: &T) -> Result<Value, InvalidField> {
        (self.to)(field).map_err(|reason| InvalidField::new(self.column.field, reason))
    }

    /// Converts the next of `values` into the field.
    ///
    /// # Errors
    /// [`InvalidField`] if it does not fit the type.
    pub fn from_next(&self, values: &mut std::vec::IntoIter<Value>) -> Result<T, InvalidField> {
        let value = values.next().ok_or_else(|| InvalidValue::new("the row has no value for it"));
        value.and_then(self.from).map_err(|reason| InvalidField::new(self.column.field, reason))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn field_of_a_row_with_too_few_values_is_invalid() {
        let note = field::<Option<i64>>("note", "note");
        let mut values = vec![Value::Null].into_iter();
        assert!(matches!(note.from_next(&mut values), Ok(None)));
        assert!(note.from_next(&mut values).is_err(), "a missing value is not a null");
    }
}
