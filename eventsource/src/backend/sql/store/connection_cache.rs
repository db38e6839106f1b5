//! Keeps connections between two appends. To return a connection to its pool and to acquire it again costs a round
//! trip.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::{Database, Pool};
use tokio::runtime::Handle;
use tokio::time::Instant;

/// A pool, and its connections that are kept between two appends.
#[derive(Debug)]
pub(crate) struct ConnectionCache<DB: Database> {
    pool: Pool<DB>,
    keeps: bool,
    state: Mutex<CacheState<DB>>,
}

#[derive(Debug)]
struct CacheState<DB: Database> {
    idle: Vec<Borrowed<DB>>,
    /// The number of tasks that wait for the pool. A kept connection would not reach them.
    waiting: usize,
}

/// A task that waits for the pool.
struct Waiting<'a, DB: Database>(&'a ConnectionCache<DB>);

impl<DB: Database> Drop for Waiting<'_, DB> {
    fn drop(&mut self) {
        self.0.state().waiting -= 1;
    }
}

/// A connection, and the time at which the pool gave it.
#[derive(Debug)]
pub(crate) struct Borrowed<DB: Database> {
    pub(crate) conn: PoolConnection<DB>,
    since: Instant,
}

/// After this duration, a connection returns to the pool, which checks its health and its age.
const AT_MOST: Duration = Duration::from_secs(1);

impl<DB: Database> ConnectionCache<DB> {
    pub(crate) fn new(pool: Pool<DB>) -> Self {
        Self::with(pool, true)
    }

    fn with(pool: Pool<DB>, keeps: bool) -> Self {
        Self { pool, keeps, state: Mutex::new(CacheState { idle: Vec::new(), waiting: 0 }) }
    }

    /// Creates a cache that keeps no connection, for a pool that other tasks use too.
    pub(crate) fn none(pool: Pool<DB>) -> Self {
        Self::with(pool, false)
    }

    #[cfg(feature = "postgres")]
    pub(crate) const fn pool(&self) -> &Pool<DB> {
        &self.pool
    }

    /// Returns a kept connection unless `in_doubt` rejects it, or a connection of the pool.
    pub(crate) async fn take(&self, in_doubt: impl Fn(Duration) -> bool) -> Result<Borrowed<DB>, sqlx::Error> {
        let _waiting = loop {
            let kept = match self.pop_or_wait() {
                Ok(kept) => kept,
                Err(waiting) => break waiting,
            };
            let age = kept.since.elapsed();
            if age <= AT_MOST && !in_doubt(age) {
                return Ok(kept);
            }
            give_back(kept);
        };
        Ok(Borrowed { conn: self.pool.acquire().await?, since: Instant::now() })
    }

    /// Keeps a connection for the next append, or returns it to the pool. Its state must be as when it was taken.
    pub(crate) fn keep(&self, conn: Borrowed<DB>) {
        let mut state = self.state();
        // Checked under the lock: `close` then finds every kept connection.
        if self.keeps && state.waiting == 0 && !self.pool.is_closed() {
            state.idle.push(conn);
        } else {
            give_back(conn);
        }
    }

    pub(crate) async fn close(&self) {
        // From here on, `keep` returns connections to the pool.
        let closed = self.pool.close();
        let kept = std::mem::take(&mut self.state().idle);
        kept.into_iter().for_each(give_back);
        closed.await;
    }

    fn pop_or_wait(&self) -> Result<Borrowed<DB>, Waiting<'_, DB>> {
        let mut state = self.state();
        state.idle.pop().ok_or_else(|| {
            state.waiting += 1;
            Waiting(self)
        })
    }

    fn state(&self) -> MutexGuard<'_, CacheState<DB>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns a connection to its pool. sqlx spawns a task for that; without a runtime, the connection is closed.
fn give_back<DB: Database>(borrowed: Borrowed<DB>) {
    if Handle::try_current().is_err() {
        drop(borrowed.conn.detach());
    }
}

impl<DB: Database> Drop for ConnectionCache<DB> {
    fn drop(&mut self) {
        self.state().idle.drain(..).for_each(give_back);
    }
}

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use sqlx::sqlite::SqlitePoolOptions;
    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn waiting_caller_gets_the_connection_that_would_be_cached() {
        let pool = SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await.unwrap();
        let kept = ConnectionCache::new(pool);
        let first = kept.take(|_| false).await.unwrap();
        let (second, ()) = tokio::join!(timeout(Duration::from_secs(10), kept.take(|_| false)), async {
            tokio::task::yield_now().await;
            kept.keep(first);
        });
        kept.keep(second.expect("the waiting task gets the connection").unwrap());
        assert_eq!(kept.state().idle.len(), 1, "no task waits");
        kept.close().await;
    }
}
