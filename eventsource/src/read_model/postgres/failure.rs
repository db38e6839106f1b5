//! What PostgreSQL answers, as a read model says it.

use sqlx::postgres::PgDatabaseError;

use crate::projection::CheckpointError;
use crate::read_model::{ReadModelError, Table};
use crate::store::Verdict;
use crate::store::postgres::failure::{Overtaken, code};
use crate::store::postgres::verdict::verdict;
use crate::store::sql::{Action, Failure};

/// What PostgreSQL answered when it was to do `action` to `table`.
pub(super) fn failed(table: &'static Table, action: &'static str, error: sqlx::Error) -> ReadModelError {
    let model = table;
    let table = table.name;
    match code(&error).as_deref() {
        // A value that its column does not hold, and a violated constraint.
        Some(code) if code.starts_with("22") || code.starts_with("23") => {
            return ReadModelError::Constraint { table, message: error.to_string() };
        }
        // A column is not what the statement was made for: undefined column, mismatch of data types, undefined operator.
        Some("42703" | "42804" | "42883") => return ReadModelError::mismatch(model, vec![error.to_string()]),
        // The batch holds a row behind one that another has, and does not wait for it.
        Some("55P03") => return ReadModelError::Failed { table, action, source: Box::new(Overtaken) },
        _ => {}
    }
    match verdict(&error) {
        Verdict::NotSetUp => ReadModelError::NoTable { table },
        _ => ReadModelError::Failed { table, action, source: Box::new(error) },
    }
}

/// What the server says beside its message.
fn details(error: &sqlx::Error) -> String {
    let error = error.as_database_error().and_then(|error| error.try_downcast_ref::<PgDatabaseError>());
    let Some(error) = error else { return String::new() };
    [error.detail(), error.hint()].into_iter().flatten().map(|said| format!("; {said}")).collect()
}

/// How `action` failed on the tables of read models: for good, or by what passes by itself.
pub(super) fn refusal(action: Action<'_>, error: ReadModelError) -> CheckpointError {
    let said = match &error {
        ReadModelError::Failed { source, .. } => match source.downcast_ref::<sqlx::Error>() {
            Some(source) if !verdict(source).is_outage() => format!("{error}{}", details(source)),
            _ => return CheckpointError::Failed { action: action.to_string(), source: Box::new(error) },
        },
        error => error.to_string(),
    };
    CheckpointError::Refused { action: action.to_string(), reason: said.into() }
}

/// The same for the tables of this crate.
pub(super) fn refusal_of(action: Action<'_>, failure: Failure) -> CheckpointError {
    match failure {
        Failure::Database(error) if error.as_database_error().is_some() && !verdict(&error).is_outage() => {
            let reason = format!("{error}{}", details(&error)).into();
            CheckpointError::Refused { action: action.to_string(), reason }
        }
        failure => CheckpointError::failed(action, failure),
    }
}

/// Another transaction has been faster: the batch is tried again.
pub(super) fn overtaken(table: &'static Table) -> ReadModelError {
    ReadModelError::Failed { table: table.name, action: "write", source: Box::new(Overtaken) }
}
