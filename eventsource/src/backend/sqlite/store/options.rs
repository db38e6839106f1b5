//! The options of a database file.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions, SqliteSynchronous};

use super::SqliteOpenError;
use super::mend::without_transactions;

/// The options of a database file.
///
/// ```
/// use std::time::Duration;
/// use eventsource::sqlite::SqliteOptions;
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
    is_read_only: bool,
}

/// Large enough for most pages of the log, so that the thread of SQLite and the reader do not wait for each other.
const ROW_BUFFER: usize = 512;

/// The maximum busy timeout: SQLite counts milliseconds in an `i32`.
const LONGEST_BUSY_TIMEOUT: Duration = Duration::from_secs(1_000_000);

impl SqliteOptions {
    /// Creates the default options for the file at `path`. Opening creates the file if it does not exist.
    ///
    /// `:memory:` is a database in memory. It must have 1 [connection](Self::connections), and lives as long as that
    /// one.
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// use eventsource::sqlite::{SqliteDatabase, SqliteOptions};
    ///
    /// let db = SqliteDatabase::open_with(SqliteOptions::new(":memory:").connections(1)).await?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn new(path: impl AsRef<Path>) -> Self {
        Self {
            path: path.as_ref().to_owned(),
            connections: 5,
            synchronous: SqliteSynchronous::Full,
            busy_timeout: Duration::from_secs(5),
            write_timeout: Duration::from_secs(30),
            migrate_on_open: true,
            is_read_only: false,
        }
    }

    /// Sets the maximum number of connections of the database; 5 by default, at least 1. For 0, opening fails with
    /// [`SqliteOpenError::NoConnections`].
    ///
    /// - With 1, reads and writes take turns, and a handler cannot read through its own database value. Any number of
    ///   subscriptions still makes progress.
    /// - From 2 on, one connection is the writer: it stores appends and units of work, one after the other. The others
    ///   read.
    /// - From 3 on, one connection is for handlers that take a connection. It is opened again after each batch in which
    ///   a handler had it.
    ///
    /// # Examples
    /// ```
    /// use eventsource::sqlite::SqliteOptions;
    ///
    /// // 1 writes, 1 is for handlers, 6 read.
    /// let options = SqliteOptions::new("orders.db").connections(8);
    /// ```
    #[must_use]
    pub const fn connections(mut self, connections: u32) -> Self {
        self.connections = connections;
        self
    }

    /// Sets when a commit has reached the disk; `Full` by default.
    ///
    /// With `Full`, a commit survives a power failure. With `Normal`, commits are faster, and a power failure can lose
    /// the last ones. A lost commit is lost as a whole, from the log and from the checkpoints.
    ///
    /// # Examples
    /// ```
    /// use eventsource::sqlx::sqlite::SqliteSynchronous;
    /// use eventsource::sqlite::SqliteOptions;
    ///
    /// let options = SqliteOptions::new("orders.db").synchronous(SqliteSynchronous::Normal);
    /// ```
    #[must_use]
    pub const fn synchronous(mut self, synchronous: SqliteSynchronous) -> Self {
        self.synchronous = synchronous;
        self
    }

    /// Sets how long one statement waits for a lock of another connection; 5 s by default. It is also the limit of your
    /// own queries on the [pool](super::SqliteDatabase::pool), and never longer than the [write
    /// timeout](Self::write_timeout).
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    ///
    /// use eventsource::sqlite::SqliteOptions;
    ///
    /// let options = SqliteOptions::new("orders.db").busy_timeout(Duration::from_secs(2));
    /// ```
    #[must_use]
    pub const fn busy_timeout(mut self, timeout: Duration) -> Self {
        self.busy_timeout = timeout;
        self
    }

    /// Sets how long an append or a unit of work waits for other writers in total; 30 s by default. Then it fails with
    /// [`StoreError::Busy`](crate::StoreError::Busy).
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    ///
    /// use eventsource::sqlite::SqliteOptions;
    ///
    /// // A web request should not wait for longer.
    /// let options = SqliteOptions::new("orders.db").write_timeout(Duration::from_secs(3));
    /// ```
    #[must_use]
    pub const fn write_timeout(mut self, timeout: Duration) -> Self {
        self.write_timeout = timeout;
        self
    }

    /// Sets whether opening migrates the tables; `true` by default, as on PostgreSQL.
    ///
    /// With `false`, call [`migrate`](Self::migrate) as a separate step. Opening fails with
    /// [`SqliteOpenError::NotMigrated`] if the tables are missing or old.
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// use eventsource::sqlite::{SqliteDatabase, SqliteOpenError, SqliteOptions};
    ///
    /// let options = SqliteOptions::new(":memory:").connections(1).migrate_on_open(false);
    /// let refused = SqliteDatabase::open_with(options).await.unwrap_err();
    /// assert!(matches!(refused, SqliteOpenError::NotMigrated { found: 0, .. }));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub const fn migrate_on_open(mut self, migrate: bool) -> Self {
        self.migrate_on_open = migrate;
        self
    }

    /// Refuses every write through this database; `false` by default. Opening then creates no file and migrates nothing:
    /// it fails with [`SqliteOpenError::Failed`] if the file does not exist, and with [`SqliteOpenError::NotMigrated`] if
    /// its tables are missing or old. Use it for tools that only look at a database.
    ///
    /// The rights to write the file and its folder are still needed, as for every reader of a file in WAL mode.
    ///
    /// # Examples
    /// ```
    /// use eventsource::sqlite::SqliteOptions;
    ///
    /// let options = SqliteOptions::new("orders.db").read_only(true);
    /// ```
    #[must_use]
    pub const fn read_only(mut self, is_read_only: bool) -> Self {
        self.is_read_only = is_read_only;
        self.migrate_on_open = self.migrate_on_open && !is_read_only;
        self
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
        // Connections stay open: a database in memory lives as long as its connection.
        let options = SqlitePoolOptions::new()
            .max_connections(self.connections.saturating_sub(own_connections(self.connections)).max(1))
            .acquire_timeout(self.write_timeout)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false);
        without_transactions(options)
    }

    /// Without the journal mode: it belongs to the file, and the switch to WAL can take longer than the busy timeout.
    pub(super) fn connect_options(&self) -> SqliteConnectOptions {
        let options = SqliteConnectOptions::new().filename(&self.path).create_if_missing(!self.is_read_only);
        let options = if self.is_read_only { options.pragma("query_only", "on") } else { options };
        options
            .foreign_keys(true)
            .synchronous(self.synchronous)
            .busy_timeout(self.busy_timeout.min(self.write_timeout).min(LONGEST_BUSY_TIMEOUT))
            .row_buffer_size(ROW_BUFFER)
    }
}

/// Returns how many of the connections have their own pool: the one of appends, and the one of handlers.
pub(super) const fn own_connections(connections: u32) -> u32 {
    match connections {
        0 | 1 => 0,
        2 => 1,
        _ => 2,
    }
}
