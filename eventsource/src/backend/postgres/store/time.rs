//! Decodes times of PostgreSQL.

use chrono::{DateTime, Utc};
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgTypeInfo, PgValueFormat, PgValueRef};
use sqlx::{Decode, Postgres, Type};

/// A time. The decoder of the driver panics for `infinity` and for times that chrono cannot represent.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Time(pub(crate) DateTime<Utc>);

/// The epoch of PostgreSQL, 2000-01-01, in microseconds since 1970.
const YEAR_2000: i64 = 946_684_800_000_000;

impl Time {
    /// Returns the time that is `micros` microseconds after 2000-01-01.
    pub(crate) fn from_micros(micros: i64) -> Option<Self> {
        micros.checked_add(YEAR_2000).and_then(DateTime::from_timestamp_micros).map(Self)
    }
}

impl Type<Postgres> for Time {
    fn type_info() -> PgTypeInfo {
        <DateTime<Utc> as Type<Postgres>>::type_info()
    }
}

impl<'r> Decode<'r, Postgres> for Time {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        if value.format() != PgValueFormat::Binary {
            return <DateTime<Utc> as Decode<Postgres>>::decode(value).map(Self);
        }
        let micros = i64::from_be_bytes(value.as_bytes()?.try_into()?);
        Self::from_micros(micros)
            .ok_or_else(|| format!("{micros} microseconds after 2000-01-01 is out of range").into())
    }
}
