//! Classifies failures of statements.

use crate::backend::sql::store::verdict::explained;
use crate::backend::sql::store::{Action, Failure};
use crate::store::StoreError;

/// Returns the SQLSTATE, if the error came from the server.
pub(crate) fn code(error: &sqlx::Error) -> Option<String> {
    Some(error.as_database_error()?.code()?.into_owned())
}

/// Another transaction has changed a row after this transaction read it, and before this one wrote it.
#[derive(Debug, thiserror::Error)]
#[error("another transaction has changed a row of it at the same time; retry")]
pub(crate) struct Overtaken;

/// Returns whether the transaction was rolled back because of another one: serialization failure or deadlock.
pub(crate) fn is_collision(error: &sqlx::Error) -> bool {
    matches!(code(error).as_deref(), Some("40001" | "40P01"))
}

/// Returns whether the connection was lost: by a crash, by the network, or because it was terminated. The statement may
/// have been executed.
pub(crate) fn is_lost(error: &sqlx::Error) -> bool {
    match code(error).as_deref() {
        Some(code) => code.starts_with("08") || matches!(code, "57P01" | "57P02" | "57P05"),
        None => matches!(error, sqlx::Error::Io(_) | sqlx::Error::BeginFailed),
    }
}

pub(crate) fn store_error(action: Action<'_>, failure: Failure) -> StoreError {
    match failure {
        Failure::Database(error) => StoreError::Failed { action: action.to_string(), source: explained(error) },
        Failure::Corrupt(what) => StoreError::Corrupt { what },
    }
}
