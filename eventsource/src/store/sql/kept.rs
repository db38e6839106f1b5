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
pub(crate) struct Kept<DB: Database> {
    pool: Pool<DB>,
    keeps: bool,
    idle: Mutex<Vec<Borrowed<DB>>>,
}

/// A connection, and when the pool gave it.
#[derive(Debug)]
pub(crate) struct Borrowed<DB: Database> {
    pub(crate) conn: PoolConnection<DB>,
    since: Instant,
}

/// After so long a connection goes back to the pool, which looks after it: whether it still works, whether it is too old.
const AT_MOST: Duration = Duration::from_secs(1);

impl<DB: Database> Kept<DB> {
    pub(crate) fn new(pool: Pool<DB>) -> Self {
        Self { pool, keeps: true, idle: Mutex::default() }
    }

    /// Where others use the pool as well, and have to get the connection in between.
    pub(crate) fn none(pool: Pool<DB>) -> Self {
        Self { pool, keeps: false, idle: Mutex::default() }
    }

    /// A connection; one that was kept unless it is in doubt.
    pub(crate) async fn take(&self, in_doubt: impl Fn(Duration) -> bool) -> Result<Borrowed<DB>, sqlx::Error> {
        while let Some(kept) = self.pop() {
            let age = kept.since.elapsed();
            if age <= AT_MOST && !in_doubt(age) {
                return Ok(kept);
            }
            give_back(kept);
        }
        Ok(Borrowed { conn: self.pool.acquire().await?, since: Instant::now() })
    }

    /// Keeps a connection that is as it was when it was taken.
    pub(crate) fn keep(&self, conn: Borrowed<DB>) {
        let mut idle = self.idle();
        // Asked under the lock, so that `close` finds what is kept.
        if self.keeps && !self.pool.is_closed() {
            idle.push(conn);
        } else {
            give_back(conn);
        }
    }

    pub(crate) async fn close(&self) {
        // Nothing is kept from here on.
        let closed = self.pool.close();
        let kept = std::mem::take(&mut *self.idle());
        kept.into_iter().for_each(give_back);
        closed.await;
    }

    fn pop(&self) -> Option<Borrowed<DB>> {
        self.idle().pop()
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Borrowed<DB>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection goes back to its pool by a task. Where there is no runtime it is closed.
fn give_back<DB: Database>(borrowed: Borrowed<DB>) {
    if Handle::try_current().is_err() {
        drop(borrowed.conn.detach());
    }
}

impl<DB: Database> Drop for Kept<DB> {
    fn drop(&mut self) {
        self.idle().drain(..).for_each(give_back);
    }
}
