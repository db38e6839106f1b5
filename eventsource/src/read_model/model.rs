//! What a read model is.

use super::{InvalidField, Table, Value};

/// A row of a read model: a struct with `#[derive(ReadModel)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no read model",
    label = "not a read model",
    note = "add `#[derive(ReadModel)]` to the struct, and mark its id with `#[read_model(id)]`"
)]
pub trait ReadModel: Sized + Send + Sync + 'static {
    /// The type of its id.
    type Id: Send + Sync + 'static;

    /// Its table.
    const TABLE: &'static Table;

    /// Its values, in the order of the table's columns.
    ///
    /// # Errors
    /// Which field cannot be stored, and why.
    fn to_values(&self) -> Result<Vec<Value>, InvalidField>;

    /// The row with these values, in the order of the table's columns.
    ///
    /// # Errors
    /// Which value is none of its field's, and why.
    fn from_values(values: Vec<Value>) -> Result<Self, InvalidField>;
}
