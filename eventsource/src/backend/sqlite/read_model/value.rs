//! Values as SQLite stores them.

use chrono::{DateTime, NaiveDate};
use serde_json::Value as Json;
use sqlx::error::BoxDynError;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Arguments as _, Decode, Row as _, Sqlite, Type};
use uuid::Uuid;

#[cfg(feature = "decimal")]
use super::decimal_key;
use crate::read_model::{ColumnKind, ReadModelError, Table, Value};

/// A bound value.
#[derive(Debug)]
pub(super) enum Argument {
    One(Value),
    /// A list of values as JSON.
    Json(String),
}

/// Binds an argument.
pub(super) fn bind_argument(arguments: &mut SqliteArguments, argument: &Argument) -> Result<(), BoxDynError> {
    match argument {
        Argument::One(value) => bind(arguments, value),
        Argument::Json(list) => arguments.add(&**list),
    }
}

/// Converts a list into JSON, with each value as it is bound otherwise, and bytes in hexadecimal.
pub(super) fn json(values: &[Value]) -> String {
    let json = |value: &Value| match value {
        Value::Null | Value::Float(_) => Json::Null,
        Value::Bool(value) => Json::from(i64::from(*value)),
        Value::Int(value) => Json::from(*value),
        Value::Text(value) | Value::Json(value) => Json::from(&**value),
        Value::Uuid(value) => Json::from(value.simple().to_string()),
        Value::Timestamp(value) => Json::from(value.timestamp_micros()),
        Value::Date(value) => Json::from(value.format(DATE).to_string()),
        #[cfg(feature = "decimal")]
        Value::Decimal(value) => Json::from(decimal_key::to_key(value)),
        Value::Bytes(value) => Json::from(value.iter().map(|byte| format!("{byte:02x}")).collect::<String>()),
    };
    Json::Array(values.iter().map(json).collect()).to_string()
}

/// Binds a value.
pub(super) fn bind(arguments: &mut SqliteArguments, value: &Value) -> Result<(), BoxDynError> {
    match value {
        Value::Null => arguments.add(None::<i64>),
        Value::Bool(value) => arguments.add(*value),
        Value::Int(value) => arguments.add(*value),
        Value::Float(value) => arguments.add(*value),
        Value::Text(value) | Value::Json(value) => arguments.add(&**value),
        Value::Uuid(value) => arguments.add(*value),
        Value::Timestamp(value) => arguments.add(value.timestamp_micros()),
        Value::Date(value) => arguments.add(value.format(DATE).to_string()),
        #[cfg(feature = "decimal")]
        Value::Decimal(value) => arguments.add(decimal_key::to_key(value)),
        Value::Bytes(value) => arguments.add(&**value),
    }
}

const DATE: &str = "%Y-%m-%d";

/// Returns the values of all columns of a row.
pub(super) fn values(row: &SqliteRow, table: &'static Table) -> Result<Vec<Value>, ReadModelError> {
    let columns = table.all_columns().enumerate();
    columns
        .map(|(index, column)| {
            value(row, index, column.kind).map_err(|problem| ReadModelError::Corrupt {
                table: table.name,
                what: format!("the column `{}`: {problem}", column.name),
            })
        })
        .collect()
}

fn value(row: &SqliteRow, index: usize, kind: ColumnKind) -> Result<Value, String> {
    let value = match storage(kind) {
        Storage::Integer => get(row, index)?.map(|number| of_integer(kind, number)),
        Storage::Real => get(row, index)?.map(|number| Ok(Value::Float(number))),
        Storage::Text => get::<&str>(row, index)?.map(|text| of_text(kind, text)),
        Storage::Blob => get::<&[u8]>(row, index)?.map(|bytes| of_bytes(kind, bytes)),
    };
    value.unwrap_or(Ok(Value::Null))
}

fn get<'r, T: Decode<'r, Sqlite> + Type<Sqlite>>(row: &'r SqliteRow, index: usize) -> Result<Option<T>, String> {
    row.try_get(index).map_err(|error| error.to_string())
}

/// How SQLite stores values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Storage {
    Integer,
    Real,
    Text,
    Blob,
}

/// Returns how SQLite stores the values of a column of this kind.
pub(super) const fn storage(kind: ColumnKind) -> Storage {
    match kind {
        ColumnKind::Bool | ColumnKind::I16 | ColumnKind::I32 | ColumnKind::I64 | ColumnKind::Timestamp => {
            Storage::Integer
        }
        ColumnKind::F32 | ColumnKind::F64 => Storage::Real,
        ColumnKind::Text | ColumnKind::Date | ColumnKind::Json => Storage::Text,
        #[cfg(feature = "decimal")]
        ColumnKind::Decimal => Storage::Text,
        ColumnKind::Uuid | ColumnKind::Bytes => Storage::Blob,
    }
}

/// Returns the value of a column of this kind that is stored as `number`.
pub(super) fn of_integer(kind: ColumnKind, number: i64) -> Result<Value, String> {
    Ok(match kind {
        ColumnKind::Bool => Value::Bool(number != 0),
        ColumnKind::Timestamp => {
            Value::Timestamp(DateTime::from_timestamp_micros(number).ok_or_else(|| format!("{number} is no time"))?)
        }
        _ => Value::Int(number),
    })
}

/// Returns the value of a column of this kind that is stored as `text`.
pub(super) fn of_text(kind: ColumnKind, text: &str) -> Result<Value, String> {
    Ok(match kind {
        ColumnKind::Json => Value::Json(text.to_owned()),
        ColumnKind::Date => {
            Value::Date(NaiveDate::parse_from_str(text, DATE).map_err(|_| format!("{text:?} is no day"))?)
        }
        #[cfg(feature = "decimal")]
        ColumnKind::Decimal => Value::Decimal(decimal_key::from_key(text).map_err(|error| error.to_string())?),
        _ => Value::Text(text.to_owned()),
    })
}

/// Returns the value of a column of this kind that is stored as `bytes`.
pub(super) fn of_bytes(kind: ColumnKind, bytes: &[u8]) -> Result<Value, String> {
    match kind {
        ColumnKind::Uuid => Uuid::from_slice(bytes).map(Value::Uuid).map_err(|error| error.to_string()),
        _ => Ok(Value::Bytes(bytes.to_owned())),
    }
}
