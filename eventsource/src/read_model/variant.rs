//! Enums as columns: `#[derive(ColumnType)]` stores each variant as a text.

use super::{InvalidValue, Value};

/// Returns the value that stores a variant.
#[must_use]
pub fn text_value(name: &str) -> Value {
    Value::Text(name.to_owned())
}

/// Returns the text of a text column.
///
/// # Errors
/// [`InvalidValue`] if it is not a text.
pub fn value_text(value: Value) -> Result<String, InvalidValue> {
    match value {
        Value::Text(text) => Ok(text),
        other => Err(InvalidValue::new(format!("{other} is not a text"))),
    }
}

/// Returns the reason why a stored text is not a variant.
#[cold]
#[must_use]
pub fn unknown_variant(name: &str, stored: &str, variants: &[&str]) -> InvalidValue {
    let variants: Vec<_> = variants.iter().map(|variant| format!("`{variant}`")).collect();
    let (variants, stored) = (variants.join(", "), stored.escape_debug());
    InvalidValue::new(format!("`{stored}` is not a variant of `{name}`, whose variants are {variants}"))
}
