//! The SQL of PostgreSQL, where it differs from the SQL of other databases.

use crate::backend::sql::read_model::{Dialect, TableRef, own, quoted};
use crate::read_model::{ColumnDef, ColumnKind, Value};

/// A bound value of a column of this kind, or a bound list of such values.
#[derive(Debug)]
pub(super) enum Argument {
    One(ColumnKind, Value),
    List(ColumnKind, Vec<Value>),
}

/// The SQL of PostgreSQL, with the tables in the schema of this name.
pub(super) struct PostgresDialect<'d>(pub(super) &'d str);

impl Dialect for PostgresDialect<'_> {
    const BIND_LIMIT: usize = 65_535;
    const TABLE_OPTIONS: &'static str = "";

    type Argument = Argument;

    fn table(&self, table: TableRef) -> String {
        format!("{}.{}", quoted(self.0), quoted(&table.name()))
    }

    /// As the catalogue names it. JSON is stored as its text, because `jsonb` supports neither `\u0000` nor every
    /// number.
    fn type_name(kind: ColumnKind) -> &'static str {
        match kind {
            ColumnKind::Bool => "boolean",
            ColumnKind::I16 => "smallint",
            ColumnKind::I32 => "integer",
            ColumnKind::I64 => "bigint",
            ColumnKind::F32 => "real",
            ColumnKind::F64 => "double precision",
            ColumnKind::Text => "text COLLATE \"C\"",
            ColumnKind::Uuid => "uuid",
            ColumnKind::Timestamp => "timestamp with time zone",
            ColumnKind::Date => "date",
            #[cfg(feature = "decimal")]
            ColumnKind::Decimal => "numeric",
            ColumnKind::Json => "json",
            ColumnKind::Bytes => "bytea",
        }
    }

    fn is_same_name(one: &str, other: &str) -> bool {
        one == other
    }

    fn read(column: &ColumnDef) -> String {
        let cast = if is_text(column.kind) { "::text" } else { "" };
        own(column.name) + cast
    }

    fn value(kind: ColumnKind, number: usize) -> String {
        let cast = if is_text(kind) { type_name_of_value(kind) } else { "" };
        if cast.is_empty() { format!("${number}") } else { format!("${number}::{cast}") }
    }

    fn argument(kind: ColumnKind, value: &Value) -> Argument {
        Argument::One(kind, value.clone())
    }

    fn list(kind: ColumnKind, values: &[Value]) -> Argument {
        Argument::List(kind, values.to_vec())
    }

    /// As rows, not with `= ANY`: with a cached plan, PostgreSQL would compare each row that it scans with the whole
    /// list.
    fn is_in_list(column: &str, kind: ColumnKind, number: usize) -> Option<String> {
        Some(format!("{column} IN (SELECT unnest({}))", list(kind, number)))
    }

    fn ordered(column: &ColumnDef, descending: bool) -> String {
        let order = match (column.nullable, descending) {
            (true, false) => " NULLS FIRST",
            (true, true) => " DESC NULLS LAST",
            (false, false) => "",
            (false, true) => " DESC",
        };
        // The name without the table would be the column as it is read, which may be a text.
        own(column.name) + order
    }

    fn indexed(column: &ColumnDef) -> String {
        quoted(column.name) + if column.nullable { " NULLS FIRST" } else { "" }
    }
}

/// Returns whether a value is sent and received as text but has another type on the server.
const fn is_text(kind: ColumnKind) -> bool {
    match kind {
        #[cfg(feature = "decimal")]
        ColumnKind::Decimal => true,
        kind => matches!(kind, ColumnKind::Json),
    }
}

/// Returns the parameter `number` as a list.
pub(super) fn list(kind: ColumnKind, number: usize) -> String {
    format!("${number}::{}[]", type_name_of_value(kind))
}

/// Returns the type of a bound value: the widest type of its kind.
const fn type_name_of_value(kind: ColumnKind) -> &'static str {
    match kind {
        ColumnKind::Bool => "boolean",
        ColumnKind::I16 | ColumnKind::I32 | ColumnKind::I64 => "bigint",
        ColumnKind::F32 | ColumnKind::F64 => "float8",
        ColumnKind::Text => "text",
        ColumnKind::Uuid => "uuid",
        ColumnKind::Timestamp => "timestamptz",
        ColumnKind::Date => "date",
        #[cfg(feature = "decimal")]
        ColumnKind::Decimal => "numeric",
        ColumnKind::Json => "json",
        ColumnKind::Bytes => "bytea",
    }
}
