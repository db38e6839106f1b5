//! The place of a row in an order, as a text for a URL.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use uuid::Uuid;

use super::column_type::{date, text, time};
#[cfg(feature = "decimal")]
use super::decimal;
use super::select::{By, Expr, after};
use super::{InvalidValue, ReadModelError, Table, Value, base64};

/// The place of a row in the order of a query. The next page begins after it.
///
/// [`Query::cursor`](super::Query::cursor) creates it. It is a short text of letters, digits, `-` and `_`, so it can be
/// part of a URL. Serde writes and reads it as this text. A client returns it unchanged: its content is not part of the
/// interface. It contains the values of the columns by which the query is ordered, and is not encrypted: do not order
/// by a column that the client must not see, or by long texts. It stays valid while the table and the ordered columns
/// keep their names, also after a new deployment.
///
/// ```
/// # #[cfg(feature = "macros")] {
/// use eventsource::read_model::{Cursor, Query, ReadModel, ReadModelError, ReadRepository};
///
/// #[derive(ReadModel)]
/// struct OrderRow {
///     #[read_model(id)]
///     id: u64,
///     total: i64,
/// }
///
/// /// One page of the largest orders, and the cursor of the next one.
/// async fn largest(
///     orders: &ReadRepository<OrderRow>,
///     after: Option<&str>,
/// ) -> Result<(Vec<u64>, Option<String>), Box<dyn std::error::Error>> {
///     let order = Query::all().order_by(OrderRow::TOTAL.desc()).limit(20);
///     let query = match after {
///         Some(cursor) => order.clone().after(cursor.parse::<Cursor>()?),
///         None => order.clone(),
///     };
///     let page = orders.find_stored(query).await?;
///     // A page that is not full is the last one.
///     let next = page.last().filter(|_| page.len() == 20).map(|row| order.cursor(row).to_string());
///     Ok((page.iter().map(|row| row.id).collect(), next))
/// }
/// # }
/// ```
///
/// A query with another order refuses the cursor with [`ReadModelError::CursorOfAnotherQuery`]. The cursor does not
/// contain the filter: a query with another filter returns its own rows after the same place. A cursor gives no access
/// to rows, so check the rights of the client in every request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    table: String,
    order: Vec<(String, bool)>,
    values: Vec<Value>,
}

/// A text is not a cursor, for example because a client has changed it. Return the first page, or an error such as
/// `400 Bad Request`.
///
/// ```
/// use eventsource::read_model::Cursor;
///
/// let error = "changed by a client".parse::<Cursor>().unwrap_err();
/// assert!(error.to_string().ends_with("begin with the first page"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this is not a cursor: {reason}; begin with the first page")]
#[non_exhaustive]
pub struct CursorError {
    /// Why it is not one.
    pub reason: String,
}

impl Cursor {
    /// Creates the cursor of the place with these values of the columns in `order`.
    pub(crate) fn new(table: &Table, order: &[By], values: Vec<Value>) -> Self {
        Self { table: table.name.to_owned(), order: named(table, order), values }
    }

    /// Returns the condition for the rows of `table` that come after the cursor in `order`.
    pub(crate) fn after(&self, table: &'static Table, order: &[By]) -> Result<Expr, ReadModelError> {
        let wanted = named(table, order);
        if self.table != table.name || self.order != wanted || self.values.len() != order.len() {
            return Err(ReadModelError::CursorOfAnotherQuery {
                table: table.name,
                cursor: described(&self.table, &self.order),
                query: described(table.name, &wanted),
            });
        }
        Ok(after(order, &self.values))
    }
}

/// Returns the names of the columns in `order`, and whether each is descending.
fn named(table: &Table, order: &[By]) -> Vec<(String, bool)> {
    order
        .iter()
        .map(|by| (table.column(by.column).map_or("", |column| column.name).to_owned(), by.descending))
        .collect()
}

fn described(table: &str, order: &[(String, bool)]) -> String {
    let columns: Vec<_> =
        order.iter().map(|(name, descending)| format!("{name} {}", if *descending { "desc" } else { "asc" })).collect();
    format!("`{table}` by {}", columns.join(", "))
}

/// The content of the text.
#[derive(Serialize, Deserialize)]
struct Wire {
    t: String,
    o: Vec<(String, bool)>,
    v: Vec<WireValue>,
}

/// A value, named by a letter. A float is stored as its bits, since JSON has no infinity.
#[derive(Serialize, Deserialize)]
enum WireValue {
    N,
    B(bool),
    I(i64),
    F(u64),
    T(String),
    U(Uuid),
    S(DateTime<Utc>),
    D(NaiveDate),
    #[cfg(feature = "decimal")]
    M(String),
    J(String),
    Y(Vec<u8>),
}

impl From<&Value> for WireValue {
    fn from(value: &Value) -> Self {
        match value {
            Value::Null => Self::N,
            Value::Bool(value) => Self::B(*value),
            Value::Int(value) => Self::I(*value),
            Value::Float(value) => Self::F(value.to_bits()),
            Value::Text(value) => Self::T(value.clone()),
            Value::Uuid(value) => Self::U(*value),
            Value::Timestamp(value) => Self::S(*value),
            Value::Date(value) => Self::D(*value),
            #[cfg(feature = "decimal")]
            Value::Decimal(value) => Self::M(value.to_string()),
            Value::Json(value) => Self::J(value.clone()),
            Value::Bytes(value) => Self::Y(value.clone()),
        }
    }
}

impl TryFrom<WireValue> for Value {
    type Error = InvalidValue;

    /// Converts the value if a column could hold it. The text may come from any client.
    fn try_from(value: WireValue) -> Result<Self, InvalidValue> {
        Ok(match value {
            WireValue::N => Self::Null,
            WireValue::B(value) => Self::Bool(value),
            WireValue::I(value) => Self::Int(value),
            WireValue::F(value) => Self::Float(f64::from_bits(value)),
            WireValue::T(value) => Self::Text(text(&value).map(str::to_owned)?),
            WireValue::U(value) => Self::Uuid(value),
            WireValue::S(value) => Self::Timestamp(time(value)?),
            WireValue::D(value) => Self::Date(date(value)?),
            #[cfg(feature = "decimal")]
            WireValue::M(value) => Self::Decimal(decimal::parse(&value)?),
            WireValue::J(value) => Self::Json(value),
            WireValue::Y(value) => Self::Bytes(value),
        })
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values = self.values.iter().map(WireValue::from).collect();
        let wire = Wire { t: self.table.clone(), o: self.order.clone(), v: values };
        let json = serde_json::to_vec(&wire).map_err(|_| fmt::Error)?;
        f.write_str(&base64::encode(&json))
    }
}

impl FromStr for Cursor {
    type Err = CursorError;

    fn from_str(text: &str) -> Result<Self, CursorError> {
        let failed = |reason: &str| CursorError { reason: reason.to_owned() };
        let json =
            base64::decode(text).ok_or_else(|| failed("it has characters that no cursor has, or was cut off"))?;
        let wire: Wire =
            serde_json::from_slice(&json).map_err(|_| failed("it was cut off or changed, or is of another version"))?;
        let values: Result<Vec<_>, InvalidValue> = wire.v.into_iter().map(Value::try_from).collect();
        let values = values.map_err(|unfit| failed(&unfit.to_string()))?;
        Ok(Self { table: wire.t, order: wire.o, values })
    }
}

impl Serialize for Cursor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Cursor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}
