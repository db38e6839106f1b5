//! Detects that a handler ended the transaction of its batch.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sqlx::{Connection as _, SqliteConnection};

/// Watches the transaction of a batch through SQLite's commit and rollback hooks. It refuses a commit, which SQLite
/// then turns into a rollback, and remembers both. So a handler that ends the transaction leaves nothing in the
/// database, and is detected without a query.
#[derive(Debug, Clone, Default)]
pub(super) struct TransactionWatch(Arc<AtomicBool>);

impl TransactionWatch {
    /// Starts to watch `conn`.
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

    /// Stops to watch after all earlier statements on `conn` are done, unless the transaction has ended by then.
    /// Returns whether it has.
    pub(super) async fn remove(&self, conn: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
        // The handle can be locked while a cancelled statement still waits in the queue. A ping is answered only after
        // it.
        conn.ping().await?;
        let mut handle = conn.lock_handle().await?;
        let ended = self.has_ended();
        if !ended {
            handle.remove_commit_hook();
            handle.remove_rollback_hook();
        }
        Ok(ended)
    }

    /// Stops to watch in any case.
    pub(super) async fn forget(conn: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        let mut handle = conn.lock_handle().await?;
        handle.remove_commit_hook();
        handle.remove_rollback_hook();
        Ok(())
    }

    /// Returns whether the transaction was rolled back, or a commit was tried.
    pub(super) fn has_ended(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}
