//! Following the log as it grows: a task that is woken, reads what is new, and tells how far it has come.

use std::sync::Arc;
use std::time::{Duration, Instant};

use eventsource::sqlx::{PgConnection, SqliteConnection};
use tokio::sync::{Notify, watch};

use super::{append_postgres, read_postgres, read_sqlite};
use crate::domain::Fact;
use crate::totals::Totals;

/// Where a loop reads from.
#[derive(Debug)]
pub enum Log {
    /// PostgreSQL.
    Postgres(PgConnection),
    /// SQLite.
    Sqlite(SqliteConnection),
}

impl Log {
    async fn page(&mut self, after: i64, totals: &mut Totals) -> Option<i64> {
        match self {
            Self::Postgres(conn) => read_postgres::page(conn, after, totals).await,
            Self::Sqlite(conn) => read_sqlite::sqlx_page(conn, after, totals).await,
        }
    }

    async fn append(&mut self, fact: &Fact) -> i64 {
        match self {
            Self::Postgres(conn) => append_postgres::one(conn, fact).await,
            Self::Sqlite(conn) => super::append_sqlite::sqlx_one(conn, fact).await,
        }
    }
}

/// Appends these events, one every `pause`, and returns the time from each append's return until the loop has handled
/// it, and what the loop has come to.
pub async fn follow(mut log: Log, mut reader: Log, facts: &[Fact], pause: Duration) -> (Vec<Duration>, Totals) {
    let wake = Arc::new(Notify::new());
    let (handled, mut seen) = watch::channel(0);
    let woken = Arc::clone(&wake);
    let task = tokio::spawn(async move {
        let (mut position, mut totals) = (0, Totals::default());
        loop {
            woken.notified().await;
            while let Some(last) = reader.page(position, &mut totals).await {
                position = last;
                handled.send_replace(position);
            }
            if handled.is_closed() {
                return totals;
            }
        }
    });
    let mut times = Vec::new();
    let mut ticks = tokio::time::interval(pause);
    for fact in facts {
        ticks.tick().await;
        let position = log.append(fact).await;
        let appended = Instant::now();
        wake.notify_one();
        seen.wait_for(|seen| *seen >= position).await.unwrap();
        times.push(appended.elapsed());
    }
    drop(seen);
    wake.notify_one();
    (times, task.await.unwrap())
}
