//! Connections that one append leaves to the next: to give them back to a pool and to take them again costs a round trip
//! each time.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::{Database, Pool};
use tokio::runtime::Handle;
use tokio::time::Instant;

/// A pool, and those of its connections that are between two appends.
#[derive(Debug)]
pub(crate) struct ConnectionCache<DB: Database> {
    pool: Pool<DB>,
    keeps: bool,
    state: Mutex<CacheState<DB>>,
}

#[derive(Debug)]
struct CacheState<DB: Database> {
    idle: Vec<Borrowed<DB>>,
    /// How many wait for the pool: what is kept would not reach them.
    waiting: usize,
}

/// One who waits for the pool.
struct Waiting<'a, DB: Database>(&'a ConnectionCache<DB>);

impl<DB: Database> Drop for Waiting<'_, DB> {
    fn drop(&mut self) {
        self.0.state().waiting -= 1;
    }
}

/// A connection, and when the pool gave it.
#[derive(Debug)]
pub(crate) struct Borrowed<DB: Database> {
    pub(crate) conn: PoolConnection<DB>,
    since: Instant,
}

/// After so long a connection goes back to the pool, which looks after it: whether it still works, whether it is too old.
const AT_MOST: Duration = Duration::from_secs(1);

impl<DB: Database> ConnectionCache<DB> {
    pub(crate) fn new(pool: Pool<DB>) -> Self {
        Self::with(pool, true)
    }

    fn with(pool: Pool<DB>, keeps: bool) -> Self {
        Self { pool, keeps, state: Mutex::new(CacheState { idle: Vec::new(), waiting: 0 }) }
    }

    /// Where others use the pool as well, and have to get the connection in between.
    pub(crate) fn none(pool: Pool<DB>) -> Self {
        Self::with(pool, false)
    }

    /// The pool.
    #[cfg(feature = "postgres")]
    pub(crate) const fn pool(&self) -> &Pool<DB> {
        &self.pool
    }

    /// A connection; one that was kept unless it is in doubt.
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

    /// Keeps a connection that is as it was when it was taken.
    pub(crate) fn keep(&self, conn: Borrowed<DB>) {
        let mut state = self.state();
        // Asked under the lock, so that `close` finds what is kept, and nobody waits for it.
        if self.keeps && state.waiting == 0 && !self.pool.is_closed() {
            state.idle.push(conn);
        } else {
            give_back(conn);
        }
    }

    pub(crate) async fn close(&self) {
        // Nothing is kept from here on.
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

/// A connection goes back to its pool by a task. Where there is no runtime it is closed.
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
        kept.keep(second.expect("the connection is kept, and nobody is given it").unwrap());
        assert_eq!(kept.state().idle.len(), 1, "nobody waits any more");
        kept.close().await;
    }
}
