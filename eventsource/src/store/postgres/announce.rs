//! Telling other processes that something was appended.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use sqlx::{AssertSqlSafe, PgPool};
use uuid::Uuid;

/// Sends notifications, after the commit and beside it: PostgreSQL makes transactions that notify commit one after the
/// other. One notification stands for all commits before it: the first is told at once, what follows at intervals.
#[derive(Debug)]
pub(super) struct Announcer {
    channel: String,
    /// Who sends, so that a process does not wake itself twice.
    own: String,
    state: Arc<AtomicU8>,
}

/// A notification is a transaction, and so is an append: at 2 ms they took a tenth of what can be appended.
const INTERVAL: Duration = Duration::from_millis(5);

/// Nobody tells; somebody does, who has told of everything; somebody does, and there is more to tell.
const QUIET: u8 = 0;
const TOLD: u8 = 1;
const MORE: u8 = 2;

/// Held by the task that tells.
struct Telling {
    state: Arc<AtomicU8>,
    over: bool,
}

impl Telling {
    /// Whether there is no more to tell. Then it is quiet, or somebody else tells by now.
    fn is_over(&mut self) -> bool {
        self.over = self.state.compare_exchange(TOLD, QUIET, Ordering::AcqRel, Ordering::Acquire).is_ok();
        self.over
    }
}

impl Drop for Telling {
    fn drop(&mut self) {
        if !self.over {
            self.state.store(QUIET, Ordering::Release);
        }
    }
}

impl Announcer {
    pub(super) fn new(log: i64) -> Self {
        let own = Uuid::now_v7().simple().to_string();
        Self { channel: format!("eventsource_{log}"), own, state: Arc::default() }
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

    /// Notifies, in a task of its own: there is one at a time.
    pub(super) fn announce(&self, pool: &PgPool) {
        if self.state.swap(MORE, Ordering::AcqRel) != QUIET {
            return;
        }
        let (pool, mut telling) = (pool.clone(), Telling { state: Arc::clone(&self.state), over: false });
        let notify = format!("NOTIFY {}, '{}'", self.channel, self.own);
        tokio::spawn(async move {
            loop {
                let conn = pool.acquire().await;
                // Whoever commits from here on needs another notification.
                telling.state.store(TOLD, Ordering::Release);
                let notified = match conn {
                    Ok(mut conn) => sqlx::raw_sql(AssertSqlSafe(notify.clone())).execute(&mut *conn).await.map(drop),
                    Err(error) => Err(error),
                };
                if let Err(error) = notified {
                    tracing::debug!(%error, "other processes were not notified of an append; they poll");
                }
                tokio::time::sleep(INTERVAL).await;
                if telling.is_over() {
                    return;
                }
            }
        });
    }
}
