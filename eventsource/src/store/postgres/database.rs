//! A database, opened: its connections and its schema.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, PgPool, Postgres, Transaction};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::announce::Announcer;
use super::horizon::StallWatch;
use super::horizon_cache::HorizonCache;
use super::listen::Listener;
use super::loss_tracker::LossTracker;
use super::schema::Schema;
use super::{PostgresOpenError, PostgresOptions, open, statements};
use crate::store::WakeUpSender;
use crate::store::attached::Attached;
use crate::store::sql::{Borrowed, ConnectionCache, Queue};

/// A PostgreSQL database, opened, with the tables of this crate in one of its schemas. A clone is the same database: open
/// it once a process, whose subscriptions then share its connections and the one that listens for appends.
///
/// One value opens at most [`PostgresOptions::connections`] connections, 25 by default. Two of them store appends (one, with
/// fewer than 12 in all): one for an append that is made alone, one for those that are stored together. So an append does
/// not wait for a reader or a handler. Through a pooler the connections are shared.
///
/// An event store and checkpoints on it share its connections, and so may your own tables:
///
/// ```no_run
/// use eventsource::store::postgres::{PostgresDatabase, PostgresEventStore};
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
    /// The turns of units of work, in the order in which they ask.
    unit_turns: Arc<Semaphore>,
    /// What appends wait in, and the connections on which they are stored.
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
    /// The statements of appends, which are wanted often.
    append: Arc<str>,
    append_one: Arc<str>,
    append_to_one: Arc<str>,
    append_few: [OnceLock<Arc<str>>; statements::FEW],
    watch: StallWatch,
    announcer: Announcer,
    wake_ups: Arc<WakeUpSender>,
    options: PostgresOptions,
    listener: OnceLock<Option<Listener>>,
    runtime: Handle,
    attached: Attached,
}

/// A connection for one statement. Through a pooler a statement takes several messages, which only a transaction
/// keeps together.
pub(crate) enum StatementConnection {
    Alone(PoolConnection<Postgres>),
    InTransaction(Transaction<'static, Postgres>),
}

impl PostgresDatabase {
    /// Opens the database at `url`, with the tables in the schema `public`, and brings them up to date.
    ///
    /// # Errors
    /// [`PostgresOpenError`]
    pub async fn open(url: &str) -> Result<Self, PostgresOpenError> {
        Self::open_with(PostgresOptions::new(url)?).await
    }

