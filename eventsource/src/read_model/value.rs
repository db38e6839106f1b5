//! A value of a column, on every database.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[cfg(feature = "decimal")]
use super::Decimal;
use super::{ColumnDef, ColumnKind, InvalidField, InvalidValue};

/// A value of a column, on every database.
///
/// Values are ordered as every backend orders them: null first, text by its bytes, numbers by size. A
/// [`ColumnType`](super::ColumnType) converts from and into it.
///
/// ```
/// use eventsource::read_model::Value;
///
/// assert!(Value::Null < Value::Int(-1));
/// assert!(Value::Null.is_null() && !Value::Int(0).is_null());
/// assert!(Value::Text("Z".into()) < Value::Text("a".into()));
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Value {
    /// Null.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// An integer of any width.
    Int(i64),
    /// A float of any width.
    Float(f64),
    /// A text without NUL.
    Text(String),
    /// A UUID.
    Uuid(Uuid),
    /// A time, with microseconds.
    Timestamp(DateTime<Utc>),
    /// A day.
    Date(NaiveDate),
    /// A decimal number, without zeros at the end.
    #[cfg(feature = "decimal")]
    #[serde(with = "super::decimal::as_text")]
    Decimal(Decimal),
    /// A JSON text.
    Json(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

impl Value {
    /// Returns whether it is null.
    #[must_use]
    pub const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    const fn rank(&self) -> u8 {
        match self {
            Self::Null => 0,
            Self::Bool(_) => 1,
            Self::Int(_) => 2,
            Self::Float(_) => 3,
            Self::Text(_) => 4,
            Self::Uuid(_) => 5,
            Self::Timestamp(_) => 6,
            Self::Date(_) => 7,
            #[cfg(feature = "decimal")]
            Self::Decimal(_) => 8,
            Self::Json(_) => 9,
            Self::Bytes(_) => 10,
        }
    }
}

impl Ord for Value {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => a.cmp(b),
            (Self::Int(a), Self::Int(b)) => a.cmp(b),
            // Both zeros are equal. NaN is equal to itself and greater than all numbers.
            (Self::Float(a), Self::Float(b)) => a.partial_cmp(b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan())),
            (Self::Text(a), Self::Text(b)) | (Self::Json(a), Self::Json(b)) => a.cmp(b),
            (Self::Uuid(a), Self::Uuid(b)) => a.cmp(b),
            (Self::Timestamp(a), Self::Timestamp(b)) => a.cmp(b),
            (Self::Date(a), Self::Date(b)) => a.cmp(b),
            #[cfg(feature = "decimal")]
            (Self::Decimal(a), Self::Decimal(b)) => a.cmp(b),
            (Self::Bytes(a), Self::Bytes(b)) => a.cmp(b),
            (a, b) => a.rank().cmp(&b.rank()),
        }
    }
}

impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Value {}

/// Equal values have the same hash: both zeros, and all NaNs. The kind of the value is not hashed, since a column has
/// one kind.
impl Hash for Value {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Self::Null => {}
            Self::Bool(value) => value.hash(state),
            Self::Int(value) => value.hash(state),
            Self::Float(value) if value.is_nan() => f64::NAN.to_bits().hash(state),
            Self::Float(value) => (value + 0.0).to_bits().hash(state),
            Self::Text(value) | Self::Json(value) => value.hash(state),
            // As one integer, which is three times as fast as byte by byte.
            Self::Uuid(value) => state.write_u128(value.as_u128()),
            Self::Timestamp(value) => value.hash(state),
            Self::Date(value) => value.hash(state),
            #[cfg(feature = "decimal")]
            Self::Decimal(value) => value.hash(state),
            Self::Bytes(value) => value.hash(state),
        }
    }
}

/// Shows the value in messages.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => value.fmt(f),
            Self::Int(value) => value.fmt(f),
            Self::Float(value) => value.fmt(f),
            Self::Text(value) => write!(f, "{value:?}"),
            Self::Uuid(value) => value.fmt(f),
            Self::Timestamp(value) => value.fmt(f),
            Self::Date(value) => value.fmt(f),
            #[cfg(feature = "decimal")]
            Self::Decimal(value) => value.fmt(f),
            Self::Json(value) => f.write_str(value),
            Self::Bytes(value) => write!(f, "{} bytes", value.len()),
        }
    }
}

impl ColumnKind {
    /// Returns whether a column of this kind holds `value`. Every kind may hold null.
    pub(crate) const fn holds(self, value: &Value) -> bool {
        match value {
            Value::Null => true,
            Value::Bool(_) => matches!(self, Self::Bool),
            Value::Int(_) => matches!(self, Self::I16 | Self::I32 | Self::I64),
            Value::Float(_) => matches!(self, Self::F32 | Self::F64),
            Value::Text(_) => matches!(self, Self::Text),
            Value::Uuid(_) => matches!(self, Self::Uuid),
            Value::Timestamp(_) => matches!(self, Self::Timestamp),
            Value::Date(_) => matches!(self, Self::Date),
            #[cfg(feature = "decimal")]
            Value::Decimal(_) => matches!(self, Self::Decimal),
            Value::Json(_) => matches!(self, Self::Json),
            Value::Bytes(_) => matches!(self, Self::Bytes),
        }
    }
}

impl ColumnDef {
    /// Fails for a value of another kind, which a [`ColumnType`](super::ColumnType) written by hand may return.
    pub(crate) fn check_kind(&self, value: &Value) -> Result<(), InvalidField> {
        if self.kind.holds(value) {
            return Ok(());
        }
        let reason = format!("its type returned {value}, which does not fit a column of the kind {:?}", self.kind);
        Err(InvalidField::new(self.field, InvalidValue::new(reason)))
    }

    /// Fails for a value that is too long for an index: an entry of PostgreSQL has at most 2,704 bytes including its
    /// header. The limit is the same on every backend, and counts the bytes before compression.
    pub(crate) fn check_indexed(&self, value: &Value) -> Result<(), InvalidField> {
        let length = match value {
            Value::Text(text) => text.len(),
            Value::Bytes(bytes) => bytes.len(),
            _ => 0,
        };
        if length <= LONGEST_INDEXED {
            return Ok(());
        }
        let reason = format!(
            "it has {length} bytes, and an id or a column with an index holds at most {LONGEST_INDEXED}: store a hash of it, \
             or leave the column without an index"
        );
        Err(InvalidField::new(self.field, InvalidValue::new(reason)))
    }
}

/// The largest number of bytes of a text or of bytes in an index.
const LONGEST_INDEXED: usize = 2_600;

#[cfg(test)]
mod tests {
    use std::hash::BuildHasher as _;

    use super::*;

    #[test]
    fn equal_values_have_one_hash() {
        let state = std::hash::RandomState::new();
        let mut pairs =
            vec![(Value::Float(0.0), Value::Float(-0.0)), (Value::Float(f64::NAN), Value::Float(-f64::NAN))];
        #[cfg(feature = "decimal")]
        for (one, other) in [("1.50", "1.5"), ("-0", "0.00")] {
            let decimal = |text: &str| Value::Decimal(text.parse().unwrap());
            pairs.push((decimal(one), decimal(other)));
        }
        for (one, other) in pairs {
            assert_eq!(one, other);
            assert_eq!(state.hash_one(&one), state.hash_one(&other), "{one:?}");
        }
        assert_ne!(state.hash_one(Value::Int(1)), state.hash_one(Value::Int(2)));
    }
}
