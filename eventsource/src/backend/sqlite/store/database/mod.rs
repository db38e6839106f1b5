//! An open database file: its connections, and the lock of its writers.

mod writing;

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use sqlx::{Sqlite, SqlitePool};
use tokio::sync::Mutex;

use super::busy::BusyDeadline;
use super::{SqliteOpenError, SqliteOptions, open};
use crate::backend::sql::read_model::Matching;
use crate::backend::sql::store::{Action, ConnectionCache, Queue};
use crate::store::{LogId, ReentrancyMark, WakeUpSender};

pub(crate) use self::writing::Writing;

/// An open database file with the tables of this crate. A clone is the same database.
///
/// It opens at most [`SqliteOptions::connections`] connections, 5 by default. One of them stores appends, so that an
/// append waits only for other writers, and not for a free connection. With one connection, appends use that one.
///
/// An event store and checkpoints on it share its connections, and your own tables can use them too:
///
/// ```
/// use eventsource::sqlite::{SqliteDatabase, SqliteEventStore};
/// use eventsource::sqlx;
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// # let path = std::env::temp_dir().join(format!("eventsource-doc-{}.db", uuid::Uuid::now_v7()));
/// let db = SqliteDatabase::open(&path).await?;
/// let store = SqliteEventStore::new(&db);
/// sqlx::query("CREATE TABLE orders (id BLOB PRIMARY KEY, total REAL)").execute(db.pool()).await?;
/// db.close().await;
/// # std::fs::remove_file(path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct SqliteDatabase(Arc<Inner>);

struct Inner {
    pool: SqlitePool,
    lock: ReentrancyMark,
    in_memory: bool,
    only_connection: bool,
    writing: Arc<Mutex<()>>,
    /// The queue of appends, and the connection that stores them.
    queue: Queue,
    appender: ConnectionCache<Sqlite>,
    /// The connection that handlers get; `None` if there is one connection for everything.
    handlers: Option<ConnectionCache<Sqlite>>,
    /// Whether the last unit of work gave its connection to a handler. The next one probably will too.
    lends: AtomicBool,
    write_timeout: Duration,
    wake_ups: WakeUpSender,
    /// Wakes those that wait for a change of the requests and the pauses.
    operations: WakeUpSender,
    /// The identity of the log, as it was when the file was opened.
    log: LogId,
    tables: Matching<i64>,
}

