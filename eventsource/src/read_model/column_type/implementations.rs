//! The types that a field can have: those of Rust, and those of the crates for ids, times, decimals and JSON.

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use super::{ColumnType, Comparable, IdType, date, text, time, unexpected};
use crate::event::json;
#[cfg(feature = "decimal")]
use crate::read_model::Decimal;
use crate::read_model::{ColumnKind, InvalidValue, Value};

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
}

#[cfg(feature = "decimal")]
column_types! {
    Decimal, Decimal, Decimal, |value| Ok(value.normalize()), Ok;
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

#[allow(clippy::cast_possible_truncation, reason = "it was an `f32` before")]
fn narrow(value: f64) -> Result<f32, InvalidValue> {
    Ok(value as f32)
}
