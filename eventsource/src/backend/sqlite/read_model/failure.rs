//! Converts answers of SQLite into errors of read models.

use crate::backend::sql::read_model::TableRef;
use crate::backend::sql::store::{Action, Failure};
use crate::backend::sqlite::store::busy::result_code;
use crate::backend::sqlite::store::verdict::verdict;
use crate::projection::CheckpointError;
use crate::read_model::ReadModelError;
use crate::store::Verdict;

/// Returns the error of `action` on `table` that SQLite answered with `error`.
pub(super) fn failed(table: TableRef, action: &'static str, error: sqlx::Error) -> ReadModelError {
    let table = table.model().name;
    // SQLITE_CONSTRAINT
    if result_code(&error) == Some(19) {
        return ReadModelError::Constraint { table, message: error.to_string() };
    }
    match verdict(&error) {
        Verdict::NotSetUp => ReadModelError::NoTable { table },
        _ => ReadModelError::Failed { table, action, source: Box::new(error) },
    }
}

/// Returns the error of `action` on the tables of read models: a refusal, or an outage that passes.
pub(super) fn refusal(action: Action<'_>, error: ReadModelError) -> CheckpointError {
    if let ReadModelError::Failed { source, .. } = &error {
        let Some(refused) = source.downcast_ref().filter(|source| !verdict(source).is_outage()) else {
            return CheckpointError::Failed { action: action.to_string(), source: Box::new(error) };
        };
        let reason = format!("{error}: {refused}").into();
        return CheckpointError::Refused { action: action.to_string(), reason };
    }
    CheckpointError::Refused { action: action.to_string(), reason: error.to_string().into() }
}

/// As [`refusal`], for the tables of this crate.
pub(super) fn refusal_of(action: Action<'_>, failure: Failure) -> CheckpointError {
    match failure {
        Failure::Database(error) if error.as_database_error().is_some() && !verdict(&error).is_outage() => {
            CheckpointError::Refused { action: action.to_string(), reason: error.to_string().into() }
        }
        failure => CheckpointError::failed(action, failure),
    }
}
