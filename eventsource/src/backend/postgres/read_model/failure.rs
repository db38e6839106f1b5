//! Converts answers of PostgreSQL into errors of read models.

use sqlx::postgres::PgDatabaseError;

use crate::backend::postgres::store::failure::{Overtaken, code};
use crate::backend::postgres::store::verdict::verdict;
use crate::backend::sql::read_model::TableRef;
use crate::backend::sql::store::{Action, Failure};
use crate::projection::CheckpointError;
use crate::read_model::ReadModelError;
use crate::store::Verdict;

/// Returns the error of `action` on `table` that PostgreSQL answered with `error`.
pub(super) fn failed(table: TableRef, action: &'static str, error: sqlx::Error) -> ReadModelError {
    let model = table;
    let table = table.model().name;
    match code(&error).as_deref() {
        // A value that does not fit its column, or a violated constraint.
        Some(code) if code.starts_with("22") || code.starts_with("23") => {
            return ReadModelError::Constraint { table, message: error.to_string() };
        }
        // The table is not what the statement was made for: undefined column, datatype mismatch, undefined operator.
        Some("42703" | "42804" | "42883") => return ReadModelError::mismatch(model.model(), vec![error.to_string()]),
        // The batch would have to wait for a row out of order, and does not.
        Some("55P03") => return ReadModelError::Failed { table, action, source: Box::new(Overtaken) },
        _ => {}
    }
    match verdict(&error) {
        Verdict::NotSetUp => ReadModelError::NoTable { table },
        _ => ReadModelError::Failed { table, action, source: Box::new(error) },
    }
}

/// Returns the detail and the hint of the server.
fn details(error: &sqlx::Error) -> String {
    let error = error.as_database_error().and_then(|error| error.try_downcast_ref::<PgDatabaseError>());
    let Some(error) = error else { return String::new() };
    [error.detail(), error.hint()].into_iter().flatten().map(|said| format!("; {said}")).collect()
}

/// Returns the error of `action` on the tables of read models: a refusal, or an outage that passes.
pub(super) fn refusal(action: Action<'_>, error: ReadModelError) -> CheckpointError {
    let said = match &error {
        ReadModelError::Failed { source, .. } => match source.downcast_ref::<sqlx::Error>() {
            Some(source) if !verdict(source).is_outage() => format!("{error}: {source}{}", details(source)),
            _ => return CheckpointError::Failed { action: action.to_string(), source: Box::new(error) },
        },
        error => error.to_string(),
    };
    CheckpointError::Refused { action: action.to_string(), reason: said.into() }
}

/// As [`refusal`], for the tables of this crate.
pub(super) fn refusal_of(action: Action<'_>, failure: Failure) -> CheckpointError {
    match failure {
        Failure::Database(error) if error.as_database_error().is_some() && !verdict(&error).is_outage() => {
            let reason = format!("{error}{}", details(&error)).into();
            CheckpointError::Refused { action: action.to_string(), reason }
        }
        failure => CheckpointError::failed(action, failure),
    }
}

/// Another transaction was faster: the batch is retried.
pub(super) fn overtaken(table: TableRef) -> ReadModelError {
    ReadModelError::Failed { table: table.model().name, action: "write", source: Box::new(Overtaken) }
}
