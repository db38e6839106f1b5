//! What SQLite answers, as a read model says it.

use crate::read_model::{ReadModelError, Table};
use crate::store::Verdict;
use crate::store::sqlite::busy::result_code;
use crate::store::sqlite::verdict::verdict;

/// What SQLite answered when it was to do `action` to `table`.
pub(super) fn failed(table: &'static Table, action: &'static str, error: sqlx::Error) -> ReadModelError {
    let table = table.name;
    // SQLITE_CONSTRAINT
    if result_code(&error) == Some(19) {
        return ReadModelError::Constraint { table, message: error.to_string() };
    }
    match verdict(&error) {
        Verdict::NotSetUp => ReadModelError::NoTable { table },
        _ => ReadModelError::Failed { table, action, source: Box::new(error) },
    }
}
