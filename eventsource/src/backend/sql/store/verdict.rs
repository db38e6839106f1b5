//! Classifies the errors of the driver, and adds remedies that the server does not know.

use std::error::Error;

use crate::store::Verdict;

/// Classifies an error of the driver, which did not come from the database.
pub(crate) fn of_driver(error: &sqlx::Error) -> Verdict {
    use sqlx::Error as E;
    match error {
        E::Io(_) | E::Tls(_) | E::PoolTimedOut | E::PoolClosed | E::WorkerCrashed | E::BeginFailed => Verdict::Outage,
        // The answers do not match the queries: the connection is unusable.
        E::Protocol(_) => Verdict::StaleConnection,
        E::ColumnDecode { .. } | E::ColumnIndexOutOfBounds { .. } | E::ColumnNotFound(_) => Verdict::Permanent,
        E::Decode(_) | E::Encode(_) | E::TypeNotFound { .. } => Verdict::Permanent,
        _ => Verdict::Transient,
    }
}

/// Returns the remedy for `error`, if the message of the server does not say it.
pub(crate) fn remedy(error: &sqlx::Error) -> Option<&'static str> {
    // Only PostgreSQL has codes of five characters.
    match error.as_database_error()?.code()?.as_ref() {
        "26000" | "42P05" => Some(
            "the connection has lost its prepared statements: with a pooler in transaction mode, such as PgBouncer, \
             set `PostgresOptions::pooler_mode(true)`; without a pooler, a handler has deallocated them",
        ),
        "08P01" => Some(
            "the server did not expect this message on this connection: with a pooler in transaction mode, such as \
             PgBouncer, set `PostgresOptions::pooler_mode(true)`, and add startup parameters that the pooler refuses \
             to its `ignore_startup_parameters`",
        ),
        "42501" => Some(
            "the role of this program lacks a right: grant it; for the tables of eventsource, `eventsource doctor --grants` \
             prints the SQL",
        ),
        _ => None,
    }
}

/// An error with its remedy.
#[derive(Debug, thiserror::Error)]
#[error("{remedy}")]
struct Explained {
    #[source]
    error: sqlx::Error,
    remedy: &'static str,
}

/// Adds the remedy to `error`, if there is one.
pub(crate) fn explained(error: sqlx::Error) -> Box<dyn Error + Send + Sync> {
    match remedy(&error) {
        Some(remedy) => Box::new(Explained { error, remedy }),
        None => Box::new(error),
    }
}
