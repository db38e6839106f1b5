//! What errors say on every database: those of the driver itself, and what helps where the server does not know it.

use std::error::Error;

use crate::store::Verdict;

/// What an error says that is not the database's, but the driver's.
pub(crate) fn of_driver(error: &sqlx::Error) -> Verdict {
    use sqlx::Error as E;
    match error {
        E::Io(_) | E::Tls(_) | E::PoolTimedOut | E::PoolClosed | E::WorkerCrashed | E::BeginFailed => Verdict::Outage,
        // Answers that do not belong to what was asked: the connection is of no use to anybody.
        E::Protocol(_) => Verdict::StaleConnection,
        E::ColumnDecode { .. } | E::ColumnIndexOutOfBounds { .. } | E::ColumnNotFound(_) => Verdict::Permanent,
        E::Decode(_) | E::Encode(_) | E::TypeNotFound { .. } => Verdict::Permanent,
        _ => Verdict::Transient,
    }
}

/// What helps against `error`, where the server does not know it.
pub(crate) fn remedy(error: &sqlx::Error) -> Option<&'static str> {
    // Only PostgreSQL has codes of five characters.
    match error.as_database_error()?.code()?.as_ref() {
        "26000" | "42P05" => Some(
            "prepared statements do not stay with their connection: through a pooler in transaction mode, such as \
             PgBouncer, the database needs `PostgresOptions::pooler_mode(true)`; without one, a handler has deallocated \
             them",
        ),
        "08P01" => Some(
            "the server takes a message of this connection for one that does not belong here: through a pooler in \
             transaction mode, such as PgBouncer, the database needs `PostgresOptions::pooler_mode(true)`, and a startup \
             parameter that the pooler refuses belongs into its `ignore_startup_parameters`",
        ),
        _ => None,
    }
}

/// An error, and what helps against it.
#[derive(Debug, thiserror::Error)]
#[error("{remedy}: {error}")]
struct Explained {
    #[source]
    error: sqlx::Error,
    remedy: &'static str,
}

/// `error`, with its remedy where the server does not know it.
pub(crate) fn explained(error: sqlx::Error) -> Box<dyn Error + Send + Sync> {
    match remedy(&error) {
        Some(remedy) => Box::new(Explained { error, remedy }),
        None => Box::new(error),
    }
}