    /// Opens a database by these options, and brings its tables up to date unless
    /// [`migrate_on_open`](PostgresOptions::migrate_on_open) says otherwise.
    ///
    /// # Errors
    /// [`PostgresOpenError`]
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
            options,
            listener: OnceLock::new(),
            runtime: Handle::current(),
            attached: Attached::default(),
        })))
    }

    /// The connections, for your own tables and queries.
    #[must_use]
    pub fn pool(&self) -> &PgPool {
        &self.0.pool
    }

    /// The schema in which this crate's tables are.
    #[must_use]
    pub fn schema(&self) -> &str {
        self.0.schema.name()
    }

    /// Closes all connections, those in use when they are given back. Whatever is asked afterwards fails.
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

    /// The wake-ups. The first call begins to listen for what other processes append.
    pub(super) fn wake_ups(&self) -> &WakeUpSender {
        let Inner { listener, options, announcer, wake_ups, runtime, .. } = &*self.0;
        listener.get_or_init(|| {
            let connect = options.listener_options()?;
            Some(Listener::start(runtime, connect, announcer, Arc::clone(wake_ups)))
        });
        wake_ups
    }

    /// Tells everybody that something was appended: this process at once, the others soon.
    pub(super) fn announce(&self) {
        self.0.wake_ups.wake();
        self.0.announcer.announce(&self.0.pool);
    }

    /// What modules above keep beside the database.
    pub(crate) fn attached(&self) -> &Attached {
        &self.0.attached
    }

    /// Waits, for as long as it takes, for the turn to open a unit of work, and gives it a connection. Whoever waits
    /// holds none.
    pub(crate) async fn unit_connection(
        &self,
    ) -> Result<(PoolConnection<Postgres>, OwnedSemaphorePermit), sqlx::Error> {
        let turn = Arc::clone(&self.0.unit_turns).acquire_owned().await.map_err(|_| sqlx::Error::PoolClosed)?;
        Ok((self.named(&self.0.units, self.0.units.acquire().await).await?, turn))
    }

    /// What a connection of `pool` was waited for. Where that was in vain because the server gives none, the error is the
    /// server's: the pool tries again while the server says "too many clients", and does not tell.
    pub(super) async fn named<T>(&self, pool: &PgPool, acquired: Result<T, sqlx::Error>) -> Result<T, sqlx::Error> {
        match acquired {
            Err(sqlx::Error::PoolTimedOut) if pool.size() < pool.options().get_max_connections() => {
                let connect = self.0.options.connect_options();
                match tokio::time::timeout(Duration::from_secs(1), PgConnection::connect_with(&connect)).await {
                    Ok(Err(error)) => Err(error),
                    Ok(Ok(conn)) => {
                        let _ = conn.close().await;
                        Err(sqlx::Error::PoolTimedOut)
                    }
                    Err(_) => Err(sqlx::Error::PoolTimedOut),
                }
            }
            acquired => acquired,
        }
    }

    /// One of the shared connections.
    pub(crate) async fn shared(&self) -> Result<PoolConnection<Postgres>, sqlx::Error> {
        self.named(&self.0.pool, self.0.pool.acquire().await).await
    }

    pub(super) fn queue(&self) -> &Queue {
        &self.0.queue
    }

    /// The connections of appends; not through a pooler, where connections are everybody's.
    pub(super) fn appender(&self) -> &ConnectionCache<Postgres> {
        &self.0.appender
    }

    /// One of the connections that read the log.
    pub(super) async fn reader(&self) -> Result<Borrowed<Postgres>, sqlx::Error> {
        self.kept(&self.0.readers).await
    }

    /// One of the connections of appends.
    pub(super) async fn appending(&self) -> Result<Borrowed<Postgres>, sqlx::Error> {
        self.kept(&self.0.appender).await
    }

    async fn kept(&self, kept: &ConnectionCache<Postgres>) -> Result<Borrowed<Postgres>, sqlx::Error> {
        let taken = kept.take(|age| self.0.losses.doubt(age)).await;
        self.named(kept.pool(), taken).await
    }

    /// The connections that read the log.
    pub(super) fn readers(&self) -> &ConnectionCache<Postgres> {
        &self.0.readers
    }

    pub(super) fn losses(&self) -> &LossTracker {
        &self.0.losses
    }

    /// The last horizon that was found.
    pub(super) fn known(&self) -> &HorizonCache {
        &self.0.known
    }

    pub(super) fn announcer(&self) -> &Announcer {
        &self.0.announcer
    }

    pub(super) fn watch(&self) -> &StallWatch {
        &self.0.watch
    }

    /// `sql`, with the schema where `{schema}` stands.
    pub(crate) fn sql(&self, sql: &str) -> AssertSqlSafe<String> {
        AssertSqlSafe(self.0.schema.sql(sql))
    }

    pub(super) fn append_sql(&self) -> AssertSqlSafe<Arc<str>> {
        AssertSqlSafe(Arc::clone(&self.0.append))
    }

    pub(super) fn append_one_sql(&self) -> AssertSqlSafe<Arc<str>> {
        AssertSqlSafe(Arc::clone(&self.0.append_one))
    }

    pub(super) fn append_to_one_sql(&self) -> AssertSqlSafe<Arc<str>> {
        AssertSqlSafe(Arc::clone(&self.0.append_to_one))
    }

    /// What appends exactly so many events, where they are few.
    pub(super) fn append_few_sql(&self, events: usize) -> Option<AssertSqlSafe<Arc<str>>> {
        let sql = self.0.append_few.get(events.checked_sub(1)?)?;
        Some(AssertSqlSafe(Arc::clone(sql.get_or_init(|| self.0.schema.sql(&statements::append_few(events)).into()))))
    }

    /// What begins a transaction of this crate.
    pub(crate) fn begin_sql(&self) -> &str {
        &self.0.begin
    }

    /// Makes the server end the transaction of a process that is frozen: what [`begin_sql`](Self::begin_sql) sets.
    pub(crate) fn limit_idle_sql(&self) -> &str {
        &self.0.limit_idle
    }

    /// What begins an append in a transaction of the user's.
    pub(super) fn savepoint_sql(&self) -> &str {
        &self.0.savepoint
    }

    /// Whether statements may keep a name on their connection.
    pub(crate) fn names_statements(&self) -> bool {
        !self.0.pooler
    }

    /// Begins a transaction.
    pub(crate) async fn begin(&self) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
        let begun = self.0.pool.begin_with(AssertSqlSafe(self.0.begin.clone())).await;
        self.named(&self.0.pool, begun).await
    }

    /// Begins a transaction that reads a page. It need not be ended: nobody waits for that.
    pub(crate) async fn begin_page<'a>(
        &self,
        conn: &'a mut PgConnection,
    ) -> Result<Transaction<'a, Postgres>, sqlx::Error> {
        conn.begin_with(AssertSqlSafe(format!("{}; {}", self.0.begin, statements::PLAN_A_PAGE))).await
    }

    /// A connection for one statement.
    pub(crate) async fn session(&self) -> Result<StatementConnection, sqlx::Error> {
        if self.0.pooler {
            return Ok(StatementConnection::InTransaction(self.begin().await?));
        }
        Ok(StatementConnection::Alone(self.shared().await?))
    }
}

impl StatementConnection {
    /// Keeps what the statement did.
    pub(crate) async fn end(self) -> Result<(), sqlx::Error> {
        match self {
            Self::Alone(_) => Ok(()),
            Self::InTransaction(tx) => tx.commit().await,
        }
    }
}

impl Deref for StatementConnection {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        match self {
            Self::Alone(conn) => conn,
            Self::InTransaction(tx) => tx,
        }
    }
}

impl DerefMut for StatementConnection {
    fn deref_mut(&mut self) -> &mut PgConnection {
        match self {
            Self::Alone(conn) => conn,
            Self::InTransaction(tx) => tx,
        }
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
