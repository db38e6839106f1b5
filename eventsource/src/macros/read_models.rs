//! The macros of read models.

/// Stores an enum without fields in a text column. Each variant is stored by its name.
///
/// ```
/// use eventsource::read_model::{ColumnType, ReadModel, Value};
///
/// #[derive(Debug, Clone, Copy, PartialEq, ColumnType)]
/// #[column_type(rename_all = "snake_case")]
/// enum Status {
///     Placed,
///     InTransit,
///     #[column_type(rename = "gone")]
///     Cancelled,
/// }
///
/// #[derive(ReadModel)]
/// struct OrderRow {
///     #[read_model(id)]
///     id: u64,
///     #[read_model(index)]
///     status: Status,
///     before: Option<Status>,
/// }
///
/// let moving = OrderRow::STATUS.eq(Status::InTransit);
/// assert!(matches!(Status::InTransit.to_value(), Ok(Value::Text(text)) if text == "in_transit"));
/// let error = Status::from_value(Value::Text("lost".to_owned())).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "`lost` is not a variant of `Status`, whose variants are `placed`, `in_transit`, `gone`"
/// );
/// ```
pub use eventsource_macros::ColumnType;
/// Makes a struct a row of a read model. Its fields are the columns of a table, and a
/// [`Repository`](crate::Repository) reads and writes its rows.
///
/// ```
/// use chrono::{DateTime, Utc};
/// use eventsource::read_model::{ColumnKind, ReadModel};
/// use serde::{Deserialize, Serialize};
/// use uuid::Uuid;
///
/// #[derive(Serialize, Deserialize)]
/// struct Line {
///     article: String,
///     count: u32,
/// }
///
/// #[derive(ReadModel)]
/// #[read_model(table = "orders")]
/// struct OrderRow {
///     #[read_model(id)]
///     id: Uuid,
///     #[read_model(column = "customer", index)]
///     customer_name: String,
///     total: i64, // in cents
///     shipped_at: Option<DateTime<Utc>>,
///     #[read_model(json)]
///     lines: Vec<Line>,
/// }
///
/// let table = OrderRow::TABLE;
/// assert_eq!((table.name, table.columns[1].name, table.columns[4].kind), ("orders", "customer", ColumnKind::Json));
/// assert_eq!(OrderRow::CUSTOMER_NAME.name(), "customer");
/// ```
pub use eventsource_macros::ReadModel;
