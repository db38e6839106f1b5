//! An open database: its connections and its schema.

mod announcing;
mod connections;
mod session;
mod texts;

use std::fmt;
use std::sync::{Arc, OnceLock};

use sqlx::{PgPool, Postgres};
use tokio::runtime::Handle;
use tokio::sync::{OnceCell, Semaphore};

use super::announce::Announcer;
use super::horizon_cache::HorizonCache;
use super::listen::Listener;
use super::loss_tracker::LossTracker;
use super::schema::Schema;
use super::stall_watch::StallWatch;
use super::{PostgresOpenError, PostgresOptions, open, statements};
use crate::backend::postgres::table_cache::TableCache;
use crate::backend::sql::store::{ConnectionCache, Queue};
use crate::store::{LogId, WakeUpSender};

pub(crate) use self::session::StatementConnection;

/// An open PostgreSQL database with the tables of this crate in one of its schemas. A clone is the same database.
///
/// Open it once in a process. All subscriptions then share its connections, including the connection that listens
/// for appends.
///
/// It opens at most [`PostgresOptions::connections`] connections, 25 by default. Two of them store appends (one, if
/// there are fewer than 12): one for single appends, and one for appends that are stored together. So an append does
/// not wait for a reader or a handler. With a pooler, the connections are shared. The server shows them with the
/// application name `eventsource`, unless the URL sets another one. Every process opens its own: `max_connections` of
/// the server must allow the sum.
///
/// The driver is sqlx, in the version that `eventsource::sqlx` re-exports. The pools are created here: a pool that you
/// have already cannot be used.
///
/// An event store and checkpoints on it share its connections, and your own tables can use them too:
///
/// ```no_run
/// use eventsource::postgres::{PostgresDatabase, PostgresEventStore};
/// use eventsource::sqlx;
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let db = PostgresDatabase::open("postgres://shop@localhost/shop").await?;
/// let store = PostgresEventStore::new(&db);
/// sqlx::query("CREATE TABLE orders (id uuid PRIMARY KEY, total numeric)").execute(db.pool()).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct PostgresDatabase(Arc<Inner>);

struct Inner {
    pool: PgPool,
    units: PgPool,
    /// The turns of units of work, in the order of their requests.
    unit_turns: Arc<Semaphore>,
    /// The queue of appends.
    queue: Queue,
    readers: ConnectionCache<Postgres>,
    appender: ConnectionCache<Postgres>,
    losses: LossTracker,
    known: HorizonCache,
    schema: Schema,
    shown: String,
    pooler: bool,
    begin: String,
    limit_idle: String,
    savepoint: String,
    /// The statements of appends, which are used often.
    append: Arc<str>,
    append_one: Arc<str>,
    append_to_one: Arc<str>,
    append_few: [OnceLock<Arc<str>>; statements::FEW],
    watch: StallWatch,
    announcer: Announcer,
    wake_ups: Arc<WakeUpSender>,
    /// Wakes those that wait for a change of the requests and the pauses.
    operations: Arc<WakeUpSender>,
    options: PostgresOptions,
    listener: OnceLock<Option<Listener>>,
    runtime: Handle,
    /// The identity of the log, once an append has read it.
    log: OnceCell<LogId>,
    tables: TableCache,
}

impl PostgresDatabase {
    /// Opens the database at `url`, and migrates the tables in the schema `public`.
    ///
    /// The options are the defaults of [`PostgresOptions`]. To change them, call [`open_with`](Self::open_with).
    ///
    /// While the server refuses connections, for example because it is starting, this waits for up to 10 s
    /// ([`acquire_timeout`](PostgresOptions::acquire_timeout)). Then it fails: try again.
    ///
    /// # Errors
    /// [`PostgresOpenError`] says in each variant what to do:
    /// - [`PostgresOpenError::Url`]: `url` is not the URL of a PostgreSQL database.
    /// - [`PostgresOpenError::Failed`]: the server does not answer within 10 s, refuses the connection, or refuses a
    ///   statement. The source says why.
    /// - [`PostgresOpenError::OldServer`]: the server is older than PostgreSQL 15. Upgrade it.
    /// - [`PostgresOpenError::NewerSchema`]: a newer version of this crate has migrated the tables. Deploy that
    ///   version.
    /// - [`PostgresOpenError::EditedMigration`]: the tables were created by another text of a migration. Restore it.
    /// - [`PostgresOpenError::SequenceUnreadable`]: the role lacks a right. The text contains the `GRANT` to run.
    ///
    /// # Panics
    /// Panics outside a Tokio runtime.
    ///
    /// # Examples
    /// ```no_run
    /// use eventsource::postgres::PostgresDatabase;
    ///
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let db = PostgresDatabase::open("postgres://shop:secret@localhost:5432/shop").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn open(url: &str) -> Result<Self, PostgresOpenError> {
        Self::open_with(PostgresOptions::new(url)?).await
    }

