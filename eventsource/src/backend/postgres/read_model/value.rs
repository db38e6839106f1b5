//! Values as PostgreSQL stores them.

use std::borrow::Cow;

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::postgres::{PgArguments, PgRow, PgValueFormat};
use sqlx::query::Query;
use sqlx::{Decode, Postgres, Row as _, Type, ValueRef as _};
use uuid::Uuid;

use crate::backend::postgres::store::time::Time;
use crate::read_model::{ColumnKind, InvalidValue, ReadModelError, Table, Value};
#[cfg(feature = "decimal")]
use crate::read_model::{Decimal, decimal};

/// A statement with its bound values.
pub(super) type Statement<'q> = Query<'q, Postgres, PgArguments>;

/// Values of one kind, as they are bound.
enum Values<'v> {
    Bool(Vec<Option<bool>>),
    Int(Vec<Option<i64>>),
    Float(Vec<Option<f64>>),
    Text(Vec<Option<Cow<'v, str>>>),
    Uuid(Vec<Option<Uuid>>),
    Timestamp(Vec<Option<DateTime<Utc>>>),
    Date(Vec<Option<NaiveDate>>),
    Bytes(Vec<Option<&'v [u8]>>),
}

/// Binds one more list to `statement`.
pub(super) fn bind_list<'q, 'v>(
    statement: Statement<'q>,
    kind: ColumnKind,
    values: impl Iterator<Item = &'v Value>,
) -> Result<Statement<'q>, InvalidValue> {
    Ok(match of_kind(kind, values)? {
        Values::Bool(values) => statement.bind(values),
        Values::Int(values) => statement.bind(values),
        Values::Float(values) => statement.bind(values),
        Values::Text(values) => statement.bind(values),
        Values::Uuid(values) => statement.bind(values),
        Values::Timestamp(values) => statement.bind(values),
        Values::Date(values) => statement.bind(values),
        Values::Bytes(values) => statement.bind(values),
    })
}

/// Binds one more value to `statement`.
pub(super) fn bind<'q>(
    statement: Statement<'q>,
    kind: ColumnKind,
    value: &Value,
) -> Result<Statement<'q>, InvalidValue> {
    Ok(match of_kind(kind, std::iter::once(value))? {
        Values::Bool(mut one) => statement.bind(one.pop().flatten()),
        Values::Int(mut one) => statement.bind(one.pop().flatten()),
        Values::Float(mut one) => statement.bind(one.pop().flatten()),
        Values::Text(mut one) => statement.bind(one.pop().flatten()),
        Values::Uuid(mut one) => statement.bind(one.pop().flatten()),
        Values::Timestamp(mut one) => statement.bind(one.pop().flatten()),
        Values::Date(mut one) => statement.bind(one.pop().flatten()),
        Values::Bytes(mut one) => statement.bind(one.pop().flatten()),
    })
}

