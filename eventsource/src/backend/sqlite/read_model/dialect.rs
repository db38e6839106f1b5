//! The SQL of SQLite, where it differs from the SQL of other databases.

use super::value::{Argument, Storage, json, storage};
use crate::backend::sql::read_model::{Dialect, TableRef, own, quoted};
use crate::read_model::{ColumnDef, ColumnKind, Value};

/// The SQL of SQLite.
pub(super) struct SqliteDialect;

impl Dialect for SqliteDialect {
    // The limit of the SQLite that sqlx builds.
    const BIND_LIMIT: usize = 32_766;
    const TABLE_OPTIONS: &'static str = " STRICT";

    type Argument = Argument;

    fn table(&self, table: TableRef) -> String {
        quoted(&table.name())
    }

    fn type_name(kind: ColumnKind) -> &'static str {
        match storage(kind) {
            Storage::Integer => "INTEGER",
            Storage::Real => "REAL",
            Storage::Text => "TEXT",
            Storage::Blob => "BLOB",
        }
    }

    fn is_same_name(one: &str, other: &str) -> bool {
        one.eq_ignore_ascii_case(other)
    }

    fn read(column: &ColumnDef) -> String {
        own(column.name)
    }

    fn value(_: ColumnKind, number: usize) -> String {
        format!("?{number}")
    }

    fn argument(_: ColumnKind, value: &Value) -> Argument {
        Argument::One(value.clone())
    }

    fn list(_: ColumnKind, values: &[Value]) -> Argument {
        Argument::Json(json(values))
    }

    /// As JSON, with bytes in hexadecimal. Floats are excluded: SQLite does not parse them exactly.
    fn is_in_list(column: &str, kind: ColumnKind, number: usize) -> Option<String> {
        let value = match kind {
            ColumnKind::F32 | ColumnKind::F64 => return None,
            ColumnKind::Uuid | ColumnKind::Bytes => "unhex(value)",
            _ => "value",
        };
        Some(format!("{column} IN (SELECT {value} FROM json_each(?{number}))"))
    }

    /// In SQLite null is the smallest value.
    fn ordered(column: &ColumnDef, descending: bool) -> String {
        format!("{}{}", own(column.name), if descending { " DESC" } else { "" })
    }
}