    /// Opens a database with these options, and migrates its tables unless
    /// [`migrate_on_open`](PostgresOptions::migrate_on_open) is `false`.
    ///
    /// # Errors
    /// The errors of [`open`](Self::open), and:
    /// - [`PostgresOpenError::TooFewConnections`]: the options allow fewer than 6 connections.
    /// - [`PostgresOpenError::InvalidSchema`]: the name of the schema is not valid.
    /// - [`PostgresOpenError::NotMigrated`]: the tables are missing or old, and `migrate_on_open` is `false`. Call
    ///   [`PostgresOptions::migrate`] first.
    ///
    /// # Panics
    /// Panics outside a Tokio runtime.
    ///
    /// # Examples
    /// ```no_run
    /// use eventsource::postgres::{PostgresDatabase, PostgresOptions};
    ///
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let options = PostgresOptions::new("postgres://shop@localhost/shop")?.schema("events").connections(40);
    /// let db = PostgresDatabase::open_with(options).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn open_with(options: PostgresOptions) -> Result<Self, PostgresOpenError> {
        let opened = open::open(&options).await?;
        Ok(Self(Arc::new(Inner {
            pool: opened.pool,
            units: opened.units,
            unit_turns: Arc::new(Semaphore::new(opened.unit_turns as usize)),
            queue: Queue::default(),
            readers: opened.readers,
            appender: opened.appender,
            losses: opened.losses,
            append: opened.schema.sql(statements::APPEND).into(),
            append_one: opened.schema.sql(statements::APPEND_ONE).into(),
            append_to_one: opened.schema.sql(statements::APPEND_TO_ONE).into(),
            append_few: Default::default(),
            known: opened.known,
            schema: opened.schema,
            shown: options.shown(),
            pooler: options.pooler,
            begin: options.begin_sql(),
            limit_idle: options.limit_idle_sql(),
            savepoint: statements::savepoint(options.idle_timeout()),
            watch: StallWatch::new(options.horizon_warning),
            announcer: Announcer::new(opened.log),
            wake_ups: Arc::default(),
            operations: Arc::default(),
            options,
            listener: OnceLock::new(),
            runtime: Handle::current(),
            log: OnceCell::new(),
            tables: TableCache::default(),
        })))
    }

    /// Returns the pool of the shared connections, for your own tables and queries.
    ///
    /// It has 9 of 25 connections (see [`PostgresOptions::connections`]). Checkpoints, lease renewals, status queries
    /// and read models use it too. If your queries hold all of them for longer than the
    /// [lease](crate::SubscriptionConfig::lease), a standby can take over: give slow reports a pool of their own.
    ///
    /// This crate sets no `search_path`: name the schema in your SQL if it is not `public`. It does not read or write
    /// the table of `sqlx migrate`, so you can use that for your own tables.
    ///
    /// # Examples
    /// ```no_run
    /// use eventsource::sqlx;
    /// # use eventsource::postgres::PostgresDatabase;
    ///
    /// # async fn example(db: PostgresDatabase) -> Result<(), Box<dyn std::error::Error>> {
    /// let orders: i64 = sqlx::query_scalar("SELECT count(*) FROM orders").fetch_one(db.pool()).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn pool(&self) -> &PgPool {
        &self.0.pool
    }

    /// Returns the name of the schema of this crate's tables.
    ///
    /// # Examples
    /// ```no_run
    /// # use eventsource::postgres::PostgresDatabase;
    /// # fn example(db: PostgresDatabase) {
    /// println!("the tables of eventsource are in the schema {}", db.schema());
    /// # }
    /// ```
    #[must_use]
    pub fn schema(&self) -> &str {
        self.0.schema.name()
    }

    /// Closes all connections. Waits without a limit for connections that are in use, so stop the manager first. Later
    /// calls on this database fail with [`StoreError::Failed`](crate::StoreError::Failed).
    ///
    /// # Examples
    /// ```no_run
    /// # use eventsource::postgres::{PostgresCheckpoints, PostgresDatabase};
    /// # use eventsource::SubscriptionManager;
    /// # use eventsource::subscription::ManagerError;
    /// # type Manager = SubscriptionManager<PostgresCheckpoints>;
    /// # async fn example(manager: Manager, db: PostgresDatabase) -> Result<(), ManagerError> {
    /// // Stop the subscriptions first: each of them may hold a connection.
    /// manager.stop().await?;
    /// db.close().await;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn close(&self) {
        if let Some(listener) = self.0.listener.get_or_init(|| None) {
            listener.stop();
        }
        self.0.unit_turns.close();
        self.0.units.close().await;
        self.0.readers.close().await;
        self.0.appender.close().await;
        self.0.pool.close().await;
    }

    /// Returns what this process knows about the tables of read models.
    pub(in crate::backend) fn tables(&self) -> &TableCache {
        &self.0.tables
    }

    /// Returns the identity of the log that appends go to, once it is read.
    pub(super) fn log(&self) -> &OnceCell<LogId> {
        &self.0.log
    }

    pub(super) fn losses(&self) -> &LossTracker {
        &self.0.losses
    }

    /// The last known horizon.
    pub(super) fn known(&self) -> &HorizonCache {
        &self.0.known
    }

    pub(super) fn announcer(&self) -> &Announcer {
        &self.0.announcer
    }

    pub(super) fn watch(&self) -> &StallWatch {
        &self.0.watch
    }
}

impl fmt::Debug for PostgresDatabase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresDatabase")
            .field("database", &self.0.shown)
            .field("schema", &self.0.schema.name())
            .finish_non_exhaustive()
    }
}
