//! Watching that a batch's transaction stays the one that the unit of work began.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sqlx::{Connection as _, SqliteConnection};

/// Watches the transaction of a batch through SQLite's commit and rollback hooks: a commit is refused, which SQLite
/// turns into a rollback, and both are remembered. So a handler that ends the transaction leaves nothing behind,
/// neither what it wrote before nor what it writes afterwards, and is found out without asking the database.
#[derive(Debug, Clone, Default)]
pub(super) struct TransactionWatch(Arc<AtomicBool>);

impl TransactionWatch {
    /// Starts to watch what `conn` does.
    pub(super) async fn install(&self, conn: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        let (commit, rollback) = (Arc::clone(&self.0), Arc::clone(&self.0));
        let mut handle = conn.lock_handle().await?;
        handle.set_commit_hook(move || {
            commit.store(true, Ordering::Release);
            false
        });
        handle.set_rollback_hook(move || rollback.store(true, Ordering::Release));
        Ok(())
    }

    /// Stops to watch, once all that was asked of `conn` before is done, unless the transaction has ended by then.
    /// Returns whether it has.
    pub(super) async fn remove(&self, conn: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
        // The handle alone may be had while a cancelled statement still waits in the queue; the answer to a ping not.
        conn.ping().await?;
        let mut handle = conn.lock_handle().await?;
        let ended = self.has_ended();
        if !ended {
            handle.remove_commit_hook();
            handle.remove_rollback_hook();
        }
        Ok(ended)
    }

    /// Stops to watch, whatever has happened.
    pub(super) async fn forget(conn: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        let mut handle = conn.lock_handle().await?;
        handle.remove_commit_hook();
        handle.remove_rollback_hook();
        Ok(())
    }

    /// Whether the transaction has been committed, in vain, or rolled back.
    pub(super) fn has_ended(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}
