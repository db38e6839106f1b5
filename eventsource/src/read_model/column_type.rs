//! What a field of a read model can be.

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use super::{ColumnKind, Decimal, InvalidValue, Value};
use crate::event::{check_time, json, truncate_to_micros};

/// What a field of a read model can be: it has a column of some kind, and goes there and back without loss.
#[diagnostic::on_unimplemented(
    message = "a `{Self}` cannot be stored in a column",
    label = "not a type of a column",
    note = "a column holds integers, floats, `bool`, `String`, `Uuid`, `DateTime<Utc>`, `NaiveDate`, `Vec<u8>`, decimals, \
            JSON, an enum with `#[derive(ColumnType)]`, and an `Option` of these",
    note = "mark the field with `#[read_model(json)]` to store any other type that serde knows, or implement `ColumnType`"
)]
pub trait ColumnType: Sized {
    /// What the column holds.
    const KIND: ColumnKind;

    /// Whether the column may be null.
    const NULLABLE: bool = false;

    /// How many options it consists of, one in another.
    #[doc(hidden)]
    const OPTIONS: u8 = 0;

    /// The value for the column.
    ///
    /// # Errors
    /// Why the database could not hold it.
    fn to_value(&self) -> Result<Value, InvalidValue>;

    /// The value of the column.
    ///
    /// # Errors
    /// Why it is none of this type.
    fn from_value(value: Value) -> Result<Self, InvalidValue>;
}

/// What can be an id: a UUID, an integer, or a text of at most 2,600 bytes, which is what an index of PostgreSQL holds. The
/// same limit holds for texts, bytes and decimals in a column with `#[read_model(index)]`, on every backend.
#[diagnostic::on_unimplemented(
    message = "a `{Self}` cannot be the id of a read model",
    label = "not a type of an id",
    note = "an id is a `Uuid`, an integer or a `String`"
)]
pub trait IdType: ColumnType + Send + Sync + 'static {}

/// What a query can compare: all but JSON.
#[diagnostic::on_unimplemented(
    message = "a query cannot compare a `{Self}`",
    label = "not a type that is compared",
    note = "JSON columns can be asked for null only: give what is compared a column of its own"
)]
pub trait Comparable: ColumnType {}

/// Stands for the type of a field that is stored as JSON: `Column<Model, Json<T>>`.
#[derive(Debug)]
pub struct Json<T>(std::marker::PhantomData<T>);

#[cold]
pub(super) fn unexpected(value: &Value) -> InvalidValue {
    InvalidValue::new(format!("{value} was not expected there"))
}

macro_rules! column_types {
    ($($ty:ty, $kind:ident, $value:ident, $to:expr, $from:expr;)*) => {$(
        impl ColumnType for $ty {
            const KIND: ColumnKind = ColumnKind::$kind;

            fn to_value(&self) -> Result<Value, InvalidValue> {
                let to: fn(&$ty) -> Result<_, InvalidValue> = $to;
                to(self).map(Value::$value)
            }

            fn from_value(value: Value) -> Result<Self, InvalidValue> {
                match value {
                    Value::$value(value) => $from(value),
                    other => Err(unexpected(&other)),
                }
            }
        }

        impl Comparable for $ty {}
    )*};
}

column_types! {
    bool, Bool, Bool, |value| Ok(*value), Ok;
    i64, I64, Int, |value| Ok(*value), Ok;
    f64, F64, Float, |value| Ok(*value), Ok;
    f32, F32, Float, |value| Ok(f64::from(*value)), narrow;
    String, Text, Text, |value| text(value).map(str::to_owned), Ok;
    Uuid, Uuid, Uuid, |value| Ok(*value), Ok;
    DateTime<Utc>, Timestamp, Timestamp, |value| time(*value), Ok;
    NaiveDate, Date, Date, |value| date(*value), Ok;
    Vec<u8>, Bytes, Bytes, |value| Ok(value.clone()), Ok;
    Decimal, Decimal, Decimal, |value| Ok(value.clone()), Ok;
}

#[cfg(feature = "decimal")]
column_types! {
    rust_decimal::Decimal, Decimal, Decimal, |value| Decimal::try_from(value), |value| Self::try_from(&value);
}

macro_rules! integers {
    ($($ty:ident $kind:ident)*) => {$(
        impl ColumnType for $ty {
            const KIND: ColumnKind = ColumnKind::$kind;

            fn to_value(&self) -> Result<Value, InvalidValue> {
                i64::try_from(*self).map(Value::Int).map_err(|_| InvalidValue::new(format!("{self} is above {}", i64::MAX)))
            }

            fn from_value(value: Value) -> Result<Self, InvalidValue> {
                match value {
                    Value::Int(value) => Self::try_from(value)
                        .map_err(|_| InvalidValue::new(concat!("it does not fit ", stringify!($ty)))),
                    other => Err(unexpected(&other)),
                }
            }
        }

        impl Comparable for $ty {}
        impl IdType for $ty {}
    )*};
}

integers! { i8 I16 i16 I16 i32 I32 u8 I16 u16 I32 u32 I64 u64 I64 }

impl IdType for i64 {}
impl IdType for Uuid {}
impl IdType for String {}

impl<T: ColumnType> ColumnType for Option<T> {
    const KIND: ColumnKind = T::KIND;
    const NULLABLE: bool = true;
    const OPTIONS: u8 = T::OPTIONS + 1;

    fn to_value(&self) -> Result<Value, InvalidValue> {
        self.as_ref().map_or(Ok(Value::Null), T::to_value)
    }

    fn from_value(value: Value) -> Result<Self, InvalidValue> {
        if value.is_null() { Ok(None) } else { T::from_value(value).map(Some) }
    }
}

impl<T: Comparable> Comparable for Option<T> {}

impl ColumnType for serde_json::Value {
    const KIND: ColumnKind = ColumnKind::Json;

    fn to_value(&self) -> Result<Value, InvalidValue> {
        json::value_text("", self).map(Value::Json).map_err(InvalidValue::from)
    }

    fn from_value(value: Value) -> Result<Self, InvalidValue> {
        match value {
            Value::Json(text) => serde_json::from_str(&text).map_err(|error| InvalidValue::new(error.to_string())),
            other => Err(unexpected(&other)),
        }
    }
}

/// A text without NUL, which databases do not hold or do not compare.
pub(super) fn text(text: &str) -> Result<&str, InvalidValue> {
    if text.contains('\0') {
        Err(InvalidValue::new("a text with the character NUL cannot be stored"))
    } else {
        Ok(text)
    }
}

/// A time as every database keeps it.
pub(super) fn time(time: DateTime<Utc>) -> Result<DateTime<Utc>, InvalidValue> {
    check_time(time).map_err(|reason| InvalidValue::new(reason.to_string()))?;
    Ok(truncate_to_micros(time))
}

/// A day of a year with four digits, so that days are ordered as their texts are.
pub(super) fn date(date: NaiveDate) -> Result<NaiveDate, InvalidValue> {
    match chrono::Datelike::year(&date) {
        0..=9999 => Ok(date),
        _ => Err(InvalidValue::new(format!("{date} is not in a year from 0 to 9999"))),
    }
}

#[allow(clippy::cast_possible_truncation, reason = "it was an `f32` before")]
fn narrow(value: f64) -> Result<f32, InvalidValue> {
    Ok(value as f32)
}