impl SqliteDatabase {
    /// Opens the file at `path`. Creates it if it does not exist, and migrates its tables.
    ///
    /// The options are the defaults of [`SqliteOptions`]. To change them, call [`open_with`](Self::open_with).
    ///
    /// # Errors
    /// - [`SqliteOpenError::Busy`]: another connection has locked the file for 30 s. Retry.
    /// - [`SqliteOpenError::Failed`]: the file cannot be created, read or written. The source says why: check the
    ///   folder and its permissions.
    /// - [`SqliteOpenError::NoWal`]: the file system cannot hold a file in WAL mode. Use a local one.
    /// - [`SqliteOpenError::NewerSchema`]: a newer version of this crate has migrated the tables. Deploy that version.
    /// - [`SqliteOpenError::EditedMigration`]: the tables were created by another text of a migration. Restore it.
    /// - [`SqliteOpenError::InMemory`] or [`SqliteOpenError::Url`]: `path` is no path of a file. The text says what to
    ///   write.
    ///
    /// # Panics
    /// Panics outside a Tokio runtime.
    ///
    /// # Examples
    /// ```
    /// use eventsource::sqlite::SqliteDatabase;
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # let path = std::env::temp_dir().join(format!("eventsource-doc-{}.db", uuid::Uuid::now_v7()));
    /// let db = SqliteDatabase::open(&path).await?;
    /// assert!(path.exists());
    /// # db.close().await;
    /// # std::fs::remove_file(path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, SqliteOpenError> {
        Self::open_with(SqliteOptions::new(path)).await
    }

    /// Opens a file with these options.
    ///
    /// # Errors
    /// The errors of [`open`](Self::open), and:
    /// - [`SqliteOpenError::NoConnections`]: the options allow 0 connections.
    /// - [`SqliteOpenError::InMemory`]: the database is in memory, and the options allow several connections.
    /// - [`SqliteOpenError::NotMigrated`]: the tables are missing or old, and
    ///   [`migrate_on_open`](SqliteOptions::migrate_on_open) is `false`. Call [`SqliteOptions::migrate`] first.
    ///
    /// # Panics
    /// Panics outside a Tokio runtime.
    ///
    /// # Examples
    /// A database in memory, for tests. It must have one connection:
    ///
    /// ```
    /// use eventsource::sqlite::{SqliteDatabase, SqliteOptions};
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let db = SqliteDatabase::open_with(SqliteOptions::new(":memory:").connections(1)).await?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn open_with(options: SqliteOptions) -> Result<Self, SqliteOpenError> {
        static POOLS: AtomicU64 = AtomicU64::new(0);
        let opened = open::open(&options).await?;
        let pool = POOLS.fetch_add(1, Ordering::Relaxed);
        let file = opened.file.as_deref().map_or_else(|| format!("in memory #{pool}").into(), Arc::from);
        Ok(Self(Arc::new(Inner {
            appender: match opened.appender {
                Some(pool) => ConnectionCache::new(pool),
                None => ConnectionCache::none(opened.pool.clone()),
            },
            handlers: opened.handlers.map(ConnectionCache::new),
            lends: AtomicBool::new(false),
            pool: opened.pool,
            queue: Queue::default(),
            lock: ReentrancyMark::new(file, pool),
            in_memory: opened.file.is_none(),
            only_connection: options.connections == 1,
            writing: Arc::default(),
            write_timeout: options.write_timeout,
            wake_ups: WakeUpSender::new(),
            operations: WakeUpSender::new(),
            log: opened.log,
            tables: Matching::default(),
        })))
    }

    /// Returns the connection pool, for your own tables and queries.
    ///
    /// SQLite has one writer at a time. Keep write transactions short, and begin them with
    /// `pool.begin_with("BEGIN IMMEDIATE")`.
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # use eventsource::sqlite::{SqliteDatabase, SqliteOptions};
    /// # let db = SqliteDatabase::open_with(SqliteOptions::new(":memory:").connections(1)).await?;
    /// use eventsource::sqlx;
    ///
    /// let mut tx = db.pool().begin_with("BEGIN IMMEDIATE").await?;
    /// sqlx::query("CREATE TABLE customers (name TEXT)").execute(&mut *tx).await?;
    /// tx.commit().await?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn pool(&self) -> &SqlitePool {
        &self.0.pool
    }

    /// Closes all connections. Waits for connections that are in use. Later calls on this database fail.
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # use eventsource::sqlite::{SqliteDatabase, SqliteOptions};
    /// # let db = SqliteDatabase::open_with(SqliteOptions::new(":memory:").connections(1)).await?;
    /// # use eventsource::{EventLog, StoreError, sqlite::SqliteEventStore};
    /// let store = SqliteEventStore::new(&db);
    /// db.close().await;
    /// assert!(matches!(store.head().await, Err(StoreError::Failed { .. })));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn close(&self) {
        self.0.appender.close().await;
        if let Some(handlers) = &self.0.handlers {
            handlers.close().await;
        }
        self.0.pool.close().await;
    }

    pub(crate) fn wake_ups(&self) -> &WakeUpSender {
        &self.0.wake_ups
    }

    /// Returns the sender that wakes those that wait for a change of the requests and the pauses, in this process.
    pub(in crate::backend) fn operations(&self) -> &WakeUpSender {
        &self.0.operations
    }

    /// Returns what this process knows about the tables of read models.
    pub(in crate::backend) fn tables(&self) -> &Matching<i64> {
        &self.0.tables
    }

    /// Returns the identity of the log that appends go to.
    pub(super) fn log_id(&self) -> LogId {
        self.0.log
    }

    /// The lock that a unit of work on this database holds.
    pub(crate) fn lock(&self) -> &ReentrancyMark {
        &self.0.lock
    }

    pub(crate) fn is_in_memory(&self) -> bool {
        self.0.in_memory
    }

    pub(crate) fn patience<'a>(&self, action: Action<'a>) -> BusyDeadline<'a> {
        BusyDeadline::new(action, self.0.write_timeout)
    }

    pub(super) fn queue(&self) -> &Queue {
        &self.0.queue
    }

    /// The connection of appends. Only the owner of the turn takes it.
    pub(crate) fn appender(&self) -> &ConnectionCache<Sqlite> {
        &self.0.appender
    }

    /// The connection that handlers get, if they have one of their own.
    pub(crate) fn handlers(&self) -> Option<&ConnectionCache<Sqlite>> {
        self.0.handlers.as_ref()
    }

    /// Returns whether the next unit of work will probably give its connection to a handler.
    pub(crate) fn lends(&self) -> bool {
        self.0.lends.load(Ordering::Relaxed)
    }

    /// Remembers whether a unit of work gave its connection to a handler.
    pub(crate) fn note_lent(&self, lent: bool) {
        self.0.lends.store(lent, Ordering::Relaxed);
    }
}

impl fmt::Debug for SqliteDatabase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteDatabase").field("file", &self.0.lock.resource()).finish_non_exhaustive()
    }
}
