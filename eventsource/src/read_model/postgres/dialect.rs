//! The SQL of PostgreSQL, where it is not that of another database.

use crate::read_model::sql::{Dialect, own, quoted};
use crate::read_model::{ColumnDef, ColumnKind, Table};

/// The SQL of PostgreSQL, with the tables in the schema of this name.
pub(super) struct PostgresDialect<'d>(pub(super) &'d str);

impl Dialect for PostgresDialect<'_> {
    const BIND_LIMIT: usize = 65_535;
    const TABLE_OPTIONS: &'static str = "";

    fn table(&self, table: &Table) -> String {
        format!("{}.{}", quoted(self.0), quoted(table.name))
    }

    /// As the catalogue says it. JSON is kept as its text, because `jsonb` has neither `\u0000` nor every number.
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

    /// As rows, and not by `= ANY`: a plan that is kept compares each row of a table that it scans with the whole list.
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
        // The bare name would be that of the column as it is read, which may be a text.
        own(column.name) + order
    }

    fn indexed(column: &ColumnDef) -> String {
        quoted(column.name) + if column.nullable { " NULLS FIRST" } else { "" }
    }
}

/// What goes to the server and comes back as a text, and is no text there.
const fn is_text(kind: ColumnKind) -> bool {
    matches!(kind, ColumnKind::Decimal | ColumnKind::Json)
}

/// The list with this number.
pub(super) fn list(kind: ColumnKind, number: usize) -> String {
    format!("${number}::{}[]", type_name_of_value(kind))
}

/// The type of a value that is bound: integers and floats are all of the widest.
const fn type_name_of_value(kind: ColumnKind) -> &'static str {
    match kind {
        ColumnKind::Bool => "boolean",
        ColumnKind::I16 | ColumnKind::I32 | ColumnKind::I64 => "bigint",
        ColumnKind::F32 | ColumnKind::F64 => "float8",
        ColumnKind::Text => "text",
        ColumnKind::Uuid => "uuid",
        ColumnKind::Timestamp => "timestamptz",
        ColumnKind::Date => "date",
        ColumnKind::Decimal => "numeric",
        ColumnKind::Json => "json",
        ColumnKind::Bytes => "bytea",
    }
}
