//! What SQLite answers, as a read model says it.

use crate::read_model::{ReadModelError, Table};
use crate::store::sqlite::busy::result_code;

/// What SQLite answered when it was to do `action` to `table`.
pub(super) fn failed(table: &'static Table, action: &'static str, error: sqlx::Error) -> ReadModelError {
    let table = table.name;
    match result_code(&error) {
        // SQLITE_CONSTRAINT
        Some(19) => ReadModelError::Constraint { table, message: error.to_string() },
        _ => ReadModelError::Failed { table, action, source: Box::new(error) },
    }
}
