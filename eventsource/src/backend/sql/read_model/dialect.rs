//! The differences between the SQL of databases.

use super::table_ref::TableRef;
use crate::read_model::{ColumnDef, ColumnKind, Value};

/// The SQL of one database, where it differs from the SQL of the other databases.
pub(in crate::backend) trait Dialect {
    /// A bound value, or a bound list of values.
    type Argument: std::fmt::Debug + Send;

    /// The largest number of values in a statement.
    const BIND_LIMIT: usize;

    /// The text after the columns in `CREATE TABLE`.
    const TABLE_OPTIONS: &'static str;

    /// Returns the name of a table.
    fn table(&self, table: TableRef) -> String;

    /// Returns the type of a column.
    fn type_name(kind: ColumnKind) -> &'static str;

    /// Returns whether two names are the same column.
    fn is_same_name(one: &str, other: &str) -> bool;

    /// Returns the expression that reads a column of the table `own`.
    fn read(column: &ColumnDef) -> String;

    /// Returns the parameter with this number, to be compared with a column.
    fn value(kind: ColumnKind, number: usize) -> String;

    /// Returns the bound value of a column of this kind.
    fn argument(kind: ColumnKind, value: &Value) -> Self::Argument;

    /// Returns the bound list for [`is_in_list`](Self::is_in_list).
    fn list(kind: ColumnKind, values: &[Value]) -> Self::Argument;

    /// Returns the condition that `column` is in the list that is bound as the parameter with this number; `None` if
    /// values of this kind are bound one by one.
    fn is_in_list(column: &str, kind: ColumnKind, number: usize) -> Option<String>;

    /// Returns how a column of the table `own` is ordered. Null is the smallest value.
    fn ordered(column: &ColumnDef, descending: bool) -> String;

    /// Returns a column as it stands in its index, which supports the order of [`Dialect::ordered`].
    fn indexed(column: &ColumnDef) -> String {
        quoted(column.name)
    }
}

/// Quotes a name. The derive macro allows no quote in it.
pub(in crate::backend) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
