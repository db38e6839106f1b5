//! The trait of read models.

use super::{InvalidField, Table, Value};

/// A row of a read model. `#[derive(ReadModel)]` implements it, and you never call its functions: repositories do.
///
/// ```
/// # #[cfg(feature = "macros")] {
/// use eventsource::read_model::ReadModel;
///
/// #[derive(ReadModel)]
/// #[read_model(table = "orders")]
/// struct OrderRow {
///     #[read_model(id)]
///     id: u64,
///     #[read_model(index)]
///     customer: String,
/// }
///
/// assert_eq!((OrderRow::TABLE.name, OrderRow::CUSTOMER.name()), ("orders", "customer"));
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a read model",
    label = "not a read model",
    note = "add `#[derive(ReadModel)]` to the struct, and mark its id with `#[read_model(id)]`"
)]
pub trait ReadModel: Sized + Send + Sync + 'static {
    /// The type of the id.
    type Id: Send + Sync + 'static;

    /// The table.
    const TABLE: &'static Table;

    /// Returns the values of the fields, in the order of the table's columns.
    ///
    /// # Errors
    /// [`InvalidField`] if a field has a value that cannot be stored.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::read_model::{ReadModel, Value};
    /// #[derive(ReadModel)]
    /// struct OrderRow {
    ///     #[read_model(id)]
    ///     id: u64,
    ///     total: i64,
    /// }
    ///
    /// let values = OrderRow { id: 7, total: 150 }.to_values()?;
    /// assert_eq!(values, [Value::Int(7), Value::Int(150)]);
    /// # }
    /// # Ok::<(), eventsource::read_model::InvalidField>(())
    /// ```
    fn to_values(&self) -> Result<Vec<Value>, InvalidField>;

    /// Creates the row from its values, in the order of the table's columns.
    ///
    /// # Errors
    /// [`InvalidField`] if a value does not fit its field.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::read_model::{ReadModel, Value};
    /// #[derive(ReadModel)]
    /// struct OrderRow {
    ///     #[read_model(id)]
    ///     id: u64,
    ///     total: i64,
    /// }
    ///
    /// let order = OrderRow::from_values(vec![Value::Int(7), Value::Int(150)])?;
    /// assert_eq!((order.id, order.total), (7, 150));
    /// # }
    /// # Ok::<(), eventsource::read_model::InvalidField>(())
    /// ```
    fn from_values(values: Vec<Value>) -> Result<Self, InvalidField>;
}
