//! The types of the fields of a read model.

mod checks;
mod implementations;

use super::{ColumnKind, InvalidValue, Value};

pub(super) use checks::{date, text, time, unexpected};

/// A type that a field of a read model can have. A value is read back equal to the value that was stored.
///
/// | Rust | PostgreSQL | SQLite |
/// | --- | --- | --- |
/// | `bool` | `boolean` | integer |
/// | `i8`, `i16`, `u8` | `smallint` | integer |
/// | `i32`, `u16` | `integer` | integer |
/// | `i64`, `u32`, `u64` | `bigint` | integer |
/// | `f32`, `f64` | `real`, `double precision` | real |
/// | `String`, an enum with `#[derive(ColumnType)]` | `text COLLATE "C"` | text |
/// | `Uuid` | `uuid` | blob |
/// | `DateTime<Utc>`, `NaiveDate` | `timestamp with time zone`, `date` | integer, text |
/// | `Vec<u8>` | `bytea` | blob |
/// | `rust_decimal::Decimal` (feature `decimal`) | `numeric` | text |
/// | `serde_json::Value`, any field with `#[read_model(json)]` | `json` | text |
/// | `Option<T>` of these | the same, nullable | the same, nullable |
///
/// A `u64` above `i64::MAX` is refused with [`InvalidValue`] at the save. A time keeps microseconds. For money, use an
/// integer of the smallest unit or a decimal, and not a float.
///
/// Implement it for a type of your own in terms of a type that has it. The [`KIND`](Self::KIND) is part of the table:
/// if it changes, the projection has changed. `Option` of your type works without code: null never reaches
/// [`from_value`](Self::from_value).
///
/// ```
/// use eventsource::read_model::{ColumnKind, ColumnType, Comparable, InvalidValue, Value};
///
/// #[derive(Clone, Copy)]
/// struct Cents(i64);
///
/// impl ColumnType for Cents {
///     const KIND: ColumnKind = ColumnKind::I64;
///
///     fn to_value(&self) -> Result<Value, InvalidValue> {
///         self.0.to_value()
///     }
///
///     fn from_value(value: Value) -> Result<Self, InvalidValue> {
///         i64::from_value(value).map(Self)
///     }
/// }
///
/// impl Comparable for Cents {}
/// # assert_eq!(Cents::from_value(Cents(5).to_value().unwrap()).unwrap().0, 5);
/// ```
#[diagnostic::on_unimplemented(
    message = "a `{Self}` cannot be stored in a column",
    label = "not a column type",
    note = "a column holds integers, floats, `bool`, `String`, `Uuid`, `DateTime<Utc>`, `NaiveDate`, `Vec<u8>`, decimals, \
            JSON, an enum with `#[derive(ColumnType)]`, and an `Option` of these",
    note = "mark the field with `#[read_model(json)]` to store any other type that serde knows, or implement `ColumnType`"
)]
pub trait ColumnType: Sized {
    /// The kind of the column.
    const KIND: ColumnKind;

    /// Whether the column may be null. The default is `false`.
    const NULLABLE: bool = false;

    /// The number of nested options.
    #[doc(hidden)]
    const OPTIONS: u8 = 0;

    /// Converts the field into a value for the column.
    ///
    /// # Errors
    /// [`InvalidValue`] if no database can hold it.
    ///
    /// # Examples
    /// ```
    /// use eventsource::read_model::{ColumnType, Value};
    ///
    /// assert_eq!(7_i64.to_value()?, Value::Int(7));
    /// assert!("a\0b".to_owned().to_value().is_err());
    /// # Ok::<(), eventsource::read_model::InvalidValue>(())
    /// ```
    fn to_value(&self) -> Result<Value, InvalidValue>;

    /// Converts a value of the column into the field.
    ///
    /// # Errors
    /// [`InvalidValue`] if the value does not fit the type.
    ///
    /// # Examples
    /// ```
    /// use eventsource::read_model::{ColumnType, Value};
    ///
    /// assert_eq!(i64::from_value(Value::Int(7))?, 7);
    /// assert!(i64::from_value(Value::Text("7".into())).is_err());
    /// # Ok::<(), eventsource::read_model::InvalidValue>(())
    /// ```
    fn from_value(value: Value) -> Result<Self, InvalidValue>;
}

/// A type that an id can have: a UUID, an integer or a text. A text has at most 2,600 bytes, so that it fits an index
/// of PostgreSQL. The limit is the same on every backend, and holds as well for texts and bytes in a column
/// with `#[read_model(index)]`: a longer value is refused at the save ([`ReadModelError::InvalidValue`]). Implement
/// this trait, without functions, for an id type of your own that implements [`ColumnType`] as one of these.
///
/// [`ReadModelError::InvalidValue`]: crate::ReadModelError::InvalidValue
///
/// ```
/// use eventsource::read_model::IdType;
///
/// fn is_id<T: IdType>() {}
///
/// is_id::<uuid::Uuid>();
/// is_id::<u64>();
/// is_id::<String>();
/// ```
#[diagnostic::on_unimplemented(
    message = "a `{Self}` cannot be the id of a read model",
    label = "not an id type",
    note = "an id is a `Uuid`, an integer or a `String`"
)]
pub trait IdType: ColumnType + Send + Sync + 'static {}

/// A type that a query can compare: every column type except JSON.
///
/// ```
/// # #[cfg(feature = "macros")] {
/// use eventsource::read_model::ReadModel;
///
/// #[derive(ReadModel)]
/// struct OrderRow {
///     #[read_model(id)]
///     id: u64,
///     details: Option<serde_json::Value>,
/// }
///
/// let without_details = OrderRow::DETAILS.is_null();
/// // `OrderRow::DETAILS.eq(…)` does not compile.
/// # let _ = without_details;
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "a query cannot compare a `{Self}`",
    label = "cannot be compared",
    note = "a query can only ask whether a JSON column is null; store the compared value in a column of its own"
)]
pub trait Comparable: ColumnType {}

/// The type of a column that stores JSON: the constant of a field with `#[read_model(json)]` is a `Column<Model,
/// Json<T>>`. The field itself has the type `T`, so you never write `Json`.
///
/// Such a column is never null: `None` is stored as the JSON text `null`. So a query cannot select by it. A nullable
/// JSON column is a field of the type `Option<serde_json::Value>` without the option `json`.
///
/// ```
/// # #[cfg(feature = "macros")] {
/// use eventsource::read_model::{Column, Json, ReadModel};
///
/// #[derive(ReadModel)]
/// struct OrderRow {
///     #[read_model(id)]
///     id: u64,
///     #[read_model(json)]
///     lines: Vec<String>,
/// }
///
/// let lines: Column<OrderRow, Json<Vec<String>>> = OrderRow::LINES;
/// assert_eq!(lines.name(), "lines");
/// # }
/// ```
#[derive(Debug)]
pub struct Json<T>(std::marker::PhantomData<T>);
