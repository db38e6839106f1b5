//! How a database is opened.

use std::str::FromStr as _;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::{ConnectOptions as _, Postgres};

use super::budget::Budget;
use super::error::Trouble;
use super::horizon_cache::HorizonCache;
use super::loss_tracker::LossTracker;
use super::schema::Schema;
use super::{PostgresOpenError, migrations, statements};
use crate::store::sql::has_no_transaction;

/// How a database is opened.
///
/// ```no_run
/// use eventsource::store::postgres::{PostgresDatabase, PostgresOptions};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let options = PostgresOptions::new("postgres://shop@localhost/shop")?.schema("events").connections(40);
/// let db = PostgresDatabase::open_with(options).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct PostgresOptions {
    connect: PgConnectOptions,
    listener: Option<PgConnectOptions>,
    connections: u32,
    acquire_timeout: Duration,
    schema: String,
    idle_in_transaction: Duration,
    pub(super) pooler: bool,
    pub(super) horizon_warning: Duration,
    pub(super) migrate_on_open: bool,
}

impl PostgresOptions {
    /// The database at `url`, such as `postgres://user:password@host:5432/database`.
    ///
    /// # Errors
    /// [`PostgresOpenError::Url`] where it is none.
    pub fn new(url: &str) -> Result<Self, PostgresOpenError> {
        let connect = PgConnectOptions::from_str(url).map_err(|source| PostgresOpenError::Url { source })?;
        Ok(Self::from_connect_options(connect))
    }

    /// The database that the driver's own options name.
    #[must_use]
    pub fn from_connect_options(connect: PgConnectOptions) -> Self {
        Self {
            connect,
            listener: None,
            connections: 25,
            acquire_timeout: Duration::from_secs(10),
            schema: "public".to_owned(),
            idle_in_transaction: Duration::from_secs(30),
            pooler: false,
            horizon_warning: Duration::from_secs(10),
            migrate_on_open: true,
        }
    }

    /// The schema in which the tables are; `public` by default.
    #[must_use]
    pub fn schema(mut self, schema: impl Into<String>) -> Self {
        self.schema = schema.into();
        self
    }

    /// The largest number of connections that the database value opens, in all; 25 by default, at least 6. Opening fails
    /// with [`PostgresOpenError::TooFewConnections`] below that.
    ///
    /// The number is divided once: 1 connection listens for notifications, 1 or 2 append, 1 to 4 read the log (one for
    /// each 6 connections), and the rest is halved between units of work and the shared connections, which serve
    /// checkpoints, queries and [`PostgresDatabase::pool`](super::PostgresDatabase::pool). With 25 connections there are
    /// 9 for units of work and 9 shared ones.
    ///
    /// Any number of subscriptions makes progress with 6 connections: units of work take turns in the order in which they
    /// ask. [`migrate`](Self::migrate) opens one connection of its own and closes it. Through a
    /// [pooler](Self::pooler_mode) all but the listener share the connections, and units of work take half of them.
    #[must_use]
    pub const fn connections(mut self, connections: u32) -> Self {
        self.connections = connections;
        self
    }

    /// How long a free connection is waited for, before that is an error; 10 s by default.
    #[must_use]
    pub const fn acquire_timeout(mut self, timeout: Duration) -> Self {
        self.acquire_timeout = timeout;
        self
    }

    /// After what time the server ends a transaction of this crate in which nothing happens, with its connection;
    /// 30 s by default. So a frozen process cannot hold the log for ever.
    ///
    /// A handler that does something else than to query for longer than this has failed (SQLSTATE 25P03): that is its
    /// own doing, and no outage. It is retried like after another failure, and not given up at once, because the next
    /// time may be quicker, and because a process that was frozen sees the same.
    #[must_use]
    pub const fn idle_in_transaction_session_timeout(mut self, timeout: Duration) -> Self {
        self.idle_in_transaction = timeout;
        self
    }

    /// Whether the database is reached through a pooler that gives a connection to one transaction at a time, such as
    /// PgBouncer with `pool_mode = transaction`. Then statements are prepared without names, and nothing is set for
    /// longer than a transaction. Your own queries on such connections need `.persistent(false)` and a transaction
    /// around them, as handlers have one, or `sqlx::raw_sql`.
    ///
    /// Notifications do not pass such a pooler: give the server's own address as [`listener_url`](Self::listener_url),
    /// or do without them, which costs latency up to the poll interval.
    #[must_use]
    pub const fn pooler_mode(mut self, pooler: bool) -> Self {
        self.pooler = pooler;
        self
    }

    /// Where to listen for notifications, in place of the database's own URL.
    ///
    /// # Errors
    /// [`PostgresOpenError::Url`] where it is no URL.
    pub fn listener_url(mut self, url: &str) -> Result<Self, PostgresOpenError> {
        self.listener = Some(PgConnectOptions::from_str(url).map_err(|source| PostgresOpenError::Url { source })?);
        Ok(self)
    }

    /// After what time a log line, and the status of every subscription, say who holds the log's horizon back; 10 s by
    /// default. The log line is repeated after each such time.
    #[must_use]
    pub const fn horizon_warning(mut self, after: Duration) -> Self {
        self.horizon_warning = after;
        self
    }

    /// Whether opening brings the tables up to date; `true` by default, as on SQLite. It needs the right to create only where
    /// there is something to do. With `false`, opening fails with [`PostgresOpenError::NotMigrated`] where they are not, and
    /// [`migrate`](Self::migrate) is a step of its own, perhaps of another role.
    #[must_use]
    pub const fn migrate_on_open(mut self, migrate: bool) -> Self {
        self.migrate_on_open = migrate;
        self
    }

