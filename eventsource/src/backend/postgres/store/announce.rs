//! Notifies other processes of appends.
//!
//! Notifications are sent after the commit, and not in it: PostgreSQL commits transactions that notify one after the
//! other. One notification is enough for all commits before it. The first one is sent at once, and the next ones at
//! intervals.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use sqlx::{AssertSqlSafe, PgPool};
use uuid::Uuid;

/// Sends notifications of appends.
#[derive(Debug)]
pub(super) struct Announcer {
    channel: String,
    /// The id of this sender, so that a process ignores its own notifications.
    own: String,
    state: Arc<AtomicU8>,
}

/// The shortest time between two notifications. Each one is a transaction: at 2 ms they cost a tenth of the append
/// rate.
const INTERVAL: Duration = Duration::from_millis(5);

/// The text of a notification of a change of the requests and the pauses.
pub(super) const OPERATIONS: &str = "operations";

/// No task sends notifications.
const QUIET: u8 = 0;
/// A task sends notifications, and has sent one for every commit.
const SENT: u8 = 1;
/// A task sends notifications, and must send another one.
const MORE: u8 = 2;

/// Held by the task that sends notifications.
struct Sending {
    state: Arc<AtomicU8>,
    over: bool,
}

impl Sending {
    /// Returns whether no commit needs another notification. The task must then end: another one may have started.
    fn is_over(&mut self) -> bool {
        self.over = self.state.compare_exchange(SENT, QUIET, Ordering::AcqRel, Ordering::Acquire).is_ok();
        self.over
    }
}

impl Drop for Sending {
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

    /// Returns the statement that notifies at the commit of a transaction. It wakes this process too.
    pub(super) fn notify_in_transaction(&self) -> String {
        format!("NOTIFY {}", self.channel)
    }

    /// Notifies other processes of a change of the requests and the pauses. If that fails, they find it when they poll.
    pub(super) async fn announce_operations(&self, pool: &PgPool) {
        let notify = format!("NOTIFY {}, '{OPERATIONS}'", self.channel);
        if let Err(error) = sqlx::raw_sql(AssertSqlSafe(notify)).execute(pool).await {
            tracing::debug!(%error, "other processes were not notified of a request; they find it when they poll");
        }
    }

    /// Notifies other processes, in its own task. There is one such task at a time.
    pub(super) fn announce(&self, pool: &PgPool) {
        if self.state.swap(MORE, Ordering::AcqRel) != QUIET {
            return;
        }
        let (pool, mut sending) = (pool.clone(), Sending { state: Arc::clone(&self.state), over: false });
        let notify = format!("NOTIFY {}, '{}'", self.channel, self.own);
        tokio::spawn(async move {
            loop {
                let conn = pool.acquire().await;
                // A commit from here on needs another notification.
                sending.state.store(SENT, Ordering::Release);
                let notified = match conn {
                    Ok(mut conn) => sqlx::raw_sql(AssertSqlSafe(notify.clone())).execute(&mut *conn).await.map(drop),
                    Err(error) => Err(error),
                };
                if let Err(error) = notified {
                    tracing::debug!(%error, "other processes were not notified of an append; they find it when they poll");
                }
                tokio::time::sleep(INTERVAL).await;
                if sending.is_over() {
                    return;
                }
            }
        });
    }
}
