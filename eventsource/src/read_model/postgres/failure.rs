//! What PostgreSQL answers, as a read model says it.

use crate::read_model::{ReadModelError, Table};
use crate::store::Verdict;
use crate::store::postgres::failure::{Overtaken, code};
use crate::store::postgres::verdict::verdict;

/// What PostgreSQL answered when it was to do `action` to `table`.
pub(super) fn failed(table: &'static Table, action: &'static str, error: sqlx::Error) -> ReadModelError {
    let table = table.name;
    match code(&error).as_deref() {
        // A value that its column does not hold, and a violated constraint.
        Some(code) if code.starts_with("22") || code.starts_with("23") => {
            return ReadModelError::Constraint { table, message: error.to_string() };
        }
        // The batch holds a row behind one that another has, and does not wait for it.
        Some("55P03") => return ReadModelError::Failed { table, action, source: Box::new(Overtaken) },
        _ => {}
    }
    match verdict(&error) {
        Verdict::NotSetUp => ReadModelError::NoTable { table },
        _ => ReadModelError::Failed { table, action, source: Box::new(error) },
    }
}

/// Another transaction has been faster: the batch is tried again.
pub(super) fn overtaken(table: &'static Table) -> ReadModelError {
    ReadModelError::Failed { table: table.name, action: "write", source: Box::new(Overtaken) }
}