    /// Brings the tables up to date: makes them where there are none, in the schema, which is made as well. Several
    /// processes may do it at once. It may run on every start, and needs the right to create only where there is
    /// something to do.
    ///
    /// # Errors
    /// [`PostgresOpenError`]
    pub async fn migrate(&self) -> Result<(), PostgresOpenError> {
        let schema = self.parsed_schema()?;
        let migrated = async {
            let mut conn: PgConnection = self.connect_options().connect().await?;
            migrations::migrate(&mut conn, &self.begin_sql(), &schema, &self.shown()).await?;
            let _ = sqlx::Connection::close(conn).await;
            Ok(())
        };
        migrated.await.map_err(|trouble: Trouble| trouble.on(self.shown()))
    }

    /// What begins a transaction of this crate. Each reads what is committed, whatever the server's default: see
    /// `horizon.rs`.
    pub(super) fn begin_sql(&self) -> String {
        format!("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; {}", self.limit_idle_sql())
    }

    /// Makes the server end the transaction of a process that is frozen. `RESET ALL` takes it back.
    pub(super) fn limit_idle_sql(&self) -> String {
        format!("SET LOCAL idle_in_transaction_session_timeout = {}", self.idle_timeout())
    }

    /// In milliseconds, as the server counts; 0 would be never.
    pub(super) fn idle_timeout(&self) -> u32 {
        u32::try_from(self.idle_in_transaction.as_millis()).unwrap_or(u32::MAX).clamp(1, i32::MAX as u32)
    }

    pub(super) fn parsed_schema(&self) -> Result<Schema, PostgresOpenError> {
        Schema::parse(&self.schema)
    }

    /// The server and the database, without a password.
    pub(super) fn shown(&self) -> String {
        let connect = &self.connect;
        let database = connect.get_database().unwrap_or_else(|| connect.get_username());
        match connect.get_socket() {
            Some(socket) => format!("{database} at {}", socket.display()),
            None => format!("{database} at {}:{}", connect.get_host(), connect.get_port()),
        }
    }

    /// How the connections are divided.
    pub(super) fn budget(&self) -> Result<Budget, PostgresOpenError> {
        Budget::of(self.connections, self.listener_options().is_some(), self.pooler)
    }

    fn pool_options(&self, connections: u32, losses: &LossTracker) -> PgPoolOptions {
        let losses = losses.clone();
        PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(self.acquire_timeout)
            .test_before_acquire(false)
            .before_acquire(move |conn, meta| {
                let (doubted, stale) = (losses.doubt(meta.idle_for), losses.is_stale(meta.age));
                Box::pin(async move {
                    if stale {
                        return Ok(false);
                    }
                    if doubted {
                        sqlx::Connection::ping(conn).await?;
                    }
                    Ok(true)
                })
            })
    }

    /// The connections of everybody.
    pub(super) fn shared_pool_options(
        &self,
        budget: Budget,
        losses: &LossTracker,
        known: &HorizonCache,
    ) -> PgPoolOptions {
        let known = known.clone();
        let options = self.pool_options(budget.shared, losses).after_connect(move |_, _| {
            known.connected();
            Box::pin(async { Ok(()) })
        });
        without_transactions(options)
    }

    /// Those that read the log, a page at a time.
    pub(super) fn reader_pool_options(
        &self,
        budget: Budget,
        losses: &LossTracker,
        known: &HorizonCache,
    ) -> PgPoolOptions {
        let known = known.clone();
        let options = self.pool_options(budget.readers, losses).after_connect(move |conn, _| {
            known.connected();
            Box::pin(async move { sqlx::raw_sql(statements::PLAN_PAGES).execute(conn).await.map(drop) })
        });
        without_transactions(options)
    }

    /// Those of units of work, which end what they have begun themselves. A handler that rolls its batch back writes
    /// nothing afterwards either.
    pub(super) fn unit_pool_options(&self, budget: Budget, losses: &LossTracker) -> PgPoolOptions {
        self.pool_options(budget.units, losses).after_connect(|conn, _| {
            Box::pin(async move { sqlx::raw_sql(statements::WRITE_ONLY_IN_A_UNIT).execute(conn).await.map(drop) })
        })
    }

    /// Where there are two: one for an append that comes alone, and one for those that are stored together.
    pub(super) fn appender_pool_options(&self, budget: Budget, losses: &LossTracker) -> PgPoolOptions {
        self.pool_options(budget.appenders.max(1), losses).after_connect(|conn, _| {
            Box::pin(async move { sqlx::raw_sql(statements::PLAN_APPENDS_ONCE).execute(conn).await.map(drop) })
        })
    }

    pub(super) fn connect_options(&self) -> PgConnectOptions {
        let connect = named(self.connect.clone());
        if self.pooler { connect.statement_cache_capacity(0) } else { connect }
    }

    pub(super) fn listener_options(&self) -> Option<PgConnectOptions> {
        let own = (!self.pooler).then(|| self.connect.clone());
        self.listener.clone().or(own).map(named)
    }
}

/// A connection on which a transaction is still open when it is given back is closed.
fn without_transactions(options: PgPoolOptions) -> PgPoolOptions {
    options.after_release(|conn, _| Box::pin(has_no_transaction::<Postgres>(conn)))
}

/// With a name under which the server's views show it.
fn named(connect: PgConnectOptions) -> PgConnectOptions {
    if connect.get_application_name().is_none() { connect.application_name("eventsource") } else { connect }
}
