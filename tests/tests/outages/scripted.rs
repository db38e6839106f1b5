//! Projections whose handlers write a row, and then run the SQL that a test gives them, event by event.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use eventsource::prelude::*;
use eventsource::sqlx::{self, AssertSqlSafe, Executor as _, PgConnection, SqliteConnection};
use eventsource::subscription::RetryPolicy;
use eventsource_tests::domain::Bumped;
use eventsource_tests::wait::eventually;
use uuid::Uuid;

/// What the handler of an event runs, by the event's number: for so many calls.
#[derive(Debug, Clone, Default)]
pub(crate) struct Script(Arc<Mutex<HashMap<u64, (String, usize)>>>);

impl Script {
    /// Each handler of the event with the number `by` runs `sql`.
    pub(crate) fn always(&self, by: u64, sql: impl Into<String>) {
        self.times(by, sql, usize::MAX);
    }

    /// The next `calls` handlers of the event with the number `by` run `sql`.
    pub(crate) fn times(&self, by: u64, sql: impl Into<String>, calls: usize) {
        self.0.lock().unwrap().insert(by, (sql.into(), calls));
    }

    fn next(&self, by: u64) -> Option<AssertSqlSafe<String>> {
        let mut script = self.0.lock().unwrap();
        let (sql, calls) = script.get_mut(&by)?;
        *calls = calls.checked_sub(1)?;
        Some(AssertSqlSafe(sql.clone()))
    }
}

/// Rows in PostgreSQL: the handler writes them with `insert`, whose parameter is the number.
#[derive(Debug, Clone)]
pub(crate) struct PgScripted {
    pub(crate) script: Script,
    pub(crate) insert: String,
}

#[projection(name = "scripted")]
impl PgScripted {
    #[handles(Bumped)]
    async fn bumped(&self, event: &Bumped, db: &mut PgConnection) -> sqlx::Result<()> {
        sqlx::query(AssertSqlSafe(self.insert.clone())).bind(event.by as i64).execute(&mut *db).await?;
        match self.script.next(event.by) {
            Some(sql) if sql.0.contains(';') => sqlx::raw_sql(sql).execute(&mut *db).await.map(drop),
            Some(sql) => db.fetch_all(sqlx::query(sql)).await.map(drop),
            None => Ok(()),
        }
    }
}

/// Rows in SQLite.
#[derive(Debug, Clone)]
pub(crate) struct SqliteScripted {
    pub(crate) script: Script,
    pub(crate) insert: String,
}

#[projection(name = "scripted")]
impl SqliteScripted {
    #[handles(Bumped)]
    async fn bumped(&self, event: &Bumped, db: &mut SqliteConnection) -> sqlx::Result<()> {
        sqlx::query(AssertSqlSafe(self.insert.clone())).bind(event.by as i64).execute(&mut *db).await?;
        match self.script.next(event.by) {
            Some(sql) => sqlx::raw_sql(sql).execute(&mut *db).await.map(drop),
            None => Ok(()),
        }
    }
}

/// Every failure is one too many: the first makes a dead letter.
pub(crate) fn strict() -> SubscriptionConfig {
    SubscriptionConfig::default().retry(RetryPolicy::never()).poll_interval(Duration::from_millis(50))
}

/// Appends a bump for each number, each to a stream of its own, and returns the last one's position.
pub(crate) async fn bump_apart(store: &dyn EventStore, numbers: impl IntoIterator<Item = u64>) -> Position {
    let mut position = Position::START;
    for by in numbers {
        let stream = StreamId::new("Counter", Uuid::now_v7());
        let event = vec![NewEvent::of(&Bumped { by }).unwrap()];
        position = store.append(&stream, ExpectedVersion::NoStream, event).await.unwrap().position();
    }
    position
}

/// Waits until the reason of the subscription's state contains all of `texts`, and returns it.
pub(crate) async fn reason_with<P: Send + Sync + 'static>(handle: &SubscriptionHandle<P>, texts: &[&str]) -> String {
    let found = Mutex::new(String::new());
    eventually(&format!("the state's reason says {texts:?}"), || async {
        let reason = handle.inspect().await.state.reason().unwrap_or_default();
        let says = texts.iter().all(|text| reason.contains(text));
        if says {
            found.lock().unwrap().clone_from(&reason);
        }
        says
    })
    .await;
    found.into_inner().unwrap()
}
