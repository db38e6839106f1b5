//! What SQLite answers, as a read model says it.

use crate::projection::CheckpointError;
use crate::read_model::{ReadModelError, Table};
use crate::store::Verdict;
use crate::store::sql::{Action, Failure};
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

/// How `action` failed on the tables of read models: for good, or by what passes by itself.
pub(super) fn refusal(action: Action<'_>, error: ReadModelError) -> CheckpointError {
    if let ReadModelError::Failed { source, .. } = &error
        && source.downcast_ref().is_none_or(|source| verdict(source).is_outage())
    {
        return CheckpointError::Failed { action: action.to_string(), source: Box::new(error) };
    }
    CheckpointError::Refused { action: action.to_string(), reason: error.to_string().into() }
}

/// The same for the tables of this crate.
pub(super) fn refusal_of(action: Action<'_>, failure: Failure) -> CheckpointError {
    match failure {
        Failure::Database(error) if error.as_database_error().is_some() && !verdict(&error).is_outage() => {
            CheckpointError::Refused { action: action.to_string(), reason: error.to_string().into() }
        }
        failure => CheckpointError::failed(action, failure),
    }
}
