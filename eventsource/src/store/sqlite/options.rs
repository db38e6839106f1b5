//! How a database file is opened.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions, SqliteSynchronous};

use super::SqliteOpenError;
use super::mend::without_transactions;

/// How a database file is opened.
///
/// ```
/// use std::time::Duration;
/// use eventsource::store::sqlite::SqliteOptions;
/// use eventsource::sqlx::sqlite::SqliteSynchronous;
///
/// let options = SqliteOptions::new("orders.db")
///     .connections(8)
///     .synchronous(SqliteSynchronous::Normal)
///     .write_timeout(Duration::from_secs(10));
/// ```
#[derive(Debug, Clone)]
pub struct SqliteOptions {
    pub(super) path: PathBuf,
    pub(super) connections: u32,
    synchronous: SqliteSynchronous,
    busy_timeout: Duration,
    pub(super) write_timeout: Duration,
    pub(super) migrate_on_open: bool,
}

/// A page of the log goes from SQLite's thread to the reader without either waiting for the other.
const ROW_BUFFER: usize = 512;

/// What SQLite takes as its busy timeout: it counts milliseconds in an `i32`.
const LONGEST_BUSY_TIMEOUT: Duration = Duration::from_secs(1_000_000);

impl SqliteOptions {
    /// The file at `path`, which is made where it does not exist.
    #[must_use]
    pub fn new(path: impl AsRef<Path>) -> Self {
        Self {
            path: path.as_ref().to_owned(),
            connections: 5,
            synchronous: SqliteSynchronous::Full,
            busy_timeout: Duration::from_secs(5),
            write_timeout: Duration::from_secs(30),
            migrate_on_open: true,
        }
    }

    /// The largest number of connections that the database value opens, in all; 5 by default, at least 1. Opening fails
    /// with [`SqliteOpenError::NoConnections`] for 0.
    ///
    /// One of them is the writer, on which appends and units of work are stored in turn. From 3 on another one is lent to
    /// handlers that ask for a connection, and is opened again after each batch in which one had it. The others read. With 1
    /// connection, reads and writes take turns, and a handler cannot read through its own database value. Any number of
    /// subscriptions makes progress with 1 connection.
    #[must_use]
    pub const fn connections(mut self, connections: u32) -> Self {
        self.connections = connections;
        self
    }

    /// When a commit has reached the disk. `Full`, the default, survives a power failure; with `Normal` a commit is
    /// faster, and the last ones before a power failure may be missing, whole, from the log and the checkpoints alike.
    #[must_use]
    pub const fn synchronous(mut self, synchronous: SqliteSynchronous) -> Self {
        self.synchronous = synchronous;
        self
    }

    /// How long one statement waits for a lock that another connection holds, also in your own queries; 5 s by default.
    #[must_use]
    pub const fn busy_timeout(mut self, timeout: Duration) -> Self {
        self.busy_timeout = timeout;
        self
    }

    /// How long an append or a unit of work waits in all until it may write; 30 s by default. Then it fails as busy.
    #[must_use]
    pub const fn write_timeout(mut self, timeout: Duration) -> Self {
        self.write_timeout = timeout;
        self
    }

    /// Whether opening brings the tables up to date; `true` by default, as on PostgreSQL. With `false`, opening fails with
    /// [`SqliteOpenError::NotMigrated`] where they are not, and [`migrate`](Self::migrate) is a step of its own.
    #[must_use]
    pub const fn migrate_on_open(mut self, migrate: bool) -> Self {
        self.migrate_on_open = migrate;
        self
    }

    /// Brings the tables up to date: creates the file and the tables where there are none. Several processes may do it at
    /// once.
    ///
    /// # Errors
    /// [`SqliteOpenError`]
    pub async fn migrate(&self) -> Result<(), SqliteOpenError> {
        let opened = super::open::open(&self.clone().migrate_on_open(true)).await?;
        opened.pool.close().await;
        Ok(())
    }

    pub(super) fn shown_path(&self) -> String {
        self.path.display().to_string()
    }

    pub(super) fn check(&self) -> Result<(), SqliteOpenError> {
        match self.path.to_str() {
            Some(url) if url.starts_with("sqlite:") => Err(SqliteOpenError::Url { url: url.to_owned() }),
            _ if self.connections == 0 => Err(SqliteOpenError::NoConnections { path: self.shown_path() }),
            _ => Ok(()),
        }
    }

    pub(super) fn pool_options(&self) -> SqlitePoolOptions {
        // A database in memory lives as long as its connection, and a file costs nothing to keep open.
        let options = SqlitePoolOptions::new()
            .max_connections(self.connections.saturating_sub(own_connections(self.connections)).max(1))
            .acquire_timeout(self.write_timeout)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false);
        without_transactions(options)
    }

    /// The journal mode is not among them: it is the file's, and the switch needs more patience than a connection has.
    pub(super) fn connect_options(&self) -> SqliteConnectOptions {
        SqliteConnectOptions::new()
            .filename(&self.path)
            .create_if_missing(true)
            .foreign_keys(true)
            .synchronous(self.synchronous)
            .busy_timeout(self.busy_timeout.min(self.write_timeout).min(LONGEST_BUSY_TIMEOUT))
            .row_buffer_size(ROW_BUFFER)
    }
}

/// How many connections of so many are neither readers nor everybody's: the writer, and the one that handlers are lent.
pub(super) const fn own_connections(connections: u32) -> u32 {
    match connections {
        0 | 1 => 0,
        2 => 1,
        _ => 2,
    }
}
