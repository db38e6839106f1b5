//! Errors of opening a database file.

use std::time::Duration;

/// A database file was not opened.
///
/// ```
/// use eventsource::sqlite::{SqliteDatabase, SqliteOpenError, SqliteOptions};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let error = SqliteDatabase::open_with(SqliteOptions::new(":memory:")).await.unwrap_err();
/// // With 5 connections, the default, there would be five databases.
/// assert!(matches!(error, SqliteOpenError::InMemory { connections: 5, .. }));
/// # });
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SqliteOpenError {
    /// SQLite cannot open the file. The source says why: check the path, and the rights on the file and its folder.
    #[error("the database {path} cannot be opened")]
    Failed {
        /// The path, as it was given.
        path: String,
        /// The error of SQLite.
        source: sqlx::Error,
    },
    /// Another connection has locked the file while it had to be migrated. Retry.
    #[error("the database {path} cannot be opened: another connection has locked it for {waited:?}; retry")]
    Busy {
        /// The path, as it was given.
        path: String,
        /// How long this call has waited.
        waited: Duration,
    },
    /// The database is in memory, and the options allow several connections. Each would have its own database. Allow
    /// one connection, or use a file.
    #[error(
        "the database `{path}` is in memory, where each of the {connections} connections would have a database of its \
         own: use `SqliteOptions::connections(1)`, a `MemoryEventStore`, or a temporary file"
    )]
    InMemory {
        /// The path, as it was given.
        path: String,
        /// The number of connections in the options.
        connections: u32,
    },
    /// The tables are missing or old, and the options do not let opening migrate them. Call
    /// [`SqliteOptions::migrate`](super::SqliteOptions::migrate) first.
    #[error(
        "the database {path} has the schema version {found} and needs {known} (0 means that it has no tables): call \
         `SqliteOptions::migrate` before you open it, or leave out `migrate_on_open(false)`"
    )]
    NotMigrated {
        /// The path, as it was given.
        path: String,
        /// The version of the tables; 0 if there are none.
        found: i64,
        /// The version that this crate needs.
        known: i64,
    },
    /// A newer version of this crate has migrated the tables. Deploy a program that uses that version.
    #[error(
        "the database {path} has the schema version {found}, and this version of eventsource knows versions up to \
         {known}: use the newer eventsource that migrated it"
    )]
    NewerSchema {
        /// The path, as it was given.
        path: String,
        /// The version of the tables.
        found: i64,
        /// The newest version that this crate knows.
        known: i64,
    },
    /// A migration was edited after it created the tables of this database. Restore its text, and add a new migration.
    #[error(
        "the database {path} was made by another text of the migration {migration} (`{name}`): restore that text, and \
         add a migration for what should change"
    )]
    EditedMigration {
        /// The path, as it was given.
        path: String,
        /// The number of the migration.
        migration: i64,
        /// Its name.
        name: &'static str,
    },
    /// The file cannot be switched to the journal mode WAL. Put it on a local file system that is writable.
    #[error(
        "the database {path} stays in the journal mode `{mode}` instead of WAL, without which readers and writers \
         would block each other: put it on a local file system that is writable"
    )]
    NoWal {
        /// The path, as it was given.
        path: String,
        /// The journal mode of the file.
        mode: String,
    },
    /// The options allow 0 connections. Allow at least 1.
    #[error("the database {path} cannot be opened with 0 connections: give `SqliteOptions::connections` at least 1")]
    NoConnections {
        /// The path, as it was given.
        path: String,
    },
    /// The path is a URL. Pass the path of the file.
    #[error("`{url}` is a URL: give the path of the database file")]
    Url {
        /// The URL.
        url: String,
    },
}

/// A step of opening failed.
pub(super) enum Trouble {
    Database(sqlx::Error),
    Refused(SqliteOpenError),
}

impl From<sqlx::Error> for Trouble {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}
