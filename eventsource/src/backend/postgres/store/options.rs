//! The options of a database.

use std::fmt;
use std::str::FromStr as _;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;

use super::PostgresOpenError;

/// The options of a database.
///
/// The output of `Debug` does not contain the password.
///
/// ```no_run
/// use eventsource::postgres::{PostgresDatabase, PostgresOptions};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let options = PostgresOptions::new("postgres://shop@localhost/shop")?.schema("events").connections(40);
/// let db = PostgresDatabase::open_with(options).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct PostgresOptions {
    pub(super) connect: PgConnectOptions,
    pub(super) listener: Option<PgConnectOptions>,
    pub(super) connections: u32,
    pub(super) acquire_timeout: Duration,
    pub(super) schema: String,
    pub(super) idle_in_transaction: Duration,
    pub(super) pooler: bool,
    pub(super) horizon_warning: Duration,
    pub(super) migrate_on_open: bool,
}

/// Shows where the database is, and not the password.
impl fmt::Debug for PostgresOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |connect: &PgConnectOptions| {
            let database = connect.get_database().unwrap_or_default();
            format!("{}@{}:{}/{database}", connect.get_username(), connect.get_host(), connect.get_port())
        };
        f.debug_struct("PostgresOptions")
            .field("connect", &shown(&self.connect))
            .field("listener", &self.listener.as_ref().map(shown))
            .field("connections", &self.connections)
            .field("acquire_timeout", &self.acquire_timeout)
            .field("schema", &self.schema)
            .field("idle_in_transaction", &self.idle_in_transaction)
            .field("pooler", &self.pooler)
            .field("horizon_warning", &self.horizon_warning)
            .field("migrate_on_open", &self.migrate_on_open)
            .finish()
    }
}

impl PostgresOptions {
    /// Creates the default options for the database at `url`, such as `postgres://user:password@host:5432/database`.
    /// The URL names one host: for a failover, use an address or a proxy that leads to the primary.
    ///
    /// # Errors
    /// [`PostgresOpenError::Url`] if `url` is not a PostgreSQL URL. The server is not contacted yet.
    ///
    /// # Examples
    /// ```
    /// use eventsource::postgres::{PostgresOpenError, PostgresOptions};
    ///
    /// let options = PostgresOptions::new("postgres://shop:secret@localhost:5432/shop")?;
    /// assert!(matches!(PostgresOptions::new("localhost"), Err(PostgresOpenError::Url { .. })));
    /// # Ok::<(), PostgresOpenError>(())
    /// ```
    pub fn new(url: &str) -> Result<Self, PostgresOpenError> {
        let connect = PgConnectOptions::from_str(url).map_err(|source| PostgresOpenError::Url { source })?;
        Ok(Self::from_connect_options(connect))
    }

    /// Creates the default options for the database of these driver options. Use it for settings that a URL cannot
    /// express. They are kept, except the capacity of the statement cache with a [pooler](Self::pooler_mode). Without
    /// an application name, it is `eventsource`.
    ///
    /// # Examples
    /// ```
    /// use eventsource::sqlx::postgres::PgConnectOptions;
    /// use eventsource::postgres::PostgresOptions;
    ///
    /// let connect = PgConnectOptions::new().host("/run/postgresql").username("shop").database("shop");
    /// let options = PostgresOptions::from_connect_options(connect);
    /// ```
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

    /// Sets the schema of the tables of this crate and of your read models; `public` by default. The migration creates
    /// it if it does not exist.
    ///
    /// The name begins with a letter (a to z, A to Z) or `_`, then come letters, digits and `_`, in all up to 63
    /// characters. It is case-sensitive. Opening refuses other names, `pg_…` and `information_schema`
    /// ([`PostgresOpenError::InvalidSchema`]).
    ///
    /// # Examples
    /// ```
    /// # use eventsource::postgres::{PostgresOpenError, PostgresOptions};
    /// let options = PostgresOptions::new("postgres://localhost/shop")?.schema("events");
    /// # Ok::<(), PostgresOpenError>(())
    /// ```
    #[must_use]
    pub fn schema(mut self, schema: impl Into<String>) -> Self {
        self.schema = schema.into();
        self
    }

    /// Sets the maximum number of connections of the database; 25 by default, at least 6. Below that, opening fails
    /// with [`PostgresOpenError::TooFewConnections`].
    ///
    /// The connections are divided once: 1 listens for notifications, 1 or 2 append, and 1 to 4 read the log (one for
    /// each 6 connections). Units of work, which are the transactions of batches, get half of the rest. The other half
    /// is shared by checkpoints, read models, queries and
    /// [`PostgresDatabase::pool`](super::PostgresDatabase::pool). With 25 connections, 9 are for units of work and 9
    /// are shared.
    ///
    /// Any number of subscriptions makes progress with 6 connections: units of work take turns, in the order of their
    /// requests. Calling [`migrate`](Self::migrate) yourself opens one more connection and closes it; opening migrates
    /// on a connection of the pool. With a [pooler](Self::pooler_mode), all connections except the listener are shared,
    /// and units of work use at most half of them.
    ///
    /// # Examples
    /// ```
    /// # use eventsource::postgres::{PostgresOpenError, PostgresOptions};
    /// let options = PostgresOptions::new("postgres://localhost/shop")?.connections(40);
    /// # Ok::<(), PostgresOpenError>(())
    /// ```
    #[must_use]
    pub const fn connections(mut self, connections: u32) -> Self {
        self.connections = connections;
        self
    }

