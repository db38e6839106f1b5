//! Where the SQL of one database is not that of another.

use super::quoted;
use crate::read_model::{ColumnDef, ColumnKind, Table};

/// The SQL of one database, where it is not that of another.
pub(in crate::read_model) trait Dialect {
    /// How many values a statement takes at most.
    const BIND_LIMIT: usize;

    /// What stands behind the columns where a table is created.
    const TABLE_OPTIONS: &'static str;

    /// The name of a table.
    fn table(&self, table: &Table) -> String;

    /// The type of a column.
    fn type_name(kind: ColumnKind) -> &'static str;

    /// Whether two names are one column's.
    fn is_same_name(one: &str, other: &str) -> bool;

    /// A column of the table `own` as it is read.
    fn read(column: &ColumnDef) -> String;

    /// The value with this number, as it is compared with a column.
    fn value(kind: ColumnKind, number: usize) -> String;

    /// That `column` is one of the values that are bound as one list with this number; `None` where values of this
    /// kind are bound one by one.
    fn is_in_list(column: &str, kind: ColumnKind, number: usize) -> Option<String>;

    /// How a column of the table `own` is ordered: null is the smallest.
    fn ordered(column: &ColumnDef, descending: bool) -> String;

    /// A column in its index, which serves [`Dialect::ordered`].
    fn indexed(column: &ColumnDef) -> String {
        quoted(column.name)
    }
}
