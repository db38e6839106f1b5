//! The connections of a database, by their use.

use std::sync::Arc;

use sqlx::pool::PoolConnection;
use sqlx::postgres::PgConnectOptions;
use sqlx::{PgPool, Postgres};
use tokio::sync::OwnedSemaphorePermit;

use super::PostgresDatabase;
use crate::backend::sql::store::{Borrowed, ConnectionCache, Queue};

impl PostgresDatabase {
    /// Waits without a limit for the turn to open a unit of work, and returns a connection for it. While it waits, it
    /// holds no connection.
    pub(crate) async fn unit_connection(
        &self,
    ) -> Result<(PoolConnection<Postgres>, OwnedSemaphorePermit), sqlx::Error> {
        let turn = Arc::clone(&self.0.unit_turns).acquire_owned().await.map_err(|_| sqlx::Error::PoolClosed)?;
        Ok((self.named(&self.0.units, self.0.units.acquire().await).await?, turn))
    }

    /// Replaces a timeout of `pool` by the error of the server, if the server gives no connection.
    pub(in crate::backend::postgres::store) async fn named<T>(
        &self,
        pool: &PgPool,
        acquired: Result<T, sqlx::Error>,
    ) -> Result<T, sqlx::Error> {
        self.0.options.named(pool, acquired).await
    }

    /// Returns the options of a connection to the server itself; `None` if only a pooler can be reached.
    pub(in crate::backend::postgres::store) fn direct(&self) -> Option<PgConnectOptions> {
        self.0.options.listener_options()
    }

    /// Acquires one of the shared connections.
    pub(crate) async fn shared(&self) -> Result<PoolConnection<Postgres>, sqlx::Error> {
        self.named(&self.0.pool, self.0.pool.acquire().await).await
    }

    pub(in crate::backend::postgres::store) fn queue(&self) -> &Queue {
        &self.0.queue
    }

    /// The connections of appends. Not used with a pooler, because then all connections are shared.
    pub(in crate::backend::postgres::store) fn appender(&self) -> &ConnectionCache<Postgres> {
        &self.0.appender
    }

    /// Acquires one of the connections that read the log.
    pub(in crate::backend::postgres::store) async fn reader(&self) -> Result<Borrowed<Postgres>, sqlx::Error> {
        self.kept(&self.0.readers).await
    }

    /// Acquires one of the connections of appends.
    pub(in crate::backend::postgres::store) async fn appending(&self) -> Result<Borrowed<Postgres>, sqlx::Error> {
        self.kept(&self.0.appender).await
    }

    async fn kept(&self, kept: &ConnectionCache<Postgres>) -> Result<Borrowed<Postgres>, sqlx::Error> {
        let taken = kept.take(|age| self.0.losses.doubt(age)).await;
        self.named(kept.pool(), taken).await
    }

    /// The connections that read the log.
    pub(in crate::backend::postgres::store) fn readers(&self) -> &ConnectionCache<Postgres> {
        &self.0.readers
    }
}