fn of_kind<'v>(kind: ColumnKind, values: impl Iterator<Item = &'v Value>) -> Result<Values<'v>, InvalidValue> {
    /// Collects values that are all of one variant.
    macro_rules! all {
        ($variant:ident) => {
            all!($variant, |value: &'v _| *value)
        };
        ($variant:ident, $as_bound:expr) => {
            values
                .map(|value| match value {
                    Value::Null => Ok(None),
                    Value::$variant(value) => Ok(Some($as_bound(value))),
                    other => Err(InvalidValue::new(format!("{other} does not fit a column of the kind {kind:?}"))),
                })
                .collect::<Result<_, _>>()?
        };
    }
    Ok(match kind {
        ColumnKind::Bool => Values::Bool(all!(Bool)),
        ColumnKind::I16 | ColumnKind::I32 | ColumnKind::I64 => Values::Int(all!(Int)),
        ColumnKind::F32 | ColumnKind::F64 => Values::Float(all!(Float)),
        ColumnKind::Text => Values::Text(all!(Text, |value: &'v String| Cow::Borrowed(&**value))),
        ColumnKind::Json => Values::Text(all!(Json, |value: &'v String| Cow::Borrowed(&**value))),
        #[cfg(feature = "decimal")]
        ColumnKind::Decimal => Values::Text(all!(Decimal, |value: &'v Decimal| Cow::Owned(value.to_string()))),
        ColumnKind::Uuid => Values::Uuid(all!(Uuid)),
        ColumnKind::Timestamp => Values::Timestamp(all!(Timestamp)),
        ColumnKind::Date => Values::Date(all!(Date)),
        ColumnKind::Bytes => Values::Bytes(all!(Bytes, |value: &'v Vec<u8>| &**value)),
    })
}

/// Returns the values of all columns of a row.
pub(super) fn values(row: &PgRow, table: &'static Table) -> Result<Vec<Value>, ReadModelError> {
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

/// Returns the value of one column.
pub(super) fn value(row: &PgRow, index: usize, kind: ColumnKind) -> Result<Value, String> {
    Ok(match kind {
        ColumnKind::Bool => get(row, index)?.map(Value::Bool),
        ColumnKind::I16 => get::<i16>(row, index)?.map(|value| Value::Int(value.into())),
        ColumnKind::I32 => get::<i32>(row, index)?.map(|value| Value::Int(value.into())),
        ColumnKind::I64 => get(row, index)?.map(Value::Int),
        ColumnKind::F32 => get::<f32>(row, index)?.map(|value| Value::Float(value.into())),
        ColumnKind::F64 => get(row, index)?.map(Value::Float),
        ColumnKind::Text => get(row, index)?.map(Value::Text),
        ColumnKind::Json => get(row, index)?.map(Value::Json),
        ColumnKind::Uuid => get::<Uuid>(row, index)?.map(Value::Uuid),
        ColumnKind::Bytes => get(row, index)?.map(Value::Bytes),
        ColumnKind::Timestamp => get::<Time>(row, index)?.map(|time| Value::Timestamp(time.0)),
        ColumnKind::Date => raw::<NaiveDate, 4>(row, index)?.map(i32::from_be_bytes).map(date).transpose()?,
        #[cfg(feature = "decimal")]
        ColumnKind::Decimal => match get::<String>(row, index)? {
            None => None,
            Some(text) => Some(Value::Decimal(decimal::parse(&text).map_err(|error| error.to_string())?)),
        },
    }
    .unwrap_or(Value::Null))
}

fn get<'r, T: Decode<'r, Postgres> + Type<Postgres>>(row: &'r PgRow, index: usize) -> Result<Option<T>, String> {
    row.try_get(index).map_err(|error| match error {
        // The caller names the column.
        sqlx::Error::ColumnDecode { source, .. } => source.to_string(),
        error => error.to_string(),
    })
}

/// Returns the bytes of a day. The driver itself cannot read `infinity`.
fn raw<T: Type<Postgres>, const N: usize>(row: &PgRow, index: usize) -> Result<Option<[u8; N]>, String> {
    let value = row.try_get_raw(index).map_err(|error| error.to_string())?;
    if !T::compatible(&value.type_info()) {
        return Err(format!("it is of the type {}, and not {}", value.type_info(), T::type_info()));
    }
    if value.is_null() {
        return Ok(None);
    }
    if value.format() != PgValueFormat::Binary {
        return Err("it is not in the binary format".to_owned());
    }
    let bytes = value.as_bytes().map_err(|error| error.to_string())?;
    bytes.try_into().map(Some).map_err(|_| format!("it has {} bytes, and not {N}", bytes.len()))
}

/// The first day of the year 2000, from which PostgreSQL counts, in days since the year 1.
const YEAR_2000: i32 = 730_120;

fn date(days: i32) -> Result<Value, String> {
    let date = days.checked_add(YEAR_2000).and_then(NaiveDate::from_num_days_from_ce_opt);
    date.map(Value::Date).ok_or_else(|| format!("{days} days after 2000-01-01 is no day"))
}
