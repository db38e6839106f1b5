//! Why a database file was not opened.

use std::time::Duration;

/// Why a database file was not opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SqliteOpenError {
    /// SQLite does not open it.
    #[error("the database {path} cannot be opened: {source}")]
    Failed {
        /// The path, as it was given.
        path: String,
        /// What SQLite says.
        source: sqlx::Error,
    },
    /// Another connection kept it locked while its tables had to be made.
    #[error("the database {path} cannot be opened: another connection has kept it locked for {waited:?}")]
    Busy {
        /// The path, as it was given.
        path: String,
        /// How long was waited.
        waited: Duration,
    },
    /// It is in memory, where each connection would have a database of its own.
    #[error(
        "the database `{path}` is in memory, where each of the {connections} connections would have a database of its \
         own: use `SqliteOptions::connections(1)`, a `MemoryEventStore`, or a temporary file"
    )]
    InMemory {
        /// The path, as it was given.
        path: String,
        /// How many connections were asked for.
        connections: u32,
    },
    /// The tables are not there, or not up to date, and opening is not to change that.
    #[error(
        "the database {path} has the schema version {found} of {known} (0 where there are no tables): call \
         `SqliteOptions::migrate` before it is opened, or leave out `migrate_on_open(false)`"
    )]
    NotMigrated {
        /// The path, as it was given.
        path: String,
        /// The version that the tables have; 0 where there are none.
        found: i64,
        /// The version that the code wants.
        known: i64,
    },
    /// A newer version of this crate has made its tables.
    #[error(
        "the database {path} has the schema version {found}, and this version of eventsource knows version {known} at \
         most: open it with the newer eventsource that made it"
    )]
    NewerSchema {
        /// The path, as it was given.
        path: String,
        /// The version that the database has.
        found: i64,
        /// The newest version that the code knows.
        known: i64,
    },
    /// It stays in another journal mode than WAL.
    #[error(
        "the database {path} stays in the journal mode `{mode}` instead of WAL, without which readers and writers \
         would block each other: keep it on a local file system that is writable"
    )]
    NoWal {
        /// The path, as it was given.
        path: String,
        /// The mode in which it is.
        mode: String,
    },
    /// The options allow no connection.
    #[error("the database {path} cannot be opened with 0 connections: give `SqliteOptions::connections` at least 1")]
    NoConnections {
        /// The path, as it was given.
        path: String,
    },
    /// A URL was given where a path is wanted.
    #[error("`{url}` is a URL: give the path of the database file")]
    Url {
        /// What was given.
        url: String,
    },
}

/// Why a step of opening failed.
pub(super) enum Trouble {
    Database(sqlx::Error),
    Refused(SqliteOpenError),
}

impl From<sqlx::Error> for Trouble {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}
