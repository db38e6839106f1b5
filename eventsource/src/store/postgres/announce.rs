//! Telling other processes that something was appended.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sqlx::{AssertSqlSafe, PgPool};
use uuid::Uuid;

/// Sends notifications, after the commit and beside it: PostgreSQL makes transactions that notify commit one after the
/// other. One notification stands for all commits before it.
#[derive(Debug)]
pub(super) struct Announcer {
    channel: String,
    /// Who sends, so that a process does not wake itself twice.
    own: String,
    pending: Arc<AtomicBool>,
}

impl Announcer {
    pub(super) fn new(log: i64) -> Self {
        let own = Uuid::now_v7().simple().to_string();
        Self { channel: format!("eventsource_{log}"), own, pending: Arc::default() }
    }

    pub(super) fn channel(&self) -> &str {
        &self.channel
    }

    pub(super) fn own(&self) -> &str {
        &self.own
    }

    /// What notifies in a transaction, at its commit, also the process itself.
    pub(super) fn notify_in_transaction(&self) -> String {
        format!("NOTIFY {}", self.channel)
    }

    /// Notifies in a task of its own, unless there is one that has not begun to.
    pub(super) fn announce(&self, pool: &PgPool) {
        if self.pending.swap(true, Ordering::AcqRel) {
            return;
        }
        let (pool, pending) = (pool.clone(), Arc::clone(&self.pending));
        let notify = format!("NOTIFY {}, '{}'", self.channel, self.own);
        tokio::spawn(async move {
            let conn = pool.acquire().await;
            // Whoever commits from here on needs another notification.
            pending.store(false, Ordering::Release);
            let notified = match conn {
                Ok(mut conn) => sqlx::raw_sql(AssertSqlSafe(notify)).execute(&mut *conn).await.map(drop),
                Err(error) => Err(error),
            };
            if let Err(error) = notified {
                tracing::debug!(%error, "other processes were not notified of an append; they poll");
            }
        });
    }
}
