//! The values that a statement binds, for every database.

use std::time::Duration;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::event::StreamId;

/// A bound value.
#[derive(Debug, Clone, Copy)]
pub(in crate::backend) enum Value<'a> {
    Text(&'a str),
    TextOrNull(Option<&'a str>),
    Number(i64),
    NumberOrNull(Option<i64>),
    Small(i16),
    Id(Uuid),
    IdOrNull(Option<Uuid>),
    Flag(bool),
    Bytes(&'a [u8]),
    Time(DateTime<Utc>),
    TimeOrNull(Option<DateTime<Utc>>),
    /// A lease of this time from now. No time, or a time of zero, releases the lease.
    Lease(Option<Duration>),
    /// A list of texts: one parameter.
    Texts(&'a [&'a str]),
    /// The types and the ids of streams: as many parameters as the database needs for such a list.
    Streams(&'a [&'a StreamId]),
}

/// Binds `values` to the query of sqlx in the variable `$query`, in order. The arms in braces are the values for which
/// each database has a type of its own.
macro_rules! bind_values {
    ($query:ident, $values:expr, { $($own:pat => $bound:expr,)* }) => {
        for value in $values {
            $query = match *value {
                Value::Text(text) => $query.bind(text),
                Value::TextOrNull(text) => $query.bind(text),
                Value::Number(number) => $query.bind(number),
                Value::NumberOrNull(number) => $query.bind(number),
                Value::Small(number) => $query.bind(number),
                Value::Id(id) => $query.bind(id),
                Value::IdOrNull(id) => $query.bind(id),
                Value::Flag(flag) => $query.bind(flag),
                Value::Bytes(bytes) => $query.bind(bytes),
                $($own => $bound,)*
            };
        }
    };
}
pub(in crate::backend) use bind_values;

/// Returns `time` in microseconds; `None` if a lease of it is released.
pub(in crate::backend) fn lease_micros(time: Option<Duration>) -> Option<i64> {
    let micros = i64::try_from(time?.as_micros()).unwrap_or(i64::MAX);
    (micros > 0).then_some(micros)
}
