//! A connection for one reader: a command that waits for entries blocks all other commands on its connection.

use std::time::Duration;

use eventsource::{Retries, causes};
use redis::Cmd;
use redis::aio::MultiplexedConnection;
use tokio::time::timeout;

use crate::link::retries;
use crate::{RedisClient, RedisError};

/// A connection for one reader, opened again with backoff after it was lost.
pub(crate) struct Own {
    client: RedisClient,
    connection: Option<MultiplexedConnection>,
    retries: Retries,
    is_down: bool,
}

impl Own {
    pub(crate) fn new(client: &RedisClient) -> Self {
        Self { client: client.clone(), connection: None, retries: retries(), is_down: false }
    }

    /// Whether the next command opens a new connection. The server may have lost data in between.
    pub(crate) fn is_closed(&self) -> bool {
        self.connection.is_none()
    }

    /// Runs `command`, with the timeout of a call plus `block`. A failure closes the connection.
    pub(crate) async fn run<T: redis::FromRedisValue>(
        &mut self,
        command: &Cmd,
        block: Duration,
    ) -> Result<T, RedisError> {
        let link = self.client.link();
        let limit = link.timeout() + block;
        // Taken out: if this future is dropped half-way, the connection is not used again.
        let connection = self.connection.take();
        let run = async {
            let mut connection = match connection {
                Some(connection) => connection,
                None => link.connect().await?,
            };
            let answer = command.query_async(&mut connection).await?;
            Ok((connection, answer))
        };
        match timeout(limit, run).await {
            Ok(Ok((connection, answer))) => {
                self.connection = Some(connection);
                self.retries.reset();
                if std::mem::take(&mut self.is_down) {
                    tracing::info!(server = link.server(), "reading from Redis again");
                }
                Ok(answer)
            }
            Ok(Err(source)) => Err(link.failure(source)),
            Err(_) => Err(RedisError::TimedOut { server: link.server().to_owned(), after: limit }),
        }
    }

    /// Waits before the next attempt, after this error.
    pub(crate) async fn pause(&mut self, error: &RedisError) {
        if !std::mem::replace(&mut self.is_down, true) {
            let error = causes(error).to_string();
            tracing::warn!(
                server = self.client.link().server(),
                error,
                "cannot read from Redis: trying until it answers"
            );
        }
        self.retries.wait().await;
    }
}
