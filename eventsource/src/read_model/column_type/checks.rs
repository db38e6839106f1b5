//! The checks of values that not every database stores.

use chrono::{DateTime, NaiveDate, Utc};

use crate::event::{check_time, truncate_to_micros};
use crate::read_model::{InvalidValue, Value};

#[cold]
pub(in crate::read_model) fn unexpected(value: &Value) -> InvalidValue {
    InvalidValue::new(format!("{value} does not fit the type of the field"))
}

/// Checks that the text has no NUL, which databases do not store or do not compare.
pub(in crate::read_model) fn text(text: &str) -> Result<&str, InvalidValue> {
    if text.contains('\0') {
        Err(InvalidValue::new("a text with the character NUL cannot be stored"))
    } else {
        Ok(text)
    }
}

/// Returns the time as every database stores it: with microseconds.
pub(in crate::read_model) fn time(time: DateTime<Utc>) -> Result<DateTime<Utc>, InvalidValue> {
    check_time(time).map_err(|reason| InvalidValue::new(reason.to_string()))?;
    Ok(truncate_to_micros(time))
}

/// Checks that the year has four digits, so that days are ordered as their texts are.
pub(in crate::read_model) fn date(date: NaiveDate) -> Result<NaiveDate, InvalidValue> {
    match chrono::Datelike::year(&date) {
        0..=9999 => Ok(date),
        _ => Err(InvalidValue::new(format!("{date} is not in a year from 0 to 9999"))),
    }
}
