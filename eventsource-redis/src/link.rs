//! The connection to a server: opened when it is needed, and opened again with backoff after it was lost.
//!
//! ```text
//! Closed --connected--> Open --connection lost--> Closed --connected--> Open      (once more within the same call)
//!                       Open --no answer in time--> Failed
//! Closed --not connected--> Failed --after a delay, by the next call--> Open, or Failed with a longer delay
//! ```
//!
//! While the connection is `Failed`, a call fails at once until the delay has passed. So a server that does not answer
//! costs one timeout for each delay, not for each call.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use eventsource::{Retries, causes};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, FromRedisValue, Pipeline};
use tokio::time::{Instant, timeout};

use crate::RedisError;

/// The delays between two attempts to reach a server.
pub(crate) fn retries() -> Retries {
    Retries::new(Duration::from_millis(20), Duration::from_secs(1)).jitter(0.5)
}

/// The connection to a server.
pub(crate) struct Link {
    client: Client,
    server: String,
    timeout: Duration,
    state: Mutex<LinkState>,
    /// Held by the call that connects.
    connecting: tokio::sync::Mutex<()>,
}

enum LinkState {
    Closed { epoch: u64 },
    Open(Connection),
    Failed { epoch: u64, retries: Retries, until: Instant, error: RedisError },
}

/// An open connection.
#[derive(Clone)]
pub(crate) struct Connection {
    connection: MultiplexedConnection,
    /// The number of the connection. The server may have been restarted between two of them.
    pub(crate) epoch: u64,
}

impl LinkState {
    fn epoch(&self) -> u64 {
        match self {
            Self::Closed { epoch } | Self::Failed { epoch, .. } => *epoch,
            Self::Open(connection) => connection.epoch,
        }
    }
}

impl Link {
    pub(crate) fn open(url: &str, timeout: Duration) -> Result<Self, RedisError> {
        let client = Client::open(url).map_err(|source| RedisError::Address { source })?;
        let server = client.get_connection_info().addr().to_string();
        let state = Mutex::new(LinkState::Closed { epoch: 0 });
        Ok(Self { client, server, timeout, state, connecting: tokio::sync::Mutex::default() })
    }

    /// Returns the host and the port of the server.
    pub(crate) fn server(&self) -> &str {
        &self.server
    }

    /// Returns how long a call waits.
    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Runs `commands` in order. Connects if there is no connection. If the connection was lost since the last call,
    /// for example by a restart of the server, connects again and repeats the commands: they may run twice.
    pub(crate) async fn run<T: FromRedisValue>(&self, commands: &Pipeline) -> Result<T, RedisError> {
        let run = async {
            let connection = self.connection().await?;
            match self.run_on(&connection, commands).await {
                Err(RedisError::Unreachable { .. }) => {
                    let connection = self.connection().await?;
                    self.run_on(&connection, commands).await
                }
                answered => answered,
            }
        };
        self.in_time(run).await
    }

    /// Runs `commands` in order on this connection, without connecting again.
    pub(crate) async fn run_on<T: FromRedisValue>(
        &self,
        connection: &Connection,
        commands: &Pipeline,
    ) -> Result<T, RedisError> {
        let run = async {
            let mut open = connection.connection.clone();
            commands.query_async(&mut open).await.map_err(|source| self.failure(source))
        };
        let answered = self.in_time(run).await;
        if answered.as_ref().is_err_and(ends_connection) {
            let mut state = self.state();
            if state.epoch() == connection.epoch && matches!(*state, LinkState::Open(_)) {
                *state = LinkState::Closed { epoch: connection.epoch };
            }
        }
        answered
    }

    /// Returns the open connection. Connects if there is none.
    pub(crate) async fn connection(&self) -> Result<Connection, RedisError> {
        if let Some(known) = self.known() {
            return known;
        }
        self.in_time(async {
            let _one = self.connecting.lock().await;
            if let Some(known) = self.known() {
                return known;
            }
            match self.connect().await {
                Ok(connection) => {
                    let mut state = self.state();
                    let connection = Connection { connection, epoch: state.epoch() + 1 };
                    *state = LinkState::Open(connection.clone());
                    Ok(connection)
                }
                Err(source) => {
                    let error = self.failure(source);
                    self.fail(&error);
                    Err(error)
                }
            }
        })
        .await
    }

    /// Opens another connection, for commands that block it.
    pub(crate) async fn connect(&self) -> Result<MultiplexedConnection, redis::RedisError> {
        // The caller has a deadline.
        let config = AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None);
        self.client.get_multiplexed_async_connection_with_config(&config).await
    }

    /// Runs `work` with the timeout of a call.
    pub(crate) async fn in_time<T>(&self, work: impl Future<Output = Result<T, RedisError>>) -> Result<T, RedisError> {
        timeout(self.timeout, work).await.unwrap_or_else(|_| {
            let error = RedisError::TimedOut { server: self.server.clone(), after: self.timeout };
            self.fail(&error);
            Err(error)
        })
    }

    /// Converts an error of the driver.
    pub(crate) fn failure(&self, source: redis::RedisError) -> RedisError {
        let server = self.server.clone();
        match source.is_io_error() || source.is_connection_dropped() || source.is_unrecoverable_error() {
            true => RedisError::Unreachable { server, source },
            false => RedisError::Refused { server, code: code(&source), source },
        }
    }

    /// Returns the open connection, or the last error if its delay has not passed.
    fn known(&self) -> Option<Result<Connection, RedisError>> {
        match &*self.state() {
            LinkState::Open(connection) => Some(Ok(connection.clone())),
            LinkState::Failed { until, error, .. } if Instant::now() < *until => Some(Err(error.clone())),
            LinkState::Closed { .. } | LinkState::Failed { .. } => None,
        }
    }

    fn fail(&self, error: &RedisError) {
        let mut state = self.state();
        let epoch = state.epoch();
        let mut retries = match std::mem::replace(&mut *state, LinkState::Closed { epoch }) {
            LinkState::Failed { retries, .. } => retries,
            LinkState::Closed { .. } | LinkState::Open(_) => {
                let error = causes(error).to_string();
                tracing::warn!(server = self.server, error, "the connection to Redis is lost");
                retries()
            }
        };
        let until = Instant::now() + retries.next_delay();
        *state = LinkState::Failed { epoch, retries, until, error: error.clone() };
    }

    fn state(&self) -> MutexGuard<'_, LinkState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the error code of the server's answer: that of the first command that failed.
fn code(error: &redis::RedisError) -> String {
    if let Some(code) = error.code() {
        return code.to_owned();
    }
    let errors = error.clone().into_server_errors();
    let first = errors.as_ref().and_then(|errors| errors.first()).map(|(_, error)| error.code().to_owned());
    first.unwrap_or_else(|| error.category().to_owned())
}

/// Whether the next call needs another connection: the server is gone, or does not accept writes any more.
fn ends_connection(error: &RedisError) -> bool {
    match error {
        RedisError::Unreachable { .. } => true,
        RedisError::Refused { code, .. } => matches!(&**code, "READONLY" | "MASTERDOWN" | "LOADING"),
        _ => false,
    }
}
