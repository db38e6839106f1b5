//! The values that can be compared with a column.

use crate::read_model::{ColumnType, InvalidValue, Value, column_type};

/// A value that can be compared with a column of the type `T`: a `T`, a `&T`, and a `&str` for text. For an `Option`,
/// the value inside it can be compared too.
///
/// ```
/// # #[cfg(feature = "macros")] {
/// use eventsource::read_model::{IntoColumnValue, Value};
///
/// let value = IntoColumnValue::<Option<String>>::into_value("placed").unwrap();
/// assert_eq!(value, Value::Text("placed".to_owned()));
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "a column or id of the type `{T}` cannot be compared with a `{Self}`",
    label = "not a `{T}`",
    note = "use a value of the column's type, or a reference to it; a column of text also takes a `&str`, and a column of \
            an `Option` also takes the value inside it"
)]
pub trait IntoColumnValue<T> {
    /// Converts it into a value for the column.
    ///
    /// # Errors
    /// [`InvalidValue`] if the column cannot hold it. A query with such a value fails with
    /// [`ReadModelError::InvalidValue`](crate::ReadModelError::InvalidValue) when it runs.
    ///
    /// # Examples
    /// ```
    /// use eventsource::read_model::{IntoColumnValue, Value};
    ///
    /// assert_eq!(IntoColumnValue::<i64>::into_value(7), Ok(Value::Int(7)));
    /// assert!(IntoColumnValue::<String>::into_value("a\0b").is_err());
    /// ```
    fn into_value(self) -> Result<Value, InvalidValue>;
}

impl<T: ColumnType> IntoColumnValue<T> for T {
    fn into_value(self) -> Result<Value, InvalidValue> {
        self.to_value()
    }
}

impl<T: ColumnType> IntoColumnValue<T> for &T {
    fn into_value(self) -> Result<Value, InvalidValue> {
        self.to_value()
    }
}

impl<T: ColumnType> IntoColumnValue<Option<T>> for T {
    fn into_value(self) -> Result<Value, InvalidValue> {
        self.to_value()
    }
}

impl IntoColumnValue<String> for &str {
    fn into_value(self) -> Result<Value, InvalidValue> {
        Ok(Value::Text(column_type::text(self)?.to_owned()))
    }
}

impl IntoColumnValue<Option<String>> for &str {
    fn into_value(self) -> Result<Value, InvalidValue> {
        IntoColumnValue::<String>::into_value(self)
    }
}
