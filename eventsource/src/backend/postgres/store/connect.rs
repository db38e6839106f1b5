//! The connections and pools that the options describe.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection as _, PgConnection, PgPool, Postgres};

use super::budget::Budget;
use super::horizon_cache::HorizonCache;
use super::loss_tracker::LossTracker;
use super::schema::Schema;
use super::{PostgresOpenError, PostgresOptions, statements};
use crate::backend::sql::store::has_no_transaction;

/// The time in which a server says why it gives no connection.
const NAMED_WITHIN: Duration = Duration::from_secs(1);

impl PostgresOptions {
    /// Returns the statements that begin a transaction of this crate. It always has the isolation level
    /// `READ COMMITTED`, for any default of the server: see `horizon.rs`.
    pub(super) fn begin_sql(&self) -> String {
        format!("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; {}", self.limit_idle_sql())
    }

    /// Returns the statement that makes the server end the transaction of a frozen process. `RESET ALL` undoes it.
    pub(super) fn limit_idle_sql(&self) -> String {
        format!("SET LOCAL idle_in_transaction_session_timeout = {}", self.idle_timeout())
    }

    /// Returns the timeout in milliseconds. It is at least 1, because 0 means no limit.
    pub(super) fn idle_timeout(&self) -> u32 {
        u32::try_from(self.idle_in_transaction.as_millis()).unwrap_or(u32::MAX).clamp(1, i32::MAX as u32)
    }

    pub(super) fn parsed_schema(&self) -> Result<Schema, PostgresOpenError> {
        Schema::parse(&self.schema)
    }

    /// Returns the server and the database for messages, without a password.
    pub(super) fn shown(&self) -> String {
        let connect = &self.connect;
        let database = connect.get_database().unwrap_or_else(|| connect.get_username());
        match connect.get_socket() {
            Some(socket) => format!("{database} at {}", socket.display()),
            None => format!("{database} at {}:{}", connect.get_host(), connect.get_port()),
        }
    }

    /// Divides the connections.
    pub(super) fn budget(&self) -> Result<Budget, PostgresOpenError> {
        Budget::of(self.connections, self.listener_options().is_some(), self.pooler)
    }

    /// Replaces a timeout of `pool` by the error of the server, if the server gives no connection. The pool retries while
    /// no server listens and while the server answers "too many clients", and does not return that error.
    pub(super) async fn named<T>(&self, pool: &PgPool, acquired: Result<T, sqlx::Error>) -> Result<T, sqlx::Error> {
        match acquired {
            Err(sqlx::Error::PoolTimedOut) if pool.size() < pool.options().get_max_connections() => {
                let connect = self.connect_options();
                match tokio::time::timeout(NAMED_WITHIN, PgConnection::connect_with(&connect)).await {
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

    /// The options of the shared connections.
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

    /// The options of the connections that read the log.
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

    /// The options of the connections of units of work, which end their transactions themselves. Outside a transaction
    /// these connections only read, so that a handler that rolls back its batch cannot write afterwards.
    pub(super) fn unit_pool_options(&self, budget: Budget, losses: &LossTracker) -> PgPoolOptions {
        self.pool_options(budget.units, losses).after_connect(|conn, _| {
            Box::pin(async move { sqlx::raw_sql(statements::WRITE_ONLY_IN_A_UNIT).execute(conn).await.map(drop) })
        })
    }

    /// The options of the connections of appends. If there are two, one is for single appends and one for group
    /// commits.
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

/// Closes a connection that returns to its pool with an open transaction.
fn without_transactions(options: PgPoolOptions) -> PgPoolOptions {
    options.after_release(|conn, _| Box::pin(has_no_transaction::<Postgres>(conn)))
}

/// Sets the application name that the views of the server show, if the user has set none.
fn named(connect: PgConnectOptions) -> PgConnectOptions {
    if connect.get_application_name().is_none() { connect.application_name("eventsource") } else { connect }
}
