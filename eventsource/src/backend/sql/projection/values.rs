//! The values that a statement binds, for every database.

use uuid::Uuid;

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
}

/// Binds `values` to a query of sqlx, in order.
macro_rules! bind_values {
    ($query:expr, $values:expr) => {{
        use $crate::backend::sql::projection::Value;

        let mut query = $query;
        for value in $values {
            query = match *value {
                Value::Text(text) => query.bind(text),
                Value::TextOrNull(text) => query.bind(text),
                Value::Number(number) => query.bind(number),
                Value::NumberOrNull(number) => query.bind(number),
                Value::Small(number) => query.bind(number),
                Value::Id(id) => query.bind(id),
                Value::IdOrNull(id) => query.bind(id),
                Value::Flag(flag) => query.bind(flag),
            };
        }
        query
    }};
}
pub(in crate::backend) use bind_values;
