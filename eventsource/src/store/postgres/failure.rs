//! How a statement failed, and whether trying again helps.

use crate::store::StoreError;
use crate::store::sql::verdict::explained;
use crate::store::sql::{Action, Failure};

/// The SQLSTATE, where the error is the server's.
pub(crate) fn code(error: &sqlx::Error) -> Option<String> {
    Some(error.as_database_error()?.code()?.into_owned())
}

/// Another transaction has written between this one's reading a row and its writing it.
#[derive(Debug, thiserror::Error)]
#[error("another transaction has changed a row of it meanwhile")]
pub(crate) struct Overtaken;

/// Whether the transaction was in the way of another, and was undone: serialization failure, deadlock.
pub(crate) fn is_collision(error: &sqlx::Error) -> bool {
    matches!(code(error).as_deref(), Some("40001" | "40P01"))
}

/// Whether the connection was lost on which something was asked: by a crash, by the network, or terminated. What was
/// asked may have been done all the same, its answer being lost.
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