    /// Sets how long a call waits for a free connection; 10 s by default. Then it fails with
    /// [`StoreError::Failed`](crate::StoreError::Failed), which can be retried. In a subscription this is an outage:
    /// the batch is retried.
    ///
    /// # Examples
    /// ```
    /// # use eventsource::postgres::{PostgresOpenError, PostgresOptions};
    /// use std::time::Duration;
    ///
    /// let options = PostgresOptions::new("postgres://localhost/shop")?.acquire_timeout(Duration::from_secs(3));
    /// # Ok::<(), PostgresOpenError>(())
    /// ```
    #[must_use]
    pub const fn acquire_timeout(mut self, timeout: Duration) -> Self {
        self.acquire_timeout = timeout;
        self
    }

    /// Sets after which idle time the server ends a transaction of this crate, and its connection; 30 s by default. So
    /// a frozen process cannot hold the log back without end.
    ///
    /// A handler of a transactional projection that runs longer than this without a query fails with SQLSTATE 25P03.
    /// So it fails before its [`handler_timeout`](crate::SubscriptionConfig::handler_timeout), 60 s by default. That is
    /// a failure of the handler, and not an outage. It is retried like any other failure, because the next attempt may
    /// be faster.
    ///
    /// It applies to the transactions of this crate, and from the append on to a transaction of yours that appends
    /// ([`append_in`](super::PostgresEventStore::append_in)). Zero counts as 1 ms: the limit cannot be switched off.
    ///
    /// # Examples
    /// ```
    /// # use eventsource::postgres::{PostgresOpenError, PostgresOptions};
    /// use std::time::Duration;
    ///
    /// // The slowest handler works for 40 s between two queries.
    /// let options = PostgresOptions::new("postgres://localhost/shop")?
    ///     .idle_in_transaction_session_timeout(Duration::from_secs(60));
    /// # Ok::<(), PostgresOpenError>(())
    /// ```
    #[must_use]
    pub const fn idle_in_transaction_session_timeout(mut self, timeout: Duration) -> Self {
        self.idle_in_transaction = timeout;
        self
    }

    /// Sets whether the database is behind a pooler in transaction mode, such as PgBouncer with
    /// `pool_mode = transaction`; `false` by default.
    ///
    /// With `true`, statements are prepared without names, and no setting outlives its transaction. Your own queries on
    /// such connections, also on [`PostgresDatabase::pool`](super::PostgresDatabase::pool), need `.persistent(false)`
    /// and a transaction (handlers have one), or `sqlx::raw_sql`.
    ///
    /// [Isolation](crate::guarantees#isolation) is weaker: what a handler writes after it has rolled back its batch is
    /// kept.
    ///
    /// Notifications do not pass such a pooler. Set the address of the server as [`listener_url`](Self::listener_url).
    /// Without it, events of other processes arrive with a delay of up to the poll interval.
    ///
    /// # Examples
    /// ```
    /// # use eventsource::postgres::{PostgresOpenError, PostgresOptions};
    /// let options = PostgresOptions::new("postgres://pgbouncer:6432/shop")?
    ///     .pooler_mode(true)
    ///     .listener_url("postgres://server:5432/shop")?;
    /// # Ok::<(), PostgresOpenError>(())
    /// ```
    #[must_use]
    pub const fn pooler_mode(mut self, pooler: bool) -> Self {
        self.pooler = pooler;
        self
    }

    /// Sets the URL at which the database listens for notifications; its own URL by default.
    ///
    /// If the server cannot be reached there, opening does not fail: the listener tries again, and events of other
    /// processes arrive with a delay of up to the poll interval.
    ///
    /// # Errors
    /// [`PostgresOpenError::Url`] if `url` is not a PostgreSQL URL.
    ///
    /// # Examples
    /// ```
    /// # use eventsource::postgres::{PostgresOpenError, PostgresOptions};
    /// let options = PostgresOptions::new("postgres://pgbouncer:6432/shop")?
    ///     .pooler_mode(true)
    ///     .listener_url("postgres://server:5432/shop")?;
    /// # Ok::<(), PostgresOpenError>(())
    /// ```
    pub fn listener_url(mut self, url: &str) -> Result<Self, PostgresOpenError> {
        self.listener = Some(PgConnectOptions::from_str(url).map_err(|source| PostgresOpenError::Url { source })?);
        Ok(self)
    }

    /// Sets after which time a warning (`tracing`) and the status of every subscription name the transaction that holds
    /// the log back; 10 s by default. The warning is repeated at this interval.
    ///
    /// # Examples
    /// ```
    /// # use eventsource::postgres::{PostgresOpenError, PostgresOptions};
    /// use std::time::Duration;
    ///
    /// let options = PostgresOptions::new("postgres://localhost/shop")?.horizon_warning(Duration::from_secs(30));
    /// # Ok::<(), PostgresOpenError>(())
    /// ```
    #[must_use]
    pub const fn horizon_warning(mut self, after: Duration) -> Self {
        self.horizon_warning = after;
        self
    }

    /// Sets whether opening migrates the tables; `true` by default, as on SQLite. The role needs the right to create
    /// tables only if a migration is due.
    ///
    /// With `false`, call [`migrate`](Self::migrate) as a separate step, for example with another role. Opening fails
    /// with [`PostgresOpenError::NotMigrated`] if the tables are missing or old.
    ///
    /// # Examples
    /// ```no_run
    /// use eventsource::postgres::{PostgresDatabase, PostgresOptions};
    ///
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// // The role `shop` may not create tables. The deployment has migrated them as another role.
    /// let options = PostgresOptions::new("postgres://shop@localhost/shop")?.migrate_on_open(false);
    /// let db = PostgresDatabase::open_with(options).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub const fn migrate_on_open(mut self, migrate: bool) -> Self {
        self.migrate_on_open = migrate;
        self
    }
}
